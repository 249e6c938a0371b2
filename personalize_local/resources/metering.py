"""When campaigns and recommenders hold capacity ready, written down as it changes, and what trains by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from personalize_local.context import Context
from personalize_local.costs import recording
from personalize_local.costs.quantities import Automatic
from personalize_local.jobs.lifecycle import ended_at
from personalize_local.jobs.training import interactions_of, planned
from personalize_local.provenance import Rule
from personalize_local.resources.dataset import live_datasets
from personalize_local.resources.kind import Kind
from personalize_local.resources.solution_rules import automl_candidates, recipe_of, schedule_days
from personalize_local.resources.status import FAILED, is_live, mode_of, status_of
from personalize_local.store.records import Job, Record
from personalize_local.store.sql import Rows

RULES = (
    Rule(
        says="Where statuses advance by describes (polls), capacity counts from the call on.",
        known="chosen",
    ),
    Rule(
        says="Until a change of capacity is ACTIVE, the capacity before it counts.",
        known="inferred",
    ),
)

REQUESTS = "minRecommendationRequestsPerSecond"


def ready_at(context: Context, kind: Kind, seconds: float, since: float | None = None) -> float:
    """When a change of ``kind`` that takes the service ``seconds`` and begins now, or at ``since``, is over."""
    began = context.now if since is None else since
    return ended_at(mode_of(context, kind), since=began, job=None, real_seconds=seconds)


def holds(rows: Rows, record: Record, *, rate: int, at: float, recipe: str) -> None:
    """Write down that a campaign or recommender holds ``rate`` requests per second ready from ``at`` on."""
    recording.capacity(rows, resource=record.arn, group=record.body["datasetGroupArn"], rate=rate, at=at, recipe=recipe)


def holds_nothing(context: Context, rows: Rows, record: Record) -> None:
    """Write down that a campaign or recommender that is deleted or stopped holds nothing ready any more."""
    holds(rows, record, rate=0, at=context.now, recipe="")


def recommender_rate(config: Mapping[str, Any]) -> int:
    """The requests per second that a recommender holds ready; 1 where nothing is said (documented)."""
    return int(config.get(REQUESTS, 1))


def recommender_holds(rows: Rows, record: Record, job: Job) -> None:
    """Write down what a recommender holds ready once a training is done that its creation or an update waits for."""
    foreseen = job.payload.get("capacity")
    if foreseen is not None:
        at = max(foreseen["from"], job.finished or job.submitted)
        holds(rows, record, rate=foreseen["rate"], at=at, recipe=job.payload["recipe"])


def catch_up(context: Context) -> None:
    """Write down what was running before usage was kept: it counts from when it was ready."""
    kinds = context.emulator.kinds
    with context.emulator.database.read() as rows:
        known = rows.capacity_known()
        found = [record for name in ("campaign", "recommender") for record in rows.everywhere(name)]
    missing = [record for record in found if record.arn not in known]
    if not missing:
        return
    with context.emulator.database.write() as rows:
        for record in missing:
            own, kind = replace(context, account=record.account, region=record.region), kinds[record.kind]
            status = status_of(own, kind, record)
            if status.word in FAILED or status.word == "INACTIVE":
                continue
            at = status_of(own, kind, replace(record, state={})).updated
            if record.kind == "campaign":
                version = rows.get(status.body["solutionVersionArn"])
                rate, recipe = status.body["minProvisionedTPS"], "" if version is None else version_recipe(version)
            else:
                rate = recommender_rate(status.body.get("recommenderConfig", {}))
                recipe = recipe_of(record.body["recipeArn"]).name
            holds(rows, record, rate=rate, at=at, recipe=recipe)


def version_recipe(version: Record) -> str:
    """The name of the recipe of a solution version, the one that AutoML chose where it did."""
    chosen = None if version.job is None else version.job.result.get("recipe")
    return str(chosen) if chosen else recipe_of(version.body["recipeArn"]).name


def automatic(context: Context, rows: Rows) -> list[Automatic]:
    """The solutions of all accounts that train by themselves."""
    kind, found = context.emulator.kinds["solution"], []
    for record in rows.everywhere(kind.name):
        own = replace(context, account=record.account, region=record.region)
        status = status_of(own, kind, record)
        if status.is_active and is_live(own, kind, record) and status.body["performAutoTraining"]:
            found.append(_automatic(own, rows, replace(record, body=status.body)))
    return found


def _automatic(context: Context, rows: Rows, solution: Record) -> Automatic:
    body, group = solution.body, solution.body["datasetGroupArn"]
    named = body.get("recipeArn")
    candidates = automl_candidates(body["solutionConfig"]) if named is None else [recipe_of(named)]
    recipe = candidates[0]
    datasets = live_datasets(context, rows, group)
    payload = {
        "recipe": recipe.name,
        "candidates": [candidate.name for candidate in candidates] if body["performAutoML"] else None,
        "performHPO": body["performHPO"],
        "solutionConfig": body["solutionConfig"],
        "datasetGroup": group,
        "until": rows.last_event(group),
        "held": {
            name: {
                "dataset": dataset.arn,
                "segments": dataset.state.get("segments", ()),
                "until": rows.last_event(dataset.arn),
            }
            for name, dataset in datasets.items()
        },
    }
    return Automatic(
        solution=solution.arn,
        group=group,
        days=schedule_days(body["solutionConfig"]),
        recipe=recipe.name,
        interactions=interactions_of(rows, payload),
        trainings=1 + len(planned(payload)),
    )
