"""Which item follows which: weighted counts of ordered pairs within a few steps of each other.

The counts add up over users and over positions, so that parts of the data can be counted apart and summed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from personalize_local.engine.data import Float32, Int32, Int64
from personalize_local.engine.neighbours import NeighbourTable, strongest, strongest_of_sparse

if TYPE_CHECKING:
    from scipy.sparse import csr_array

PairCounts: TypeAlias = "Float32 | csr_array"  # [items, items], row first and column next

WINDOW = 10  # steps looked back; wider windows gained nothing on the data sets that were measured
DENSE_ITEMS = 5_000  # up to here the counts are a full matrix (100 MB), above a sparse one
SMOOTHING = 10.0  # pairs' worth of doubt about what follows a rare item
_BLOCK = 256
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
    window: int = WINDOW,
    weights: Float32 | None = None,
) -> PairCounts:
    """Add 1/distance for each pair that ends at one of ``targets``, times the weight of the target's event.

    ``weights`` are aligned with ``items`` (None: all 1). ``targets`` are positions in ``items`` and ``starts`` the
    first position of the history that each lies in. A dense ``counts`` is changed in place; use the returned one in
    either case.
    """
    for begin in range(0, len(targets), _CHUNK):
        part = targets[begin : begin + _CHUNK]
        counts = _add_chunk(counts, items, part, starts[begin : begin + _CHUNK], window, weights)
    return counts


def _add_chunk(
    counts: PairCounts, items: Int32, targets: Int64, starts: Int64, window: int, weights: Float32 | None
) -> PairCounts:
    n_items = counts.shape[0]
    cells: list[Int64] = []
    amounts: list[Float32] = []
    for distance in range(1, window + 1):
        inside = targets - distance >= starts
        targets, starts = targets[inside], starts[inside]
        if not len(targets):
            break
        cell = items[targets - distance].astype(np.int64) * n_items + items[targets]
        near = np.float32(1.0 / distance)
        amount = np.full(len(cell), near) if weights is None else weights[targets] * near
        if isinstance(counts, np.ndarray):
            np.add.at(counts.reshape(-1), cell, amount)
        else:
            cells.append(cell)
            amounts.append(amount)
    if cells:
        from scipy.sparse import coo_array

        row, column = np.divmod(np.concatenate(cells), n_items)
        counts = counts + coo_array((np.concatenate(amounts), (row, column)), shape=counts.shape).tocsr()
    return counts


def scales(counts: PairCounts, share: float, damping: float) -> tuple[Float32, Float32]:
    """(row scale, column scale) of ``with_reverse(counts, share)``.

    Rows are divided by their sum and some more, columns by their sum to the power of ``damping``.
    """
    ahead = np.asarray(counts.sum(axis=1), np.float32).ravel()
    behind = np.asarray(counts.sum(axis=0), np.float32).ravel()
    rows = 1.0 / (ahead + share * behind + SMOOTHING)
    columns = (behind + share * ahead + 1.0) ** -damping
    return rows.astype(np.float32), columns.astype(np.float32)


def backward(counts: PairCounts) -> PairCounts:
    """The pairs read backwards: the transpose, laid out by rows."""
    if not isinstance(counts, np.ndarray):
        return counts.T.tocsr()
    result = np.empty_like(counts)
    for begin in range(0, len(counts), _BLOCK):  # in strips, so that reads and writes stay near each other
        result[begin : begin + _BLOCK] = counts[:, begin : begin + _BLOCK].T
    return result


def transition_table(counts: PairCounts, share: float, damping: float, width: int) -> NeighbourTable:
    """The ``width`` likeliest followers of each item; ``share`` of the pairs read backwards counts as well."""
    row_scale, column_scale = scales(counts, share, damping)
    if isinstance(counts, np.ndarray):
        dense = counts

        def rows(begin: int, end: int) -> Float32:
            block: Float32 = dense[:, begin:end].T * np.float32(share)
            block = np.ascontiguousarray(block)
            block += dense[begin:end]
            block *= column_scale
            block *= row_scale[begin:end, None]
            return block

        return strongest(len(dense), width, rows)
    from scipy.sparse import csr_array, diags_array

    both = counts + backward(counts) * np.float32(share)
    scaled = csr_array(diags_array(row_scale) @ both @ diags_array(column_scale))
    return strongest_of_sparse(scaled, width)
