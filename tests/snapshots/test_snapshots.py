"""A snapshot holds the whole state; one that cannot be loaded changes nothing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import tracemalloc
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from personalize_local.emulator import Emulator
from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from personalize_local.snapshots.archive import SnapshotError
from personalize_local.store.upgrades import FORMAT
from tests.conftest import Small, build_checked
from tests.wire.program import POPULARITY, Program, interactions_csv, until

from .archives import aged, rewritten

NOON = 1_700_200_000.0


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A snapshot of a shop that has recommended and been told of events, and what it answered."""
    folder = tmp_path_factory.mktemp("taken")
    buckets = folder / "buckets"
    buckets.mkdir()
    settings = Settings(
        port=0, companion=False, s3_root=buckets, executor="inline", relaxed_minimums=True, clock=NOON, id_seed=4
    )
    with BackgroundServer(settings, build_checked) as server:
        program = Program(server.url, folder=buckets)
        campaign = program.deployed()
        tracking = program.tracker(program.arn("dataset-group/shop"))
        program.send(tracking, "s", "a1", "a2", user="u1")
        path = folder / "shop.snapshot"
        facts = server.emulator.save_snapshot(path)
        yield {
            "path": path,
            "facts": facts,
            "account": program.account,
            "campaign": campaign,
            "tracking": tracking,
            "answer": program.recommend(campaign, "u1"),
            "next id": server.emulator.ids.uuid(),
        }


def other(small: Callable[..., Small], taken: dict[str, Any], **settings: Any) -> tuple[Emulator, Program]:
    """A server of its own, and a program of the account of the snapshot."""
    made = small(**settings)
    return made.server.emulator, Program(made.server.url, account=taken["account"], folder=made.folder)


def names(emulator: Emulator) -> set[str]:
    return {path.name for path in emulator.root.rglob("*") if path.is_dir()}


@pytest.mark.parametrize("kept", [False, True], ids=["without a data folder", "with a data folder"])
def test_another_server_answers_as_the_one_that_was_saved(
    small: Callable[..., Small], taken: dict[str, Any], tmp_path: Path, kept: bool
) -> None:
    emulator, program = other(small, taken, clock=NOON + 500, id_seed=9, data=tmp_path / "data" if kept else None)
    old = program.group("old")
    assert emulator.load_snapshot(taken["path"]) == taken["facts"]
    assert program.recommend(taken["campaign"], "u1") == taken["answer"]
    assert emulator.clock.now() == NOON
    assert emulator.ids.uuid() == taken["next id"]
    groups = program.personalize.list_dataset_groups()["datasetGroups"]
    assert [group["name"] for group in groups] == ["shop"]
    assert old not in str(groups)
    # It goes on from there: events move it, and it trains.
    program.send(taken["tracking"], "s", "b1", "b2", "b3", user="u1")
    assert program.recommend(taken["campaign"], "u1") != taken["answer"]
    assert program.version(program.solution(program.arn("dataset-group/shop"), "again", POPULARITY))


def test_a_data_folder_has_what_was_loaded_after_a_restart(taken: dict[str, Any], tmp_path: Path) -> None:
    settings = Settings(port=0, companion=False, s3_root=tmp_path, data=tmp_path / "data", clock=NOON)
    for round_ in range(2):
        with BackgroundServer(settings, build_checked) as server:
            if not round_:
                server.emulator.load_snapshot(taken["path"])
            program = Program(server.url, account=taken["account"])
            assert program.recommend(taken["campaign"], "u1") == taken["answer"]
    assert not [path for path in (tmp_path / "data").iterdir() if "snapshot" in path.name]


def test_loading_again_undoes_what_came_since(small: Callable[..., Small], taken: dict[str, Any]) -> None:
    emulator, program = other(small, taken)
    emulator.load_snapshot(taken["path"])
    before = names(emulator)
    program.stocked("later", interactions_csv(users=31))
    program.send(taken["tracking"], "s", "b1", "b2", "b3", user="u1")
    assert names(emulator) > before
    emulator.load_snapshot(taken["path"])
    assert program.recommend(taken["campaign"], "u1") == taken["answer"]
    assert names(emulator) == before


def test_what_has_the_name_of_something_else_gets_another(
    small: Callable[..., Small], taken: dict[str, Any], tmp_path: Path
) -> None:
    """Two servers with one seed name different data alike."""
    emulator, program = other(small, taken, id_seed=4, data=tmp_path / "data")
    program.stocked("shop", interactions_csv(users=40, kind="other"))
    emulator.load_snapshot(taken["path"])
    assert program.recommend(taken["campaign"], "u1") == taken["answer"]
    # The data too, not only the model that was made of it.
    again = program.campaign(program.version(program.solution(program.arn("dataset-group/shop"), "p", POPULARITY)), "p")
    assert len(program.recommend(again, "u1", numResults=50)) == 40
    with zipfile.ZipFile(taken["path"]) as archive:
        saved = {name.split("/")[1] for name in archive.namelist() if name.startswith(("datasets/", "artifacts/"))}
    assert saved - names(emulator)


def test_a_snapshot_of_the_format_before_is_brought_to_this_one(
    small: Callable[..., Small], taken: dict[str, Any], tmp_path: Path
) -> None:
    emulator, program = other(small, taken)
    facts = emulator.load_snapshot(aged(taken["path"], tmp_path / "old.snapshot", tmp_path))
    assert facts["store"] == 5
    assert program.recommend(taken["campaign"], "u1") == taken["answer"]
    with emulator.database.read() as rows:
        # What was used before nobody knows; the campaign is seen to run from here on.
        assert {used.kind for used in rows.used()} == {"capacity"}
    assert emulator.save_snapshot(tmp_path / "new.snapshot")["store"] == FORMAT


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"manifest": lambda told: told.update(snapshot=2)}, "is a snapshot of form 2; this version reads form 1"),
        (
            {"manifest": lambda told: told.update(store=FORMAT + 1)},
            f"has a store of format {FORMAT + 1}; this version reads formats 1 to {FORMAT}",
        ),
        (
            {"manifest": lambda told: told.update(store=5)},
            "is damaged: its store has another format than its manifest says",
        ),
        ({"manifest": lambda told: told.pop("clock")}, "is damaged: its manifest is not complete: 'clock'"),
        ({"manifest": lambda told: told.update(ids=[3, [1], None])}, "is damaged: its manifest is not complete: "),
        ({"manifest": lambda told: told["clock"].update(now=10**400)}, "is damaged: its manifest is not complete: "),
        (
            {"files": lambda files: files.update({"personalize.sqlite3": b"SQLite"}), "honest": True},
            "is damaged: its store cannot be read: ",
        ),
        ({"files": lambda files: files.popitem()}, "is damaged: its files are not those of its manifest"),
        (
            {"files": lambda files: files.update({"../out": b"x"}), "honest": True},
            "is damaged: '../out' is no name of a file of a snapshot",
        ),
        (
            {"files": lambda files: files.update({"datasets/" + "0" * 8 + "-0" * 4 + "/../../out": b""})},
            "is damaged: its files are not those of its manifest",
        ),
    ],
)
def test_a_snapshot_that_cannot_be_loaded_changes_nothing(
    small: Callable[..., Small], taken: dict[str, Any], tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    emulator, program = other(small, taken, clock=NOON + 7)
    program.group("mine")
    before = {path for path in emulator.root.rglob("*") if "sqlite3" not in path.name}
    bad = rewritten(taken["path"], tmp_path / "bad.snapshot", **change)
    with pytest.raises(SnapshotError) as caught:
        emulator.load_snapshot(bad)
    assert str(caught.value).startswith(f"{bad} {message}")
    assert "\n" not in str(caught.value)
    assert [group["name"] for group in program.personalize.list_dataset_groups()["datasetGroups"]] == ["mine"]
    assert {path for path in emulator.root.rglob("*") if "sqlite3" not in path.name} == before
    assert emulator.clock.now() == NOON + 7


def test_every_damaged_byte_is_noticed(small: Callable[..., Small], taken: dict[str, Any], tmp_path: Path) -> None:
    emulator, program = other(small, taken)
    program.group("mine")
    whole = taken["path"].read_bytes()
    bad = tmp_path / "bad.snapshot"
    for place in range(40, len(whole) - 30, len(whole) // 25):
        bad.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            emulator.load_snapshot(bad)
        except SnapshotError:
            continue
        # A byte that nobody reads, as the time of an entry; the state is whole then.
        assert program.recommend(taken["campaign"], "u1") == taken["answer"]
        program.personalize.create_dataset_group(name="mine")
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        bad.write_bytes(whole[:length])
        with pytest.raises(SnapshotError, match=r"is no snapshot, or is damaged|is damaged"):
            emulator.load_snapshot(bad)
    assert "mine" in str(program.personalize.list_dataset_groups())


def test_a_store_that_fails_to_take_over_keeps_the_old_state(
    small: Callable[..., Small], taken: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator, program = other(small, taken)
    program.group("mine")

    def full(store: Path, while_still: Callable[[], object]) -> None:
        while_still()
        raise sqlite3.OperationalError(f"database or disk is full: {store.name}")

    with monkeypatch.context() as patched:
        patched.setattr(emulator.database, "become", full)
        with pytest.raises(SnapshotError, match="cannot be put in force: database or disk is full"):
            emulator.load_snapshot(taken["path"])
    assert [group["name"] for group in program.personalize.list_dataset_groups()["datasetGroups"]] == ["mine"]
    emulator.jobs.sweep()
    assert not any((emulator.root / "artifacts").iterdir())
    emulator.load_snapshot(taken["path"])
    assert program.recommend(taken["campaign"], "u1") == taken["answer"]


def test_a_snapshot_that_is_taken_while_others_write_is_of_one_moment(
    small: Callable[..., Small], tmp_path: Path
) -> None:
    made = small()
    emulator, program = made.server.emulator, made.program
    tracking = program.tracker(program.group())
    ended = threading.Event()
    sent = []

    def write() -> None:
        while not ended.is_set():
            program.send(tracking, "s", *(f"i{len(sent)}-{part}" for part in range(10)), user="u")
            sent.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        until(lambda: len(sent), lambda count: count >= 5)
        emulator.save_snapshot(tmp_path / "moment.snapshot")
        here = len(sent)
    finally:
        ended.set()
        writer.join()
    emulator.load_snapshot(tmp_path / "moment.snapshot")
    with emulator.database.read() as rows:
        count = len(list(rows.events(program.arn("dataset-group/shop"), until=10**9)))
    assert count % 10 == 0
    assert 50 <= count <= 10 * (here + 1)


def test_the_clock_of_the_machine_stays(small: Callable[..., Small], taken: dict[str, Any]) -> None:
    emulator, program = other(small, taken, clock=None)
    emulator.load_snapshot(taken["path"])
    assert not emulator.clock.is_virtual
    assert emulator.clock.now() > NOON + 1000
    assert len(program.recommend(taken["campaign"], "u1")) == len(taken["answer"])


def test_a_machine_clock_that_was_frozen_stands_at_the_time_of_the_snapshot(
    small: Callable[..., Small], taken: dict[str, Any]
) -> None:
    emulator, _ = other(small, taken, clock=None)
    emulator.freeze()
    emulator.load_snapshot(taken["path"])
    assert emulator.clock.stands
    assert NOON <= emulator.clock.now() < NOON + 10_000_000
    emulator.reset()
    assert not emulator.clock.is_virtual


def test_what_a_killed_process_left_is_deleted_at_the_next_start(tmp_path: Path) -> None:
    left = tmp_path / ".personalize-local-snapshot-x" / "datasets"
    left.mkdir(parents=True)
    received = tmp_path / ".personalize-local-snapshot-y"
    received.write_bytes(b"half")
    emulator = build_checked(Settings(data=tmp_path, executor="inline"))
    emulator.start()
    emulator.close()
    assert not left.parent.exists()
    assert not received.exists()


def test_a_place_that_cannot_be_written_is_said_in_one_line(small: Callable[..., Small], tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=r"nowhere/x cannot be written: No such file or directory$"):
        small().server.emulator.save_snapshot(tmp_path / "nowhere" / "x")


def test_a_job_that_was_not_finished_begins_anew(
    small: Callable[..., Small], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = small(), small()
    program = first.program
    solution = program.solution(program.stocked())
    # As where a worker has it in hand: the store knows it, and nothing has come of it.
    monkeypatch.setattr(first.server.emulator.jobs, "submit", lambda _: None)
    version = program.version(solution)
    first.server.emulator.save_snapshot(tmp_path / "busy.snapshot")
    second.server.emulator.load_snapshot(tmp_path / "busy.snapshot")
    there = Program(second.server.url, account=program.account)
    described = there.personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert described["status"] == "ACTIVE"
    assert there.recommend(there.campaign(version), "u1")


def test_large_files_take_little_memory(small: Callable[..., Small], tmp_path: Path) -> None:
    emulator = small().server.emulator
    name = str(uuid.uuid4())
    (emulator.root / "artifacts" / name).mkdir(parents=True)
    with (emulator.root / "artifacts" / name / "scores.npy").open("wb") as file:
        file.truncate(48 << 20)
    tracemalloc.start()
    try:
        emulator.save_snapshot(tmp_path / "large.snapshot")
        facts = emulator.load_snapshot(tmp_path / "large.snapshot")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert facts["bytes"] > 48 << 20
    assert peak < 16 << 20


KILLED = """
import os, sys
from pathlib import Path
from personalize_local.emulator import build
from personalize_local.settings import Settings

emulator = build(Settings(data=Path(sys.argv[1]), executor="inline"))
emulator.start()

def killed(store, while_still):
    while_still()
    os._exit(9)

emulator.database.become = killed
emulator.load_snapshot(sys.argv[2])
"""


def test_a_process_that_is_killed_while_it_loads_keeps_the_old_state(taken: dict[str, Any], tmp_path: Path) -> None:
    """Between the files and the store: the one moment at which both states are on disk."""
    settings = Settings(port=0, companion=False, data=tmp_path, executor="inline")
    with BackgroundServer(settings, build_checked) as server:
        Program(server.url, account=taken["account"]).group("mine")
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(taken["path"])]
    assert subprocess.run(command, timeout=60, check=False).returncode == 9
    assert any((tmp_path / "artifacts").iterdir())
    with BackgroundServer(settings, build_checked) as server:
        personalize = Program(server.url, account=taken["account"]).personalize
        assert [group["name"] for group in personalize.list_dataset_groups()["datasetGroups"]] == ["mine"]
        assert not any((tmp_path / "artifacts").iterdir())
        assert not [path for path in tmp_path.iterdir() if "snapshot" in path.name]
