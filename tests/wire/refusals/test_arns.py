"""ARNs that name nothing, and ARNs of another kind, account or region, for every operation that takes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.wire.program import POPULARITY, ROLE

from .asking import MODEL, foreign, operation, refused, unknown
from .cases import Params, job
from .declared import meets
from .world import VIEWED, World, recipe

TAILS = {
    "datasetGroupArn": "dataset-group/none",
    "schemaArn": "schema/none",
    "datasetArn": "dataset/none/ITEMS",
    "datasetImportJobArn": "dataset-import-job/none",
    "datasetExportJobArn": "dataset-export-job/none",
    "dataDeletionJobArn": "data-deletion-job/none",
    "eventTrackerArn": "event-tracker/00000000",
    "filterArn": "filter/none",
    "solutionArn": "solution/none",
    "solutionVersionArn": "solution/none/00000000",
    "campaignArn": "campaign/none",
    "recommenderArn": "recommender/none",
    "batchInferenceJobArn": "batch-inference-job/none",
    "batchSegmentJobArn": "batch-segment-job/none",
    "metricAttributionArn": "metric-attribution/none",
}
_METRIC = {"eventType": "watch", "metricName": "m", "expression": "SAMPLECOUNT()"}
_FILTER = 'INCLUDE ItemID WHERE Items.GENRE IN ("a")'


def _alone(prefix: str) -> list[tuple[str, str, Any]]:
    """The operations of a verb, which take nothing but the ARN of their kind."""
    found = []
    for name in MODEL.operation_names:
        member = f"{name[len(prefix)].lower()}{name[len(prefix) + 1 :]}Arn" if name.startswith(prefix) else ""
        if member in TAILS:
            found.append((name, member, lambda _: {}))
    return found


def _batch(which: str, version: str) -> list[tuple[str, str, Any]]:
    name = f"CreateBatch{which}Job"
    given: list[tuple[str, Callable[[World], Params]]] = [
        ("solutionVersionArn", lambda _: job("", {})),
        ("filterArn", lambda world: job(world.versions[version], {})),
    ]
    return [(name, member, params) for member, params in given]


def _dataset(world: World) -> Params:
    return {
        "name": "x",
        "datasetType": "ITEMS",
        "datasetGroupArn": world.groups["bare"],
        "schemaArn": world.arn("schema/full-ITEMS"),
    }


BY_ARN: list[tuple[str, str, Callable[[World], Params]]] = [
    *_alone("Describe"),
    *_alone("Delete"),
    ("StartRecommender", "recommenderArn", lambda _: {}),
    ("StopRecommender", "recommenderArn", lambda _: {}),
    ("StopSolutionVersionCreation", "solutionVersionArn", lambda _: {}),
    ("GetSolutionMetrics", "solutionVersionArn", lambda _: {}),
    ("ListSolutionVersions", "solutionArn", lambda _: {}),
    ("CreateDataset", "datasetGroupArn", _dataset),
    ("CreateDataset", "schemaArn", _dataset),
    ("CreateDatasetImportJob", "datasetArn", lambda _: {"jobName": "x", "dataSource": {}, "roleArn": ROLE}),
    ("CreateDatasetExportJob", "datasetArn", lambda _: {
        "jobName": "x", "roleArn": ROLE, "jobOutput": {"s3DataDestination": {"path": "s3://b/x/"}},
    }),
    ("CreateDataDeletionJob", "datasetGroupArn", lambda _: {
        "jobName": "x", "roleArn": ROLE, "dataSource": {"dataLocation": "s3://b/x"},
    }),
    ("CreateEventTracker", "datasetGroupArn", lambda _: {"name": "x"}),
    ("CreateFilter", "datasetGroupArn", lambda _: {"name": "x", "filterExpression": _FILTER}),
    ("CreateSolution", "datasetGroupArn", lambda _: {"name": "x", "recipeArn": POPULARITY}),
    ("CreateSolutionVersion", "solutionArn", lambda _: {}),
    ("CreateCampaign", "solutionVersionArn", lambda _: {"name": "x"}),
    ("CreateRecommender", "datasetGroupArn", lambda _: {"name": "x", "recipeArn": recipe(VIEWED)}),
    *_batch("Inference", "popularity-count"),
    *_batch("Segment", "item-affinity"),
    ("CreateMetricAttribution", "datasetGroupArn", lambda _: {
        "name": "x", "metrics": [_METRIC], "metricsOutputConfig": {"roleArn": ROLE},
    }),
    ("UpdateDataset", "datasetArn", lambda world: {"schemaArn": world.arn("schema/full-ITEMS")}),
    ("UpdateDataset", "schemaArn", lambda world: {"datasetArn": world.arn("dataset/full/ITEMS")}),
    ("UpdateSolution", "solutionArn", lambda _: {"performAutoTraining": False}),
    ("UpdateCampaign", "campaignArn", lambda _: {"minProvisionedTPS": 2}),
    ("UpdateCampaign", "solutionVersionArn", lambda world: {"campaignArn": world.campaign}),
    ("UpdateRecommender", "recommenderArn", lambda _: {"recommenderConfig": {"minRecommendationRequestsPerSecond": 2}}),
    ("UpdateMetricAttribution", "metricAttributionArn", lambda _: {"removeMetrics": ["m"]}),
]  # fmt: skip
IDS = [f"{name}-{member}" for name, member, _ in BY_ARN]
each = pytest.mark.parametrize(("name", "member", "params"), BY_ARN, ids=IDS)


def ask(world: World, name: str, /, **params: Any) -> tuple[str, int, str]:
    return refused(operation(world.program.personalize, name), **params)


@each
def test_an_arn_that_names_nothing(world: World, name: str, member: str, params: Any) -> None:
    arn = world.arn(TAILS[member])
    assert ask(world, name, **{**params(world), member: arn}) == unknown(arn)


@each
@pytest.mark.parametrize("other", ["kind", "account", "region", "partition"])
@meets("errors.WRONG_ARN")
def test_an_arn_of_another(world: World, name: str, member: str, params: Any, other: str) -> None:
    arn = world.arn(TAILS[member])
    arn = {
        "kind": world.arn("filter/none" if member == "campaignArn" else "campaign/none"),
        "account": arn.replace(world.program.account, "000000000000"),
        "region": arn.replace("us-east-1", "eu-west-1"),
        "partition": arn.replace("arn:aws:", "arn:aws-cn:"),
    }[other]
    assert ask(world, name, **{**params(world), member: arn}) == foreign(member, arn)


def test_every_operation_that_takes_the_arn_of_a_resource_is_asked() -> None:
    asked = {(name, member) for name, member, _ in BY_ARN}
    expected = {
        (name, member)
        for name in MODEL.operation_names
        for member in MODEL.operation_model(name).input_shape.members
        # Lists but one are empty for what they do not know.
        if member in TAILS and (not name.startswith("List") or name == "ListSolutionVersions")
    }
    assert asked == expected


OWN = (
    ("DescribeRecipe", "recipeArn", "recipe"),
    ("DescribeAlgorithm", "algorithmArn", "algorithm"),
    ("DescribeFeatureTransformation", "featureTransformationArn", "feature-transformation"),
)
own = pytest.mark.parametrize(("name", "member", "kind"), OWN, ids=[name for name, *_ in OWN])


@own
def test_what_the_service_does_not_have(world: World, name: str, member: str, kind: str) -> None:
    arn = f"arn:aws:personalize:::{kind}/aws-none"
    assert ask(world, name, **{member: arn}) == unknown(arn)


@pytest.mark.parametrize(
    ("name", "member", "tail"),
    [
        (name, member, tail)
        for name, member, kind in OWN
        for tail in ("recipe/aws-sims", "algorithm/aws-sims", "feature-transformation/sims", "campaign/x")
        if not tail.startswith(f"{kind}/")
    ],
)
def test_what_the_service_has_is_of_another_kind(world: World, name: str, member: str, tail: str) -> None:
    arn = world.arn(tail) if tail.startswith("campaign") else f"arn:aws:personalize:::{tail}"
    assert ask(world, name, **{member: arn}) == foreign(member, arn)


_OF_VERSIONS = ("DescribeSolutionVersion", "GetSolutionMetrics", "StopSolutionVersionCreation")


@pytest.mark.parametrize("name", [*_OF_VERSIONS, "CreateBatchInferenceJob", "CreateBatchSegmentJob"])
def test_the_latest_version_is_known_to_campaigns_alone(world: World, name: str) -> None:
    arn = world.arn("solution/item-affinity/$LATEST")
    given = job(arn, {}) if "Batch" in name else {"solutionVersionArn": arn}
    assert ask(world, name, **given) == unknown(arn)


@pytest.mark.parametrize("name", ["DescribeSolution", "DeleteSolution", "CreateSolutionVersion", "UpdateSolution"])
def test_a_version_is_no_solution(world: World, name: str) -> None:
    arn = world.versions["popularity-count"]
    more = {"performAutoTraining": True} if name == "UpdateSolution" else {}
    assert ask(world, name, solutionArn=arn, **more) == unknown(arn)
