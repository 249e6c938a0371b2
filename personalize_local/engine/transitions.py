"""Which item follows which: weighted counts of ordered pairs within a few steps of each other.

The counts add up over users and over positions, so that parts of the data can be counted apart and summed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from personalize_local.engine.data import Float32, Int32, Int64
from personalize_local.engine.neighbours import NeighbourTable, strongest, strongest_of_sparse

if TYPE_CHECKING:
    from scipy.sparse import csr_array

PairCounts: TypeAlias = "Float32 | csr_array"  # [items, items], row first and column next

WINDOW = 10  # steps looked back; wider windows gained nothing on the data sets that were measured
LARGE_WINDOW = 5  # steps looked back in large catalogues, where five served as well as ten and cost half
DENSE_ITEMS = 5_000  # up to here the counts are a full matrix (100 MB), above a sparse one
SMOOTHING = 10.0  # pairs' worth of doubt about what follows a rare item
_BLOCK = 256
_ROWS = 4_096  # rows of a large table made at a time
_CHUNK = 250_000  # positions counted at a time: bounds the memory of the pairs


def no_pairs(n_items: int) -> PairCounts:
    """Counts of zero for a catalogue of ``n_items``."""
    if n_items <= DENSE_ITEMS:
        return np.zeros((n_items, n_items), np.float32)
    from scipy.sparse import csr_array

    empty = np.zeros(0, np.int32)
    return csr_array((np.zeros(0, np.float32), empty, np.zeros(n_items + 1, np.int32)), shape=(n_items, n_items))


def add_pairs(
    counts: PairCounts,
    items: Int32,
    targets: Int64,
    starts: Int64,
    window: int | None = None,
    weights: Float32 | None = None,
) -> PairCounts:
    """Add 1/distance for each pair that ends at one of ``targets``, times the weight of the target's event.

    ``weights`` are aligned with ``items`` (None: all 1). ``targets`` are positions in ``items`` and ``starts`` the
    first position of the history that each lies in. ``window`` is how many steps are looked back (None: as many as
    suit the size of the catalogue). A dense ``counts`` is changed in place; use the returned one in either case.
    """
    if not isinstance(counts, np.ndarray):
        return _added_sparse(counts, items, targets, starts, window or LARGE_WINDOW, weights)
    for begin in range(0, len(targets), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        _add_dense(counts, items, targets[part], starts[part], window or WINDOW, weights)
    return counts


def _add_dense(
    counts: Float32, items: Int32, targets: Int64, starts: Int64, window: int, weights: Float32 | None
) -> None:
    n_items = len(counts)
    for distance in range(1, window + 1):
        inside = targets - distance >= starts
        targets, starts = targets[inside], starts[inside]
        if not len(targets):
            return
        cell = items[targets - distance].astype(np.int64) * n_items + items[targets]
        near = np.float32(1.0 / distance)
        np.add.at(counts.reshape(-1), cell, near if weights is None else weights[targets] * near)


def _added_sparse(
    counts: csr_array, items: Int32, targets: Int64, starts: Int64, window: int, weights: Float32 | None
) -> csr_array:
    """Pairs as numbers that are sorted, so that equal ones stand side by side: row, column and distance of each."""
    from scipy.sparse import csr_array

    n_items = counts.shape[0]
    bits, far = max(1, (n_items - 1).bit_length()), max(1, (window - 1).bit_length())
    keys, given = _numbered(items, targets, starts, window, bits, far, weights)
    if given is None:
        keys.sort()
    else:
        order = np.argsort(keys, kind="stable")
        keys, given = keys[order], given[order]
    near = (1.0 / np.arange(1, 2**far + 1)).astype(np.float32)
    data, columns, lengths = [np.zeros(0, np.float32)], [np.zeros(0, np.int32)], np.zeros(n_items, np.int64)
    begin = 0
    while begin < len(keys):  # part by part: what is made on the way stays in the caches
        last = int(keys[min(begin + _CHUNK, len(keys)) - 1])
        end = int(np.searchsorted(keys, ((last >> far) + 1) << far))
        part = keys[begin:end]
        amounts = near[part & (2**far - 1)] if given is None else given[begin:end]
        cells = part >> far
        firsts = np.flatnonzero(np.diff(cells, prepend=-1))
        cells = cells[firsts]
        data.append(np.add.reduceat(amounts, firsts))
        columns.append((cells & (2**bits - 1)).astype(np.int32))
        lengths += np.bincount(cells >> bits, minlength=n_items)
        begin = end
    indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    found = csr_array((np.concatenate(data), np.concatenate(columns), indptr), shape=counts.shape)
    return counts + found if counts.nnz else found


def _numbered(
    items: Int32, targets: Int64, starts: Int64, window: int, bits: int, far: int, weights: Float32 | None
) -> tuple[Int64, Float32 | None]:
    """Each pair as a number of row, column and distance, and with ``weights`` what it counts for."""
    keys = np.empty(len(targets) * window, np.int64)
    given = None if weights is None else np.empty(len(keys), np.float32)
    size = 0
    for begin in range(0, len(targets), _CHUNK):  # so that what is made on the way stays in the caches
        ends, firsts = targets[begin : begin + _CHUNK], starts[begin : begin + _CHUNK]
        for distance in range(1, window + 1):
            inside = ends - distance >= firsts
            ends, firsts = ends[inside], firsts[inside]
            part = slice(size, size + len(ends))
            key = items[ends - distance].astype(np.int64)
            key <<= bits
            key |= items[ends]
            key <<= far
            key |= distance - 1
            keys[part] = key
            if given is not None and weights is not None:
                given[part] = weights[ends] * np.float32(1.0 / distance)
            size += len(ends)
    return keys[:size], None if given is None else given[:size]


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """The sums of counted pairs by their first item (``ahead``) and by their second (``behind``)."""

    ahead: Float32
    behind: Float32

    @classmethod
    def of(cls, counts: PairCounts) -> Margins:
        """Sum ``counts``."""
        ahead, behind = (np.asarray(counts.sum(axis=axis), np.float32).ravel() for axis in (1, 0))
        return cls(ahead=ahead, behind=behind)

    def scales(self, share: float, damping: float) -> tuple[Float32, Float32]:
        """(row scale, column scale) of the pairs with ``share`` of those read backwards.

        Rows are divided by their sum and some more, columns by their sum to the power of ``damping``.
        """
        rows = 1.0 / (self.ahead + share * self.behind + SMOOTHING)
        columns = (self.behind + share * self.ahead + 1.0) ** -damping
        return rows.astype(np.float32), columns.astype(np.float32)


def backward(counts: PairCounts) -> PairCounts:
    """The pairs read backwards: the transpose, laid out by rows."""
    if not isinstance(counts, np.ndarray):
        return counts.T.tocsr()
    result, begins = np.empty_like(counts), range(0, len(counts), _BLOCK)
    for top in begins:  # in tiles, so that reads and writes stay near each other: four times as fast
        for left in begins:
            result[top : top + _BLOCK, left : left + _BLOCK] = counts[left : left + _BLOCK, top : top + _BLOCK].T
    return result


def transition_table(
    counts: PairCounts,
    share: float,
    damping: float,
    width: int,
    *,
    reverse: PairCounts | None = None,
    only: Int64 | None = None,
) -> NeighbourTable:
    """The ``width`` likeliest followers of each item; ``share`` of the pairs read backwards counts as well.

    ``reverse`` is :func:`backward` of the counts, where it is known. With ``only`` the followers of these items are
    enough, and in a large catalogue those of the others are left out.
    """
    row_scale, column_scale = Margins.of(counts).scales(share, damping)
    if isinstance(counts, np.ndarray):
        dense: Float32 = counts
        behind: Any = backward(counts) if reverse is None else reverse

        def rows(begin: int, end: int) -> Float32:
            block: Float32 = behind[begin:end] * np.float32(share)
            block += dense[begin:end]
            block *= column_scale
            block *= row_scale[begin:end, None]
            return block

        return strongest(len(dense), width, rows)
    turned: Any = (backward(counts) if reverse is None else reverse) if share else None
    n_items, size = counts.shape[0], counts.shape[0] if only is None else len(only)
    found = NeighbourTable.empty(size, max(1, min(width, n_items)))
    for begin in range(0, size, _ROWS):  # part by part: what is made on the way stays in the caches
        end = min(begin + _ROWS, size)
        rows_of = slice(begin, end) if only is None else only[begin:end]
        both: Any = counts[rows_of]  # a copy; scipy's stubs do not say that it stays sparse
        if share:
            both = both + turned[rows_of] * np.float32(share)
        both.data *= column_scale[both.indices]
        both.data *= np.repeat(row_scale[rows_of], np.diff(both.indptr))
        part = strongest_of_sparse(both, width)
        found.indexes[begin:end], found.values[begin:end] = part.indexes, part.values
    return found if only is None else found.placed(only, n_items)
