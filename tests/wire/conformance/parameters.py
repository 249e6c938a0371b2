"""The parameters that make one resource of each kind, and those of its update."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.wire.program import INTERACTIONS, ROLE

from . import making
from .making import MOST_VIEWED
from .stage import Stage

Params = dict[str, Any]


def group(**more: Any) -> Callable[[Stage, str], Params]:
    return lambda _, name: {"name": name, **more}


def schema(text: str, **more: Any) -> Callable[[Stage, str], Params]:
    return lambda _, name: {"name": name, "schema": text, **more}


def dataset(kind: str, text: str) -> Callable[[Stage, str], Params]:
    return lambda stage, name: {
        "name": name,
        "datasetGroupArn": making.group(stage),
        "datasetType": kind,
        "schemaArn": making.schema(stage, text),
    }


def wider(stage: Stage, _: Mapping[str, Any]) -> tuple[Params, Params]:
    change = {"schemaArn": making.schema(stage, making.WIDER_ITEMS)}
    return change, change


def dataset_import(stage: Stage, name: str) -> Params:
    return {
        "jobName": name,
        "datasetArn": making.dataset(stage, making.group(stage), "ITEMS", making.ITEMS),
        "dataSource": {"dataLocation": stage.program.put(f"{name}.csv", making.CATALOGUE)},
        "roleArn": ROLE,
    }


def export(stage: Stage, name: str) -> Params:
    path = f"s3://{stage.program.bucket}/{name}/"
    return {
        "jobName": name,
        "datasetArn": stage.once(making.shop).replace(":dataset-group/", ":dataset/") + "/ITEMS",
        "roleArn": ROLE,
        "jobOutput": {"s3DataDestination": {"path": path}},
    }


def data_deletion(stage: Stage, name: str) -> Params:
    place = stage.program.put(f"{name}.csv", "USER_ID\nu1\n")
    return {"jobName": name, "datasetGroupArn": making.group(stage), "dataSource": {"dataLocation": place},
            "roleArn": ROLE}  # fmt: skip


def tracker(stage: Stage, name: str) -> Params:
    return {"name": name, "datasetGroupArn": making.group(stage)}


def filter_(stage: Stage, name: str) -> Params:
    expression = "EXCLUDE ItemID WHERE Items.PRICE > 3"
    return {"name": name, "datasetGroupArn": stage.once(making.shop), "filterExpression": expression}


def solution(recipe: str, **more: Any) -> Callable[[Stage, str], Params]:
    return lambda stage, name: {"name": name, "datasetGroupArn": stage.once(making.shop), "recipeArn": recipe, **more}


def reschedule(_: Stage, before: Mapping[str, Any]) -> tuple[Params, Params]:
    config = {"autoTrainingConfig": {"schedulingExpression": "rate(3 days)"}}
    change = {"performAutoTraining": not before["performAutoTraining"]}
    return {**change, "solutionUpdateConfig": config}, {
        **change,
        "solutionConfig": {**before["solutionConfig"], **config},
    }


def version(*, named: bool = False) -> Callable[[Stage, str], Params]:
    return lambda stage, name: {"solutionArn": stage.once(making.popular), **({"name": name} if named else {})}


def campaign(stage: Stage, name: str) -> Params:
    return {"name": name, "solutionVersionArn": stage.once(making.popular_version)}


def explorer(stage: Stage, name: str) -> Params:
    config = {"itemExplorationConfig": {"explorationWeight": "0.1"}}
    version = stage.once(making.personal_version)
    return {"name": name, "solutionVersionArn": version, "minProvisionedTPS": 2, "campaignConfig": config}


def move(stage: Stage, _: Mapping[str, Any]) -> tuple[Params, Params]:
    change = {"solutionVersionArn": stage.once(making.related_version), "minProvisionedTPS": 7}
    return change, change


def explore_more(_: Stage, __: Mapping[str, Any]) -> tuple[Params, Params]:
    change = {"campaignConfig": {"itemExplorationConfig": {"explorationWeight": "0.9"}}}
    return change, change


def recommender(**more: Any) -> Callable[[Stage, str], Params]:
    return lambda stage, name: {
        "name": name,
        "datasetGroupArn": stage.once(making.store),
        "recipeArn": MOST_VIEWED,
        **more,
    }


def retrain(_: Stage, __: Mapping[str, Any]) -> tuple[Params, Params]:
    change = {"recommenderConfig": {"trainingDataConfig": {"excludedDatasetColumns": {"INTERACTIONS": ["DEVICE"]}}}}
    return change, change


def faster(_: Stage, before: Mapping[str, Any]) -> tuple[Params, Params]:
    change = {"minRecommendationRequestsPerSecond": 9}
    return {"recommenderConfig": change}, {"recommenderConfig": {**before["recommenderConfig"], **change}}


def inference(stage: Stage, name: str) -> Params:
    version = stage.once(making.popular_version)
    return {"jobName": name, "solutionVersionArn": version, **making.places(stage, name, '{"userId": "u1"}\n')}


def rich_inference(stage: Stage, name: str) -> Params:
    return {
        **inference(stage, name),
        "solutionVersionArn": stage.once(making.personal_version),
        "filterArn": stage.once(making.crime_filter),
        "numResults": 5,
        "batchInferenceJobConfig": {"itemExplorationConfig": {"explorationWeight": "0.2"}},
    }


def themes(stage: Stage, name: str) -> Params:
    return {
        **inference(stage, name),
        "solutionVersionArn": stage.once(making.related_version),
        "batchInferenceJobMode": "THEME_GENERATION",
        "themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "TITLE"}},
    }


def segment(stage: Stage, name: str) -> Params:
    version = stage.once(making.segment_version)
    return {"jobName": name, "solutionVersionArn": version, **making.places(stage, name, '{"itemId": "a1"}\n')}


def filtered_segment(stage: Stage, name: str) -> Params:
    return {**segment(stage, name), "filterArn": stage.once(making.user_filter), "numResults": 5}


def attribution(stage: Stage, name: str) -> Params:
    group = making.group(stage)
    making.dataset(stage, group, "INTERACTIONS", INTERACTIONS)
    metrics = [
        {"eventType": "watch", "metricName": f"watched{number}", "expression": "SAMPLECOUNT()"} for number in range(3)
    ]
    return {"name": name, "datasetGroupArn": group, "metrics": metrics, "metricsOutputConfig": {"roleArn": ROLE}}
