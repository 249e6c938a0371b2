"""Which source an event is counted for, and what came of the recommendations of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from personalize_local.attribution.figures import UNDEFINED, Event
from personalize_local.ids import tag_in
from personalize_local.provenance import Rule

__all__ = ["UNDEFINED", "Sources", "Tally", "tally"]

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


@dataclass(slots=True)
class Tally:
    """What is known of one source: its events by their types (as sent), who sent them, and what they came after.

    ``users`` and ``recommendations`` are distinct ids, of events that have them: a recommendation that no event names
    is not known to have been shown to anybody.
    """

    events: Counter[str] = field(default_factory=Counter)
    users: set[str] = field(default_factory=set)
    recommendations: set[str] = field(default_factory=set)
    users_by_type: dict[str, set[str]] = field(default_factory=dict)


def tally(events: Iterable[Event], sources: Sources) -> dict[str, Tally]:
    """Exposures and outcomes by source: who was shown what it recommends, and what they did.

    A user is exposed to a source by any event that counts for it, as that of a click or of a list that was shown; an
    outcome is a type of events, such as a purchase, in ``events`` (how often) and ``users_by_type`` (by whom).
    """
    found: dict[str, Tally] = {}
    for event in events:
        one = found.setdefault(sources.of_event(event), Tally())
        one.events[event.event_type] += 1
        if event.recommendation_id is not None:
            one.recommendations.add(event.recommendation_id)
        if event.user_id is not None:
            one.users.add(event.user_id)
            one.users_by_type.setdefault(event.event_type, set()).add(event.user_id)
    return found
