"""How much each item is interacted with: by how many users, and how recently."""

from __future__ import annotations

import numpy as np

from personalize_local.engine.data import Float32, Float64, Int32, Int64

# Fractions of the time that the data spans, tried as the time in which an old interaction loses its weight
# (by a factor of e). Chosen: from "everything counts alike" to about a day in a month of data.
_LIFETIMES = (None, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
_NEWEST = 0.05  # share of the interactions that a lifetime must predict
_ENOUGH = 200  # interactions below which no lifetime is chosen


def unique_users(user: Int32, item: Int32, n_users: int, n_items: int) -> Int64:
    """The number of distinct users of each item."""
    pairs = np.unique(item.astype(np.int64) * n_users + user)
    return np.bincount(pairs // max(n_users, 1), minlength=n_items)


def weighted_counts(
    item: Int32, timestamp: Int64, n_items: int, lifetime: float | None, weight: Float32 | None = None
) -> Float64:
    """Interactions of each item, one of age ``lifetime`` seconds weighing 1/e; None weighs all alike.

    ``weight`` (of each interaction) multiplies that.
    """
    if lifetime is None or not len(item):
        return np.bincount(item, weight, minlength=n_items).astype(np.float64)
    weights = np.exp((timestamp - timestamp.max()) / lifetime)
    if weight is not None:
        weights *= weight
    counts: Float64 = np.bincount(item, weights, minlength=n_items).astype(np.float64)  # integers for no item
    return counts


def popularity_logits(counts: Float64) -> Float64:
    """Logits whose softmax is the share of each item in ``counts``, half an interaction added to each."""
    logits: Float64 = np.log(counts + 0.5)
    return logits


def choose_lifetime(item: Int32, timestamp: Int64, n_items: int, weight: Float32 | None = None) -> float | None:
    """The lifetime in seconds under which older interactions predict the newest ones best (highest likelihood).

    ``timestamp`` is sorted; ``weight`` is that of each interaction. None, where everything counts alike, also when
    there is too little to choose from.
    """
    cut = len(item) - int(len(item) * _NEWEST)
    span = int(timestamp[-1] - timestamp[0]) if len(item) else 0
    if len(item) < _ENOUGH or span <= 0:
        return None
    old, new = (None, None) if weight is None else (weight[:cut], weight[cut:])
    best: tuple[float, float | None] = (-np.inf, None)
    for share in _LIFETIMES:
        lifetime = None if share is None else share * span
        counts = weighted_counts(item[:cut], timestamp[:cut], n_items, lifetime, old)
        # A shorter memory has seen less: the half interaction that smooths it is the same for all.
        likelihood = float(np.average(np.log((counts + 0.5)[item[cut:]] / (counts + 0.5).sum()), weights=new))
        if likelihood > best[0] + 1e-9:
            best = (likelihood, lifetime)
    return best[1]


def growth(item: Int32, timestamp: Int64, n_items: int, interval: int, end: int | None = None) -> Int64:
    """How many more interactions each item has in the last ``interval`` seconds than in the one before; 0 for less.

    The last interval ends with ``end``, that second included; None: with the newest interaction.
    """
    if not len(item):
        return np.zeros(n_items, np.int64)
    age = (timestamp.max() if end is None else end) - timestamp
    counts = [
        np.bincount(item[(age >= begin) & (age < begin + interval)], minlength=n_items) for begin in (0, interval)
    ]
    grown: Int64 = np.maximum(counts[0] - counts[1], 0)
    return grown
