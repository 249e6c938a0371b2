"""The journal: which calls were made, with what, and what came of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from personalize_local.emulator import build
from personalize_local.settings import Settings
from personalize_local.testing import mock_personalize
from tests.conftest import Small

from .conftest import error_of

MISSING = "arn:aws:personalize:us-east-1:123456789012:campaign/none"


def put(small: Small, tracking: str, user: str = "u1") -> None:
    small.program.events.put_events(
        trackingId=tracking,
        userId=user,
        sessionId="s",
        eventList=[{"eventType": "view", "itemId": "i1", "sentAt": 1_700_000_000}],
    )


def test_a_call_is_kept_with_parameters_outcome_and_whose_it_is(small: Callable[..., Small]) -> None:
    room = small()
    program, emulator = room.program, room.server.emulator
    tracking = program.tracker(program.group())
    put(room, tracking)
    put(room, tracking, "u2")
    first, second = emulator.calls("PutEvents")
    assert (first.service, first.status, first.error) == ("personalize-events", 200, None)
    assert (first.account, first.region) == (program.account, "us-east-1")
    assert first.time == 1_700_200_000.0
    assert first.seconds > 0
    assert first.parameters is not None
    assert first.parameters["eventList"][0]["itemId"] == "i1"
    assert emulator.calls("Put*", userId="u2") == [second]
    assert emulator.calls("PutEvents", eventList=[{"itemId": "i1"}]) == [first, second]
    assert emulator.calls("PutEvents", eventList=[{"itemId": "i2"}]) == []
    assert emulator.calls("PutEvents", eventList=[]) == []
    assert emulator.calls("PutEvents", userId=lambda user: user > "u1") == [second]
    assert emulator.calls("PutEvents", account="210987654321") == []
    emulator.reset()
    assert emulator.calls() == []


def test_a_refused_call_is_kept_with_its_error(small: Callable[..., Small]) -> None:
    room = small()
    program, emulator = room.program, room.server.emulator
    missing = program.arn("campaign/none")
    error = error_of(lambda: program.personalize.describe_campaign(campaignArn=missing))
    (call,) = emulator.calls("DescribeCampaign", error="ResourceNotFoundException")
    assert (call.status, call.error) == (error[2], error[0])
    assert error_of(lambda: program.personalize.describe_campaign(campaignArn="no arn"))[0] == "ValidationException"
    refused = emulator.calls(error="*")[-1]
    assert (refused.operation, refused.error) == ("DescribeCampaign", "ValidationException")
    assert (refused.account, refused.parameters) == (program.account, {"campaignArn": "no arn"})


def test_as_many_calls_are_kept_as_the_setting_says(small: Callable[..., Small]) -> None:
    room = small(journal=2)
    for name in ("a", "b", "c"):
        room.program.group(name)
    kept = [call.parameters for call in room.server.emulator.calls()]
    assert kept == [{"name": "b"}, {"name": "c"}]
    off = small(journal=0)
    off.program.group()
    assert off.server.emulator.calls() == []


def test_long_requests_are_kept_without_parameters(small: Callable[..., Small]) -> None:
    room = small()
    error_of(lambda: room.program.personalize.create_schema(name="long", schema="x" * 70_000))
    (call,) = room.server.emulator.calls("CreateSchema")
    assert (call.parameters, call.error) == (None, "ValidationException")


def test_a_line_is_the_json_of_a_call(small: Callable[..., Small]) -> None:
    room = small()
    error_of(lambda: room.program.group("größe"))
    (call,) = room.server.emulator.calls("CreateDatasetGroup")
    assert "größe" in call.line()
    facts = json.loads(call.line())
    assert facts == call.facts()
    assert facts["parameters"] == {"name": "größe"}
    assert sorted(facts) == [
        *("account", "durationMs", "error", "operation", "parameters", "region", "requestId", "service", "status"),
        "time",
    ]


def test_a_mock_has_the_same_methods() -> None:
    with mock_personalize() as mock:
        client: Any = boto3.client("personalize-runtime")
        mock.pin(campaign="none", items=["a"], mustExist=False)
        assert client.get_recommendations(campaignArn=MISSING, userId="u")["itemList"] == [{"itemId": "a"}]
        (call,) = mock.calls("GetRecommendations", userId="u")
        assert call.parameters == {"campaignArn": MISSING, "userId": "u"}
        with pytest.raises(ValueError, match="give a mapping or keywords, not both"):
            mock.pin({}, campaign="none")


def test_emulators_share_nothing() -> None:
    one, other = build(Settings()), build(Settings())
    try:
        one.pin(campaign="c", items=[])
        one.fault(operation="PutEvents", throttle=True)
        assert (other.controls.pins.listed(), other.controls.faults.listed()) == ([], [])
    finally:
        one.close()
        other.close()


def test_the_server_of_the_pytest_plugin_has_them_too(personalize_server: Any) -> None:
    personalize_server.reset()
    personalize_server.fault(operation="ListSchemas", error="InvalidNextTokenException", times=1)
    personalize = personalize_server.client("personalize")
    assert error_of(personalize.list_schemas)[0] == "InvalidNextTokenException"
    assert [call.error for call in personalize_server.calls("ListSchemas")] == ["InvalidNextTokenException"]
    personalize_server.reset()
    assert personalize_server.calls() == []
