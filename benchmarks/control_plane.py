"""How fast the control plane is: beside moto's server and a static Flask answer, and in process beside ``mock_aws``.

Run it alone: ``python benchmarks/control_plane.py [ROUNDS]``. Load comes from wrk; where that is absent nothing is
measured. Each round drives every server once, so that what else the machine does hits all alike; medians are compared.
Creations are judged by the same time for both, so that the faster server has the longer table to keep.
All have one text, as the schemas of a test suite do: our server checks each text once, and is about a tenth slower
where every text is new. Moto checks none.
"""

from __future__ import annotations

import http.client
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
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
CONNECTIONS = 8
LISTED = 200
LISTINGS = 10
CALLS = 200
_MOST_NAMES = 1_000_000
TARGETS = (
    ("CreateSchema / moto's CreateSchema", "CreateSchema", 4.0),
    ("DescribeSchema / moto's DescribeSchema", "DescribeSchema", 4.0),
)
LIST_TARGET, IN_PROCESS_TARGET = 0.3, 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The ports of the three servers."""

    mine: int
    theirs: int
    still: int


def create(port: int, name: str) -> dict[str, Any]:
    """Make a schema with one call."""
    body = json.dumps({"name": name, "schema": SCHEMA}).encode()
    status, answer = ask(port, "/", control_headers("CreateSchema"), body)
    assert status == 200, answer
    made: dict[str, Any] = json.loads(answer)
    return made


def creations(port: int, turn: int) -> Load:
    """CreateSchema under names that no other turn uses."""
    body = json.dumps({"name": f"t{turn}-%d", "schema": SCHEMA})
    return Load(
        name="CreateSchema",
        port=port,
        path="/",
        headers=control_headers("CreateSchema"),
        body=body,
        numbers=range(_MOST_NAMES),
    )


def descriptions(port: int) -> Load:
    """DescribeSchema of one schema."""
    arn = create(port, "described")["schemaArn"]
    return Load(
        name="DescribeSchema",
        port=port,
        path="/",
        headers=control_headers("DescribeSchema"),
        body=json.dumps({"schemaArn": arn}),
    )


def list_all(connection: http.client.HTTPConnection, headers: dict[str, str]) -> int:
    """Follow ListSchemas to its end; how many schemas there are. The connection is kept, as boto3 keeps its own."""
    found = 0
    given: dict[str, str] = {}
    while True:
        connection.request("POST", "/", body=json.dumps(given), headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        page = json.loads(content)
        found += len(page["schemas"])
        if "nextToken" not in page:
            return found
        given = {"nextToken": page["nextToken"]}


@contextmanager
def all_servers() -> Iterator[Compared]:
    """Our server without quotas, moto's, and static Flask."""
    with ExitStack() as stack:
        found = Compared(mine=free_port(), theirs=free_port(), still=free_port())
        headers = control_headers("ListSchemas")
        for port, command in (
            (found.mine, [*ours(found.mine), "--quotas", "off"]),
            (found.theirs, moto_server(found.theirs)),
        ):
            wait_for_answer(stack.enter_context(running(command)), port, "/", headers, b"{}")
        static = Path(__file__).with_name("_static.py")
        size = str(len(SCHEMA) + 200)
        command = [sys.executable, str(static), str(found.still), size, str(Settings().threads)]
        process = stack.enter_context(running(command))
        wait_for_answer(process, found.still, "/recommendations", {}, b"{}")
        yield found


def measure_rates(servers: Compared, rounds: int) -> bool:
    """Calls a second of each server; whether all targets are met."""
    described = {port: descriptions(port) for port in (servers.mine, servers.theirs)}
    headers = {**SIGNED, "Content-Type": "application/json"}
    static = Load(name="static Flask", port=servers.still, path="/recommendations", headers=headers, body="{}")
    rates: dict[tuple[str, int], list[float]] = {}
    for turn in range(rounds + 1):
        loads = [static, *described.values(), *(creations(port, turn) for port in described)]
        for load in loads:
            rate = drive(load, CONNECTIONS, SECONDS if turn else 1.0).rate
            if turn:  # the first one warms
                rates.setdefault((load.name, load.port), []).append(rate)
    median = {key: statistics.median(values) for key, values in rates.items()}
    still = median["static Flask", servers.still]
    print(f"calls a second at {CONNECTIONS} connections, medians of {rounds} interleaved rounds of {SECONDS:g} s")
    for name in ("CreateSchema", "DescribeSchema"):
        mine, theirs = median[name, servers.mine], median[name, servers.theirs]
        print(f"  {name:16} {mine:8.0f} ours  {theirs:8.0f} moto  {mine / still:6.2f} of static Flask's {still:.0f}")
    return _show(
        [
            Target(
                title=title,
                value=median[name, servers.mine] / median[name, servers.theirs],
                side="at least",
                limit=limit,
            )
            for title, name, limit in TARGETS
        ]
    )


def measure_lists(servers: Compared, rounds: int) -> bool:
    """Time of one listing of 200 schemas, all pages of it; whether the target is met.

    Nothing is written meanwhile, so that our server gives the pages that it has kept; the first listing after a write,
    which has to make them, is shown beside.
    """
    # In a region of their own, which no creation of the rates fills.
    headers = {name: value.replace("us-east-1", "eu-west-1") for name, value in control_headers("ListSchemas").items()}
    making = {**headers, "X-Amz-Target": "AmazonPersonalize.CreateSchema"}
    connections = {port: http.client.HTTPConnection("127.0.0.1", port) for port in (servers.mine, servers.theirs)}
    for port, connection in connections.items():
        for number in range(LISTED):
            body = json.dumps({"name": f"listed-{number}", "schema": SCHEMA}).encode()
            status, answer = ask(port, "/", making, body)
            assert status == 200, answer
        assert list_all(connection, headers) == LISTED
    times: dict[int, list[float]] = {servers.mine: [], servers.theirs: []}
    firsts: list[float] = []
    for turn in range(rounds):
        create(servers.mine, f"between-{turn}")
        firsts.append(_timed(partial(list_all, connections[servers.mine], headers), 1))
        for port, found in times.items():
            found.append(_timed(partial(list_all, connections[port], headers), LISTINGS))
    mine, theirs = (statistics.median(times[port]) for port in (servers.mine, servers.theirs))
    print(f"a listing of {LISTED} schemas: {mine * 1e3:.1f} ms ours (two pages), {theirs * 1e3:.1f} ms moto (one)")
    print(f"  the first one after a write: {statistics.median(firsts) * 1e3:.1f} ms ours")
    target = Target(
        title="ListSchemas of 200 / moto's, in time", value=mine / theirs, side="at most", limit=LIST_TARGET
    )
    return _show([target])


def measure_in_process(rounds: int) -> bool:
    """DescribeSchema by boto3 under our mock and under moto's; whether the target is met."""
    import boto3
    from moto import mock_aws

    from personalize_local.testing import mock_personalize

    times: dict[str, list[float]] = {"ours": [], "moto": []}
    for turn in range(rounds + 1):
        for name, mock in (("ours", mock_personalize), ("moto", mock_aws)):
            with mock():
                make: Any = boto3.client
                client = make(
                    "personalize", region_name="us-east-1", aws_access_key_id="demo", aws_secret_access_key="demo"
                )
                arn = client.create_schema(name="described", schema=SCHEMA)["schemaArn"]
                client.describe_schema(schemaArn=arn)  # opens what is opened once
                spent = _timed(partial(client.describe_schema, schemaArn=arn), CALLS)
            if turn:
                times[name].append(spent)
    mine, theirs = (statistics.median(times[name]) for name in ("ours", "moto"))
    print(f"DescribeSchema in process, boto3 included: {mine * 1e6:.0f} microseconds ours, {theirs * 1e6:.0f} moto's")
    target = Target(
        title="in-process DescribeSchema / mock_aws, in rate",
        value=theirs / mine,
        side="at least",
        limit=IN_PROCESS_TARGET,
    )
    return _show([target])


def _timed(call: Callable[[], Any], times: int) -> float:
    """Seconds of one call, on average."""
    began = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - began) / times


def _show(targets: list[Target]) -> bool:
    """Print each; whether all are met."""
    for target in targets:
        print(f"  {target}")
    return all(target.is_met for target in targets)


def main(rounds: int) -> int:
    """Measure and print; 1 when a target is missed."""
    if not _wrk.is_installed():
        print(f"{LEFT_OUT}wrk is not installed (Debian packages it under this name)")
        return 0
    if (missing := absent("moto", "moto[server]")) is not None:
        print(missing)
        return 0
    with all_servers() as servers:
        met = [measure_rates(servers, rounds), measure_lists(servers, rounds)]
    met.append(measure_in_process(rounds))
    return int(not all(met))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
