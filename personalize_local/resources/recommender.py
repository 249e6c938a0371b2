"""Recommenders: a use case of a domain, trained and deployed in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from personalize_local.context import Context
from personalize_local.errors import NOT_ACTIVE
from personalize_local.ids import resource_tag
from personalize_local.jobs import training
from personalize_local.jobs.workplace import Workplace
from personalize_local.provenance import Refusal, Rule, invalid
from personalize_local.recipes import recipe_by_arn
from personalize_local.recipes.base import Recipe
from personalize_local.resources import dataset_group, metering, quotas
from personalize_local.resources.changes import (
    begin_job,
    begin_update,
    check_resting,
    insert,
    next_job_key,
    switch,
)
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
        says="A recommender whose creation failed is ACTIVE, and shows no failureReason, from the first update on that "
        "has trained it, whatever later updates come to.",
        known="inferred",
        source="dg/API_UpdateRecommender.html: an update may follow CREATE FAILED",
    ),
    Rule(
        says="A training that ends after a newer one is not put in force.",
        known="chosen",
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
    for number in range(record.state.get("released", 0) + 1, record.state.get("jobs", 1) + 1):
        rows.release_job(_key(record.arn, number))
    context.emulator.models.forget(record.arn)
    context.emulator.jobs.sweep_soon()
    metering.holds_nothing(context, rows, record)


_SECONDS = 1380.0
_SWITCH_SECONDS = 300.0

KIND = Kind(
    name="recommender",
    arn_type="recommender",
    lifecycle=Lifecycle(create=_SECONDS, update=_SECONDS, switch=_SWITCH_SECONDS),
    parent_member="datasetGroupArn",
    view=_metrics,
    removed=_removed,
    quotas=(quotas.GROUP_RECOMMENDERS, quotas.RECOMMENDERS),
)


def training_of(arn: str, body: Mapping[str, Any]) -> str:
    """The key of the training whose model answers while ``body`` is in force."""
    return str(body.get("training", arn))


def _key(arn: str, number: int) -> str:
    """The key of a training by its number."""
    return arn if number == 1 else f"{arn}#{number}"


def _number(key: str) -> int:
    """Which training of a recommender a job is, the first of them 1."""
    return int(key.partition("#")[2] or 1)


def release_replaced(context: Context, rows: Rows, record: Record) -> Record:
    """Let go of the models that an update has replaced, once it is done; the record as it is then."""
    status = status_of(context, KIND, record)
    newest, first = _number(training_of(record.arn, status.body)), record.state.get("released", 0) + 1
    if not status.is_resting or newest <= first:
        return record
    record = _release(rows, record, newest)
    context.emulator.models.forget(record.arn)
    context.emulator.jobs.sweep_soon()
    return record


def _release(rows: Rows, record: Record, newest: int) -> Record:
    """Let go of every training before ``newest``; what the first one came to is kept, as the creation came to it."""
    for number in range(record.state.get("released", 0) + 1, newest):
        rows.release_job(_key(record.arn, number))
    record = replace(record, state={**record.state, "released": newest - 1})
    rows.save(record)
    return record


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
        payload = {**_payload(context, rows, body, columns, arn), "capacity": _capacity(context, config)}
        state = {"columns": columns, "trained": context.now}
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=group.arn, job=payload, state=state)
        rows.add_recommendation_source(group.arn, resource_tag(arn), arn)
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
            job = {**job, "capacity": _capacity(context, config)}
            body = {**body, "training": key}
            record = replace(record, state={**record.state, "columns": columns, "trained": context.now})
        changed = begin_update(context, rows, KIND, record, body=body, view=view, job=job)
        if job is None:
            _holds(rows, record, _capacity(context, config))
    if job is not None:
        context.emulator.jobs.submit(changed.state["update"]["job"])
    return {"recommenderArn": record.arn}


def _capacity(context: Context, config: Mapping[str, Any], seconds: float = _SECONDS) -> dict[str, Any]:
    """What a recommender will hold ready when the time of a change is over, and its training, if it waits for one."""
    return {"rate": metering.recommender_rate(config), "from": metering.ready_at(context, KIND, seconds)}


def _holds(rows: Rows, record: Record, foreseen: Mapping[str, Any]) -> None:
    recipe = recipe_of(record.body["recipeArn"]).name
    metering.holds(rows, record, rate=foreseen["rate"], at=foreseen["from"], recipe=recipe)


def retrain(context: Context, rows: Rows, record: Record) -> str:
    """Begin the training that a recommender does by itself; the key of its job, to be submitted."""
    body, (_, key) = status_of(context, KIND, record).body, next_job_key(record)
    payload = _payload(context, rows, body, record.state["columns"], key)
    record, key = begin_job(context, rows, KIND, record, payload)
    rows.save(replace(record, state={**record.state, "trained": context.now}))
    return key


def complete(rows: Rows, job: Job, workplace: Workplace) -> None:
    """Put a later training in force, or write down what has become of the update that waits for it.

    A training that ends after a newer one, which an update has begun meanwhile, is let go of.
    """
    del workplace
    record, number = rows.get(job.arn.partition("#")[0]), _number(job.arn)
    if record is not None and job.state == "DONE":
        training.used(rows, job, record.arn, at=job.finished or job.submitted)
        metering.recommender_holds(rows, record, job)
    if record is None or number == 1:
        return
    body, state = dict(record.body), dict(record.state)
    update = state.get("update", {})
    if update.get("job") == job.arn:
        reason = job.result.get("reason") if job.state == "FAILED" else None
        state["update"] = {**update, "outcome": {"finished": job.finished, "reason": reason}}
        rows.save(replace(record, body=body, state=state))
        return
    if job.state != "DONE":
        return
    if number < _newest(record):
        rows.release_job(job.arn)
        return
    body["training"] = job.arn
    if "outcome" in update:
        # An earlier update is done: of what it put in force, the model is replaced here.
        kept = {name: value for name, value in update["body"].items() if name != "training"}
        state["update"] = {**update, "body": kept}
    _release(rows, replace(record, body=body, state=state), number)


def _newest(record: Record) -> int:
    """The newest training that is in force, or will be when the time of its update is over."""
    update = record.state.get("update", {})
    made = [training_of(record.arn, record.body)]
    if update.get("outcome", {"reason": ""})["reason"] is None:
        made.append(training_of(record.arn, update["body"]))
    return max(_number(key) for key in made)


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
        config = status_of(context, KIND, record).body.get("recommenderConfig", {})
        switch(context, rows, KIND, record, to)
        if to == "STOP":
            metering.holds_nothing(context, rows, record)
        else:
            _holds(rows, record, _capacity(context, config, _SWITCH_SECONDS))
    return {"recommenderArn": arn}


HANDLERS = {
    "CreateRecommender": create,
    "UpdateRecommender": update,
    "StartRecommender": start,
    "StopRecommender": stop,
}
