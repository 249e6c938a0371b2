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
    """One sparse product: what each item came after is the sum over its positions of what came before them."""
    from scipy.sparse import csr_array

    n_items, size = counts.shape[0], len(targets)
    steps = np.arange(window, 0, -1)
    padded = np.concatenate((np.zeros(window, np.int32), items))
    before = np.lib.stride_tricks.sliding_window_view(padded, window)[targets]
    amounts = np.broadcast_to((1.0 / steps).astype(np.float32), (size, window)).copy()
    # Beyond the start of a history stands the item itself with an amount of 0.
    depth = targets - starts
    near_start = np.flatnonzero(depth < window)
    row, column = np.nonzero(depth[near_start, None] < steps)
    before[near_start[row], column] = items[targets[near_start[row]]]
    amounts[near_start[row], column] = 0.0
    if weights is not None:
        amounts *= weights[targets, None]
    # Half as wide as scipy's own choice where they fit, and so much faster to multiply.
    offsets: type[np.signedinteger[Any]] = np.int32 if size * window < 2**31 else np.int64
    contexts = csr_array(
        (amounts.reshape(-1), before.reshape(-1), np.arange(size + 1, dtype=offsets) * window), shape=(size, n_items)
    )
    places = csr_array(
        (np.ones(size, np.float32), items[targets], np.arange(size + 1, dtype=offsets)), shape=(size, n_items)
    )
    behind: csr_array = places.T.tocsr() @ contexts
    behind.eliminate_zeros()
    ahead: csr_array = behind.T.tocsr()
    return counts + ahead if counts.nnz else ahead


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
        turned: Any = backward(counts) if reverse is None else reverse

        def rows(begin: int, end: int) -> Float32:
            block: Float32 = turned[begin:end] * np.float32(share)
            block += dense[begin:end]
            block *= column_scale
            block *= row_scale[begin:end, None]
            return block

        return strongest(len(dense), width, rows)
    wanted = np.arange(counts.shape[0]) if only is None else only
    both: Any = counts if only is None else counts[only]  # scipy's stubs do not say that it stays sparse
    if share:
        turned = backward(counts) if reverse is None else reverse
        behind: Any = turned if only is None else turned[only]
        # A product of the whole would copy its indexes too.
        both = both + type(counts)((behind.data * np.float32(share), behind.indices, behind.indptr), behind.shape)
    elif only is None:
        both = counts.copy()
    both.data *= column_scale[both.indices]
    both.data *= np.repeat(row_scale[wanted], np.diff(both.indptr))
    found = strongest_of_sparse(both, width)
    return found if only is None else found.placed(only, counts.shape[0])
