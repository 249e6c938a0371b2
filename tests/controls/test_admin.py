"""The same over HTTP: pins, faults, the journal and the clock below ``/_personalize``."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Small

from .conftest import error_of

Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def room(small: Callable[..., Small]) -> Small:
    return small()


@pytest.fixture
def ask(room: Small) -> Ask:
    def asked(method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{room.server.url}/_personalize/{path}", data=data, method=method)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request) as answer:
                text = answer.read().decode()
                return answer.status, text if "ndjson" in answer.headers["Content-Type"] else json.loads(text)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    return asked


def test_pins_are_declared_listed_and_taken_back(room: Small, ask: Ask) -> None:
    pin = {"campaign": "top", "items": ["a"], "mustExist": False}
    assert ask("POST", "pins", pin) == (201, {"ids": ["pin-1"]})
    assert ask("GET", "pins") == (200, {"pins": [{"id": "pin-1", **pin}]})
    arn = room.program.arn("campaign/top")
    answer = room.program.runtime.get_recommendations(campaignArn=arn, userId="u")
    assert answer["itemList"] == [{"itemId": "a"}]
    assert ask("DELETE", "pins/pin-1") == (200, {"status": "ok"})
    assert ask("DELETE", "pins/pin-1") == (404, {"status": "error", "message": "there is no pin pin-1"})
    assert ask("GET", "pins") == (200, {"pins": []})


def test_a_list_is_declared_whole_or_not_at_all(ask: Ask) -> None:
    good = {"operation": "PutEvents", "throttle": True}
    status, answer = ask("POST", "faults", [good, {"operation": "Nothing", "throttle": True}])
    assert (status, answer["message"]) == (400, "no operation is named Nothing")
    assert ask("GET", "faults") == (200, {"faults": []})
    assert ask("POST", "faults", [good, good])[0] == 201
    assert ask("DELETE", "faults") == (200, {"status": "ok"})
    assert ask("GET", "faults") == (200, {"faults": []})
    status, answer = ask("POST", "faults")
    assert (status, answer["message"]) == (400, "send one of faults or a list of them, as application/json")


def test_a_fault_is_declared_for_a_client_elsewhere(room: Small, ask: Ask) -> None:
    ask("POST", "faults", {"operation": "ListSchemas", "error": "InvalidNextTokenException", "times": 1})
    code, _, status, name = error_of(room.program.personalize.list_schemas)
    assert (code, status, name) == ("InvalidNextTokenException", 400, "InvalidNextTokenException")
    room.program.personalize.list_schemas()


def test_the_journal_is_read_filtered_exported_and_forgotten(room: Small, ask: Ask) -> None:
    room.program.group("a")
    room.program.group("b")
    status, answer = ask("GET", "journal?operation=CreateDatasetGroup&parameters=%7B%22name%22%3A%22b%22%7D")
    assert (status, answer["size"], [call["parameters"] for call in answer["calls"]]) == (200, 1000, [{"name": "b"}])
    status, text = ask("GET", "journal?format=jsonl")
    assert [json.loads(line)["parameters"] for line in text.splitlines()] == [{"name": "a"}, {"name": "b"}]
    assert ask("DELETE", "journal") == (200, {"status": "ok"})
    assert ask("GET", "journal")[1]["calls"] == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("format=xml", "format must be json or jsonl"),
        ("operations=x", "unknown parameter: operations"),
        ("parameters=x", "parameters must be a JSON object"),
    ],
)
def test_a_journal_that_cannot_be_read_so(ask: Ask, query: str, message: str) -> None:
    assert ask("GET", f"journal?{query}") == (400, {"status": "error", "message": message})


def test_the_clock_is_set_ticks_and_goes_on(ask: Ask) -> None:
    assert ask("POST", "clock", {"set": 1_700_300_000}) == (200, {"now": 1_700_300_000.0})
    assert ask("POST", "clock", {"tick": 2}) == (200, {"now": 1_700_300_000.0})
    facts = {"now": 1_700_300_000.0, "clock": "virtual", "frozen": True, "tick": 2.0}
    assert ask("GET", "clock") == (200, facts)
    assert ask("POST", "clock", {"freeze": False})[1]["now"] >= 1_700_300_000.0
    assert ask("GET", "clock")[1]["frozen"] is False
    assert ask("POST", "clock", {"tick": 1})[0] == 400
    assert ask("POST", "clock", {"freeze": True})[0] == 200
    status, answer = ask("POST", "clock", {"advance": 1e18})
    assert (status, answer["message"]) == (400, "a clock ends with the year 9999")
    for wrong in ({}, {"freeze": 1}, {"set": True}, {"advance": 1, "tick": 1}, {"stop": 1}):
        status, answer = ask("POST", "clock", wrong)
        assert (status, answer["message"].startswith('send one of {"advance": SECONDS}')) == (400, True)


def test_a_page_of_another_site_takes_nothing_back(ask: Ask) -> None:
    ask("POST", "pins", {"campaign": "top", "items": ["a"]})
    assert ask("DELETE", "pins", Origin="http://elsewhere.example")[0] == 403
    assert len(ask("GET", "pins")[1]["pins"]) == 1
