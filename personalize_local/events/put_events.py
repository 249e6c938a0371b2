"""PutEvents: interactions as they happen, kept before the answer and seen by the next recommendation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from personalize_local.context import Context
from personalize_local.datasets.properties import (
    EVENT_FORBIDDEN,
    EVENT_VALUE,
    PropertiesError,
    coerce,
    map_properties,
    parse_properties,
)
from personalize_local.datasets.schema import Field, Schema, fold
from personalize_local.provenance import Rule, invalid
from personalize_local.resources.dataset import schema_of
from personalize_local.resources.event_tracker import KIND as TRACKER
from personalize_local.resources.status import is_live, status_of
from personalize_local.store.records import StreamedEvent
from personalize_local.store.sql import Rows

UNKNOWN_TRACKER = invalid(
    "The trackingId {id} does not belong to an ACTIVE event tracker.",
    "inferred",
    "service model: PutEvents has no other class",
)
BAD_PROPERTIES = invalid(
    "{problem}",
    "observed",
    "https://github.com/aws/aws-sdk-js/issues/2773; the problems are the sentences of properties",
)
RULES = (
    Rule(
        says="Events of a session named null are answered with 200 and have no effect.",
        known="observed",
        source="https://github.com/aws/aws-sdk-js/issues/3371",
    ),
    Rule(says="An event without an item is kept and teaches nothing.", known="inferred"),
    Rule(
        says="itemId and eventValue may stand beside the properties of an event or in them.",
        known="documented",
        source="dg/API_UBS_Event.html, dg/recording-events-example-event-value.html",
    ),
    Rule(says="Where they stand in both places, those beside the properties count.", known="inferred"),
    Rule(
        says="Items, users and event types that no dataset knows are taken.",
        known="documented",
        source="dg/recording-events.html",
    ),
    Rule(
        says="PutEvents needs no Interactions dataset; properties are then kept as they are sent.",
        known="inferred",
    ),
)

_ITEM = Field(name="ITEM_ID", type="string")
_KEPT = ("recommendationId", "impression", "metricAttribution")


def put_events(context: Context, params: dict[str, Any]) -> None:
    """Answer PutEvents."""
    # One transaction: a group deleted in between must not leave events to the next group of its name.
    with context.emulator.database.write() as rows:
        group = _dataset_group(context, rows, params["trackingId"])
        schema = _schema(context, rows, group) if any("properties" in event for event in params["eventList"]) else None
        events = [_event(group, params, event, schema) for event in params["eventList"]]
        if params["sessionId"] != "null":
            rows.add_events(events)


def _dataset_group(context: Context, rows: Rows, tracking_id: str) -> str:
    """The group of a tracker. Raises InvalidInputException."""
    tracker = rows.find(tracking_id)
    if (
        tracker is None
        or tracker.kind != TRACKER.name
        or (tracker.account, tracker.region) != (context.account, context.region)
        or not status_of(context, TRACKER, tracker).is_active
    ):
        raise UNKNOWN_TRACKER(id=tracking_id)
    return str(tracker.body["datasetGroupArn"])


def _schema(context: Context, rows: Rows, group: str) -> Schema | None:
    """The schema of the group's Interactions dataset, if it has one (a tracker does not need it)."""
    kind = context.emulator.kinds["dataset"]
    for dataset in rows.children(group, kind.name):
        if dataset.body["datasetType"] == "INTERACTIONS" and is_live(context, kind, dataset):
            return schema_of(rows, dataset.body["schemaArn"])
    return None


def _properties(text: str, schema: Schema | None) -> dict[str, Any]:
    """The properties, checked against the schema; their names stay as sent. Raises InvalidInputException."""
    try:
        properties = parse_properties(text)
        if schema is not None:
            map_properties(properties, schema, forbidden=EVENT_FORBIDDEN)
    except PropertiesError as error:
        raise BAD_PROPERTIES(problem=error) from None
    return properties


def _event(group: str, params: Mapping[str, Any], event: Mapping[str, Any], schema: Schema | None) -> StreamedEvent:
    properties = _properties(event["properties"], schema) if "properties" in event else {}
    item_in, value_in = _own(properties, _ITEM), _own(properties, EVENT_VALUE)
    sent_at: datetime = event["sentAt"]
    return StreamedEvent(
        stream=group,
        user_id=params.get("userId"),
        session_id=params["sessionId"],
        item_id=event.get("itemId", item_in),
        event_type=event["eventType"],
        event_value=event.get("eventValue", value_in),
        sent_at=sent_at.timestamp(),
        event_id=event.get("eventId"),
        extra={
            **({"properties": properties} if properties else {}),
            **{name: event[name] for name in _KEPT if name in event},
        },
    )


def _own(properties: dict[str, Any], column: Field) -> Any:
    """Take out of ``properties`` what is an event's own member, checked also where no dataset is there to say how."""
    value = None
    for name in [name for name in properties if fold(name) == fold(column.name)]:
        try:
            value = coerce(properties.pop(name), column)
        except PropertiesError as error:
            raise BAD_PROPERTIES(problem=error) from None
    return value
