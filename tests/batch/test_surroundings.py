"""What a worker keeps of a batch job goes when the job has ended, or gives it nothing to do."""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from weakref import ref

import pytest

from personalize_local.batch import inference, surroundings
from personalize_local.batch.files import folder_of
from personalize_local.batch.jobs import INFERENCE, SEGMENTS
from personalize_local.batch.surroundings import KEPT_SECONDS, Surroundings, let_go, surroundings_of
from personalize_local.jobs.executors import process_executor, stop
from personalize_local.jobs.partitions import Cutter, Plan
from personalize_local.jobs.workplace import Workplace
from personalize_local.store.objects import ObjectsConfig


class Clock:
    """Stands for timers: one begins with each question and ends when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Clock.Timer] = []

    class Timer:
        def __init__(self, seconds: float, function: Callable[[], None]) -> None:
            self.seconds, self.function, self.daemon = seconds, function, False
            self.begun = self.cancelled = False

        def start(self) -> None:
            assert self.daemon
            self.begun = True

        def cancel(self) -> None:
            self.cancelled = True

    def timer(self, seconds: float, function: Callable[[], None]) -> Timer:
        self.waiting.append(Clock.Timer(seconds, function))
        return self.waiting[-1]

    def running(self) -> list[Timer]:
        return [one for one in self.waiting if one.begun and not one.cancelled]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    let_go()
    made = Clock()
    monkeypatch.setattr(surroundings, "Timer", made.timer)
    yield made
    let_go()


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(root=tmp_path, storage=ObjectsConfig(root=tmp_path), seed=0, relaxed_minimums=True)


def payload(name: str = "work", **more: Any) -> dict[str, Any]:
    return {"settings": {}, "held": {}, "work": name, "output": "s3://bucket/out/", **more}


def planned(given: Mapping[str, Any], workplace: Workplace) -> None:
    """An input without a line."""
    folder = folder_of(given, workplace)
    folder.begin()
    folder.keep(Plan(names=[], parts=[]))


def opened(given: Mapping[str, Any], workplace: Workplace) -> int:
    """In a worker: have the surroundings of a job, and count."""
    surroundings_of(given, workplace)
    return counted()


def counted() -> int:
    gc.collect()
    return sum(isinstance(one, Surroundings) for one in gc.get_objects())


def test_the_parts_of_a_job_share_its_surroundings_and_another_job_has_its_own(workplace: Workplace) -> None:
    first = surroundings_of(payload(), workplace)
    assert surroundings_of(payload(), workplace) is first
    assert surroundings_of(payload("other"), workplace) is not first


def test_what_is_kept_goes_when_no_part_has_come_for_a_while(workplace: Workplace, clock: Clock) -> None:
    kept = ref(surroundings_of(payload(), workplace))
    surroundings_of(payload(), workplace)
    (timer,) = clock.running()
    assert timer.seconds == KEPT_SECONDS
    gc.collect()
    assert kept() is not None
    timer.function()
    gc.collect()
    assert kept() is None


def test_the_last_step_of_inference_lets_go_in_the_worker_that_does_it(workplace: Workplace) -> None:
    given = payload()
    planned(given, workplace)
    pool = process_executor(1)
    try:
        assert pool.submit(opened, given, workplace).result() == 1
        assert pool.submit(INFERENCE.run, given, workplace).result()["files"] == 0
        assert pool.submit(counted).result() == 0
    finally:
        stop(pool, busy=False)


def test_the_last_step_of_segments_lets_go_even_where_it_fails(workplace: Workplace, clock: Clock) -> None:
    kept = ref(surroundings_of(payload(), workplace))
    with pytest.raises(AssertionError):
        SEGMENTS.run(payload(), workplace)  # there is no plan
    gc.collect()
    assert kept() is None
    assert clock.running() == []


class Answers:
    """Gives each line back."""

    def __init__(self, *_: Any) -> None:
        pass

    def of(self, lines: Iterator[bytes], facts: dict[str, int]) -> Iterator[bytes]:
        facts["errors"] += 1
        yield from lines


class Nobody:
    """Surroundings without a store."""

    def rows(self) -> Any:
        return nullcontext()


def parted(given: Mapping[str, Any], workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(given, workplace)
    folder.begin()
    cutter = Cutter(folder)
    cutter.add("a.out", io.BytesIO(b"one\ntwo\n"))
    folder.keep(cutter.plan())
    monkeypatch.setattr(inference, "surroundings_of", lambda *_: Nobody())
    monkeypatch.setattr(inference, "Answers", Answers)


def test_the_input_of_a_part_that_is_answered_goes(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    given = payload()
    parted(given, workplace, monkeypatch)
    folder = folder_of(given, workplace)
    for _ in range(2):
        assert inference.part(given, workplace, 0) == {"errors": 1}
    assert not folder.input(0).exists()
    assert folder.output(0).read_bytes() == b"onetwo"


@pytest.mark.parametrize("done", [True, False])
def test_a_part_whose_input_goes_while_it_begins_was_done_by_another(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    given = payload()
    parted(given, workplace, monkeypatch)
    folder = folder_of(given, workplace)

    class Beaten(Answers):
        def __init__(self, *_: Any) -> None:
            if done:
                folder.finish(0, [b"other"], {"errors": 0}, keep_input=False)
            folder.input(0).unlink(missing_ok=True)

    monkeypatch.setattr(inference, "Answers", Beaten)
    if done:
        assert inference.part(given, workplace, 0) == {"errors": 0}
        assert folder.output(0).read_bytes() == b"other"
    else:
        with pytest.raises(FileNotFoundError):
            inference.part(given, workplace, 0)
