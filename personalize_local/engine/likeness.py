"""How like every item is to a given one, found when it is asked: no table of neighbours is made or kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Float32, Float64, Int32, Int64

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Features of items in compressed rows and, as postings, the items of each feature with the same weights.

    Rows are such that the largest product of one with itself is 1: likeness is in 0..1.
    """

    indptr: Int64
    features: Int32
    weights: Float32
    posting_indptr: Int64
    posting_items: Int32
    posting_weights: Float32

    @classmethod
    def of(cls, features: csr_array) -> Likeness:
        """Of a matrix [items, features] without negative values."""
        longest = float(features.multiply(features).sum(axis=1).max()) if features.nnz else 1.0
        rows = (features / np.sqrt(longest)).tocsr()
        postings = rows.tocsc()
        return cls(
            indptr=rows.indptr.astype(np.int64),
            features=rows.indices.astype(np.int32),
            weights=rows.data.astype(np.float32),
            posting_indptr=postings.indptr.astype(np.int64),
            posting_items=postings.indices.astype(np.int32),
            posting_weights=postings.data.astype(np.float32),
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Likeness:
        """The inverse of :meth:`arrays`."""
        return cls(**cast("Mapping[str, Any]", arrays))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The parts to store, by their names."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def to(self, item: int) -> Float64:
        """The likeness of every item to ``item``; 0 for itself."""
        cells = slice(self.indptr[item], self.indptr[item + 1])
        if cells.start == cells.stop:
            return np.zeros(len(self))
        bounds = [(self.posting_indptr.item(at), self.posting_indptr.item(at + 1)) for at in self.features[cells]]
        sharing = np.concatenate([self.posting_items[begin:end] for begin, end in bounds])
        shares = [
            self.posting_weights[begin:end] * weight
            for (begin, end), weight in zip(bounds, self.weights[cells], strict=True)
        ]
        found: Float64 = np.bincount(sharing, np.concatenate(shares), minlength=len(self)).astype(
            np.float64, copy=False
        )
        found[item] = 0.0
        return found
