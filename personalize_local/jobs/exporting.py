"""Dataset export jobs: what a dataset held when the job was made, as a CSV file in object storage."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from personalize_local.jobs.holdings import ROW_TYPES, open_held, schema_of
from personalize_local.jobs.importing import NO_PRIVILEGES
from personalize_local.jobs.streaming import owned_events
from personalize_local.jobs.workplace import JobFailure, Workplace
from personalize_local.provenance import Rule, Sentence
from personalize_local.store.database import reading
from personalize_local.store.objects import AccessDenied, Location, NoSuchBucket, ObjectError, parse_location
from personalize_local.store.records import user_mark
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from personalize_local.datasets._arrow import Table
    from personalize_local.datasets.held import Held
    from personalize_local.datasets.properties import Value

INVALID_OUTPUT = Sentence(
    "Invalid S3 output path",
    rule="documented",
    wording="documented",
    said="InvalidInputException of CreateDatasetExportJob; failureReason where nothing can be written",
    source="dg/error-messages.html",
)
RULES = (
    Rule(
        says="An export is one file, part-00000.csv in a folder named by its job below the output path.",
        known="chosen",
        source="dg/export-data.html says one or more files",
    ),
    Rule(
        says="An export in mode BULK has what was imported, in mode PUT what came one by one, in mode ALL both.",
        known="documented",
        source="dg/export-data.html",
    ),
    Rule(
        says="An export has what the dataset held when the job was made, without the users who were deleted before it "
        "is written.",
        known="inferred",
    ),
    Rule(
        says="Events are exported as training sees them: under the user who was named in their session, and not at all "
        "where nobody was.",
        known="chosen",
    ),
    Rule(
        says="A bucket that is missing or cannot be written is found after the call is answered: the job fails.",
        known="chosen",
    ),
)

_FILE = "part-00000.csv"
_EVENTS_AT_ONCE = 10_000


def run(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    """Write the file of an export job; returns its key. Raises JobFailure."""
    from personalize_local.datasets.export import csv_pieces

    location = parse_location(payload["location"])
    with reading(workplace.database) as rows:
        held = _held(rows, payload, workplace)
        # Asked last: what was read before may still have had them.
        forgotten = rows.forgotten(payload["stream"], payload["forgotten"])
    if forgotten:
        held = _without(held, forgotten)
    newest = payload["mode"] == "ALL" and held.schema.dataset_type in ROW_TYPES
    key = key_of(location, payload["name"])
    # On the disk first: what fails on the way leaves no part of a file in the bucket.
    with tempfile.TemporaryFile(dir=workplace.root) as file:
        for piece in csv_pieces(held, newest=newest):
            file.write(piece)
        file.seek(0)
        try:
            workplace.objects().put(location.bucket, key, file)
        except (NoSuchBucket, AccessDenied):
            raise JobFailure(NO_PRIVILEGES(bucket=location.bucket)) from None
        except ObjectError as error:
            raise JobFailure(INVALID_OUTPUT(), {"problem": str(error)}) from None
    return {"key": key}


def key_of(location: Location, name: str) -> str:
    """The key of the file that the job ``name`` writes below ``location``."""
    folder = location.key.removesuffix("/")
    return f"{folder}/{name}/{_FILE}" if folder else f"{name}/{_FILE}"


def _held(rows: Rows, payload: Mapping[str, Any], workplace: Workplace) -> Held:
    known, mode = payload["held"], payload["mode"]
    held = open_held(rows, workplace, known, imported=mode != "PUT", put=mode != "BULK")
    if held.schema.dataset_type == "INTERACTIONS" and mode != "BULK":
        return replace(held, tables=(*held.tables, *_event_tables(rows, payload)))
    return held


def _without(held: Held, forgotten: frozenset[str]) -> Held:
    """What is held of all but the users with these marks."""
    from personalize_local.datasets.deletion import without_users

    if held.schema.field("USER_ID") is None:
        return held
    tables = [without_users(table, lambda user: user_mark(user) in forgotten) for table in held.tables]
    return replace(held, tables=tuple(tables))


def _event_tables(rows: Rows, payload: Mapping[str, Any]) -> Iterator[Table]:
    from personalize_local.datasets.held import row_table

    schema = schema_of(payload["held"])
    waiting = owned_events(rows, payload["stream"], payload["until"], schema)
    while events := list(islice(waiting, _EVENTS_AT_ONCE)):
        values: list[dict[str, Value]] = [
            {
                **event.properties,
                "USER_ID": event.user,
                "ITEM_ID": event.item,
                "TIMESTAMP": event.timestamp,
                "EVENT_TYPE": event.event_type,
                "EVENT_VALUE": event.value,
            }
            for event in events
        ]
        yield row_table(schema, values)
