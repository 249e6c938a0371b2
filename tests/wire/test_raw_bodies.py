"""What no AWS client sends: every answer is a refusal with a class, and nothing is a failure of the server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botocore_shapes.service import Service
from personalize_local.server.serving import BackgroundServer
from tests.conftest import World

from .program import Program
from .raw import call, post
from .test_operations import SERVED

EVERY = [(name, operation) for name in sorted(SERVED) for operation in sorted(SERVED[name])]
# JSON that Python's reader takes although it is none, text that UTF-8 cannot hold, and depth.
STRANGE = {
    "no JSON": b"{",
    "not UTF-8": b'{"name": "\xff"}',
    "a list": b"[]",
    "a string": b'"{}"',
    "null": b"null",
    "a number": b"7",
    "deep nesting": b'{"a":' * 50_000,
}


def service_of(server: BackgroundServer, name: str) -> Service[Any]:
    return next(service for service in server.emulator.services if service.model.service_name == name)


def minimal(shape: Any, *, odd: Any = None, at: str = "") -> Any:
    """Parameters that satisfy ``shape`` in their types; the string member ``at`` is ``odd``."""
    match shape.type_name:
        case "structure":
            return {
                name: odd if name == at else minimal(member, odd=odd, at=at)
                for name, member in shape.members.items()
                if name in shape.required_members or name == at
            }
        case "list":
            return [minimal(shape.member, odd=odd, at=at)]
        case "map":
            return {"a": minimal(shape.value, odd=odd, at=at)}
        case "string":
            if "Arn" in shape.name:
                return "arn:aws:personalize:us-east-1:111111111111:dataset/x"
            return (shape.enum or ["x"])[0]
        case "boolean":
            return True
        case _:
            return 1


def string_members(shape: Any) -> list[str]:
    found = []
    for name, member in getattr(shape, "members", {}).items():
        if member.type_name == "string":
            found.append(name)
        elif member.type_name == "list":
            found += string_members(member.member)
        else:
            found += string_members(member)
    return found


@pytest.mark.parametrize("body", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("name", sorted(SERVED))
def test_a_body_that_is_no_json_object_is_refused(server: BackgroundServer, name: str, body: bytes) -> None:
    service = service_of(server, name)
    for operation in sorted(SERVED[name]):
        status, answer = call(server.url, service, operation, body)
        assert 400 <= status < 500, operation
        assert answer["__type"] in {"SerializationException", "ValidationException"}, operation


@pytest.mark.parametrize(("name", "operation"), EVERY)
@pytest.mark.parametrize("odd", [7, True, [], {}, "\ud800", "\0", "", 1e400, "x" * 3000], ids=ascii)
def test_a_member_of_a_strange_value_never_breaks_the_server(
    server: BackgroundServer, name: str, operation: str, odd: Any
) -> None:
    service = service_of(server, name)
    shape = service.model.operation_model(operation).input_shape
    for member in string_members(shape):
        body = minimal(shape, odd=odd, at=member)
        status, answer = call(server.url, service, operation, body)
        assert status < 500 or status == 501, (member, body, answer)
        if status >= 400:
            assert answer["__type"], (member, answer)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.text("\ud800\0a", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def _requests(draw: st.DrawFn, server: BackgroundServer) -> tuple[Service[Any], str, Any]:
    name, operation = draw(st.sampled_from(EVERY))
    service = service_of(server, name)
    shape: Any = service.model.operation_model(operation).input_shape
    body = {
        member: draw(_values) if draw(st.booleans()) else minimal(inner)
        for member, inner in shape.members.items()
        if draw(st.integers(0, 3))
    }
    return service, operation, body


def test_random_bodies_never_break_the_server(server: BackgroundServer) -> None:
    @settings(
        max_examples=300,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(_requests(server))
    def check(request: tuple[Service[Any], str, Any]) -> None:
        service, operation, body = request
        status, answer = call(server.url, service, operation, body)
        assert status < 500 or status == 501, (operation, body, answer)

    check()


@pytest.mark.parametrize(
    "properties",
    [
        '{"eventValue": 1' + "0" * 400 + "}",
        '{"eventValue": 1e400}',
        '{"eventValue": "nan"}',
        '{"eventValue": [1]}',
        '{"eventValue": "much"}',
        '{"itemId": "\\ud800"}',
        '{"itemId": {"a": 1}}',
        '{"itemId": "' + "i" * 300 + '"}',
        '{"device": ' + "[" * 400 + "}",
        "[]",
        "{",
    ],
    ids=range(11),
)
@pytest.mark.parametrize("with_dataset", [True, False], ids=["a dataset", "no dataset"])
def test_strange_properties_are_refused_or_harmless(
    server: BackgroundServer, world: World, program: Program, properties: str, with_dataset: bool
) -> None:
    account, tracking = world.program.account, world.tracking
    if not with_dataset:
        account, tracking = program.account, program.tracker(program.group())
    event = {"eventType": "watch", "sentAt": 1_700_000_000, "properties": properties}
    body = {"trackingId": tracking, "sessionId": "strange", "eventList": [event]}
    service = service_of(server, "personalize-events")
    status, answer = call(server.url, service, "PutEvents", body, account=account)
    assert (status, answer.get("__type")) == (400, "InvalidInputException")
    assert len(world.program.recommend(world.personal, "strange")) == 25


@pytest.mark.parametrize("sent_at", [-1e18, 1e18, 1e300, "soon", "NaN", None])
def test_a_strange_time_of_an_event_never_breaks_the_server(world: World, sent_at: Any) -> None:
    body = {
        "trackingId": world.tracking,
        "sessionId": "time",
        "eventList": [{"eventType": "watch", "sentAt": sent_at, "itemId": "a1"}],
    }
    scope = f"AWS4-HMAC-SHA256 Credential={world.program.account}/1/us-east-1/personalize/aws4_request, Signature=0"
    status, answer = post(
        f"{world.program.url}/events",
        json.dumps(body).encode(),
        {"Authorization": scope, "Content-Type": "application/json"},
    )
    assert status < 500, answer
