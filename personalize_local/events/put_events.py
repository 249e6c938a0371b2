"""PutEvents: interactions as they happen, kept before the answer and seen by the next recommendation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from personalize_local.context import Context
from personalize_local.datasets.properties import EVENT_VALUE, PropertiesError, coerce
from personalize_local.datasets.schema import Field, Schema, fold
from personalize_local.events._taking import BAD_PROPERTIES, check_size, event_properties, has_effect, take_into_account
from personalize_local.events.impressions import Shown
from personalize_local.provenance import Rule, invalid
from personalize_local.resources.dataset import live_datasets, schema_of
from personalize_local.resources.event_tracker import KIND as TRACKER
from personalize_local.resources.status import status_of
from personalize_local.store.records import IMPLICIT, StreamedEvent
from personalize_local.store.sql import Rows

UNKNOWN_TRACKER = invalid(
    "The trackingId {id} does not belong to an ACTIVE event tracker.",
    "inferred",
    "service model: PutEvents has no other class",
)
RULES = (
    Rule(says="An event without an item is kept and teaches nothing.", known="inferred"),
    Rule(
        says="itemId and eventValue may stand beside the properties of an event or in them.",
        known="documented",
        source="dg/API_UBS_Event.html, dg/recording-events-example-event-value.html",
    ),
    Rule(says="Where they stand in both places, those beside the properties count.", known="inferred"),
    Rule(
        says="Items, users and event types that no dataset knows are taken, and properties that the schema requires "
        "may be left out.",
        known="documented",
        source="dg/recording-events.html; of properties inferred",
    ),
    Rule(
        says="PutEvents needs no Interactions dataset; properties are then kept as they are sent.",
        known="inferred",
    ),
)

_ITEM = Field(name="ITEM_ID", type="string")
_KEPT = ("recommendationId", "impression", "metricAttribution")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the events of a tracker go, and the schema of the Interactions dataset, if there is one."""

    account: str
    region: str
    tracker: str
    group: str
    schema: Schema | None


class Destinations:
    """The destinations of an emulator's trackers, kept until something but events changes."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, Destination]] = {}

    def of(self, context: Context, tracking_id: str, rows: Rows | None = None) -> Destination:
        """The destination of a tracker, the same value while it is the same. Raises InvalidInputException."""
        generation = context.emulator.database.generation
        kept = self._kept.get(tracking_id)
        if kept is not None and kept[0] == generation:
            found = kept[1]
        elif rows is None:
            with context.emulator.database.read() as own:
                return self.of(context, tracking_id, own)
        else:
            found, lasts = _destination(context, rows, tracking_id)
            found = kept[1] if kept is not None and kept[1] == found else found
            self._kept[tracking_id] = (generation if lasts else -1, found)
        if (found.account, found.region) != (context.account, context.region):
            raise UNKNOWN_TRACKER(id=tracking_id)
        return found

    def clear(self) -> None:
        """Let go of all."""
        self._kept.clear()


def put_events(context: Context, params: dict[str, Any]) -> None:
    """Answer PutEvents."""
    destinations, tracking_id = context.emulator.destinations, params["trackingId"]
    destination = destinations.of(context, tracking_id)
    events = _events(context, destination, params)
    with _Taking(context.emulator.shown) as taking, context.emulator.database.append() as rows:
        # A group deleted in between must not leave events to the next group of its name.
        present = destinations.of(context, tracking_id, rows)
        if present is not destination:
            destination, events = present, _events(context, present, params)
        rows.add_events(taking.with_shown(events))
        take_into_account(context, rows, destination.tracker, destination.group)


def _destination(context: Context, rows: Rows, tracking_id: str) -> tuple[Destination, bool]:
    """Where the events of a tracker go, and whether only a write can change that. Raises InvalidInputException."""
    tracker = rows.find(tracking_id)
    if tracker is None or tracker.kind != TRACKER.name:
        raise UNKNOWN_TRACKER(id=tracking_id)
    status = status_of(context, TRACKER, tracker)
    if not status.is_active:
        raise UNKNOWN_TRACKER(id=tracking_id)
    group = tracker.body["datasetGroupArn"]
    dataset = live_datasets(context, rows, group).get("INTERACTIONS")
    destination = Destination(
        account=tracker.account,
        region=tracker.region,
        tracker=tracker.arn,
        group=group,
        # The schema of interactions cannot be replaced.
        schema=None if dataset is None else schema_of(rows, dataset.body["schemaArn"]),
    )
    return destination, status.settled and tracker.deleted is None


def _events(context: Context, destination: Destination, params: Mapping[str, Any]) -> list[StreamedEvent]:
    given = [_event(context, destination.group, params, event, destination.schema) for event in params["eventList"]]
    return [event for event in given if event is not None]


class _Taking:
    """Takes what was shown for the events of one call, and gives it back where the call fails."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._taken: list[tuple[str, str, Sequence[str]]] = []

    def __enter__(self) -> _Taking:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            for taken in self._taken:
                self._shown.remember(*taken)

    def with_shown(self, events: Iterable[StreamedEvent]) -> list[StreamedEvent]:
        """The events with what was shown under their recommendationId, the first of each without an impression."""
        return [self._with_shown(event) for event in events]

    def _with_shown(self, event: StreamedEvent) -> StreamedEvent:
        name = event.extra.get("recommendationId")
        if name is None or "impression" in event.extra:
            return event
        items = self._shown.take(name, event.stream)
        if items is None:
            return event
        self._taken.append((name, event.stream, items))
        return replace(event, extra={**event.extra, IMPLICIT: list(items)})


def _event(
    context: Context, group: str, params: Mapping[str, Any], event: Mapping[str, Any], schema: Schema | None
) -> StreamedEvent | None:
    """One event as it is kept; None for one without effect. Raises InvalidInputException."""
    check_size(event)
    properties = event_properties(event["properties"], schema) if "properties" in event else {}
    item_in, value_in = _own(properties, _ITEM), _own(properties, EVENT_VALUE)
    value = _coerced(event["eventValue"], EVENT_VALUE) if "eventValue" in event else value_in
    if not has_effect(params["sessionId"], event["sentAt"]):
        return None
    return StreamedEvent(
        stream=group,
        user_id=params.get("userId"),
        session_id=params["sessionId"],
        item_id=event.get("itemId", item_in),
        event_type=event["eventType"],
        event_value=value,
        sent_at=event["sentAt"].timestamp(),
        event_id=event.get("eventId"),
        extra={
            **({"properties": properties} if properties else {}),
            **{name: event[name] for name in _KEPT if name in event},
        },
        arrived=context.now,
    )


def _own(properties: dict[str, Any], column: Field) -> Any:
    """Take out of ``properties`` what is an event's own member, checked also where no dataset is there to say how."""
    value = None
    if properties:
        for name in [name for name in properties if fold(name) == fold(column.name)]:
            value = _coerced(properties.pop(name), column)
    return value


def _coerced(value: object, column: Field) -> Any:
    try:
        return coerce(value, column)
    except PropertiesError as error:
        raise BAD_PROPERTIES(problem=error) from None
