"""Events as the store has them, read as metrics see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from personalize_local.attribution.figures import Event
from personalize_local.datasets.properties import PropertiesError, map_properties
from personalize_local.datasets.schema import Schema, fold

__all__ = ["event_of"]


def event_of(row: Sequence[Any], schema: Schema | None = None, *, columns: bool = False) -> Event:
    """An event from a row of :meth:`personalize_local.store.attributions.Attributions.events_between`.

    With ``columns`` it has its numbers too, those in its properties by the ``schema`` of the Interactions dataset.
    """
    _, user, item, event_type, value, sent_at, extra, _ = row
    return Event(
        event_type=event_type,
        timestamp=sent_at,
        user_id=user,
        item_id=item,
        recommendation_id=extra.get("recommendationId"),
        source_name=extra.get("metricAttribution", {}).get("eventAttributionSource"),
        columns=_columns(value, sent_at, extra.get("properties", {}), schema) if columns else {},
    )


def _columns(
    value: float | None, sent_at: float, properties: Mapping[str, Any], schema: Schema | None
) -> dict[str, float | None]:
    own = {fold("EVENT_VALUE"): value, fold("TIMESTAMP"): float(int(sent_at))}
    if schema is None or not properties:
        return own
    try:
        mapped = map_properties(properties, schema)
    except PropertiesError:  # they came before the dataset did
        return own
    return {**{fold(name): found for name, found in mapped.items() if isinstance(found, int | float)}, **own}
