"""Event trackers: the ids under which a dataset group takes events."""

from __future__ import annotations

from typing import Any

from personalize_local.context import Context
from personalize_local.errors import already_exists
from personalize_local.resources import dataset_group
from personalize_local.resources.changes import insert
from personalize_local.resources.kind import Kind, Lifecycle, is_live, require_active

KIND = Kind(
    name="eventTracker",
    arn_type="event-tracker",
    lifecycle=Lifecycle(create=30),
    parent_member="datasetGroupArn",
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateEventTracker: one a dataset group (documented; the class of the error is chosen)."""
    ids = context.emulator.ids
    with context.emulator.database.write() as rows:
        group = require_active(context, rows, dataset_group.KIND, params["datasetGroupArn"])
        for tracker in rows.children(group.arn, KIND.name):
            if is_live(context, KIND, tracker):
                raise already_exists(tracker.arn)
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
