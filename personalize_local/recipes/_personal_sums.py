"""What the personal recipes add up over users: ordered pairs and common users, exactly or sparsely by size.

The sums of the users who are learned from grow into those of everyone, so that the model that is measured and the
one that is served share their work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Float32, Float64, Int64
from personalize_local.engine.ease import add_gram, add_near, cosine_table, item_weights, shift_gram
from personalize_local.engine.histories import Histories
from personalize_local.engine.neighbours import NeighbourTable, common_users, discounted, strongest_of_sparse
from personalize_local.engine.transitions import DENSE_ITEMS, PairCounts, add_pairs, backward, no_pairs

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Of EASE: read with recency it wants less than the 500 and more that are usual, and where items have few interactions
# in proportion to their number, so that it is more than a count of common users.
_REGULARIZATION, _REGULARIZATION_BY_COUNT = 300.0, 20.0
_DISCOUNT = 0.5  # popularity discount of the neighbours in large catalogues: the cosine
_NEAR_REGULARIZATION = 60.0  # events near each other are fewer than common users
_WHOLE_EVENTS = 300_000  # interactions up to which EASE has every item of a small catalogue
_COVERED = 0.9  # share of the interactions whose items EASE has beyond that: it costs the cube of their number
# What common users may cost, in pairs: where histories are too long for that their newest events are paired.
_PAIRS_PER_EVENT, _MOST_PAIRS, _PAIRS_PER_HUGE = 24.0, 24_000_000.0, 2.0
# From so many events on, each step and each neighbour beyond the nearest says again what is well known.
_HUGE, _HUGE_WINDOW = 2_000_000, 2
# Times the neighbours that are kept, as sums of tables lose what was cut from one of them; and where there are many.
_DEPTH, _HUGE_DEPTH = 2.0, 1.3
_HISTORY_CAPS = (10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640, 896)
NOBODY = np.zeros(0, np.int64)
NOBODY.setflags(write=False)

Affinity = Float32 | NeighbourTable


class Sums(Protocol):
    """Ordered pairs of items (``counts``, and ``reverse`` the other way round) and what gives their affinity."""

    @property
    def counts(self) -> PairCounts:
        """Ordered pairs as :mod:`engine.transitions` counts them."""

    @property
    def reverse(self) -> PairCounts:
        """The same pairs backwards."""

    def learn(self, users: Int64, held: Int64) -> None:
        """Add all events of ``users`` except the last one of those in ``held``."""

    def complete(self, held: Int64, others: Int64) -> None:
        """Add the last event of each of ``held``, and all events of ``others``, to what was learned."""

    def affinity(self, only: Int64 | None = None) -> Affinity:
        """The weights between items under the sums so far; those from the items in ``only`` may be enough."""

    @property
    def tells_near(self) -> bool:
        """Whether there is a :meth:`near_affinity`."""

    def near_affinity(self) -> Float32 | None:
        """The same of items that stand near each other in histories; None where that is not told apart."""

    def companions(self) -> NeighbourTable | None:
        """The items with the most users in common; None where affinity is made of them, or needs no help."""


def sums_of(histories: Histories, weights: Float32 | None, n_items: int, width: int) -> Sums:
    """Empty sums for a catalogue of ``n_items``; ``weights`` are by position, ``width`` is that of sparse tables."""
    events = Events(histories=histories, weights=weights)
    if n_items <= DENSE_ITEMS:
        return _DenseSums(events, n_items, width)
    return _SparseSums(events, n_items, width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """The histories of all users, and what each position weighs (None: all alike)."""

    histories: Histories
    weights: Float32 | None

    def positions(self, users: Int64, held: Int64 = NOBODY) -> tuple[Int64, Int64]:
        """The positions of ``users`` without the last one of those in ``held``, and whose each is: a place in users."""
        history = self.histories
        positions, owner = history.positions_of(users), np.repeat(np.arange(len(users)), history.lengths[users])
        if not len(held):
            return positions, owner
        last = np.zeros(len(history.items), bool)
        last[history.indptr[held + 1] - 1] = True
        kept = ~last[positions]
        return positions[kept], owner[kept]

    def rows(self, users: Int64, held: Int64 = NOBODY) -> Int64:
        """The interactions of :meth:`positions`, in order of time."""
        marked = np.zeros(len(self.histories.items), bool)
        marked[self.histories.rows[self.positions(users, held)[0]]] = True
        return np.flatnonzero(marked).astype(np.int64)


class _DenseSums:
    """A full matrix of pairs, and EASE over the items that hold most of the interactions."""

    def __init__(self, events: Events, n_items: int, width: int) -> None:
        self._events, self._n_items, self._width = events, n_items, width
        self._reverse: PairCounts | None = None
        self.counts: Float32 = np.zeros((n_items, n_items), np.float32)
        self._covered = _covered_items(events.histories, n_items)
        self._covering = events if len(self._covered) == n_items else _only(events, self._covered, n_items)
        size, mean_count = len(self._covered), len(events.histories.items) / max(n_items, 1)
        self._regularization = max(1.0, min(_REGULARIZATION, _REGULARIZATION_BY_COUNT * mean_count))
        self._gram: Float32 = np.zeros((size, size), np.float32, order="F")
        self._near: Float32 | None = None
        if len(events.histories.items) <= _WHOLE_EVENTS:
            self._near = np.zeros((n_items, n_items), np.float32, order="F")

    @property
    def reverse(self) -> PairCounts:
        if self._reverse is None:
            self._reverse = backward(self.counts)
        return self._reverse

    def learn(self, users: Int64, held: Int64) -> None:
        positions, owner = self._events.positions(users, held)
        self._pairs(positions, self._events.histories.indptr[users][owner])
        add_gram(self._gram, self._covering.histories, users, self._covering.weights)
        self._shift(held, -1.0)

    def complete(self, held: Int64, others: Int64) -> None:
        history = self._events.histories
        self._pairs(history.indptr[held + 1] - 1, history.indptr[held])
        self._shift(held, 1.0)
        self.learn(others, NOBODY)

    def affinity(self, only: Int64 | None = None) -> Affinity:
        del only  # all come at once
        weights = item_weights(self._gram, self._regularization)
        if len(self._covered) == self._n_items:
            return weights
        whole = np.zeros((self._n_items, self._n_items), np.float32)
        for item, row in zip(self._covered.tolist(), weights, strict=True):
            whole[item, self._covered] = row  # several times faster than all rows in one step
        return whole

    @property
    def tells_near(self) -> bool:
        return self._near is not None

    def near_affinity(self) -> Float32 | None:
        return None if self._near is None else item_weights(self._near, _NEAR_REGULARIZATION)

    def companions(self) -> NeighbourTable | None:
        # Of few events EASE learns little, and what two items have in common is the best to be had.
        if len(self._events.histories.items) > _WHOLE_EVENTS:
            return None
        return cosine_table(self._gram, self._width)

    def _pairs(self, targets: Int64, starts: Int64) -> None:
        items, weights = self._events.histories.items, self._events.weights
        add_pairs(self.counts, items, targets, starts, weights=weights)
        if self._near is not None:
            add_near(self._near, items, targets, starts, weights)
        self._reverse = None

    def _shift(self, held: Int64, amount: float) -> None:
        whole, own = self._events.histories, self._covering.histories
        if own is not whole:  # what was held out of someone may be no item of the matrix
            inside = np.isin(whole.items[whole.indptr[held + 1] - 1], self._covered)
            held = held[inside]
        shift_gram(self._gram, own, held, amount, self._covering.weights)


def _covered_items(histories: Histories, n_items: int) -> Int64:
    """The items that EASE has, sorted."""
    if len(histories.items) <= _WHOLE_EVENTS:
        return np.arange(n_items, dtype=np.int64)
    counts = np.bincount(histories.items, minlength=n_items)
    order = np.argsort(-counts, kind="stable")
    enough = int(np.searchsorted(np.cumsum(counts[order]), _COVERED * len(histories.items))) + 1
    return np.sort(order[:enough]).astype(np.int64)


def _only(events: Events, covered: Int64, n_items: int) -> Events:
    """The events with ``covered`` items alone, which are numbered by their places in it."""
    number = np.full(n_items, -1, np.int32)
    number[covered] = np.arange(len(covered), dtype=np.int32)
    items = number[events.histories.items]
    kept: NDArray[np.bool_] = items >= 0
    histories = replace(events.histories, items=items).select(kept)
    return Events(histories=histories, weights=None if events.weights is None else events.weights[kept])


class _SparseSums:
    """Sparse pairs, and for each item those with the most users in common among the newest events of everyone."""

    def __init__(self, events: Events, n_items: int, width: int) -> None:
        self._events, self._n_items, self._width = events, n_items, width
        self.counts: PairCounts = no_pairs(n_items)
        self._reverse: PairCounts | None = None
        self._cap = _history_cap(events.histories.lengths)
        self._huge = len(events.histories.items) >= _HUGE
        self._common: csr_array | None = None
        self._users_of: Float64 = np.zeros(n_items)

    @property
    def reverse(self) -> PairCounts:
        if self._reverse is None:
            self._reverse = backward(self.counts)
        return self._reverse

    def learn(self, users: Int64, held: Int64) -> None:
        self._follow(users, held)
        self._share(users, held)

    def complete(self, held: Int64, others: Int64) -> None:
        history = self._events.histories
        self._pairs(history.indptr[held + 1] - 1, history.indptr[held])
        self._share(others, NOBODY)
        self._add_last(held)
        self._follow(others, NOBODY)

    def affinity(self, only: Int64 | None = None) -> Affinity:
        assert self._common is not None
        common = self._common.copy() if only is None else self._common[only]
        found = strongest_of_sparse(discounted(common, self._users_of, _DISCOUNT), self._width)
        return found if only is None else found.placed(only, self._n_items)

    @property
    def tells_near(self) -> bool:
        return False

    def near_affinity(self) -> Float32 | None:
        return None

    def companions(self) -> NeighbourTable | None:
        return None

    def _follow(self, users: Int64, held: Int64) -> None:
        positions, owner = self._events.positions(users, held)
        self._pairs(positions, self._events.histories.indptr[users][owner])

    def _pairs(self, targets: Int64, starts: Int64) -> None:
        items, weights = self._events.histories.items, self._events.weights
        window = _HUGE_WINDOW if self._huge else None
        self.counts = add_pairs(self.counts, items, targets, starts, window, weights)
        self._reverse = None

    def _share(self, users: Int64, held: Int64) -> None:
        """Add what ``users`` have in common."""
        history, weights = self._events.histories, self._events.weights
        positions, owner = self._events.positions(users, held)
        recent = history.indptr[users + 1][owner] - positions <= self._cap
        positions, owner = positions[recent], owner[recent]
        table, users_of = common_users(
            owner.astype(np.int32),
            history.items[positions],
            len(users),
            self._n_items,
            discount=_DISCOUNT,
            width=round((_HUGE_DEPTH if self._huge else _DEPTH) * self._width),
            weight=None if weights is None else weights[positions],
        )
        self._users_of += users_of
        self._common = table if self._common is None else self._common + table

    def _add_last(self, held: Int64) -> None:
        """Add what the last event of each of ``held`` has in common with what he had before."""
        from scipy.sparse import csr_array

        history, weights = self._events.histories, self._events.weights
        rows, columns, amounts = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)], [np.zeros(0, np.float32)]
        for user in held.tolist():
            end = int(history.indptr[user + 1])
            recent = slice(max(int(history.indptr[user]), end - self._cap), end)
            items, places = np.unique(history.items[recent], return_inverse=True)
            roots = np.ones(len(places)) if weights is None else np.sqrt(weights[recent].astype(np.float64))
            before = np.zeros(len(items))
            np.maximum.at(before, places[:-1], roots[:-1])
            last = int(places[-1])
            old, new = before[last], max(before[last], roots[-1])
            others = np.flatnonzero((before > 0) & (np.arange(len(items)) != last))
            if new > old:
                rows += [np.full(len(others), items[last]), items[others]]
                columns += [items[others], np.full(len(others), items[last])]
                amounts += [((new - old) * before[others]).astype(np.float32)] * 2
                self._users_of[items[last]] += new * new - old * old
        cells = np.concatenate(amounts), (np.concatenate(rows), np.concatenate(columns))
        assert self._common is not None
        self._common = self._common + csr_array(cells, shape=self._common.shape)


def _history_cap(lengths: Int64) -> int:
    """How many of the newest events of a user may be paired within the cost that is allowed."""
    events = int(lengths.sum())
    allowed = min(_PAIRS_PER_EVENT * events, max(_MOST_PAIRS, _PAIRS_PER_HUGE * events))
    for cap in reversed(_HISTORY_CAPS):
        if float((np.minimum(lengths, cap).astype(np.float64) ** 2).sum()) <= allowed:
            return cap
    return _HISTORY_CAPS[0]
