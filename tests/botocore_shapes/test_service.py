import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from botocore_shapes.errors import ServiceError
from botocore_shapes.http import Request
from botocore_shapes.model import load_service_model
from botocore_shapes.service import Call, Lasting, Repeatable, Repetition, Service
from tests.botocore_shapes.services import error_of, json_request, rest_request, service, service_of, toy_model

CAMPAIGN = "arn:aws:personalize:us-east-1:123456789012:campaign/c"
TRACKING = {"trackingId": "t", "sessionId": "s", "eventList": [{"eventType": "click", "sentAt": 1767323045.5}]}


def test_a_handler_gets_its_context_and_parameters_and_its_result_is_the_answer() -> None:
    seen: list[tuple[Call, dict[str, Any]]] = []

    def describe(call: Call, params: dict[str, Any]) -> dict[str, Any]:
        seen.append((call, params))
        return {"campaign": {"name": "c", "minProvisionedTPS": None}}

    request = json_request(
        "AmazonPersonalize.DescribeCampaign",
        {"campaignArn": CAMPAIGN, "unknown": 1},
        authorization="AWS4-HMAC-SHA256 Credential=AKID/20260102/eu-west-1/personalize/aws4_request, Signature=x",
    )
    response = service("personalize", {"DescribeCampaign": describe}).handle(request)
    assert (response.status, response.body) == (200, b'{"campaign":{"name":"c"}}')
    assert (response.operation, response.error) == ("DescribeCampaign", None)
    assert dict(response.headers) == {
        "x-amzn-requestid": "request-1",
        "content-type": "application/x-amz-json-1.1",
        "content-length": "25",
    }
    [(call, params)] = seen
    assert params == {"campaignArn": CAMPAIGN}
    assert call.scope is not None
    assert (call.operation, call.request_id, call.scope.region) == ("DescribeCampaign", "request-1", "eu-west-1")
    assert call.request is request


def test_a_lasting_result_is_serialized_once_and_answers_each_request_under_its_own_id() -> None:
    lasting = Lasting({"schemas": [{"name": "s"}]})
    ids = iter(("request-1", "request-2"))
    control = Service(
        load_service_model("personalize"),
        {"ListSchemas": lambda _call, _params: lasting},
        make_context=lambda call: call,
        new_request_id=lambda: next(ids),
    )
    request = json_request("AmazonPersonalize.ListSchemas", {})
    first, second = control.handle(request), control.handle(request)
    assert first.body is second.body
    assert first.body == b'{"schemas":[{"name":"s"}]}'
    assert [answer.headers["x-amzn-requestid"] for answer in (first, second)] == ["request-1", "request-2"]


def test_an_operation_without_a_result_has_an_empty_body() -> None:
    events = service("personalize-events", {"PutEvents": lambda _call, _params: None}, check_output=True)
    response = events.handle(rest_request("POST", "/events", TRACKING))
    assert (response.status, response.body, response.headers["content-length"]) == (200, b"", "0")
    assert response.headers["content-type"] == "application/json"


def test_an_empty_result_of_an_operation_that_has_one_is_an_empty_object() -> None:
    runtime = service("personalize-runtime", {"GetRecommendations": lambda _call, _params: {}})
    assert runtime.handle(rest_request("POST", "/recommendations", {})).body == b"{}"
    control = service("personalize", {"TagResource": lambda _call, _params: None})
    request = json_request("AmazonPersonalize.TagResource", {"resourceArn": CAMPAIGN, "tags": []})
    assert control.handle(request).body == b"{}"


def test_handlers_of_unknown_operations_are_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="personalize has no operation ListCampaing, ListShemas"):
        service("personalize", {"ListShemas": lambda _c, _p: {}, "ListCampaing": lambda _c, _p: {}})


def test_a_service_of_another_protocol_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="s3 speaks rest-xml, neither json nor rest-json"):
        service("s3", {})


def test_the_operations_without_a_handler_are_told() -> None:
    some = service("personalize-events", {"PutEvents": lambda _c, _p: None})
    assert some.operations == load_service_model("personalize-events").operation_names
    assert some.unserved == ["PutActionInteractions", "PutActions", "PutItems", "PutUsers"]


def test_an_operation_without_a_handler_is_refused_by_name() -> None:
    response = service("personalize", {}).handle(json_request("AmazonPersonalize.ListSchemas", {}))
    message = "The operation ListSchemas of personalize is not implemented by this server."
    assert error_of(response) == (501, "NotImplementedException", message)
    assert (response.operation, response.error) == ("ListSchemas", "NotImplementedException")


def test_requests_are_told_apart_by_target_and_by_path() -> None:
    control, runtime = service("personalize", {}), service("personalize-runtime", {})
    assert control.accepts(json_request("AmazonPersonalize.NoSuchThing", {}))
    assert not control.accepts(json_request("AmazonForecast.ListDatasets", {}))
    assert not control.accepts(rest_request("POST", "/recommendations"))
    assert runtime.accepts(rest_request("POST", "/recommendations"))
    assert not runtime.accepts(rest_request("GET", "/recommendations"))
    assert not runtime.accepts(rest_request("POST", "/events"))


def test_a_broken_constraint_is_a_validation_error() -> None:
    response = service("personalize", {"ListSchemas": lambda _c, _p: {}}).handle(
        json_request("AmazonPersonalize.ListSchemas", {"maxResults": 101})
    )
    assert error_of(response) == (
        400,
        "ValidationException",
        "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: "
        "Member must have value less than or equal to 100",
    )


@pytest.mark.parametrize(
    ("name", "request_", "status"),
    [
        ("personalize", json_request("AmazonPersonalize.DescribeCampaign", {"campaignArn": CAMPAIGN}), 400),
        (
            "personalize-events",
            rest_request("POST", "/items", {"datasetArn": CAMPAIGN, "items": [{"itemId": "i"}]}),
            404,
        ),
    ],
)
def test_a_modelled_error_has_the_models_status(name: str, request_: Request, status: int) -> None:
    def missing(_call: Call, _params: dict[str, Any]) -> None:
        raise ServiceError("ResourceNotFoundException", "Resource Arn x does not exist.")

    handlers = {"DescribeCampaign": missing} if name == "personalize" else {"PutItems": missing}
    response = service(name, handlers).handle(request_)
    assert error_of(response) == (status, "ResourceNotFoundException", "Resource Arn x does not exist.")
    assert response.headers["x-amzn-requestid"] == "request-1"
    body = json.loads(response.body)
    assert set(body) == ({"__type", "message"} if name == "personalize" else {"message"})


def test_an_error_raised_while_the_context_is_made_is_an_answer_too() -> None:
    def refuse(_call: Call) -> None:
        raise ServiceError("AccessDeniedException", "no", status=403)

    refusing = Service(
        load_service_model("personalize"),
        {"ListSchemas": lambda _c, _p: {}},
        make_context=refuse,
        new_request_id=lambda: "r",
    )
    response = refusing.handle(json_request("AmazonPersonalize.ListSchemas", {}))
    assert error_of(response) == (403, "AccessDeniedException", "no")


def test_a_fault_of_a_handler_tells_the_client_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_call: Call, _params: dict[str, Any]) -> None:
        raise RuntimeError("secret detail")

    with caplog.at_level(logging.ERROR):
        response = service("personalize", {"ListSchemas": broken}).handle(
            json_request("AmazonPersonalize.ListSchemas", {})
        )
    text = "The request processing has failed because of an internal error."
    assert error_of(response) == (500, "InternalFailure", text)
    assert b"secret" not in response.body
    assert "personalize.ListSchemas failed (request request-1)" in caplog.text
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("result", [{"schemas": [{"name": object()}]}, {"schemas": 7}, [], {"nextToken": {1, 2}}])
def test_a_result_that_cannot_be_sent_is_a_fault_too(result: Any, caplog: pytest.LogCaptureFixture) -> None:
    response = service("personalize", {"ListSchemas": lambda _c, _p: result}).handle(
        json_request("AmazonPersonalize.ListSchemas", {})
    )
    if result:
        assert (response.status, response.error) == (500, "InternalFailure")
        assert "failed" in caplog.text


def test_an_error_whose_members_cannot_be_sent_is_a_fault_too(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_call: Call, _params: dict[str, Any]) -> None:
        raise ServiceError("SomethingElse", "text", detail=object())

    response = service("personalize", {"ListSchemas": broken}).handle(json_request("AmazonPersonalize.ListSchemas", {}))
    assert (response.status, response.error) == (500, "InternalFailure")
    assert "cannot be sent" in caplog.text


@pytest.mark.parametrize("name", ["personalize", "personalize-runtime"])
def test_a_body_beyond_the_limit_is_refused_unread(name: str) -> None:
    small = service(name, {}, max_body=10)
    response = small.handle(Request(method="POST", path="/recommendations", headers={}, body=b"x" * 11))
    text = "Request body exceeds the maximum allowed length of 10 bytes."
    assert error_of(response) == (413, "RequestEntityTooLargeException", text)


def test_numbers_of_numpy_are_numbers() -> None:
    import numpy

    result = {"itemList": [{"itemId": "1", "score": numpy.float32(0.5)}, {"itemId": "2", "score": numpy.float64(0.25)}]}
    runtime = service("personalize-runtime", {"GetRecommendations": lambda _c, _p: result}, check_output=True)
    body = json.loads(runtime.handle(rest_request("POST", "/recommendations", {})).body)
    assert [item["score"] for item in body["itemList"]] == [0.5, 0.25]


def test_a_former_query_service_names_the_old_code_beside_the_new() -> None:
    def missing(_call: Call, _params: dict[str, Any]) -> None:
        raise ServiceError("DashboardNotFoundError", "gone")

    response = service("cloudwatch", {"GetDashboard": missing}).handle(
        json_request("GraniteServiceVersion20100801.GetDashboard", {"DashboardName": "d"})
    )
    assert error_of(response) == (404, "DashboardNotFoundError", "gone")
    assert response.headers["x-amzn-query-error"] == "ResourceNotFound;Sender"


def test_a_fault_of_the_model_is_a_500_and_members_travel_with_errors() -> None:
    shapes = {
        "Broken": {
            "type": "structure",
            "exception": True,
            "fault": True,
            "members": {"Message": {"shape": "String"}, "hint": {"shape": "String", "locationName": "Hint"}},
        }
    }

    def broken(_call: Call, _params: dict[str, Any]) -> None:
        raise ServiceError("Broken", "text", hint="h", unmodelled=1)

    response = service_of(toy_model(shapes), {"Do": broken}).handle(json_request("Toy.Do", {}))
    assert response.status == 500
    assert json.loads(response.body) == {"__type": "Broken", "Message": "text", "Hint": "h"}


def test_a_service_error_reads_as_code_and_message() -> None:
    error = ServiceError("A", "b", status=409, member=1)
    assert (str(error), error.code, error.message, error.status, error.members) == (
        "A: b",
        "A",
        "b",
        409,
        {"member": 1},
    )


def test_what_may_be_given_again_is_observed_each_time_with_a_request_id_of_its_own() -> None:
    told: list[tuple[Any, ...]] = []
    holds = [True]
    numbers = iter(range(9))

    def again(new_request_id: Callable[[], str]) -> Repetition[str] | None:
        if not holds:
            return None
        request_id = new_request_id()
        return Repetition(request_id, f"context of {request_id}", {"schemas": []})

    service: Service[str] = Service(
        load_service_model("personalize"),
        {"ListSchemas": lambda _context, _params: Repeatable({"schemas": []}, again)},
        make_context=lambda call: f"context of {call.request_id}",
        new_request_id=lambda: f"id {next(numbers)}",
        observe=lambda *facts: told.append(facts),
    )
    request = Request(method="POST", path="/", headers={"x-amz-target": "AmazonPersonalize.ListSchemas"}, body=b"{}")
    response = service.handle(request)
    assert response.repeat is not None
    assert response.repeat() == ("id 1", {"schemas": []})
    assert [(context, request_id) for _, _, _, context, request_id, _ in told] == [
        ("context of id 0", "id 0"),
        ("context of id 1", "id 1"),
    ]
    # What observers keep does not keep the answer.
    assert [observed.repeat for _, observed, *_ in told] == [None, None]
    holds.clear()
    assert response.repeat() is None
    assert len(told) == 2
    assert next(numbers) == 2  # none was used up
