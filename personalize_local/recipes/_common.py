"""What the training of every recipe shares: who is learned from, who is tested, and how a list is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Float32, Int32, Int64, TrainingData
from personalize_local.engine.evaluation import LIST_LENGTH, choose_test_users, measure, truth_size
from personalize_local.engine.histories import Histories, histories_of
from personalize_local.engine.scores import PopularityOrder, Scores
from personalize_local.engine.vocabulary import Vocabulary

Arrays = dict[str, NDArray[np.generic]]


def histories(data: TrainingData) -> Histories:
    """The ordered history of each user of ``data``."""
    return histories_of(data.interactions, len(data.users))


def learned_users(lengths: Int64, features: Mapping[str, str]) -> Int64:
    """The users with interactions whose history length lies within the percentiles asked for (inclusive).

    Users left out are not learned from and not measured; they are still served from their history (inferred).
    """
    users = np.flatnonzero(lengths > 0).astype(np.int64)
    if not len(users):
        return users
    known = lengths[users]
    # "lower" and "higher" pick lengths that occur, so that users at the boundary stay.
    low = np.quantile(known, float(features.get("min_user_history_length_percentile", "0")), method="lower")
    high = np.quantile(known, float(features.get("max_user_history_length_percentile", "1")), method="higher")
    return users[(known >= low) & (known <= high)]


def split_users(users: Int64, lengths: Int64, seed: int) -> tuple[Int64, Int64]:
    """(users to train on, users to test), both sorted."""
    test = users[choose_test_users(lengths[users], seed)]
    return np.setdiff1d(users, test, assume_unique=True), test


def measure_model(
    answer: Callable[[Int32], Scores], histories: Histories, test: Int64, n_items: int
) -> dict[str, float]:
    """The service's metrics of ``answer`` (input history to scores) on the newest tenth of the ``test`` users."""
    answers = []
    for user in test:
        history = histories.of(int(user))
        cut = len(history) - truth_size(len(history))
        items, _ = answer(history[:cut]).top(LIST_LENGTH)
        answers.append((items, history[cut:]))
    return measure(answers, n_items)


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
