"""Dataset import jobs: CSV files from object storage into a dataset."""

from __future__ import annotations

from typing import Any

from personalize_local.context import Context
from personalize_local.jobs.importing import Probe, ProbeFailure, spool
from personalize_local.provenance import Rule, invalid
from personalize_local.resources import dataset, metric_attribution, quotas
from personalize_local.resources.changes import check_quota, claim, insert
from personalize_local.resources.kind import Kind, Lifecycle
from personalize_local.resources.lookup import require_active

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
    emulator = context.emulator
    arn = context.arn(f"dataset-import-job/{params['jobName']}")
    mode = params.get("importMode", "FULL")
    with emulator.database.write() as rows:
        target = require_active(context, rows, dataset.KIND, params["datasetArn"])
        # Name and number before storage is asked.
        claim(context, rows, KIND, arn)
        check_quota(context, rows, KIND, quotas.IMPORT_JOBS, None)
        schema = dataset.schema_of(rows, target.body["schemaArn"])
        if params.get("publishAttributionMetricsToS3") and not metric_attribution.publishes_to_s3(
            context, rows, target.body["datasetGroupArn"]
        ):
            raise NOTHING_PUBLISHES()
    if "roleArn" not in params:
        raise NO_ROLE()
    if mode == "INCREMENTAL" and not target.state.get("segments"):
        raise NO_EARLIER_IMPORT()
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
        "mode": mode,
        "folder": emulator.ids.uuid(),
        "spooled": emulator.spools,
    }
    if emulator.spools:
        spool(emulator.objects_for(context.account), payload["location"], emulator.root / "spool", payload["folder"])
    body = {
        "jobName": params["jobName"],
        "datasetArn": target.arn,
        "dataSource": params["dataSource"],
        "roleArn": params["roleArn"],
        "importMode": mode,
        "publishAttributionMetricsToS3": params.get("publishAttributionMetricsToS3", False),
    }
    with emulator.database.write() as rows:
        require_active(context, rows, dataset.KIND, target.arn)
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=target.arn, job=payload)
    emulator.jobs.submit(arn)
    return {"datasetImportJobArn": arn}


HANDLERS = {"CreateDatasetImportJob": create}
