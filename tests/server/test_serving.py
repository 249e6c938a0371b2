from __future__ import annotations

import json
import socket
import threading
import urllib.error
import urllib.request
from http.client import HTTPConnection
from typing import Any, cast

import pytest

from botocore_shapes.http import Request, Response
from personalize_local.server.companion import Companion
from personalize_local.server.serving import BackgroundServer, CannotListen, Server
from personalize_local.settings import Settings

from .fakes import FakeEmulator


class Fakes:
    """Builds fakes as a server would build emulators, and remembers what it was given."""

    def __init__(self) -> None:
        self.emulator = FakeEmulator()
        self.given: list[Settings] = []

    def __call__(self, settings: Settings) -> Any:
        self.given.append(settings)
        return self.emulator


def background(build: Fakes, **settings: Any) -> BackgroundServer:
    return BackgroundServer(Settings(port=0, companion=False, **settings), build)


def health(url: str) -> Any:
    with urllib.request.urlopen(f"{url}/_personalize/health", timeout=10) as answer:
        return json.load(answer)


def test_a_background_server_answers_on_a_free_port_and_closes_its_emulator() -> None:
    fakes = Fakes()
    with background(fakes) as server:
        assert health(server.url)["status"] == "ready"
        assert server.emulator is cast(Any, fakes.emulator)
        assert fakes.emulator.started
        assert not fakes.emulator.closed
        url = server.url
    assert fakes.emulator.closed
    assert url == f"http://127.0.0.1:{fakes.given[0].port}"
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.url


def test_stopping_leaves_no_thread_and_frees_the_port_although_clients_stay_connected() -> None:
    before = set(threading.enumerate())
    server = background(Fakes())
    server.start()
    port = int(server.url.rpartition(":")[2])
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/_personalize/health")
    assert connection.getresponse().read()
    server.stop()
    server.stop()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
    assert set(threading.enumerate()) <= before
    connection.close()
    with socket.create_server(("127.0.0.1", port), reuse_port=False):
        pass


def test_a_server_can_be_started_again_but_not_twice() -> None:
    server = background(Fakes())
    with server:
        with pytest.raises(RuntimeError, match="running already"):
            server.start()
        assert health(server.url)
    with server:
        assert health(server.url)


def test_a_call_under_way_is_finished_before_the_server_stops() -> None:
    fakes = Fakes()
    entered, go_on = threading.Event(), threading.Event()

    def slow(request: Request) -> Response:
        entered.set()
        assert go_on.wait(10)
        return Response(status=200, body=request.body)

    fakes.emulator.handle = slow  # type: ignore[method-assign]  # a double's method
    server = background(fakes)
    server.start()
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.request("POST", "/events", body=b"kept")
    assert entered.wait(10)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    go_on.set()
    assert connection.getresponse().read() == b"kept"
    stopping.join(10)
    assert not stopping.is_alive()
    connection.close()


def test_a_port_in_use_is_told_in_one_sentence_that_names_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"port {port} of 127\.0\.0\.1.*--port"):
            Server(Settings(port=port), Fakes())


def test_an_unknown_host_is_told_in_one_sentence() -> None:
    with pytest.raises(CannotListen, match=r"Cannot listen on 256\.0\.0\.1"):
        Server(Settings(host="256.0.0.1", port=0), Fakes())


def test_a_build_that_fails_frees_the_port() -> None:
    ports = []

    def broken(settings: Settings) -> Any:
        ports.append(settings.port)
        raise LookupError("no")

    with pytest.raises(LookupError):
        Server(Settings(port=0), broken)
    with socket.create_server(("127.0.0.1", ports[0])):
        pass


@pytest.mark.parametrize(("host", "reached"), [("0.0.0.0", "127.0.0.1"), ("localhost", "localhost")])
def test_the_url_is_one_that_this_machine_reaches(host: str, reached: str) -> None:
    with background(Fakes(), host=host) as server:
        assert server.url.startswith(f"http://{reached}:")
        assert health(server.url)["status"] == "ready"


def test_the_companion_is_handed_to_the_emulator_unless_it_is_switched_off() -> None:
    fakes = Fakes()
    for wanted in (False, True):
        assert fakes.emulator.companions == []
        with BackgroundServer(Settings(port=0, companion=wanted), fakes) as server:
            url = server.url
    ((companion, told),) = fakes.emulator.companions
    assert isinstance(companion, Companion)
    assert told == url


def test_a_virtual_clock_is_moved_over_http() -> None:
    def post(server: BackgroundServer, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
        request = urllib.request.Request(f"{server.url}/_personalize/clock", data=body, method="POST")
        for name, value in {"Content-Type": "application/json", **headers}.items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    with BackgroundServer(Settings(port=0, clock=1000.0, executor="inline")) as server:
        assert post(server, b'{"advance": 60}') == (200, {"now": 1060.0})
        assert post(server, b'{"advance": -1}') == (400, {"status": "error", "message": "a clock cannot go back"})
        assert post(server, b"[]")[0] == 400
        assert post(server, b'{"advance": 1}', Origin="http://elsewhere.example")[0] == 403
        assert post(server, b'{"advance": 0}', Origin=server.url) == (200, {"now": 1060.0})
    with BackgroundServer(Settings(port=0, executor="inline")) as server:
        assert post(server, b'{"advance": 60}')[1]["message"].startswith("the clock is the machine's")
