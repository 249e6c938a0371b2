"""Solution versions: trained models, and the metrics they were measured at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personalize_local.context import Context
from personalize_local.errors import ALREADY_EXISTS, NOT_ACTIVE
from personalize_local.jobs import training
from personalize_local.provenance import Refusal, Rule, invalid
from personalize_local.recipes import RECIPES
from personalize_local.recipes.base import Recipe
from personalize_local.resources import quotas
from personalize_local.resources.changes import insert, switch
from personalize_local.resources.data_rules import check_data
from personalize_local.resources.kind import CREATE, Kind, Lifecycle
from personalize_local.resources.lookup import live_children, require, require_active
from personalize_local.resources.solution_rules import automl_candidates, recipe_of
from personalize_local.resources.status import FAILED, status_of
from personalize_local.resources.training_jobs import training_payload
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

_VERSIONS = "dg/API_CreateSolutionVersion.html"

NO_UPDATE_MODE = invalid("Training mode UPDATE is not supported by recipe {recipe}.", "documented", _VERSIONS)
NOTHING_TO_UPDATE = invalid(
    "Training mode UPDATE requires an ACTIVE solution version that was trained with mode FULL.", "documented", _VERSIONS
)
NOT_IN_TRAINING = invalid(
    "Solution version {arn} is in status {status} and cannot be stopped.",
    "documented",
    "dg/stop-solution-version.html",
    error="chosen",
)
RULES = (
    Rule(
        says="AUTOTRAIN is taken as a training mode and shown as FULL; automatic versions show FULL.",
        known="chosen",
    ),
    Rule(
        says="A version trained with mode UPDATE learns from everything that there is, as one with mode FULL does.",
        known="chosen",
        source="the service's UPDATE adds new items alone",
    ),
    Rule(
        says="The name of a version defaults to SOLUTION/ID; a given name does not change the ARN.",
        known="observed",
        source="captured DescribeSolutionVersion; of a given name chosen",
    ),
    Rule(
        says="A training that is stopped in waiting is CREATE STOPPED at once, a running one CREATE STOPPING first.",
        known="documented",
        source="dg/stop-solution-version.html",
    ),
    Rule(says="$LATEST is the newest ACTIVE version of a solution.", known="inferred"),
    Rule(
        says="trainingHours are hours of compute, with three decimals.",
        known="observed",
        source="captured DescribeSolutionVersion",
    ),
)


def _outcome(context: Context, rows: Rows, record: Record) -> dict[str, Any]:
    del rows
    if record.job is None or not status_of(context, KIND, record).is_active:
        return {}
    members = {"trainingHours": record.job.result["trainingHours"], "recipeArn": recipe_of_version(record).arn}
    tuned = record.job.result.get("tuned")
    return members if tuned is None else {**members, "tunedHPOParams": {"algorithmHyperParameters": tuned}}


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
    cascade=("batchInferenceJob", "batchSegmentJob"),
    view=_outcome,
    removed=_removed,
    quotas=(quotas.SOLUTION_VERSIONS,),
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
    """The version that ``$LATEST`` means."""
    versions = reversed(rows.children(solution_arn, KIND.name))
    return next((version for version in versions if status_of(context, KIND, version).is_active), None)


def require_trained(context: Context, rows: Rows, arn: str, not_trained: Refusal) -> Record:
    """The ACTIVE version of ``arn``.

    Raises ResourceInUseException while it trains, ``not_trained`` when its training failed or was stopped.
    """
    version = require(context, rows, KIND, arn)
    status = status_of(context, KIND, version)
    if status.word in FAILED:
        raise not_trained(arn=arn)
    if not status.is_active:
        raise NOT_ACTIVE(arn=arn, status=status.word)
    return version


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateSolutionVersion: train a model on what the dataset group holds now."""
    solution_kind = context.emulator.kinds["solution"]
    with context.emulator.database.write() as rows:
        solution = require_active(context, rows, solution_kind, params["solutionArn"])
        mode = "UPDATE" if params.get("trainingMode") == "UPDATE" else "FULL"
        if mode == "UPDATE":
            _check_update_mode(context, rows, solution)
        record = begin_training(context, rows, solution, mode=mode, training_type="MANUAL", params=params)
    context.emulator.jobs.submit(record.arn)
    return {"solutionVersionArn": record.arn}


def begin_training(
    context: Context,
    rows: Rows,
    solution: Record,
    *,
    mode: str,
    training_type: str,
    params: Mapping[str, Any],
) -> Record:
    """Add a version of ``solution`` (its body the one in force) and the job that trains it.

    Raises what CreateSolutionVersion raises for the state of its group and data.
    """
    group = require_active(context, rows, context.emulator.kinds["datasetGroup"], solution.body["datasetGroupArn"])
    candidates = _candidates(solution)
    for recipe in candidates:
        check_data(context, rows, group, recipe)
    siblings = rows.children(solution.arn, KIND.name)
    _check_name(context, rows, params.get("name"), solution.arn)
    tail = f"solution/{solution.body['name']}/{_free_hex(context, siblings)}"
    body = {
        **{name: solution.body.get(name) for name in _INHERITED},
        "solutionArn": solution.arn,
        "name": params.get("name", tail.partition("/")[2]),
        "trainingMode": mode,
        "trainingType": training_type,
    }
    arn = context.arn(tail)
    config = solution.body["solutionConfig"]
    payload = training_payload(
        context,
        rows,
        group.arn,
        recipe=candidates[0].name,
        config=config,
        known=solution.state.get("columns", {}),
        event_type=solution.body.get("eventType"),
        performHPO=solution.body["performHPO"],
        candidates=[recipe.name for recipe in candidates] if solution.body["performAutoML"] else None,
        metric=config.get("autoMLConfig", {}).get("metricName"),
        incremental=bool(solution.body.get("performIncrementalUpdate")),
        job=arn,
    )
    return insert(context, rows, KIND, arn=arn, params=params, body=body, parent=solution.arn, job=payload)


_INHERITED = (
    "performHPO",
    "performAutoML",
    "performIncrementalUpdate",
    "recipeArn",
    "eventType",
    "datasetGroupArn",
    "solutionConfig",
)


def _candidates(solution: Record) -> list[Recipe]:
    if solution.body["performAutoML"]:
        return automl_candidates(solution.body["solutionConfig"])
    return [recipe_of(solution.body["recipeArn"])]


def recipe_of_version(version: Record) -> Recipe:
    """The recipe of an ACTIVE version: its solution's, or the one that AutoML chose."""
    arn = version.body.get("recipeArn")
    if arn is not None:
        return recipe_of(arn)
    assert version.job is not None, version.arn
    return RECIPES[version.job.result["recipe"]]


def _check_update_mode(context: Context, rows: Rows, solution: Record) -> None:
    arn = solution.body.get("recipeArn")
    if arn is None or not recipe_of(arn).training_update:
        raise NO_UPDATE_MODE(recipe="AutoML" if arn is None else recipe_of(arn).name)
    versions = live_children(context, rows, KIND, solution.arn)
    if not any(
        version.body["trainingMode"] == "FULL" and status_of(context, KIND, version).is_active for version in versions
    ):
        raise NOTHING_TO_UPDATE()


def _check_name(context: Context, rows: Rows, name: str | None, solution: str) -> None:
    if name is None:
        return
    for sibling in live_children(context, rows, KIND, solution):
        if sibling.body["name"] == name:
            raise ALREADY_EXISTS(arn=sibling.arn)


def _free_hex(context: Context, siblings: list[Record]) -> str:
    taken = {sibling.arn.rpartition("/")[2] for sibling in siblings}
    while (candidate := context.emulator.ids.hex8()) in taken:
        pass
    return candidate


def stop(context: Context, params: dict[str, Any]) -> None:
    """StopSolutionVersionCreation: end a training and let go of what it made."""
    with context.emulator.database.write() as rows:
        record = require(context, rows, KIND, params["solutionVersionArn"])
        word = status_of(context, KIND, record).word
        if word not in (CREATE.pending, CREATE.in_progress):
            raise NOT_IN_TRAINING(arn=record.arn, status=word)
        rows.stop_job(record.arn)
        if record.job is not None:
            elapsed = context.now - record.created if word == CREATE.in_progress else 0.0
            training.used(rows, record.job, str(record.parent), at=context.now, elapsed=elapsed)
        switch(context, rows, KIND, record, "STOP PENDING TRAINING" if word == CREATE.pending else "STOP TRAINING")
    context.emulator.jobs.stop(record.arn)


def metrics(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """GetSolutionMetrics. A version that is not ACTIVE gives ResourceInUseException."""
    with context.emulator.database.read() as rows:
        record = require(context, rows, KIND, params["solutionVersionArn"])
    status = status_of(context, KIND, record)
    if not status.is_active or record.job is None:
        raise NOT_ACTIVE(arn=record.arn, status=status.word)
    return {"solutionVersionArn": record.arn, "metrics": record.job.result["metrics"]}


HANDLERS = {
    "CreateSolutionVersion": create,
    "StopSolutionVersionCreation": stop,
    "GetSolutionMetrics": metrics,
}
