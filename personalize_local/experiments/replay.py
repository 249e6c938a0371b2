"""Replays held-out events against two strategies: each is asked before an event is revealed, and judged by it.

Of one user it goes in order of time. Nothing that one user does changes what another is answered here, so that users
are replayed one after the other, and only one user's events are in memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.evaluation import discounted_gain, reciprocal_rank

__all__ = ["METRICS", "Asking", "Event", "Replayed", "Strategy", "replay"]

METRICS = ("hit_rate", "normalized_discounted_cumulative_gain", "mean_reciprocal_rank", "novelty")
"""What is measured of each answer and averaged: over a user's events, then over users, who count alike."""

_SEVERAL = -1
_REPORTED = 200
"""Events from one word of progress to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One held-out interaction. ``context`` has the schema's own columns, upper-case, as texts; null is left out."""

    item: str
    type: str
    value: float | None
    context: Mapping[str, str]


class Asking(Protocol):
    """The questions about one user, in the order of his events."""

    def ask(self, context: Mapping[str, str], count: int) -> Sequence[str] | None:
        """The best items, best first; None where the strategy cannot be asked yet."""
        ...

    def reveal(self, event: Event) -> None:
        """What the user did next."""
        ...


class Strategy(Protocol):
    """What can be asked for recommendations."""

    def about(self, user: str) -> Asking:
        """The questions about a user."""
        ...

    def knows(self, item: str) -> bool:
        """Whether an item could be recommended."""
        ...


@dataclass(slots=True)
class _Shown:
    """Which items a strategy has recommended, each with the number of its one user, or that they were several."""

    owners: dict[str, int] = field(default_factory=dict)

    def add(self, user: int, items: Sequence[str]) -> None:
        owners = self.owners
        for item in items:
            if owners.setdefault(item, user) != user:
                owners[item] = _SEVERAL

    def alone(self, users: int) -> NDArray[np.int64]:
        """How many items each user alone was shown."""
        owners = np.fromiter(self.owners.values(), np.int64, len(self.owners))
        return np.bincount(owners[owners != _SEVERAL], minlength=users)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of it. ``means`` has a row for each of METRICS and a column for each user, for both strategies.

    Novelty is NaN for a user to whom nothing was recommended. ``shown`` counts the distinct items that were shown,
    ``alone`` those that each user alone was shown. ``scored`` events were judged, ``unknown`` ones were not, as neither
    strategy could have recommended the item; ``unasked`` counts the events at which a strategy could not be asked.
    """

    means: tuple[NDArray[np.float64], NDArray[np.float64]]
    shown: tuple[int, int]
    alone: tuple[NDArray[np.int64], NDArray[np.int64]]
    scored: int
    unknown: int
    unasked: tuple[int, int]

    @property
    def users(self) -> int:
        """How many users were judged by."""
        return int(self.means[0].shape[1])


def replay(
    users: Iterable[tuple[str, Sequence[Event]]],
    strategies: tuple[Strategy, Strategy],
    count: int,
    surprise: Callable[[Sequence[str]], float],
) -> Generator[int, None, Replayed]:
    """Ask both strategies for ``count`` items before each event; yields how many events are done, returns the outcome.

    ``users`` gives each user once, with his events in order of time. ``surprise`` is the mean self-information of some
    items, in bits.
    """
    sums = _Sums(count, surprise)
    done = 0
    for user, events in users:
        askings = strategies[0].about(user), strategies[1].about(user)
        one = _One()
        for event in events:
            if strategies[0].knows(event.item) or strategies[1].knows(event.item):
                answers = askings[0].ask(event.context, count), askings[1].ask(event.context, count)
                sums.judge(one, event.item, answers)
            else:
                sums.unknown += 1
            for asking in askings:
                asking.reveal(event)
            done += 1
            if not done % _REPORTED:
                yield done
        sums.close(one)
    return sums.replayed()


@dataclass(slots=True)
class _One:
    """The sums of one user."""

    scored: int = 0
    sums: tuple[list[float], list[float]] = field(default_factory=lambda: ([0.0] * 4, [0.0] * 4))
    answered: list[int] = field(default_factory=lambda: [0, 0])


class _Sums:
    """The sums of all users."""

    def __init__(self, count: int, surprise: Callable[[Sequence[str]], float]) -> None:
        self._count, self._surprise = count, surprise
        self._means = array("d"), array("d")
        self._shown = _Shown(), _Shown()
        self._users = self._scored = self.unknown = 0
        self._unasked = [0, 0]

    def judge(self, one: _One, item: str, answers: tuple[Sequence[str] | None, Sequence[str] | None]) -> None:
        one.scored += 1
        for side, answer in enumerate(answers):
            if answer is None:
                self._unasked[side] += 1
            if not answer:
                continue
            one.answered[side] += 1
            sums = one.sums[side]
            sums[3] += self._surprise(answer)
            self._shown[side].add(self._users, answer)
            if item in answer:
                relevant = np.array([each == item for each in answer])
                sums[0] += 1.0
                sums[1] += discounted_gain(relevant, self._count, 1)
                sums[2] += reciprocal_rank(relevant)

    def close(self, one: _One) -> None:
        """Take up a user, where any of his events was judged."""
        if not one.scored:
            return
        for side, sums in enumerate(one.sums):
            answered = one.answered[side]
            self._means[side].extend(value / one.scored for value in sums[:3])
            self._means[side].append(sums[3] / answered if answered else nan)
        self._users += 1
        self._scored += one.scored

    def replayed(self) -> Replayed:
        a, b = (np.frombuffer(means).reshape(-1, len(METRICS)).T if means else _NOBODY for means in self._means)
        return Replayed(
            means=(a, b),
            shown=(len(self._shown[0].owners), len(self._shown[1].owners)),
            alone=(self._shown[0].alone(self._users), self._shown[1].alone(self._users)),
            scored=self._scored,
            unknown=self.unknown,
            unasked=(self._unasked[0], self._unasked[1]),
        )


_NOBODY: NDArray[np.float64] = np.zeros((len(METRICS), 0))
