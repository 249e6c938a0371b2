"""What is between two states is neither changed nor deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.conformance import making
from tests.wire.conformance.kinds import Case
from tests.wire.conformance.stage import Stage
from tests.wire.conformance.table import CAMPAIGN, DATASET, PLAIN, RECOMMENDER, SOLUTION
from tests.wire.program import ROLE

from .asking import IN_USE, moving, not_active, operation, refused
from .declared import meets
from .test_not_ready import growing

DELETED = tuple(case for case in PLAIN if case.is_deletable and case.words is not None)
UPDATED = (DATASET, SOLUTION, CAMPAIGN, RECOMMENDER)


def ask(stage: Stage, name: str, /, **params: Any) -> tuple[str, int, str]:
    return refused(operation(stage.program.personalize, name), **params)


def begun(stage: Stage, case: Case) -> str:
    """A resource whose creation has just begun."""
    return str(stage.call(f"Create{case.title}", **case.params(stage, stage.name(case.kind)))[case.arn_member])


@pytest.mark.parametrize("case", DELETED, ids=str)
@meets("errors.MOVING")
def test_what_moves_is_not_deleted(slow: Stage, case: Case) -> None:
    arn = begun(slow, case)
    this = {case.arn_member: arn}
    for status in growing(slow):
        assert ask(slow, f"Delete{case.title}", **this) == moving(arn, status)
    slow.call(f"Delete{case.title}", **this)
    assert case.deletion is not None
    for status in case.deletion:
        assert ask(slow, f"Delete{case.title}", **this) == moving(arn, status)
        assert slow.describe(case.kind, arn)["status"] == status


def changes(stage: Stage, case: Case) -> dict[str, Any]:
    assert case.update is not None
    given, _ = case.update.change(stage, {"performAutoTraining": True, "solutionConfig": {}, "recommenderConfig": {}})
    return given


@pytest.mark.parametrize("case", UPDATED, ids=str)
def test_what_moves_is_not_updated(slow: Stage, case: Case) -> None:
    given = changes(slow, case)
    arn = begun(slow, case)
    this = {case.arn_member: arn}
    update, delete = f"Update{case.title}", f"Delete{case.title}"
    for status in growing(slow):
        assert ask(slow, update, **this, **given) == moving(arn, status)
    slow.call(update, **this, **given)
    first = "UPDATE" if case.kind == "dataset" else "CREATE"
    again = changes(slow, case)
    for status in (f"{first} PENDING", f"{first} IN_PROGRESS"):
        assert ask(slow, update, **this, **again) == moving(arn, status)
        assert ask(slow, delete, **this) == moving(arn, status)
        slow.wait(50)
    slow.call(delete, **this)
    again = {"performAutoTraining": True} if case is SOLUTION else again
    for status in ("DELETE PENDING", "DELETE IN_PROGRESS"):
        assert ask(slow, update, **this, **again) == moving(arn, status)
        slow.describe(case.kind, arn)


def test_a_metric_attribution_that_moves_is_not_updated(slow: Stage) -> None:
    case = next(case for case in PLAIN if case.kind == "metricAttribution")
    arn = begun(slow, case)
    output = {"metricAttributionArn": arn, "metricsOutputConfig": {"roleArn": ROLE}}
    for status in growing(slow):
        assert ask(slow, "UpdateMetricAttribution", **output) == moving(arn, status)
    slow.call("DeleteMetricAttribution", metricAttributionArn=arn)
    for status in ("DELETE PENDING", "DELETE IN_PROGRESS"):
        assert ask(slow, "UpdateMetricAttribution", **output) == moving(arn, status)
        slow.describe("metricAttribution", arn)


def recommender(stage: Stage) -> str:
    made = begun(stage, RECOMMENDER)
    stage.settle("recommender", made)
    return made


OTHERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("StartRecommender", {}),
    ("StopRecommender", {}),
    ("DeleteRecommender", {}),
    ("UpdateRecommender", {"recommenderConfig": {"minRecommendationRequestsPerSecond": 7}}),
)
others = pytest.mark.parametrize(("name", "given"), OTHERS, ids=[name for name, _ in OTHERS])


@others
def test_a_recommender_in_creation_is_neither_started_nor_stopped(
    slow: Stage, name: str, given: dict[str, Any]
) -> None:
    slow.once(making.store)
    arn = begun(slow, RECOMMENDER)
    for status in growing(slow):
        assert ask(slow, name, recommenderArn=arn, **given) == moving(arn, status)


@others
def test_a_recommender_that_stops_or_starts_is_left_alone(slow: Stage, name: str, given: dict[str, Any]) -> None:
    arn = slow.once(recommender)
    for switch in ("Stop", "Start"):
        slow.call(f"{switch}Recommender", recommenderArn=arn)
        for status in (f"{switch.upper()} PENDING", f"{switch.upper()} IN_PROGRESS"):
            assert ask(slow, name, recommenderArn=arn, **given) == moving(arn, status)
            slow.wait(50)


@meets("recommender.NOT_IN_STATUS")
def test_a_recommender_is_stopped_and_started_in_turn(slow: Stage) -> None:
    arn = slow.once(recommender)
    this = {"recommenderArn": arn}
    said = f"Recommender {arn} is in status {{}}; it must be {{}}."
    assert ask(slow, "StartRecommender", **this) == (IN_USE, 400, said.format("ACTIVE", "INACTIVE"))
    slow.call("StopRecommender", **this)
    slow.wait(100)
    assert ask(slow, "StopRecommender", **this) == (IN_USE, 400, said.format("INACTIVE", "ACTIVE"))
    config = {"recommenderConfig": {"minRecommendationRequestsPerSecond": 7}}
    assert ask(slow, "UpdateRecommender", **this, **config) == not_active(arn, "INACTIVE")
    slow.call("StartRecommender", **this)
    slow.wait(100)


def test_a_recommender_that_updates_is_neither_stopped_nor_started(slow: Stage) -> None:
    arn = begun(slow, RECOMMENDER)
    slow.settle("recommender", arn)
    config = {"minRecommendationRequestsPerSecond": 7}
    slow.call("UpdateRecommender", recommenderArn=arn, recommenderConfig=config)
    for name, given in OTHERS:
        assert ask(slow, name, recommenderArn=arn, **given) == moving(arn, "CREATE PENDING")
