"""What must be ACTIVE before something is made of it, at every status that it has before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.wire.conformance import making
from tests.wire.conformance.making import POPULARITY
from tests.wire.conformance.stage import Stage
from tests.wire.program import INTERACTIONS, ROLE

from .asking import IN_USE, INVALID, moving, not_active, operation, refused
from .cases import job
from .declared import meets
from .world import VIEWED, recipe

METRIC = {"eventType": "watch", "metricName": "m", "expression": "SAMPLECOUNT()"}
OUTPUT = {"jobOutput": {"s3DataDestination": {"path": "s3://bucket/x/"}}}


def ask(stage: Stage, name: str, /, **params: Any) -> tuple[str, int, str]:
    return refused(operation(stage.program.personalize, name), **params)


def growing(stage: Stage) -> Iterator[str]:
    """The statuses of what was just made, each for as long as the caller looks."""
    yield "CREATE PENDING"
    stage.wait(9)
    yield "CREATE PENDING"
    stage.wait(1)
    yield "CREATE IN_PROGRESS"
    stage.wait(89)
    yield "CREATE IN_PROGRESS"
    stage.wait(1)


OF_A_GROUP: tuple[tuple[str, dict[str, Any]], ...] = (
    ("CreateDataset", {"name": "x", "datasetType": "INTERACTIONS"}),
    ("CreateEventTracker", {"name": "x"}),
    ("CreateSolution", {"name": "x", "recipeArn": POPULARITY}),
    ("CreateRecommender", {"name": "x", "recipeArn": recipe(VIEWED)}),
    (
        "CreateMetricAttribution",
        {"name": "x", "metrics": [METRIC], "metricsOutputConfig": {"roleArn": ROLE}},
    ),
    (
        "CreateDataDeletionJob",
        {"jobName": "x", "dataSource": {"dataLocation": "s3://bucket/users.csv"}, "roleArn": ROLE},
    ),
    ("CreateFilter", {"name": "x", "filterExpression": 'INCLUDE ItemID WHERE Items.GENRE IN ("a")'}),
)


@pytest.mark.parametrize(("name", "given"), OF_A_GROUP, ids=[name for name, _ in OF_A_GROUP])
def test_nothing_is_made_in_a_group_that_is_not_ready(slow: Stage, name: str, given: dict[str, Any]) -> None:
    schema = {"schemaArn": making.schema(slow, INTERACTIONS)} if name == "CreateDataset" else {}
    domain = {"domain": "ECOMMERCE"} if name == "CreateRecommender" else {}
    # The operation for filters does not model ResourceInUseException.
    code = INVALID if name == "CreateFilter" else IN_USE
    made = slow.call("CreateDatasetGroup", name=slow.name("young"), **domain)
    group = made["datasetGroupArn"]
    for status in growing(slow):
        found = ask(slow, name, datasetGroupArn=group, **given, **schema)
        assert found == not_active(group, status, code)
    slow.call("DeleteDatasetGroup", datasetGroupArn=group)
    for _ in range(2):
        assert ask(slow, name, datasetGroupArn=group, **given, **schema) == not_active(group, "DELETE PENDING", code)
        slow.describe("datasetGroup", group)


@pytest.mark.parametrize("name", ["CreateDatasetImportJob", "CreateDatasetExportJob", "UpdateDataset"])
def test_nothing_is_done_with_a_dataset_that_is_not_ready(slow: Stage, name: str) -> None:
    group = making.group(slow)
    schema, wider = making.schema(slow, making.ITEMS), making.schema(slow, making.WIDER_ITEMS)
    dataset = slow.call("CreateDataset", name="d", datasetGroupArn=group, datasetType="ITEMS", schemaArn=schema)[
        "datasetArn"
    ]
    place = {"dataLocation": slow.program.put("items.csv", making.CATALOGUE)}
    given: dict[str, Any] = {
        "CreateDatasetImportJob": {"jobName": slow.name("x"), "dataSource": place, "roleArn": ROLE},
        "CreateDatasetExportJob": {"jobName": slow.name("x"), "roleArn": ROLE, **OUTPUT},
        "UpdateDataset": {"schemaArn": wider},
    }[name]
    said = moving if name == "UpdateDataset" else not_active
    for status in growing(slow):
        assert ask(slow, name, datasetArn=dataset, **given) == said(dataset, status)
    slow.call("UpdateDataset", datasetArn=dataset, schemaArn=wider)
    for status in ("UPDATE PENDING", "UPDATE IN_PROGRESS"):
        assert ask(slow, name, datasetArn=dataset, **given) == said(dataset, status)
        slow.wait(50)
    slow.call("DeleteDataset", datasetArn=dataset)
    for status in ("DELETE PENDING", "DELETE IN_PROGRESS"):
        assert ask(slow, name, datasetArn=dataset, **given) == said(dataset, status)
        slow.describe("dataset", dataset)


@pytest.mark.parametrize("name", ["CreateSolutionVersion", "UpdateSolution"])
def test_nothing_is_done_with_a_solution_that_is_not_ready(slow: Stage, name: str) -> None:
    given: dict[str, Any] = {"performAutoTraining": True} if name == "UpdateSolution" else {}
    solution = slow.call(
        "CreateSolution",
        name=slow.name("young"),
        datasetGroupArn=slow.once(making.shop),
        recipeArn=POPULARITY,
        performAutoTraining=False,
    )["solutionArn"]
    said = moving if name == "UpdateSolution" else not_active
    for status in growing(slow):
        assert ask(slow, name, solutionArn=solution, **given) == said(solution, status)
    slow.call("DeleteSolution", solutionArn=solution)
    for status in ("DELETE PENDING", "DELETE IN_PROGRESS"):
        assert ask(slow, name, solutionArn=solution, **given) == said(solution, status)
        slow.describe("solution", solution)


def popular_campaign(stage: Stage) -> str:
    """A campaign of the shop."""
    version = stage.once(making.popular_version)
    return making.made(stage, "campaign", "CreateCampaign", name=stage.name("home"), solutionVersionArn=version)


def affine(stage: Stage) -> str:
    """A solution that answers with users."""
    return making.solution(stage, stage.once(making.shop), recipe("item-affinity"))


OF_A_VERSION: tuple[tuple[str, Callable[[Stage], dict[str, Any]]], ...] = (
    ("CreateCampaign", lambda _: {"name": "x"}),
    ("UpdateCampaign", lambda stage: {"campaignArn": stage.once(popular_campaign)}),
    ("CreateBatchInferenceJob", lambda _: job("", {})),
    ("CreateBatchSegmentJob", lambda _: job("", {})),
    ("GetSolutionMetrics", lambda _: {}),
)


@pytest.mark.parametrize(("name", "given"), OF_A_VERSION, ids=[name for name, _ in OF_A_VERSION])
@meets("errors.NOT_ACTIVE")
def test_nothing_is_made_of_a_version_that_is_not_ready(slow: Stage, name: str, given: Any) -> None:
    more = given(slow)
    solution = slow.once(affine) if "Segment" in name else slow.once(making.popular)
    version = slow.call("CreateSolutionVersion", solutionArn=solution)["solutionVersionArn"]
    for status in growing(slow):
        assert ask(slow, name, **{**more, "solutionVersionArn": version}) == not_active(version, status)


@pytest.mark.parametrize(("name", "given"), OF_A_VERSION, ids=[name for name, _ in OF_A_VERSION])
@meets("solution_version.NOT_IN_TRAINING")
def test_nothing_is_made_of_a_version_that_was_stopped(slow: Stage, name: str, given: Any) -> None:
    more = given(slow)
    solution = slow.once(affine) if "Segment" in name else slow.once(making.popular)
    version = slow.call("CreateSolutionVersion", solutionArn=solution)["solutionVersionArn"]
    slow.wait(50)
    slow.call("StopSolutionVersionCreation", solutionVersionArn=version)
    stop = f"Solution version {version} is in status {{}} and cannot be stopped."
    assert ask(slow, name, **{**more, "solutionVersionArn": version}) == not_active(version, "CREATE STOPPING")
    found = ask(slow, "StopSolutionVersionCreation", solutionVersionArn=version)
    assert found == (INVALID, 400, stop.format("CREATE STOPPING"))
    slow.wait(1000)
    found = ask(slow, "StopSolutionVersionCreation", solutionVersionArn=version)
    assert found == (INVALID, 400, stop.format("CREATE STOPPED"))
    expected = not_active(version, "CREATE STOPPED")
    if name != "GetSolutionMetrics":
        end = "answer a job" if "Batch" in name else "be used"
        expected = (INVALID, 400, f"Solution version {version} failed to train and cannot {end}.")
    assert ask(slow, name, **{**more, "solutionVersionArn": version}) == expected


@pytest.mark.parametrize("which", ["Inference", "Segment"])
@meets("errors.NOT_ACTIVE_INPUT")
def test_a_filter_that_is_not_ready_serves_no_job(slow: Stage, which: str) -> None:
    make = making.popular_version if which == "Inference" else making.segment_version
    version, group = slow.once(make), slow.once(making.shop)
    entity = "ItemID" if which == "Inference" else "UserID"
    expression = f'INCLUDE {entity} WHERE Interactions.EVENT_TYPE IN ("watch")'
    made = slow.call("CreateFilter", name=slow.name("f"), datasetGroupArn=group, filterExpression=expression)
    given = {**job(version, {"filterArn": made["filterArn"]}), "jobName": slow.name("x")}
    for status in growing(slow):
        assert ask(slow, f"CreateBatch{which}Job", **given) == not_active(made["filterArn"], status, INVALID)
    slow.call("DeleteFilter", filterArn=made["filterArn"])
    for status in ("DELETE PENDING", "DELETE IN_PROGRESS"):
        assert ask(slow, f"CreateBatch{which}Job", **given) == not_active(made["filterArn"], status, INVALID)
        slow.describe("filter", made["filterArn"])


@meets("solution_version.NOTHING_TO_UPDATE")
def test_an_update_by_training_needs_a_full_one_that_has_ended(slow: Stage) -> None:
    solution = making.solution(slow, slow.once(making.shop), recipe("user-personalization"))
    said = "Training mode UPDATE requires an ACTIVE solution version that was trained with mode FULL."
    update = {"solutionArn": solution, "trainingMode": "UPDATE"}
    assert ask(slow, "CreateSolutionVersion", **update) == (INVALID, 400, said)
    slow.call("CreateSolutionVersion", solutionArn=solution)
    assert ask(slow, "CreateSolutionVersion", **update) == (INVALID, 400, said)
    slow.wait(100)
    slow.call("CreateSolutionVersion", **update)


def test_the_latest_version_is_one_that_has_ended(slow: Stage) -> None:
    solution = making.solution(slow, slow.once(making.shop), POPULARITY)
    slow.call("CreateSolutionVersion", solutionArn=solution)
    latest = f"{solution}/$LATEST"
    given = {"name": slow.name("x"), "solutionVersionArn": latest}
    assert ask(slow, "CreateCampaign", **given)[::2] == (
        "ResourceNotFoundException",
        f"Resource Arn {latest} does not exist.",
    )
    slow.wait(100)
    slow.call("CreateCampaign", **given)
