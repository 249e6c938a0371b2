import io
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ClientError, EndpointConnectionError

from botocore_shapes.errors import ServiceError
from botocore_shapes.http import Request, Response
from botocore_shapes.intercept import Interceptor, intercept, request_of
from botocore_shapes.service import Call
from tests.botocore_shapes.services import service

CAMPAIGN = "arn:aws:personalize:us-east-1:123456789012:campaign/c"


def client(name: str) -> Any:
    # Nothing listens at this address: an answer can only come from the interceptor.
    return boto3.Session().client(
        name,
        region_name="eu-west-1",
        aws_access_key_id="123456789012",
        aws_secret_access_key="secret",
        endpoint_url="http://127.0.0.1:9",
    )


def test_a_client_is_answered_without_a_socket() -> None:
    calls: list[Call] = []

    def recommend(call: Call, params: dict[str, Any]) -> dict[str, Any]:
        calls.append(call)
        return {"itemList": [{"itemId": f"{params['userId']}-1", "score": 0.5}], "recommendationId": "r"}

    runtime = client("personalize-runtime")
    intercept(runtime, service("personalize-runtime", {"GetRecommendations": recommend}).handle)
    answer = runtime.get_recommendations(campaignArn=CAMPAIGN, userId="u")
    assert answer["itemList"] == [{"itemId": "u-1", "score": 0.5}]
    assert answer["ResponseMetadata"]["RequestId"] == "request-1"
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0
    scope = calls[0].scope
    assert scope is not None
    assert (scope.access_key, scope.region, scope.service) == ("123456789012", "eu-west-1", "personalize")


def test_a_client_raises_the_modelled_error() -> None:
    def missing(_call: Call, _params: dict[str, Any]) -> None:
        raise ServiceError("ResourceNotFoundException", "Resource Arn x does not exist.")

    control = client("personalize")
    intercept(control, service("personalize", {"DescribeCampaign": missing}).handle)
    with pytest.raises(control.exceptions.ResourceNotFoundException) as raised:
        control.describe_campaign(campaignArn=CAMPAIGN)
    assert raised.value.response["Error"]["Message"] == "Resource Arn x does not exist."
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_client_meets_the_models_limits() -> None:
    control = client("personalize")
    intercept(control, service("personalize", {"ListSchemas": lambda _c, _p: {}}).handle)
    with pytest.raises(ClientError, match=r"\(ValidationException\).*1 validation error detected: Value '101'"):
        control.list_schemas(maxResults=101)


def test_a_paginator_follows_the_tokens() -> None:
    def schemas(_call: Call, params: dict[str, Any]) -> dict[str, Any]:
        first = "nextToken" not in params
        return {"schemas": [{"name": "a" if first else "b"}], "nextToken": "more" if first else None}

    control = client("personalize")
    intercept(control, service("personalize", {"ListSchemas": schemas}).handle)
    pages = control.get_paginator("list_schemas").paginate()
    assert [schema["name"] for page in pages for schema in page["schemas"]] == ["a", "b"]


def test_a_streamed_body_can_be_read() -> None:
    lambdas = client("lambda")
    intercept(lambdas, service("lambda", {"Invoke": lambda _c, params: {"Payload": params["Payload"] * 2}}).handle)
    answer = lambdas.invoke(FunctionName="f", Payload=io.BytesIO(b"ab"))
    assert answer["Payload"].read(3) == b"aba"
    assert answer["Payload"].read() == b"b"


def test_what_is_not_accepted_goes_its_own_way() -> None:
    control = client("personalize")
    undo = intercept(control, service("personalize", {}).handle, accepts=lambda _request: False)
    with pytest.raises(EndpointConnectionError):
        control.list_schemas()
    undo()


def test_an_interception_can_be_undone() -> None:
    control = client("personalize")
    undo = intercept(control, service("personalize", {"ListSchemas": lambda _c, _p: {}}).handle)
    assert control.list_schemas()["ResponseMetadata"]["HTTPStatusCode"] == 200
    undo()
    with pytest.raises(EndpointConnectionError):
        control.list_schemas()


@pytest.mark.parametrize("body", [None, b"", "ü", bytearray(b"x"), io.BytesIO(b"x"), io.StringIO("x")])
def test_every_kind_of_body_is_read(body: Any) -> None:
    prepared = AWSPreparedRequest("POST", "http://x/a%20b?c=d%26", {"X-Name": b"value"}, body, False)
    expected = {type(None): b"", bytes: b"", str: "ü".encode()}.get(type(body), b"x")
    assert request_of(prepared) == Request(
        method="POST", path="/a%20b", query="c=d%26", headers={"x-name": "value"}, body=expected
    )


def test_an_answer_keeps_status_headers_and_body() -> None:
    interceptor = Interceptor(lambda _request: Response(status=418, headers={"x-a": "b"}, body=b"c"))
    answer = interceptor(AWSPreparedRequest("GET", "http://x", {}, None, False), event_name="before-send.x.Y")
    assert (answer.status_code, answer.headers["X-A"], answer.content) == (418, "b", b"c")
