"""Schemas: Avro texts that say what a dataset's columns are."""

from __future__ import annotations

from typing import Any

from personalize_local.context import Context
from personalize_local.datasets.schema import SchemaError, parse_schema
from personalize_local.provenance import Rule, invalid
from personalize_local.resources import quotas
from personalize_local.resources.changes import insert
from personalize_local.resources.kind import Kind
from personalize_local.resources.status import is_live, status_of
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

MALFORMED = invalid(
    "{problem}", "documented", "dg/how-it-works-dataset-schema.html; the problems are the sentences of schemas"
)
RULES = (
    Rule(
        says="The text of a schema comes back exactly as it was sent.",
        known="observed",
        source="captured DescribeSchema",
    ),
    Rule(says="A schema that a dataset has replaced is free to be deleted.", known="inferred"),
)


def _datasets_of(context: Context, rows: Rows, record: Record) -> list[str]:
    kind = context.emulator.kinds["dataset"]
    datasets = rows.all(record.account, record.region, kind.name)
    return [
        dataset.arn
        for dataset in datasets
        if is_live(context, kind, dataset) and record.arn in _schemas_named(context, kind, dataset)
    ]


def _schemas_named(context: Context, kind: Kind, dataset: Record) -> tuple[Any, ...]:
    """The schema in force and the one of the latest update."""
    update = dataset.state.get("update", {"body": {}})
    return (status_of(context, kind, dataset).body["schemaArn"], update["body"].get("schemaArn"))


KIND = Kind(name="schema", arn_type="schema", blockers=_datasets_of, quotas=(quotas.SCHEMAS,))


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateSchema."""
    try:
        parse_schema(params["schema"], params.get("domain"))
    except SchemaError as error:
        raise MALFORMED(problem=error) from None
    arn = context.arn(f"schema/{params['name']}")
    body = {name: params.get(name) for name in ("name", "schema", "domain")}
    with context.emulator.database.write() as rows:
        insert(context, rows, KIND, arn=arn, params=params, body=body)
    return {"schemaArn": arn}


HANDLERS = {"CreateSchema": create}
