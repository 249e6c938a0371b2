"""Generated interactions of any size for measuring costs: skewed popularity, tastes, and items that follow others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from _interactions import Int64
from numpy.typing import NDArray

TOP_HALF = 0.93
"""Share of the interactions that the more popular half of the items has: that of MovieLens-1M."""
_HEAD = 300.0  # items over which popularity hardly falls, so that none is everybody's
_TASTES = 4  # classes of items that a user likes
_OWN, _FOLLOWS = 0.6, 0.35
_FOLLOWERS = 3
_CLASS_SIZE = 100
_MORE = 1.6  # drawn for one that is kept: a user has an item once


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many there are of each."""

    users: int
    items: int
    interactions: int


MILLION = Size(users=6_040, items=3_700, interactions=1_000_000)
LARGE = Size(users=200_000, items=100_000, interactions=10_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Codes of users and items, in order of time (epoch seconds)."""

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    time: Int64


def popularity(items: int, top_half: float) -> NDArray[np.float64]:
    """Falling weights that sum to 1, of which the first half has ``top_half``."""
    low, high = 0.0, 8.0
    while True:
        exponent = (low + high) / 2
        weight = (np.arange(items) + _HEAD) ** -exponent
        weight /= weight.sum()
        found = float(weight[: items // 2].sum())
        if high - low < 1e-6:
            return weight
        low, high = (exponent, high) if found < top_half else (low, exponent)


def top_half(item: NDArray[np.int32], items: int) -> float:
    """The share that the more popular half of the items has."""
    counts = np.sort(np.bincount(item, minlength=items))[::-1]
    return float(counts[: items // 2].sum() / counts.sum())


def generate(size: Size, seed: int = 0) -> Rows:
    """About ``size.interactions`` of them, no user an item twice; the same for the same seed."""
    random = np.random.default_rng([seed, size.interactions])
    # A user has an item once, which makes the drawn ones fewer and flatter: aim higher until both are right.
    aim, wanted = TOP_HALF, float(size.interactions)
    for _ in range(6):
        rows = _drawn(size, aim, wanted, random)
        found, share = top_half(rows.item, size.items), size.interactions / len(rows.user)
        if abs(found - TOP_HALF) < 0.005 and abs(share - 1) < 0.02:
            break
        aim = min(aim + (TOP_HALF - found) / 2, 0.995)
        wanted *= share
    return rows


def _drawn(size: Size, aim: float, total: float, random: np.random.Generator) -> Rows:
    activity = random.lognormal(0.0, 0.9, size.users)
    wanted = np.maximum(5, activity / activity.sum() * total).astype(np.int64)
    wanted = np.minimum(wanted, size.items // 3)
    lengths = (wanted * _MORE).astype(np.int64)
    user = np.repeat(np.arange(size.users, dtype=np.int32), lengths)
    item = _items(size, user, aim, random)
    # The first time that a user has an item is kept, and of these as many as he wants.
    _, first = np.unique(user.astype(np.int64) * size.items + item, return_index=True)
    first.sort()
    user, item = user[first], item[first]
    place = np.arange(len(user)) - np.searchsorted(user, np.arange(size.users))[user]
    kept = place < wanted[user]
    user, item, place = user[kept], item[kept], place[kept]
    begins = random.integers(0, 300 * 86_400, size.users)
    time = 1_600_000_000 + begins[user] + 600 * place
    order = np.argsort(time, kind="stable")
    return Rows(user=user[order], item=item[order], time=time[order])


def _items(size: Size, user: NDArray[np.int32], aim: float, random: np.random.Generator) -> NDArray[np.int32]:
    """An item for each row of ``user``; rows of one user follow one another."""
    classes, count = max(20, size.items // _CLASS_SIZE), len(user)
    kind = np.sort(random.integers(0, classes, size.items))
    weight = random.permutation(popularity(size.items, aim))
    running = np.concatenate([[0.0], np.cumsum(weight)])
    bounds = np.searchsorted(kind, np.arange(classes + 1))
    liked = random.integers(0, classes, (size.users, _TASTES))[user, random.integers(0, _TASTES, count)]
    own = random.random(count) < _OWN
    low = np.where(own, running[bounds[liked]], 0.0)
    high = np.where(own, running[bounds[liked + 1]], running[-1])
    item = np.searchsorted(running, low + (high - low) * random.random(count), side="right") - 1
    item = item.clip(0, size.items - 1)
    # What follows an item is of its class.
    place = running[bounds[kind]][:, None]
    width = running[bounds[kind + 1]][:, None] - place
    followers = np.searchsorted(running, place + width * random.random((size.items, _FOLLOWERS)), side="right") - 1
    followers = followers.clip(0, size.items - 1)
    follows = np.flatnonzero((random.random(count) < _FOLLOWS) & np.concatenate([[False], user[1:] == user[:-1]]))
    for _ in range(3):  # chains of up to three
        item[follows] = followers[item[follows - 1], random.integers(0, _FOLLOWERS, len(follows))]
    return item.astype(np.int32)
