"""The state changes while jobs run: each job of the new one is done once, those of the old one leave no trace."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from personalize_local import emulator as composition
from personalize_local.emulator import Emulator
from personalize_local.jobs.runner import JobType
from personalize_local.jobs.workplace import Workplace
from personalize_local.settings import Settings
from personalize_local.snapshots import loading
from personalize_local.snapshots.archive import SnapshotError
from personalize_local.store.records import Job
from tests.conftest import build_checked
from tests.wire.program import until


def held(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    """Leave a mark; as the first one, wait until the gate is opened."""
    del workplace
    root = Path(payload["root"])
    attempt = len(list(root.glob("mark-*")))
    (root / f"mark-{attempt}").touch()
    if attempt < payload.get("waits", 1):
        (root / "gate").read_bytes()
    return {"attempt": attempt}


class Room:
    """An emulator with one worker, and jobs that wait for a gate."""

    def __init__(self, root: Path) -> None:
        self.root, self.snapshot = root, root / "taken.snapshot"
        os.mkfifo(root / "gate")
        self.emulator = build_checked(Settings(data=root / "data", workers=1, clock=1_700_200_000.0))
        self.emulator.start()

    def add(self, arn: str, **payload: Any) -> None:
        with self.emulator.database.write() as rows:
            given = {"root": str(self.root), **payload}
            rows.add_job(Job(arn=arn, kind="held", payload=given, submitted=1.0))

    def begin(self, arn: str, **payload: Any) -> None:
        self.add(arn, **payload)
        self.emulator.jobs.submit(arn)

    def job(self, arn: str) -> Job | None:
        with self.emulator.database.read() as rows:
            return rows.job(arn)

    def marks(self) -> int:
        return len(list(self.root.glob("mark-*")))

    def open(self) -> None:
        """Let the job that waits go on, once it does."""
        (self.root / "gate").write_bytes(b"")

    def ended(self, arn: str) -> Job:
        job: Job = until(lambda: self.job(arn), lambda job: job is not None and job.state != "PENDING")
        return job


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setitem(composition.JOBS, "held", JobType(run=held))
    made = Room(tmp_path)
    yield made
    made.emulator.close()


def meanwhile(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, happen: Callable[[], None]) -> None:
    """Have something happen when the store is another one, and the old jobs are not ended yet."""
    forget = emulator.forget

    def forgetting() -> None:
        happen()
        forget()

    monkeypatch.setattr(emulator, "forget", forgetting)


def test_a_job_that_runs_and_is_in_the_snapshot_runs_once_more_and_no_more(room: Room) -> None:
    room.add("a")
    room.emulator.save_snapshot(room.snapshot)
    room.emulator.jobs.submit("a")
    until(room.marks, lambda count: count == 1)
    stamp = room.emulator.stamp
    room.emulator.load_snapshot(room.snapshot)
    assert all(now > before for now, before in zip(room.emulator.stamp, stamp, strict=True))
    assert room.ended("a").result == {"attempt": 1}
    # One worker does one job after the other: a further run of the first would have come before this one.
    room.begin("b")
    assert room.ended("b").result == {"attempt": 2}
    assert room.emulator.jobs.running == 0


def test_a_job_that_ends_after_its_state_is_gone_leaves_nothing_in_the_new_one(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.add("a")
    room.emulator.save_snapshot(room.snapshot)
    room.emulator.jobs.submit("a")
    until(room.marks, lambda count: count == 1)
    future = room.emulator.jobs._running["a"].future
    assert future is not None
    seen, over = list[str](), threading.Event()

    def end() -> None:
        # Called after the runner, which has asked to be told before.
        future.add_done_callback(lambda _: over.set())
        room.open()
        assert over.wait(60)
        job = room.job("a")
        assert job is not None
        seen.append(job.state)

    meanwhile(room.emulator, monkeypatch, end)
    room.emulator.load_snapshot(room.snapshot)
    assert room.ended("a").result == {"attempt": 1}
    assert seen == ["PENDING"]


def test_jobs_end_as_they_would_have_when_a_snapshot_cannot_be_put_in_force(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.emulator.save_snapshot(room.snapshot)
    room.begin("a")
    until(room.marks, lambda count: count == 1)

    def full(store: Path, while_still: Callable[[], object]) -> None:
        del store
        while_still()
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(room.emulator.database, "become", full)
        with pytest.raises(SnapshotError, match="cannot be put in force: database or disk is full"):
            room.emulator.load_snapshot(room.snapshot)
    room.open()
    assert room.ended("a").result == {"attempt": 0}
    assert room.marks() == 1


@pytest.mark.parametrize("change", ["load", "reset"])
def test_jobs_that_are_accepted_while_the_state_changes_are_done(
    room: Room, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    room.emulator.save_snapshot(room.snapshot)
    for arn in ("a", "b"):
        room.begin(arn)
    until(room.marks, lambda count: count == 1)

    def accept() -> None:
        for arn in ("new", "newer"):
            room.begin(arn, waits=0)

    meanwhile(room.emulator, monkeypatch, accept)
    room.emulator.load_snapshot(room.snapshot) if change == "load" else room.emulator.reset()
    for arn in ("new", "newer"):
        assert room.ended(arn).state == "DONE"
    assert (room.job("a"), room.job("b")) == (None, None)
    assert (room.marks(), room.emulator.jobs.running) == (3, 0)


def working(room: Room, *names: str) -> Path:
    """The folder of the parts of a job that is under way."""
    work = room.emulator.root / "spool" / str(uuid.uuid4())
    work.mkdir(parents=True)
    for name in ("parts.json", *names):
        (work / name).write_text(json.dumps({"names": [], "parts": []}))
    room.add("parts", work=work.name)
    return work


def saved(room: Room) -> set[str]:
    room.emulator.save_snapshot(room.snapshot)
    with zipfile.ZipFile(room.snapshot) as archive:
        return {name.split("/", 2)[2] for name in archive.namelist() if name.startswith("spool/")}


def test_of_parts_that_are_worked_on_what_is_finished_is_saved(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    work = working(room, "in-000001", ".out-000001", "out-000000", "done-000000.json", "in-000002")
    link = os.link

    def ending(source: Path, target: Path) -> None:
        if source.name == "parts.json":
            (work / ".out-000001").rename(work / "out-000001")
        if source.name == "in-000002":
            source.unlink()
        link(source, target)

    monkeypatch.setattr(os, "link", ending)
    assert saved(room) == {"parts.json", "in-000001", "out-000000", "done-000000.json"}


def test_what_is_deleted_while_a_snapshot_is_saved_is_not_in_it(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    left = room.emulator.root / "spool" / str(uuid.uuid4())
    for name in ("deep/one", "deep/two"):
        (left / name).parent.mkdir(parents=True, exist_ok=True)
        (left / name).touch()
    link = os.link

    def ending(source: Path, target: Path) -> None:
        shutil.rmtree(left, ignore_errors=True)
        link(source, target)

    monkeypatch.setattr(os, "link", ending)
    assert saved(room) == set()


def test_a_folder_that_changes_while_a_snapshot_is_loaded_is_not_the_one_that_was_saved(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = working(room, "in-000000")
    room.emulator.save_snapshot(room.snapshot)
    blocks = loading._blocks

    def vanishing(path: Path) -> Iterator[bytes]:
        if path.parent == work:
            path.unlink()
        yield from blocks(path)

    monkeypatch.setattr(loading, "_blocks", vanishing)
    monkeypatch.setattr(room.emulator.jobs, "submit", lambda _: None)
    room.emulator.load_snapshot(room.snapshot)
    job = room.job("parts")
    assert job is not None
    assert job.payload["work"] != work.name
    assert {path.name for path in (work.parent / job.payload["work"]).iterdir()} == {"parts.json", "in-000000"}
