"""Solutions: a recipe and its configuration for a dataset group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personalize_local.context import Context
from personalize_local.errors import invalid_input, not_implemented
from personalize_local.resources import dataset_group, solution_version
from personalize_local.resources.changes import begin_update, insert
from personalize_local.resources.kind import IN_CREATION, Kind, Lifecycle, is_live, require, require_active, status_of
from personalize_local.resources.solution_rules import (
    check_config,
    check_data,
    check_excluded,
    check_schedule,
    recipe_of,
    refuse_unbuilt,
)
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows


def _blockers(context: Context, rows: Rows, record: Record) -> list[str]:
    """Versions in training, and campaigns that still serve a version while they move to another solution."""
    kind, campaign_kind = solution_version.KIND, context.emulator.kinds["campaign"]
    moving = [
        version.arn
        for version in rows.children(record.arn, kind.name)
        if status_of(context, kind, version).word in IN_CREATION
    ]
    serving = [
        campaign.arn
        for campaign in rows.all(record.account, record.region, campaign_kind.name)
        if campaign.parent != record.arn
        and is_live(context, campaign_kind, campaign)
        and status_of(context, campaign_kind, campaign).body["solutionVersionArn"].startswith(f"{record.arn}/")
    ]
    return moving + serving


def _view(context: Context, rows: Rows, record: Record) -> dict[str, Any]:
    kind = solution_version.KIND
    versions = [version for version in rows.children(record.arn, kind.name) if is_live(context, kind, version)]
    if not versions:
        return {}
    return {"latestSolutionVersion": solution_version.summary(context, versions[-1])}


KIND = Kind(
    name="solution",
    arn_type="solution",
    # Observed: ACTIVE within a second of its creation.
    lifecycle=Lifecycle(create=0, delete=60, update=180),
    parent_member="datasetGroupArn",
    children=("campaign",),
    cascade=("solutionVersion",),
    blockers=_blockers,
    view=_view,
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateSolution."""
    refuse_unbuilt(params)
    recipe = recipe_of(params.get("recipeArn"))
    check_config(recipe, params)
    arn = context.arn(f"solution/{params['name']}")
    body = {
        "name": params["name"],
        "datasetGroupArn": params["datasetGroupArn"],
        "recipeArn": recipe.arn,
        "performHPO": False,
        "performAutoML": False,
        "performAutoTraining": params.get("performAutoTraining", True),
        "performIncrementalUpdate": params.get("performIncrementalUpdate"),
        "eventType": params.get("eventType"),
        "solutionConfig": params.get("solutionConfig", {}),
    }
    with context.emulator.database.write() as rows:
        group = require_active(context, rows, dataset_group.KIND, params["datasetGroupArn"])
        check_data(context, rows, group, recipe)
        check_excluded(context, rows, group, body["solutionConfig"])
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=group.arn)
    return {"solutionArn": arn}


def update(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """UpdateSolution: automatic training and its schedule."""
    config = params.get("solutionUpdateConfig", {})
    if config.get("eventsConfig"):
        raise not_implemented("solutionUpdateConfig.eventsConfig")
    check_schedule(config.get("autoTrainingConfig", {}))
    switches = ("performAutoTraining", "performIncrementalUpdate")
    given: dict[str, Any] = {name: params[name] for name in switches if name in params}
    if not given and not config:
        raise invalid_input("UpdateSolution requires at least one change.")  # class inferred, text chosen
    with context.emulator.database.write() as rows:
        record = require(context, rows, KIND, params["solutionArn"])
        current = status_of(context, KIND, record).body
        check_config(recipe_of(current["recipeArn"]), params)
        body: Mapping[str, Any] = {**given, "solutionConfig": {**current["solutionConfig"], **config}}
        if all(current.get(name) == value for name, value in body.items()):
            raise invalid_input("UpdateSolution requires at least one change.")
        view = {**given, **({"solutionUpdateConfig": config} if config else {})}
        begin_update(context, rows, KIND, record, body=body, view=view)
    return {"solutionArn": record.arn}


HANDLERS = {"CreateSolution": create, "UpdateSolution": update}
