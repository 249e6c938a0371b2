"""PutItems, PutUsers and PutActions: rows of a dataset as they come, each in place of the one that had its id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from personalize_local.context import Context
from personalize_local.datasets.properties import PropertiesError, Value, map_properties, parse_properties
from personalize_local.datasets.schema import DatasetType, Schema
from personalize_local.events._taking import BAD_PROPERTIES, require_in_use, take_into_account
from personalize_local.provenance import Rule, invalid
from personalize_local.resources.dataset import KIND as DATASET
from personalize_local.resources.dataset import schema_of
from personalize_local.resources.lookup import require

WRONG_TYPE = invalid("Dataset {arn} is of type {found}; this operation takes a dataset of type {wanted}.", "inferred")
MISSING = invalid(
    "The property {name} is missing; the schema of the dataset does not allow it to be null.",
    "inferred",
    "dg/importing-items.html: names and values must match the schema",
)
RULES = (
    Rule(
        says="A record that is put takes the place of the one with its id, put or imported; properties that it leaves "
        "out become null.",
        known="documented",
        source="dg/importing-items.html, dg/importing-users.html; that they become null is inferred",
    ),
    Rule(says="Of the records with one id in a call the last counts.", known="inferred"),
    Rule(says="An id among the properties of a record is passed over; the one beside them counts.", known="inferred"),
)


def put_items(context: Context, params: dict[str, Any]) -> None:
    """Answer PutItems."""
    _put(context, params["datasetArn"], "ITEMS", [(item["itemId"], item) for item in params["items"]])


def put_users(context: Context, params: dict[str, Any]) -> None:
    """Answer PutUsers."""
    _put(context, params["datasetArn"], "USERS", [(user["userId"], user) for user in params["users"]])


def put_actions(context: Context, params: dict[str, Any]) -> None:
    """Answer PutActions."""
    _put(context, params["datasetArn"], "ACTIONS", [(action["actionId"], action) for action in params["actions"]])


def _put(context: Context, arn: str, wanted: DatasetType, given: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Keep records, each with its id, in a dataset of the type that the operation is for."""
    with context.emulator.database.write() as rows:
        dataset = require(context, rows, DATASET, arn)
        found = dataset.body["datasetType"]
        if found != wanted:
            raise WRONG_TYPE(arn=arn, found=found, wanted=wanted)
        schema = schema_of(rows, require_in_use(context, dataset)["schemaArn"])
        rows.add_rows(arn, [(id_, _values(record, schema)) for id_, record in given], context.now)
        take_into_account(context, rows, arn, dataset.body["datasetGroupArn"])


def _values(given: Mapping[str, Any], schema: Schema) -> dict[str, Value]:
    """The values of a row but for its id, by schema name. Raises InvalidInputException."""
    try:
        properties = parse_properties(given["properties"]) if "properties" in given else {}
        ids = {schema.field(name) for name in schema.id_fields}
        own = {name: value for name, value in properties.items() if schema.field(name) not in ids}
        values = map_properties(own, schema, unknown="refuse")
    except PropertiesError as error:
        raise BAD_PROPERTIES(problem=error) from None
    for item in schema.fields:
        if not item.nullable and item not in ids and values.get(item.name) is None:
            raise MISSING(name=item.name)
    return values
