"""Filters: expressions that say what a recommendation may contain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personalize_local.context import Context
from personalize_local.errors import NOT_ACTIVE_INPUT
from personalize_local.filters import Column, FilterError, check, fields, parse
from personalize_local.provenance import Rule, invalid
from personalize_local.resources import dataset_group, quotas
from personalize_local.resources.batch_rules import jobs_with_filter
from personalize_local.resources.changes import insert
from personalize_local.resources.dataset import live_datasets, schema_of
from personalize_local.resources.filter_sentences import refusal_of
from personalize_local.resources.kind import Kind, Lifecycle
from personalize_local.resources.lookup import live_children, require_active
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

TOO_MANY_FIELDS = invalid(
    "A filter can use at most {most} distinct dataset fields; this one uses {count}.", "documented", "dg/limits.html"
)
TOO_MANY_GROUP_FIELDS = invalid(
    "The filters of a dataset group can use at most {most} distinct dataset fields; with this one they use {count}.",
    "documented",
    "dg/limits.html",
)
RULES = (
    Rule(
        says="A filter expression is checked when the filter is made: its grammar, and its fields against the schemas "
        "of the group's datasets.",
        known="inferred",
    ),
)


def _blockers(context: Context, rows: Rows, record: Record) -> list[str]:
    """Batch jobs that use it and are not done (documented for batch inference)."""
    kinds = context.emulator.kinds
    return [
        arn
        for name in ("batchInferenceJob", "batchSegmentJob")
        for arn in jobs_with_filter(context, rows, kinds[name], record.arn)
    ]


def _removed(context: Context, rows: Rows, record: Record) -> None:
    del rows
    context.emulator.filters.forget(record.arn)


KIND = Kind(
    name="filter",
    arn_type="filter",
    lifecycle=Lifecycle(create=90),
    parent_member="datasetGroupArn",
    blockers=_blockers,
    removed=_removed,
    quotas=(quotas.FILTERS,),
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateFilter."""
    arn = context.arn(f"filter/{params['name']}")
    with context.emulator.database.write() as rows:
        # The operation does not model ResourceInUseException.
        group = require_active(context, rows, dataset_group.KIND, params["datasetGroupArn"], refusal=NOT_ACTIVE_INPUT)
        state = _checked(context, rows, group.arn, params["filterExpression"])
        body = {name: params[name] for name in ("name", "datasetGroupArn", "filterExpression")}
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=group.arn, state=state)
    return {"filterArn": arn}


def _checked(context: Context, rows: Rows, group: str, expression: str) -> dict[str, Any]:
    """Check an expression; what is kept of it beside its text: its entity and its fields."""
    try:
        parsed = parse(expression)
        check(parsed, _columns(context, rows, group))
    except FilterError as error:
        raise refusal_of(error) from None
    used = sorted(fields(parsed))
    most = context.emulator.quotas.of(quotas.FILTER_FIELDS)
    if len(used) > most:
        raise TOO_MANY_FIELDS(most=most, count=len(used))
    together = {
        tuple(field) for present in live_children(context, rows, KIND, group) for field in present.state["fields"]
    }.union(used)
    most = context.emulator.quotas.of(quotas.GROUP_FILTER_FIELDS)
    if len(together) > most:
        raise TOO_MANY_GROUP_FIELDS(most=most, count=len(together))
    return {"entity": str(parsed.parts[0].entity), "fields": [list(field) for field in used]}


def _columns(context: Context, rows: Rows, group: str) -> Mapping[str, Mapping[str, Column]]:
    return {
        dataset_type: {
            field.name.upper(): Column(type=field.type, categorical=field.categorical, textual=field.textual)
            for field in schema_of(rows, dataset.body["schemaArn"]).fields
        }
        for dataset_type, dataset in live_datasets(context, rows, group).items()
    }


HANDLERS = {"CreateFilter": create}
