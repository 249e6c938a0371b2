"""What a solution may ask of its recipe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from personalize_local.context import Context
from personalize_local.datasets.schema import parse_schema
from personalize_local.errors import invalid_input, not_implemented
from personalize_local.recipes import RECIPES, recipe_by_arn
from personalize_local.recipes.base import Hyperparameter, Recipe
from personalize_local.resources.kind import is_live, status_of
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

_SCHEDULE = re.compile(r"rate\((\d+) days?\)", re.ASCII)
_LONGEST_SCHEDULE_DAYS = 30
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,18}(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)

_NEEDED = "{} cannot be excluded from training."

NO_INTERACTIONS = (
    "Dataset group must contain an INTERACTIONS dataset with successfully completed dataset import job or "
    "EVENT_INTERACTIONS"
)
"""Observed through CloudFormation, synchronous."""


def recipe_of(arn: str | None) -> Recipe:
    """The recipe that a solution names. Raises InvalidInputException (class inferred, texts chosen)."""
    if arn is None:
        raise invalid_input("recipeArn is required unless performAutoML is true.")
    recipe = recipe_by_arn(arn)
    if recipe is None:
        available = ", ".join(RECIPES)
        raise invalid_input(f"Recipe {arn} is not available in Personalize Local. Available recipes: {available}.")
    return recipe


def refuse_unbuilt(params: Mapping[str, Any]) -> None:
    """Refuse by name what is not implemented. Raises NotImplementedException."""
    for switch in ("performAutoML", "performHPO"):
        if params.get(switch):
            raise not_implemented(switch)
    config = params.get("solutionConfig", {})
    for member in ("hpoConfig", "autoMLConfig", "eventsConfig", "optimizationObjective"):
        if config.get(member):
            raise not_implemented(f"solutionConfig.{member}")
    if config.get("trainingDataConfig", {}).get("includedDatasetColumns"):
        raise not_implemented("solutionConfig.trainingDataConfig.includedDatasetColumns")


def check_config(recipe: Recipe, params: Mapping[str, Any]) -> None:
    """Check a solution's configuration against its recipe's declaration. Raises InvalidInputException."""
    config = params.get("solutionConfig", {})
    if params.get("performIncrementalUpdate"):
        # Documented for Semantic-Similarity alone; class inferred, text chosen.
        raise invalid_input(f"performIncrementalUpdate is not supported by recipe {recipe.arn}.")
    _check_values(config.get("algorithmHyperParameters", {}), recipe.algorithm_hyperparameters, recipe.algorithm_arn)
    _check_values(
        config.get("featureTransformationParameters", {}),
        recipe.feature_parameters,
        recipe.feature_transformation_arn,
    )
    _check_percentiles(config.get("featureTransformationParameters", {}), recipe)
    check_schedule(config.get("autoTrainingConfig", {}))
    threshold = config.get("eventValueThreshold")
    if threshold is not None:
        _number(threshold, "eventValueThreshold")
    for columns in config.get("trainingDataConfig", {}).get("excludedDatasetColumns", {}).values():
        if "EVENT_TYPE" in columns:
            raise invalid_input(_NEEDED.format("EVENT_TYPE"))  # rule documented, text chosen


def _check_percentiles(given: Mapping[str, str], recipe: Recipe) -> None:
    values = {parameter.name: given.get(parameter.name, parameter.default) for parameter in recipe.feature_parameters}
    for name, value in values.items():
        highest = values.get(f"max_{name.removeprefix('min_')}")
        if name.startswith("min_") and highest is not None and float(value) > float(highest):
            raise invalid_input(f"{name} must not be above its maximum {highest}.")  # chosen


def check_schedule(config: Mapping[str, Any]) -> None:
    """Check the schedule of automatic training: 1 to 30 days (documented; class inferred, text chosen)."""
    expression = config.get("schedulingExpression")
    if expression is None:
        return
    match = _SCHEDULE.fullmatch(expression)
    if match is None or not 1 <= int(match[1]) <= _LONGEST_SCHEDULE_DAYS:
        raise invalid_input(f"schedulingExpression must be a rate of 1 to {_LONGEST_SCHEDULE_DAYS} days.")


def _check_values(values: Mapping[str, str], declared: Iterable[Hyperparameter], owner: str) -> None:
    by_name = {parameter.name: parameter for parameter in declared}
    for name, value in values.items():
        parameter = by_name.get(name)
        if parameter is None or not parameter.settable:
            # Observed for a hyperparameter that the algorithm does not have.
            raise invalid_input(f"Provide a hyperparameter that is used in the algorithm: {owner}")
        _check_value(parameter, value)


def _check_value(parameter: Hyperparameter, value: str) -> None:
    if parameter.kind == "categorical":
        if value.lower() not in {choice.lower() for choice in parameter.choices}:
            allowed = ", ".join(parameter.choices)
            raise invalid_input(f"Value {value!r} of {parameter.name} must be one of: {allowed}.")  # chosen
        return
    number = _number(value, parameter.name)
    if parameter.kind == "integer" and not _INTEGER.fullmatch(value):
        raise invalid_input(f"Value {value!r} of {parameter.name} must be an integer.")  # chosen
    low, high = parameter.minimum, parameter.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        raise invalid_input(f"Value {value!r} of {parameter.name} must be in the range [{low:g}, {high:g}].")  # chosen


def _number(value: str, name: str) -> float:
    if not _NUMBER.fullmatch(value):
        raise invalid_input(f"Value {value!r} of {name} must be a number.")  # chosen
    return float(value)


def check_excluded(context: Context, rows: Rows, group: Record, config: Mapping[str, Any]) -> None:
    """Check the columns that training is to leave out. Raises InvalidInputException (texts chosen)."""
    excluded = config.get("trainingDataConfig", {}).get("excludedDatasetColumns", {})
    kind = context.emulator.kinds["dataset"]
    datasets = {
        dataset.body["datasetType"]: dataset
        for dataset in rows.children(group.arn, kind.name)
        if is_live(context, kind, dataset)
    }
    for dataset_type, columns in excluded.items():
        dataset = datasets.get(dataset_type.upper())
        if dataset is None:
            raise invalid_input(f"Dataset group {group.arn} has no dataset of type {dataset_type}.")
        record = rows.get(status_of(context, kind, dataset).body["schemaArn"])
        assert record is not None, dataset.arn
        schema = parse_schema(record.body["schema"], record.body.get("domain"))
        for column in columns:
            field = schema.field(column)
            if field is None:
                raise invalid_input(f"Column {column} does not exist in the {dataset_type} dataset.")
            # That ids and times are needed no less than EVENT_TYPE is ours.
            if field.name in (*schema.id_fields, "TIMESTAMP"):
                raise invalid_input(_NEEDED.format(field.name))


def check_data(context: Context, rows: Rows, group: Record, recipe: Recipe) -> None:
    """Check that the group has the data that the recipe needs. Raises InvalidInputException."""
    kind = context.emulator.kinds["dataset"]
    datasets = {
        dataset.body["datasetType"]: dataset
        for dataset in rows.children(group.arn, kind.name)
        if is_live(context, kind, dataset)
    }
    for needed in recipe.required_datasets:
        if needed == "INTERACTIONS":
            interactions = datasets.get(needed)
            imported = interactions is not None and interactions.state.get("segments")
            if not imported and (interactions is None or not rows.last_event(group.arn)):
                raise invalid_input(NO_INTERACTIONS)
        elif needed not in datasets:
            # Class and text chosen.
            raise invalid_input(
                f"Recipe {recipe.arn} requires a dataset of type {needed} in dataset group {group.arn}."
            )
