"""Which of a recommender's models answers, and what becomes of the others."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from tests.conftest import Small
from tests.wire.conformance import making
from tests.wire.conformance.making import MOST_VIEWED
from tests.wire.conformance.stage import Stage
from tests.wire.program import INTERACTIONS

MakeSmall = Callable[..., Small]

WEEK = 7 * 86400.0
NO_DEVICE = {"trainingDataConfig": {"excludedDatasetColumns": {"INTERACTIONS": ["DEVICE"]}}}
NO_VALUE = {"trainingDataConfig": {"excludedDatasetColumns": {"INTERACTIONS": ["EVENT_VALUE"]}}}
BUSIER = {"minRecommendationRequestsPerSecond": 7}


class Held(Executor):
    """Works at once; while it is holding, when the test says so."""

    def __init__(self) -> None:
        self.holding = False
        self.waiting: list[Callable[[], None]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()

        def work() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except Exception as error:
                future.set_exception(error)

        if self.holding:
            self.waiting.append(work)
        else:
            work()
        return future


def on_stage(small: MakeSmall, mode: str = "instant", **more: Any) -> Stage:
    room = small(status=mode, **more)
    return Stage(room.server, mode, room.folder)


def viewed(stage: Stage) -> str:
    """A recommender of the most viewed items."""
    group = making.store(stage)
    return making.made(
        stage, "recommender", "CreateRecommender", name="viewed", datasetGroupArn=group, recipeArn=MOST_VIEWED
    )


def view(stage: Stage, item: str, times: int) -> None:
    """So many users more look at an item."""
    group = stage.call("ListDatasetGroups")["datasetGroups"][0]["datasetGroupArn"]
    trackers = stage.call("ListEventTrackers")["eventTrackers"]
    if not trackers:
        stage.call("CreateEventTracker", name="clicks", datasetGroupArn=group)
        trackers = stage.call("ListEventTrackers")["eventTrackers"]
        stage.settle("eventTracker", trackers[0]["eventTrackerArn"])
    tracking = stage.describe("eventTracker", trackers[0]["eventTrackerArn"])["trackingId"]
    for number in range(times):
        stage.program.send(tracking, "s", item, user=f"{item}-{number}", kind="View")


def best(stage: Stage, recommender: str) -> str:
    answer = stage.program.runtime.get_recommendations(recommenderArn=recommender, userId="u1", numResults=1)
    return str(answer["itemList"][0]["itemId"])


def update(stage: Stage, recommender: str, config: dict[str, Any]) -> None:
    stage.call("UpdateRecommender", recommenderArn=recommender, recommenderConfig=config)


def kept(stage: Stage) -> int:
    """How many models there are on disk once the server has looked at what is due, and what is not needed is gone."""
    stage.server.emulator.run_due()
    stage.server.emulator.jobs.sweep()
    return len(list((stage.server.emulator.root / "artifacts").iterdir()))


def test_a_deleted_recommender_leaves_no_model(small: MakeSmall) -> None:
    stage = on_stage(small)
    recommender = viewed(stage)
    update(stage, recommender, NO_DEVICE)
    view(stage, "b7", 5)
    stage.wait(WEEK)
    assert kept(stage) == 1
    stage.call("DeleteRecommender", recommenderArn=recommender)
    assert kept(stage) == 0


def test_models_in_place_of_which_an_update_has_put_another_are_let_go_of(small: MakeSmall) -> None:
    stage = on_stage(small, "timed:100")
    recommender = viewed(stage)
    before = stage.describe("recommender", recommender)
    view(stage, "b7", 40)
    old = best(stage, recommender)
    for config, models in ((NO_DEVICE, 2), (NO_VALUE, 2)):
        update(stage, recommender, config)
        stage.wait(99)
        # The earlier one answers until the update is done.
        assert kept(stage) == models
        assert best(stage, recommender) == old
        stage.wait(1)
        assert kept(stage) == 1
        assert best(stage, recommender) == (old := "b7")
    found = stage.describe("recommender", recommender)
    assert (found["status"], found["creationDateTime"]) == ("ACTIVE", before["creationDateTime"])
    assert found["modelMetrics"]


def test_a_failed_creation_says_why_after_its_training_is_let_go_of(small: MakeSmall) -> None:
    stage = on_stage(small, "timed:100", relaxed_minimums=False)
    group = making.group(stage, "ECOMMERCE")
    making.dataset(stage, group, "INTERACTIONS", INTERACTIONS, "ECOMMERCE")
    view(stage, "a1", 1)
    params = {"name": "few", "datasetGroupArn": group, "recipeArn": MOST_VIEWED}
    recommender = stage.call("CreateRecommender", **params)["recommenderArn"]
    reason = stage.settle("recommender", recommender)["failureReason"]
    stage.call("DeleteRecommender", recommenderArn=recommender)
    assert stage.describe("recommender", recommender)["failureReason"] == reason


@pytest.mark.parametrize("changed_after", [True, False])
def test_a_training_that_ends_after_a_newer_one_is_not_put_in_force(
    small: MakeSmall, monkeypatch: pytest.MonkeyPatch, changed_after: bool
) -> None:
    held = Held()
    monkeypatch.setattr("personalize_local.emulator.InlineExecutor", lambda: held)
    stage = on_stage(small)
    recommender = viewed(stage)
    view(stage, "b7", 40)
    held.holding = True
    stage.wait(WEEK)
    view(stage, "b8", 80)
    update(stage, recommender, NO_DEVICE)
    by_itself, by_hand = held.waiting
    by_hand()
    assert best(stage, recommender) == "b8"
    if changed_after:
        update(stage, recommender, BUSIER)
    by_itself()
    assert best(stage, recommender) == "b8"
    assert stage.describe("recommender", recommender)["recommenderConfig"] == NO_DEVICE | (
        BUSIER if changed_after else {}
    )
    assert kept(stage) == 1


def test_one_that_ends_while_a_newer_one_is_under_way_is_put_in_force(
    small: MakeSmall, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held()
    monkeypatch.setattr("personalize_local.emulator.InlineExecutor", lambda: held)
    stage = on_stage(small)
    recommender = viewed(stage)
    view(stage, "b7", 40)
    held.holding = True
    stage.wait(WEEK)
    view(stage, "b8", 80)
    update(stage, recommender, NO_DEVICE)
    by_itself, by_hand = held.waiting
    by_itself()
    assert best(stage, recommender) == "b7"
    by_hand()
    assert best(stage, recommender) == "b8"
    assert kept(stage) == 1
