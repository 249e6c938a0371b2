"""Calls that fail, come late or get no answer, and jobs that end in CREATE FAILED, because a test says so."""

from __future__ import annotations

import time
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from personalize_local.controls.declaring import DeclarationError
from personalize_local.testing import mock_personalize
from tests.wire.program import POPULARITY, ROLE, interactions_csv

from .conftest import Shop, error_of


def test_the_next_calls_fail_with_a_modelled_error(shop: Shop) -> None:
    shop.emulator.fault(operation="GetRecommendations", error="ResourceNotFoundException", message="Gone.", times=2)
    for _ in range(2):
        expected = ("ResourceNotFoundException", "Gone.", 404, "ResourceNotFoundException")
        assert error_of(lambda: shop.recommend(userId="u")) == expected
    assert shop.recommend(userId="u")["itemList"]
    assert shop.emulator.controls.faults.listed() == []


def test_a_glob_fails_the_operations_that_model_the_error(shop: Shop) -> None:
    personalize = shop.small.program.personalize
    fault = shop.emulator.fault(operation="*Schema*", error="ResourceNotFoundException")
    assert error_of(lambda: personalize.describe_schema(schemaArn=shop.small.program.arn("schema/s")))[0] == (
        "ResourceNotFoundException"
    )
    assert personalize.list_schemas()["schemas"]
    (listed,) = shop.emulator.controls.faults.listed()
    assert (listed["id"], listed["hits"]) == (fault, 1)


def test_an_arn_pattern_names_the_calls_that_fail(shop: Shop) -> None:
    shop.emulator.fault(operation="Get*", arn="*:campaign/other", throttle=True)
    assert shop.recommend(userId="u")["itemList"]
    other = shop.small.program.arn("campaign/other")
    assert error_of(lambda: shop.recommend(other, userId="u"))[:3] == ("ThrottlingException", "Rate exceeded", 400)


def test_a_common_error_has_its_status(shop: Shop) -> None:
    shop.emulator.fault(operation="PutEvents", error="ServiceUnavailable", times=1)
    events = shop.small.program.events
    assert error_of(
        lambda: events.put_events(trackingId="t", sessionId="s", eventList=[{"eventType": "v", "sentAt": 1}])
    )[:3] == ("ServiceUnavailable", "ServiceUnavailable was asked for.", 503)


def test_a_probability_with_a_seed_fails_the_same_calls_again(shop: Shop) -> None:
    def outcomes() -> list[bool]:
        shop.emulator.unfault()
        shop.emulator.fault(operation="GetRecommendations", throttle=True, probability=0.5, seed=3)
        failed = []
        for _ in range(20):
            try:
                shop.recommend(userId="u")
                failed.append(False)
            except ClientError:
                failed.append(True)
        return failed

    first = outcomes()
    assert outcomes() == first
    assert {True, False} == set(first)


def runtime_of(shop: Shop, read_timeout: float) -> Any:
    config = Config(retries={"total_max_attempts": 1}, read_timeout=read_timeout)
    make: Any = boto3.session.Session(shop.small.program.account, "s", region_name="us-east-1").client
    return make("personalize-runtime", endpoint_url=shop.small.server.url, config=config)


def test_no_answer_is_a_closed_connection_or_a_timeout_to_the_client(shop: Shop) -> None:
    shop.emulator.fault(operation="GetRecommendations", close=True, times=1)
    runtime = runtime_of(shop, 0.2)
    with pytest.raises(ConnectionClosedError):
        runtime.get_recommendations(campaignArn=shop.campaign, userId="u")
    shop.emulator.fault(operation="GetRecommendations", timeout=1, times=1)
    with pytest.raises(ReadTimeoutError):
        runtime.get_recommendations(campaignArn=shop.campaign, userId="u")
    assert shop.recommend(userId="u")["itemList"]


def test_a_slow_call_holds_up_no_other(shop: Shop) -> None:
    shop.recommend(userId="u")
    shop.emulator.fault(operation="GetRecommendations", delay=1.5, times=1)
    slow = runtime_of(shop, 60)
    began = time.monotonic()
    thread = Thread(target=lambda: slow.get_recommendations(campaignArn=shop.campaign, userId="u"))
    thread.start()
    while shop.emulator.controls.faults.listed():
        assert time.monotonic() - began < 30
    shop.small.program.personalize.list_schemas()
    assert thread.is_alive()
    thread.join()
    assert time.monotonic() - began >= 1.5


def test_a_mock_raises_what_a_socket_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with mock_personalize() as mock:
        client: Any = boto3.client("personalize")
        mock.fault(operation="ListSchemas", close=True, times=1)
        with pytest.raises(ConnectionClosedError):
            client.list_schemas()
        mock.fault(operation="ListSchemas", timeout=0, times=1)
        with pytest.raises(ReadTimeoutError):
            client.list_schemas()
        assert [(call.status, call.error) for call in mock.calls("ListSchemas")] == [
            (0, "ConnectionClosed"),
            (0, "Timeout"),
        ]


def test_the_next_import_fails_with_a_reason_of_the_service(shop: Shop) -> None:
    shop.emulator.fault(job="import", sentence="MISSING_COLUMNS", facts={"columns": "USER_ID"})
    program = shop.small.program
    dataset = f"{shop.group.replace(':dataset-group/', ':dataset/')}/INTERACTIONS"
    job = program.load(dataset, interactions_csv(), job="next")
    assert (job["status"], job["failureReason"]) == (
        "CREATE FAILED",
        "Input CSV is missing the following columns:[USER_ID].",
    )
    assert program.load(dataset, interactions_csv(), job="after")["status"] == "ACTIVE"


def test_the_next_training_fails_with_a_reason_of_mine(shop: Shop) -> None:
    program = shop.small.program
    shop.emulator.fault(job="training", reason="Not today.", arn="*:solution/second/*")
    first = program.version(program.solution(shop.group, "first", POPULARITY))
    second = program.personalize.create_solution_version(
        solutionArn=program.solution(shop.group, "second", POPULARITY)
    )["solutionVersionArn"]
    describe = program.personalize.describe_solution_version
    assert describe(solutionVersionArn=first)["solutionVersion"]["status"] == "ACTIVE"
    failed = describe(solutionVersionArn=second)["solutionVersion"]
    assert (failed["status"], failed["failureReason"]) == ("CREATE FAILED", "Not today.")


def test_the_next_campaign_fails_and_answers_nothing(shop: Shop) -> None:
    program = shop.small.program
    shop.emulator.fault(job="campaign")
    version = program.personalize.describe_campaign(campaignArn=shop.campaign)["campaign"]["solutionVersionArn"]
    arn = program.personalize.create_campaign(name="bad", solutionVersionArn=version)["campaignArn"]
    found = program.personalize.describe_campaign(campaignArn=arn)["campaign"]
    assert (found["status"], found["failureReason"]) == ("CREATE FAILED", "Internal error.")
    assert error_of(lambda: shop.recommend(arn, userId="u"))[0] == "ResourceNotFoundException"
    assert shop.emulator.job_report(arn)["told"] == "Internal error."
    program.personalize.delete_campaign(campaignArn=arn)
    arn = program.personalize.create_campaign(name="good", solutionVersionArn=version)["campaignArn"]
    assert program.personalize.describe_campaign(campaignArn=arn)["campaign"]["status"] == "ACTIVE"


def test_the_next_batch_job_fails(shop: Shop) -> None:
    program = shop.small.program
    shop.emulator.fault(job="batch", reason="The bucket burned.")
    version = program.personalize.describe_campaign(campaignArn=shop.campaign)["campaign"]["solutionVersionArn"]
    arn = program.personalize.create_batch_inference_job(
        jobName="batch",
        solutionVersionArn=version,
        roleArn=ROLE,
        jobInput={"s3DataSource": {"path": program.put("in.json", '{"userId": "u1"}\n')}},
        jobOutput={"s3DataDestination": {"path": f"s3://{program.bucket}/out/"}},
    )["batchInferenceJobArn"]
    found = program.personalize.describe_batch_inference_job(batchInferenceJobArn=arn)["batchInferenceJob"]
    assert (found["status"], found["failureReason"]) == ("CREATE FAILED", "The bucket burned.")


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({}, "a fault needs an operation (a name or a glob) or a job"),
        ({"operation": "GetNothing", "throttle": True}, "no operation is named GetNothing"),
        (
            {"operation": "PutEvents"},
            "a fault of a call has exactly one of error, throttle, close, timeout, or a delay",
        ),
        ({"operation": "PutEvents", "throttle": True, "close": True}, "a fault of a call has exactly one of"),
        (
            {"operation": "ListSchemas", "error": "ResourceInUseException"},
            "ResourceInUseException is no error of ListSchemas; its model has InvalidNextTokenException, and every "
            "operation AccessDeniedException,",
        ),
        ({"operation": "PutEvents", "delay": 61}, "delay of a fault must be a number between 0 and 60"),
        ({"operation": "PutEvents", "delay": 1, "times": 0}, "times of a fault must be a whole number of at least 1"),
        ({"operation": "PutEvents", "delay": 1, "seed": 1}, "seed of a fault goes with a probability"),
        ({"operation": "PutEvents", "delay": 1, "message": "m"}, "message of a fault goes with error"),
        ({"operation": "PutEvents", "delays": 1}, "unknown member of a fault: delays; known are arn, close,"),
        ({"job": "export"}, "job of a fault must be one of import, training, campaign, batch, not export"),
        ({"job": "import", "sentence": "NO"}, "NO is no sentence of import jobs; known are"),
        ({"job": "import", "sentence": "MISSING_COLUMNS"}, "sentence MISSING_COLUMNS needs the fact columns"),
        (
            {"job": "import", "reason": "r", "sentence": "FAULT"},
            "a fault of a job has a reason of yours, or a sentence",
        ),
    ],
)
def test_what_cannot_be_declared_is_refused_by_name(shop: Shop, declared: object, message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        shop.emulator.controls.fault(declared)
    assert str(caught.value).startswith(message)
    assert shop.emulator.controls.faults.listed() == []
