"""What fails says why, and leaves in force what was there before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Small
from tests.wire.program import HEADER, INTERACTIONS, ROLE, interactions_csv

from . import making
from .making import MOST_VIEWED, POPULARITY
from .stage import CREATE, Span, Stage
from .table import IMPORT, RECOMMENDER, VERSION
from .walking import IN_USE, INVALID, check_members, come_to_be, refusal, summaries

MakeSmall = Callable[..., Small]

FAILED = ("CREATE PENDING", "CREATE IN_PROGRESS", "CREATE FAILED")
FEW_USERS = "Dataset has fewer than 25 users with at least 2 interactions each."
FEW_VIEWS = "Dataset has fewer than 1000 interactions after filtering by event type: View"
ENOUGH: dict[str, Any] = {"users": 40, "steps": 30}
CONFIG = {"trainingDataConfig": {"excludedDatasetColumns": {"INTERACTIONS": ["DEVICE"]}}}


def strict(small: MakeSmall, mode: str) -> Stage:
    """A stage with the service's minimums."""
    room = small(relaxed_minimums=False, status=mode)
    return Stage(room.server, mode, room.folder)


def viewed(stage: Stage, kind: str = "View") -> tuple[str, str]:
    """An ECOMMERCE group with enough interactions of one kind; its ARN and its dataset's."""
    group = making.group(stage, "ECOMMERCE")
    dataset = making.dataset(stage, group, "INTERACTIONS", INTERACTIONS, "ECOMMERCE")
    making.load(stage, dataset, interactions_csv(**ENOUGH, kind=kind))
    return group, dataset


def answer(stage: Stage, recommender: str) -> list[dict[str, Any]]:
    found = stage.program.runtime.get_recommendations(recommenderArn=recommender, userId="u1")
    return list(found["itemList"])


@pytest.mark.parametrize("mode", ["instant", "polls:3", "timed:100"])
def test_an_update_that_fails_leaves_the_old_recommender_answering(small: MakeSmall, mode: str) -> None:
    stage = strict(small, mode)
    group, dataset = viewed(stage)
    arn = making.made(stage, "recommender", "CreateRecommender", name="r", datasetGroupArn=group, recipeArn=MOST_VIEWED)
    before, items = stage.describe("recommender", arn), answer(stage, arn)
    making.load(stage, dataset, interactions_csv(**ENOUGH, kind="Purchase"))
    stage.call("UpdateRecommender", recommenderArn=arn, recommenderConfig=CONFIG)
    span, latest = Span(least=0, most=0), {}
    for found, word in stage.follow(lambda: stage.describe("recommender", arn), FAILED, span):
        latest = found["latestRecommenderUpdate"]
        assert latest["status"] == word
        assert ("failureReason" in latest) == (word == "CREATE FAILED")
        assert found["status"] == "ACTIVE"
        assert set(found) == {*before, "latestRecommenderUpdate"}
        assert (found["recommenderConfig"], found["modelMetrics"]) == ({}, before["modelMetrics"])
        assert answer(stage, arn) == items
    assert latest["failureReason"] == FEW_VIEWS
    assert latest["recommenderConfig"] == CONFIG
    # The next one may succeed.
    making.load(stage, dataset, interactions_csv(**ENOUGH, kind="View"))
    stage.call("UpdateRecommender", recommenderArn=arn, recommenderConfig=CONFIG)
    found = stage.settle("recommender", arn)
    assert found["latestRecommenderUpdate"]["status"] == "ACTIVE"
    assert "failureReason" not in found["latestRecommenderUpdate"]
    assert found["recommenderConfig"] == CONFIG


def test_a_recommender_without_enough_data_fails_and_an_update_mends_it(small: MakeSmall) -> None:
    stage = strict(small, "timed:100")
    group, dataset = viewed(stage, "Purchase")
    params = {"name": "r", "datasetGroupArn": group, "recipeArn": MOST_VIEWED}
    arn = stage.call("CreateRecommender", **params)["recommenderArn"]
    for found, word in stage.follow(lambda: stage.describe("recommender", arn), FAILED, Span(least=0, most=0)):
        assert found["status"] == word
        further = frozenset({"failureReason"} if word == "CREATE FAILED" else ())
        check_members(RECOMMENDER, found, word, further=further)
    assert found["failureReason"] == FEW_VIEWS
    for operation in ("StartRecommender", "StopRecommender"):
        assert refusal(stage, operation, recommenderArn=arn) == IN_USE
    making.load(stage, dataset, interactions_csv(**ENOUGH, kind="View"))
    stage.call("UpdateRecommender", recommenderArn=arn, recommenderConfig=CONFIG)
    found = stage.settle("recommender", arn)
    assert found["status"] == found["latestRecommenderUpdate"]["status"] == "ACTIVE"
    assert "failureReason" not in found
    assert answer(stage, arn)


@pytest.mark.parametrize("mode", ["instant", "polls:3", "timed:100"])
def test_a_recommender_that_an_update_has_mended_stays_so_whatever_comes_next(small: MakeSmall, mode: str) -> None:
    stage = strict(small, mode)
    group, dataset = viewed(stage, "Purchase")
    params = {"name": "r", "datasetGroupArn": group, "recipeArn": MOST_VIEWED}
    arn = stage.call("CreateRecommender", **params)["recommenderArn"]
    assert stage.settle("recommender", arn)["status"] == "CREATE FAILED"
    making.load(stage, dataset, interactions_csv(**ENOUGH, kind="View"))
    stage.call("UpdateRecommender", recommenderArn=arn, recommenderConfig=CONFIG)
    stage.settle("recommender", arn)

    def check(latest: str, word: str = "ACTIVE") -> None:
        found = stage.settle("recommender", arn)
        assert (found["status"], found["latestRecommenderUpdate"]["status"]) == (word, latest)
        assert "failureReason" not in found
        assert word == "INACTIVE" or answer(stage, arn)

    config = {"minRecommendationRequestsPerSecond": 2}
    stage.call("UpdateRecommender", recommenderArn=arn, recommenderConfig=config)
    assert stage.describe("recommender", arn)["status"] == "ACTIVE"
    check("ACTIVE")
    making.load(stage, dataset, interactions_csv(**ENOUGH, kind="Purchase"))
    other = {"trainingDataConfig": {"excludedDatasetColumns": {"INTERACTIONS": ["EVENT_VALUE"]}}}
    stage.call("UpdateRecommender", recommenderArn=arn, recommenderConfig=other)
    check("CREATE FAILED")
    stage.call("StopRecommender", recommenderArn=arn)
    assert "failureReason" not in stage.describe("recommender", arn)
    stage.wait(1000)
    check("CREATE FAILED", "INACTIVE")
    stage.call("StartRecommender", recommenderArn=arn)
    stage.wait(1000)
    check("CREATE FAILED")


def test_one_that_is_stopped_right_after_it_was_mended_shows_no_reason(small: MakeSmall) -> None:
    stage = strict(small, "instant")
    group, dataset = viewed(stage, "Purchase")
    params = {"name": "r", "datasetGroupArn": group, "recipeArn": MOST_VIEWED}
    arn = stage.call("CreateRecommender", **params)["recommenderArn"]
    making.load(stage, dataset, interactions_csv(**ENOUGH, kind="View"))
    stage.call("UpdateRecommender", recommenderArn=arn, recommenderConfig=CONFIG)
    stage.call("StopRecommender", recommenderArn=arn)
    found = stage.describe("recommender", arn)
    assert found["status"] == "INACTIVE"
    assert "failureReason" not in found


def test_a_version_without_enough_users_says_so_everywhere(small: MakeSmall) -> None:
    stage = strict(small, "polls:3")
    group = making.group(stage)
    dataset = making.dataset(stage, group, "INTERACTIONS", INTERACTIONS)
    making.load(stage, dataset, interactions_csv(users=10, steps=100))
    solution = making.solution(stage, group, POPULARITY)
    arn = stage.call("CreateSolutionVersion", solutionArn=solution)["solutionVersionArn"]
    for found, word in stage.follow(lambda: stage.describe("solutionVersion", arn), FAILED, Span(least=0, most=0)):
        assert found["status"] == word
        check_members(VERSION, found, word, further=frozenset({"failureReason"} if word == FAILED[2] else ()))
    assert found["failureReason"] == FEW_USERS
    summary = summaries(stage, VERSION, solutionArn=solution)[arn]
    assert (summary["status"], summary["failureReason"]) == (FAILED[2], FEW_USERS)
    assert stage.describe("solution", solution)["latestSolutionVersion"] == summary
    this = {"solutionVersionArn": arn}
    assert refusal(stage, "GetSolutionMetrics", **this) == IN_USE
    assert refusal(stage, "StopSolutionVersionCreation", **this) == INVALID
    assert refusal(stage, "CreateCampaign", name="c", **this) == INVALID
    job = {"jobName": "j", **this, **making.places(stage, "j", '{"userId": "u1"}\n')}
    assert refusal(stage, "CreateBatchInferenceJob", **job) == INVALID
    stage.call("DeleteSolution", solutionArn=solution)


def test_an_import_that_fails_says_why_and_leaves_the_data(small: MakeSmall) -> None:
    stage = strict(small, "instant")
    dataset = making.dataset(stage, making.group(stage), "INTERACTIONS", INTERACTIONS)
    making.load(stage, dataset, interactions_csv(**ENOUGH))
    row = f"u1,{'i' * 257},1700000000,watch,1.5,phone"
    params = {
        "jobName": "bad",
        "datasetArn": dataset,
        "dataSource": {"dataLocation": stage.program.put("bad.csv", "\n".join([HEADER, *[row] * 1000]))},
        "roleArn": ROLE,
    }
    arn = stage.call("CreateDatasetImportJob", **params)["datasetImportJobArn"]
    found = stage.describe("datasetImportJob", arn)
    assert found["status"] == "CREATE FAILED"
    check_members(IMPORT, found, "CREATE FAILED", further=frozenset({"failureReason"}))
    assert found["failureReason"].startswith("Length cannot be more than 256 characters for ITEM_ID.")
    assert summaries(stage, IMPORT)[arn]["failureReason"] == found["failureReason"]
    solution = making.solution(stage, dataset.rpartition("/")[0].replace(":dataset/", ":dataset-group/"), POPULARITY)
    assert come_to_be(stage, VERSION, {"solutionArn": solution}, making.version(stage, solution))["status"] == CREATE[2]
