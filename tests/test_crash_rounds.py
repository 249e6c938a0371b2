"""Twenty kills among imports and streams: what was acknowledged is there once, what failed leaves no trace."""

from __future__ import annotations

import json
import random
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from personalize_local.datasets.segments import open_segment
from tests.machine import Machine, Stream, begin_import, finished
from tests.wire.program import Program, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds child processes through /proc"),
]

ROUNDS = 20
ROWS = 2_000


def rows(number: int, *, good: bool) -> str:
    """An import of users of its own; a bad one ends in a row that does not conform."""
    lines = [f"r{number}-{row},i{row % 50},{1_700_000_000 + row},watch,," for row in range(ROWS)]
    return "\n".join(
        ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE", *lines, "" if good else "u,i,when,w,,"]
    )


class Ledger:
    """What was acknowledged so far."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.events: list[str] = []
        self.items: list[str] = []
        self.imports: dict[str, bool] = {}

    def check(self, program: Program) -> None:
        """Compare with what a new server finds."""
        for job, good in self.imports.items():
            found = finished(program, job)
            assert found["status"] == ("ACTIVE" if good else "CREATE FAILED"), found
        for acknowledged, sql in (
            (self.events, "SELECT item_id FROM events"),
            (self.items, "SELECT id FROM streamed_rows"),
        ):
            stored = Counter(row[0] for row in self._machine.query(sql))
            assert not set(acknowledged) - set(stored)
            assert not stored or max(stored.values()) == 1
        self._check_segments()

    def _check_segments(self) -> None:
        states = self._machine.query("SELECT state FROM resources WHERE kind = 'dataset'")
        folders = [segment["folder"] for (state,) in states for segment in json.loads(state).get("segments", ())]
        good = sum(self.imports.values())
        assert len(folders) == len(set(folders)) == good
        users: Counter[str] = Counter()
        for folder in folders:
            table = open_segment(self._machine.data / "datasets" / folder).table
            users.update(table.column("USER_ID").to_pylist())
        assert len(users) == good * ROWS
        assert not users or max(users.values()) == 1


def put_items(program: Program, dataset: str, *ids: str) -> None:
    items: list[dict[str, Any]] = [{"itemId": id_, "properties": '{"genre": "crime"}'} for id_ in ids]
    program.events.put_items(datasetArn=dataset, items=items)


def test_twenty_kills_lose_nothing_and_double_nothing(machine: Machine) -> None:
    chance = random.Random(7)
    program = machine.start()
    group = program.group()
    interactions, catalogue = program.dataset(group), program.dataset(group, "ITEMS")
    tracking = program.tracker(group)
    ledger = Ledger(machine)
    for number in range(ROUNDS):
        streams = (
            Stream(f"e{number}", partial(program.send, tracking, "session", user="streamer")),
            Stream(f"c{number}", partial(put_items, program, catalogue)),
        )
        good = number % 3 != 2
        mode = "INCREMENTAL" if any(ledger.imports.values()) else "FULL"
        job = begin_import(program, interactions, f"round-{number}", rows(number, good=good), importMode=mode)
        ledger.imports[job] = good
        # Killed at once, among a few calls, or when the import has probably ended.
        least = chance.choice((0, 3, 30, 150))
        until(lambda streams=streams, least=least: min(len(one.acknowledged) for one in streams) >= least, bool)
        machine.kill()
        for stream in streams:
            stream.end()
        ledger.events += streams[0].acknowledged
        ledger.items += streams[1].acknowledged
        program = machine.start()
        ledger.check(program)
    assert len(ledger.events) > 100
    assert len(ledger.items) > 100
    # Nothing is left beside what is referred to.
    machine.kill()
    machine.start()
    assert len(machine.segments()) == sum(ledger.imports.values())
