"""What a solution may ask of its recipe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from personalize_local.context import Context
from personalize_local.provenance import invalid
from personalize_local.recipes import RECIPES, recipe_by_arn
from personalize_local.recipes.base import Recipe
from personalize_local.resources.data_rules import check_column_names
from personalize_local.resources.dataset import live_datasets, schema_of
from personalize_local.resources.hyperparameter_rules import (
    check_percentiles,
    check_search,
    check_values,
    checked_number,
)
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

_CREATE = "dg/API_CreateSolution.html"
_OBJECTIVE = "dg/optimizing-solution-for-objective.html"
_EVENTS = "dg/optimizing-solution-events-config.html"

NO_RECIPE = invalid("recipeArn is required unless performAutoML is true.", "documented", _CREATE)
RECIPE_WITH_AUTOML = invalid("recipeArn must not be given when performAutoML is true.", "documented", _CREATE)
UNKNOWN_RECIPE = invalid("Recipe {arn} does not exist. Available recipes: {available}.", "inferred")
NOT_FOR_SOLUTIONS = invalid("Recipe {arn} is not supported for this dataset group.", "inferred")
LEGACY = invalid(
    "Recipe {arn} is no longer available.", "documented", "dg/legacy-user-personalization-recipes.html", error="chosen"
)
NOT_FOR_AUTOML = invalid("Recipe {arn} cannot be part of autoMLConfig.recipeList.", "documented", _CREATE)
UNKNOWN_METRIC = invalid("autoMLConfig.metricName {name} is no metric. Use one of: {known}.", "inferred")
NO_INCREMENTS = invalid("performIncrementalUpdate is not supported by recipe {arn}.", "documented", _CREATE)
NO_EVENTS_CONFIG = invalid("eventsConfig is not supported by recipe {arn}.", "documented", _EVENTS)
NO_EVENT_TYPES = invalid("eventsConfig requires EVENT_TYPE in the INTERACTIONS dataset.", "documented", _EVENTS)
EVENT_TWICE = invalid("Event type {type} is given twice in eventsConfig.", "chosen")
EVENTS_CONFIG_AND_TYPE = invalid("eventsConfig cannot be combined with eventType or eventValueThreshold.", "chosen")
NO_WEIGHT = invalid("eventsConfig requires a weight above 0 for at least one event type.", "chosen")
NO_OBJECTIVE = invalid("optimizationObjective is not supported by recipe {arn}.", "documented", _OBJECTIVE)
NO_OBJECTIVE_COLUMN = invalid(
    "optimizationObjective.itemAttribute must name a numeric column of the ITEMS dataset that allows no null.",
    "documented",
    _OBJECTIVE,
)
NO_TRAINING_DATA_CONFIG = invalid(
    "trainingDataConfig is not supported by recipe {arn}.", "documented", "dg/custom-config-columns.html"
)
SCHEDULE = invalid(
    "schedulingExpression must be a rate of 1 to {most} days.", "documented", "dg/solution-config-auto-training.html"
)

_SCHEDULE = re.compile(r"rate\((\d+) days?\)", re.ASCII)
_LONGEST_SCHEDULE_DAYS = 30
DEFAULT_SCHEDULE = "rate(7 days)"
"""How often a solution trains by itself when it does not say (documented)."""


def recipe_of(arn: str) -> Recipe:
    """The recipe of an ARN that was checked when it was taken."""
    recipe = recipe_by_arn(arn)
    assert recipe is not None, arn
    return recipe


def usable_recipe(arn: str) -> Recipe:
    """The recipe that a solution names. Raises InvalidInputException."""
    recipe = recipe_by_arn(arn)
    if recipe is None:
        available = ", ".join(name for name, one in RECIPES.items() if one.available and not one.is_domain)
        raise UNKNOWN_RECIPE(arn=arn, available=available)
    if recipe.is_domain:
        raise NOT_FOR_SOLUTIONS(arn=arn)
    if not recipe.available:
        raise LEGACY(arn=arn)
    return recipe


def automl_candidates(config: Mapping[str, Any]) -> list[Recipe]:
    """The recipes among which AutoML chooses. Raises InvalidInputException."""
    from personalize_local.engine.evaluation import METRICS

    chosen = config.get("autoMLConfig", {})
    metric = chosen.get("metricName")
    if metric is not None and metric not in METRICS:
        raise UNKNOWN_METRIC(name=metric, known=", ".join(METRICS))
    listed = chosen.get("recipeList")
    if not listed:
        return [recipe for recipe in RECIPES.values() if _may_compete(recipe)]
    candidates = [usable_recipe(arn) for arn in listed]
    for recipe in candidates:
        if not _may_compete(recipe):
            raise NOT_FOR_AUTOML(arn=recipe.arn)
    return candidates


def _may_compete(recipe: Recipe) -> bool:
    return recipe.type == "USER_PERSONALIZATION" and recipe.available and not recipe.is_domain


def check_config(context: Context, recipe: Recipe, params: Mapping[str, Any]) -> None:
    """Check a solution's configuration against its recipe's declaration. Raises InvalidInputException."""
    config = params.get("solutionConfig", {})
    if params.get("performIncrementalUpdate") and not recipe.incremental_update:
        raise NO_INCREMENTS(arn=recipe.arn)
    features = config.get("featureTransformationParameters", {})
    check_values(config.get("algorithmHyperParameters", {}), recipe.algorithm_hyperparameters, recipe.algorithm_arn)
    check_values(features, recipe.feature_parameters, recipe.feature_transformation_arn)
    check_percentiles(features, recipe)
    if params.get("performHPO"):
        check_search(context, recipe, config.get("hpoConfig", {}))
    check_schedule(config.get("autoTrainingConfig", {}))
    check_column_names(config)
    threshold = config.get("eventValueThreshold")
    if threshold is not None:
        checked_number(threshold, "eventValueThreshold")
    if config.get("trainingDataConfig") and recipe.type == "PERSONALIZED_ACTIONS":
        raise NO_TRAINING_DATA_CONFIG(arn=recipe.arn)
    if config.get("optimizationObjective") and not recipe.objective:
        raise NO_OBJECTIVE(arn=recipe.arn)
    if config.get("eventsConfig"):
        check_events(recipe, config["eventsConfig"])
        if threshold is not None or params.get("eventType") is not None:
            raise EVENTS_CONFIG_AND_TYPE()


def check_events(recipe: Recipe, config: Mapping[str, Any]) -> None:
    """Check the weights of event types. Raises InvalidInputException."""
    if not recipe.events_config:
        raise NO_EVENTS_CONFIG(arn=recipe.arn)
    seen: set[str] = set()
    for event in config.get("eventParametersList", ()):
        if event.get("eventType") in seen:
            raise EVENT_TWICE(type=event["eventType"])
        seen.add(event.get("eventType"))
    if not any(event.get("weight", 1.0) > 0 for event in config.get("eventParametersList", ())):
        raise NO_WEIGHT()


def check_columns_of(context: Context, rows: Rows, group: Record, config: Mapping[str, Any]) -> None:
    """Check that the datasets have the columns that events and objective need. Raises InvalidInputException."""
    datasets = live_datasets(context, rows, group.arn)
    if config.get("eventsConfig") and "INTERACTIONS" in datasets:
        schema = schema_of(rows, datasets["INTERACTIONS"].body["schemaArn"])
        if schema.field("EVENT_TYPE") is None:
            raise NO_EVENT_TYPES()
    if config.get("optimizationObjective"):
        column = config["optimizationObjective"].get("itemAttribute")
        items = datasets.get("ITEMS")
        field = None if items is None or column is None else schema_of(rows, items.body["schemaArn"]).field(column)
        if field is None or not field.numeric or field.nullable:
            raise NO_OBJECTIVE_COLUMN()


def check_schedule(config: Mapping[str, Any]) -> None:
    """Check the schedule of automatic training. Raises InvalidInputException."""
    expression = config.get("schedulingExpression")
    if expression is None:
        return
    match = _SCHEDULE.fullmatch(expression)
    if match is None or not 1 <= int(match[1]) <= _LONGEST_SCHEDULE_DAYS:
        raise SCHEDULE(most=_LONGEST_SCHEDULE_DAYS)


def schedule_days(config: Mapping[str, Any]) -> int:
    """How many days lie between two automatic trainings of a solution with ``config``."""
    expression = config.get("autoTrainingConfig", {}).get("schedulingExpression", DEFAULT_SCHEDULE)
    match = _SCHEDULE.fullmatch(expression)
    assert match is not None, expression
    return int(match[1])
