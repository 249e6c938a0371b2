"""What a job is told of the data of datasets, as values that are stored, and how it finds the data again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from personalize_local.datasets.schema import Schema, parse_schema
from personalize_local.jobs.workplace import Workplace
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from personalize_local.datasets.held import Held

ROW_TYPES = frozenset({"ITEMS", "USERS", "ACTIONS"})
"""Datasets whose rows can come one by one."""


def reference(rows: Rows, dataset: Record) -> dict[str, Any]:
    """What a dataset holds now: later changes do not touch it, but for deletions. Its body is the one in force.

    ``until`` is the sequence of the last row that came by itself or, of action interactions, of the last event.
    """
    schema = rows.get(dataset.body["schemaArn"])
    assert schema is not None, dataset.arn
    return {
        "dataset": dataset.arn,
        "schema": schema.body["schema"],
        "domain": schema.body.get("domain"),
        "segments": list(dataset.state.get("segments", ())),
        "until": _last(rows, dataset),
    }


def _last(rows: Rows, dataset: Record) -> int:
    """The sequence of what came last by itself into a dataset; interactions with items are in their group's stream."""
    kind = dataset.body["datasetType"]
    if kind in ROW_TYPES:
        return rows.last_row(dataset.arn)
    return rows.last_event(dataset.arn) if kind == "ACTION_INTERACTIONS" else 0


def schema_of(known: Mapping[str, Any]) -> Schema:
    """The schema of a reference."""
    return parse_schema(known["schema"], known["domain"])


def folders(known: Mapping[str, Any]) -> list[str]:
    """The names of the segments of a reference, or of a dataset's state."""
    return [segment["folder"] for segment in known.get("segments", ())]


def open_held(
    rows: Rows, workplace: Workplace, known: Mapping[str, Any], *, imported: bool = True, put: bool = True
) -> Held:
    """The data of a reference, or only what was imported or put one by one. Raises SegmentError."""
    from personalize_local.datasets.held import Placed, held

    segments: Sequence[Placed] = ()
    if imported:
        segments = [
            Placed(segment=workplace.datasets / segment["folder"], after=segment.get("after", 0))
            for segment in known["segments"]
        ]
    schema = schema_of(known)
    ones = put and schema.dataset_type in ROW_TYPES
    return held(schema, segments, rows.rows_of(known["dataset"], known["until"]) if ones else ())
