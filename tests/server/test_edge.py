from __future__ import annotations

import io
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from botocore.model import Shape
from botocore.parsers import create_parser
from werkzeug.test import Client

from botocore_shapes.http import Request, Response
from personalize_local.server.application import create_app
from personalize_local.server.edge import read_body, read_head
from personalize_local.settings import Settings

from .fakes import FakeEmulator

S3_SIGNATURE = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0"
PERSONALIZE_SIGNATURE = S3_SIGNATURE.replace("/s3/", "/personalize/")


@pytest.fixture
def emulator() -> FakeEmulator:
    return FakeEmulator()


@pytest.fixture
def client(emulator: FakeEmulator) -> Client:
    return Client(create_app(emulator, Settings(max_body=2048)))


def test_a_personalize_call_reaches_the_emulator_with_its_body_and_lower_case_headers(
    client: Client, emulator: FakeEmulator
) -> None:
    answer = client.post(
        "/", data=b'{"a": 1}', headers={"X-Amz-Target": "AmazonPersonalize.ListSchemas", "X-Other": "Kept As Is"}
    )
    (request,) = emulator.requests
    assert (request.method, request.path, request.query, request.body) == ("POST", "/", "", b'{"a": 1}')
    assert request.headers["x-amz-target"] == "AmazonPersonalize.ListSchemas"
    assert request.headers["x-other"] == "Kept As Is"
    assert request.headers["content-length"] == "8"
    assert (answer.status_code, answer.data) == (200, b"{}")
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    assert answer.headers["content-length"] == "2"


def test_path_and_query_stay_undecoded(client: Client, emulator: FakeEmulator) -> None:
    client.post("/events/a%2Fb%20%C3%BC?x=%26&y")
    (request,) = emulator.requests
    assert (request.path, request.query) == ("/events/a%2Fb%20%C3%BC", "x=%26&y")


def test_a_server_that_keeps_no_raw_target_gets_its_path_quoted_again() -> None:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/a b/\xc3\xbc", "QUERY_STRING": "q=1"}
    head = read_head(environ)
    assert (head.path, head.query) == ("/a%20b/%C3%BC", "q=1")


def test_a_target_in_absolute_form_gives_its_path() -> None:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/x", "REQUEST_URI": "http://proxy.test/x%2Fy?q=1"}
    assert read_head(environ).path == "/x%2Fy"


@pytest.mark.parametrize("stated", ["2049", "99999999999999999999", "-1", "ten"])
def test_a_body_that_is_too_long_or_has_a_strange_length_is_not_read(stated: str) -> None:
    class Untouchable(io.BytesIO):
        def read(self, _: int | None = -1) -> bytes:
            raise AssertionError("was read")

    assert read_body({"CONTENT_LENGTH": stated, "wsgi.input": Untouchable()}, 2048) is None


def test_a_body_without_a_stated_length_is_read_up_to_the_limit_where_the_server_ends_it() -> None:
    assert read_body({"wsgi.input": io.BytesIO(b"x" * 5), "wsgi.input_terminated": True}, 5) == b"x" * 5
    assert read_body({"wsgi.input": io.BytesIO(b"x" * 6), "wsgi.input_terminated": True}, 5) is None
    assert read_body({"wsgi.input": io.BytesIO(b"x" * 6)}, 5) == b""


def test_an_oversize_call_gets_an_aws_error_and_never_reaches_the_emulator(
    client: Client, emulator: FakeEmulator
) -> None:
    answer = client.post("/", data=b"x" * 2049, headers={"X-Amz-Target": "AmazonPersonalize.CreateSchema"})
    assert answer.status_code == 413
    assert json.loads(answer.data) == {
        "__type": "RequestEntityTooLargeException",
        "message": "Request body exceeds the maximum allowed length of 2048 bytes.",
    }
    assert emulator.requests == []


def test_a_call_signed_for_personalize_that_is_no_route_is_worded_by_the_emulator(
    client: Client, emulator: FakeEmulator
) -> None:
    client.get("/no-such-route", headers={"Authorization": PERSONALIZE_SIGNATURE})
    assert [request.path for request in emulator.requests] == ["/no-such-route"]


def test_without_a_companion_an_s3_call_says_which_service_it_was_signed_for(client: Client) -> None:
    answer = client.get("/bucket/key", headers={"Authorization": S3_SIGNATURE})
    assert answer.status_code == 501
    error = ElementTree.fromstring(answer.data)
    assert error.findtext("Code") == "NotImplemented"
    message = error.findtext("Message") or ""
    assert "signed for the service 's3'" in message
    assert "personalize-local[moto]" in message
    assert "AWS_ENDPOINT_URL_S3" in message


@pytest.mark.parametrize(
    ("protocol", "headers"),
    [
        ("query", {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}),
        ("rest-xml", {}),
        ("json", {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.ListTables"}),
        ("rest-json", {"Content-Type": "application/json"}),
    ],
)
def test_the_refusal_is_read_by_the_parser_of_each_protocol(
    client: Client, protocol: str, headers: dict[str, str]
) -> None:
    answer = client.post("/anything", data=b"", headers={"Authorization": S3_SIGNATURE, **headers})
    parsed: Any = create_parser(protocol).parse(
        {"status_code": answer.status_code, "headers": dict(answer.headers), "body": answer.data},
        Shape("Any", {"type": "string"}),
    )
    assert parsed["Error"]["Code"] == "NotImplemented"
    assert "companion" in parsed["Error"]["Message"]


def test_an_unsigned_call_of_nothing_known_is_refused_clearly(client: Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 501
    assert b"not signed" in answer.data


def test_motos_reset_address_resets_the_emulator_without_a_companion_too(
    client: Client, emulator: FakeEmulator
) -> None:
    answer = client.post("/moto-api/reset")
    assert (answer.status_code, answer.json, emulator.resets) == (200, {"status": "ok"}, 1)


def test_a_head_answer_keeps_its_length_and_sends_no_body(emulator: FakeEmulator) -> None:
    emulator.response = Response(status=200, body=b"12345")
    answer = Client(create_app(emulator, Settings())).head("/events")
    assert (answer.data, answer.headers["content-length"]) == (b"", "5")


def test_an_unusual_status_still_makes_a_status_line(emulator: FakeEmulator) -> None:
    emulator.response = Response(status=599)
    assert Client(create_app(emulator, Settings())).post("/events").status == "599 Unknown"


def test_the_access_log_names_operation_outcome_milliseconds_and_service(
    emulator: FakeEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "personalize_local.access")
    client = Client(create_app(emulator, Settings()))
    client.post("/events")
    emulator.response = Response(status=400, operation="DescribeSchema", error="ResourceNotFoundException")
    client.post("/events")
    client.get("/bucket", headers={"Authorization": S3_SIGNATURE})
    texts = [record.getMessage() for record in caplog.records]
    assert [text.rpartition(" ")[0].rpartition(" ")[0] for text in texts] == [
        "personalize ListSchemas 200",
        "personalize DescribeSchema 400 ResourceNotFoundException",
        "s3 GET /bucket 501 NotImplemented",
    ]
    assert all(text.endswith(" ms") and float(text.split()[-2]) < 10_000 for text in texts)


def test_control_characters_that_a_client_sends_do_not_reach_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "personalize_local.access")
    client.get("/", environ_overrides={"REQUEST_URI": "/a\x1b[2J\nb"})
    assert caplog.records[-1].getMessage().isprintable()


@pytest.mark.parametrize(("path", "target"), [("/events", ""), ("/", "AmazonPersonalize.CreateDatasetImportJob")])
def test_calls_do_not_wait_for_each_other(emulator: FakeEmulator, path: str, target: str) -> None:
    both = threading.Barrier(2)

    def handle(_: Request) -> Response:
        both.wait(20)  # passed by two calls that are in here at the same time
        return Response(status=200, body=b"together")

    emulator.handle = handle  # type: ignore[method-assign]  # a double's method
    client = Client(create_app(emulator, Settings()))
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(client.post, path, headers={"X-Amz-Target": target}) for _ in range(2)]
        assert {call.result().data for call in calls} == {b"together"}


class TestAdmin:
    def test_health_tells_what_the_emulator_says_and_whether_a_companion_is_there(self, client: Client) -> None:
        answer = client.get("/_personalize/health")
        assert answer.status_code == 200
        assert answer.json == {"status": "ready", "jobs": {"running": 0}, "companion": "off"}

    def test_reset_resets_the_emulator(self, client: Client, emulator: FakeEmulator) -> None:
        answer = client.post("/_personalize/reset")
        assert (answer.status_code, answer.json, emulator.resets) == (200, {"status": "ok"}, 1)

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/_personalize/nothing", 404),
            ("GET", "/_personalize", 404),
            ("GET", "/_personalize/reset", 405),
            ("POST", "/_personalize/health", 405),
        ],
    )
    def test_unknown_pages_and_methods_answer_in_json(
        self, client: Client, method: str, path: str, status: int
    ) -> None:
        answer = client.open(path, method=method)
        assert answer.status_code == status
        assert json.loads(answer.data)["status"] == "error"
        assert ("Allow" in answer.headers) == (status == 405)

    def test_import_jobs_are_told_of_one_by_one_and_as_a_list(self, client: Client, emulator: FakeEmulator) -> None:
        arn = "arn:aws:personalize:us-east-1:123456789012:dataset-import-job/load"
        emulator.reports = {arn: {"arn": arn, "rowsRead": 3}, "other": {"arn": "other"}}
        for path in (arn, quote(arn, safe="")):
            assert client.get(f"/_personalize/import-jobs/{path}").json == {"arn": arn, "rowsRead": 3}
        assert client.get("/_personalize/import-jobs").json == {"importJobs": list(emulator.reports.values())}
        assert client.get("/_personalize/import-jobs?limit=1").json == {"importJobs": [emulator.reports[arn]]}
        answer = client.get("/_personalize/import-jobs/arn:nothing")
        assert (answer.status_code, json.loads(answer.data)["status"]) == (404, "error")

    @pytest.mark.parametrize("limit", ["0", "-1", "1001", "many", "", "9" * 30, "9" * 5000])
    def test_a_list_of_import_jobs_has_limits(self, client: Client, limit: str) -> None:
        assert client.get("/_personalize/import-jobs", query_string={"limit": limit}).status_code == 400

    def test_costs_are_asked_for_by_list_account_and_free_tier(self, client: Client) -> None:
        asked = {"prices": "2024", "account": "123456789012", "free": "1"}
        assert client.get("/_personalize/costs", query_string=asked).json == {**asked, "free": True}
        assert client.get("/_personalize/costs").json == {"prices": None, "account": None, "free": False}
        answer = client.get("/_personalize/costs?prices=none")
        assert (answer.status_code, json.loads(answer.data)["message"]) == (400, "'none' is no price list")

    def test_a_page_that_breaks_shows_no_stack_trace(
        self, emulator: FakeEmulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken() -> dict[str, Any]:
            raise ZeroDivisionError("secret detail")

        monkeypatch.setattr(emulator, "health", broken)
        answer = Client(create_app(emulator, Settings())).get("/_personalize/health")
        assert answer.status_code == 500
        assert answer.json == {"status": "error", "message": "500 Internal Server Error"}
