"""The events of a stream as jobs see them: each with its owner, repeated ones once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from personalize_local.datasets.properties import PropertiesError, Value, map_properties
from personalize_local.datasets.schema import Schema
from personalize_local.provenance import Rule
from personalize_local.store.sql import Rows

RULES = (
    Rule(
        says="An event without a user counts for a job once any event carries both its session and a user.",
        known="documented",
        source="dg/recording-events.html",
    ),
    Rule(
        says="Of events with one eventId in a stream the first counts.",
        known="documented",
        source="dg/API_UBS_Event.html; which of them is inferred",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedEvent:
    """An event with an item and its user. ``timestamp`` is in epoch seconds, ``properties`` are by schema name."""

    user: str
    item: str
    timestamp: int
    event_type: str
    value: float | None
    properties: dict[str, Value]


def owned_events(rows: Rows, stream: str, until: int, schema: Schema | None) -> Iterator[OwnedEvent]:
    """The events of a stream up to a sequence, in order of arrival; those of a session never named are left out."""
    named = {session: user for user, session, *_ in rows.events(stream, until) if user is not None}
    seen: set[str] = set()
    for user, session, item, event_type, value, sent_at, event_id, extra in rows.events(stream, until):
        owner = user if user is not None else named.get(session)
        if owner is None or (event_id is not None and event_id in seen):
            continue
        if event_id is not None:
            seen.add(event_id)
        yield OwnedEvent(
            user=owner,
            item=item,
            timestamp=int(sent_at),
            event_type=event_type,
            value=value,
            properties=_properties(json.loads(extra), schema),
        )


def _properties(extra: dict[str, Any], schema: Schema | None) -> dict[str, Value]:
    """What an event says of the columns of its dataset, beside those that every event has."""
    if schema is None or not extra:
        return {}
    found = {
        "IMPRESSION": "|".join(extra.get("impression", ())) or None,
        "RECOMMENDATION_ID": extra.get("recommendationId"),
        "EVENT_ATTRIBUTION_SOURCE": extra.get("metricAttribution", {}).get("eventAttributionSource"),
    }
    try:
        # They were checked when the event came, unless the dataset is younger.
        given = map_properties(extra.get("properties", {}), schema)
    except PropertiesError:
        given = {}
    return {**given, **{name: value for name, value in found.items() if value is not None and schema.field(name)}}
