"""Which data a recipe needs of its dataset group, and which columns training leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personalize_local.context import Context
from personalize_local.datasets.schema import Schema, fold
from personalize_local.provenance import Rule, invalid
from personalize_local.recipes.base import Recipe
from personalize_local.resources.dataset import live_datasets, schema_of
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

_COLUMNS = "dg/custom-config-columns.html"

NO_INTERACTIONS = invalid(
    "Dataset group must contain an INTERACTIONS dataset with successfully completed dataset import job or "
    "EVENT_INTERACTIONS",
    "observed",
    "CreateSolution through CloudFormation",
    error="observed",
    wording="observed",
)
MISSING_DATASET = invalid(
    "Recipe {recipe} requires a dataset of type {type} in dataset group {group}.",
    "documented",
    "dg/working-with-predefined-recipes.html",
)
NO_SUCH_DATASET = invalid("Dataset group {group} has no dataset of type {type}.", "inferred")
NO_SUCH_COLUMN = invalid("Column {column} does not exist in the {type} dataset.", "inferred")
NEEDED_COLUMN = invalid("{column} cannot be excluded from training.", "documented", _COLUMNS)
LEFT_OUT_AND_IN = invalid(
    "excludedDatasetColumns and includedDatasetColumns cannot both name dataset type {type}.", "chosen"
)
NO_ATTRIBUTE = invalid(
    "Recipe {recipe} requires at least one metadata column that is neither textual nor reserved in the ITEMS dataset.",
    "documented",
    "dg/item-attribute-affinity-recipe.html",
)
NO_ITEM_NAME = invalid(
    "Recipe {recipe} requires an ITEMS dataset with a field marked itemName and a textual field.",
    "documented",
    "dg/native-recipe-semantic-similarity.html",
)
RULES = (
    Rule(
        says="Ids and timestamps cannot be excluded from training, no more than EVENT_TYPE.",
        known="chosen",
        source=f"{_COLUMNS} says it of EVENT_TYPE",
    ),
    Rule(
        says="Columns that an UpdateDataset adds stay out of the training of older solutions and recommenders.",
        known="documented",
        source="dg/updating-dataset-schema.html",
    ),
    Rule(says="Dataset types in trainingDataConfig are taken in any case.", known="inferred"),
)

Columns = Mapping[str, list[str]]

# Fields that mean something to the service itself and are no features.
_OWN = frozenset({"TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE", "IMPRESSION", "RECOMMENDATION_ID", "CREATION_TIMESTAMP"})


def check_data(context: Context, rows: Rows, group: Record, recipe: Recipe) -> None:
    """Check that the group has the data that the recipe needs. Raises InvalidInputException."""
    datasets = live_datasets(context, rows, group.arn)
    for needed in recipe.required_datasets:
        if needed == "INTERACTIONS":
            interactions = datasets.get(needed)
            imported = interactions is not None and interactions.state.get("segments")
            if not imported and (interactions is None or not rows.last_event(group.arn)):
                raise NO_INTERACTIONS()
        elif needed not in datasets:
            raise MISSING_DATASET(recipe=recipe.arn, type=needed, group=group.arn)
    if "ITEMS" in recipe.required_datasets:
        _check_items(recipe, schema_of(rows, datasets["ITEMS"].body["schemaArn"]))


def _check_items(recipe: Recipe, schema: Schema) -> None:
    if recipe.segments and not any(field.categorical or field.numeric for field in schema.metadata):
        raise NO_ATTRIBUTE(recipe=recipe.arn)
    if recipe.incremental_update and not (
        any(field.item_name for field in schema.fields) and any(field.textual for field in schema.fields)
    ):
        raise NO_ITEM_NAME(recipe=recipe.arn)


def check_column_names(config: Mapping[str, Any]) -> None:
    """Check the columns that training is to leave out, as far as no dataset is needed. Raises InvalidInputException."""
    chosen = config.get("trainingDataConfig", {})
    included = {name.upper() for name in chosen.get("includedDatasetColumns", {})}
    for dataset_type, columns in chosen.get("excludedDatasetColumns", {}).items():
        if dataset_type.upper() in included:
            raise LEFT_OUT_AND_IN(type=dataset_type)
        if fold("EVENT_TYPE") in {fold(column) for column in columns}:
            raise NEEDED_COLUMN(column="EVENT_TYPE")


def check_columns(context: Context, rows: Rows, group: Record, config: Mapping[str, Any]) -> None:
    """Check the columns that training is to leave out or to be limited to. Raises InvalidInputException."""
    check_column_names(config)
    chosen = config.get("trainingDataConfig", {})
    datasets = live_datasets(context, rows, group.arn)
    excluded = chosen.get("excludedDatasetColumns", {})
    included = chosen.get("includedDatasetColumns", {})
    for dataset_type, columns in (*excluded.items(), *included.items()):
        dataset = datasets.get(dataset_type.upper())
        if dataset is None:
            raise NO_SUCH_DATASET(group=group.arn, type=dataset_type)
        schema = schema_of(rows, dataset.body["schemaArn"])
        for column in columns:
            field = schema.field(column)
            if field is None:
                raise NO_SUCH_COLUMN(column=column, type=dataset_type)
            if dataset_type in excluded and field.name in (*schema.id_fields, "TIMESTAMP"):
                raise NEEDED_COLUMN(column=field.name)


def known_columns(context: Context, rows: Rows, group: str) -> dict[str, list[str]]:
    """The columns of each dataset of a group as they are now, by dataset type."""
    return {
        dataset_type: [field.name for field in schema_of(rows, dataset.body["schemaArn"]).fields]
        for dataset_type, dataset in live_datasets(context, rows, group).items()
    }


def excluded_columns(context: Context, rows: Rows, group: str, config: Mapping[str, Any], known: Columns) -> Columns:
    """What a training leaves out, by dataset type: what the configuration says, and what is newer than ``known``."""
    chosen = config.get("trainingDataConfig", {})
    left_out = _by_type(chosen.get("excludedDatasetColumns", {}))
    kept_only = _by_type(chosen.get("includedDatasetColumns", {}))
    result: dict[str, list[str]] = {}
    for dataset_type, dataset in live_datasets(context, rows, group).items():
        schema = schema_of(rows, dataset.body["schemaArn"])
        kept = {column.upper() for column in kept_only.get(dataset_type, ())}
        old = set(known.get(dataset_type, [field.name for field in schema.fields]))
        columns = left_out.get(dataset_type, [])
        features = [field for field in schema.fields if field.name not in (*schema.id_fields, *_OWN)]
        for field in features:
            if field.name not in old or (dataset_type in kept_only and field.name.upper() not in kept):
                columns.append(field.name)
        if columns:
            result[dataset_type] = columns
    return result


def _by_type(columns: Columns) -> dict[str, list[str]]:
    """Lists of columns by dataset type in upper case; those of several spellings of a type are joined."""
    joined: dict[str, list[str]] = {}
    for name, listed in columns.items():
        joined.setdefault(name.upper(), []).extend(listed)
    return joined
