"""What each user did, in order: the sequences that are learned from and the recent part that is kept to serve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Int32, Int64, Interactions

Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """The items of each user, oldest first, in compressed rows.

    User u did ``items[indptr[u]:indptr[u + 1]]``. ``rows`` says which interaction each position came from; it is
    empty in histories that were stored with a model.
    """

    indptr: Int64
    items: Int32
    rows: Int64

    @property
    def lengths(self) -> Int64:
        """The number of positions of each user."""
        return np.diff(self.indptr)

    def owners(self) -> Int32:
        """The user of each position."""
        return np.repeat(np.arange(len(self.indptr) - 1, dtype=np.int32), self.lengths)

    def of(self, user: int, limit: int | None = None) -> Int32:
        """The last ``limit`` items of ``user``, oldest first (a view)."""
        start, end = int(self.indptr[user]), int(self.indptr[user + 1])
        return self.items[start if limit is None else max(start, end - limit) : end]

    def before(self, user: int, end: int, limit: int) -> Int32:
        """The last ``limit`` items of ``user`` before position ``end``, oldest first (a view)."""
        return self.items[max(int(self.indptr[user]), end - limit) : end]

    def newest(self, timestamp: Int64) -> Int64:
        """The time of each user's newest interaction, of the ``timestamp`` of every one; 0 where there is none."""
        found = np.zeros(len(self.indptr) - 1, np.int64)
        some = np.flatnonzero(self.lengths)
        found[some] = timestamp[self.rows[self.indptr[some + 1] - 1]]
        return found

    def positions_of(self, users: Int64) -> Int64:
        """The positions of ``users``, in the order of the users and then oldest first."""
        return ranges(self.indptr[users], self.indptr[users + 1])

    def select(self, keep: Bool) -> Histories:
        """The histories with only the positions marked in ``keep``; users who lose all stay, empty."""
        kept = np.zeros(len(self.items) + 1, np.int64)
        np.cumsum(keep, out=kept[1:])
        rows = self.rows[keep] if len(self.rows) else self.rows
        return Histories(indptr=kept[self.indptr], items=self.items[keep], rows=rows)

    def latest(self, limit: int) -> Histories:
        """The last ``limit`` positions of each user, without ``rows``: what a model keeps."""
        starts = np.maximum(self.indptr[:-1], self.indptr[1:] - limit)
        indptr = np.zeros(len(self.indptr), np.int64)
        np.cumsum(self.indptr[1:] - starts, out=indptr[1:])
        positions = ranges(starts, self.indptr[1:])
        return Histories(indptr=indptr, items=self.items[positions], rows=np.zeros(0, np.int64))


def histories_of(interactions: Interactions, n_users: int) -> Histories:
    """Arrange time-sorted interactions by user; interactions of equal time keep their order."""
    order = _grouped(interactions.user, n_users)
    indptr = np.zeros(n_users + 1, np.int64)
    np.cumsum(np.bincount(interactions.user, minlength=n_users), out=indptr[1:])
    return Histories(indptr=indptr, items=interactions.item[order], rows=order)


def _grouped(owners: Int32, n_owners: int) -> Int64:
    """The positions in the order of their owners, those of one in their own order: by counting, not by sorting."""
    from scipy.sparse import csr_array

    size = len(owners)
    cells = csr_array((np.ones(size, np.int8), owners, np.arange(size + 1, dtype=np.int32)), shape=(size, n_owners))
    order: Int64 = cells.tocsc().indices.astype(np.int64)
    return order


def ranges(starts: Int64, ends: Int64) -> Int64:
    """The integers of the half-open ranges ``starts[i]..ends[i]``, one range after the other."""
    lengths = ends - starts
    offsets = np.cumsum(lengths) - lengths
    result: Int64 = np.arange(int(lengths.sum()), dtype=np.int64) + np.repeat(starts - offsets, lengths)
    return result
