"""Dataset groups: what everything else belongs to."""

from __future__ import annotations

from typing import Any

from personalize_local.context import Context
from personalize_local.provenance import Refusal, invalid
from personalize_local.resources import quotas
from personalize_local.resources.changes import insert
from personalize_local.resources.kind import Kind, Lifecycle
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

UNKNOWN = Refusal(
    "ResourceNotFoundException",
    "The given dataset group does not exist: {arn}",
    rule="documented",
    error="documented",
    wording="observed",
    source="DeleteDatasetGroup, in a captured log",
)
ROLE_WITHOUT_KEY = invalid(
    "roleArn can only be specified together with kmsKeyArn.", "documented", "dg/API_CreateDatasetGroup.html"
)


def _forget_streams(context: Context, rows: Rows, record: Record) -> None:
    rows.remove_events(record.arn)
    rows.remove_forgotten(record.arn)
    rows.remove_recommendation_sources(record.arn)
    context.emulator.views.renew(record.arn)


KIND = Kind(
    name="datasetGroup",
    arn_type="dataset-group",
    lifecycle=Lifecycle(create=30, delete=30, delete_words=("DELETE PENDING", "DELETE PENDING")),
    children=("dataset", "eventTracker", "filter", "metricAttribution", "recommender", "solution"),
    cascade=("dataDeletionJob",),
    removed=_forget_streams,
    quotas=(quotas.DATASET_GROUPS,),
    unknown=UNKNOWN,
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateDatasetGroup."""
    if "roleArn" in params and "kmsKeyArn" not in params:
        raise ROLE_WITHOUT_KEY()
    arn = context.arn(f"dataset-group/{params['name']}")
    body = {name: params.get(name) for name in ("name", "roleArn", "kmsKeyArn", "domain")}
    with context.emulator.database.write() as rows:
        insert(context, rows, KIND, arn=arn, params=params, body=body)
    return {"datasetGroupArn": arn, "domain": params.get("domain")}


HANDLERS = {"CreateDatasetGroup": create}
