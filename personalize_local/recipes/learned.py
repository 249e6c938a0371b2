"""What a model was learned from, as far as exploration must know it: stored beside the model.

Loads numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Int64, TrainingData

__all__ = ["Learned"]

_INTERACTIONS, _NEWEST = "learned.interactions", "learned.newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """How many interactions each item of the model had, and when the newest of all was (epoch seconds; -inf: none)."""

    interactions: Int64
    newest: float

    @classmethod
    def of(cls, data: TrainingData) -> Learned:
        """What there is to learn from in ``data``."""
        had = data.interactions
        return cls(
            interactions=np.bincount(had.item, minlength=len(data.items)).astype(np.int64),
            newest=float(had.timestamp.max()) if len(had) else -np.inf,
        )

    @classmethod
    def stored(cls, arrays: Mapping[str, NDArray[Any]], count: int) -> Learned:
        """From the arrays of a model with ``count`` items; of one that does not say it, all items were learned."""
        if _INTERACTIONS not in arrays:
            return cls(interactions=np.ones(count, np.int64), newest=-np.inf)
        return cls(interactions=arrays[_INTERACTIONS], newest=float(arrays[_NEWEST][0]))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What :meth:`stored` needs."""
        return {_INTERACTIONS: self.interactions, _NEWEST: np.array([self.newest])}
