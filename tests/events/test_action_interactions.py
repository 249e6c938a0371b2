"""What is kept of action interactions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import Small
from tests.events.ground import TIME, Ground, stand

OF = "ACTION_INTERACTIONS"


@pytest.fixture
def ground(small: Any) -> Ground:
    made: Small = small()
    return stand(made)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Taken", "TAKEN"),
        ("TAKEN", "TAKEN"),
        ("Not Taken", "NOT_TAKEN"),
        ("Not taken", "NOT_TAKEN"),
        ("NOT_TAKEN", "NOT_TAKEN"),
        ("viewed", "VIEWED"),
    ],
)
def test_event_types_are_taken_in_every_spelling_and_kept_in_one(ground: Ground, given: str, kept: str) -> None:
    ground.action(given)
    assert [event.event_type for event in ground.kept(OF)] == [kept]


def test_all_of_it_is_kept_under_its_dataset_and_not_among_the_events_of_the_group(ground: Ground) -> None:
    ground.action(
        "Viewed", impression=["offer", "other"], recommendationId="RID-1", properties='{"device": "tv", "other": 1}'
    )
    (event,) = ground.kept(OF)
    assert (event.user, event.item, event.timestamp, event.value) == ("u", "offer", TIME, None)
    assert event.properties == {"DEVICE": "tv", "IMPRESSION": "offer|other"}
    assert ground.kept() == []


def test_sessions_and_repeated_events_are_as_those_of_items(ground: Ground) -> None:
    anonymous = {"actionId": "first", "sessionId": "visit", "timestamp": TIME, "eventType": "Viewed", "eventId": "1"}
    named = {**anonymous, "userId": "visitor", "actionId": "second", "eventId": "2"}
    ground.program.events.put_action_interactions(
        trackingId=ground.actions_tracking, actionInteractions=[anonymous, named, {**named, "actionId": "third"}]
    )
    assert [(event.user, event.item) for event in ground.kept(OF)] == [("visitor", "first"), ("visitor", "second")]


def test_they_are_found_by_their_user_or_session_at_once(ground: Ground) -> None:
    ground.action(userId="u1")
    given = {"actionId": "offer", "sessionId": "visit", "timestamp": TIME, "eventType": "Taken"}
    ground.program.events.put_action_interactions(trackingId=ground.actions_tracking, actionInteractions=[given])
    with ground.small.server.emulator.database.read() as rows:
        found = [rows.recent_events(ground.datasets[OF], actor, 0, 10) for actor in ("u1", "visit", "s")]
    assert found == [[("offer", "TAKEN", None, TIME)], [("offer", "TAKEN", None, TIME)], []]


def test_a_deleted_dataset_takes_them_along(ground: Ground) -> None:
    ground.action(properties=json.dumps({"device": "tv"}))
    ground.program.personalize.delete_dataset(datasetArn=ground.datasets[OF])
    assert ground.kept(OF) == []
