import json
from typing import Any

import pytest

from tests.botocore_shapes.services import error_of, json_request, service, service_of, toy_model

NOT_JSON = "The request body is not valid JSON."


def echo(shapes: dict[str, Any], body: bytes | object) -> Any:
    """What a handler sees of a body, or the error that it meets."""
    seen: list[dict[str, Any]] = []
    toy = service_of(toy_model(shapes), {"Do": lambda _call, params: seen.append(params)})
    response = toy.handle(json_request("Toy.Do", body))
    return seen[0] if seen else error_of(response)


def of_member(traits: dict[str, Any], value: Any) -> Any:
    found = echo({"DoInput": {"type": "structure", "members": {"m": {"shape": "M"}}}, "M": traits}, {"m": value})
    return found["m"] if isinstance(found, dict) else found


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("AmazonPersonalize.Nonsense", "No operation of personalize has the target 'AmazonPersonalize.Nonsense'."),
        ("Other.ListSchemas", "No operation of personalize has the target 'Other.ListSchemas'."),
        (
            "AmazonPersonalize.listSchemas",
            "No operation of personalize has the target 'AmazonPersonalize.listSchemas'.",
        ),
        ("", "The header X-Amz-Target is missing."),
    ],
)
def test_an_unknown_target_is_an_unknown_operation(target: str, text: str) -> None:
    response = service("personalize", {}).handle(json_request(target, {}))
    assert error_of(response) == (400, "UnknownOperationException", text)
    assert response.operation is None


@pytest.mark.parametrize(
    "content_type", ["application/x-amz-json-1.1", "application/x-amz-json-1.0", "application/json; charset=utf-8"]
)
def test_json_under_its_usual_names_is_read(content_type: str) -> None:
    control = service("personalize", {"ListSchemas": lambda _c, _p: {}})
    assert control.handle(json_request("AmazonPersonalize.ListSchemas", {}, content_type=content_type)).status == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/cbor", ""])
def test_another_media_type_is_not_a_call_of_the_protocol(content_type: str) -> None:
    response = service("personalize", {}).handle(
        json_request("AmazonPersonalize.ListSchemas", {}, content_type=content_type)
    )
    text = f"The media type {content_type!r} is not supported; send application/x-amz-json-1.1."
    assert error_of(response) == (404, "UnknownOperationException", text)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b'{"a": 1,}',
        b"{} {}",
        b'{"maxResults": NaN}',
        b"\xff\xfe{}",
        b'{"nextToken": "\xc3\x28"}',
        b'{"nextToken": "\\ud800"}',
        b'{"nextToken": "\\uDEAD x"}',
        b"[" * 100_000,
        b'{"maxResults": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_json_is_a_serialization_error(body: bytes) -> None:
    control = service("personalize", {"ListSchemas": lambda _c, _p: {}})
    response = control.handle(json_request("AmazonPersonalize.ListSchemas", body))
    assert error_of(response) == (400, "SerializationException", NOT_JSON)


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_a_body_that_is_no_object_is_a_serialization_error(body: bytes) -> None:
    control = service("personalize", {"ListSchemas": lambda _c, _p: {}})
    response = control.handle(json_request("AmazonPersonalize.ListSchemas", body))
    assert error_of(response) == (400, "SerializationException", "The request body is not a JSON object.")


def test_no_body_is_no_parameters() -> None:
    assert echo({"DoInput": {"type": "structure", "members": {}}}, b"") == {}
    assert echo({}, b"{}") == {}


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert of_member({"type": "string"}, "\U0001f600") == "\U0001f600"


@pytest.mark.parametrize(
    ("traits", "value", "expected"),
    [
        ({"type": "string"}, "a", "a"),
        ({"type": "integer"}, 5.0, 5),
        ({"type": "integer"}, -(2**31), -(2**31)),
        ({"type": "long"}, 2**63 - 1, 2**63 - 1),
        ({"type": "double"}, 1, 1),
        ({"type": "double"}, "Infinity", float("inf")),
        ({"type": "float"}, "-Infinity", float("-inf")),
        ({"type": "boolean"}, True, True),
        ({"type": "blob"}, "AAH/", b"\x00\x01\xff"),
        ({"type": "list", "sparse": True, "member": {"shape": "String"}}, ["a", None], ["a", None]),
        ({"type": "structure", "document": True, "members": {}}, {"a": [None, {"b": 1}]}, {"a": [None, {"b": 1}]}),
    ],
)
def test_a_value_of_its_type_is_read(traits: dict[str, Any], value: Any, expected: Any) -> None:
    assert of_member(traits, value) == expected


@pytest.mark.parametrize(
    ("traits", "value", "text"),
    [
        ({"type": "string"}, 1, "NUMBER_VALUE can not be converted to a String"),
        ({"type": "string"}, 1.5, "DECIMAL_VALUE can not be converted to a String"),
        ({"type": "string"}, True, "TRUE_VALUE can not be converted to a String"),
        ({"type": "string"}, [], "Start of list found where not expected."),
        ({"type": "string"}, {}, "Start of structure or map found where not expected."),
        ({"type": "integer"}, "1", "STRING_VALUE can not be converted to an Integer"),
        ({"type": "integer"}, False, "FALSE_VALUE can not be converted to an Integer"),
        ({"type": "integer"}, 1.5, "DECIMAL_VALUE can not be converted to an Integer"),
        ({"type": "integer"}, 2**31, "NUMBER_VALUE is out of the range of Integer"),
        ({"type": "long"}, 2**63, "NUMBER_VALUE is out of the range of Long"),
        ({"type": "double"}, "1.5", "STRING_VALUE can not be converted to a Double"),
        ({"type": "double"}, 10**400, "NUMBER_VALUE is out of the range of a Double"),
        ({"type": "boolean"}, "true", "STRING_VALUE can not be converted to a Boolean"),
        ({"type": "boolean"}, 1, "NUMBER_VALUE can not be converted to a Boolean"),
        ({"type": "timestamp"}, "2026-01-01T00:00:00Z", "STRING_VALUE can not be converted to a Timestamp"),
        ({"type": "timestamp"}, 1e300, "DECIMAL_VALUE can not be converted to a Timestamp"),
        ({"type": "timestamp", "timestampFormat": "iso8601"}, 1, "NUMBER_VALUE can not be converted to a Timestamp"),
        ({"type": "blob"}, "not base64!", "STRING_VALUE can not be converted to a Blob"),
        ({"type": "blob"}, 1, "NUMBER_VALUE can not be converted to a Blob"),
        ({"type": "list", "member": {"shape": "String"}}, "a", "STRING_VALUE can not be converted to a List"),
        ({"type": "list", "member": {"shape": "String"}}, [1], "NUMBER_VALUE can not be converted to a String"),
        (
            {"type": "map", "key": {"shape": "String"}, "value": {"shape": "String"}},
            [],
            "Start of list found where not expected.",
        ),
        ({"type": "structure", "members": {}}, "a", "STRING_VALUE can not be converted to a Structure"),
    ],
)
def test_a_value_of_another_type_is_a_serialization_error(traits: dict[str, Any], value: Any, text: str) -> None:
    assert of_member(traits, value) == (400, "SerializationException", text)


def test_null_members_count_as_absent_and_unknown_ones_are_ignored() -> None:
    shapes = {"DoInput": {"type": "structure", "members": {"a": {"shape": "String", "locationName": "A"}}}}
    assert echo(shapes, {"A": None, "b": 1}) == {}
    assert echo(shapes, {"A": "x", "a": "y"}) == {"a": "x"}


def test_results_travel_under_the_names_of_the_wire_in_the_formats_of_the_model() -> None:
    shapes = {
        "DoOutput": {
            "type": "structure",
            "members": {
                "at": {"shape": "At", "locationName": "At"},
                "day": {"shape": "Day"},
                "rates": {"shape": "Rates"},
                "data": {"shape": "Data"},
                "gone": {"shape": "String"},
            },
        },
        "At": {"type": "timestamp"},
        "Day": {"type": "timestamp", "timestampFormat": "iso8601"},
        "Rate": {"type": "double"},
        "Rates": {"type": "list", "member": {"shape": "Rate"}},
        "Data": {"type": "blob"},
    }
    result = {
        "at": 1767323045.6784,
        "day": 1767323045,
        "rates": [0.5, float("nan"), float("inf"), float("-inf"), None],
        "data": b"\x00\xff",
        "gone": None,
    }
    response = service_of(toy_model(shapes), {"Do": lambda _c, _p: result}).handle(json_request("Toy.Do", {}))
    assert json.loads(response.body) == {
        "At": 1767323045.678,
        "day": "2026-01-02T03:04:05Z",
        "rates": [0.5, "NaN", "Infinity", "-Infinity", None],
        "data": "AP8=",
    }


def test_the_version_of_the_protocol_is_the_models() -> None:
    toy = service_of(toy_model({}, jsonVersion="1.0"), {"Do": lambda _c, _p: None})
    assert toy.handle(json_request("Toy.Do", {})).headers["content-type"] == "application/x-amz-json-1.0"


def test_a_service_that_prefers_another_protocol_is_served_in_json() -> None:
    assert service("translate", {}).accepts(json_request("AWSShineFrontendService_20170701.TranslateText", {}))


def test_event_streams_are_refused_by_name() -> None:
    logs = service("logs", {"StartLiveTail": lambda _c, _p: {}})
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:g"
    response = logs.handle(json_request("Logs_20140328.StartLiveTail", {"logGroupIdentifiers": [arn]}))
    text = "The operation StartLiveTail (its output is an event stream) of logs is not implemented by this server."
    assert error_of(response) == (501, "NotImplementedException", text)
