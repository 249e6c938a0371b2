"""What the next training makes of streamed events."""

from __future__ import annotations

from typing import Any

import pytest

from personalize_local.recipes._personal_model import PersonalModel
from personalize_local.recipes.base import Query
from tests.wire.program import POPULARITY, RECIPE, UNEXPLORED, Program


@pytest.fixture
def group(program: Program) -> str:
    return program.stocked()


@pytest.fixture
def tracking(program: Program, group: str) -> str:
    return program.tracker(group)


def put(program: Program, tracking: str, session: str, *events: dict[str, Any], **more: Any) -> None:
    given = [{"eventType": "watch", "sentAt": 1_700_500_000, **event} for event in events]
    program.events.put_events(trackingId=tracking, sessionId=session, eventList=given, **more)


def catalogue(program: Program, group: str, name: str) -> list[str]:
    """The items that a new version knows, the most popular first."""
    campaign = program.campaign(program.version(program.solution(group, name, POPULARITY)), name)
    return [item["itemId"] for item in program.recommend(campaign, numResults=500)]


def test_a_session_counts_once_a_user_is_named_in_it(program: Program, group: str, tracking: str) -> None:
    put(program, tracking, "visit", {"itemId": "while-anonymous"})
    put(program, tracking, "other visit", {"itemId": "never-named"})
    assert "while-anonymous" not in catalogue(program, group, "before")
    put(program, tracking, "visit", {"itemId": "a1"}, userId="visitor")
    found = catalogue(program, group, "after")
    assert "while-anonymous" in found
    assert "never-named" not in found


def test_an_item_in_the_properties_is_learned_as_one_beside_them(program: Program, group: str, tracking: str) -> None:
    put(program, tracking, "s", {"properties": '{"itemId": "inside"}'}, {"itemId": "beside"}, userId="u")
    assert {"inside", "beside"} <= set(catalogue(program, group, "learned"))


def test_an_answer_knows_the_time_of_the_newest_event(
    program: Program, group: str, tracking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Query] = []
    plain = PersonalModel.scores
    monkeypatch.setattr(PersonalModel, "scores", lambda model, query: asked.append(query) or plain(model, query))
    campaign = program.campaign(
        program.version(program.solution(group, "taste", RECIPE)), "taste", campaignConfig=UNEXPLORED
    )
    program.recommend(campaign, "u1")
    put(program, tracking, "s", {"itemId": "a1"}, {"itemId": "a2", "sentAt": 1_700_600_000}, userId="u1")
    program.recommend(campaign, "u1")
    assert [(query.time, query.events) for query in asked] == [(None, []), (1_700_600_000, ["a1", "a2"])]


def test_an_event_without_an_item_teaches_nothing(program: Program, group: str, tracking: str) -> None:
    before = catalogue(program, group, "before")
    put(program, tracking, "s", {}, {"properties": '{"itemId": ""}'}, {"properties": '{"itemId": null}'}, userId="u")
    assert catalogue(program, group, "after") == before


def test_a_deleted_dataset_takes_the_events_of_its_group_along(program: Program, group: str, tracking: str) -> None:
    put(program, tracking, "s", {"itemId": "of-before"}, userId="u")
    (tracker,) = program.personalize.list_event_trackers()["eventTrackers"]
    program.personalize.delete_event_tracker(eventTrackerArn=tracker["eventTrackerArn"])
    dataset = program.arn("dataset/shop/INTERACTIONS")
    program.personalize.delete_dataset(datasetArn=dataset)
    program.personalize.create_dataset(
        name="d", schemaArn=program.arn("schema/shop-INTERACTIONS"), datasetGroupArn=group, datasetType="INTERACTIONS"
    )
    program.load(dataset, "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE\nu1,a1,1,watch,1,phone\n", job="new")
    assert catalogue(program, group, "after") == ["a1"]


def test_events_of_one_group_are_not_another_ones(program: Program, group: str, tracking: str) -> None:
    other = program.stocked("other")
    put(program, tracking, "s", {"itemId": "mine"}, userId="u")
    assert "mine" not in catalogue(program, other, "theirs")
    assert "mine" in catalogue(program, group, "ours")
