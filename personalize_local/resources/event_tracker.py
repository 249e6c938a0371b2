"""Event trackers: the ids under which a dataset group takes events."""

from __future__ import annotations

from typing import Any

from personalize_local.context import Context
from personalize_local.errors import ALREADY_EXISTS
from personalize_local.provenance import Rule
from personalize_local.resources import dataset_group
from personalize_local.resources.changes import insert
from personalize_local.resources.kind import Kind, Lifecycle
from personalize_local.resources.lookup import live_children, require_active

RULES = (
    Rule(
        says="A second event tracker in a dataset group is refused with ResourceAlreadyExistsException.",
        known="chosen",
        source="dg/API_CreateEventTracker.html says that it is an error and not which",
    ),
    Rule(says="An event tracker needs no Interactions dataset.", known="chosen"),
)

KIND = Kind(
    name="eventTracker",
    arn_type="event-tracker",
    lifecycle=Lifecycle(create=30),
    parent_member="datasetGroupArn",
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateEventTracker: one a dataset group."""
    ids = context.emulator.ids
    with context.emulator.database.write() as rows:
        group = require_active(context, rows, dataset_group.KIND, params["datasetGroupArn"])
        for tracker in live_children(context, rows, KIND, group.arn):
            raise ALREADY_EXISTS(arn=tracker.arn)
        arn = context.arn(f"event-tracker/{ids.hex8()}")
        tracking_id = ids.uuid()
        body = {
            "name": params["name"],
            "accountId": context.account,
            "trackingId": tracking_id,
            "datasetGroupArn": group.arn,
        }
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=group.arn, alias=tracking_id)
    return {"eventTrackerArn": arn, "trackingId": tracking_id}


HANDLERS = {"CreateEventTracker": create}
