"""Solution versions: trained models, and the metrics they were measured at."""

from __future__ import annotations

from typing import Any

from personalize_local.context import Context
from personalize_local.errors import already_exists, invalid_input, not_active, not_implemented
from personalize_local.resources.changes import insert
from personalize_local.resources.kind import Kind, Lifecycle, is_live, require, require_active, status_of
from personalize_local.resources.solution_rules import check_data, recipe_of
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows


def _outcome(context: Context, rows: Rows, record: Record) -> dict[str, Any]:
    del rows
    if record.job is None or not status_of(context, KIND, record).is_active:
        return {}
    return {"trainingHours": record.job.result["trainingHours"]}


def _removed(context: Context, rows: Rows, record: Record) -> None:
    del rows
    context.emulator.models.forget(record.arn)
    context.emulator.jobs.sweep_soon()


KIND = Kind(
    name="solutionVersion",
    arn_type="solution",
    lifecycle=Lifecycle(create=1800),
    parent_member="solutionArn",
    parent_must_exist=True,
    view=_outcome,
    removed=_removed,
)


def summary(context: Context, record: Record) -> dict[str, Any]:
    """A version as DescribeSolution shows its newest."""
    status = status_of(context, KIND, record)
    members = {
        "solutionVersionArn": record.arn,
        "status": status.word,
        "trainingMode": record.body["trainingMode"],
        "trainingType": record.body["trainingType"],
        "creationDateTime": record.created,
        "lastUpdatedDateTime": status.updated,
        "failureReason": status.failure,
    }
    return {name: value for name, value in members.items() if value is not None}


def newest_active(context: Context, rows: Rows, solution_arn: str) -> Record | None:
    """The version that ``$LATEST`` means: the newest ACTIVE one (inferred)."""
    versions = reversed(rows.children(solution_arn, KIND.name))
    return next((version for version in versions if status_of(context, KIND, version).is_active), None)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateSolutionVersion: train a model on what the dataset group holds now."""
    emulator = context.emulator
    solution_kind, group_kind = emulator.kinds["solution"], emulator.kinds["datasetGroup"]
    with emulator.database.write() as rows:
        solution = require_active(context, rows, solution_kind, params["solutionArn"])
        group = require_active(context, rows, group_kind, solution.body["datasetGroupArn"])
        recipe = recipe_of(solution.body["recipeArn"])
        _check_mode(params.get("trainingMode", "FULL"), recipe.name)
        check_data(context, rows, group, recipe)
        siblings = rows.children(solution.arn, KIND.name)
        _check_name(context, params.get("name"), siblings)
        tail = f"solution/{solution.body['name']}/{_free_hex(context, siblings)}"
        body = {
            **{name: solution.body.get(name) for name in _INHERITED},
            "solutionArn": solution.arn,
            "name": params.get("name", tail.partition("/")[2]),
            # AUTOTRAIN is taken for FULL, and shown as such (chosen: nothing describes it).
            "trainingMode": "FULL",
            "trainingType": "MANUAL",
        }
        payload = {
            "recipe": recipe.name,
            "solutionConfig": solution.body["solutionConfig"],
            "eventType": solution.body.get("eventType"),
            "datasetGroup": group.arn,
            **_data_of(context, rows, group),
            "until": rows.last_event(group.arn),
            "artifact": emulator.ids.uuid(),
        }
        record = insert(
            context,
            rows,
            KIND,
            arn=context.arn(tail),
            params=params,
            body=body,
            parent=solution.arn,
            job=payload,
        )
    emulator.jobs.submit(record.arn)
    return {"solutionVersionArn": record.arn}


_INHERITED = (
    "performHPO",
    "performAutoML",
    "performIncrementalUpdate",
    "recipeArn",
    "eventType",
    "datasetGroupArn",
    "solutionConfig",
)


def _data_of(context: Context, rows: Rows, group: Record) -> dict[str, Any]:
    """Schema and imports (oldest first) of each dataset: later ones do not change what this version learns from."""
    kind = context.emulator.kinds["dataset"]
    schemas, segments = {}, {}
    for dataset in rows.children(group.arn, kind.name):
        if is_live(context, kind, dataset):
            dataset_type = dataset.body["datasetType"]
            schema = rows.get(status_of(context, kind, dataset).body["schemaArn"])
            assert schema is not None, dataset.arn
            schemas[dataset_type] = {"text": schema.body["schema"], "domain": schema.body.get("domain")}
            segments[dataset_type] = [segment["folder"] for segment in dataset.state.get("segments", ())]
    return {"schemas": schemas, "segments": segments}


def _check_mode(mode: str, recipe_name: str) -> None:
    if mode != "UPDATE":
        return
    if recipe_name != "aws-user-personalization":
        # Documented for User-Personalization and legacy coldstart alone; class inferred, text chosen.
        raise invalid_input(f"Training mode UPDATE is not supported by recipe {recipe_name}.")
    raise not_implemented("Training mode UPDATE")


def _check_name(context: Context, name: str | None, siblings: list[Record]) -> None:
    for sibling in siblings:
        if name is not None and sibling.body["name"] == name and is_live(context, KIND, sibling):
            raise already_exists(sibling.arn)


def _free_hex(context: Context, siblings: list[Record]) -> str:
    taken = {sibling.arn.rpartition("/")[2] for sibling in siblings}
    while (candidate := context.emulator.ids.hex8()) in taken:
        pass
    return candidate


def metrics(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """GetSolutionMetrics. A version that is not ACTIVE gives ResourceInUseException (inferred)."""
    with context.emulator.database.read() as rows:
        record = require(context, rows, KIND, params["solutionVersionArn"])
    status = status_of(context, KIND, record)
    if not status.is_active or record.job is None:
        raise not_active(record.arn, status.word)
    return {"solutionVersionArn": record.arn, "metrics": record.job.result["metrics"]}


HANDLERS = {"CreateSolutionVersion": create, "GetSolutionMetrics": metrics}
