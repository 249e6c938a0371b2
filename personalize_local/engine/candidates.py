"""The items that are scored for one query in a catalogue too large to score as a whole."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from personalize_local.engine.data import Float32, Int32

Cells = tuple[Int32, Float32]
"""Items, of which one may come more than once, and their values."""


class Candidates:
    """Sums cells by item without sorting them, in arrays of the size of the catalogue that are kept for each thread."""

    def __init__(self, n_items: int, always: Int32) -> None:
        """``always`` are candidates of every query."""
        self._n_items, self._always = n_items, always
        self._kept = threading.local()

    @property
    def always(self) -> Int32:
        """The candidates of every query."""
        return self._always

    def collect(self, tables: Sequence[Cells], first: Int32) -> tuple[Int32, list[Float32]]:
        """(the distinct items of all ``tables`` and those of everyone, the sum of each table for each of them).

        ``first`` are distinct items that come first, in their order.
        """
        sums, places = self._arrays()
        every = np.concatenate([first, *(items for items, _ in tables), self._always])
        # Of an item that comes again the last place stays, so that it is counted once; the first ones come back first.
        turned = every[::-1]
        places[turned] = np.arange(len(turned), dtype=np.int32)
        candidates = turned[places[turned] == np.arange(len(turned), dtype=np.int32)][::-1]
        signals = []
        for items, values in tables:
            np.add.at(sums, items, values)
            signals.append(sums[candidates])
            sums[items] = 0.0
        return candidates, signals

    def _arrays(self) -> tuple[Float32, Int32]:
        if not hasattr(self._kept, "sums"):
            self._kept.sums = np.zeros(self._n_items, np.float32)
            self._kept.places = np.zeros(self._n_items, np.int32)
        return self._kept.sums, self._kept.places
