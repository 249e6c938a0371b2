"""Snapshots over the wire: the admin pages and the two commands."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from personalize_local.cli import main
from tests.conftest import Small
from tests.wire.program import Program


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["snapshot", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_a_state_goes_from_one_server_to_another(small: Callable[..., Small], tmp_path: Path) -> None:
    first, second = small(), small()
    campaign = first.program.deployed()
    file = tmp_path / "shop.snapshot"
    code, said, _ = run("save", file, "--url", first.server.url)
    assert code == 0
    assert said.startswith(f"Saved {file}: {file.stat().st_size:,} bytes, ")
    assert list(tmp_path.glob(".*")) == []
    code, said, _ = run("load", file, "--url", second.server.url, "--json")
    assert code == 0
    assert json.loads(said)["store"] == 6
    program = Program(second.server.url, account=first.program.account)
    assert program.recommend(campaign, "u1") == first.program.recommend(campaign, "u1")


def test_a_file_that_is_no_snapshot_is_refused_in_one_line(small: Callable[..., Small], tmp_path: Path) -> None:
    made = small()
    made.program.group("mine")
    file = tmp_path / "notes.txt"
    file.write_text("no snapshot")
    assert run("load", file, "--url", made.server.url) == (1, "", "Error: The snapshot is no snapshot, or is damaged\n")
    assert "mine" in str(made.program.personalize.list_dataset_groups())
    request = urllib.request.Request(f"{made.server.url}/_personalize/snapshot", data=b"x", method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=30)
    with caught.value as answer:
        assert answer.code == 400
        assert json.load(answer) == {"status": "error", "message": "The snapshot is no snapshot, or is damaged"}


def test_other_sites_cannot_load_one(small: Callable[..., Small]) -> None:
    url = small().server.url
    request = urllib.request.Request(
        f"{url}/_personalize/snapshot", data=b"x", headers={"Origin": "http://example.com"}, method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=30)
    with caught.value as answer:
        assert answer.code == 403


def test_without_a_server_or_a_file_it_says_so(small: Callable[..., Small], tmp_path: Path) -> None:
    file = tmp_path / "shop.snapshot"
    code, _, said = run("save", file, "--url", "http://127.0.0.1:1")
    assert code == 1
    assert said == "Error: No server at http://127.0.0.1:1: Connection refused.\n"
    assert list(tmp_path.iterdir()) == []
    code, _, said = run("load", file, "--url", small().server.url)
    assert code == 1
    assert "No such file or directory" in said
    code, _, said = run("save", tmp_path / "nowhere" / "x", "--url", small().server.url)
    assert code == 1
    assert "No such file or directory" in said


def test_half_of_a_snapshot_replaces_no_file(tmp_path: Path) -> None:
    class Half(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"PK")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    file = tmp_path / "shop.snapshot"
    file.write_text("the old one")
    with HTTPServer(("127.0.0.1", 0), Half) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        code, _, said = run("save", file, "--url", f"http://127.0.0.1:{server.server_port}")
        thread.join()
    assert (code, said) == (1, "Error: What the server sent is no snapshot, or is damaged\n")
    assert file.read_text() == "the old one"


def test_a_terminal_sees_how_far_it_is(small: Callable[..., Small], tmp_path: Path) -> None:
    """On a terminal of its own, since nothing is shown elsewhere."""
    url, file = small().server.url, tmp_path / "shop.snapshot"
    assert re.search(r"Receiving: \d+\.\d MB", on_terminal("save", str(file), "--url", url))
    assert re.search(r"Sending shop.snapshot.*100%", on_terminal("load", str(file), "--url", url))


def on_terminal(*arguments: str) -> str:
    """What a command shows on standard error when that is a terminal."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "personalize_local", "snapshot", *arguments]
    with os.fdopen(leader, "rb", buffering=0) as screen:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=follower, timeout=60, check=True)
        os.close(follower)
        assert done.stdout
        return screen.read(65536).decode()
