"""Datasets: one of each type in a dataset group."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from personalize_local.attribution.expressions import datasets_of
from personalize_local.context import Asking, Context
from personalize_local.datasets.schema import Schema, SchemaError, check_replacement, fold, parse_schema
from personalize_local.provenance import Rule, invalid
from personalize_local.resources import dataset_group, schema
from personalize_local.resources.changes import begin_update, check_resting, insert
from personalize_local.resources.kind import IN_CREATION, UPDATE, Kind, Lifecycle
from personalize_local.resources.lookup import (
    in_creation,
    live_children,
    live_in_group,
    require,
    require_active,
)
from personalize_local.resources.status import status_of
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

TYPES = {fold(name): name for name in ("INTERACTIONS", "ITEMS", "USERS", "ACTIONS", "ACTION_INTERACTIONS")}


UNKNOWN_TYPE = invalid("Dataset type {type} is not supported.", "documented", "dg/API_CreateDataset.html")
NOT_IN_DOMAIN = invalid(
    "A dataset of type {type} is not supported in a domain dataset group.", "documented", "dg/data-prep-ds-group.html"
)
OTHER_TYPE = invalid(
    "The schema is for {schema} and does not match dataset type {type}.",
    "documented",
    "dg/how-it-works-dataset-schema.html",
)
OTHER_DOMAIN = invalid("The domain of the schema does not match the domain of the dataset group.", "inferred")
UNCHANGED = invalid("Dataset {arn} already has this schema.", "inferred", "updates of campaigns that change nothing")
NOT_REPLACEABLE = invalid(
    "{problem}", "documented", "dg/updating-dataset-schema.html; the problems are the sentences of schemas"
)
RULES = (
    Rule(
        says="datasetType is taken in any case and shown in upper case.",
        known="observed",
        source="samples: programs that create and filter datasets",
    ),
    Rule(
        says="A dataset shows a running update as its own status, UPDATE PENDING and UPDATE IN_PROGRESS.",
        known="observed",
        source="samples: update-item-dataset-schema-example",
    ),
    Rule(
        says="A dataset is kept by every filter and recommender in creation of its group, by its moving import jobs, "
        "by the moving batch jobs and trainings of the group, by its campaigns that have not failed, by the event "
        "tracker (Interactions) and by a metric attribution whose expressions read it.",
        known="documented",
        source="dg/delete-dataset.html",
    ),
    Rule(
        says="Import and export jobs vanish with their dataset; their names are free then.",
        known="observed",
        source="notebooks that run again after their clean-up",
    ),
)


def _blockers(context: Context, rows: Rows, record: Record) -> list[str]:
    """What keeps a dataset (documented)."""
    kinds = context.emulator.kinds
    group, dataset_type = record.body["datasetGroupArn"], record.body["datasetType"]
    blocking = in_creation(context, rows, kinds["datasetImportJob"], record.arn)
    blocking += [filter_.arn for filter_ in live_children(context, rows, kinds["filter"], group)]
    if dataset_type == "INTERACTIONS":
        blocking += [tracker.arn for tracker in live_children(context, rows, kinds["eventTracker"], group)]
    blocking += [
        attribution.arn
        for attribution in live_children(context, rows, kinds["metricAttribution"], group)
        if dataset_type in datasets_of(status_of(context, kinds["metricAttribution"], attribution).body["metrics"])
    ]
    blocking += in_creation(context, rows, kinds["recommender"], group)
    for name in ("solutionVersion", "batchInferenceJob", "batchSegmentJob"):
        blocking += [
            found.arn
            for found in live_in_group(context, rows, kinds[name], group)
            if status_of(context, kinds[name], found).word in IN_CREATION
        ]
    blocking += [
        campaign.arn
        for campaign in live_in_group(context, rows, kinds["campaign"], group)
        if status_of(context, kinds["campaign"], campaign).word != "CREATE FAILED"
    ]
    return blocking


def _removed(context: Context, rows: Rows, record: Record) -> None:
    if record.body["datasetType"] == "INTERACTIONS":
        rows.remove_events(record.body["datasetGroupArn"])
    rows.remove_events(record.arn)
    rows.remove_rows(record.arn)
    context.emulator.views.renew(record.body["datasetGroupArn"])
    context.emulator.jobs.sweep_soon()


KIND = Kind(
    name="dataset",
    arn_type="dataset",
    lifecycle=Lifecycle(create=30, delete=60, update=115, update_words=UPDATE, update_shows=True),
    parent_member="datasetGroupArn",
    cascade=("datasetImportJob", "datasetExportJob"),
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
    """CreateDataset."""
    dataset_type = TYPES.get(fold(params["datasetType"]))
    if dataset_type is None:
        raise UNKNOWN_TYPE(type=params["datasetType"])
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
    if domain is not None and dataset_type in ("ACTIONS", "ACTION_INTERACTIONS"):
        raise NOT_IN_DOMAIN(type=dataset_type)
    if parsed.dataset_type != dataset_type:
        raise OTHER_TYPE(schema=parsed.dataset_type, type=dataset_type)
    if parsed.domain != domain:
        raise OTHER_DOMAIN()


def live_datasets(context: Asking, rows: Rows, group: str) -> dict[str, Record]:
    """The datasets of a dataset group by their type, each with the body in force; those in deletion are left out."""
    return {
        dataset.body["datasetType"]: replace(dataset, body=status_of(context, KIND, dataset).body)
        for dataset in live_children(context, rows, KIND, group)
        if dataset.deleted is None
    }


def update(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """UpdateDataset: another schema for an Items or Users dataset."""
    with context.emulator.database.write() as rows:
        record = require(context, rows, KIND, params["datasetArn"])
        require(context, rows, schema.KIND, params["schemaArn"])
        check_resting(context, KIND, record)
        current = status_of(context, KIND, record).body["schemaArn"]
        if current == params["schemaArn"] and record.body["datasetType"] in ("ITEMS", "USERS"):
            raise UNCHANGED(arn=record.arn)
        try:
            check_replacement(schema_of(rows, current), schema_of(rows, params["schemaArn"]))
        except SchemaError as error:
            raise NOT_REPLACEABLE(problem=error) from None
        change = {"schemaArn": params["schemaArn"]}
        begin_update(context, rows, KIND, record, body=change, view=change)
    return {"datasetArn": record.arn}


HANDLERS = {"CreateDataset": create, "UpdateDataset": update}
