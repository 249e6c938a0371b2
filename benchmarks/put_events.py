"""How many events a second are taken and kept, beside a Flask route on the same server that parses them and answers.

``python benchmarks/put_events.py [ROUNDS]``. The server has a data folder, so that each answer comes after its events
are in the store. Calls have one event with properties; both servers are driven by wrk in interleaved rounds.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import _wrk
from _servers import SCHEMA, SIGNED, ask, control_headers, free_port, ours, running, wait_for_answer
from _targets import LEFT_OUT, Target
from _wrk import Load, drive

from personalize_local.settings import Settings

ROUNDS = 5
SECONDS = 2.0
TARGET = 0.4


def call(port: int, operation: str, **params: str) -> dict[str, str]:
    """A call of the control plane."""
    status, answer = ask(port, "/", control_headers(operation), json.dumps(params).encode())
    assert status == 200, answer
    found: dict[str, str] = json.loads(answer)
    return found


def tracker(port: int) -> str:
    """The tracking id of a group that has interactions."""
    group = call(port, "CreateDatasetGroup", name="bench")["datasetGroupArn"]
    schema = call(port, "CreateSchema", name="bench", schema=SCHEMA)["schemaArn"]
    call(port, "CreateDataset", name="bench", schemaArn=schema, datasetGroupArn=group, datasetType="Interactions")
    return call(port, "CreateEventTracker", name="bench", datasetGroupArn=group)["trackingId"]


def put_events(port: int, tracking: str, name: str) -> Load:
    """PutEvents of one event for one user after the other."""
    event = {
        "eventType": "view",
        "sentAt": 1_780_000_000,
        "itemId": "item-1",
        "properties": json.dumps({"eventValue": 0.5, "page": "home"}),
    }
    body = {"trackingId": tracking, "userId": "user-%d", "sessionId": "session-%d", "eventList": [event]}
    text = json.dumps(body).replace("session-%d", "session")
    headers = {**SIGNED, "Content-Type": "application/json"}
    return Load(name=name, port=port, path="/events", headers=headers, body=text, numbers=range(1, 10_001))


@contextmanager
def both() -> Iterator[tuple[Load, Load]]:
    """The loads of our server and of the route beside it."""
    with ExitStack() as stack:
        mine, theirs = free_port(), free_port()
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        process = stack.enter_context(running([*ours(mine), "--data", folder]))
        wait_for_answer(process, mine, "/", control_headers("ListSchemas"), b"{}")
        load = put_events(mine, tracker(mine), "PutEvents")
        static = Path(__file__).with_name("_static.py")
        command = [sys.executable, str(static), str(theirs), "1", str(Settings().threads)]
        process = stack.enter_context(running(command))
        route = put_events(theirs, "none", "Flask route")
        wait_for_answer(process, theirs, route.path, route.headers, (route.body % 1).encode())
        yield load, route


def main() -> int:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    if not _wrk.is_installed():
        print(f"{LEFT_OUT}wrk is not installed")
        return 0
    rates: dict[tuple[str, int], list[float]] = {}
    with both() as loads:
        for load in loads:
            drive(load, 8, 1.0)  # warm
        for _ in range(rounds):
            for connections in (1, 8):
                for load in loads:
                    rates.setdefault((load.name, connections), []).append(drive(load, connections, SECONDS).rate)
    median = {key: statistics.median(values) for key, values in rates.items()}
    print(f"calls a second, medians of {rounds} interleaved rounds of {SECONDS:g} s")
    for (name, connections), rate in median.items():
        print(f"  {name:12} {rate:7.0f} at {connections}")
    targets = [
        Target(
            title=f"PutEvents / Flask route ({connections} connection{'s' * (connections > 1)})",
            value=median["PutEvents", connections] / median["Flask route", connections],
            side="at least",
            limit=TARGET,
        )
        for connections in (1, 8)
    ]
    for target in targets:
        print(target)
    return int(not all(target.is_met for target in targets))


if __name__ == "__main__":
    sys.exit(main())
