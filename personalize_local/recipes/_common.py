"""What the training of every recipe shares: who is learned from, who is tested, and how a list is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Float32, Int32, Int64, TrainingData
from personalize_local.engine.evaluation import LIST_LENGTH, choose_test_users, measure, truth_size
from personalize_local.engine.histories import Histories, histories_of
from personalize_local.engine.scores import PopularityOrder, Scores
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.recipes.minimums import taken

Arrays = dict[str, NDArray[np.generic]]


def histories(data: TrainingData) -> Histories:
    """The ordered history of each user of ``data``."""
    return histories_of(data.interactions, len(data.users))


def learned_users(lengths: Int64, features: Mapping[str, str]) -> Int64:
    """The users with interactions whose history length lies within the percentiles asked for (inclusive).

    Users left out are not learned from and not measured; they are still served from their history (inferred).
    """
    return np.flatnonzero(_within(lengths, features, "user_history_length")).astype(np.int64)


def learned_items(counts: Int64, features: Mapping[str, str]) -> NDArray[np.bool_]:
    """Which items lie, with their number of interactions, within the percentiles asked for (inclusive)."""
    return _within(counts, features, "item_interaction_count")


def _within(sizes: Int64, features: Mapping[str, str], what: str) -> NDArray[np.bool_]:
    known = sizes[sizes > 0]
    if not len(known):
        return np.zeros(len(sizes), bool)
    # "lower" and "higher" pick sizes that occur, so that those at the boundary stay.
    low = np.quantile(known, float(features.get(f"min_{what}_percentile", "0")), method="lower")
    high = np.quantile(known, float(features.get(f"max_{what}_percentile", "1")), method="higher")
    within: NDArray[np.bool_] = (sizes > 0) & (sizes >= low) & (sizes <= high)
    return within


def learned_part(history: Histories, n_items: int, features: Mapping[str, str]) -> tuple[Histories, Int64]:
    """The histories within the percentiles asked for, users first and items next (inferred), and whose they are."""
    users = learned_users(history.lengths, features)
    positions = history.positions_of(users)
    items = history.items[positions]
    kept = np.zeros(len(history.items), bool)
    kept[positions] = learned_items(np.bincount(items, minlength=n_items), features)[items]
    if not kept.all():
        history = history.select(kept)
    return history, users[history.lengths[users] > 0]


def measured_users(data: TrainingData, features: Mapping[str, str], seed: int) -> Int64:
    """The users whom a training of ``data`` is measured on."""
    history, users = learned_part(histories(data), len(data.items), features)
    return split_users(users, history.lengths, seed)[1]


def without_users(data: TrainingData, left_out: Sequence[Int64]) -> TrainingData:
    """``data`` without the interactions of the users in any of ``left_out``; they keep their numbers."""
    gone = np.zeros(len(data.users), bool)
    for users in left_out:
        gone[users] = True
    rows = np.flatnonzero(~gone[data.interactions.user])
    return replace(data, interactions=taken(data.interactions, rows))


def split_users(users: Int64, lengths: Int64, seed: int) -> tuple[Int64, Int64]:
    """(users to train on, users to test), both sorted."""
    test = users[choose_test_users(lengths[users], seed)]
    return np.setdiff1d(users, test, assume_unique=True), test


Further = Callable[[Int32, Int64], "float | None"]
"""A metric beside the usual ones, of a list of items and the positions of the truth; None counts for nothing."""


def measure_model(
    answer: Callable[[int, int], Scores],
    histories: Histories,
    test: Int64,
    n_items: int,
    further: Mapping[str, Further] | None = None,
) -> dict[str, float]:
    """The service's metrics of ``answer`` on the newest tenth of the ``test`` users.

    It gets a user and the position in ``histories`` where what it may know of him ends.
    """
    answers = []
    values: dict[str, list[float]] = {name: [] for name in further or {}}
    for user in test.tolist():
        begin, end = int(histories.indptr[user]), int(histories.indptr[user + 1])
        cut = end - truth_size(end - begin)
        items, _ = answer(user, cut).top(LIST_LENGTH)
        answers.append((items, histories.items[cut:end]))
        for name, function in (further or {}).items():
            value = function(items, np.arange(cut, end))
            values[name] += [] if value is None else [value]
    metrics = measure(answers, n_items)
    return in_order({**metrics, **{name: float(np.mean(found)) if found else 0.0 for name, found in values.items()}})


def in_order(metrics: Mapping[str, float]) -> dict[str, float]:
    """``metrics`` as the service prints them: 4 decimals, by name."""
    return {name: round(float(metrics[name]), 4) for name in sorted(metrics)}


def prefixed(prefix: str, arrays: Mapping[str, NDArray[np.generic]]) -> Arrays:
    """``arrays`` under names that start with ``prefix`` and a dot."""
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def unprefixed(prefix: str, arrays: Mapping[str, NDArray[np.generic]]) -> Arrays:
    """The inverse of :func:`prefixed`: the arrays of one part."""
    start = f"{prefix}."
    return {name[len(start) :]: array for name, array in arrays.items() if name.startswith(start)}


def vocabulary(prefix: str, arrays: Mapping[str, NDArray[np.generic]]) -> Vocabulary:
    """The vocabulary that was stored under ``prefix``."""
    return Vocabulary.from_arrays(unprefixed(prefix, arrays))


def stored_popularity(logits: Float32, order: PopularityOrder) -> Arrays:
    """Popularity as every model stores it; :func:`opened_order` is the inverse for the order."""
    return {"popularity.logits": logits, "popularity.order": order.order, "popularity.rank": order.rank}


def opened_order(arrays: Mapping[str, NDArray[np.generic]]) -> PopularityOrder:
    """The order of popularity of a stored model."""
    parts = cast("Mapping[str, Any]", arrays)
    return PopularityOrder(order=parts["popularity.order"], rank=parts["popularity.rank"])
