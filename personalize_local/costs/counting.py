"""Counts requests in memory, so that a recommendation asks nothing of the store, and writes the sums down later."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from personalize_local.costs.windows import WINDOW
from personalize_local.provenance import Rule
from personalize_local.store.usage import Used

if TYPE_CHECKING:
    from personalize_local.store.database import Database

RULES = (
    Rule(
        says="Requests are counted in memory and written down every 30 seconds, when the clock is moved, with every "
        "bill and at the end; a server that is killed loses the count since.",
        known="chosen",
    ),
)


class Counting:
    """The requests of one emulator since they were last written down, by campaign or recommender and window.

    What was not written down is lost when the process is killed: on a server that is what the last look of the ticker
    has not seen (30 seconds). A close and every bill write it down.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, int]] = Counter()

    def count(self, resource: str, now: float) -> None:
        """One request was answered at ``now``, in epoch seconds."""
        key = (resource, int(now // WINDOW) * WINDOW)
        with self._lock:
            self._counts[key] += 1

    def write(self, database: Database) -> None:
        """Write the sums down; where that fails they are kept for the next time."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            with database.append() as rows:
                rows.add_use(
                    Used(kind="requests", resource=resource, act=str(window), at=window, amount=count)
                    for (resource, window), count in counts.items()
                )
        except BaseException:
            with self._lock:
                self._counts.update(counts)
            raise

    def clear(self) -> None:
        """Forget what was not written down."""
        with self._lock:
            self._counts.clear()
