"""Datasets: one of each type in a dataset group."""

from __future__ import annotations

from typing import Any

from personalize_local.context import Context
from personalize_local.datasets.schema import Schema, SchemaError, check_replacement, fold, parse_schema
from personalize_local.errors import invalid_input
from personalize_local.resources import dataset_group, schema
from personalize_local.resources.changes import begin_update, insert
from personalize_local.resources.kind import IN_CREATION, Kind, Lifecycle, is_live, require, require_active, status_of
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

TYPES = {fold(name): name for name in ("INTERACTIONS", "ITEMS", "USERS", "ACTIONS", "ACTION_INTERACTIONS")}


def _blockers(context: Context, rows: Rows, record: Record) -> list[str]:
    """What keeps a dataset: moving imports and trainings, and ACTIVE campaigns of its group (documented)."""
    kinds = context.emulator.kinds
    group = record.body["datasetGroupArn"]

    def live(parent: str, kind: str) -> list[Record]:
        return [child for child in rows.children(parent, kind) if is_live(context, kinds[kind], child)]

    def moving(child: Record, kind: str) -> bool:
        return status_of(context, kinds[kind], child).word in IN_CREATION

    blocking = [job.arn for job in live(record.arn, "datasetImportJob") if moving(job, "datasetImportJob")]
    if record.body["datasetType"] == "INTERACTIONS":
        blocking += [tracker.arn for tracker in live(group, "eventTracker")]
    for solution in live(group, "solution"):
        blocking += [
            version.arn for version in live(solution.arn, "solutionVersion") if moving(version, "solutionVersion")
        ]
        blocking += [
            campaign.arn
            for campaign in live(solution.arn, "campaign")
            if status_of(context, kinds["campaign"], campaign).word != "CREATE FAILED"
        ]
    return blocking


def _removed(context: Context, rows: Rows, record: Record) -> None:
    if record.body["datasetType"] == "INTERACTIONS":
        rows.remove_events(record.body["datasetGroupArn"])
    context.emulator.jobs.sweep_soon()


KIND = Kind(
    name="dataset",
    arn_type="dataset",
    lifecycle=Lifecycle(create=30, delete=60, update=115, update_word="UPDATE", update_shows=True),
    parent_member="datasetGroupArn",
    cascade=("datasetImportJob",),
    blockers=_blockers,
    removed=_removed,
)


def schema_of(rows: Rows, schema_arn: str) -> Schema:
    """The parsed schema of an ARN that is known to exist."""
    record = rows.get(schema_arn)
    if record is None:
        raise LookupError(schema_arn)
    return parse_schema(record.body["schema"], record.body.get("domain"))


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateDataset. The type is taken in any case and shown in upper case (observed)."""
    dataset_type = TYPES.get(fold(params["datasetType"]))
    if dataset_type is None:
        raise invalid_input(f"Dataset type {params['datasetType']} is not supported.")  # chosen
    with context.emulator.database.write() as rows:
        group = require_active(context, rows, dataset_group.KIND, params["datasetGroupArn"])
        require(context, rows, schema.KIND, params["schemaArn"])
        parsed = schema_of(rows, params["schemaArn"])
        _check_fit(parsed, dataset_type, group.body.get("domain"))
        arn = context.arn(f"dataset/{group.body['name']}/{dataset_type}")
        # The actions of a group have a tracker of their own, which comes with the dataset (documented).
        tracking_id = context.emulator.ids.uuid() if dataset_type == "ACTION_INTERACTIONS" else None
        body = {
            "name": params["name"],
            "datasetGroupArn": group.arn,
            "datasetType": dataset_type,
            "schemaArn": params["schemaArn"],
            "trackingId": tracking_id,
        }
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=group.arn, alias=tracking_id)
    return {"datasetArn": arn}


def _check_fit(parsed: Schema, dataset_type: str, domain: str | None) -> None:
    """Classes inferred, texts chosen."""
    if domain is not None and dataset_type in ("ACTIONS", "ACTION_INTERACTIONS"):
        raise invalid_input(f"A dataset of type {dataset_type} is not supported in a domain dataset group.")
    if parsed.dataset_type != dataset_type:
        raise invalid_input(f"The schema is for {parsed.dataset_type} and does not match dataset type {dataset_type}.")
    if parsed.domain != domain:
        raise invalid_input("The domain of the schema does not match the domain of the dataset group.")


def update(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """UpdateDataset: another schema for an Items or Users dataset."""
    with context.emulator.database.write() as rows:
        record = require(context, rows, KIND, params["datasetArn"])
        require(context, rows, schema.KIND, params["schemaArn"])
        current = status_of(context, KIND, record).body["schemaArn"]
        try:
            check_replacement(schema_of(rows, current), schema_of(rows, params["schemaArn"]))
        except SchemaError as error:
            raise invalid_input(str(error)) from None
        change = {"schemaArn": params["schemaArn"]}
        begin_update(context, rows, KIND, record, body=change, view=change)
    return {"datasetArn": record.arn}


HANDLERS = {"CreateDataset": create, "UpdateDataset": update}
