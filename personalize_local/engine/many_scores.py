"""The answers of a model to many queries, held one after the other: what :class:`Scores` is for one of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.data import Float32, Float64, Int32, Int64
from personalize_local.engine.scores import Bool, PopularityOrder, Scores

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Best = tuple[Int32, Float64]
"""Items, best first, and their probabilities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyScores:
    """Logits of users one after the other: user i's candidates lie from ``starts[i]`` on, in ``cells``.

    A cell is the user's place times the number of items, and the item; ascending. ``floor`` is the logit of all other
    items; None where there are none.
    """

    order: PopularityOrder
    starts: Int64
    cells: Int64
    logits: Float32
    floor: float | None

    def _items(self) -> Int64:
        firsts = np.arange(len(self.starts) - 1) * len(self.order.order)
        return self.cells - np.repeat(firsts, np.diff(self.starts))

    def scores(self) -> list[Scores]:
        """The scores of each user."""
        return [self._scores(user) for user in range(len(self.starts) - 1)]

    def _scores(self, user: int) -> Scores:
        part = slice(self.starts[user], self.starts[user + 1])
        if self.floor is None:
            return Scores(self.logits[part], self.order)
        items = (self.cells[part] - user * len(self.order.order)).astype(np.int32)
        return Scores(self.logits[part], self.order, items=items, floor=self.floor)

    def top(self, k: int, allowed: Bool | None) -> list[Best]:
        """The best ``k`` items of each user and their probabilities."""
        lengths = np.diff(self.starts)
        logits = self.logits
        if allowed is not None:
            logits = np.where(allowed[self._items()], logits, np.float32(-np.inf))
        least = np.float32(-np.inf if self.floor is None else self.floor)
        thresholds = self._thresholds(logits, lengths, k)
        enough = thresholds > least  # else items without a score are among the best
        # What is beyond the best is not looked at again.
        places = np.flatnonzero(logits >= np.repeat(thresholds, lengths))
        owners = np.searchsorted(self.starts, places, side="right") - 1
        found, candidates = logits[places], self.cells[places] - owners * len(self.order.order)
        best = self._sorted(found, candidates, owners, k)
        bounds = np.searchsorted(owners, np.arange(len(lengths) + 1)).tolist()
        items = candidates[best].astype(np.int32)
        shares = self._shares(found[best].astype(np.float64), owners)
        return [
            (items[begin : min(begin + k, end)], shares[begin : min(begin + k, end)])
            if is_enough
            else self._scores(user).top(k, allowed)
            for user, (is_enough, (begin, end)) in enumerate(
                zip(enough.tolist(), itertools.pairwise(bounds), strict=True)
            )
        ]

    def _sorted(self, logits: Float32, items: Int64, owners: Int64, k: int) -> Int64:
        """The order in which some candidates of the users ``owners``, ascending, are the best of each."""
        users = len(self.starts) - 1
        if len(logits) == users * k and (owners.reshape(users, k)[:, [0, -1]] == np.arange(users)[:, None]).all():
            rows = logits.reshape(users, k)
            places = np.argsort(-rows, axis=1)
            ordered = np.take_along_axis(rows, places, axis=1)
            if (ordered[:, 1:] < ordered[:, :-1]).all():  # a third of the time that three keys take
                return (places + np.arange(users)[:, None] * k).reshape(-1)
        return np.lexsort((self.order.rank[items], -logits, owners))

    def _thresholds(self, logits: Float32, lengths: Int64, k: int) -> Float32:
        """The ``k``-th highest logit of each user; minus infinity where there are fewer."""
        widest = int(lengths.max())
        if widest < k:
            return np.full(len(lengths), -np.inf, np.float32)
        padded = np.full((len(lengths), widest), -np.inf, np.float32)
        bounds = itertools.pairwise(self.starts.tolist())
        for row, (begin, end) in zip(padded, bounds, strict=True):  # a mask of all takes three times as long
            row[: end - begin] = logits[begin:end]
        thresholds: Float32 = np.partition(padded, widest - k, axis=1)[:, widest - k]
        return thresholds

    def _shares(self, logits: Float64, owners: Int64) -> Float64:
        """The probabilities of some candidates of the users ``owners``, over all items."""
        peaks, _, totals = self._exponentials()
        shares: Float64 = np.exp(logits - peaks[owners]) / totals[owners]
        return shares

    def shares_of(self, belongs: csr_array) -> Float64:
        """The probabilities of groups of items [items, groups], for each user."""
        from scipy.sparse import csr_array

        peaks, exponentials, totals = self._exponentials()
        users, n_items = len(totals), len(self.order.order)
        rest = np.zeros(users) if self.floor is None else np.exp(self.floor - peaks)
        # What all items have, and what candidates have beside it.
        beside = exponentials - np.repeat(rest, np.diff(self.starts))
        table = csr_array((beside, self._items(), self.starts), shape=(users, n_items))
        sums = (table @ belongs).toarray() + rest[:, None] * np.asarray(belongs.sum(axis=0))
        shares: Float64 = sums / totals[:, None]
        return shares

    def _exponentials(self) -> tuple[Float64, Float32, Float64]:
        """(The highest logit of each user, the exponential of each candidate over its, each user's sum over all)."""
        lengths = np.diff(self.starts)
        peaks = np.maximum.reduceat(self.logits, self.starts[:-1])
        rest = len(self.order.order) - lengths
        if self.floor is not None:
            peaks = np.where(rest > 0, np.maximum(peaks, np.float32(self.floor)), peaks)
        exponentials = np.exp(self.logits - np.repeat(peaks, lengths))
        totals = np.add.reduceat(exponentials, self.starts[:-1], dtype=np.float64)
        highest = peaks.astype(np.float64)
        if self.floor is not None:
            totals += rest * np.exp(self.floor - highest)
        return highest, exponentials, totals
