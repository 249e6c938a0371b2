"""Another state is in force: the jobs of the one before end without a trace, its own run once."""

from __future__ import annotations

from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from personalize_local.jobs.executors import process_executor
from personalize_local.store.records import Job
from tests.wire.program import until

from .bench import Bench, Later, MakeBench


def abandon(one: Bench) -> None:
    with one.database.alone():
        one.runner.abandon()


def test_a_job_that_runs_is_not_begun_again(bench: MakeBench) -> None:
    one = bench(Later)
    one.begin("a")
    one.runner.submit("a")
    one.runner.resume()
    assert (len(one.made[0].futures), one.runner.running) == (1, 1)


def test_jobs_under_way_are_cut_off_and_run_once_more_where_the_new_state_has_them(bench: MakeBench) -> None:
    one = bench(lambda: process_executor(1))
    one.begin("a", naps=1)
    one.begin("b")
    until(one.attempts, lambda count: count == 1)
    (worker,) = one.made[0]._processes.values()
    abandon(one)
    one.runner.end_abandoned()
    assert not worker.is_alive()
    assert (one.runner.running, one.job("a").state, one.job("b").state) == (0, "PENDING", "PENDING")
    one.runner.resume()
    for arn in ("a", "b"):
        assert until(lambda arn=arn: one.job(arn), lambda job: job.state != "PENDING").state == "DONE"
    assert one.attempts() == 3
    assert sorted(job.arn for job in one.completed) == ["a", "b"]


@pytest.mark.parametrize("end", ["result", "death"])
def test_what_comes_of_an_abandoned_job_is_nothing(bench: MakeBench, end: str) -> None:
    one = bench(Later)
    one.begin("a")
    abandon(one)
    future = one.made[0].futures[0]
    future.set_result({}) if end == "result" else future.set_exception(BrokenProcessPool("ended"))
    assert (one.job().state, one.completed, len(one.made), one.runner.running) == ("PENDING", [], 1, 0)
    one.runner.resume()
    one.made[1].futures[0].set_result({"of": 2})
    assert one.job().result == {"of": 2}


def test_an_outcome_that_waits_to_be_written_while_the_state_changes_is_not(
    bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = bench(Later)
    one.begin("a")
    write = one.runner._write

    def waits(*given: Any) -> None:
        abandon(one)
        write(*given)

    monkeypatch.setattr(one.runner, "_write", waits)
    one.made[0].futures[0].set_result({"of": "the old state"})
    assert (one.job().state, one.completed) == ("PENDING", [])


def test_jobs_of_the_new_state_go_on_while_the_old_ones_are_ended(bench: MakeBench) -> None:
    one = bench(Later)
    one.begin("old")
    abandon(one)
    one.begin("new")
    one.runner.end_abandoned()
    one.runner.resume()
    first, second = one.made
    assert (len(first.futures), len(second.futures)) == (1, 2)
    second.futures[0].set_result({})
    assert one.job("new").state == "DONE"


def test_a_job_that_waits_to_run_alone_is_abandoned_too(bench: MakeBench) -> None:
    one = bench(Later)
    for arn in ("a", "b"):
        one.begin(arn)
    one.made[0].lose()
    abandon(one)
    one.made[1].futures[0].set_result({})
    assert (len(one.made), len(one.made[1].futures), one.runner.running) == (2, 1, 0)
    one.runner.resume()
    assert len(one.made[2].futures) == 2


def test_idle_workers_stay(bench: MakeBench) -> None:
    one = bench(Later)
    one.begin("a")
    one.made[0].futures[0].set_result({})
    abandon(one)
    one.runner.end_abandoned()
    one.begin("b")
    assert len(one.made) == 1


def test_a_job_is_seen_to_run_until_its_outcome_is_written(bench: MakeBench) -> None:
    one = bench(Later)
    seen = list[int]()
    one.failures = lambda: seen.append(one.runner.running)  # type: ignore[method-assign]
    one.begin("a")
    one.made[0].futures[0].set_result({})
    assert (seen, one.runner.running) == ([1], 0)


def test_a_job_of_another_payload_takes_the_place_of_one_that_is_gone(bench: MakeBench) -> None:
    one = bench(Later)
    one.begin("a", number=1)
    with one.database.write() as rows:
        rows.clear()
        rows.add_job(Job(arn="a", kind="work", payload={"number": 2}, submitted=1.0))
    one.runner.submit("a")
    first, second = one.made[0].futures
    first.set_result({})
    assert (one.job().state, one.runner.running) == ("PENDING", 1)
    second.set_result({})
    assert (one.job().state, one.runner.running) == ("DONE", 0)
