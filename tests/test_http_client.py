from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import chain
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from personalize_local.cli import main
from personalize_local.http_client import ServerError, ask, failed_scripts, health, opened

Answering = Callable[..., str]
MODULES = ("http_client", "cli", "testing.plugin", "testing._servers", "chains")


class Told(HTTPServer):
    """Answers everything with one answer, and keeps what came."""

    status, body, headers = 200, b"{}", {}  # type: ignore[var-annotated]  # set for each test

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.came: list[tuple[str, str, bytes, str | None]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Told

    def do_GET(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.came.append((self.command, self.path, sent, self.headers["Content-Type"]))
        self.send_response(self.server.status)
        for name, value in {"Content-Length": str(len(self.server.body)), **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Told]:
    with Told() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def answering(server: Told) -> Answering:
    """Says what the server answers, and gives its address."""

    def says(status: int, body: Any, **headers: str) -> str:
        server.status, server.headers = status, headers
        server.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return f"http://127.0.0.1:{server.server_port}"

    return says


@pytest.fixture
def nowhere() -> Iterator[str]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


def refused(url: str, **options: Any) -> str:
    with pytest.raises(ServerError) as caught:
        ask(url, "/page", **options)
    return str(caught.value)


def test_a_page_is_got_and_json_is_posted(server: Told, answering: Answering) -> None:
    url = answering(200, {"a": [1]})
    assert ask(f"{url}/", "/page?x=1") == {"a": [1]}
    assert ask(url, "/page", {}, headers={"X-Amz-Target": "y"}) == {"a": [1]}
    assert ask(url, "/page", content=b"zip", headers={"Content-Type": "application/zip"}) == {"a": [1]}
    assert server.came == [
        ("GET", "/page?x=1", b"", "application/json"),
        ("POST", "/page", b"{}", "application/json"),
        ("POST", "/page", b"zip", "application/zip"),
    ]
    answering(200, b"")
    assert ask(url, "/page") == {}


def test_a_proxy_of_the_environment_is_passed_by(
    answering: Answering, nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = answering(200, {"status": "ready"})
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, nowhere)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert ask(url, "/page") == health(url) == {"status": "ready"}
    with opened(url, "/page") as answer:
        assert answer.read() == b'{"status": "ready"}'


@pytest.mark.parametrize(
    ("status", "body", "headers", "message"),
    [
        pytest.param(400, {"status": "error", "message": "no such\n thing"}, {}, "no such thing", id="an admin page"),
        pytest.param(
            400,
            {"__type": "com.amazonaws#LimitExceededException", "Message": "too many"},
            {},
            "LimitExceededException: too many",
            id="a type in the body",
        ),
        pytest.param(
            404,
            {"message": "gone"},
            {"x-amzn-errortype": "ResourceNotFoundException:http://x"},
            "ResourceNotFoundException: gone",
            id="a type in a header",
        ),
        pytest.param(503, {"status": "starting"}, {}, "The server at URL is not ready: starting", id="starting"),
        pytest.param(
            503,
            {"status": "failed", "init": [{"name": "a.sh"}, {"name": "b.sh", "message": "exit code 1"}]},
            {},
            "The server at URL is not ready: failed; b.sh: exit code 1",
            id="failed",
        ),
        pytest.param(404, b"<html>", {}, "The server at URL answers 404 Not Found.", id="no JSON"),
        pytest.param(404, ["x"], {}, "The server at URL answers 404 Not Found.", id="no object"),
        pytest.param(404, {"x": 1}, {}, "The server at URL answers 404 Not Found.", id="no message"),
    ],
)
def test_a_refusal_is_what_the_server_says(
    answering: Answering, status: int, body: Any, headers: dict[str, str], message: str
) -> None:
    url = answering(status, body, **headers)
    assert refused(url) == message.replace("URL", url)


def test_a_status_that_is_accepted_is_an_answer(answering: Answering) -> None:
    url = answering(503, {"status": "starting"})
    assert ask(url, "/page", accepted=503) == health(url) == {"status": "starting"}
    assert refused(url, accepted=500).endswith("is not ready: starting")


def test_where_nobody_answers_the_reason_is_one_sentence(nowhere: str, answering: Answering) -> None:
    assert refused(f"{nowhere}/") == f"No server at {nowhere}: Connection refused."
    assert refused("no-url") == "No server at no-url: unknown url type: 'no-url/page'."
    assert refused("http://") == "No server at http:: no host given."
    url = answering(200, b"<html>")
    assert refused(url) == f"No server at {url}: what answers there is no JSON."
    answering(200, b"{}", **{"Content-Length": "9"})
    assert refused(url, seconds=5) == f"No server at {url}: IncompleteRead(2 bytes read, 7 more expected)."


def test_one_that_is_silent_too_long_is_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert refused(url, seconds=0.05) == f"No server at {url}: timed out."


@pytest.mark.parametrize("body", [{"message": "fine"}, ["status"], 1])
def test_what_has_no_status_is_another_program(answering: Answering, body: Any) -> None:
    url = answering(200, body)
    with pytest.raises(ServerError, match=rf"^No server at {url}: what answers there is another program\.$"):
        health(url)


def test_scripts_that_failed_are_named() -> None:
    assert failed_scripts({"init": [{"name": "a.sh", "message": "exit code 1"}, {"name": "b"}]}) == [
        "a.sh: exit code 1"
    ]
    assert failed_scripts({}) == []


@pytest.mark.parametrize("module", MODULES)
def test_nothing_that_speaks_http_is_loaded_before_something_is_asked(module: str) -> None:
    loaded = "sys.modules.keys() - before & {'urllib.request', 'http.client', 'ssl', 'email'}"
    program = f"import pytest, sys\nbefore = set(sys.modules)\nimport personalize_local.{module}\nprint({loaded})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "set()\n"


COMMANDS = {
    "health": (),
    "jobs": (),
    "costs": (),
    "reset": ("--yes",),
    "recommend": ("home",),
    "explain": ("home",),
    "compare": ("a", "b", "--events", __file__),
    "snapshot": ("save", "FOLDER/x"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_both_in_the_same_words(
    command: str, nowhere: str, answering: Answering, tmp_path: Path
) -> None:
    given = [each.replace("FOLDER", str(tmp_path)) for each in COMMANDS[command]]
    done = CliRunner().invoke(main, [command, *given, "--url", nowhere])
    assert (done.exit_code, done.stderr) == (1, f"Error: No server at {nowhere}: Connection refused.\n")
    url = answering(400, {"status": "error", "message": "not today"})
    done = CliRunner().invoke(main, [command, *given, "--url", url])
    assert (done.exit_code, done.stderr) == (1, "Error: not today\n")


def test_what_takes_a_snapshot_and_answers_no_json_is_one_line(answering: Answering, tmp_path: Path) -> None:
    url, file = answering(200, b"<html>"), tmp_path / "x.snapshot"
    file.write_bytes(b"PK")
    done = CliRunner().invoke(main, ["snapshot", "load", str(file), "--url", url])
    assert (done.exit_code, done.stderr) == (1, f"Error: No server at {url}: what answers there is no JSON.\n")


def test_options_that_commands_share_have_one_text() -> None:
    groups = [each for each in main.commands.values() if isinstance(each, click.Group)]
    texts: dict[str, list[str | None]] = {name: [] for name in ("--url", "--json", "--size", "--user", "--item")}
    for command in chain(main.commands.values(), *(group.commands.values() for group in groups)):
        for option in command.params:
            for name in texts.keys() & set(option.opts):
                texts[name].append(option.help)
    assert {name: len(set(each)) for name, each in texts.items()} == dict.fromkeys(texts, 1)
    assert len(texts["--url"]) > 10
