"""Data deletion jobs: users that are to vanish from the data of a dataset group."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from personalize_local.context import Context
from personalize_local.jobs.deleting import USER_TYPES, first_folders, spool
from personalize_local.jobs.spooling import spooled
from personalize_local.provenance import Rule
from personalize_local.resources import dataset_group, quotas
from personalize_local.resources.changes import check_quota, claim, insert
from personalize_local.resources.dataset import live_datasets
from personalize_local.resources.kind import Kind, Lifecycle, Words
from personalize_local.resources.lookup import require_active
from personalize_local.resources.status import status_of
from personalize_local.resources.storage_rules import LOCATION, location_at
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

_WORDS = Words("PENDING", "IN_PROGRESS", "COMPLETED", "FAILED")

RULES = (
    Rule(
        says="Data deletion jobs show PENDING, IN_PROGRESS, COMPLETED and FAILED.",
        known="documented",
        source="dg/API_DataDeletionJob.html",
    ),
    Rule(
        says="numDeleted is shown of a data deletion job that is COMPLETED.",
        known="documented",
        source="dg/API_DataDeletionJob.html",
    ),
    Rule(says="The ARN of a data deletion job ends in its name.", known="inferred"),
)


def _outcome(context: Context, rows: Rows, record: Record) -> Mapping[str, Any]:
    del rows
    if status_of(context, KIND, record).word != _WORDS.done:
        return {}
    return {"numDeleted": record.state["numDeleted"]}


KIND = Kind(
    name="dataDeletionJob",
    arn_type="data-deletion-job",
    lifecycle=Lifecycle(create=3600, create_words=_WORDS),
    parent_member="datasetGroupArn",
    view=_outcome,
    quotas=(quotas.DELETION_JOBS,),
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateDataDeletionJob."""
    emulator = context.emulator
    arn = context.arn(f"data-deletion-job/{params['jobName']}")
    location = params["dataSource"].get("dataLocation", "")
    if emulator.spools:
        with emulator.database.write() as rows:
            # What is refused anyway is not copied.
            require_active(context, rows, dataset_group.KIND, params["datasetGroupArn"])
            location_at(location, LOCATION)
            claim(context, rows, KIND, arn)
            check_quota(context, rows, KIND, quotas.DELETION_JOBS, params["datasetGroupArn"])
    copy = emulator.ids.uuid()
    with spooled(context, copy, partial(spool, location)) as keep, emulator.database.write() as rows:
        group = require_active(context, rows, dataset_group.KIND, params["datasetGroupArn"])
        location_at(location, LOCATION)
        body = {name: params[name] for name in ("jobName", "datasetGroupArn", "dataSource", "roleArn")}
        job = {
            "account": context.account,
            "group": group.arn,
            "location": location,
            "input": copy,
            "users": emulator.ids.uuid(),
            "datasets": _datasets(context, rows, group.arn),
        }
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=group.arn, job=job)
        keep()
    emulator.jobs.submit(arn)
    return {"dataDeletionJobArn": arn}


def _datasets(context: Context, rows: Rows, group: str) -> dict[str, Any]:
    """The datasets that have users, by type: the segments of each, with the names of what will take their place."""
    found = live_datasets(context, rows, group)
    return {
        name: {
            "dataset": found[name].arn,
            "replacements": {folder: context.emulator.ids.uuid() for folder in first_folders(found[name].state)},
        }
        for name in USER_TYPES
        if name in found
    }


HANDLERS = {"CreateDataDeletionJob": create}
