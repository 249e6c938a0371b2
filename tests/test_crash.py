"""Killed servers and workers: what was acknowledged is kept, what was begun is finished, and nothing stays behind."""

from __future__ import annotations

import os
import signal
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from tests.machine import Machine, Stream, begin_import, children_of, finished, parent_of, trained
from tests.wire.program import POPULARITY, ROLE, interactions_csv, items_csv, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds child processes through /proc"),
]


def test_a_killed_server_loses_no_event_and_finishes_its_trainings(machine: Machine) -> None:
    program = machine.start()
    group = program.group()
    job = begin_import(program, program.dataset(group), "load", interactions_csv(users=300, steps=30, catalogue=60))
    assert finished(program, job)["status"] == "ACTIVE"
    tracking = program.tracker(group)
    solution = program.solution(group)
    first = program.version(solution)
    trained(program, first)
    campaign = program.campaign(first)
    acknowledged: list[str] = []
    versions: list[str] = []
    # Killed: while the worker starts; while it works; at some moment after.
    for killing, events in enumerate((3, 60, 300)):
        versions.append(program.version(solution))
        stream = Stream(f"round{killing}", partial(program.send, tracking, "session", user="streamer"))
        if killing:
            machine.worker()
        until(lambda stream=stream, events=events: len(stream.acknowledged) >= events, bool)
        machine.kill()
        stream.end()
        acknowledged += stream.acknowledged
        stored = [row[0] for row in machine.query("SELECT item_id FROM events ORDER BY sequence")]
        assert len(set(stored)) == len(stored)
        missing = set(acknowledged) - set(stored)
        assert not missing
        # A call that was cut off is in the store as a whole or not at all.
        assert len(stored) - len(acknowledged) in {3 * calls for calls in range(killing + 2)}
        program = machine.start()
        for version in (first, *versions):
            trained(program, version)
        assert program.recommend(campaign, "streamer")
        assert [item["itemId"] for item in program.recommend(campaign, "u2")]
    program.personalize.update_campaign(campaignArn=campaign, solutionVersionArn=versions[-1])
    known = {item["itemId"] for item in program.recommend(campaign, "streamer", numResults=500)}
    assert any(item.startswith("round") for item in known)
    assert machine.query("SELECT count(*) FROM jobs WHERE state = 'PENDING'") == [(0,)]


@pytest.mark.parametrize("file_stays", [True, False], ids=["the file stays", "the file is gone"])
def test_an_import_that_was_cut_off_ends_as_a_whole_or_fails(machine: Machine, file_stays: bool) -> None:
    program = machine.start()
    items = program.dataset(program.group(), "ITEMS")
    assert finished(program, begin_import(program, items, "first", items_csv()))["status"] == "ACTIVE"
    (first,) = machine.segments()
    job = begin_import(program, items, "second", items_csv(catalogue=150_000))
    machine.worker()
    # In the middle: the segment has been begun, or the job is not yet that far.
    machine.kill()
    assert machine.query("SELECT state FROM jobs WHERE arn LIKE '%/second'") == [("PENDING",)]
    if not file_stays:
        (machine.buckets / program.bucket / "second.csv").unlink()
    program = machine.start()
    found = finished(program, job)
    if file_stays:
        assert found["status"] == "ACTIVE", found
        (rows,) = machine.query(
            "SELECT json_extract(state, '$.segments[0].rows') FROM resources WHERE kind = 'dataset'"
        )
        assert rows == (300_000,)
    else:
        assert (found["status"], found["failureReason"]) == ("CREATE FAILED", "Invalid Data location.")
        assert first in machine.segments()
    machine.kill()
    # Starting deletes what nothing refers to: one segment is left, and it is whole.
    program = machine.start()
    (segment,) = machine.segments()
    assert (segment == first) is not file_stays
    assert finished(program, job) == found


def test_an_import_survives_the_buckets_that_it_reads(machine: Machine) -> None:
    pytest.importorskip("moto", reason="the companion needs it")
    program = machine.start(companion=True)
    items = program.dataset(program.group(), "ITEMS")
    job = begin_import(program, items, "only", items_csv(catalogue=100_000))
    machine.kill()
    assert machine.query("SELECT state FROM jobs") == [("PENDING",)]
    program = machine.start(companion=True)
    found = finished(program, job)
    assert found["status"] == "ACTIVE", found
    assert found["dataSource"] == {"dataLocation": f"s3://{program.bucket}/only.csv"}
    (rows,) = machine.query("SELECT json_extract(state, '$.segments[0].rows') FROM resources WHERE kind = 'dataset'")
    assert rows == (200_000,)
    until(lambda: list((machine.data / "spool").iterdir()), lambda left: not left)


def test_a_killed_worker_is_replaced_and_its_training_finished(machine: Machine) -> None:
    program = machine.start()
    group = program.group()
    job = begin_import(program, program.dataset(group), "load", interactions_csv(users=100))
    worker = machine.worker()
    os.kill(worker, signal.SIGKILL)
    assert finished(program, job)["status"] == "ACTIVE"
    solution = program.solution(group, recipe=POPULARITY)
    # Once while it has nothing to do, and once while it trains.
    idle = machine.worker()
    assert idle != worker
    os.kill(idle, signal.SIGKILL)
    until(lambda: parent_of(idle), lambda parent: parent is None)
    trained(program, program.version(solution))
    version = program.version(solution)
    os.kill(machine.worker(), signal.SIGKILL)
    trained(program, version)
    assert program.recommend(program.campaign(version))
    machine.close()
    assert children_of(machine.pid) == set()


def test_a_batch_job_that_is_killed_goes_on_where_it_was(machine: Machine) -> None:
    lines = 200_000
    program = machine.start()
    group = program.group()
    job = begin_import(program, program.dataset(group), "load", interactions_csv(users=100))
    assert finished(program, job)["status"] == "ACTIVE"
    version = program.version(program.solution(group, recipe=POPULARITY))
    trained(program, version)
    source = program.put("in/all.json", "".join(f'{{"userId": "u{number}"}}\n' for number in range(lines)))
    arn = program.personalize.create_batch_inference_job(
        jobName="all",
        solutionVersionArn=version,
        jobInput={"s3DataSource": {"path": source}},
        jobOutput={"s3DataDestination": {"path": f"s3://{program.bucket}/out/"}},
        roleArn=ROLE,
        numResults=3,
    )["batchInferenceJobArn"]
    until(lambda: len(list(machine.data.glob("spool/*/done-*"))), lambda done: done >= 2)
    machine.kill()
    done = list(machine.data.glob("spool/*/done-*"))
    assert 2 <= len(done) < lines / 10_000
    assert not (machine.buckets / program.bucket / "out").exists()
    # A part that is done is not made again: what is written into one stays.
    first = done[0].parent / "out-000000"
    first.write_bytes(first.read_bytes().replace(b'"error":null', b'"error":"kept"', 1))
    program = machine.start()

    def read() -> str:
        found = program.personalize.describe_batch_inference_job(batchInferenceJobArn=arn)["batchInferenceJob"]
        return str(found["status"])

    assert until(read, lambda status: status in ("ACTIVE", "CREATE FAILED")) == "ACTIVE"
    with (machine.buckets / program.bucket / "out" / "all.json.out").open() as output:
        for number, line in zip(count(), output, strict=False):
            assert line.startswith(f'{{"input":{{"userId":"u{number}"}},"output":{{"recommendedItems":["')
            assert line.endswith('"error":"kept"}\n' if not number else '"error":null}\n')
    assert number == lines - 1
    until(lambda: list((machine.data / "spool").iterdir()), lambda left: not left)
