"""What is kept of an event beside its item, and times and sizes at the edges."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest

from personalize_local.jobs.streaming import OwnedEvent
from personalize_local.runtime.contenders import context_of
from personalize_local.store.records import IMPLICIT
from tests.conftest import Small
from tests.events.ground import TIME, Ground, stand
from tests.wire.program import refused
from tests.wire.raw import call

YEAR_9999 = 253_402_214_400


@pytest.fixture
def ground(small: Any) -> Ground:
    made: Small = small()
    return stand(made)


def raw(ground: Ground, operation: str, body: Any) -> int:
    """The status of a call that no client would make."""
    services = ground.small.server.emulator.services
    (service,) = (one for one in services if one.model.service_name == "personalize-events")
    status, _ = call(ground.small.server.url, service, operation, body, ground.program.account)
    return status


def only(ground: Ground) -> OwnedEvent:
    (event,) = ground.kept()
    return event


def test_what_travels_beside_the_properties_finds_its_columns(ground: Ground) -> None:
    ground.event(
        impression=["a1", "b2", "c3"],
        recommendationId="RID-1",
        metricAttribution={"eventAttributionSource": "banner"},
        properties='{"dwellTime": "12", "unknown": [1]}',
        eventValue=4.5,
        eventId="e1",
    )
    event = only(ground)
    assert (event.user, event.item, event.timestamp, event.event_type, event.value) == ("u", "a1", TIME, "watch", 4.5)
    assert event.properties == {
        "IMPRESSION": "a1|b2|c3",
        "RECOMMENDATION_ID": "RID-1",
        "EVENT_ATTRIBUTION_SOURCE": "banner",
        "DWELL_TIME": 12,
    }


def test_a_training_takes_such_events(ground: Ground) -> None:
    for user in ("u1", "u2"):
        ground.event(user=user, impression=["a1", "b2"], recommendationId="RID-1", properties='{"dwellTime": 3}')
    assert len(ground.trained("t").interactions) == 2


def test_item_and_value_beside_the_properties_count_before_those_in_them(ground: Ground) -> None:
    ground.event(itemId="beside", eventValue=2, properties='{"itemId": "inside", "EVENT_VALUE": "7"}')
    event = only(ground)
    assert (event.item, event.value) == ("beside", 2)


def test_item_and_value_may_be_in_the_properties(ground: Ground) -> None:
    event = {"eventType": "watch", "sentAt": TIME, "properties": '{"item_id": "inside", "eventValue": "7"}'}
    ground.program.events.put_events(trackingId=ground.tracking, sessionId="s", userId="u", eventList=[event])
    assert (only(ground).item, only(ground).value) == ("inside", 7.0)


def test_a_session_named_null_has_no_effect(ground: Ground) -> None:
    ground.event(session="null")
    ground.action(sessionId="null")
    assert ground.kept() == []
    assert ground.kept("ACTION_INTERACTIONS") == []
    assert refused(ground.event, session="null", properties="[]")[2] == "Error parsing properties json"


@pytest.mark.parametrize("moment", [TIME * 1000, -TIME * 1000, 253_402_300_800, 2**62, 1e18, -(2**62)])
def test_a_time_that_no_calendar_has_is_answered_and_has_no_effect(ground: Ground, moment: float) -> None:
    event = {"eventType": "watch", "sentAt": moment, "itemId": "a1"}
    body: dict[str, Any] = {"trackingId": ground.tracking, "sessionId": "s", "userId": "u", "eventList": [event]}
    assert raw(ground, "PutEvents", body) == 200
    action = {"actionId": "x", "sessionId": "s", "userId": "u", "eventType": "Taken", "timestamp": moment}
    body = {"trackingId": ground.actions_tracking, "actionInteractions": [action]}
    assert raw(ground, "PutActionInteractions", body) == 200
    assert ground.kept() == []
    assert ground.kept("ACTION_INTERACTIONS") == []


def test_a_training_takes_any_other_time(ground: Ground) -> None:
    times = [-1, 0, -62_135_596_799, YEAR_9999, 0.25]
    for number, moment in enumerate(times):
        event = {"eventType": "watch", "sentAt": moment, "itemId": f"i{number % 2}"}
        body = {"trackingId": ground.tracking, "sessionId": "s", "userId": f"u{number}", "eventList": [event]}
        assert raw(ground, "PutEvents", body) == 200
    data = ground.trained("times")
    assert data.interactions.timestamp.tolist() == sorted(int(moment) for moment in times)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_a_value_that_is_no_number_is_refused(ground: Ground, value: str) -> None:
    event = {"eventType": "watch", "sentAt": TIME, "itemId": "a1", "eventValue": value}
    body = {"trackingId": ground.tracking, "sessionId": "s", "userId": "u", "eventList": [event]}
    assert raw(ground, "PutEvents", body) == 400
    assert ground.kept() == []


def test_an_event_of_ten_kilobytes_is_taken_and_one_more_byte_is_not(ground: Ground) -> None:
    event: dict[str, Any] = {"eventType": "watch", "itemId": "a1"}
    rest = 10 * 1024 - len("watcha1") - 20 * 2 * 250
    full = {**event, "impression": ["é" * 250] * 20 + ["x" * rest]}
    ground.event(**full)
    over = {**event, "impression": ["é" * 250] * 20 + ["x" * (rest + 1)]}
    assert refused(ground.event, **over) == (
        "InvalidInputException",
        400,
        "An event may have at most 10240 bytes; this one has 10241.",
    )
    assert len(ground.kept()) == 1


def test_properties_that_a_later_dataset_does_not_take_are_no_harm(small: Any) -> None:
    made: Small = small()
    program = made.program
    group = program.group()
    tracking = program.tracker(group)
    for user in ("u1", "u2"):
        event = {"eventType": "watch", "sentAt": TIME, "itemId": "a1", "properties": json.dumps({"dwellTime": "long"})}
        program.events.put_events(trackingId=tracking, sessionId="s", userId=user, eventList=[event])
    made.program.dataset(group)
    version = program.version(program.solution(group, "later"))
    described = program.personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert described["status"] == "ACTIVE", described


MODULE = sys.modules["personalize_local.events.put_events"]


class TestWhatWasShown:
    """Under the recommendationId of an event."""

    def remember(self, ground: Ground) -> None:
        ground.small.server.emulator.shown.remember("RID-1", ground.group, ["a1", "b2"])

    def implicit(self, ground: Ground) -> list[Any]:
        with ground.small.server.emulator.database.read() as rows:
            found = rows.events_between(ground.group, 0, rows.last_event(ground.group), 100)
        return [extra.get(IMPLICIT) for *_, extra, _ in found]

    def test_is_of_one_event_of_several_at_once(self, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
        ground.event()  # the tracker is known from here on: no call reads its events twice
        self.remember(ground)
        both, real = Barrier(2, timeout=30), MODULE._events

        def together(*given: Any) -> Any:
            events = real(*given)
            both.wait()
            return events

        monkeypatch.setattr(MODULE, "_events", together)
        context = context_of(ground.small.server.emulator._own_context(), ground.group)
        event = {"eventType": "watch", "sentAt": datetime.fromtimestamp(TIME, UTC), "recommendationId": "RID-1"}

        def put(user: str) -> None:
            MODULE.put_events(
                context, {"trackingId": ground.tracking, "userId": user, "sessionId": user, "eventList": [event]}
            )

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(put, "ab"))
        _, *found = self.implicit(ground)
        assert sorted(found, key=str) == [None, ["a1", "b2"]]

    def test_waits_for_another_event_where_the_first_was_not_kept(
        self, ground: Ground, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.remember(ground)

        def fail(*_: Any) -> None:
            raise OSError("no room")

        with monkeypatch.context() as broken:
            broken.setattr(MODULE, "take_into_account", fail)
            with pytest.raises(ground.program.events.exceptions.ClientError) as caught:
                ground.event(recommendationId="RID-1")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        ground.event(recommendationId="RID-1")
        ground.event(recommendationId="RID-1")
        assert self.implicit(ground) == [["a1", "b2"], None]
