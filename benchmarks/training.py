"""What a training of a million interactions costs beside implicit's ALS, and what an answer of its model costs.

Run it alone: ``python benchmarks/training.py [INTERACTIONS]``. The training is all of what a solution version does:
choosing settings, metrics on held-out users and the served model. ALS (64 factors, 15 iterations) is its fit alone.
Both have one thread and are measured in processor time, which other work on the machine disturbs little. Queries are
answered from arrays that were written and memory-mapped again.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy is loaded
    os.environ[_name] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if TYPE_CHECKING:
    from personalize_local.engine.data import TrainingData
    from personalize_local.recipes.base import Model, Recipe

TARGET = 2.0  # times the processor time of ALS
QUERY_TARGET = 200.0  # microseconds
USERS, ITEMS = 6_000, 3_500
TASTES = 20
FOLLOWERS = 5  # items that an item is often followed by
RECIPE = "aws-user-personalization"


def synthetic(n_interactions: int, seed: int = 7) -> TrainingData:
    """A world of skewed popularity, tastes and habits: half of the steps follow the item before."""
    import numpy as np

    from personalize_local.engine.data import Interactions, TrainingData
    from personalize_local.engine.vocabulary import Vocabulary

    random = np.random.default_rng(seed)
    mean = n_interactions / USERS
    lengths = np.maximum(2, (mean * random.gamma(1.5, 1 / 1.5, USERS)).astype(np.int64))
    popularity = 1.0 / np.arange(1, ITEMS + 1) ** 0.8
    taste_of_item = random.integers(0, TASTES, ITEMS)
    chances = np.where(taste_of_item == np.arange(TASTES)[:, None], 5.0, 0.3) * popularity
    edges = np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)
    followers = random.choice(ITEMS, (ITEMS, FOLLOWERS), p=popularity / popularity.sum())
    taste = random.integers(0, TASTES, USERS)
    current = random.integers(0, ITEMS, USERS)
    parts: list[tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]] = []
    for step in range(int(lengths.max())):
        users = np.flatnonzero(lengths > step)
        drawn = np.empty(len(users), np.int64)
        for number in range(TASTES):
            own = taste[users] == number
            drawn[own] = np.searchsorted(edges[number], random.random(np.count_nonzero(own))).clip(max=ITEMS - 1)
        follows = random.random(len(users)) < 0.5
        current[users] = np.where(follows, followers[current[users], random.integers(0, FOLLOWERS, len(users))], drawn)
        parts.append((users, current[users], users * 1000 + step * 3600))
    user, item, seconds = (np.concatenate([part[column] for part in parts]) for column in range(3))
    order = np.argsort(seconds, kind="stable")
    interactions = Interactions(
        user=user[order].astype(np.int32), item=item[order].astype(np.int32), timestamp=1_600_000_000 + seconds[order]
    )
    return TrainingData(
        users=Vocabulary.from_strings(f"user-{number}" for number in range(USERS)),
        items=Vocabulary.from_strings(f"item-{number}" for number in range(ITEMS)),
        interactions=interactions,
    )


def als_seconds(data: TrainingData) -> float:
    """Processor seconds of the fit alone."""
    import numpy as np
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    ones = np.ones(len(data.interactions), np.float32)
    cells = (data.interactions.user, data.interactions.item)
    matrix = csr_matrix((ones, cells), shape=(len(data.users), len(data.items)))
    model = AlternatingLeastSquares(factors=64, iterations=15, num_threads=1, random_state=0)
    begin = time.process_time()
    model.fit(matrix, show_progress=False)
    return time.process_time() - begin


def opened(recipe: Recipe, model: Model) -> Model:
    """The model as a server has it: over memory-mapped files (in a folder that goes when the program ends)."""
    from personalize_local.store.artifacts import Artifacts

    with tempfile.TemporaryDirectory() as folder:
        store = Artifacts(Path(folder))
        store.write("model", *model.arrays())
        begin = time.perf_counter()
        result = recipe.load(*store.open("model"))
        print(f"open a stored model: {(time.perf_counter() - begin) * 1e3:.1f} ms")
    return result


def query_microseconds(model: Model, n_queries: int = 3000) -> tuple[float, float, float]:
    """Medians of one query: its scores, its 25 best items, and their ids."""
    import numpy as np

    from personalize_local.recipes.base import Query

    times = np.empty((n_queries, 3))
    for number in range(n_queries):
        begin = time.perf_counter()
        scores = model.scores(Query(user_id=f"user-{number * 7 % USERS}"))
        scored = time.perf_counter()
        items, _ = scores.top(25)
        topped = time.perf_counter()
        model.items.strings(items)
        times[number] = scored - begin, topped - scored, time.perf_counter() - topped
    first, second, third = np.median(times[n_queries // 10 :], axis=0) * 1e6
    return float(first), float(second), float(third)


def main() -> int:
    from personalize_local.recipes import RECIPES
    from personalize_local.recipes.base import TrainingParameters

    data = synthetic(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    print(f"{len(data.interactions)} interactions, {len(data.users)} users, {len(data.items)} items")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    recipe = RECIPES[RECIPE]
    begin = time.process_time()
    trained = recipe.train(data, TrainingParameters())
    ours = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    als = als_seconds(data)
    print(f"{RECIPE}, whole training: {ours:.2f} CPU s; peak memory {peak / 1024:.0f} MB ({before / 1024:.0f} before)")
    print(f"implicit ALS, fit alone: {als:.2f} CPU s")
    print(f"ratio {ours / als:.2f}, target at most {TARGET}: {'met' if ours <= TARGET * als else 'missed'}")
    print(f"metrics: {dict(trained.metrics)}")
    parts = query_microseconds(opened(recipe, trained.model))
    print("one query, median: scores {:.0f} us, best 25 {:.0f} us, ids {:.0f} us".format(*parts), end="; ")
    print(f"together {sum(parts):.0f} us, aim {QUERY_TARGET:.0f}")
    return 0 if ours <= TARGET * als else 1


if __name__ == "__main__":
    sys.exit(main())
