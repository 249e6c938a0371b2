"""Statuses as pure functions of record, job, mode and time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_local.jobs.lifecycle import Mode, Modes, ended_at, holds_name, is_gone, phase
from personalize_local.settings import SettingError
from personalize_local.store.records import Job

PENDING = Job(arn="a", kind="k", submitted=0.0)
DONE = Job(arn="a", kind="k", state="DONE", submitted=0.0, finished=7.0)
FAILED = Job(arn="a", kind="k", state="FAILED", submitted=0.0, finished=7.0)
MODES = (Mode(), Mode(kind="polls", amount=2), Mode(kind="timed", amount=10), Mode(kind="real"))


def shown(mode: Mode, *, polls: int = 0, now: float = 0.0, job: Job | None = None) -> str:
    return phase(mode, since=0.0, polls=polls, job=job, now=now, real_seconds=100.0)


def test_instant_waits_for_the_work_alone() -> None:
    assert [shown(Mode(), job=job) for job in (None, PENDING, DONE, FAILED)] == [
        "DONE",
        "IN_PROGRESS",
        "DONE",
        "FAILED",
    ]


def test_polls_count_answers() -> None:
    mode = Mode(kind="polls", amount=3)
    assert [shown(mode, polls=n) for n in range(4)] == ["PENDING", "IN_PROGRESS", "IN_PROGRESS", "DONE"]


def test_timed_and_real_follow_the_clock() -> None:
    timed = Mode(kind="timed", amount=10)
    assert [shown(timed, now=now) for now in (0.5, 5.0, 10.0)] == ["PENDING", "IN_PROGRESS", "DONE"]
    assert [shown(Mode(kind="real"), now=now) for now in (5.0, 50.0, 100.0)] == ["PENDING", "IN_PROGRESS", "DONE"]


@given(st.sampled_from(MODES), st.integers(0, 10), st.floats(0, 1000))
def test_unfinished_work_is_never_done(mode: Mode, polls: int, now: float) -> None:
    assert shown(mode, polls=polls, now=now, job=PENDING) in ("PENDING", "IN_PROGRESS")


@given(st.sampled_from(MODES), st.integers(0, 10), st.floats(0, 1000), st.floats(0, 1000))
def test_a_status_never_goes_back(mode: Mode, polls: int, now: float, later: float) -> None:
    order = ["PENDING", "IN_PROGRESS", "DONE"]
    first = shown(mode, polls=polls, now=now, job=DONE)
    second = shown(mode, polls=polls + 1, now=now + later, job=DONE)
    assert order.index(first) <= order.index(second)


def test_the_end_is_the_later_of_time_and_work() -> None:
    assert ended_at(Mode(), since=1.0, job=DONE, real_seconds=100.0) == 7.0
    assert ended_at(Mode(kind="timed", amount=10), since=1.0, job=DONE, real_seconds=100.0) == 11.0
    assert ended_at(Mode(), since=1.0, job=None, real_seconds=100.0) == 1.0


def test_a_deletion_is_described_once_more_even_when_no_time_passes() -> None:
    gone = [is_gone(Mode(), deleted=0.0, polls=polls, now=0.0, real_seconds=100.0) for polls in (0, 1)]
    assert gone == [False, True]
    assert not holds_name(Mode(), deleted=0.0, polls=0, now=0.0, real_seconds=100.0)


def test_a_timed_deletion_holds_its_name_until_it_ends() -> None:
    mode = Mode(kind="timed", amount=10)
    holds = [holds_name(mode, deleted=0.0, polls=5, now=now, real_seconds=100.0) for now in (9.0, 10.0)]
    assert holds == [True, False]


def test_modes_are_read_per_kind() -> None:
    modes = Modes.parse(
        "instant,campaign=timed:5,solution-version=polls:2", frozenset({"campaign", "solution-version"})
    )
    assert modes.of("campaign") == Mode(kind="timed", amount=5)
    assert modes.of("solution-version") == Mode(kind="polls", amount=2)
    assert modes.of("dataset") == Mode()


@pytest.mark.parametrize(
    "text", ["", "fast", "polls", "polls:0", "polls:x", "timed:-1", "timed:nan", "timed:inf", "instant:1"]
)
def test_a_mode_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(SettingError, match="is none of instant, polls:N, timed:SECONDS, real"):
        Modes.parse(text, frozenset())


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(SettingError, match="unknown resource kind 'moon'"):
        Modes.parse("moon=instant", frozenset({"campaign"}))
