"""Tries: what users did with actions, cut into pieces of which each ends well or does not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Float64, Int32, Int64, Interactions

Bool = NDArray[np.bool_]

TAKEN, NOT_TAKEN, VIEWED = range(3)
NUMBERS = {"TAKEN": TAKEN, "NOT_TAKEN": NOT_TAKEN, "VIEWED": VIEWED}
"""The kinds of events with actions, by their names in data."""
KINDS = 3
_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """One entry for each try, by user, action and time. ``own[i, kind]`` counts what was between the two before."""

    user: Int32
    action: Int32
    begin: Int64
    taken: Bool
    own: Int64

    def __len__(self) -> int:
        return len(self.user)

    def select(self, keep: Bool | Int64) -> Tries:
        """Those marked in ``keep``, or at these places."""
        return Tries(
            user=self.user[keep],
            action=self.action[keep],
            begin=self.begin[keep],
            taken=self.taken[keep],
            own=self.own[keep],
        )

    def of_users(self, renamed: Int32) -> Tries:
        """The same of users who have other numbers."""
        return replace(self, user=renamed[self.user])


def tries_of(interactions: Interactions, days: int) -> Tries:
    """Cut what each user did with each action into tries.

    A try begins with a user's first event with an action and takes in those of the ``days`` after it; it has ended
    well when one of them is TAKEN, and ends there. The next event begins the next one. A try without TAKEN counts as
    not taken, also when its days are not over yet.
    """
    kinds = kinds_of(interactions)
    order = np.lexsort((interactions.item, interactions.user))  # stable: within a pair by time
    user, action, time = interactions.user[order], interactions.item[order], interactions.timestamp[order]
    kind = kinds[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (user[1:] != user[:-1]) | (action[1:] != action[:-1])
    begins, taken = _cut(first.tolist(), time.tolist(), (kind == TAKEN).tolist(), days * _DAY)
    at = np.array(begins, np.int64)
    sums = np.zeros((len(order) + 1, KINDS), np.int64)
    np.cumsum(kind[:, None] == np.arange(KINDS), axis=0, out=sums[1:])
    pair = np.flatnonzero(first)[np.cumsum(first)[at] - 1] if len(at) else at
    return Tries(
        user=user[at], action=action[at], begin=time[at], taken=np.array(taken, np.bool_), own=sums[at] - sums[pair]
    )


def kinds_of(interactions: Interactions) -> Int32:
    """The kind of each interaction with an action."""
    types = interactions.event_type
    assert types is not None, "action interactions have types"
    return np.array([*(NUMBERS[name] for name in types.values), 0], np.int32)[types.codes]


def _cut(first: list[bool], time: list[int], done: list[bool], length: int) -> tuple[list[int], list[bool]]:
    """Where tries begin among events by pair and time, and which of them ended well."""
    begins: list[int] = []
    taken: list[bool] = []
    end = 0
    for at, (new, moment, success) in enumerate(zip(first, time, done, strict=True)):
        if new or taken[-1] or moment > end:
            begins.append(at)
            taken.append(success)
            end = moment + length
        elif success:
            taken[-1] = True
    return begins, taken


def enough(interactions: Interactions, n_actions: int, least: int, days: int) -> Bool:
    """Which actions have at least ``least`` events TAKEN, and as many of the others, within the newest ``days``."""
    if not len(interactions):
        return np.zeros(n_actions, np.bool_)
    recent = interactions.timestamp >= interactions.timestamp.max() - days * _DAY
    taken = kinds_of(interactions) == TAKEN
    counts = [np.bincount(interactions.item[recent & which], minlength=n_actions) for which in (taken, ~taken)]
    result: Bool = (counts[0] >= least) & (counts[1] >= least)
    return result


def rates(tries: Tries, n_actions: int, strength: float) -> Float64:
    """The share of each action's tries that ended well, as if ``strength`` more had ended as tries do on average."""
    tried = np.bincount(tries.action, minlength=n_actions)
    taken = np.bincount(tries.action[tries.taken], minlength=n_actions)
    # Never 0 or 1: half a try ended each way.
    average = (taken.sum() + 0.5) / (tried.sum() + 1.0)
    shares: Float64 = (taken + strength * average) / (tried + strength)
    return shares
