"""How fast the server answers, beside a static Flask application on the same WSGI server and beside moto's server.

Run it alone: ``python benchmarks/serving.py [ROUNDS]``. Load comes from wrk; where that is absent nothing is measured.
Each round drives every server once at each number of connections, so that what else the machine does hits all alike;
medians are compared. The server runs with its default settings and a campaign of the medium sample; each request asks
for another user, who has a history, and events of every tenth were streamed.
"""

from __future__ import annotations

import csv
import io
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import _wrk
from _servers import SCHEMA, SIGNED, ask, control_headers, free_port, moto_server, ours, running, wait_for_answer
from _targets import LEFT_OUT, Target, absent
from _wrk import Load, drive

from personalize_local.settings import Settings

ROUNDS = 5
SECONDS = 2.0
CONNECTIONS = (1, 8)
# Name of the ratio, what is measured, what it is divided by, target (at least).
RATIOS = (
    ("GetRecommendations / static Flask", "GetRecommendations", "static Flask", 0.4),
    ("GetRecommendations / moto's DescribeSchema", "GetRecommendations", "moto DescribeSchema", 2.5),
    ("DescribeCampaign / moto's DescribeSchema", "DescribeCampaign", "moto DescribeSchema", 4.0),
)
P99_TARGET = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What stands on our server."""

    group: str
    solution: str
    campaign: str
    users: range


def deploy(port: int) -> Deployed:
    """Import the medium sample, train user-personalization and deploy it, with plain boto3."""
    from personalize_local.demo.aws import Aws
    from personalize_local.demo.console import Console
    from personalize_local.demo.material import newsroom
    from personalize_local.demo.workflow import load, upload

    aws = Aws(f"http://127.0.0.1:{port}", Console(io.StringIO()))
    with tempfile.TemporaryDirectory() as folder:
        material = newsroom(Path(folder), seed=0, size="medium")
        numbers = _user_numbers(Path(folder))
        bucket, role = upload(aws, material, None)
        group = load(aws, material, bucket, role)
    recipe = "arn:aws:personalize:::recipe/aws-user-personalization"
    made = aws.call("personalize", "create_solution", name="bench", datasetGroupArn=group, recipeArn=recipe)
    solution = made["solutionArn"]
    version = aws.call("personalize", "create_solution_version", solutionArn=solution)["solutionVersionArn"]
    aws.wait_until_active("solution_version", [version])
    campaign = aws.call("personalize", "create_campaign", name="bench", solutionVersionArn=version)["campaignArn"]
    aws.wait_until_active("campaign", [campaign])
    return Deployed(group=group, solution=solution, campaign=campaign, users=numbers)


def _user_numbers(folder: Path) -> range:
    """The numbers in the ids of the sample's users, so that everyone who is asked for has a history."""
    with (folder / "users.csv").open(encoding="utf-8", newline="") as file:
        numbers = [int(row["USER_ID"].rpartition("-")[2]) for row in csv.DictReader(file)]
    found = range(min(numbers), max(numbers) + 1)
    assert len(found) == len(numbers)
    return found


def stream_events(port: int, deployed: Deployed) -> None:
    """Send a few events of every tenth user, so that the store of events is not empty."""
    import boto3

    make: Any = boto3.client
    where = {"endpoint_url": f"http://127.0.0.1:{port}", "region_name": "us-east-1"}
    keys = {"aws_access_key_id": "demo", "aws_secret_access_key": "demo"}
    control, events = make("personalize", **where, **keys), make("personalize-events", **where, **keys)
    tracker = control.create_event_tracker(name="bench", datasetGroupArn=deployed.group)["trackingId"]
    for number in deployed.users[::10]:
        events.put_events(
            trackingId=tracker,
            userId=f"user-{number}",
            sessionId=f"session-{number}",
            eventList=[
                {"eventType": "view", "sentAt": 1_780_000_000 + place, "itemId": f"article-{1000 + place}"}
                for place in range(3)
            ],
        )


def recommendations(port: int, deployed: Deployed) -> Load:
    """GetRecommendations of 25 items for one user after the other."""
    return Load(
        name="GetRecommendations",
        port=port,
        path="/recommendations",
        headers={**SIGNED, "Content-Type": "application/json"},
        body=json.dumps({"campaignArn": deployed.campaign, "userId": "user-%d", "numResults": 25}),
        numbers=deployed.users,
    )


@contextmanager
def all_servers() -> Iterator[tuple[int, Deployed, list[Load]]]:
    """Our port, what stands there, and the loads of all three servers."""
    with ExitStack() as stack:
        mine, theirs, still = free_port(), free_port(), free_port()
        process = stack.enter_context(running(ours(mine)))
        wait_for_answer(process, mine, "/", control_headers("ListSchemas"), b"{}")
        deployed = deploy(mine)
        stream_events(mine, deployed)
        load = recommendations(mine, deployed)
        status, sample = ask(mine, load.path, load.headers, (load.body % deployed.users[0]).encode())
        assert status == 200, sample
        items = json.loads(sample)["itemList"]
        print(f"an answer of GetRecommendations has {len(items)} items and {len(sample):,} bytes")
        threads = Settings().threads
        static = Path(__file__).with_name("_static.py")
        command = [sys.executable, str(static), str(still), str(len(sample)), str(threads)]
        process = stack.enter_context(running(command))
        wait_for_answer(process, still, load.path, {}, b"{}")
        process = stack.enter_context(running(moto_server(theirs)))
        made = {"name": "bench", "schema": SCHEMA}
        body = json.dumps(made).encode()
        schema = json.loads(wait_for_answer(process, theirs, "/", control_headers("CreateSchema"), body))
        yield (
            mine,
            deployed,
            [
                load,
                Load(
                    name="DescribeCampaign",
                    port=mine,
                    path="/",
                    headers=control_headers("DescribeCampaign"),
                    body=json.dumps({"campaignArn": deployed.campaign}),
                ),
                Load(
                    name="static Flask",
                    port=still,
                    path=load.path,
                    headers=load.headers,
                    body=load.body,
                    numbers=load.numbers,
                ),
                Load(
                    name="moto DescribeSchema",
                    port=theirs,
                    path="/",
                    headers=control_headers("DescribeSchema"),
                    body=json.dumps({"schemaArn": schema["schemaArn"]}),
                ),
            ],
        )


def measure_rates(loads: list[Load], rounds: int) -> bool:
    """Rates at each number of connections, and their ratios; whether all targets are met."""
    for load in loads:
        drive(load, 8, 1.0)  # warm
    rates: dict[tuple[str, int], list[float]] = {}
    for _ in range(rounds):
        for connections in CONNECTIONS:
            for load in loads:
                rates.setdefault((load.name, connections), []).append(drive(load, connections, SECONDS).rate)
    median = {key: statistics.median(values) for key, values in rates.items()}
    print(f"answers a second, medians of {rounds} interleaved rounds of {SECONDS:g} s")
    for load in loads:
        shown = "  ".join(f"{median[load.name, number]:8.0f} at {number}" for number in CONNECTIONS)
        print(f"  {load.name:22} {shown}")
    return _show(
        Target(
            title=f"{title} ({number} connection{'s' * (number > 1)})",
            value=median[over, number] / median[under, number],
            side="at least",
            limit=limit,
        )
        for title, over, under, limit in RATIOS
        for number in CONNECTIONS
    )


def _show(targets: Iterable[Target]) -> bool:
    """Print each; whether all are met."""
    met = True
    for target in targets:
        print(f"  {target}")
        met &= target.is_met
    return met


def measure_p99(port: int, deployed: Deployed, load: Load, rounds: int) -> bool:
    """The 99th percentile at rest and while a training runs; whether the target is met."""
    client = _personalize(port)
    rest: dict[int, list[float]] = {number: [] for number in CONNECTIONS}
    busy: dict[int, list[float]] = {number: [] for number in CONNECTIONS}
    for _ in range(rounds):
        for number in CONNECTIONS:
            rest[number].append(drive(load, number, SECONDS).p99)
        for number in CONNECTIONS:
            busy[number].append(_p99_while_training(client, deployed, load, number))
    print(f"99th percentile of GetRecommendations, medians of {rounds} interleaved rounds")
    ratios: dict[int, float] = {}
    for number in CONNECTIONS:
        calm, loud = statistics.median(rest[number]), statistics.median(busy[number])
        ratios[number] = loud / calm
        print(f"  {number} connections: {calm:.1f} ms at rest, {loud:.1f} ms while a training runs")
    return _show(
        Target(
            title=f"p99 while a training runs / at rest ({number} connection{'s' * (number > 1)})",
            value=ratio,
            side="at most",
            limit=P99_TARGET,
        )
        for number, ratio in ratios.items()
    )


def _p99_while_training(client: Any, deployed: Deployed, load: Load, connections: int) -> float:
    """Drive while the worker is busy: trainings are queued until the last one outlasts the load."""
    versions = [client.create_solution_version(solutionArn=deployed.solution)["solutionVersionArn"]]
    while True:
        p99 = drive(load, connections, SECONDS).p99
        still = client.describe_solution_version(solutionVersionArn=versions[-1])["solutionVersion"]["status"]
        _wait(client, versions)
        if still not in {"ACTIVE", "CREATE FAILED"}:
            return p99
        if len(versions) >= 8:
            raise SystemExit("eight trainings in a row are over before the load is")
        more = [client.create_solution_version(solutionArn=deployed.solution) for _ in range(len(versions) + 1)]
        versions = [made["solutionVersionArn"] for made in more]


def _wait(client: Any, versions: list[str]) -> None:
    for version in versions:
        for _ in range(1200):
            found = client.describe_solution_version(solutionVersionArn=version)["solutionVersion"]["status"]
            if found in {"ACTIVE", "CREATE FAILED"}:
                break
            time.sleep(0.1)


def _personalize(port: int) -> Any:
    import boto3

    make: Any = boto3.client
    return make(
        "personalize",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="demo",
        aws_secret_access_key="demo",
    )


def main(rounds: int) -> int:
    """Measure and print; 1 when a target is missed."""
    if not _wrk.is_installed():
        print(f"{LEFT_OUT}wrk is not installed (Debian packages it under this name)")
        return 0
    if (missing := absent("moto", "moto[server]")) is not None:
        print(missing)
        return 0
    with all_servers() as (port, deployed, loads):
        rates_met = measure_rates(loads, rounds)
        p99_met = measure_p99(port, deployed, loads[0], rounds)
    return int(not (rates_met and p99_met))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
