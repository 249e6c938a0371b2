"""Jobs in parts: all workers at once, each part once, and what becomes of failures."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from personalize_local.clock import SettableClock
from personalize_local.jobs import course
from personalize_local.jobs.course import Progress, Stages
from personalize_local.jobs.executors import InlineExecutor, process_executor
from personalize_local.jobs.runner import JobRunner, JobType
from personalize_local.jobs.workplace import JobFailure, Workplace
from personalize_local.store.database import Database
from personalize_local.store.objects import ObjectsConfig
from personalize_local.store.records import Job
from tests.wire.program import until

from .bench import kept


def prepare(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    if "refuse" in payload:
        raise JobFailure(payload["refuse"])
    count = payload["parts"]
    done = [number for number in range(count) if (workplace.root / f"part-{number}").exists()]
    return {"lines": [10] * count, "done": done}


def part(payload: Mapping[str, Any], workplace: Workplace, number: int) -> dict[str, int]:
    if number == payload.get("bad"):
        raise JobFailure(f"part {number} cannot be done")
    with (workplace.root / f"part-{number}").open("a") as file:
        file.write("x")
    return {}


def finish(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    texts = [(workplace.root / f"part-{number}").read_text() for number in range(payload["parts"])]
    return {"texts": texts}


class Held(Executor):
    """Keeps tasks until the test has them done."""

    def __init__(self) -> None:
        self.tasks: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.closed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self.closed:
            raise RuntimeError("no more tasks")
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        self.tasks.append((future, lambda: fn(*args, **kwargs)))
        return future

    def do(self, place: int = 0) -> None:
        future, task = self.tasks.pop(place)
        try:
            result = task()
        except JobFailure as failure:
            future.set_exception(failure)
        else:
            future.set_result(result)

    def lose(self) -> None:
        """All workers have died."""
        self.closed = True
        while self.tasks:
            self.tasks.pop(0)[0].set_exception(BrokenProcessPool("a worker ended"))


class Bench:
    """A runner over a store, whose executors are ``made``."""

    def __init__(self, root: Path, make: Callable[[], Executor], width: int) -> None:
        self.root, self.made = root, list[Any]()
        self.database = Database(root / "personalize.sqlite3")
        storage = ObjectsConfig(root=root)

        self.runner = JobRunner(
            database=self.database,
            clock=SettableClock(100.0),
            types={"work": JobType(run=finish, stages=Stages(prepare=prepare, part=part, unit="crumbs"))},
            make_executor=kept(make, self.made),
            workplace=lambda _: Workplace(root=root, storage=storage, seed=0, relaxed_minimums=True),
            width=width,
        )

    def begin(self, **payload: Any) -> None:
        with self.database.write() as rows:
            rows.add_job(Job(arn="a", kind="work", payload=payload, submitted=1.0))
        self.runner.submit("a")

    @property
    def job(self) -> Job:
        with self.database.read() as rows:
            job = rows.job("a")
        assert job is not None
        return job

    def numbers(self) -> list[int]:
        """The parts that were begun so far."""
        return sorted(int(path.name[5:]) for path in self.root.glob("part-*"))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(executor: Callable[[], Executor], width: int = 1) -> Bench:
        made.append(Bench(tmp_path, executor, width))
        return made[-1]

    yield make
    for one in made:
        one.runner.close()
        one.database.close()


MakeBench = Callable[..., Bench]


@pytest.mark.parametrize("parts", [0, 1, 3_000])
def test_inline_all_parts_are_done_once_however_many_they_are(bench: MakeBench, parts: int) -> None:
    one = bench(InlineExecutor)
    one.begin(parts=parts)
    assert (one.job.state, one.job.result) == ("DONE", {"texts": ["x"] * parts})
    assert one.runner.running == 0
    assert one.runner.progress("a") is None


def test_as_many_parts_as_there_are_workers_are_under_way(bench: MakeBench) -> None:
    one = bench(Held, width=3)
    one.begin(parts=5)
    (executor,) = one.made
    executor.do()
    assert len(executor.tasks) == 3
    executor.do(2)
    assert (one.numbers(), len(executor.tasks)) == ([2], 3)
    for _ in range(4):
        executor.do()
    assert (one.numbers(), one.job.state) == ([0, 1, 2, 3, 4], "PENDING")
    executor.do()
    assert one.job.result == {"texts": ["x"] * 5}


def test_progress_counts_what_is_done(bench: MakeBench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "personalize_local.jobs")
    (course_seconds := pytest.MonkeyPatch()).setattr(course, "_BETWEEN_LOGS", 0.0)
    one = bench(Held)
    (one.root / "part-1").write_text("before")
    one.begin(parts=4)
    (executor,) = one.made
    assert one.runner.report(one.job)["state"] == "RUNNING"
    executor.do()
    executor.do()
    course_seconds.undo()
    told = one.runner.report(one.job)
    progress = told["progress"]
    assert (told["state"], progress["unit"], progress["all"], progress["done"]) == ("RUNNING", "crumbs", 40, 20)
    assert progress["perSecond"] > 0
    assert progress["secondsLeft"] == pytest.approx(20 / progress["perSecond"], rel=0.5, abs=0.1)
    assert "a: 20 of 40 crumbs, " in caplog.text
    for _ in range(3):
        executor.do()
    assert one.job.result == {"texts": ["x", "before", "x", "x"]}
    assert "progress" not in one.runner.report(one.job)


def test_nothing_is_known_of_the_time_left_before_anything_is_done() -> None:
    facts = Progress(lines=10).facts()
    assert (facts["done"], facts["perSecond"], facts["secondsLeft"]) == (0, 0.0, None)


@pytest.mark.parametrize("width", [1, 2])
def test_a_part_that_fails_fails_the_job(bench: MakeBench, width: int) -> None:
    one = bench(InlineExecutor, width)
    one.begin(parts=5, bad=2)
    assert (one.job.state, one.job.result["reason"]) == ("FAILED", "part 2 cannot be done")
    assert one.numbers() == [0, 1]


def test_a_job_that_cannot_be_prepared_fails(bench: MakeBench) -> None:
    one = bench(InlineExecutor)
    one.begin(parts=5, refuse="no input")
    assert (one.job.state, one.job.result["reason"], one.numbers()) == ("FAILED", "no input", [])


def test_after_the_death_of_workers_the_rest_is_done_by_others(bench: MakeBench) -> None:
    one = bench(Held, width=2)
    one.begin(parts=4)
    first = one.made[0]
    first.do()
    first.do()
    first.lose()
    second = one.made[1]
    while second.tasks:
        second.do()
    assert one.job.result == {"texts": ["x"] * 4}


def test_workers_that_die_again_and_again_fail_the_job(bench: MakeBench) -> None:
    one = bench(Held, width=2)
    one.begin(parts=4)
    for number in range(2):
        one.made[number].do()
        one.made[number].lose()
    assert (one.job.state, one.job.result["reason"]) == ("FAILED", "The process that ran the job ended.")


def test_a_job_that_is_gone_from_the_store_is_not_gone_on_with(bench: MakeBench) -> None:
    one = bench(Held)
    one.begin(parts=4)
    (executor,) = one.made
    executor.do()
    with one.database.write() as rows:
        rows.stop_job("a")
    executor.do()
    assert (executor.tasks, one.numbers(), one.runner.running) == ([], [0], 0)
    assert one.job.state == "STOPPED"


def test_child_processes_share_the_parts(bench: MakeBench) -> None:
    one = bench(lambda: process_executor(2), width=2)
    one.begin(parts=6)
    assert until(lambda: one.job, lambda job: job.state != "PENDING").result == {"texts": ["x"] * 6}
