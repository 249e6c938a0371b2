"""The clock: frozen, set, moved, ticking with the calls, and what follows it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from personalize_local.clock import SettableClock
from tests.conftest import Small
from tests.wire.program import POPULARITY, interactions_csv


def test_the_machines_clock_is_frozen_where_it_is_and_a_reset_lets_it_go(small: Callable[..., Small]) -> None:
    emulator = small(clock=None).server.emulator
    with pytest.raises(ValueError, match="the clock is the machine's; freeze it"):
        emulator.advance(1)
    with pytest.raises(ValueError, match="the clock goes by itself; freeze it to let it tick"):
        emulator.tick(1)
    before = time.time()
    now = emulator.freeze()
    assert before <= now <= time.time()
    assert emulator.clock.now() == now
    assert emulator.advance(3600) == now + 3600
    assert emulator.clock_facts() == {"now": round(now + 3600, 3), "clock": "virtual", "frozen": True, "tick": 0.0}
    emulator.reset()
    assert emulator.clock_facts()["clock"] == "machine"
    assert emulator.clock.now() < now + 3600


def test_a_clock_goes_on_from_where_it_was_unfrozen() -> None:
    clock = SettableClock(1000.0)
    assert clock.unfreeze() >= 1000.0
    first = clock.now()
    while clock.now() == first:
        pass
    clock.advance(500)
    stood = clock.freeze()
    assert 1500 < stood < 1600
    assert clock.now() == stood


def test_a_clock_is_set_to_a_time_that_has_not_passed(small: Callable[..., Small]) -> None:
    emulator = small().server.emulator
    assert emulator.set_time(1_700_300_000) == 1_700_300_000.0
    for wrong in (1_700_200_000.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="a clock cannot go back: it is 1700300000"):
            emulator.set_time(wrong)
    with pytest.raises(ValueError, match="finite"):
        emulator.advance(float("inf"))
    for far in (1e18, 10**400):
        with pytest.raises(ValueError, match=r"a clock ends with the year 9999|finite"):
            emulator.advance(far)
        with pytest.raises(ValueError, match="nor beyond the year 9999"):
            emulator.tick(far)
    assert emulator.clock.now() == 1_700_300_000.0


def test_statuses_follow_the_ticks_of_calls(small: Callable[..., Small]) -> None:
    room = small(status="timed:10")
    emulator, personalize = room.server.emulator, room.program.personalize
    arn = room.program.group()
    emulator.tick(4)

    def word() -> str:
        return str(personalize.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]["status"])

    assert [word() for _ in range(4)] == ["CREATE PENDING", "CREATE IN_PROGRESS", "CREATE IN_PROGRESS", "ACTIVE"]
    emulator.tick(0)
    stood = emulator.clock.now()
    word()
    assert emulator.clock.now() == stood == 1_700_200_016.0


def test_automatic_trainings_begin_as_a_frozen_machine_clock_is_moved(small: Callable[..., Small]) -> None:
    room = small(clock=None)
    program, emulator = room.program, room.server.emulator
    emulator.freeze()
    group = program.group()
    program.load(program.dataset(group), interactions_csv())
    solution = program.solution(
        group,
        recipe=POPULARITY,
        performAutoTraining=True,
        solutionConfig={"autoTrainingConfig": {"schedulingExpression": "rate(2 days)"}},
    )
    versions = program.personalize.list_solution_versions

    def count() -> int:
        return len(versions(solutionArn=solution)["solutionVersions"])

    assert count() == 0
    emulator.set_time(emulator.clock.now() + 5 * 86400)
    assert count() == 1  # without new interactions there is nothing for a second one
