"""The answer of a model to one query: a score for every item of the catalogue, held sparsely."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Float32, Float64, Int32, Int64

Bool = NDArray[np.bool_]
Floats = Float32 | Float64


@dataclass(frozen=True, slots=True, kw_only=True)
class PopularityOrder:
    """The catalogue from the most to the least popular item, and each item's place in it."""

    order: Int32
    rank: Int32
    every: Int32 = field(init=False, repr=False)  # 0..n-1, made once because every answer needs it

    def __post_init__(self) -> None:
        object.__setattr__(self, "every", np.arange(len(self.order), dtype=np.int32))

    def extended(self, count: int) -> PopularityOrder:
        """This order and ``count`` further items behind all others."""
        more = np.arange(len(self.order), len(self.order) + count, dtype=np.int32)
        return PopularityOrder(order=np.concatenate((self.order, more)), rank=np.concatenate((self.rank, more)))

    @classmethod
    def of(cls, popularity: NDArray[np.floating]) -> PopularityOrder:
        """Order by ``popularity``, the higher first; ties by index."""
        order = np.argsort(-popularity, kind="stable").astype(np.int32)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order), dtype=np.int32)
        return cls(order=order, rank=rank)


class Scores:
    """Logits over a catalogue: one for each candidate, and one floor for all other items.

    Without ``items`` every item is a candidate and ``logits`` has one entry per item. Otherwise ``items`` are
    distinct indexes aligned with ``logits``; the rest of the catalogue has the logit ``floor``. Equal logits are
    ordered by popularity, then by index. Probabilities are the softmax over the whole catalogue, whatever is asked
    for, so that leaving items out does not raise the others.
    """

    __slots__ = ("_floor", "_items", "_logits", "_popularity")

    def __init__(
        self, logits: Floats, popularity: PopularityOrder, *, items: Int32 | None = None, floor: float = 0.0
    ) -> None:
        self._logits, self._popularity, self._items, self._floor = logits, popularity, items, floor

    def __len__(self) -> int:
        """The size of the catalogue."""
        return len(self._popularity.order)

    @property
    def popularity(self) -> PopularityOrder:
        """The order of what has equal logits."""
        return self._popularity

    def dense(self) -> Float64:
        """The logit of every item, as a new array."""
        if self._items is None:
            return self._logits.astype(np.float64)
        logits = np.full(len(self), self._floor)
        logits[self._items] = self._logits
        return logits

    def top(self, k: int, allowed: Bool | None = None) -> tuple[Int32, Float64]:
        """The best ``k`` items and their probabilities, best first.

        ``allowed`` is a mask over the catalogue; fewer than ``k`` come back when it lets fewer pass. Items beyond
        the candidates are taken in the order of popularity.
        """
        if k <= 0:
            return np.zeros(0, np.int32), np.zeros(0)
        items, logits = self._pool(k, allowed)
        if len(items) > k:
            threshold = np.partition(logits, len(logits) - k)[len(logits) - k]
            kept = np.flatnonzero(logits >= threshold)
            items, logits = items[kept], logits[kept]
        best = np.lexsort((self._popularity.rank[items], -logits))[:k]
        return items[best].astype(np.int32, copy=False), self._probabilities(logits[best].astype(np.float64))

    def _probabilities(self, logits: Float64) -> Float64:
        """What the answer says of entries with these logits."""
        peak, total = self._partition()
        shares: Float64 = np.exp(logits - peak) / total
        return shares

    def rank(self, items: Int32) -> tuple[Int32, Float64]:
        """Order ``items`` (known indexes, without duplicates) and share one softmax among them alone.

        Returns positions into ``items``, best first, and the probabilities in that order; they add up to 1.
        """
        if not len(items):
            return np.zeros(0, np.int32), np.zeros(0)
        logits = self.logits_of(items)
        best = np.lexsort((self._popularity.rank[items], -logits)).astype(np.int32)
        exponentials = np.exp(logits[best] - logits.max())
        return best, exponentials / exponentials.sum()

    def logits_of(self, items: Int32) -> Float64:
        """The logits of ``items`` (known indexes)."""
        if self._items is None:
            return self._logits[items].astype(np.float64)
        return self.dense()[items]

    def shares_of(self, items: Int32) -> Float64:
        """The probabilities of ``items`` (known indexes), as :meth:`top` would give them."""
        return self._probabilities(self.logits_of(items))

    def mean(self) -> float:
        """The mean logit of the catalogue."""
        rest = 0 if self._items is None else len(self) - len(self._items)
        return (float(self._logits.sum(dtype=np.float64)) + rest * self._floor) / max(len(self), 1)

    def levels(self, places: Int64) -> Float64:
        """The logits at these places of the order of the answer, counted from 0; what is beyond has the lowest."""
        ordered = np.sort(self._logits)[::-1].astype(np.float64)
        if self._items is not None:
            ordered = np.append(ordered[ordered > self._floor], self._floor)
        levels: Float64 = ordered[np.minimum(places, len(ordered) - 1)]
        return levels

    def changed(self, items: Int32, logits: Float64, popularity: PopularityOrder) -> Scores:
        """These scores with other ``logits`` for the distinct ``items``, over a catalogue that may have grown.

        Items that this catalogue does not have are all among ``items``.
        """
        if self._items is None:
            whole = np.zeros(len(popularity.order), np.float64)
            whole[: len(self)] = self._logits
            whole[items] = logits
            return Scores(whole, popularity)
        given = np.zeros(len(popularity.order), np.bool_)
        given[items] = True
        kept = ~given[self._items]
        return Scores(
            np.concatenate((self._logits[kept].astype(np.float64), logits)),
            popularity,
            items=np.concatenate((self._items[kept], items)),
            floor=self._floor,
        )

    def _pool(self, k: int, allowed: Bool | None) -> tuple[Int32, Floats]:
        """Items that certainly hold the best ``k``: all allowed candidates and the first of the others."""
        if self._items is None:
            if allowed is None:
                return self._popularity.every, self._logits
            items = np.flatnonzero(allowed).astype(np.int32)
            return items, self._logits[items]
        items, logits = self._items, self._logits
        if allowed is not None:
            kept = allowed[items]
            items, logits = items[kept], logits[kept]
        if np.count_nonzero(logits > self._floor) >= k:
            return items, logits
        others = self._others(k, allowed)
        floors = np.full(len(others), self._floor, logits.dtype)
        return np.concatenate((items, others)), np.concatenate((logits, floors))

    def _others(self, k: int, allowed: Bool | None) -> Int32:
        """The ``k`` most popular allowed items that are no candidates (all of them when they are fewer)."""
        assert self._items is not None
        size = k + len(self._items)
        while True:
            first = self._popularity.order[:size]
            kept = np.isin(first, self._items, invert=True)
            if allowed is not None:
                kept &= allowed[first]
            if size >= len(self) or np.count_nonzero(kept) >= k:
                return first[kept][:k]
            size *= 4

    def _partition(self) -> tuple[float, float]:
        """The highest logit and the sum of exp(logit - highest) over the catalogue."""
        rest = 0 if self._items is None else len(self) - len(self._items)
        highest = float(self._logits.max()) if len(self._logits) else self._floor
        peak = max(highest, self._floor) if rest else highest
        total = float(np.exp(self._logits - peak).sum(dtype=np.float64))
        return peak, total + rest * float(np.exp(self._floor - peak))


class Propensities(Scores):
    """Probabilities of their own, one for each entry of a catalogue, that need not add up to anything.

    They take the place of logits: :meth:`top` orders by them and gives them, among equal ones the first in ``order``.
    """

    def __init__(self, probabilities: Float64, order: PopularityOrder) -> None:
        super().__init__(probabilities, order)

    def _probabilities(self, logits: Float64) -> Float64:
        return logits

    def rank(self, items: Int32) -> tuple[Int32, Float64]:
        """Order ``items`` (known indexes, without duplicates): positions into them, and their probabilities."""
        found = self.logits_of(items)
        best = np.lexsort((self._popularity.rank[items], -found)).astype(np.int32)
        return best, found[best]
