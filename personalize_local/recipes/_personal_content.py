"""What the metadata of items gives the personal recipes: items that are alike, and a start for those of few events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.data import Int64, TrainingData
from personalize_local.engine.exploration import SOURCES, alike
from personalize_local.engine.metadata import item_features, metadata_neighbours, searchable
from personalize_local.engine.neighbours import NeighbourTable, strongest_of_sparse
from personalize_local.recipes._personal_sums import Affinity

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_ALIKE = 50  # neighbours in metadata kept for each item
_MOST_BORROWERS = 20_000  # chosen, to bound the search: some seconds
COLD = 5  # interactions below which an item borrows: the service's own bound for cold items (documented)
_LENT = 0.5  # share of it that an item without any interaction gets


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """``features`` [items, features] of the metadata and ``table``, the items alike in it; None without metadata."""

    features: csr_array | None
    table: NeighbourTable | None

    @classmethod
    def of(cls, data: TrainingData, width: int) -> Content:
        """Learn from the item metadata of ``data``; at most ``width`` neighbours are kept."""
        n_items = len(data.items)
        features = item_features(data.item_metadata, n_items)
        if features is None or n_items < 2:
            return cls(features=None, table=None)
        table = metadata_neighbours(searchable(features), np.arange(n_items), min(_ALIKE, width))
        return cls(features=features, table=table if table.values.any() else None)

    def lent(self, affinity: Affinity, interactions: Int64) -> Affinity:
        """``affinity`` in which items of few ``interactions`` stand also where the items like them stand."""
        loans = None if self.features is None else _loans(self.features, interactions)
        if loans is None:
            return affinity
        if isinstance(affinity, NeighbourTable):
            whole = affinity.sparse()
            return strongest_of_sparse(whole + whole @ loans, affinity.indexes.shape[1])
        lent = np.ascontiguousarray(affinity @ loans)  # read by rows
        lent += affinity
        return lent


def _loans(features: csr_array, interactions: Int64) -> csr_array | None:
    """Who lends whom, [items, items]: those most alike that have enough lend to items of few interactions.

    Row i holds the items that i lends to, and the share of its relations that each of them gets.
    """
    from scipy.sparse import csr_array

    borrowers = np.flatnonzero((interactions < COLD) & (np.diff(features.indptr) > 0))[:_MOST_BORROWERS]
    known = np.flatnonzero(interactions >= COLD)
    known = known[np.argsort(-interactions[known], kind="stable")[:SOURCES]]
    if not len(borrowers) or not len(known):
        return None
    lenders, likeness = alike(features[borrowers], features[known])
    sums = likeness.sum(axis=1, keepdims=True)
    need = _LENT * (1.0 - interactions[borrowers] / COLD)
    shares = np.divide(likeness, sums, out=np.zeros_like(likeness), where=sums > 0) * need[:, None]
    kept = shares.ravel() > 0
    if not kept.any():
        return None
    cells = known[lenders.ravel()[kept]], np.repeat(borrowers, shares.shape[1])[kept]
    return csr_array((shares.ravel()[kept].astype(np.float32), cells), shape=(len(interactions), len(interactions)))
