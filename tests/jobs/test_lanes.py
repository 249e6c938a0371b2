"""A job that kills its worker is the only one that fails for it."""

from __future__ import annotations

import pytest

from personalize_local.jobs.executors import process_executor
from tests.wire.program import until

from .bench import Bench, Later, MakeBench

NAMES = ("a", "b", "c")


def broken(bench: MakeBench) -> Bench:
    """Three jobs, under which the worker has died."""
    one = bench(Later)
    for name in NAMES:
        one.begin(name)
    one.made[0].lose()
    return one


def states(one: Bench) -> list[str]:
    return [one.job(name).state for name in NAMES]


def alive(one: Bench) -> list[int]:
    workers = [worker for pool in one.made for worker in (pool._processes or {}).values()]
    return [worker.pid for worker in workers if worker.is_alive()]


def stop(one: Bench, arn: str) -> None:
    with one.database.write() as rows:
        rows.stop_job(arn)
    one.runner.stop(arn)


def test_jobs_under_which_a_worker_died_run_one_at_a_time(bench: MakeBench) -> None:
    one = broken(bench)
    _, alone = one.made
    for number, name in enumerate(NAMES):
        assert len(alone.futures) == number + 1
        assert one.runner.running == 3 - number
        alone.futures[number].set_result({"of": name})
    assert [one.job(name).result for name in NAMES] == [{"of": name} for name in NAMES]
    assert (len(one.made), one.runner.running) == (2, 0)


def test_the_one_that_breaks_its_own_executor_fails_and_the_next_one_has_another(bench: MakeBench) -> None:
    one = broken(bench)
    one.made[1].lose()
    assert states(one) == ["FAILED", "PENDING", "PENDING"]
    assert one.job("a").result == {"reason": "The process that ran the job ended."}
    assert len(one.made[2].futures) == 1
    for number in range(2):
        one.made[2].futures[number].set_result({})
    assert states(one) == ["FAILED", "DONE", "DONE"]


def test_jobs_that_come_later_do_not_wait_for_those_that_run_alone(bench: MakeBench) -> None:
    one = broken(bench)
    one.begin("later")
    one.made[2].futures[0].set_result({})
    assert one.job("later").state == "DONE"
    assert states(one) == ["PENDING"] * 3


@pytest.mark.parametrize("beside", [True, False])
def test_the_executor_of_second_attempts_becomes_that_of_all_unless_there_is_one(
    bench: MakeBench, beside: bool
) -> None:
    one = broken(bench)
    if beside:
        one.begin("beside")
    alone = one.made[1]
    for number in range(3):
        assert not alone.ended
        alone.futures[number].set_result({})
    assert alone.ended is beside
    one.begin("later")
    assert len(one.made) == 2 + beside
    assert len(one.made[-1].futures) == (2 if beside else 4)


def test_one_that_is_stopped_while_it_waits_for_its_turn_never_runs(bench: MakeBench) -> None:
    one = broken(bench)
    stop(one, "b")
    for number in range(2):
        one.made[1].futures[number].set_result({})
    assert states(one) == ["DONE", "STOPPED", "DONE"]
    assert len(one.made[1].futures) == 2


def test_one_that_is_stopped_while_it_runs_alone_lets_the_next_one_begin(bench: MakeBench) -> None:
    one = broken(bench)
    stop(one, "a")
    one.made[1].lose()
    for number in range(2):
        one.made[2].futures[number].set_result({})
    assert states(one) == ["STOPPED", "DONE", "DONE"]


def test_what_waited_behind_a_job_that_kills_its_worker_is_done(bench: MakeBench) -> None:
    one = bench(lambda: process_executor(1))
    one.add("a", kills=True)
    one.add("b")
    one.add("c")
    one.runner.resume()
    until(lambda: states(one), lambda found: "PENDING" not in found)
    assert states(one) == ["FAILED", "DONE", "DONE"]
    assert one.runner.running == 0
    until(lambda: alive(one), lambda left: len(left) == 1)
