"""Killed servers and workers: what was acknowledged is kept, what was begun is finished, and nothing stays behind."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from tests.wire.program import POPULARITY, ROLE, Program, interactions_csv, items_csv, new_account, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds child processes through /proc"),
]


def parent_of(pid: int) -> int | None:
    """The parent of a process; None for one that is gone or a zombie."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else int(parent)


def children_of(pid: int, running: str = "") -> set[int]:
    """The child processes of ``pid`` whose command line has ``running`` in it."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and parent_of(int(entry.name)) == pid:
            with suppress(FileNotFoundError, ProcessLookupError):
                if running in (entry / "cmdline").read_bytes().decode(errors="replace"):
                    found.add(int(entry.name))
    return found


class Machine:
    """A data folder and the servers that run on it one after the other."""

    def __init__(self, root: Path) -> None:
        self.root, self.data, self.buckets = root, root / "data", root / "buckets"
        self.buckets.mkdir()
        self.account = new_account()
        self.process: subprocess.Popen[str] | None = None

    def start(self, *, companion: bool = False) -> Program:
        """Start a server and return a program that uses it; ``companion`` keeps the buckets in its memory."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PERSONALIZE_LOCAL_", "AWS_"))}
        options = ["--relaxed-minimums", "--log-level", "warning"]
        options += [] if companion else ["--no-companion", "--s3-root", str(self.buckets)]
        with (self.root / "log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "personalize_local", "serve", "--data", str(self.data), "--port", "0", *options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=kept,
            )
        assert self.process.stdout is not None
        ready = ""
        while "AWS_ENDPOINT_URL" not in ready:
            ready = self.process.stdout.readline()
            assert ready, (self.root / "log").read_text()
        (url,) = re.findall(r"AWS_ENDPOINT_URL=(\S+)", ready)
        return Program(url, account=self.account, folder=None if companion else self.buckets)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def worker(self) -> int:
        """The child that runs jobs, as soon as there is one."""
        return min(until(lambda: children_of(self.pid, "spawn_main"), bool))

    def kill(self) -> None:
        """End the server as no program can prepare for; its children must follow by themselves."""
        assert self.process is not None
        orphans = children_of(self.pid)
        self.process.kill()
        self.process.communicate()
        until(lambda: [pid for pid in orphans if parent_of(pid) is not None], lambda left: not left)

    def query(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self.data / 'personalize.sqlite3'}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()

    def segments(self) -> set[str]:
        return {path.name for path in (self.data / "datasets").iterdir()}

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.communicate(timeout=60)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.close()


class Stream:
    """A program that sends events as fast as they are acknowledged, three in a call, and notes what was."""

    def __init__(self, program: Program, tracking: str, name: str) -> None:
        self.acknowledged: list[str] = []
        self._program, self._tracking, self._name = program, tracking, name
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for call in range(100_000):
            items = [f"{self._name}-{call}-{part}" for part in range(3)]
            try:
                self._program.send(self._tracking, "session", *items, user="streamer")
            except BotoCoreError:
                return
            self.acknowledged += items

    def end(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()


def finished(program: Program, job: str) -> dict[str, Any]:
    """The description of an import once it has ended."""

    def read() -> dict[str, Any]:
        found = program.personalize.describe_dataset_import_job(datasetImportJobArn=job)
        return dict(found["datasetImportJob"])

    return dict(until(read, lambda found: found["status"] in ("ACTIVE", "CREATE FAILED")))


def trained(program: Program, version: str) -> None:
    def read() -> str:
        found = program.personalize.describe_solution_version(solutionVersionArn=version)
        return str(found["solutionVersion"]["status"])

    assert until(read, lambda status: status in ("ACTIVE", "CREATE FAILED")) == "ACTIVE"


def begin_import(program: Program, dataset: str, job: str, content: str) -> str:
    answer = program.personalize.create_dataset_import_job(
        jobName=job,
        datasetArn=dataset,
        dataSource={"dataLocation": program.put(f"{job}.csv", content)},
        roleArn=ROLE,
    )
    return str(answer["datasetImportJobArn"])


def test_a_killed_server_loses_no_event_and_finishes_its_trainings(machine: Machine) -> None:
    program = machine.start()
    group = program.group()
    job = begin_import(program, program.dataset(group), "load", interactions_csv(users=300, steps=30, catalogue=60))
    assert finished(program, job)["status"] == "ACTIVE"
    tracking = program.tracker(group)
    solution = program.solution(group)
    first = program.version(solution)
    trained(program, first)
    campaign = program.campaign(first)
    acknowledged: list[str] = []
    versions: list[str] = []
    # Killed: while the worker starts; while it works; at some moment after.
    for killing, events in enumerate((3, 60, 300)):
        versions.append(program.version(solution))
        stream = Stream(program, tracking, f"round{killing}")
        if killing:
            machine.worker()
        until(lambda stream=stream, events=events: len(stream.acknowledged) >= events, bool)
        machine.kill()
        stream.end()
        acknowledged += stream.acknowledged
        stored = [row[0] for row in machine.query("SELECT item_id FROM events ORDER BY sequence")]
        assert len(set(stored)) == len(stored)
        missing = set(acknowledged) - set(stored)
        assert not missing
        # A call that was cut off is in the store as a whole or not at all.
        assert len(stored) - len(acknowledged) in {3 * calls for calls in range(killing + 2)}
        program = machine.start()
        for version in (first, *versions):
            trained(program, version)
        assert program.recommend(campaign, "streamer")
        assert [item["itemId"] for item in program.recommend(campaign, "u2")]
    program.personalize.update_campaign(campaignArn=campaign, solutionVersionArn=versions[-1])
    known = {item["itemId"] for item in program.recommend(campaign, "streamer", numResults=500)}
    assert any(item.startswith("round") for item in known)
    assert machine.query("SELECT count(*) FROM jobs WHERE state = 'PENDING'") == [(0,)]


@pytest.mark.parametrize("file_stays", [True, False], ids=["the file stays", "the file is gone"])
def test_an_import_that_was_cut_off_ends_as_a_whole_or_fails(machine: Machine, file_stays: bool) -> None:
    program = machine.start()
    items = program.dataset(program.group(), "ITEMS")
    assert finished(program, begin_import(program, items, "first", items_csv()))["status"] == "ACTIVE"
    (first,) = machine.segments()
    job = begin_import(program, items, "second", items_csv(catalogue=150_000))
    machine.worker()
    # In the middle: the segment has been begun, or the job is not yet that far.
    machine.kill()
    assert machine.query("SELECT state FROM jobs WHERE arn LIKE '%/second'") == [("PENDING",)]
    if not file_stays:
        (machine.buckets / program.bucket / "second.csv").unlink()
    program = machine.start()
    found = finished(program, job)
    if file_stays:
        assert found["status"] == "ACTIVE", found
        (rows,) = machine.query(
            "SELECT json_extract(state, '$.segments[0].rows') FROM resources WHERE kind = 'dataset'"
        )
        assert rows == (300_000,)
    else:
        assert (found["status"], found["failureReason"]) == ("CREATE FAILED", "Invalid Data location.")
        assert first in machine.segments()
    machine.kill()
    # Starting deletes what nothing refers to: one segment is left, and it is whole.
    program = machine.start()
    (segment,) = machine.segments()
    assert (segment == first) is not file_stays
    assert finished(program, job) == found


def test_an_import_survives_the_buckets_that_it_reads(machine: Machine) -> None:
    pytest.importorskip("moto", reason="the companion needs it")
    program = machine.start(companion=True)
    items = program.dataset(program.group(), "ITEMS")
    job = begin_import(program, items, "only", items_csv(catalogue=100_000))
    machine.kill()
    assert machine.query("SELECT state FROM jobs") == [("PENDING",)]
    program = machine.start(companion=True)
    found = finished(program, job)
    assert found["status"] == "ACTIVE", found
    assert found["dataSource"] == {"dataLocation": f"s3://{program.bucket}/only.csv"}
    (rows,) = machine.query("SELECT json_extract(state, '$.segments[0].rows') FROM resources WHERE kind = 'dataset'")
    assert rows == (200_000,)
    until(lambda: list((machine.data / "spool").iterdir()), lambda left: not left)


def test_a_killed_worker_is_replaced_and_its_training_finished(machine: Machine) -> None:
    program = machine.start()
    group = program.group()
    job = begin_import(program, program.dataset(group), "load", interactions_csv(users=100))
    worker = machine.worker()
    os.kill(worker, signal.SIGKILL)
    assert finished(program, job)["status"] == "ACTIVE"
    solution = program.solution(group, recipe=POPULARITY)
    # Once while it has nothing to do, and once while it trains.
    idle = machine.worker()
    assert idle != worker
    os.kill(idle, signal.SIGKILL)
    until(lambda: parent_of(idle), lambda parent: parent is None)
    trained(program, program.version(solution))
    version = program.version(solution)
    os.kill(machine.worker(), signal.SIGKILL)
    trained(program, version)
    assert program.recommend(program.campaign(version))
    machine.close()
    assert children_of(machine.pid) == set()
