"""Dataset import jobs: CSV files from object storage into a dataset."""

from __future__ import annotations

from typing import Any

from personalize_local.context import Context
from personalize_local.errors import invalid_input
from personalize_local.jobs.importing import Probe, ProbeFailure, spool
from personalize_local.resources import dataset
from personalize_local.resources.changes import claim, insert
from personalize_local.resources.kind import Kind, Lifecycle, require_active

KIND = Kind(
    name="datasetImportJob",
    arn_type="dataset-import-job",
    lifecycle=Lifecycle(create=300),
    parent_member="datasetArn",
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateDatasetImportJob. The place and the header are looked at before the answer (observed), rows after it."""
    emulator = context.emulator
    arn = context.arn(f"dataset-import-job/{params['jobName']}")
    mode = params.get("importMode", "FULL")
    with emulator.database.read() as rows:
        target = require_active(context, rows, dataset.KIND, params["datasetArn"])
        claim_free(context, arn)
        schema = dataset.schema_of(rows, target.body["schemaArn"])
    if params.get("publishAttributionMetricsToS3"):
        # Inferred; no metric attribution can exist as long as CreateMetricAttribution is refused. Text chosen.
        raise invalid_input("publishAttributionMetricsToS3 requires a metric attribution that publishes to S3.")
    if "roleArn" not in params:
        raise invalid_input("roleArn is required.")  # class inferred, text chosen
    if mode == "INCREMENTAL" and not target.state.get("segments"):
        # Documented rule; class inferred, text chosen.
        raise invalid_input("importMode INCREMENTAL requires an earlier bulk import. Use FULL.")
    try:
        Probe(emulator.objects_for(context.account)).check(params["dataSource"].get("dataLocation", ""), schema)
    except ProbeFailure as failure:
        raise invalid_input(str(failure)) from None
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


def claim_free(context: Context, arn: str) -> None:
    """Raise ResourceAlreadyExistsException before storage is asked, when the job name is taken."""
    with context.emulator.database.write() as rows:
        claim(context, rows, KIND, arn)


HANDLERS = {"CreateDatasetImportJob": create}
