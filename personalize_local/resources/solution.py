"""Solutions: a recipe and its configuration for a dataset group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from personalize_local.context import Context
from personalize_local.provenance import Rule, invalid
from personalize_local.recipes.base import Recipe
from personalize_local.resources import dataset_group, quotas, solution_version
from personalize_local.resources.changes import begin_update, check_resting, insert
from personalize_local.resources.data_rules import check_columns, check_data, known_columns
from personalize_local.resources.dataset import live_datasets
from personalize_local.resources.kind import Kind, Lifecycle
from personalize_local.resources.lookup import in_creation, live_children, live_in_group, require, require_active
from personalize_local.resources.solution_rules import (
    EVENTS_CONFIG_AND_TYPE,
    NO_RECIPE,
    RECIPE_WITH_AUTOML,
    automl_candidates,
    check_columns_of,
    check_config,
    check_events,
    check_schedule,
    recipe_of,
    usable_recipe,
)
from personalize_local.resources.status import status_of
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

NO_CHANGE = invalid("UpdateSolution requires at least one change.", "inferred")
NOT_WITH_AUTOML = invalid("{member} is not supported by a solution with performAutoML.", "chosen")
IN_DOMAIN = invalid(
    "Recipe {arn} is not supported in a domain dataset group.", "documented", "dg/data-prep-ds-group.html"
)
RULES = (
    Rule(
        says="A solution is ACTIVE as soon as it is made, but for the status modes polls and timed.",
        known="observed",
        source="captured DescribeSolution a second after CreateSolution",
    ),
    Rule(
        says="A solution is kept by its campaigns, also one that is moving to another solution, and by its versions in "
        "training; its versions and their batch jobs vanish with it.",
        known="documented",
        source="dg/deleting-resources.html; of batch jobs chosen",
    ),
    Rule(
        says="With performAutoML, of solutionConfig autoMLConfig and autoTrainingConfig alone are looked at.",
        known="documented",
        source="dg/API_CreateSolution.html",
    ),
    Rule(
        says="AutoML chooses among all USER_PERSONALIZATION recipes that can be used, unless recipeList names some.",
        known="inferred",
    ),
)


def _blockers(context: Context, rows: Rows, record: Record) -> list[str]:
    """Versions in training, and campaigns that still serve a version while they move to another solution."""
    kinds = context.emulator.kinds
    serving = [
        campaign.arn
        for campaign in live_in_group(context, rows, kinds["campaign"], record.body["datasetGroupArn"])
        if campaign.parent != record.arn
        and status_of(context, kinds["campaign"], campaign).body["solutionVersionArn"].startswith(f"{record.arn}/")
    ]
    return in_creation(context, rows, solution_version.KIND, record.arn) + serving


def _view(context: Context, rows: Rows, record: Record) -> dict[str, Any]:
    versions = live_children(context, rows, solution_version.KIND, record.arn)
    members: dict[str, Any] = {}
    if versions:
        members["latestSolutionVersion"] = solution_version.summary(context, versions[-1])
    if record.body["performAutoML"]:
        chosen = solution_version.newest_active(context, rows, record.arn)
        if chosen is not None:
            members["autoMLResult"] = {"bestRecipeArn": solution_version.recipe_of_version(chosen).arn}
    return members


KIND = Kind(
    name="solution",
    arn_type="solution",
    lifecycle=Lifecycle(create=0, delete=60, update=180),
    parent_member="datasetGroupArn",
    children=("campaign",),
    cascade=("solutionVersion",),
    blockers=_blockers,
    view=_view,
    quotas=(quotas.SOLUTIONS,),
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateSolution."""
    config = params.get("solutionConfig", {})
    recipe = _recipe(context, params)
    arn = context.arn(f"solution/{params['name']}")
    body = {
        "name": params["name"],
        "datasetGroupArn": params["datasetGroupArn"],
        "recipeArn": None if recipe is None else recipe.arn,
        "performHPO": params.get("performHPO", False),
        "performAutoML": recipe is None,
        "performAutoTraining": params.get("performAutoTraining", True),
        "performIncrementalUpdate": params.get("performIncrementalUpdate"),
        "eventType": params.get("eventType"),
        "solutionConfig": config,
    }
    with context.emulator.database.write() as rows:
        group = require_active(context, rows, dataset_group.KIND, params["datasetGroupArn"])
        for needy in [recipe] if recipe is not None else automl_candidates(config):
            _check_group(context, rows, group, needy)
        check_columns(context, rows, group, config)
        check_columns_of(context, rows, group, config)
        state = {"columns": known_columns(context, rows, group.arn)}
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=group.arn, state=state)
    return {"solutionArn": arn}


def _recipe(context: Context, params: Mapping[str, Any]) -> Recipe | None:
    """The recipe of a new solution, its configuration checked against it; None with AutoML."""
    config, named = params.get("solutionConfig", {}), params.get("recipeArn")
    if params.get("performAutoML"):
        if named is not None:
            raise RECIPE_WITH_AUTOML()
        if params.get("performIncrementalUpdate"):
            raise NOT_WITH_AUTOML(member="performIncrementalUpdate")
        automl_candidates(config)
        check_schedule(config.get("autoTrainingConfig", {}))
        return None
    if named is None:
        raise NO_RECIPE()
    recipe = usable_recipe(named)
    check_config(context, recipe, params)
    return recipe


def _check_group(context: Context, rows: Rows, group: Record, recipe: Recipe) -> None:
    if group.body.get("domain") is not None and recipe.type == "PERSONALIZED_ACTIONS":
        raise IN_DOMAIN(arn=recipe.arn)
    check_data(context, rows, group, recipe)


def update(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """UpdateSolution: automatic training and its schedule, weights of events, incremental updates."""
    config = params.get("solutionUpdateConfig", {})
    check_schedule(config.get("autoTrainingConfig", {}))
    switches = ("performAutoTraining", "performIncrementalUpdate")
    given: dict[str, Any] = {name: params[name] for name in switches if name in params}
    if not given and not config:
        raise NO_CHANGE()
    with context.emulator.database.write() as rows:
        record = require(context, rows, KIND, params["solutionArn"])
        check_resting(context, KIND, record)
        current = status_of(context, KIND, record).body
        _check_update(context, rows, current, params)
        body: Mapping[str, Any] = {**given, "solutionConfig": {**current["solutionConfig"], **config}}
        if all(current.get(name) == value for name, value in body.items()):
            raise NO_CHANGE()
        view = {**given, **({"solutionUpdateConfig": config} if config else {})}
        if given.get("performAutoTraining") or "autoTrainingConfig" in config:
            record = _rescheduled(context, rows, record)
        begin_update(context, rows, KIND, record, body=body, view=view)
    return {"solutionArn": record.arn}


def _rescheduled(context: Context, rows: Rows, record: Record) -> Record:
    """``record`` with it written down that its schedule begins anew, and which version was the newest before."""
    versions = live_children(context, rows, solution_version.KIND, record.arn)
    anew = {"since": context.now, "last": versions[-1].arn if versions else None}
    return replace(record, state={**record.state, "rescheduled": anew})


def _check_update(context: Context, rows: Rows, current: Mapping[str, Any], params: Mapping[str, Any]) -> None:
    events = params.get("solutionUpdateConfig", {}).get("eventsConfig")
    if current.get("recipeArn") is None:
        for member, value in (
            ("eventsConfig", events),
            ("performIncrementalUpdate", params.get("performIncrementalUpdate")),
        ):
            if value:
                raise NOT_WITH_AUTOML(member=member)
        return
    recipe = recipe_of(current["recipeArn"])
    check_config(context, recipe, {"performIncrementalUpdate": params.get("performIncrementalUpdate")})
    if events is not None:
        check_events(recipe, events)
        if current.get("eventType") is not None or "eventValueThreshold" in current["solutionConfig"]:
            raise EVENTS_CONFIG_AND_TYPE()
        group = rows.get(current["datasetGroupArn"])
        if group is not None and live_datasets(context, rows, group.arn):
            check_columns_of(context, rows, group, {"eventsConfig": events})


HANDLERS = {"CreateSolution": create, "UpdateSolution": update}
