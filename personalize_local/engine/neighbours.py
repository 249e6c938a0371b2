"""Item-to-item tables that keep the strongest neighbours of each item, and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.data import Float32, Float64, Int32, Int64

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_ROWS_AT_A_TIME = 256
_MOST_ROWS, _CELLS = 4_096, 2_000_000  # of a sparse table that are cut at a time
_DEEPER = 4  # times the width that is searched where pairs of few users are left out after the search


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourTable:
    """Row i: the neighbours ``indexes[i]`` of item i and their ``values`` (0 fills a row that has fewer).

    Both [items, width]. Rows of one width need no offsets and can be read from mapped memory in one step.
    """

    indexes: Int32
    values: Float32

    @classmethod
    def empty(cls, n_rows: int, width: int) -> NeighbourTable:
        """A table without neighbours, to be filled."""
        return cls(indexes=np.zeros((n_rows, width), np.int32), values=np.zeros((n_rows, width), np.float32))

    def cells(self, items: Int32, strengths: Float32) -> tuple[Int32, Float32]:
        """The neighbours of ``items`` and their values times ``strengths``, flat; a neighbour may come twice."""
        return self.indexes[items].reshape(-1), (self.values[items] * strengths[:, None]).reshape(-1)

    def dense(self, items: Int32, strengths: Float32) -> Float64:
        """The sums of :meth:`cells` over the whole catalogue."""
        indexes, values = self.cells(items, strengths)
        sums: Float64 = np.bincount(indexes, values, minlength=len(self.indexes)).astype(np.float64, copy=False)
        return sums

    def placed(self, items: Int64, n_items: int) -> NeighbourTable:
        """A table of ``n_items`` in which the rows of this one are those of ``items``, and all others empty."""
        indexes = np.zeros((n_items, self.indexes.shape[1]), np.int32)
        values = np.zeros(indexes.shape, np.float32)
        indexes[items], values[items] = self.indexes, self.values
        return NeighbourTable(indexes=indexes, values=values)

    def sparse(self) -> csr_array:
        """The table as a sparse matrix [items, items]."""
        from scipy.sparse import csr_array

        n_items, width = self.indexes.shape
        indptr = np.arange(n_items + 1, dtype=np.int64) * width
        return csr_array((self.values.reshape(-1), self.indexes.reshape(-1), indptr), shape=(n_items, n_items))


def strongest(n_items: int, width: int, rows: Callable[[int, int], Float32]) -> NeighbourTable:
    """Keep the ``width`` highest positive values of each row; ``rows(begin, end)`` gives full rows, none negative."""
    width = max(1, min(width, n_items))
    indexes = np.zeros((n_items, width), np.int32)
    values = np.zeros((n_items, width), np.float32)
    for begin in range(0, n_items, _ROWS_AT_A_TIME):
        block = rows(begin, min(begin + _ROWS_AT_A_TIME, n_items))
        # A full sort: numpy's partition is several times slower on rows with many equal values.
        threshold = np.sort(block, axis=1)[:, n_items - width]
        kept = (block >= threshold[:, None]) & (block > 0)
        counts = np.count_nonzero(kept, axis=1)
        for row in np.flatnonzero(counts > width):  # equals at the threshold: the first of them stay
            equal = np.flatnonzero(kept[row] & (block[row] == threshold[row]))
            kept[row, equal[len(equal) - (counts[row] - width) :]] = False
        row_of, column = np.nonzero(kept)
        counts = np.minimum(counts, width)
        place = np.arange(len(row_of)) - np.repeat(np.cumsum(counts) - counts, counts)
        indexes[begin + row_of, place] = column
        values[begin + row_of, place] = block[row_of, column]
    return NeighbourTable(indexes=indexes, values=values)


def strongest_of_sparse(matrix: csr_array, width: int) -> NeighbourTable:
    """Keep the ``width`` highest values of each row of a sparse matrix without negative values."""
    n_rows, n_items = matrix.shape
    width = max(1, min(width, n_items))
    indexes = np.zeros((n_rows, width), np.int32)
    values = np.zeros((n_rows, width), np.float32)
    lengths = np.diff(matrix.indptr)
    long = np.flatnonzero(lengths > width)
    # Rows that need no cut are copied all at once.
    taken = np.where(lengths > width, 0, lengths)
    rows = np.repeat(np.arange(n_rows), taken)
    places = np.arange(len(rows)) - np.repeat(np.cumsum(taken) - taken, taken)
    cells = matrix.indptr[rows] + places
    indexes[rows, places], values[rows, places] = matrix.indices[cells], matrix.data[cells]
    long = long[np.argsort(lengths[long], kind="stable")]
    while len(long):
        # Rows of like length side by side, as many as fit.
        part = long[: max(1, _CELLS // int(lengths[long[min(len(long), _MOST_ROWS) - 1]]))][:_MOST_ROWS]
        long = long[len(part) :]
        places = np.arange(int(lengths[part[-1]]))
        inside = places < lengths[part, None]
        cells = np.where(inside, matrix.indptr[part, None] + places, 0)
        data = np.where(inside, matrix.data[cells], np.float32(-1))
        best = np.argpartition(data, data.shape[1] - width, axis=1)[:, data.shape[1] - width :]
        indexes[part] = np.take_along_axis(matrix.indices[cells], best, axis=1)
        values[part] = np.take_along_axis(data, best, axis=1)
    return NeighbourTable(indexes=indexes, values=values)


def cointeractions(
    user: Int32,
    item: Int32,
    n_users: int,
    n_items: int,
    *,
    discount: float,
    width: int,
    fewest: int = 0,
    weight: Float32 | None = None,
) -> csr_array:
    """The ``width`` strongest co-interacted items of each item: users in common / (users of the other ^ ``discount``).

    The item itself is left out. A ``discount`` of 0 is the bare number of common users; 1 leaves popularity out
    of it. Pairs with less than ``fewest`` common users are left out. With ``weight`` (of each interaction) a user's
    item counts for its heaviest interaction.
    """
    # More than asked for where pairs are left out after the search.
    depth = width * (_DEEPER if fewest > 1 else 1)
    table, users_of = common_users(user, item, n_users, n_items, discount=discount, width=depth, weight=weight)
    if fewest > 1:
        table.data[np.rint(table.data) < fewest] = 0.0
        table.eliminate_zeros()
    return discounted(table, users_of, discount)


def common_users(
    user: Int32,
    item: Int32,
    n_users: int,
    n_items: int,
    *,
    discount: float,
    width: int,
    weight: Float32 | None = None,
) -> tuple[csr_array, Float64]:
    """(The users in common of each item and the ``width`` others that are strongest under ``discount``, its users).

    Such tables of disjoint groups of users can be added. Found by implicit's nearest neighbours, which are several
    times faster than a sparse product.
    """
    from implicit.nearest_neighbours import all_pairs_knn
    from scipy.sparse import coo_array, csr_array, csr_matrix

    matrix = csr_matrix(coo_array((np.ones(len(user), np.float64), (user, item)), shape=(n_users, n_items)))
    matrix.data[:] = 1.0  # having had an item twice counts once
    if weight is not None:
        owner, had, evidence = _heaviest(user, item, weight, n_items)
        matrix = csr_matrix(coo_array((np.sqrt(evidence), (owner, had)), shape=(n_users, n_items)))
    users_of: Float64 = np.bincount(matrix.indices, matrix.data**2, minlength=n_items).astype(np.float64)
    divisor = np.where(users_of > 0, users_of, 1.0) ** discount
    matrix.data /= divisor[matrix.indices]
    # One more than asked for, since each item is its own nearest neighbour.
    found = all_pairs_knn(matrix, min(width + 1, n_items), show_progress=False, num_threads=1)
    kept = (found.row != found.col) & (found.data > 0)
    rows, columns = found.row[kept], found.col[kept]
    counts = (found.data[kept] * divisor[rows] * divisor[columns]).astype(np.float32)
    table: csr_array = csr_array((counts, (rows, columns)), shape=(n_items, n_items))
    table.sort_indices()
    return table, users_of


def discounted(table: csr_array, users_of: Float64, discount: float) -> csr_array:
    """``table`` of :func:`common_users` with each value over the users of the other item ^ ``discount``, in place."""
    divisor = np.where(users_of > 0, users_of, 1.0) ** discount
    table.data /= divisor.astype(np.float32)[table.indices]
    return table


def _heaviest(user: Int32, item: Int32, weight: Float32, n_items: int) -> tuple[Int32, Int32, Float64]:
    """Each pair of user and item once, with the weight of its heaviest interaction."""
    pairs, places = np.unique(user.astype(np.int64) * n_items + item, return_inverse=True)
    most: Float64 = np.zeros(len(pairs))
    np.maximum.at(most, places, weight)
    users, items = np.divmod(pairs, max(n_items, 1))
    return users.astype(np.int32), items.astype(np.int32), most
