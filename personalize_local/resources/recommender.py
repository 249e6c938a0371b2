"""Recommenders: a use case of a domain, trained and deployed in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from personalize_local.context import Context
from personalize_local.errors import NOT_ACTIVE
from personalize_local.provenance import Refusal, Rule, invalid
from personalize_local.recipes import recipe_by_arn
from personalize_local.recipes.base import Recipe
from personalize_local.resources import dataset_group, quotas
from personalize_local.resources.changes import begin_update, check_resting, insert, next_job_key, switch
from personalize_local.resources.data_rules import check_columns, check_data, known_columns
from personalize_local.resources.kind import Kind, Lifecycle
from personalize_local.resources.lookup import require, require_active
from personalize_local.resources.serving_rules import check_exploration, check_metadata
from personalize_local.resources.solution_rules import recipe_of
from personalize_local.resources.status import status_of
from personalize_local.resources.training_jobs import training_payload
from personalize_local.store.records import Job, Record
from personalize_local.store.sql import Rows

NOT_SUPPORTED = invalid(
    "Recipe {arn} is not a use case of the domain of this dataset group.", "documented", "dg/creating-recommenders.html"
)
UNCHANGED = invalid(
    "Recommender {arn} already has this configuration.",
    "observed",
    "AWS Solutions: maintaining-personalized-experiences-with-machine-learning catches it",
    error="observed",
)
NOT_IN_STATUS = Refusal(
    "ResourceInUseException",
    "Recommender {arn} is in status {status}; it must be {needed}.",
    rule="documented",
    error="chosen",
    source="dg/stopping-starting-recommender.html",
)
RULES = (
    Rule(
        says="Members that recommenderConfig of an update leaves out keep their values.",
        known="chosen",
    ),
    Rule(
        says="An update that changes the columns of training trains anew and is done when that is; if it fails, its "
        "status is CREATE FAILED and the recommender goes on with what it had.",
        known="documented",
        source="dg/updating-recommender.html",
    ),
    Rule(
        says="A recommender trains anew every 7 days by itself while it is ACTIVE.",
        known="documented",
        source="dg/creating-recommenders.html",
    ),
    Rule(says="modelMetrics are shown while a recommender is neither in creation nor in deletion.", known="documented",
         source="dg/API_Recommender.html"),
)  # fmt: skip


def _metrics(context: Context, rows: Rows, record: Record) -> dict[str, Any]:
    status = status_of(context, KIND, record)
    if record.deleted is not None or status.word.startswith("CREATE"):
        return {}
    job = rows.job(training_of(record.arn, status.body))
    return {} if job is None or job.state != "DONE" else {"modelMetrics": job.result["metrics"]}


def _removed(context: Context, rows: Rows, record: Record) -> None:
    del rows
    context.emulator.models.forget(record.arn)
    context.emulator.jobs.sweep_soon()


KIND = Kind(
    name="recommender",
    arn_type="recommender",
    lifecycle=Lifecycle(create=1380, update=1380),
    parent_member="datasetGroupArn",
    view=_metrics,
    removed=_removed,
    quotas=(quotas.GROUP_RECOMMENDERS, quotas.RECOMMENDERS),
)


def training_of(arn: str, body: Mapping[str, Any]) -> str:
    """The key of the training whose model answers while ``body`` is in force."""
    return str(body.get("training", arn))


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateRecommender."""
    recipe = recipe_by_arn(params["recipeArn"])
    config = params.get("recommenderConfig", {})
    arn = context.arn(f"recommender/{params['name']}")
    with context.emulator.database.write() as rows:
        group = require_active(context, rows, dataset_group.KIND, params["datasetGroupArn"])
        if recipe is None or recipe.domain is None or recipe.domain != group.body.get("domain"):
            raise NOT_SUPPORTED(arn=params["recipeArn"])
        check_data(context, rows, group, recipe)
        _check_config(context, rows, group, recipe, config)
        body = {
            "name": params["name"],
            "datasetGroupArn": group.arn,
            "recipeArn": recipe.arn,
            "recommenderConfig": config,
        }
        columns = known_columns(context, rows, group.arn)
        payload = _payload(context, rows, body, columns, arn)
        state = {"columns": columns, "trained": context.now}
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=group.arn, job=payload, state=state)
    context.emulator.jobs.submit(arn)
    return {"recommenderArn": arn}


def _check_config(context: Context, rows: Rows, group: Record, recipe: Recipe, config: Mapping[str, Any]) -> None:
    check_exploration(recipe, config.get("itemExplorationConfig", {}))
    check_metadata(context, rows, group.arn, config)
    check_columns(context, rows, group, config)


def _payload(
    context: Context, rows: Rows, body: Mapping[str, Any], columns: Mapping[str, list[str]], key: str
) -> dict[str, Any]:
    config = {name: value for name, value in body["recommenderConfig"].items() if name == "trainingDataConfig"}
    recipe = recipe_of(body["recipeArn"])
    return training_payload(
        context, rows, body["datasetGroupArn"], recipe=recipe.name, config=config, known=columns, job=key
    )


def update(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """UpdateRecommender: the recommender goes on answering as before until the update is done."""
    with context.emulator.database.write() as rows:
        record = require(context, rows, KIND, params["recommenderArn"])
        check_resting(context, KIND, record)
        status = status_of(context, KIND, record)
        if status.word not in ("ACTIVE", "CREATE FAILED"):
            raise NOT_ACTIVE(arn=record.arn, status=status.word)
        current = status.body["recommenderConfig"]
        config = {**current, **params["recommenderConfig"]}
        if config == current:
            raise UNCHANGED(arn=record.arn)
        group = require(context, rows, dataset_group.KIND, record.body["datasetGroupArn"])
        _check_config(context, rows, group, recipe_of(record.body["recipeArn"]), config)
        view: dict[str, Any] = {"recommenderConfig": config}
        body, job = view, None
        if config.get("trainingDataConfig") != current.get("trainingDataConfig") or not status.is_active:
            columns = known_columns(context, rows, group.arn)
            _, key = next_job_key(record)
            job = _payload(context, rows, {**status.body, **body}, columns, key)
            body = {**body, "training": key}
            record = replace(record, state={**record.state, "columns": columns, "trained": context.now})
        changed = begin_update(context, rows, KIND, record, body=body, view=view, job=job)
    if job is not None:
        context.emulator.jobs.submit(changed.state["update"]["job"])
    return {"recommenderArn": record.arn}


def retrain(context: Context, rows: Rows, record: Record) -> str:
    """Begin the training that a recommender does by itself; the key of its job, to be submitted."""
    number, key = next_job_key(record)
    body = status_of(context, KIND, record).body
    payload = _payload(context, rows, body, record.state["columns"], key)
    rows.add_job(Job(arn=key, kind=KIND.name, payload=payload, submitted=context.now))
    rows.save(replace(record, state={**record.state, "jobs": number, "trained": context.now}))
    return key


def complete(rows: Rows, job: Job) -> None:
    """Put a later training in force, or write down that the update which waits for it has failed."""
    arn, _, number = job.arn.partition("#")
    record = rows.get(arn)
    if record is None or not number:
        return
    body, state = dict(record.body), dict(record.state)
    update = state.get("update")
    if update is not None and update.get("job") == job.arn:
        reason = job.result.get("reason") if job.state == "FAILED" else None
        state["update"] = {**update, "outcome": {"finished": job.finished, "reason": reason}}
    elif job.state == "DONE":
        if "training" in body:
            rows.stop_job(body["training"])  # its model is not needed any more
        body["training"] = job.arn
        if update is not None and "outcome" in update:
            # An earlier update is done: of what it put in force, the model is replaced here.
            kept = {name: value for name, value in update["body"].items() if name != "training"}
            state["update"] = {**update, "body": kept}
    rows.save(replace(record, body=body, state=state))


def start(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """StartRecommender: it answers again, with the model that it had."""
    return _switch(context, params["recommenderArn"], "INACTIVE", "START")


def stop(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """StopRecommender: it answers no more and does not train anew."""
    return _switch(context, params["recommenderArn"], "ACTIVE", "STOP")


def _switch(context: Context, arn: str, before: str, to: str) -> dict[str, Any]:
    with context.emulator.database.write() as rows:
        record = require(context, rows, KIND, arn)
        check_resting(context, KIND, record)
        word = status_of(context, KIND, record).word
        if word != before:
            raise NOT_IN_STATUS(arn=arn, status=word, needed=before)
        switch(rows, context, record, to)
    return {"recommenderArn": arn}


HANDLERS = {
    "CreateRecommender": create,
    "UpdateRecommender": update,
    "StartRecommender": start,
    "StopRecommender": stop,
}
