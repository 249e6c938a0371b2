"""Dataset export jobs: a dataset's records as CSV files in object storage."""

from __future__ import annotations

from typing import Any

from personalize_local.context import Context
from personalize_local.jobs.holdings import reference
from personalize_local.provenance import invalid
from personalize_local.resources import dataset
from personalize_local.resources.changes import insert
from personalize_local.resources.kind import Kind, Lifecycle
from personalize_local.resources.lookup import require_active
from personalize_local.resources.storage_rules import OUTPUT, location_at

NOT_EXPORTABLE = invalid("A dataset of type {type} cannot be exported.", "documented", "dg/export-data.html")

KIND = Kind(
    name="datasetExportJob",
    arn_type="dataset-export-job",
    lifecycle=Lifecycle(create=300),
    parent_member="datasetArn",
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateDatasetExportJob."""
    arn = context.arn(f"dataset-export-job/{params['jobName']}")
    with context.emulator.database.write() as rows:
        source = require_active(context, rows, dataset.KIND, params["datasetArn"])
        if source.body["datasetType"] in ("ACTIONS", "ACTION_INTERACTIONS"):
            raise NOT_EXPORTABLE(type=source.body["datasetType"])
        location_at(params["jobOutput"]["s3DataDestination"]["path"], OUTPUT)
        body = {
            "jobName": params["jobName"],
            "datasetArn": source.arn,
            "roleArn": params["roleArn"],
            "jobOutput": params["jobOutput"],
            # PUT is the documented default.
            "ingestionMode": params.get("ingestionMode", "PUT"),
        }
        group = source.body["datasetGroupArn"]
        job = {
            "account": context.account,
            "held": reference(rows, source),
            "stream": group,
            "until": rows.last_event(group),
            "forgotten": rows.last_forgotten(group),
            "mode": body["ingestionMode"],
            "location": params["jobOutput"]["s3DataDestination"]["path"],
            "name": params["jobName"],
        }
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=source.arn, job=job)
    context.emulator.jobs.submit(arn)
    return {"datasetExportJobArn": arn}


HANDLERS = {"CreateDatasetExportJob": create}
