"""Dataset groups: what everything else belongs to."""

from __future__ import annotations

from typing import Any

from botocore_shapes.errors import ServiceError
from personalize_local.context import Context
from personalize_local.errors import invalid_input
from personalize_local.resources.changes import insert
from personalize_local.resources.kind import Kind, Lifecycle
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows


def _unknown(arn: str) -> ServiceError:
    # Observed for DeleteDatasetGroup; programs read the class alone.
    return ServiceError("ResourceNotFoundException", f"The given dataset group does not exist: {arn}")


def _forget_events(context: Context, rows: Rows, record: Record) -> None:
    del context
    rows.remove_events(record.arn)


KIND = Kind(
    name="datasetGroup",
    arn_type="dataset-group",
    lifecycle=Lifecycle(create=30, delete=30, delete_words=("DELETE PENDING", "DELETE PENDING")),
    children=("dataset", "eventTracker", "solution"),
    removed=_forget_events,
    unknown=_unknown,
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateDatasetGroup."""
    if "roleArn" in params and "kmsKeyArn" not in params:
        # The role is documented as valid with a key only; class inferred, text chosen.
        raise invalid_input("roleArn can only be specified together with kmsKeyArn.")
    arn = context.arn(f"dataset-group/{params['name']}")
    body = {name: params.get(name) for name in ("name", "roleArn", "kmsKeyArn", "domain")}
    with context.emulator.database.write() as rows:
        insert(context, rows, KIND, arn=arn, params=params, body=body)
    return {"datasetGroupArn": arn, "domain": params.get("domain")}


HANDLERS = {"CreateDatasetGroup": create}
