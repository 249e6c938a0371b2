"""What is refused for the state that something is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Small
from tests.wire.program import ITEMS, POPULARITY, RECIPE, ROLE, Program, avro, refused

from .world import ACTIONS, IN_USE, INVALID, recipe

MakeSmall = Callable[..., Small]


def not_active(arn: str, status: str = "CREATE PENDING", code: str = IN_USE) -> tuple[str, int, str]:
    return code, 400, f"Resource {arn} is not ACTIVE. Current status: {status}."


def test_filters_of_a_group_that_is_not_ready_are_invalid_input(small: MakeSmall) -> None:
    program = small(status="timed:10").program
    group = program.group()
    given = {"name": "f", "datasetGroupArn": group, "filterExpression": 'INCLUDE ItemID WHERE Items.A IN ("a")'}
    assert refused(program.personalize.create_filter, **given) == not_active(group, code=INVALID)


@pytest.mark.parametrize("operation", ["create_data_deletion_job", "create_metric_attribution", "create_recommender"])
def test_nothing_is_made_in_a_group_that_is_not_ready(small: MakeSmall, operation: str) -> None:
    program = small(status="timed:10").program
    group = program.group()
    given: dict[str, dict[str, Any]] = {
        "create_data_deletion_job": {"jobName": "x", "dataSource": {"dataLocation": "s3://b/u"}, "roleArn": ROLE},
        "create_metric_attribution": {
            "name": "x",
            "metrics": [{"eventType": "a", "metricName": "b", "expression": "SAMPLECOUNT()"}],
            "metricsOutputConfig": {"roleArn": ROLE},
        },
        "create_recommender": {"name": "x", "recipeArn": recipe("ecomm-popular-items-by-views")},
    }
    found = refused(getattr(program.personalize, operation), datasetGroupArn=group, **given[operation])
    assert found == not_active(group)


def jobs(version: str, **more: Any) -> dict[str, Any]:
    return {
        "jobName": "x",
        "solutionVersionArn": version,
        "roleArn": ROLE,
        "jobInput": {"s3DataSource": {"path": "s3://b/in"}},
        "jobOutput": {"s3DataDestination": {"path": "s3://b/out/"}},
        **more,
    }


def test_a_version_that_trains_or_has_failed_serves_nothing(small: MakeSmall) -> None:
    room = small(status="instant,solution-version=timed:10", relaxed_minimums=False)
    program, client = room.program, room.program.personalize
    group = program.group()
    program.dataset(group)
    program.send(program.tracker(group), "s", "a1", user="u1")
    version = program.version(program.solution(group, recipe=POPULARITY))
    batch = client.create_batch_inference_job
    assert refused(batch, **jobs(version)) == not_active(version)
    room.wait(10)
    assert refused(batch, **jobs(version)) == (
        INVALID,
        400,
        f"Solution version {version} failed to train and cannot answer a job.",
    )
    assert refused(program.campaign, version=version) == (
        INVALID,
        400,
        f"Solution version {version} failed to train and cannot be used.",
    )
    assert refused(client.get_solution_metrics, solutionVersionArn=version) == not_active(version, "CREATE FAILED")


def test_a_filter_that_is_not_ready_serves_no_job_and_one_in_use_stays(small: MakeSmall) -> None:
    room = small(status="instant,filter=timed:10,batch-inference-job=timed:10")
    program, client = room.program, room.program.personalize
    group = program.stocked()
    version = program.version(program.solution(group, recipe=POPULARITY))
    text = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'
    filter_ = client.create_filter(name="f", datasetGroupArn=group, filterExpression=text)["filterArn"]
    given = jobs(version, filterArn=filter_)
    assert refused(client.create_batch_inference_job, **given) == not_active(filter_, code=INVALID)
    room.wait(10)
    job = client.create_batch_inference_job(**given)["batchInferenceJobArn"]
    dependants = "has dependent resources that must be deleted first"
    assert refused(client.delete_filter, filterArn=filter_) == (
        IN_USE,
        400,
        f"Resource {filter_} {dependants}: {job}.",
    )
    room.wait(10)
    client.delete_filter(filterArn=filter_)


def test_an_update_by_training_needs_a_full_one_before(small: MakeSmall) -> None:
    program = small(status="instant,solution-version=timed:10").program
    solution = program.solution(program.stocked(), recipe=RECIPE)
    said = "Training mode UPDATE requires an ACTIVE solution version that was trained with mode FULL."
    assert refused(program.version, solution=solution, trainingMode="UPDATE") == (INVALID, 400, said)
    program.version(solution)
    assert refused(program.version, solution=solution, trainingMode="UPDATE") == (INVALID, 400, said)


def test_automl_takes_no_update_of_what_it_does_not_look_at(program: Program) -> None:
    group = program.stocked()
    client = program.personalize
    solution = client.create_solution(name="a", datasetGroupArn=group, performAutoML=True)["solutionArn"]
    weights = {"eventParametersList": [{"eventType": "watch", "weight": 1.0}]}
    for given, member in (
        ({"solutionUpdateConfig": {"eventsConfig": weights}}, "eventsConfig"),
        ({"performIncrementalUpdate": True}, "performIncrementalUpdate"),
    ):
        assert refused(client.update_solution, solutionArn=solution, **given) == (
            INVALID,
            400,
            f"{member} is not supported by a solution with performAutoML.",
        )


def test_weights_of_events_need_event_types(program: Program) -> None:
    group = program.group()
    text = avro("Interactions", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"))
    program.dataset(group, text=text)
    program.send(program.tracker(group), "s", "a1", user="u1")
    weights = {"eventsConfig": {"eventParametersList": [{"eventType": "watch", "weight": 1.0}]}}
    found = refused(program.solution, group=group, recipe=recipe("user-personalization-v2"), solutionConfig=weights)
    assert found == (INVALID, 400, "eventsConfig requires EVENT_TYPE in the INTERACTIONS dataset.")


def test_segments_by_attribute_need_an_attribute(program: Program) -> None:
    group = program.stocked()
    text = avro("Items", ("ITEM_ID", "string"), {"name": "PLOT", "type": ["null", "string"], "textual": True})
    program.dataset(group, "ITEMS", text)
    name = recipe("item-attribute-affinity")
    assert refused(program.solution, group=group, recipe=name) == (
        INVALID,
        400,
        f"Recipe {name} requires at least one metadata column that is neither textual nor reserved in the ITEMS "
        "dataset.",
    )


def test_actions_need_their_interactions_and_give_no_export_and_no_columns(program: Program) -> None:
    group = program.stocked()
    dataset = program.dataset(group, "ACTIONS", ACTIONS)
    client = program.personalize
    assert refused(
        client.create_dataset_export_job,
        jobName="x",
        datasetArn=dataset,
        roleArn=ROLE,
        jobOutput={"s3DataDestination": {"path": "s3://b/x/"}},
    ) == (INVALID, 400, "A dataset of type ACTIONS cannot be exported.")
    name = recipe("next-best-action")
    columns = {"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["GENRE"]}}}
    assert refused(program.solution, group=group, recipe=name, solutionConfig=columns) == (
        INVALID,
        400,
        f"trainingDataConfig is not supported by recipe {name}.",
    )


def test_themes_need_a_text(program: Program) -> None:
    group = program.stocked()
    program.dataset(group, "ITEMS")
    version = program.version(program.solution(group, recipe=recipe("similar-items")))
    themes = {
        "batchInferenceJobMode": "THEME_GENERATION",
        "themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "GENRE"}},
    }
    assert refused(program.personalize.create_batch_inference_job, **jobs(version, **themes)) == (
        INVALID,
        400,
        "THEME_GENERATION requires a textual column in the ITEMS dataset.",
    )


def test_influence_needs_what_it_weighs(program: Program) -> None:
    group = program.group()
    text = avro(
        "Items",
        ("ITEM_ID", "string"),
        {"name": "TITLE", "type": "string", "itemName": True},
        {"name": "PLOT", "type": "string", "textual": True},
    )
    dataset = program.dataset(group, "ITEMS", text)
    rows = [f"i{number},title {number},a plot of {'love' if number % 2 else 'war'} {number}" for number in range(30)]
    program.load(dataset, "\n".join(["ITEM_ID,TITLE,PLOT", *rows]) + "\n")
    version = program.version(program.solution(group, recipe=recipe("semantic-similarity")))
    found = program.personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert found["status"] == "ACTIVE", found
    for influence, said in (
        ("FRESHNESS", "rankingInfluence FRESHNESS requires CREATION_TIMESTAMP in the ITEMS dataset."),
        ("POPULARITY", "rankingInfluence POPULARITY requires an INTERACTIONS dataset."),
    ):
        config = {"rankingInfluence": {influence: 0.5}}
        assert refused(program.campaign, version=version, campaignConfig=config) == (INVALID, 400, said)
    program.campaign(version, campaignConfig={"rankingInfluence": {"POPULARITY": 0.0}})


def test_each_thing_that_keeps_a_dataset(program: Program) -> None:
    group = program.stocked()
    items = program.dataset(group, "ITEMS", avro("Items", ("ITEM_ID", "string"), ("PRICE", "float")))
    client = program.personalize
    filter_ = client.create_filter(
        name="f", datasetGroupArn=group, filterExpression="INCLUDE ItemID WHERE Items.PRICE > 1"
    )["filterArn"]
    metric = {"eventType": "watch", "metricName": "m", "expression": "SUM(Items.PRICE)"}
    attribution = client.create_metric_attribution(
        name="m", datasetGroupArn=group, metrics=[metric], metricsOutputConfig={"roleArn": ROLE}
    )["metricAttributionArn"]
    said = "has dependent resources that must be deleted first"
    assert refused(client.delete_dataset, datasetArn=items) == (
        IN_USE,
        400,
        f"Resource {items} {said}: {filter_}, {attribution}.",
    )
    datasets = f"{program.arn('dataset/shop/INTERACTIONS')}, {items}"
    assert refused(client.delete_dataset_group, datasetGroupArn=group) == (
        IN_USE,
        400,
        f"Resource {group} {said}: {datasets}, {filter_}, {attribution}.",
    )
    client.delete_filter(filterArn=filter_)
    client.delete_metric_attribution(metricAttributionArn=attribution)
    client.delete_dataset(datasetArn=items)


def test_schemas_are_kept_by_datasets_of_any_group(program: Program) -> None:
    schema = program.schema("shared", ITEMS)
    arns = []
    for name in ("a", "b"):
        group = program.group(name)
        given = {"name": "d", "schemaArn": schema, "datasetGroupArn": group, "datasetType": "ITEMS"}
        arns.append(program.personalize.create_dataset(**given)["datasetArn"])
    said = f"Resource {schema} has dependent resources that must be deleted first: {', '.join(arns)}."
    assert refused(program.personalize.delete_schema, schemaArn=schema) == (IN_USE, 400, said)
