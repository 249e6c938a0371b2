"""What holds for all that comes one by one: its properties, its size, its time, and the dataset that it is for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from personalize_local.context import Context
from personalize_local.costs import recording
from personalize_local.datasets.properties import EVENT_FORBIDDEN, PropertiesError, map_properties, parse_properties
from personalize_local.datasets.schema import Schema
from personalize_local.errors import NOT_ACTIVE
from personalize_local.provenance import Rule, invalid
from personalize_local.resources.dataset import KIND as DATASET
from personalize_local.resources.kind import UPDATE
from personalize_local.resources.status import status_of
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

BAD_PROPERTIES = invalid(
    "{problem}",
    "observed",
    "https://github.com/aws/aws-sdk-js/issues/2773; the problems are the sentences of properties",
)
TOO_LARGE = invalid(
    "An event may have at most {limit} bytes; this one has {size}.",
    "documented",
    "dg/limits.html; that such an event is refused is inferred",
)
RULES = (
    Rule(
        says="The size of an event is that of its texts in UTF-8, its impression included; times and numbers count "
        "nothing. A KB is 1024 bytes.",
        known="chosen",
        source="dg/limits.html says 10 KB and not of what",
    ),
    Rule(
        says="An event whose time no calendar has, as of one sent in milliseconds, is answered with 200 and has no "
        "effect: what is before the year 1 or after the year 9999.",
        known="observed",
        source="https://github.com/aws/aws-sdk-js/issues/3370 for a wrong unit; the bounds are chosen",
    ),
    Rule(
        says="Any other time is taken, before 1970 and in the future too.",
        known="inferred",
    ),
    Rule(
        says="Events of a session named null are answered with 200 and have no effect.",
        known="observed",
        source="https://github.com/aws/aws-sdk-js/issues/3371; of action interactions inferred",
    ),
    Rule(
        says="A call is taken as a whole or refused as a whole.",
        known="inferred",
        source="service model: answers name no failed entries",
    ),
    Rule(says="A dataset in the middle of an UpdateDataset takes records under its old schema.", known="inferred"),
)

_SIZE = 10 * 1024
_WIDEST = 4
"""Bytes of a character in UTF-8, at most."""
_IN_USE = frozenset({UPDATE.done, UPDATE.pending, UPDATE.in_progress})


def check_size(event: Mapping[str, Any]) -> None:
    """Refuse an event that is too large. Raises InvalidInputException."""
    texts = [value for value in event.values() if type(value) is str]
    texts += event.get("impression", ())
    texts += event.get("metricAttribution", {}).values()
    # Most events are far from it, and then their characters need not be encoded.
    if sum(map(len, texts)) * _WIDEST <= _SIZE:
        return
    size = sum(len(text.encode()) for text in texts)
    if size > _SIZE:
        raise TOO_LARGE(limit=_SIZE, size=size)


def event_properties(text: str, schema: Schema | None) -> dict[str, Any]:
    """An event's properties, checked against the schema; their names stay as sent. Raises InvalidInputException."""
    try:
        properties = parse_properties(text)
        if schema is not None:
            map_properties(properties, schema, forbidden=EVENT_FORBIDDEN)
    except PropertiesError as error:
        raise BAD_PROPERTIES(problem=error) from None
    return properties


def has_effect(session_id: str, moment: datetime) -> bool:
    """Whether an event is more than answered: not for a session named null nor at a time that no calendar has."""
    return session_id != "null" and datetime.min < moment.replace(tzinfo=None) < datetime.max


def take_into_account(context: Context, rows: Rows, resource: str, group: str) -> None:
    """Count the bytes of a call that is taken, for the costs."""
    recording.streamed(rows, resource=resource, group=group, size=context.size, now=context.now)


def require_in_use(context: Context, dataset: Record) -> Mapping[str, Any]:
    """The body in force of a dataset that takes records. Raises ResourceInUseException."""
    status = status_of(context, DATASET, dataset)
    if status.word not in _IN_USE:
        raise NOT_ACTIVE(arn=dataset.arn, status=status.word)
    return status.body
