"""Data deletion jobs: users that are to vanish from the data of a dataset group."""

from __future__ import annotations

from typing import Any

from personalize_local.context import Context
from personalize_local.provenance import Rule
from personalize_local.resources import dataset_group, quotas
from personalize_local.resources.changes import insert
from personalize_local.resources.kind import Kind, Lifecycle, Words
from personalize_local.resources.lookup import require_active
from personalize_local.resources.storage_rules import LOCATION, location_at

RULES = (
    Rule(
        says="Data deletion jobs show PENDING, IN_PROGRESS, COMPLETED and FAILED.",
        known="documented",
        source="dg/API_DataDeletionJob.html",
    ),
    Rule(says="The ARN of a data deletion job ends in its name.", known="inferred"),
)

KIND = Kind(
    name="dataDeletionJob",
    arn_type="data-deletion-job",
    lifecycle=Lifecycle(create=3600, create_words=Words("PENDING", "IN_PROGRESS", "COMPLETED", "FAILED")),
    parent_member="datasetGroupArn",
    quotas=(quotas.DELETION_JOBS,),
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateDataDeletionJob."""
    arn = context.arn(f"data-deletion-job/{params['jobName']}")
    with context.emulator.database.write() as rows:
        group = require_active(context, rows, dataset_group.KIND, params["datasetGroupArn"])
        location_at(params["dataSource"].get("dataLocation", ""), LOCATION)
        body = {name: params[name] for name in ("jobName", "datasetGroupArn", "dataSource", "roleArn")}
        job = {"what": "A data deletion job"}
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=group.arn, job=job)
    context.emulator.jobs.submit(arn)
    return {"dataDeletionJobArn": arn}


HANDLERS = {"CreateDataDeletionJob": create}
