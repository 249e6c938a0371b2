import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from botocore_shapes.errors import ServiceError
from botocore_shapes.http import Request, Response
from tests.botocore_shapes.services import error_of, rest_request, service, service_of, toy_model


def seen_by(name: str, operation: str, request: Request) -> Any:
    seen: list[dict[str, Any]] = []
    response = service(name, {operation: lambda _call, params: seen.append(params)}).handle(request)
    return seen[0] if seen else error_of(response)


def answer_of(name: str, operation: str, request: Request, result: dict[str, Any]) -> Response:
    response = service(name, {operation: lambda _c, _p: result}, check_output=True).handle(request)
    assert response.error is None, response.body
    return response


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/recommendations"), ("POST", "/"), ("POST", "/recommendation"), ("POST", "")]
)
def test_an_unknown_path_is_an_unknown_operation(method: str, path: str) -> None:
    response = service("personalize-runtime", {}).handle(rest_request(method, path, {}))
    text = f"No operation of personalize-runtime is at {method} {path}."
    assert error_of(response) == (404, "UnknownOperationException", text)


def test_a_trailing_slash_is_forgiven() -> None:
    assert service("personalize-runtime", {}).accepts(rest_request("POST", "/recommendations/"))


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_another_media_type_is_refused(content_type: str) -> None:
    request = rest_request("POST", "/recommendations", {}, content_type=content_type)
    text = f"The media type {content_type!r} is not supported; send application/json."
    assert seen_by("personalize-runtime", "GetRecommendations", request) == (415, "UnsupportedMediaTypeException", text)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{", "The request body is not valid JSON."),
        (b"\xff", "The request body is not valid JSON."),
        (b"[]", "The request body is not a JSON object."),
        (b'{"numResults": "25"}', "STRING_VALUE can not be converted to an Integer"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_serialization_error(body: bytes, text: str) -> None:
    request = rest_request("POST", "/recommendations", body)
    assert seen_by("personalize-runtime", "GetRecommendations", request) == (400, "SerializationException", text)


def test_labels_are_decoded_and_greedy_ones_hold_slashes() -> None:
    found = seen_by("medialive", "ListTagsForResource", rest_request("GET", "/prod/tags/arn%3Aaws%2Fx%20y"))
    assert found == {"ResourceArn": "arn:aws/x y"}
    arn = "arn:aws:workspaces-web:us-east-1:123456789012:portal/12345678-1234-1234-1234-123456789012"
    request = rest_request("GET", f"/portals/{arn}/identityProviders")
    assert seen_by("workspaces-web", "ListIdentityProviders", request) == {"portalArn": arn}
    assert seen_by("workspaces-web", "GetPortal", rest_request("GET", f"/portals/{arn}")) == {"portalArn": arn}


def test_literals_in_the_query_tell_operations_apart() -> None:
    path, arn = "/tags", "arn:aws:chime:us-east-1:123456789012:x"
    body = {"ResourceARN": arn, "TagKeys": ["k"]}
    request = rest_request("POST", path, body, query="operation=untag-resource")
    assert seen_by("chime-sdk-voice", "UntagResource", request) == body
    assert error_of(service("chime-sdk-voice", {}).handle(rest_request("POST", path, body)))[1] == (
        "UnknownOperationException"
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        ("maxResults=5&nextToken=a%2Bb&unknown=1", {"maxResults": 5, "nextToken": "a+b"}),
        ("nextToken=", {"nextToken": ""}),
        ("maxResults=x", (400, "SerializationException", "STRING_VALUE can not be converted to an Integer")),
        ("maxResults=%FF", (400, "SerializationException", "STRING_VALUE can not be converted to an Integer")),
        ("maxResults", (400, "SerializationException", "STRING_VALUE can not be converted to an Integer")),
    ],
)
def test_queries_are_read_by_type(query: str, expected: Any) -> None:
    assert seen_by("accessanalyzer", "ListAnalyzers", rest_request("GET", "/analyzer", query=query)) == expected


def test_moments_of_queries_are_read() -> None:
    query = "StartTime=2026-01-02T03%3A04%3A05Z&EndTime=2026-01-02"
    request = rest_request("POST", "/service", {"KeyAttributes": {"Type": "Service"}}, query=query)
    assert seen_by("application-signals", "GetService", request) == {
        "StartTime": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "EndTime": datetime(2026, 1, 2, tzinfo=UTC),
        "KeyAttributes": {"Type": "Service"},
    }


def test_lists_and_maps_of_queries_are_read() -> None:
    request = rest_request("DELETE", "/prod/tags/arn%3Ax", query="tagKeys=a%20b&tagKeys=c%26d")
    assert seen_by("medialive", "DeleteTags", request) == {"ResourceArn": "arn:x", "TagKeys": ["a b", "c&d"]}
    request = rest_request(
        "GET", "/restapis/r/stages/s/exports/oas30", query="extensions=a&other=b", accept="application/json"
    )
    assert seen_by("apigateway", "GetExport", request) == {
        "restApiId": "r",
        "stageName": "s",
        "exportType": "oas30",
        "parameters": {"extensions": "a", "other": "b"},
        "accepts": "application/json",
    }


def test_headers_are_read_by_type() -> None:
    state = base64.b64encode(json.dumps({"k": [1]}).encode()).decode()
    request = Request(
        method="POST",
        path="/bot/b/alias/a/user/uu/content",
        headers={"content-type": "audio/lpcm", "x-amz-lex-session-attributes": state},
        body=b"\x00\xff",
    )
    assert seen_by("lex-runtime", "PostContent", request) == {
        "botName": "b",
        "botAlias": "a",
        "userId": "uu",
        "sessionAttributes": {"k": [1]},
        "contentType": "audio/lpcm",
        "inputStream": b"\x00\xff",
    }
    broken = Request(
        method=request.method,
        path=request.path,
        headers={**request.headers, "x-amz-lex-session-attributes": "!"},
        body=b"x",
    )
    text = "STRING_VALUE can not be converted to a JsonValue"
    assert seen_by("lex-runtime", "PostContent", broken) == (400, "SerializationException", text)


def test_prefixed_headers_are_a_map() -> None:
    request = Request(
        method="POST",
        path="/v1",
        headers={
            "x-amzn-dataexchange-asset-id": "a",
            "x-amzn-dataexchange-data-set-id": "d",
            "x-amzn-dataexchange-revision-id": "r",
            "x-amzn-dataexchange-header-custom": "c",
        },
        body="ü".encode(),
    )
    assert seen_by("dataexchange", "SendApiAsset", request) == {
        "AssetId": "a",
        "DataSetId": "d",
        "RevisionId": "r",
        "RequestHeaders": {"custom": "c"},
        "Body": "ü",
    }


def test_a_structure_or_bytes_can_be_the_whole_body() -> None:
    theme = {"name": "n", "values": [{"key": "k"}]}
    request = rest_request("POST", "/app/a/environment/e/themes", theme, query="clientToken=t")
    assert seen_by("amplifyuibuilder", "CreateTheme", request) == {
        "appId": "a",
        "environmentName": "e",
        "clientToken": "t",
        "themeToCreate": theme,
    }
    request = Request(method="POST", path="/2015-03-31/functions/f/invocations", headers={}, body=b"\x01")
    assert seen_by("lambda", "Invoke", request) == {"FunctionName": "f", "Payload": b"\x01"}


def test_results_are_spread_over_status_headers_and_body() -> None:
    request = Request(method="POST", path="/2015-03-31/functions/f/invocations", headers={}, body=b"{}")
    response = answer_of(
        "lambda", "Invoke", request, {"StatusCode": 202, "FunctionError": "Un\r\nhandled", "Payload": b"\x00\xff"}
    )
    assert (response.status, response.body) == (202, b"\x00\xff")
    assert response.headers["x-amz-function-error"] == "Un handled"
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-length"] == "2"


def test_an_answer_to_head_has_headers_only() -> None:
    request = Request(method="HEAD", path="/a/b", headers={})
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    response = answer_of("mediastore-data", "DescribeObject", request, {"ETag": "e", "LastModified": moment})
    assert response.body == b""
    assert response.headers["last-modified"] == "Fri, 02 Jan 2026 03:04:05 GMT"
    assert response.headers["etag"] == "e"


def test_the_status_of_the_model_is_used_and_204_has_no_body() -> None:
    request = rest_request("DELETE", "/2017-10-31/functions/f/concurrency")
    response = answer_of("lambda", "DeleteFunctionConcurrency", request, {})
    assert (response.status, response.body) == (204, b"")


def test_an_answer_that_has_members_where_its_status_allows_none_is_a_200() -> None:
    request = rest_request("PUT", "/accounts/a/retention-settings", {"RetentionSettings": {}})
    assert answer_of("chime", "PutRetentionSettings", request, {}).status == 204
    response = answer_of("chime", "PutRetentionSettings", request, {"RetentionSettings": {}})
    assert (response.status, response.body) == (200, b'{"RetentionSettings":{}}')


SHAPES: dict[str, Any] = {
    "DoOutput": {"type": "structure", "members": {"a": {"shape": "String"}}},
    "Slow": {
        "type": "structure",
        "exception": True,
        "error": {"httpStatusCode": 429},
        "members": {
            "message": {"shape": "String"},
            "retryAfter": {"shape": "Integer", "location": "header", "locationName": "Retry-After"},
            "kind": {"shape": "String", "location": "header", "locationName": "x-amzn-ErrorType"},
        },
    },
    "Integer": {"type": "integer"},
}


def test_members_of_errors_that_are_bound_to_headers_travel_there() -> None:
    def slow(_call: object, _params: object) -> None:
        raise ServiceError("Slow", "slower", retryAfter=7, kind="other")

    toy = service_of(toy_model(SHAPES, protocol="rest-json"), {"Do": slow})
    response = toy.handle(rest_request("POST", "/do"))
    assert error_of(response) == (429, "Slow", "slower")
    assert response.headers["retry-after"] == "7"
    assert response.headers["x-amzn-errortype"] == "Slow"
    assert json.loads(response.body) == {"message": "slower"}


def test_event_streams_are_refused_by_name() -> None:
    request = rest_request("POST", "/2021-11-15/functions/f/response-streaming-invocations", b"")
    found = service("lambda", {"InvokeWithResponseStream": lambda _c, _p: {}}).handle(request)
    assert error_of(found)[:2] == (501, "NotImplementedException")
    assert "InvokeWithResponseStream (its output is an event stream)" in error_of(found)[2]
