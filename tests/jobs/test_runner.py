from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from personalize_local.jobs.executors import InlineExecutor, process_executor, stop
from personalize_local.jobs.workplace import RunAgain
from tests.wire.program import until

from .bench import Later, MakeBench


def test_a_finished_job_is_written_down_and_put_in_force(bench: MakeBench) -> None:
    one = bench(InlineExecutor)
    one.add()
    one.runner.submit("a")
    job = one.job()
    assert (job.state, job.result, job.finished) == ("DONE", {"times": 1}, 100.0)
    assert [done.arn for done in one.completed] == ["a"]
    assert one.runner.running == 0


def test_a_job_runs_once_however_often_it_is_submitted(bench: MakeBench) -> None:
    one = bench(InlineExecutor)
    one.add()
    for _ in range(3):
        one.runner.submit("a")
    one.runner.submit("unknown")
    one.runner.resume()
    assert len(list((one.root / "marks").iterdir())) == 1


def test_a_failure_keeps_its_reason_and_is_told_to_what_puts_jobs_in_force(bench: MakeBench) -> None:
    one = bench(InlineExecutor)
    one.add(reason="Too few.")
    one.runner.submit("a")
    assert (one.job().state, one.job().result) == ("FAILED", {"reason": "Too few.", "report": {"row": 7}})
    assert [job.state for job in one.completed] == ["FAILED"]


def test_an_accident_tells_the_caller_nothing_of_the_inside(bench: MakeBench) -> None:
    one = bench(InlineExecutor)
    one.add(divisor=0)
    one.runner.submit("a")
    assert (one.job().state, one.job().result) == ("FAILED", {"reason": "Internal error."})


def test_what_cannot_be_put_in_force_has_failed(bench: MakeBench) -> None:
    one = bench(InlineExecutor)
    one.add()
    one.completed = None  # type: ignore[assignment]  # makes the completion fail
    one.runner.submit("a")
    assert (one.job().state, one.job().result) == ("FAILED", {"reason": "Internal error."})


def test_an_outcome_that_could_not_be_written_at_once_is_written_again(bench: MakeBench) -> None:
    one = bench(InlineExecutor)
    one.add()
    kept, one.completed = one.completed, None  # type: ignore[assignment]
    one.failures = lambda: setattr(one, "completed", kept)  # type: ignore[method-assign]
    one.runner.submit("a")
    assert one.job().state == "DONE"
    assert [job.arn for job in one.completed] == ["a"]


def test_a_job_whose_ground_has_changed_stays_pending_and_runs_again(bench: MakeBench) -> None:
    one = bench(InlineExecutor)
    one.add()
    met = list[str]()

    def changed() -> None:
        met.append(one.job().state)
        if len(met) < 3:
            raise RunAgain

    one.failures = changed  # type: ignore[method-assign]
    one.runner.submit("a")
    # What others see while the end is written.
    assert met == ["PENDING"] * 3
    assert (one.job().state, len(list((one.root / "marks").iterdir()))) == ("DONE", 3)
    assert one.runner.running == 0


def test_unfinished_jobs_are_taken_up_in_their_order(bench: MakeBench) -> None:
    one = bench(InlineExecutor)
    for arn in ("b", "a", "c"):
        one.add(arn)
    one.runner.resume()
    assert [job.arn for job in one.completed] == ["a", "b", "c"]


def test_a_job_that_was_forgotten_does_not_end_a_later_one_of_its_name(bench: MakeBench) -> None:
    later = Later()
    one = bench(lambda: later)
    one.add(number=1)
    one.runner.submit("a")
    with one.database.write() as rows:
        rows.clear()
    one.add(number=2)
    one.runner.submit("a")
    first, second = later.futures
    first.set_result({"of": 1})
    assert one.job().state == "PENDING"
    assert one.runner.running == 1
    assert one.completed == []
    second.set_result({"of": 2})
    assert (one.job().state, one.job().result) == ("DONE", {"of": 2})
    assert [job.payload["number"] for job in one.completed] == [2]


def test_a_pool_that_broke_while_idle_is_replaced(bench: MakeBench) -> None:
    one = bench(Later)
    one.add("a")
    one.runner.submit("a")
    broken = one.made[0]
    broken.futures[0].set_result({})
    broken.broken = True
    one.add("b")
    one.runner.submit("b")
    assert one.job("b").state == "PENDING"
    replacement = one.made[1]
    replacement.futures[0].set_result({})
    assert one.job("b").state == "DONE"


def test_a_job_whose_worker_dies_again_and_again_fails(bench: MakeBench) -> None:
    one = bench(Later)
    one.add()
    one.runner.submit("a")
    for number in range(2):
        executor = one.made[number]
        executor.futures[0].set_exception(BrokenProcessPool("killed"))
    assert (one.job().state, one.job().result) == ("FAILED", {"reason": "The process that ran the job ended."})
    assert len(one.made) == 2


def test_a_closed_runner_leaves_its_jobs_for_the_next_one(bench: MakeBench) -> None:
    later = Later()
    one = bench(lambda: later)
    one.add()
    one.runner.submit("a")
    one.runner.close()
    later.futures[0].set_result({})
    one.runner.submit("a")
    assert one.job().state == "PENDING"
    assert len(later.futures) == 1


def test_a_sweep_deletes_what_nothing_refers_to(bench: MakeBench) -> None:
    one = bench(InlineExecutor)
    begun, made, lost = (str(uuid.UUID(int=number)) for number in range(3))
    for folder in ("datasets", "artifacts", "spool"):
        for name in (begun, f".{begun}.1.tmp", made, f".{made}.1.tmp", lost, f".{lost}.1.tmp", "owner's", ".git"):
            (one.root / folder / name).mkdir(parents=True)
    one.add("waiting", folder=begun, artifact=begun)
    one.add("done", artifact=made)
    one.runner.submit("done")
    one.runner.sweep()
    for folder, lasting in (("datasets", {made}), ("artifacts", {made}), ("spool", set())):
        left = {path.name for path in (one.root / folder).iterdir()}
        assert left == {f".{begun}.1.tmp", begun, "owner's", ".git"} | lasting


def test_a_killed_worker_is_replaced_and_its_job_finished(bench: MakeBench) -> None:
    one = bench(lambda: process_executor(1))
    one.begin("a", deaths=1)
    assert until(one.job, lambda job: job.state != "PENDING").state == "DONE"
    assert one.attempts() == 2


def test_a_worker_that_is_killed_while_it_waits_is_replaced(bench: MakeBench) -> None:
    one = bench(lambda: process_executor(1))
    one.begin("a")
    until(one.job, lambda job: job.state != "PENDING")
    (worker,) = one.made[-1]._processes.values()
    worker.kill()
    worker.join()
    one.begin("b")
    assert until(lambda: one.job("b"), lambda job: job.state != "PENDING").state == "DONE"


def test_a_stopped_job_ends_its_work_and_what_waited_behind_it_goes_on(bench: MakeBench) -> None:
    one = bench(lambda: process_executor(1))
    one.add(naps=True)
    one.add("b")
    for arn in ("a", "b"):
        one.runner.submit(arn)
    until(lambda: len(list((one.root / "marks").iterdir())), lambda count: count == 1)
    with one.database.write() as rows:
        rows.stop_job("a")
    one.runner.stop("a")
    assert until(lambda: one.job("b"), lambda job: job.state != "PENDING").state == "DONE"
    assert one.job("a").state == "STOPPED"
    assert one.runner.running == 0
    assert [job.arn for job in one.completed] == ["b"]


def test_a_job_that_is_submitted_while_another_is_stopped_runs_on_the_next_executor(bench: MakeBench) -> None:
    one = bench(Later)
    one.add("stopped")
    one.add("other")
    one.runner.submit("stopped")
    first = one.made[0]

    def hand_over(*_: Any) -> Future[Any]:
        # The executor is asked; before the future is noted down, another thread stops the first job.
        with one.database.write() as rows:
            rows.stop_job("stopped")
        one.runner.stop("stopped")
        future: Future[Any] = Future()
        future.set_exception(BrokenProcessPool("stopped"))
        return future

    first.submit = hand_over  # type: ignore[method-assign]
    one.runner.submit("other")
    (second,) = one.made[1:]
    second.futures[0].set_result({"times": 1})
    assert one.job("other").state == "DONE"
    assert one.runner.running == 0


def test_a_job_that_is_stopped_in_the_moment_in_which_it_begins_is_ended(bench: MakeBench) -> None:
    class Meanwhile(Later):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future = super().submit(fn, *args, **kwargs)
            # It runs; before the future is noted down, another thread stops the job.
            with one.database.write() as rows:
                rows.stop_job("a")
            one.runner.stop("a")
            return future

    one = bench(Meanwhile)
    one.add()
    one.runner.submit("a")
    (executor,) = one.made
    assert executor.ended
    assert (one.job().state, one.runner.running) == ("STOPPED", 0)


def test_a_job_that_is_stopped_before_it_begins_never_runs(bench: MakeBench) -> None:
    later = Later()
    one = bench(lambda: later)
    one.add()
    one.runner.submit("a")
    with one.database.write() as rows:
        rows.stop_job("a")
    waiting: Future[Any] = Future()
    one.runner._running["a"].future = waiting
    one.runner.stop("a")
    assert waiting.cancelled()
    later.futures[0].set_result({"times": 1})
    assert (one.job().state, one.completed) == ("STOPPED", [])


@pytest.mark.parametrize("busy", [True, False])
def test_stopping_a_pool_ends_its_processes(busy: bool) -> None:
    pool: Any = process_executor(1)
    worker = pool.submit(os.getpid).result()
    if busy:
        pool.submit(signal.pause)
    stop(pool, busy=busy)
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
