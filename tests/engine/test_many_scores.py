"""The best of many users at a time, beside the best of each alone."""

from __future__ import annotations

import numpy as np
import pytest

from personalize_local.engine.many_scores import ManyScores
from personalize_local.engine.scores import PopularityOrder

N_ITEMS = 40


def many(rows: list[dict[int, float]]) -> ManyScores:
    cells = [user * N_ITEMS + item for user, row in enumerate(rows) for item in sorted(row)]
    logits = [row[item] for row in rows for item in sorted(row)]
    starts = np.cumsum([0, *map(len, rows)])
    order = PopularityOrder.of(np.random.default_rng(3).random(N_ITEMS))
    return ManyScores(order=order, starts=starts, cells=np.array(cells), logits=np.array(logits, np.float32), floor=0.0)


def drawn(seed: int) -> list[dict[int, float]]:
    """Few different values, so that many are equal, and some users with fewer candidates than are asked for."""
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(6):
        items = random.choice(N_ITEMS, random.integers(1, 12), replace=False).tolist()
        rows.append({item: float(random.integers(-2, 6)) for item in items})
    return rows


@pytest.mark.parametrize(
    "rows",
    [
        # As many in all as are asked for, but not of each: one has fewer, the other one more that are equal.
        [{1: 5.0, 2: 4.0}, {3: 6.0, 4: 7.0, 5: 6.0, 6: 8.0}],
        [{1: 5.0, 2: 4.0, 3: 3.0}, {3: 2.0, 4: 1.0, 6: 3.0}],
        *(drawn(seed) for seed in range(40)),
    ],
)
def test_each_gets_what_is_best_alone(rows: list[dict[int, float]]) -> None:
    together = many(rows)
    for k in (1, 3, 8):
        for (items, shares), alone in zip(together.top(k, None), together.scores(), strict=True):
            expected, probabilities = alone.top(k, None)
            assert items.tolist() == expected.tolist()
            np.testing.assert_allclose(shares, probabilities, rtol=1e-6)
