"""What was shown lately, by the recommendationId under which it was: implicit impressions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from personalize_local.provenance import Rule

__all__ = ["Shown"]

_MOST_ITEMS = 250_000
RULES = (
    Rule(
        says="An event that names the recommendationId of an answer, and has no impression of its own, takes the items "
        "of that answer for its impression: the first such event alone, for answers of User-Personalization and the "
        "two personal use cases.",
        known="documented",
        source="dg/recording-events.html; that an answer counts once is chosen",
    ),
    Rule(
        says=f"The latest answers, of {_MOST_ITEMS:,} items together, are known by their recommendationId, in the "
        "memory of the process.",
        known="chosen",
        source="how long the service knows them is not published",
    ),
)


class Shown:
    """The latest answers: their items, by recommendationId, and the dataset group that they are about."""

    def __init__(self, most: int = _MOST_ITEMS) -> None:
        self._most, self._items = most, 0
        self._answers: OrderedDict[str, tuple[str, Sequence[str]]] = OrderedDict()
        self._lock = threading.Lock()

    def remember(self, recommendation_id: str, group: str, items: Sequence[str]) -> None:
        """Keep an answer, and let go of the oldest ones where that makes them too many."""
        with self._lock:
            self._answers[recommendation_id] = (group, items)
            self._items += len(items)
            while self._items > self._most:
                _, (_, gone) = self._answers.popitem(last=False)
                self._items -= len(gone)

    def of(self, recommendation_id: str, group: str) -> Sequence[str] | None:
        """The items of an answer about a group; None where there is none, or it has been taken."""
        found = self._answers.get(recommendation_id)
        return found[1] if found is not None and found[0] == group else None

    def take(self, recommendation_id: str, group: str) -> Sequence[str] | None:
        """The items of an answer about a group, which is let go of: of several who ask at once, one gets them."""
        with self._lock:
            if self.of(recommendation_id, group) is None:
                return None
            _, items = self._answers.pop(recommendation_id)
            self._items -= len(items)
            return items

    def clear(self) -> None:
        """Let go of all."""
        with self._lock:
            self._answers.clear()
            self._items = 0
