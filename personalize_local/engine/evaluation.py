"""The service's offline metrics: how test users are set apart and what is measured on their lists.

Definitions: the developer guide's page on training metrics. What it leaves open (which users, rounding of a tenth)
is chosen and said so below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Float64, Int32, Int64

Flags = NDArray[np.bool_]  # whether the item at each place of a list is relevant

CUTS = (5, 10, 25)
LIST_LENGTH = 25  # recommendations made for each test user (documented)
_TEST_SHARE = 0.1  # of the users, and of each test user's interactions (documented)
_MOST_USERS = 1_500  # chosen: more would hardly change what is printed, and cost much of the training


def choose_test_users(lengths: Int64, seed: int) -> Int64:
    """A seeded tenth of the users, those with fewer than two interactions left out; sorted, at most 1,500.

    At least one when any user qualifies (chosen).
    """
    eligible = np.flatnonzero(lengths >= 2)
    if not len(eligible):
        return np.zeros(0, np.int64)
    size = min(_MOST_USERS, max(1, round(_TEST_SHARE * len(eligible))))
    return np.sort(np.random.default_rng(seed).permutation(eligible)[:size]).astype(np.int64)


def truth_size(length: int) -> int:
    """How many of a test user's newest interactions are the truth: a tenth, at least one."""
    return max(1, round(_TEST_SHARE * length))


def reciprocal_rank(relevant: Flags) -> float:
    """1 / the place of the first relevant item of a list, 0 when there is none."""
    places = np.flatnonzero(relevant)
    return 1.0 / (int(places[0]) + 1) if len(places) else 0.0


def discounted_gain(relevant: Flags, cut: int, n_relevant: int) -> float:
    """NDCG at ``cut``: gain of the relevant items found, over that of ``n_relevant`` items placed first."""
    discounts = 1.0 / np.log2(np.arange(2, cut + 2))
    flags = relevant[:cut]
    ideal = discounts[: min(cut, n_relevant)].sum()
    return float((discounts[: len(flags)] * flags).sum() / ideal) if ideal > 0 else 0.0


def weighted_gain(recommended: Int32, truth: Int32, rewards: Float64, cut: int = LIST_LENGTH) -> float:
    """NDCG at ``cut`` in which a hit pays the highest of the ``rewards`` of its entries in ``truth``.

    The ideal list has the truth by falling reward (chosen: only the pay of a hit is published; so is 25 for the cut).
    """
    items, places = np.unique(truth, return_inverse=True)
    pay = np.zeros(len(items))
    np.maximum.at(pay, places, rewards)
    discounts = 1.0 / np.log2(np.arange(2, cut + 2))
    best = np.sort(pay)[::-1][:cut]
    ideal = float((discounts[: len(best)] * best).sum())
    shown = recommended[:cut]
    at = np.minimum(np.searchsorted(items, shown), len(items) - 1)
    gained = np.where(items[at] == shown, pay[at], 0.0)
    return float((discounts[: len(shown)] * gained).sum()) / ideal if ideal > 0 else 0.0


def captured_reward(recommended: Int32, truth: Int32, rewards: Float64) -> float | None:
    """The share of the reward of ``truth`` that lies in its items among the first 25; None where there is none.

    ``rewards`` is that of each item of the catalogue. All recommendations are the whole catalogue, so that what the
    user did is their reward (this reading is chosen; the published text does not settle it).
    """
    wanted = np.unique(truth)
    total = float(rewards[wanted].sum())
    return float(rewards[wanted[np.isin(wanted, recommended[:LIST_LENGTH])]].sum()) / total if total > 0 else None


def area_under_the_curve(scores: Float64, happened: Flags) -> float:
    """The chance that what happened was scored above what did not, equals counting half; 0.5 where one is missing."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    n_happened = int(np.count_nonzero(happened))
    pairs = n_happened * (len(happened) - n_happened)
    return float(ranks[happened].sum() - n_happened * (n_happened + 1) / 2) / pairs if pairs else 0.5


def precision(relevant: Flags, cut: int) -> float:
    """Relevant items among the first ``cut``, over ``cut`` (however short the list is)."""
    return float(np.count_nonzero(relevant[:cut])) / cut


def measure(answers: Sequence[tuple[Int32, Int32]], n_items: int) -> dict[str, float]:
    """The eight metrics of (recommended items best first, truth) pairs, rounded to 4 decimals, keys in order.

    ``n_items`` is the size of the catalogue (Items and Interactions datasets together). Nothing to measure gives
    zeros.
    """
    per_user: dict[str, list[float]] = {name: [] for name in _MEASURES}
    shown = np.zeros(n_items, bool)
    for recommended, truth in answers:
        wanted = np.unique(truth)
        flags = (recommended[:LIST_LENGTH, None] == wanted).any(axis=1)
        shown[recommended[:LIST_LENGTH]] = True
        for name, function in _MEASURES.items():
            per_user[name].append(function(flags, len(wanted)))
    metrics = {name: float(np.mean(values)) if values else 0.0 for name, values in per_user.items()}
    metrics["coverage"] = np.count_nonzero(shown) / n_items if n_items else 0.0
    return {name: round(float(metrics[name]), 4) for name in sorted(metrics)}


def _measures() -> dict[str, Callable[[Flags, int], float]]:
    functions: dict[str, Callable[[Flags, int], float]] = {
        "mean_reciprocal_rank_at_25": lambda flags, _: reciprocal_rank(flags)
    }
    for cut in CUTS:
        functions[f"normalized_discounted_cumulative_gain_at_{cut}"] = _gain_at(cut)
        functions[f"precision_at_{cut}"] = _precision_at(cut)
    return functions


def _gain_at(cut: int) -> Callable[[Flags, int], float]:
    return lambda flags, n_relevant: discounted_gain(flags, cut, n_relevant)


def _precision_at(cut: int) -> Callable[[Flags, int], float]:
    return lambda flags, _: precision(flags, cut)


_MEASURES = _measures()

METRICS = ("coverage", *_MEASURES)
"""The names that :func:`measure` gives."""
