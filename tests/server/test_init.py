"""Init scripts: their order, what they find, what is said when one fails, and health meanwhile."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from personalize_local.cli import main
from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from tests.wire.program import Program, until

GROUP = """
import boto3
boto3.client("personalize").create_dataset_group(name="{name}")
print("made {name}")
"""


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., BackgroundServer]]:
    """Starts servers with init scripts of given texts."""
    running: list[BackgroundServer] = []

    def start(**scripts: str) -> BackgroundServer:
        folder = tmp_path / "init.d"
        folder.mkdir()
        for name, text in scripts.items():
            (folder / name.replace("__", ".")).write_text(text)
        server = BackgroundServer(Settings(port=0, executor="inline", init=folder))
        server.start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop()


def page(server: BackgroundServer, path: str = "/_personalize/health") -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(server.url + path, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def ended(server: BackgroundServer) -> tuple[int, Any]:
    return until(lambda: page(server), lambda answer: answer[1]["status"] != "starting")  # type: ignore[no-any-return]


def states(facts: dict[str, Any]) -> list[tuple[str, str]]:
    return [(script["name"], script["state"]) for script in facts["init"]]


def test_scripts_run_in_the_order_of_their_names_and_reach_the_server(
    serving: Callable[..., BackgroundServer], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "personalize_local.init")
    out = tmp_path / "out"
    server = serving(
        **{
            "20-second__py": GROUP.format(name="second"),
            "10-first__sh": f'echo "$AWS_ENDPOINT_URL $PERSONALIZE_LOCAL_PORT $PERSONALIZE_LOCAL_INIT" > {out}',
            "README__md": "not run",
        }
    )
    status, facts = ended(server)
    assert (status, facts["status"]) == (200, "ready"), facts
    assert states(facts) == [("10-first.sh", "done"), ("20-second.py", "done")]
    assert out.read_text() == f"{server.url} {server.url.rpartition(':')[2]} \n"
    program = Program(server.url, account="123456789012")
    assert [each["name"] for each in program.personalize.list_dataset_groups()["datasetGroups"]] == ["second"]
    assert "20-second.py: made second" in caplog.messages
    assert "init: README.md is left alone" in caplog.messages


def test_one_that_fails_is_said_and_the_others_do_not_run(
    serving: Callable[..., BackgroundServer], caplog: pytest.LogCaptureFixture
) -> None:
    server = serving(a__sh="true", b__sh="echo nothing works >&2; exit 3", c__py=GROUP.format(name="never"))
    status, facts = ended(server)
    assert (status, facts["status"]) == (503, "failed")
    assert states(facts) == [("a.sh", "done"), ("b.sh", "failed"), ("c.py", "skipped")]
    assert facts["init"][1]["message"] == "exit code 3: nothing works"
    assert "init script b.sh failed: exit code 3: nothing works" in caplog.messages
    assert page(server, "/_localstack/health")[1]["services"]["personalize"] == "error"
    result = CliRunner().invoke(main, ["health", "--url", server.url])
    assert result.exit_code == 1
    told = "failed; b.sh: exit code 3: nothing works"
    assert result.stderr == f"Error: The server at {server.url} is not ready: {told}\n"
    # It answers all the same.
    assert Program(server.url).personalize.list_dataset_groups()["datasetGroups"] == []


def test_health_says_starting_until_the_last_has_run(serving: Callable[..., BackgroundServer], tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    server = serving(a__sh=f"cat {gate}", b__sh="true")
    status, facts = until(lambda: page(server), lambda answer: answer[1]["init"][0]["state"] == "running")
    assert (status, facts["status"]) == (503, "starting")
    assert states(facts) == [("a.sh", "running"), ("b.sh", "waiting")]
    status, told = page(server, "/_localstack/health")
    assert (status, told["services"]["personalize-runtime"]) == (200, "starting")
    gate.write_text("")
    assert ended(server)[1]["status"] == "ready"


def test_what_would_lead_a_script_elsewhere_is_not_passed_on(
    serving: Callable[..., BackgroundServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = "http://127.0.0.1:1"
    for name in ("AWS_ENDPOINT_URL_PERSONALIZE", "AWS_ENDPOINT_URL_STS", "PERSONALIZE_LOCAL_DATA"):
        monkeypatch.setenv(name, elsewhere)
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    out = tmp_path / "out"
    script = f"env | grep -E '^(AWS|PERSONALIZE_LOCAL)_' > {out}\n"
    server = serving(a__sh=script, b__py=GROUP.format(name="here"))
    assert ended(server)[1]["status"] == "ready"
    found = dict(line.split("=", 1) for line in out.read_text().splitlines())
    found.pop("AWS_CA_BUNDLE", None)  # of the machine that runs the tests
    endpoints = ("", "_PERSONALIZE", "_PERSONALIZE_EVENTS", "_PERSONALIZE_RUNTIME")
    assert found == {
        **{f"AWS_ENDPOINT_URL{name}": server.url for name in endpoints},
        "AWS_ACCESS_KEY_ID": server.emulator.settings.account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PERSONALIZE_LOCAL_HOST": "127.0.0.1",
        "PERSONALIZE_LOCAL_PORT": server.url.rpartition(":")[2],
    }


def test_the_command_line_reaches_a_server_whose_scripts_run(
    serving: Callable[..., BackgroundServer], tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    server = serving(a__sh=f"cat {gate}")
    command = ["exec", "--url", server.url, "--", sys.executable, "-c", "raise SystemExit(7)"]
    assert CliRunner().invoke(main, command).exit_code == 7
    told = CliRunner().invoke(main, ["support", "--json", "--url", server.url])
    assert json.loads(told.stdout)["health"]["status"] == "starting"
    gate.write_text("")


def test_the_alias_has_the_shape_that_localstack_gives(serving: Callable[..., BackgroundServer]) -> None:
    server = serving()
    status, told = page(server, "/_localstack/health")
    assert status == 200
    assert sorted(told) == ["edition", "services", "version"]
    assert set(told["services"]) >= {"personalize", "personalize-events", "personalize-runtime", "s3"}
    assert set(told["services"].values()) == {"running"}


def test_stopping_ends_a_script_and_what_it_has_started(
    serving: Callable[..., BackgroundServer], tmp_path: Path
) -> None:
    told = tmp_path / "pid"
    server = serving(a__sh=f"sleep 600 & echo $! > {told}.part; mv {told}.part {told}; wait")
    until(told.exists, bool)
    before = threading.active_count()
    server.stop()
    pid = int(told.read_text())
    until(lambda: is_running(pid), lambda running: not running)
    assert threading.active_count() < before


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_chains_are_applied_to_the_server(
    serving: Callable[..., BackgroundServer], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "personalize_local.init")
    server = serving(a__yaml="datasetGroups: {shop: {}}", b__yml="datasetGroups: {-s: {}}")
    facts = ended(server)[1]
    assert states(facts) == [("a.yaml", "done"), ("b.yml", "failed")]
    assert facts["init"][1]["message"].startswith("create of dataset group -s: ValidationException: ")
    assert "a.yaml: created   dataset group shop" in caplog.messages
    program = Program(server.url, account="123456789012")
    assert [each["name"] for each in program.personalize.list_dataset_groups()["datasetGroups"]] == ["shop"]


def test_a_folder_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    with BackgroundServer(Settings(port=0, init=tmp_path / "none")) as server:
        status, facts = page(server)
    assert (status, facts["status"]) == (503, "failed")
    assert facts["init"][0]["message"] == "the folder cannot be read: No such file or directory"
