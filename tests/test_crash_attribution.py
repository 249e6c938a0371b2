"""Servers that are killed while events are measured: each event that was acknowledged counts, and none counts twice."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.machine import Machine, Stream, begin_import, finished
from tests.wire.program import HEADER, ROLE, Program, interactions_csv, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds child processes through /proc"),
]
SOURCE = "banner"


def flush(program: Program) -> dict[str, int]:
    request = urllib.request.Request(f"{program.url}/_personalize/metric-attributions/flush", method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return dict(json.load(answer))


class Flushes:
    """Measures again and again until the server is gone."""

    def __init__(self, program: Program) -> None:
        self.done = 0
        self._program = program
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for _ in range(100_000):
            try:
                flush(self._program)
            except (OSError, HTTPException):  # killed before an answer, or in the middle of one
                return
            self.done += 1

    def end(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()


def send(program: Program, tracking: str, *items: str) -> None:
    now = int(time.time())
    events: list[dict[str, Any]] = [
        {
            "eventType": "watch",
            "itemId": item,
            "sentAt": now,
            "metricAttribution": {"eventAttributionSource": SOURCE},
        }
        for item in items
    ]
    program.events.put_events(trackingId=tracking, sessionId="session", userId="u", eventList=events)


def summed(program: Program, group: str) -> float:
    """The sum of all that CloudWatch has."""
    now = datetime.now(UTC)
    found = program.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Personalize",
        MetricName="watched",
        Dimensions=[
            {"Name": "DatasetGroupArn", "Value": group},
            {"Name": "EventAttributionSource", "Value": SOURCE},
        ],
        StartTime=now - timedelta(days=1),
        EndTime=now + timedelta(days=1),
        Period=900,
        Statistics=["Sum"],
    )
    return float(sum(one["Sum"] for one in found["Datapoints"]))


def test_a_killed_server_counts_every_event_once(machine: Machine) -> None:
    pytest.importorskip("moto", reason="the companion needs it")
    program = machine.start(companion=True)
    group = program.group()
    program.dataset(group)
    tracking = program.tracker(group)
    program.personalize.create_metric_attribution(
        name="impact",
        datasetGroupArn=group,
        metrics=[{"eventType": "watch", "metricName": "watched", "expression": "SAMPLECOUNT()"}],
        metricsOutputConfig={"roleArn": ROLE},
    )
    acknowledged: set[str] = set()
    for number, wanted in enumerate((5, 60)):
        stream = Stream(f"round{number}", lambda *items, at=program: send(at, tracking, *items))
        flushes = Flushes(program)
        until(lambda stream=stream, wanted=wanted: len(stream.acknowledged) >= wanted, bool)
        until(lambda flushes=flushes: flushes.done >= 2, bool)
        machine.kill()
        stream.end()
        flushes.end()
        acknowledged |= set(stream.acknowledged)
        program = machine.start(companion=True)
        flush(program)
        stored = [row[0] for row in machine.query("SELECT item_id FROM events")]
        assert acknowledged <= set(stored)
        assert machine.query("SELECT SUM(value), MIN(published) FROM attribution_figures") == [(len(stored), 1)]
        # The CloudWatch of the new process has what the old one had.
        assert summed(program, group) == len(stored)
        assert flush(program) == {"published": 0, "waiting": 0}


def test_an_import_that_was_cut_off_has_one_report_and_counts_once(machine: Machine) -> None:
    program = machine.start()
    group = program.group()
    dataset = program.dataset(group)
    assert finished(program, begin_import(program, dataset, "first", interactions_csv()))["status"] == "ACTIVE"
    program.personalize.create_metric_attribution(
        name="impact",
        datasetGroupArn=group,
        metrics=[{"eventType": "watch", "metricName": "watched", "expression": "SAMPLECOUNT()"}],
        metricsOutputConfig={
            "roleArn": ROLE,
            "s3DataDestination": {"path": f"s3://{program.bucket}/reports/"},
        },
    )
    count, now = 100_000, int(time.time())
    content = "\n".join([HEADER, *(f"u{row},i{row % 50},{now - row % 60},watch,," for row in range(count))]) + "\n"
    job = begin_import(
        program, dataset, "second", content, importMode="INCREMENTAL", publishAttributionMetricsToS3=True
    )
    machine.worker()
    machine.kill()
    assert machine.query("SELECT state FROM jobs WHERE arn LIKE '%/second'") == [("PENDING",)]
    for _ in range(2):  # the second time nothing is left to do
        program = machine.start()
        assert finished(program, job)["status"] == "ACTIVE"
        (report,) = (machine.buckets / program.bucket / "reports").iterdir()
        values = [float(line.split(",")[2]) for line in report.read_text().splitlines()[1:]]
        assert sum(values) == count
        assert machine.query("SELECT SUM(value) FROM attribution_figures") == [(count,)]
        machine.kill()
