"""PutActionInteractions: what users did with actions, kept before the answer in the stream of their dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personalize_local.context import Context
from personalize_local.datasets.schema import ACTION_EVENT_TYPES, Schema, action_event_type
from personalize_local.events._taking import (
    check_size,
    event_properties,
    has_effect,
    require_in_use,
    take_into_account,
)
from personalize_local.provenance import Refusal, Rule, invalid
from personalize_local.resources.dataset import KIND as DATASET
from personalize_local.resources.dataset import schema_of
from personalize_local.resources.status import is_live
from personalize_local.store.records import Record, StreamedEvent
from personalize_local.store.sql import Rows

UNKNOWN_TRACKER = Refusal(
    "ResourceNotFoundException",
    "The trackingId {id} does not belong to an Action_Interactions dataset.",
    rule="inferred",
    source="service model: the class is one of the operation's",
)
UNKNOWN_EVENT_TYPE = invalid(
    "The eventType of an action interaction must be one of {known}, not {type}.",
    "inferred",
    "dg/action-interactions-datasets.html has the types",
)
RULES = (
    Rule(
        says="The tracking id of action interactions is that of their dataset; the event tracker of the group is "
        "another one.",
        known="documented",
        source="dg/recording-action-interaction-events.html",
    ),
    Rule(
        says="The impression of an action interaction is taken and kept, and has no effect.",
        known="documented",
        source="dg/API_UBS_ActionInteraction.html",
    ),
    Rule(
        says="Actions and users that no dataset knows are taken, and properties that the schema requires may be left "
        "out.",
        known="inferred",
        source="as of PutEvents",
    ),
)

_KEPT = ("recommendationId", "impression")


def put_action_interactions(context: Context, params: dict[str, Any]) -> None:
    """Answer PutActionInteractions."""
    given = params["actionInteractions"]
    # One transaction: a dataset deleted in between must not leave events to the next one of its ARN.
    with context.emulator.database.append() as rows:
        dataset = _dataset(context, rows, params["trackingId"])
        body = require_in_use(context, dataset)
        schema = schema_of(rows, body["schemaArn"]) if any("properties" in one for one in given) else None
        events = [_event(context, dataset, one, schema) for one in given]
        rows.add_events([event for event in events if event is not None])
        take_into_account(context, rows, dataset.arn, dataset.body["datasetGroupArn"])


def _dataset(context: Context, rows: Rows, tracking_id: str) -> Record:
    """The dataset that a tracking id came with. Raises ResourceNotFoundException."""
    found = rows.find(tracking_id)
    if (
        found is None
        or found.kind != DATASET.name
        or (found.account, found.region) != (context.account, context.region)
        or not is_live(context, DATASET, found)
    ):
        raise UNKNOWN_TRACKER(id=tracking_id)
    return found


def _event(context: Context, dataset: Record, given: Mapping[str, Any], schema: Schema | None) -> StreamedEvent | None:
    """One action interaction as it is kept; None for one without effect. Raises InvalidInputException."""
    check_size(given)
    event_type = action_event_type(given["eventType"])
    if event_type is None:
        raise UNKNOWN_EVENT_TYPE(known=", ".join(ACTION_EVENT_TYPES), type=given["eventType"])
    properties = event_properties(given["properties"], schema) if "properties" in given else {}
    if not has_effect(given["sessionId"], given["timestamp"]):
        return None
    return StreamedEvent(
        stream=dataset.arn,
        user_id=given.get("userId"),
        session_id=given["sessionId"],
        item_id=given["actionId"],
        event_type=event_type,
        event_value=None,
        sent_at=given["timestamp"].timestamp(),
        event_id=given.get("eventId"),
        extra={
            **({"properties": properties} if properties else {}),
            **{name: given[name] for name in _KEPT if name in given},
        },
        arrived=context.now,
    )
