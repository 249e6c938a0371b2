"""What keeps a resource from being deleted, one thing at a time, and that it goes when that is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.wire.conformance import making
from tests.wire.conformance.making import POPULARITY
from tests.wire.conformance.stage import Stage
from tests.wire.program import INTERACTIONS, ROLE, USERS, interactions_csv

from .asking import kept, operation, refused
from .cases import job
from .declared import meets
from .world import VIEWED, recipe


def ask(stage: Stage, name: str, /, **params: Any) -> tuple[str, int, str]:
    return refused(operation(stage.program.personalize, name), **params)


def yard(stage: Stage, domain: str | None = None) -> tuple[str, str]:
    """A group with interactions, and that dataset."""
    group = making.group(stage, domain)
    dataset = making.dataset(stage, group, "INTERACTIONS", INTERACTIONS, domain)
    making.load(stage, dataset, interactions_csv(kind="View"))
    return group, dataset


def begin(stage: Stage, kind: str, name: str, /, **params: Any) -> str:
    """Begin to make a resource; its ARN."""
    return str(stage.call(name, **params)[f"{kind}Arn"])


def tracker(stage: Stage, group: str) -> str:
    return begin(stage, "eventTracker", "CreateEventTracker", name="t", datasetGroupArn=group)


def filter_(stage: Stage, group: str, expression: str = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("a")') -> str:
    given = {"name": stage.name("f"), "datasetGroupArn": group, "filterExpression": expression}
    return begin(stage, "filter", "CreateFilter", **given)


def attribution(stage: Stage, group: str, expression: str = "SAMPLECOUNT()") -> str:
    return begin(
        stage,
        "metricAttribution",
        "CreateMetricAttribution",
        name=stage.name("m"),
        datasetGroupArn=group,
        metrics=[{"eventType": "a", "metricName": "m", "expression": expression}],
        metricsOutputConfig={"roleArn": ROLE},
    )


def importing(stage: Stage, group: str) -> str:
    name, dataset = stage.name("again"), f"{group.replace(':dataset-group/', ':dataset/')}/INTERACTIONS"
    place = {"dataLocation": stage.program.put(f"{name}.csv", interactions_csv())}
    given = {"jobName": name, "datasetArn": dataset, "dataSource": place, "roleArn": ROLE}
    return begin(stage, "datasetImportJob", "CreateDatasetImportJob", **given)


def training(stage: Stage, group: str, name: str = "popularity-count") -> str:
    solution = making.solution(stage, group, recipe(name))
    return begin(stage, "solutionVersion", "CreateSolutionVersion", solutionArn=solution)


def trained(stage: Stage, group: str, name: str = "popularity-count") -> str:
    return making.version(stage, making.solution(stage, group, recipe(name)))


def deploying(stage: Stage, group: str) -> str:
    version = trained(stage, group)
    return begin(stage, "campaign", "CreateCampaign", name=stage.name("c"), solutionVersionArn=version)


def inferring(stage: Stage, group: str, **more: Any) -> str:
    given = {**job(trained(stage, group), {}), "jobName": stage.name("i"), **more}
    return begin(stage, "batchInferenceJob", "CreateBatchInferenceJob", **given)


def segmenting(stage: Stage, group: str, **more: Any) -> str:
    given = {**job(trained(stage, group, "item-affinity"), {}), "jobName": stage.name("s"), **more}
    return begin(stage, "batchSegmentJob", "CreateBatchSegmentJob", **given)


def proposing(stage: Stage, group: str) -> str:
    given = {"name": stage.name("r"), "datasetGroupArn": group, "recipeArn": recipe(VIEWED)}
    return begin(stage, "recommender", "CreateRecommender", **given)


Maker = Callable[[Stage, str], str]
PASSING: tuple[tuple[str, Maker], ...] = (
    ("an import", importing),
    ("a training", training),
    ("a batch inference job", inferring),
    ("a batch segment job", segmenting),
)
LASTING: tuple[tuple[str, Maker, str], ...] = (
    ("a filter", filter_, "Filter"),
    ("a tracker", tracker, "EventTracker"),
    ("a metric attribution", attribution, "MetricAttribution"),
    ("a campaign", deploying, "Campaign"),
)


@pytest.mark.parametrize(("what", "make"), PASSING, ids=[what for what, _ in PASSING])
@meets("errors.HAS_DEPENDANTS")
def test_work_that_is_under_way_keeps_the_dataset(slow: Stage, what: str, make: Maker) -> None:
    group, dataset = yard(slow)
    arn = make(slow, group)
    for seconds in (50, 50):  # it waits, it runs
        assert ask(slow, "DeleteDataset", datasetArn=dataset) == kept(dataset, arn), what
        slow.wait(seconds)
    slow.call("DeleteDataset", datasetArn=dataset)


def test_a_recommender_keeps_its_dataset_while_it_is_made(slow: Stage) -> None:
    group, dataset = yard(slow, "ECOMMERCE")
    arn = proposing(slow, group)
    for seconds in (50, 50):
        assert ask(slow, "DeleteDataset", datasetArn=dataset) == kept(dataset, arn)
        slow.wait(seconds)
    slow.call("DeleteDataset", datasetArn=dataset)


@pytest.mark.parametrize(("what", "make", "title"), LASTING, ids=[what for what, *_ in LASTING])
def test_what_lasts_keeps_the_dataset_at_every_status(slow: Stage, what: str, make: Maker, title: str) -> None:
    group, dataset = yard(slow)
    arn = make(slow, group)
    for seconds in (50, 50, 0):  # it waits, it runs, it is ready
        assert ask(slow, "DeleteDataset", datasetArn=dataset) == kept(dataset, arn), what
        slow.wait(seconds)
    slow.call(f"Delete{title}", **{f"{title[0].lower()}{title[1:]}Arn": arn})
    slow.wait(100)
    slow.call("DeleteDataset", datasetArn=dataset)


@meets("metric_attribution.NO_ITEMS")
def test_a_sum_over_items_needs_items(slow: Stage) -> None:
    group, _ = yard(slow)
    items = making.dataset(slow, group, "ITEMS", making.ITEMS)
    said = "Expression SUM(Items.PRICE) requires that items are imported first."
    given: dict[str, Any] = {
        "name": slow.name("m"),
        "datasetGroupArn": group,
        "metrics": [{"eventType": "a", "metricName": "m", "expression": "SUM(Items.PRICE)"}],
        "metricsOutputConfig": {"roleArn": ROLE},
    }
    assert ask(slow, "CreateMetricAttribution", **given) == ("InvalidInputException", 400, said)
    making.load(slow, items, making.CATALOGUE)
    slow.call("CreateMetricAttribution", **given)


def test_what_does_not_read_a_dataset_does_not_keep_it(slow: Stage) -> None:
    group, dataset = yard(slow)
    items = making.dataset(slow, group, "ITEMS", making.ITEMS)
    users = making.dataset(slow, group, "USERS", USERS)
    priced = {"itemId": "i", "properties": '{"price": 1, "title": "t", "description": "d"}'}
    slow.program.events.put_items(datasetArn=items, items=[priced])
    figures = attribution(slow, group, "SUM(Items.PRICE)")
    clicks = tracker(slow, group)
    assert ask(slow, "DeleteDataset", datasetArn=items) == kept(items, figures)
    assert ask(slow, "DeleteDataset", datasetArn=dataset) == kept(dataset, clicks, figures)
    slow.call("DeleteDataset", datasetArn=users)


def test_a_filter_keeps_every_dataset_of_its_group(slow: Stage) -> None:
    group, _ = yard(slow)
    users = making.dataset(slow, group, "USERS", USERS)
    arn = filter_(slow, group)
    assert ask(slow, "DeleteDataset", datasetArn=users) == kept(users, arn)


def test_a_campaign_keeps_its_solution(slow: Stage) -> None:
    group, _ = yard(slow)
    campaign = deploying(slow, group)
    solution = slow.describe("campaign", campaign)["solutionVersionArn"].rpartition("/")[0]
    for seconds in (50, 50, 0):
        assert ask(slow, "DeleteSolution", solutionArn=solution) == kept(solution, campaign)
        slow.wait(seconds)
    slow.call("DeleteCampaign", campaignArn=campaign)
    slow.wait(99)
    assert ask(slow, "DeleteSolution", solutionArn=solution) == kept(solution, campaign)
    slow.wait(1)
    slow.call("DeleteSolution", solutionArn=solution)


def test_a_training_keeps_its_solution_and_a_stopped_one_does_not(slow: Stage) -> None:
    group, dataset = yard(slow)
    version = training(slow, group)
    solution = version.rpartition("/")[0]
    for seconds in (50, 0):
        assert ask(slow, "DeleteSolution", solutionArn=solution) == kept(solution, version)
        slow.wait(seconds)
    slow.call("StopSolutionVersionCreation", solutionVersionArn=version)
    slow.wait(1000)
    slow.call("DeleteSolution", solutionArn=solution)
    slow.call("DeleteDataset", datasetArn=dataset)


@pytest.mark.parametrize("make", [inferring, segmenting])
def test_a_job_keeps_its_filter(slow: Stage, make: Callable[..., str]) -> None:
    group, _ = yard(slow)
    entity = "ItemID" if make is inferring else "UserID"
    arn = filter_(slow, group, f'INCLUDE {entity} WHERE Interactions.EVENT_TYPE IN ("View")')
    slow.wait(100)
    work = make(slow, group, filterArn=arn)
    for seconds in (50, 50):
        assert ask(slow, "DeleteFilter", filterArn=arn) == kept(arn, work)
        slow.wait(seconds)
    slow.call("DeleteFilter", filterArn=arn)


@pytest.mark.parametrize(
    ("make", "title"),
    [(filter_, "Filter"), (tracker, "EventTracker"), (attribution, "MetricAttribution"), (proposing, "Recommender")],
)
def test_a_group_is_kept_by_all_that_is_in_it(slow: Stage, make: Maker, title: str) -> None:
    group, dataset = yard(slow, "ECOMMERCE")
    arn = make(slow, group)
    for seconds in (50, 50, 0):
        assert ask(slow, "DeleteDatasetGroup", datasetGroupArn=group) == kept(group, dataset, arn)
        slow.wait(seconds)
    slow.call(f"Delete{title}", **{f"{title[0].lower()}{title[1:]}Arn": arn})
    slow.wait(100)
    assert ask(slow, "DeleteDatasetGroup", datasetGroupArn=group) == kept(group, dataset)
    slow.call("DeleteDataset", datasetArn=dataset)
    slow.wait(99)
    assert ask(slow, "DeleteDatasetGroup", datasetGroupArn=group) == kept(group, dataset)
    slow.wait(1)
    slow.call("DeleteDatasetGroup", datasetGroupArn=group)


def test_a_solution_without_data_keeps_its_group(slow: Stage) -> None:
    group, dataset = yard(slow)
    solution = making.solution(slow, group, POPULARITY)
    slow.call("DeleteDataset", datasetArn=dataset)
    slow.wait(100)
    assert ask(slow, "DeleteDatasetGroup", datasetGroupArn=group) == kept(group, solution)


def test_a_schema_is_kept_by_datasets_of_any_group(slow: Stage) -> None:
    schema = making.schema(slow, making.ITEMS)
    made = []
    for _ in range(2):
        given = {"name": "d", "datasetGroupArn": making.group(slow), "datasetType": "ITEMS", "schemaArn": schema}
        made.append(begin(slow, "dataset", "CreateDataset", **given))
    assert ask(slow, "DeleteSchema", schemaArn=schema) == kept(schema, *made)
    slow.wait(100)
    wider = making.schema(slow, making.WIDER_ITEMS)
    slow.call("UpdateDataset", datasetArn=made[0], schemaArn=wider)
    # The old one serves until the update is done, the new one is promised.
    assert ask(slow, "DeleteSchema", schemaArn=schema) == kept(schema, *made)
    assert ask(slow, "DeleteSchema", schemaArn=wider) == kept(wider, made[0])
    slow.wait(100)
    assert ask(slow, "DeleteSchema", schemaArn=schema) == kept(schema, made[1])
    slow.call("DeleteDataset", datasetArn=made[1])
    slow.wait(99)
    assert ask(slow, "DeleteSchema", schemaArn=schema) == kept(schema, made[1])
    slow.wait(1)
    slow.call("DeleteSchema", schemaArn=schema)
