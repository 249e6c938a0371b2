"""What training and answering cost at the size of MovieLens-1M and at ten million interactions, beside implicit's ALS.

``python benchmarks/quality_cost.py [--large]``. The data are generated, as skewed as MovieLens-1M. Measured is the
whole ``train`` of the default recipe (settings chosen, metrics, the served model) in a child process, in processor time
of one thread; ALS (64 factors, 15 iterations) is its fit alone. Queries are answered from a model that was stored and
memory-mapped again. Both are warmed by a little of the data, so that imports are not counted, and measured in turns of
which the medians are compared. The time from CreateSolutionVersion to ACTIVE is that of the clock, through the API.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is loaded
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from _generated import LARGE, MILLION, Rows, Size, generate, top_half
from _targets import Target

if TYPE_CHECKING:
    from personalize_local.engine.data import TrainingData
    from personalize_local.recipes.base import Model

RECIPE = "aws-user-personalization"
FACTORS, ITERATIONS = 64, 15
OVER_ALS = {"1M": 0.6, "10M": 0.2}
QUERY_MILLISECONDS = {"1M": 0.7, "10M": 0.5}
TURNS = {"1M": 3, "10M": 1}
PEAK_GIB, WALL_OVER_ALS = 8.0, 2.0
_QUERIES = 3_000
_TOP = 25
_WARMING = 5_000  # interactions
_ARRAYS = ("user", "item", "time")


def stored(rows: Rows, folder: Path) -> None:
    """Write the arrays where a child finds them."""
    for name in _ARRAYS:
        np.save(folder / f"{name}.npy", getattr(rows, name))


def child(task: str, size: Size, folder: Path) -> dict[str, float]:
    """Run a task in a process of its own; what it found."""
    command = [sys.executable, str(Path(__file__).resolve()), "--child", task, str(folder)]
    command += [str(size.users), str(size.items)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(output.splitlines()[-1])
    return found


def ours(rows: Rows, users: int, items: int) -> dict[str, float]:
    """Train the recipe, store the model, open it and ask."""
    from personalize_local.recipes import RECIPES
    from personalize_local.recipes.base import TrainingParameters
    from personalize_local.store.artifacts import Artifacts

    recipe = RECIPES[RECIPE]
    recipe.train(coded(first(rows), users, items), TrainingParameters())
    data = coded(rows, users, items)
    before, wall = time.process_time(), time.monotonic()
    trained = recipe.train(data, TrainingParameters())
    spent, wall = time.process_time() - before, time.monotonic() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    with tempfile.TemporaryDirectory() as folder:
        store = Artifacts(Path(folder))
        store.write("model", *trained.model.arrays())
        model = recipe.load(*store.open("model"))
        query = query_milliseconds(model, users)
    return {"seconds": spent, "wall": wall, "peak": peak, "query": query}


def first(rows: Rows) -> Rows:
    """A little of the data."""
    return Rows(**{name: getattr(rows, name)[:_WARMING] for name in _ARRAYS})


def coded(rows: Rows, users: int, items: int) -> TrainingData:
    """The rows as a recipe takes them; users and items without any stay in the vocabularies."""
    from personalize_local.engine.data import Interactions, TrainingData
    from personalize_local.engine.vocabulary import Vocabulary

    return TrainingData(
        users=Vocabulary.from_strings([f"user-{number}" for number in range(users)]),
        items=Vocabulary.from_strings([f"item-{number}" for number in range(items)]),
        interactions=Interactions(user=rows.user, item=rows.item, timestamp=rows.time),
    )


def query_milliseconds(model: Model, users: int) -> float:
    """The median of the scores and the best 25 of one user."""
    from personalize_local.recipes.base import Query

    times = []
    for user in np.random.default_rng(0).integers(0, users, _QUERIES).tolist():
        begin = time.perf_counter()
        model.scores(Query(user_id=f"user-{user}")).top(_TOP)
        times.append(time.perf_counter() - begin)
    return float(np.median(times[_QUERIES // 10 :])) * 1e3


def als(rows: Rows, users: int, items: int) -> dict[str, float]:
    """Fit implicit's ALS."""
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    def matrix(part: Rows) -> csr_matrix:
        return csr_matrix((np.ones(len(part.user), np.float32), (part.user, part.item)), shape=(users, items))

    def made(iterations: int) -> AlternatingLeastSquares:
        return AlternatingLeastSquares(factors=FACTORS, iterations=iterations, num_threads=1, random_state=0)

    made(1).fit(matrix(first(rows)), show_progress=False)
    model, whole = made(ITERATIONS), matrix(rows)
    before, wall = time.process_time(), time.monotonic()
    model.fit(whole, show_progress=False)
    spent, wall = time.process_time() - before, time.monotonic() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"seconds": spent, "wall": wall, "peak": peak}


def active_seconds(rows: Rows) -> float:
    """Seconds from CreateSolutionVersion until DescribeSolutionVersion says ACTIVE."""
    from _emulated import ITEM, TIME, USER, Table, emulator

    with emulator() as served:
        named = (
            (f"user-{user}", f"item-{item}", when)
            for user, item, when in zip(rows.user.tolist(), rows.item.tolist(), rows.time.tolist(), strict=True)
        )
        group = served.group("cost", [Table(kind="Interactions", columns=(USER, ITEM, TIME), rows=named)])
        solution = group.solution(RECIPE)
        began = time.monotonic()
        group.train(solution)
        return time.monotonic() - began


def measure(name: str, size: Size) -> list[Target]:
    """Print the costs at one size; the targets."""
    rows = generate(size)
    share = top_half(rows.item, size.items)
    print(f"{name}: {len(rows.user)} interactions, {size.users} users, {size.items} items;", end=" ")
    print(f"{share:.1%} of them are of the more popular half of the items", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        stored(rows, Path(folder))
        turns = [[child(task, size, Path(folder)) for task in ("ours", "als")] for _ in range(TURNS[name])]
    mine, theirs = (
        {key: float(np.median([turn[key] for turn in found])) for key in found[0]} for found in zip(*turns, strict=True)
    )
    for title, found in ((f"{RECIPE}, whole training", mine), ("implicit ALS, fit alone", theirs)):
        print(f"{title:<44}{found['seconds']:>8.2f} CPU s{found['wall']:>8.2f} s, peak {found['peak']:.2f} GiB")
    targets = [
        Target(
            title=f"{name}: training / ALS, CPU",
            value=mine["seconds"] / theirs["seconds"],
            side="at most",
            limit=OVER_ALS[name],
        ),
        Target(
            title=f"{name}: median of scores and top {_TOP}, ms",
            value=mine["query"],
            side="at most",
            limit=QUERY_MILLISECONDS[name],
        ),
    ]
    if name == "10M":
        targets.append(Target(title=f"{name}: peak memory, GiB", value=mine["peak"], side="at most", limit=PEAK_GIB))
    else:
        wall = active_seconds(rows)
        print(f"CreateSolutionVersion to ACTIVE: {wall:.2f} s")
        over = wall / theirs["wall"]
        targets.append(Target(title=f"{name}: to ACTIVE / ALS, wall", value=over, side="at most", limit=WALL_OVER_ALS))
    return targets


def main() -> int:
    """Measure and print; 1 when a target is missed."""
    if sys.argv[1:2] == ["--child"]:
        task, folder, users, items = sys.argv[2:6]
        rows = Rows(**{name: np.load(Path(folder) / f"{name}.npy") for name in _ARRAYS})
        print(json.dumps({"ours": ours, "als": als}[task](rows, int(users), int(items))))
        return 0
    parser = argparse.ArgumentParser(description="What training and answering cost, beside implicit's ALS.")
    parser.add_argument("--large", action="store_true", help="also ten million interactions of 100,000 items")
    given = parser.parse_args()
    targets: list[Target] = []
    for name, size in (("1M", MILLION), ("10M", LARGE))[: 1 + given.large]:
        new = measure(name, size)
        for target in new:
            print(target, flush=True)
        targets += new
    return int(not all(target.is_met for target in targets))


if __name__ == "__main__":
    sys.exit(main())
