"""Pins and faults, handed to a server that keeps the two routes of the admin pages."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from personalize_local.chains import ApplyError, read
from personalize_local.chains.local import hand_over

PIN = {"campaign": "home", "userId": "u1", "items": ["a", "b"]}
FAULT = {"operation": "PutEvents", "throttle": True, "times": 2}


class Standing:
    def __init__(self) -> None:
        self.kept: dict[str, list[dict[str, Any]]] = {"pins": [], "faults": []}
        self.posts = 0
        self.url = ""


@pytest.fixture
def standing() -> Iterator[Standing]:
    state = Standing()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, status: int, value: Any) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            self._answer(200, {name: state.kept[name]})

        def do_POST(self) -> None:
            name = self.path.rpartition("/")[2]
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if any(each.get("campaign") == "bad" for each in given):
                self._answer(400, {"status": "error", "message": "no such thing"})
                return
            state.posts += 1
            state.kept[name] += [{**each, "id": str(at)} for at, each in enumerate(given)]
            self._answer(201, {"ids": []})

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_is_missing_is_declared_once(standing: Standing) -> None:
    chain = read({"pins": [PIN], "faults": [FAULT]})
    assert hand_over(chain, standing.url) == ["pins", "faults"]
    assert standing.kept == {"pins": [{**PIN, "id": "0"}], "faults": [{**FAULT, "id": "0"}]}
    assert hand_over(chain, standing.url) == []
    assert standing.posts == 2


def test_a_refusal_is_told(standing: Standing) -> None:
    with pytest.raises(ApplyError) as caught:
        hand_over(read({"pins": [{"campaign": "bad"}]}), standing.url)
    assert str(caught.value) == "pins: no such thing"


def test_no_server_is_told() -> None:
    with pytest.raises(ApplyError, match=r"^faults: No server at http://127.0.0.1:1: Connection refused\.$"):
        hand_over(read({"faults": [FAULT]}), "http://127.0.0.1:1")
