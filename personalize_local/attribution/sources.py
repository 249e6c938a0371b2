"""Which source an event is counted for."""

from __future__ import annotations

from collections.abc import Mapping

from personalize_local.attribution.figures import UNDEFINED, Event
from personalize_local.ids import tag_in
from personalize_local.provenance import Rule

__all__ = ["UNDEFINED", "Sources"]

_PAGE = "dg/event-metrics.html"
RULES = (
    Rule(
        says="An event with an eventAttributionSource counts for that, else one with a recommendationId for the "
        f"campaign or recommender that gave it, else for {UNDEFINED}.",
        known="documented",
        source=_PAGE,
    ),
    Rule(
        says="A recommendationId says for itself which campaign or recommender it is of, also when that has been "
        "deleted since; it counts for the events of that one's dataset group. One of nobody is as good as none.",
        known="inferred",
        source=f"{_PAGE}; of those of nobody chosen",
    ),
)


class Sources:
    """The sources of one dataset group. ``tags`` has the ARNs of what gives recommendations by their tags in ids."""

    def __init__(self, tags: Mapping[str, str]) -> None:
        self._tags = dict(tags)

    def of(self, recommendation_id: str | None, name: str | None) -> str:
        """The source of an event with this recommendationId and eventAttributionSource (None: without)."""
        if name:
            return name
        if recommendation_id is None:
            return UNDEFINED
        return self._tags.get(tag_in(recommendation_id) or "", UNDEFINED)

    def of_event(self, event: Event) -> str:
        """The source of an event."""
        return self.of(event.recommendation_id, event.source_name)
