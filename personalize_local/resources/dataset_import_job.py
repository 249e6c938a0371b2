"""Dataset import jobs: CSV files from object storage into a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from personalize_local.context import Context
from personalize_local.datasets.schema import Schema
from personalize_local.jobs.importing import Probe, ProbeFailure, spool
from personalize_local.jobs.spooling import spooled
from personalize_local.provenance import Rule, invalid
from personalize_local.resources import dataset, metric_attribution, quotas
from personalize_local.resources.changes import check_quota, claim, insert
from personalize_local.resources.kind import Kind, Lifecycle
from personalize_local.resources.lookup import require_active
from personalize_local.resources.status import status_of
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

NO_ROLE = invalid("roleArn is required.", "inferred", "dg/API_CreateDatasetImportJob.html")
NOT_READABLE = invalid("{problem}", "observed", "CreateDatasetImportJob; the problems are the sentences of imports")
NO_EARLIER_IMPORT = invalid(
    "importMode INCREMENTAL requires an earlier bulk import. Use FULL.",
    "documented",
    "dg/updating-existing-bulk-data.html",
)
NOTHING_PUBLISHES = invalid(
    "publishAttributionMetricsToS3 requires a metric attribution that publishes to S3.", "inferred"
)
NO_FIGURES = invalid(
    "publishAttributionMetricsToS3 is for datasets of type INTERACTIONS, not {type}.",
    "inferred",
    "dg/metric-attribution-results.html: when you create a dataset import job for interactions data",
)
RULES = (
    Rule(
        says="The place and the header of an import are looked at before the call is answered, its rows after it.",
        known="observed",
        source="refusals of missing columns and unreadable buckets with status 400, through CloudFormation",
    ),
)

KIND = Kind(
    name="datasetImportJob",
    arn_type="dataset-import-job",
    lifecycle=Lifecycle(create=300),
    parent_member="datasetArn",
    quotas=(quotas.IMPORT_JOBS,),
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateDatasetImportJob."""
    arn = context.arn(f"dataset-import-job/{params['jobName']}")
    body = {
        "jobName": params["jobName"],
        "datasetArn": params["datasetArn"],
        "dataSource": params["dataSource"],
        "roleArn": params.get("roleArn"),
        "importMode": params.get("importMode", "FULL"),
        "publishAttributionMetricsToS3": params.get("publishAttributionMetricsToS3", False),
    }
    while not _begin(context, params, arn, body):
        pass  # the dataset is another one than at the first look
    context.emulator.jobs.submit(arn)
    return {"datasetImportJobArn": arn}


def _begin(context: Context, params: Mapping[str, Any], arn: str, body: Mapping[str, Any]) -> bool:
    """Make the job; False when its dataset has changed while storage was asked, which takes its time."""
    emulator = context.emulator
    target, schema = _target(context, params, arn)
    try:
        Probe(emulator.objects_for(context.account)).check(params["dataSource"].get("dataLocation", ""), schema)
    except ProbeFailure as failure:
        raise NOT_READABLE(problem=failure) from None
    payload = {
        "location": params["dataSource"]["dataLocation"],
        "dataset": target.arn,
        "account": context.account,
        "schema": schema.text,
        "domain": schema.domain,
        "mode": body["importMode"],
        "folder": emulator.ids.uuid(),
    }
    copied = spooled(context, payload["folder"], partial(spool, payload["location"]))
    with copied as keep, emulator.database.write() as rows:
        present = require_active(context, rows, dataset.KIND, target.arn)
        if (present.sequence, present.body["schemaArn"]) != (target.sequence, target.body["schemaArn"]):
            return False
        _check_mode(present, body["importMode"])
        if body["publishAttributionMetricsToS3"]:
            _check_publishing(context, rows, present)
        payload |= _measuring(context, rows, present, body)
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=target.arn, job=payload)
        keep()
    return True


def _measuring(context: Context, rows: Rows, target: Record, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a job is told of the metrics that it is to measure; nothing where there are none, or nobody wants them."""
    publishes = body["publishAttributionMetricsToS3"]
    if target.body["datasetType"] != "INTERACTIONS" or not (publishes or body["importMode"] == "INCREMENTAL"):
        return {}
    given = metric_attribution.for_import(context, rows, target.body["datasetGroupArn"], publishes=publishes)
    return {} if given is None else {"attribution": given}


def _target(context: Context, params: Mapping[str, Any], arn: str) -> tuple[Record, Schema]:
    """The dataset of a new job and its schema, when nothing but the files can be in the way of the job."""
    with context.emulator.database.write() as rows:
        target = require_active(context, rows, dataset.KIND, params["datasetArn"])
        # Name and number before storage is asked.
        claim(context, rows, KIND, arn)
        check_quota(context, rows, KIND, quotas.IMPORT_JOBS, None)
        schema = dataset.schema_of(rows, target.body["schemaArn"])
        if params.get("publishAttributionMetricsToS3"):
            _check_publishing(context, rows, target)
    if "roleArn" not in params:
        raise NO_ROLE()
    _check_mode(target, params.get("importMode", "FULL"))
    return target, schema


def _check_publishing(context: Context, rows: Rows, target: Record) -> None:
    if target.body["datasetType"] != "INTERACTIONS":
        raise NO_FIGURES(type=target.body["datasetType"])
    if not metric_attribution.publishes_to_s3(context, rows, target.body["datasetGroupArn"]):
        raise NOTHING_PUBLISHES()


def _check_mode(target: Record, mode: str) -> None:
    if mode == "INCREMENTAL" and not target.state.get("segments"):
        raise NO_EARLIER_IMPORT()


def report(context: Context, record: Record) -> dict[str, Any] | None:
    """What became of an import job, as JSON values; None for a record of another kind.

    Its job is told of as soon as it has ended, even where the status still waits for its time.
    """
    if record.kind != KIND.name:
        return None
    told: dict[str, Any] = {"arn": record.arn, "status": status_of(context, KIND, record).word}
    job = record.job
    if job is None or job.state not in ("DONE", "FAILED"):
        return told
    found = job.result.get("report", {})
    if job.state == "DONE":
        return {**told, "rowsRead": found.get("rows_read", job.result.get("rows"))}
    return {
        **told,
        "rowsRead": found.get("rows_read", 0),
        "rowsRejected": found.get("rows_rejected", 0),
        **{name: found.get(name) for name in ("file", "row", "column", "problem")},
        "reason": job.result.get("reason"),
    }


HANDLERS = {"CreateDatasetImportJob": create}
