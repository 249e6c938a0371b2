"""How well the personal recipe ranks what users did next, beside popularity and implicit's ALS.

Run it alone: ``python benchmarks/quality_engine.py [FOLDER]`` with the folder of MovieLens' ml-latest-small (or set
``MOVIELENS``); without the data it says so and stops. Users and items with fewer than five interactions are left out
until none is left (5-core). Each model is trained without the last event of each user and then ranks the whole
catalogue for him, what he already had left out. Events of the same second keep the order of the file.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy is loaded
    os.environ[_name] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if TYPE_CHECKING:
    from personalize_local.engine.data import Int32, TrainingData
    from personalize_local.engine.scores import Scores

Event = tuple[str, str, int]
TARGET = 0.075
CUT = 10
CORE = 5


def read_ratings(path: Path) -> list[Event]:
    """(user, item, time) of each row of ``ratings.csv``, in order of time; equal times keep the order of the file."""
    with path.open(newline="", encoding="utf-8") as file:
        events = [(row["userId"], row["movieId"], int(row["timestamp"])) for row in csv.DictReader(file)]
    return sorted(events, key=lambda event: event[2])


def core(events: Sequence[Event], least: int = CORE) -> list[Event]:
    """The events among users and items that all have at least ``least`` of them."""
    from collections import Counter

    kept = list(events)
    while True:
        users, items = Counter(event[0] for event in kept), Counter(event[1] for event in kept)
        smaller = [event for event in kept if users[event[0]] >= least and items[event[1]] >= least]
        if len(smaller) == len(kept):
            return kept
        kept = smaller


def leave_last_out(events: Sequence[Event]) -> tuple[TrainingData, dict[str, str]]:
    """(the data without the last event of each user, that event's item by user); the catalogue is of all events."""
    import numpy as np

    from personalize_local.engine.data import Interactions, TrainingData
    from personalize_local.engine.vocabulary import Vocabulary

    last = {user: number for number, (user, _, _) in enumerate(events)}
    kept = [event for number, event in enumerate(events) if last[event[0]] != number]
    users = Vocabulary.from_strings(sorted({event[0] for event in kept}))
    items = Vocabulary.from_strings(sorted({event[1] for event in events}))
    interactions = Interactions(
        user=users.indexes([event[0] for event in kept]),
        item=items.indexes([event[1] for event in kept]),
        timestamp=np.array([event[2] for event in kept], np.int64),
    )
    truth = {user: events[number][1] for user, number in last.items()}
    return TrainingData(users=users, items=items, interactions=interactions), truth


def judge(data: TrainingData, truth: dict[str, str], scores: Callable[[str], Scores]) -> tuple[float, float]:
    """(NDCG, hit rate) at 10 of ``scores`` by user; items that the user had are left out."""
    import numpy as np

    gains: list[float] = []
    for user, item in truth.items():
        allowed = np.ones(len(data.items), bool)
        allowed[data.interactions.item[data.interactions.user == data.users.get(user)]] = False
        wanted = data.items.get(item)
        allowed[wanted] = True  # an event that comes again is still the truth
        top, _ = scores(user).top(CUT, allowed)
        place = np.flatnonzero(top == wanted)
        gains.append(float(1.0 / np.log2(2 + place[0])) if len(place) else 0.0)
    return float(np.mean(gains)), float(np.mean(np.array(gains) > 0))


def recipe_scores(name: str, data: TrainingData) -> Callable[[str], Scores]:
    """Train the recipe ``name`` on ``data``; its scores by user."""
    from personalize_local.recipes import RECIPES
    from personalize_local.recipes.base import Query, TrainingParameters

    model = RECIPES[name].train(data, TrainingParameters()).model
    return lambda user: model.scores(Query(user_id=user))


def als_scores(data: TrainingData, factors: int = 64, iterations: int = 15) -> Callable[[str], Scores]:
    """implicit's alternating least squares with its other defaults."""
    import numpy as np
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    from personalize_local.engine.scores import PopularityOrder, Scores

    user, item = data.interactions.user, data.interactions.item
    shape = (len(data.users), len(data.items))
    matrix = csr_matrix((np.ones(len(user), np.float32), (user, item)), shape=shape)
    model = AlternatingLeastSquares(factors=factors, iterations=iterations, num_threads=1, random_state=0)
    model.fit(matrix, show_progress=False)
    order = PopularityOrder.of(np.bincount(item, minlength=shape[1]).astype(np.float64))
    found: tuple[Int32, Int32] = (model.user_factors, model.item_factors)
    return lambda user: Scores(found[1] @ found[0][data.users.get(user)], order)


def main() -> int:
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MOVIELENS", "")
    path = Path(given) / "ratings.csv"
    if not given or not path.is_file():
        print("skipped: give the folder of ml-latest-small, which holds ratings.csv")
        return 0
    data, truth = leave_last_out(core(read_ratings(path)))
    print(f"{len(data.users)} users, {len(data.items)} items, {len(data.interactions)} events learned from")
    print(f"{'model':<28}{'NDCG@10':>9}{'HR@10':>8}{'CPU s':>8}")
    candidates: dict[str, Callable[[], Callable[[str], Scores]]] = {
        "popularity": lambda: recipe_scores("aws-popularity-count", data),
        "implicit ALS, 64 factors": lambda: als_scores(data),
        "aws-user-personalization": lambda: recipe_scores("aws-user-personalization", data),
    }
    gain = 0.0
    for name, train in candidates.items():
        begin = time.process_time()
        scores = train()
        spent = time.process_time() - begin
        gain, hits = judge(data, truth, scores)
        print(f"{name:<28}{gain:>9.4f}{hits:>8.3f}{spent:>8.2f}")
    print(f"target: NDCG@10 of at least {TARGET}: {'met' if gain >= TARGET else 'missed'}")
    return 0 if gain >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
