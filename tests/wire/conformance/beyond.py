"""What a kind can do beside being made, described, listed, updated and deleted."""

from __future__ import annotations

from collections.abc import Callable

from tests.wire.program import ROLE

from . import making
from .stage import START, STOP, Span, Stage
from .walking import GONE, IN_USE, INVALID, refusal

_METRICS = {
    "coverage",
    "mean_reciprocal_rank_at_25",
    *(f"normalized_discounted_cumulative_gain_at_{k}" for k in (5, 10, 25)),
    *(f"precision_at_{k}" for k in (5, 10, 25)),
}
SWITCH = Span(least=60, most=600)


def stop_and_start(stage: Stage, arn: str) -> None:
    """A recommender stops, answers no more, and starts again with what it had."""
    this = {"recommenderArn": arn}
    before = stage.describe("recommender", arn)
    assert set(before["modelMetrics"]) == _METRICS
    assert refusal(stage, "StartRecommender", **this) == IN_USE
    for operation, words in (("StopRecommender", STOP), ("StartRecommender", START)):
        assert stage.call(operation, **this) == this
        for found, word in stage.follow(lambda: stage.describe("recommender", arn), words, SWITCH):
            assert found["status"] == word
            assert set(found) == set(before)
            if word == words[0]:
                for other in ("StopRecommender", "StartRecommender", "DeleteRecommender"):
                    assert refusal(stage, other, **this) == IN_USE
        assert refusal(stage, operation, **this) == IN_USE
        if word == "INACTIVE":
            config = {"minRecommendationRequestsPerSecond": 4}
            assert refusal(stage, "UpdateRecommender", **this, recommenderConfig=config) == IN_USE
    assert stage.describe("recommender", arn)["modelMetrics"] == before["modelMetrics"]


def measure(stage: Stage, arn: str) -> None:
    """A trained version has metrics, cannot be stopped any more, and is the latest of its solution."""
    this = {"solutionVersionArn": arn}
    found = stage.call("GetSolutionMetrics", **this)
    assert found["solutionVersionArn"] == arn
    assert set(found["metrics"]) == _METRICS
    assert refusal(stage, "StopSolutionVersionCreation", **this) == INVALID
    solution = arn.rpartition("/")[0]
    newest = stage.call("ListSolutionVersions", solutionArn=solution)["solutionVersions"][0]
    assert stage.describe("solution", solution)["latestSolutionVersion"] == newest


def follow_metrics(stage: Stage, arn: str) -> None:
    """Metrics of a metric attribution come and go at once."""
    this = {"metricAttributionArn": arn}
    assert [metric["metricName"] for metric in _metrics(stage, arn)] == ["watched0", "watched1", "watched2"]
    added = [{"eventType": "buy", "metricName": "bought", "expression": "SUM(Interactions.EVENT_VALUE)"}]
    output = {"roleArn": ROLE, "s3DataDestination": {"path": f"s3://{stage.program.bucket}/reports/"}}
    answer = stage.call(
        "UpdateMetricAttribution", **this, addMetrics=added, removeMetrics=["watched1"], metricsOutputConfig=output
    )
    assert answer == this
    assert [metric["metricName"] for metric in _metrics(stage, arn)] == ["watched0", "watched2", "bought"]
    found = stage.describe("metricAttribution", arn)
    assert (found["status"], found["metricsOutputConfig"]) == ("ACTIVE", output)
    twice = refusal(stage, "UpdateMetricAttribution", **this, addMetrics=added)
    assert twice == "ResourceAlreadyExistsException"
    assert refusal(stage, "UpdateMetricAttribution", **this, removeMetrics=["watched1"]) == INVALID


def _metrics(stage: Stage, arn: str) -> list[dict[str, str]]:
    listed: list[dict[str, str]] = stage.call("ListMetricAttributionMetrics", metricAttributionArn=arn)["metrics"]
    return listed


BEYOND: dict[str, Callable[[Stage, str], None]] = {
    "recommender": stop_and_start,
    "solutionVersion": measure,
    "metricAttribution": follow_metrics,
}


def look_around_recipes(stage: Stage) -> None:
    """Every recipe that is listed, with its algorithm and feature transformation."""
    names = []
    for page in stage.program.personalize.get_paginator("list_recipes").paginate():
        for summary in page["recipes"]:
            names.append(summary["name"])
            found = stage.describe("recipe", summary["recipeArn"])
            assert set(found) == {
                *("name", "recipeArn", "algorithmArn", "featureTransformationArn", "status", "description"),
                *("creationDateTime", "lastUpdatedDateTime", "recipeType"),
            }
            assert set(summary) - {"domain"} == {
                *("name", "recipeArn", "status", "creationDateTime", "lastUpdatedDateTime")
            }
            assert found["recipeArn"] == f"{making.RECIPES}{found['name']}"
            algorithm = stage.describe("algorithm", found["algorithmArn"])
            assert set(algorithm) == {
                *("name", "algorithmArn", "algorithmImage", "defaultHyperParameters", "defaultHyperParameterRanges"),
                *("defaultResourceConfig", "trainingInputMode", "creationDateTime", "lastUpdatedDateTime"),
            }
            feature = stage.describe("featureTransformation", found["featureTransformationArn"])
            assert set(feature) == {
                *("name", "featureTransformationArn", "defaultParameters", "status"),
                *("creationDateTime", "lastUpdatedDateTime"),
            }
            assert found["status"] == summary["status"] == feature["status"] == "ACTIVE"
    assert names == sorted(names)
    for kind in ("recipe", "algorithm"):
        arn = f"arn:aws:personalize:::{kind}/aws-none"
        assert refusal(stage, f"Describe{kind.capitalize()}", **{f"{kind}Arn": arn}) == GONE
