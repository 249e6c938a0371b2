"""What the metadata of items gives the personal recipes: items that are alike, and a start for those of few events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.data import TrainingData
from personalize_local.engine.metadata import item_features, metadata_neighbours, searchable
from personalize_local.engine.neighbours import NeighbourTable, strongest_of_sparse
from personalize_local.recipes._personal_sums import Affinity

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_ALIKE = 50  # neighbours in metadata kept for each item
_LENDERS = 20  # of which this many lend an item of few events what they are related to
COLD = 5  # interactions below which an item borrows: the service's own bound for cold items (documented)
_LENT = 0.5  # share of it that an item without any interaction gets


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """``table`` has the items alike in metadata (None: there is no metadata), ``loans`` [items, items] who lends whom.

    Row i of ``loans`` holds the items that i lends to, and the share of its relations that each of them gets.
    """

    table: NeighbourTable | None
    loans: csr_array | None

    @classmethod
    def of(cls, data: TrainingData, width: int) -> Content:
        """Learn from the item metadata of ``data``; at most ``width`` neighbours are kept."""
        n_items = len(data.items)
        features = item_features(data.item_metadata, n_items)
        if features is None or n_items < 2:
            return cls(table=None, loans=None)
        table = metadata_neighbours(searchable(features), np.arange(n_items), min(_ALIKE, width))
        if not table.values.any():
            return cls(table=None, loans=None)
        return cls(table=table, loans=_loans(table, np.bincount(data.interactions.item, minlength=n_items)))

    def lent(self, affinity: Affinity) -> Affinity:
        """``affinity`` in which items of few interactions stand also where the items like them stand."""
        if self.loans is None:
            return affinity
        if isinstance(affinity, NeighbourTable):
            whole = affinity.sparse()
            return strongest_of_sparse(whole + whole @ self.loans, affinity.indexes.shape[1])
        lent = affinity @ self.loans
        lent += affinity
        return lent


def _loans(table: NeighbourTable, interactions: np.ndarray) -> csr_array | None:
    """What the items most alike of each item of few interactions lend it; those lend that have enough themselves."""
    from scipy.sparse import csr_array

    cold = np.flatnonzero(interactions < COLD)
    indexes, values = table.indexes[cold], table.values[cold].astype(np.float64)
    values = np.where(interactions[indexes] >= COLD, values, 0.0)
    order = np.argsort(-values, axis=1, kind="stable")[:, :_LENDERS]
    lenders, shares = np.take_along_axis(indexes, order, axis=1), np.take_along_axis(values, order, axis=1)
    sums = shares.sum(axis=1, keepdims=True)
    need = _LENT * (1.0 - interactions[cold] / COLD)
    shares = np.divide(shares, sums, out=np.zeros_like(shares), where=sums > 0) * need[:, None]
    if not shares.any():
        return None
    borrowers = np.repeat(cold, shares.shape[1])
    kept = shares.ravel() > 0
    size = len(interactions)
    cells = (shares.ravel()[kept].astype(np.float32), (lenders.ravel()[kept], borrowers[kept]))
    return csr_array(cells, shape=(size, size))
