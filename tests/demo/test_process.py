"""The server process of the demonstration: gone in every case, its last word kept when it does not start."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import pytest

from personalize_local.demo import process
from personalize_local.demo.console import DemoError
from personalize_local.demo.process import ServerProcess


def standing_in(program: str) -> ServerProcess:
    """A server process whose command is a Python program."""
    server = ServerProcess()
    server._command = [sys.executable, "-c", program]
    return server


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_the_url_is_read_from_the_output_and_the_process_ends_with_the_block() -> None:
    talking = "print('hello')\nprint('export AWS_ENDPOINT_URL=http://127.0.0.1:4242; x', flush=True)"
    with standing_in(f"import time\n{talking}\ntime.sleep(60)") as server:
        assert server.url == "http://127.0.0.1:4242"
        assert server._process is not None
        pid = server._process.pid
    assert is_gone(pid)


def test_an_error_in_the_block_ends_the_process_too() -> None:
    server = standing_in("import time\nprint('http://127.0.0.1:1', flush=True)\ntime.sleep(60)")
    pid = 0
    with suppress(KeyError), server:
        assert server._process is not None
        pid = server._process.pid
        raise KeyError("x")
    assert is_gone(pid)


def test_a_server_that_ends_at_once_is_reported_with_its_last_line() -> None:
    with (
        pytest.raises(DemoError, match=r"^The server did not start: Error: no port$"),
        standing_in("import sys\nprint('first', file=sys.stderr)\nsys.exit('Error: no port')"),
    ):
        pass


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_START_SECONDS", 0.2)
    with pytest.raises(DemoError, match="was not ready"), standing_in("import time\ntime.sleep(60)"):
        pass


def test_settings_and_endpoints_of_the_user_do_not_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSONALIZE_LOCAL_DATA", "/precious")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    environment = process._environment()
    assert not [name for name in environment if name.startswith(("PERSONALIZE_LOCAL_", "AWS_ENDPOINT_URL"))]
    assert environment["PATH"] == os.environ["PATH"]
