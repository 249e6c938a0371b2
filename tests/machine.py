"""Servers on one data folder that are killed and started again, and programs that go on all the while."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError

from tests.wire.program import ROLE, Program, new_account, until


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


class Stream:
    """A program that sends as fast as it is acknowledged, three ids in a call, and notes what was."""

    def __init__(self, name: str, send: Callable[..., Any]) -> None:
        self.acknowledged: list[str] = []
        self._name, self._send = name, send
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for call in range(100_000):
            ids = [f"{self._name}-{call}-{part}" for part in range(3)]
            try:
                self._send(*ids)
            except BotoCoreError:
                return
            self.acknowledged += ids

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


def begin_import(program: Program, dataset: str, job: str, content: str, **more: Any) -> str:
    answer = program.personalize.create_dataset_import_job(
        jobName=job,
        datasetArn=dataset,
        dataSource={"dataLocation": program.put(f"{job}.csv", content)},
        roleArn=ROLE,
        **more,
    )
    return str(answer["datasetImportJobArn"])
