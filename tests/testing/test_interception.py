"""Layers of answers in botocore: which one answers, to which clients, and what they leave behind."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.endpoint import Endpoint
from botocore.exceptions import ClientError
from moto import mock_aws

from botocore_shapes.http import Request, Response
from personalize_local.testing._interception import Layer


def naming(name: str) -> Callable[[Request], Response]:
    """A service that answers every call with one dataset group of the given name."""

    def handle(request: Request) -> Response:
        assert request.headers["x-amz-target"] == "AmazonPersonalize.ListDatasetGroups"
        body = json.dumps({"datasetGroups": [{"name": name}]}).encode()
        return Response(status=200, headers={"content-type": "application/x-amz-json-1.1"}, body=body)

    return handle


@contextmanager
def layer(name: str) -> Iterator[Layer]:
    made = Layer(naming(name))
    made.enter()
    try:
        yield made
    finally:
        made.leave()


def client(service: str = "personalize", **options: Any) -> Any:
    session = boto3.session.Session("testing", "testing", region_name="us-east-1")
    make: Callable[..., Any] = session.client
    return make(service, **options)


def who(personalize: Any) -> str:
    return str(personalize.list_dataset_groups()["datasetGroups"][0]["name"])


@pytest.fixture(autouse=True)
def botocore_is_left_as_it_was() -> Iterator[None]:
    before = Endpoint._do_get_response  # type: ignore[attr-defined]
    yield
    assert Endpoint._do_get_response is before  # type: ignore[attr-defined]


def test_a_client_made_before_is_answered() -> None:
    personalize = client()
    with layer("inside"):
        assert who(personalize) == "inside"


def test_a_client_with_an_endpoint_of_its_own_is_answered_without_a_socket() -> None:
    with layer("inside"):
        assert who(client(endpoint_url="http://127.0.0.1:9")) == "inside"


def test_the_innermost_layer_answers_and_the_outer_one_again_after_it() -> None:
    personalize = client()
    with layer("outer"):
        with layer("inner"):
            assert who(personalize) == "inner"
        assert who(personalize) == "outer"


def test_layers_may_be_left_in_the_order_in_which_they_were_entered() -> None:
    personalize = client()
    first, second = Layer(naming("first")), Layer(naming("second"))
    first.enter()
    second.enter()
    first.leave()
    assert who(personalize) == "second"
    second.leave()


def test_a_foreign_patch_on_top_keeps_working_and_a_left_layer_below_it_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    personalize = client()
    with layer("outer"):
        inner = Layer(naming("inner"))
        inner.enter()
        ours = Endpoint._do_get_response  # type: ignore[attr-defined]
        calls = []

        def foreign(*args: Any) -> Any:
            calls.append(args)
            return ours(*args)

        with monkeypatch.context() as patch:
            patch.setattr(Endpoint, "_do_get_response", foreign)
            inner.leave()
            assert who(personalize) == "outer"
            assert len(calls) == 1
        inner.leave()


def test_other_threads_are_answered_too() -> None:
    personalize, answers = client(), []
    with layer("shared"):
        threads = [threading.Thread(target=lambda: answers.append(who(personalize))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == ["shared"] * 4


@pytest.mark.parametrize("client_made", ["first", "between", "last"])
@pytest.mark.parametrize("outer", ["moto", "ours"])
def test_with_mock_aws_in_either_order_only_personalize_is_answered_here(outer: str, client_made: str) -> None:
    made = [client()] if client_made == "first" else []
    contexts = [mock_aws(), layer("ours")]
    one, two = contexts if outer == "moto" else contexts[::-1]
    with one:
        if client_made == "between":
            made.append(client())
        with two:
            if client_made == "last":
                made.append(client())
            assert who(made[0]) == "ours"
            s3 = client("s3")
            s3.create_bucket(Bucket="news")
            assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["news"]


def test_mock_aws_has_its_own_personalize_again_afterwards() -> None:
    with mock_aws():
        personalize = client()
        with layer("ours"):
            assert who(personalize) == "ours"
        with pytest.raises(ClientError, match="does not exist"):
            personalize.describe_schema(schemaArn="arn:aws:personalize:us-east-1:123456789012:schema/none")


def test_errors_become_the_exception_classes_of_the_client() -> None:
    def missing(_: Request) -> Response:
        body = b'{"__type": "ResourceNotFoundException", "message": "It is not there."}'
        return Response(status=400, headers={"content-type": "application/x-amz-json-1.1"}, body=body)

    made = Layer(missing)
    made.enter()
    try:
        personalize = client()
        with pytest.raises(personalize.exceptions.ResourceNotFoundException, match="It is not there"):
            personalize.list_dataset_groups()
    finally:
        made.leave()


def test_events_of_the_client_other_than_before_send_still_happen() -> None:
    personalize, seen = client(), []
    personalize.meta.events.register("before-parse.personalize.ListDatasetGroups", lambda **_: seen.append("parse"))
    personalize.meta.events.register("request-created.personalize", lambda **_: seen.append("created"))
    with layer("inside"):
        assert who(personalize) == "inside"
    assert seen == ["created", "parse"]
