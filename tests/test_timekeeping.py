"""The time that a data folder has, from one start to the next."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from personalize_local.emulator import Emulator, build
from personalize_local.settings import Settings
from personalize_local.store.usage import Used

START, HOUR, DAY = 1_767_225_600.0, 3600.0, 86_400.0
OWNER = "arn:aws:personalize:us-east-1:123456789012:"


@contextmanager
def started(data: Path | None, clock: float | None = START) -> Iterator[Emulator]:
    emulator = build(Settings(executor="inline", data=data, clock=clock))
    emulator.start()
    try:
        yield emulator
    finally:
        emulator.close()


def time_after_a_kill(emulator: Emulator, folder: Path) -> float:
    """When a server would begin on what is on disk now."""
    left = folder / f"left-{len(list(folder.iterdir()))}"
    shutil.copytree(emulator.root, left)
    with started(left) as later:
        return later.clock.now()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_the_bill_goes_on_after_a_restart(data: Path) -> None:
    used = Used(
        kind="capacity",
        resource=f"{OWNER}campaign/home",
        group=f"{OWNER}dataset-group/shop",
        at=START,
        amount=1,
        facts={"recipe": "aws-sims"},
    )
    bills = []
    with started(data) as emulator:
        with emulator.database.write() as rows:
            rows.use(used)
        emulator.advance(30 * DAY)
        bills.append(emulator.costs()["cost"])
    for _ in range(2):
        with started(data) as emulator:
            assert emulator.clock_facts() == {
                "now": START + 30 * DAY,
                "clock": "virtual",
                "frozen": True,
                "tick": 0.0,
            }
            bills.append(emulator.costs()["cost"])
    assert bills == ["144.1152"] * 3


@pytest.mark.parametrize(
    "move",
    [
        lambda emulator: emulator.advance(HOUR),
        lambda emulator: emulator.set_time(START + HOUR),
        lambda emulator: (emulator.clock.advance(HOUR), emulator.freeze()),
    ],
    ids=["advance", "set", "freeze"],
)
def test_a_move_that_is_answered_outlives_a_kill(tmp_path: Path, data: Path, move: Callable[[Emulator], Any]) -> None:
    with started(data) as emulator:
        move(emulator)
        assert time_after_a_kill(emulator, tmp_path) == START + HOUR


def test_ticks_are_written_down_at_the_next_look_and_at_the_end(tmp_path: Path, data: Path) -> None:
    with started(data) as emulator:
        emulator.tick(60)
        answer = emulator.controls.wrap("ListSchemas", lambda *_: {})
        for _ in range(2):
            answer(emulator._own_context(), {})
        assert emulator.clock.now() == START + 120
        assert time_after_a_kill(emulator, tmp_path) == START
        emulator.look()
        assert time_after_a_kill(emulator, tmp_path) == START + 120
        written = emulator.database.appended
        emulator.look()
        assert emulator.database.appended == written, "a clock that stands costs no writes"
        emulator.clock.advance(1)
    with started(data) as emulator:
        assert emulator.clock.now() == START + 121


def test_a_later_start_counts_and_an_earlier_one_does_not(data: Path) -> None:
    with started(data) as emulator:
        emulator.advance(DAY)
    with started(data, START + HOUR) as emulator:
        assert emulator.clock.now() == START + DAY
    with started(data, START + 2 * DAY) as emulator:
        assert emulator.clock.now() == START + 2 * DAY
    with started(data) as emulator:
        assert emulator.clock.now() == START + 2 * DAY


def test_a_reset_keeps_the_time(tmp_path: Path, data: Path) -> None:
    with started(data) as emulator:
        emulator.advance(DAY)
        emulator.reset()
        assert time_after_a_kill(emulator, tmp_path) == START + DAY


def test_a_snapshot_that_is_loaded_brings_its_time(tmp_path: Path, data: Path) -> None:
    with started(data) as emulator:
        emulator.advance(HOUR)
        emulator.save_snapshot(tmp_path / "early.snapshot")
        emulator.advance(DAY)
        emulator.load_snapshot(tmp_path / "early.snapshot")
        assert time_after_a_kill(emulator, tmp_path) == START + HOUR
    with started(data) as emulator:
        assert emulator.clock.now() == START + HOUR


def test_the_machines_clock_is_not_kept(data: Path) -> None:
    with started(data, None) as emulator:
        emulator.freeze()
        emulator.advance(1000 * DAY)
        far = emulator.clock.now()
    with started(data, None) as emulator:
        assert emulator.clock_facts()["clock"] == "machine"
        assert emulator.clock.now() < far
    with started(data) as emulator:
        assert emulator.clock.now() == START


def test_without_a_data_folder_nothing_is_written(tmp_path: Path) -> None:
    with started(None) as emulator:
        emulator.advance(DAY)
        emulator.look()
        assert time_after_a_kill(emulator, tmp_path) == START
