"""What filters cost: their evaluation over a million items, and answers with one beside answers without.

``python benchmarks/filters.py [ROUNDS]``. The evaluation is measured in this process on columns as an import leaves
them; the answers come from the server of the benchmark of serving, both kinds interleaved, driven by wrk.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import _wrk
import numpy as np
from _servers import ask, control_headers, free_port, ours, running, wait_for_answer
from _targets import LEFT_OUT, Target
from _wrk import Load, drive
from serving import Deployed, deploy, recommendations, stream_events

ITEMS = 1_000_000
ROUNDS = 5
SECONDS = 1.0
_PAIRS = 5
"""Pairs of drives for each round."""
EXPRESSION = (
    'INCLUDE ItemID WHERE Items.GENRE IN ($GENRE) AND Items.PRICE < $PRICE AND Items.OWNER NOT IN ("o3", "o5") '
    '| EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase")'
)
SCHEMA = {
    "type": "record",
    "name": "Items",
    "fields": [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "GENRE", "type": ["null", "string"], "categorical": True},
        {"name": "PRICE", "type": ["null", "float"]},
        {"name": "OWNER", "type": ["null", "string"]},
    ],
}


def catalogue() -> Any:
    """A catalogue of a million items: lists of genres, prices and owners."""
    from personalize_local.datasets._arrow import pa
    from personalize_local.datasets.catalogue import Catalogue
    from personalize_local.datasets.held import Held
    from personalize_local.datasets.schema import parse_schema

    random = np.random.default_rng(0)
    genres = pa.array([f"g{n}" if n % 3 else f"g{n}|g{n + 1}" for n in range(60)])
    coded = pa.DictionaryArray.from_arrays(pa.array(random.integers(0, 60, ITEMS), pa.int32()), genres)
    ids = pa.array([f"item-{n}" for n in range(ITEMS)]).dictionary_encode()
    owners = pa.array([f"o{n}" for n in range(1000)]).take(pa.array(random.integers(0, 1000, ITEMS)))
    table = pa.table(
        [ids, coded, pa.array(random.random(ITEMS) * 100), owners], names=["ITEM_ID", "GENRE", "PRICE", "OWNER"]
    )
    return Catalogue(Held(schema=parse_schema(json.dumps(SCHEMA), None), tables=(table,)))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds that a call takes, and what it gives."""
    began = time.perf_counter()
    found = work()
    return (time.perf_counter() - began) * 1e3, found


def evaluation(rounds: int) -> list[Target]:
    """Evaluate over a million items: the first time, with other values, and again."""
    from personalize_local.engine.vocabulary import Vocabulary
    from personalize_local.filters import bind, parse
    from personalize_local.filters.evaluation import Request, prepare
    from personalize_local.runtime.entities import Entities

    whole = catalogue()
    model = Vocabulary.from_strings(f"item-{n}" for n in range(ITEMS - 1, 1000, -1))
    spent, entities = timed(lambda: Entities(model, whole, "ITEM_ID"))
    print(
        f"  bringing a model's and the data's {ITEMS:,} items together: {spent:.0f} ms, once for each state of the data"
    )
    parsed = parse(EXPRESSION)
    names = ("GENRE", "PRICE", "OWNER")

    def first(genre: str) -> Any:
        return prepare(bind(parsed, {"GENRE": f'"{genre}"', "PRICE": "50"}), entities.table(names))

    spent, _ = timed(lambda: first("g0"))
    print(f"  the first filter on three columns, their making included: {spent:.1f} ms")
    found = [timed(lambda number=number: first(f"g{number}")) for number in range(1, rounds * 4)]
    did = np.arange(100)
    request = Request(events=lambda _: did)
    prepared = found[-1][1]
    again = [timed(lambda: prepared.select(request))[0] for _ in range(rounds * 20)]
    static = prepare(bind(parse('INCLUDE ItemID WHERE Items.GENRE IN ("g1")'), {}), entities.table(names))
    key = ("arn", EXPRESSION, ("GENRE", "g"))
    entities.prepared.keep(key, static)
    cached = [timed(lambda: entities.prepared[key].select(request))[0] for _ in range(rounds * 20)]
    print(
        f"  the same with what one user did: {statistics.median(again):.3f} ms (of a million items, a copy of the mask)"
    )
    return [
        Target(
            title="first evaluation of a filter over 1,000,000 items (ms)",
            value=statistics.median(spent for spent, _ in found),
            side="at most",
            limit=50,
        ),
        Target(title="cached evaluation (ms)", value=statistics.median(cached), side="at most", limit=0.1),
    ]


def make_filter(port: int, deployed: Deployed) -> str:
    """A filter on items and on what the user did."""
    text = (
        'EXCLUDE ItemID WHERE Items.CATEGORY IN ("politics") | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("like")'
    )
    body = json.dumps({"name": "bench", "datasetGroupArn": deployed.group, "filterExpression": text})
    status, answer = ask(port, "/", control_headers("CreateFilter"), body.encode())
    assert status == 200, answer
    return str(json.loads(answer)["filterArn"])


def filtered(port: int, deployed: Deployed, load: Load) -> Load:
    """The same questions with the filter."""
    body = json.dumps({**json.loads(load.body), "filterArn": make_filter(port, deployed)})
    status, answer = ask(port, load.path, load.headers, (body % deployed.users[0]).encode())
    assert status == 200, answer
    assert len(json.loads(answer)["itemList"]) == 25, answer
    return replace(load, name="with a filter", body=body)


def serving(rounds: int) -> list[Target]:
    """Rates of answers with a filter and without."""
    with ExitStack() as stack:
        port = free_port()
        process = stack.enter_context(running(ours(port)))
        wait_for_answer(process, port, "/", control_headers("ListSchemas"), b"{}")
        deployed = deploy(port)
        stream_events(port, deployed)
        plain = replace(recommendations(port, deployed), name="without")
        loads = (plain, filtered(port, deployed, plain))
        for load in loads:
            drive(load, 8, 4.0)  # warm: every user once
        return [_paired(loads, connections, rounds * _PAIRS) for connections in (1, 8)]


def _paired(loads: tuple[Load, Load], connections: int, rounds: int) -> Target:
    """The median of ratios of neighbours in time, each kind first every other round: the machine's pace wanders."""
    ratios: list[float] = []
    rates: dict[str, list[float]] = {}
    for number in range(rounds):
        found = {load.name: drive(load, connections, SECONDS).rate for load in (loads if number % 2 else loads[::-1])}
        plain, with_filter = (found[load.name] for load in loads)
        ratios.append(with_filter / plain)
        for name, rate in found.items():
            rates.setdefault(name, []).append(rate)
    for name, listed in rates.items():
        print(f"  GetRecommendations {name}: {statistics.median(listed):.0f} a second at {connections}")
    low, _, high = statistics.quantiles(ratios, n=4)
    print(f"  half of the {rounds} ratios lie between {low:.2f} and {high:.2f}")
    return Target(
        title=f"GetRecommendations with a filter / without ({connections} connection{'s' * (connections > 1)})",
        value=statistics.median(ratios),
        side="at least",
        limit=0.9,
    )


def main() -> int:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    targets = evaluation(rounds)
    if not _wrk.is_installed():
        print(f"{LEFT_OUT}wrk is not installed, which answers with filters need")
    else:
        targets += serving(rounds)
    for target in targets:
        print(target)
    return int(not all(target.is_met for target in targets))


if __name__ == "__main__":
    sys.exit(main())
