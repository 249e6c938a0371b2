"""Properties of events, items and users: JSON text mapped to the columns of a schema."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from typing import Final, Literal, NoReturn

from personalize_local.datasets._schema_rules import TEXTUAL_LENGTH
from personalize_local.datasets.schema import Field, Schema, fold
from personalize_local.provenance import Rule, Sentence

__all__ = ["EVENT_FORBIDDEN", "EVENT_VALUE", "PropertiesError", "Value", "coerce", "map_properties", "parse_properties"]

Value = str | int | float | bool | None

# These travel as members of their own.
EVENT_FORBIDDEN: Final = ("userId", "sessionId", "eventType", "timestamp", "recommendationId", "impression")
# The value of an event may stand in its properties whether or not the schema has the column.
EVENT_VALUE: Final = Field(name="EVENT_VALUE", type="float", nullable=True)
_SAID: Final = "InvalidInputException of PutEvents"

NO_OBJECT = Sentence(
    "Error parsing properties json",
    rule="observed",
    wording="observed",
    said=_SAID,
    source="https://github.com/aws/aws-sdk-js/issues/2773",
)
FORBIDDEN = Sentence(
    "The properties may not contain {name}.",
    rule="observed",
    wording="chosen",
    said=_SAID,
    source="https://github.com/aws-amplify/amplify-js/issues/6906; the names are in dg/API_UBS_Event.html",
)
UNKNOWN_NAME = Sentence(
    "The property {name} is not in the schema of the dataset.",
    rule="inferred",
    wording="chosen",
    said="InvalidInputException of PutItems, PutUsers and PutActions",
)
WRONG_TYPE = Sentence("The property {name} must be of type {type}.", rule="inferred", wording="chosen", said=_SAID)
TOO_LONG = Sentence(
    "The property {name} may not be longer than {limit} characters.",
    rule="chosen",
    wording="chosen",
    said=_SAID,
    source="dg/limits.html has the numbers, for values in files",
)
RULES = (
    Rule(
        says="Events may have properties that the schema lacks; they are passed over.",
        known="observed",
        source="https://github.com/aws-amplify/amplify-js/issues/6906: a payload with such a name was in order",
    ),
    Rule(
        says="The eventValue of an interaction counts also where its schema has no EVENT_VALUE.",
        known="inferred",
    ),
    Rule(
        says="A number may come as a numeric string, a string as a number or a boolean, a boolean as true, false, 1 "
        "or 0.",
        known="inferred",
        source="the guide's examples have numbers in both forms",
    ),
    Rule(says="An empty string in properties is null, as an empty cell is.", known="inferred"),
    Rule(
        says=f"Textual properties are cut after {TEXTUAL_LENGTH} characters and not refused.",
        known="inferred",
        source="dg/limits.html says it of files",
    ),
)


class PropertiesError(ValueError):
    """The properties cannot be taken; the message is a sentence for the caller."""


def parse_properties(text: str) -> dict[str, object]:
    """The object that ``text`` encodes. Raises PropertiesError for anything but a JSON object."""

    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    try:
        decoded = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        decoded = None
    if not isinstance(decoded, dict):
        raise PropertiesError(NO_OBJECT())
    return decoded


def map_properties(
    properties: Mapping[str, object],
    schema: Schema,
    *,
    forbidden: Collection[str] = (),
    unknown: Literal["ignore", "refuse"] = "ignore",
) -> dict[str, Value]:
    """Map ``properties`` to the columns of ``schema``, by schema name, with values of the column's type.

    Names match whether camelCase or UPPER_SNAKE. ``forbidden`` names are refused in any case, ``unknown`` ones are
    passed over or refused. An EVENT_VALUE of an interaction is kept even where the schema lacks the column. Raises
    PropertiesError.
    """
    barred = {fold(name): name for name in forbidden}
    mapped: dict[str, Value] = {}
    for name, value in properties.items():
        key = fold(name)
        if key in barred:
            raise PropertiesError(FORBIDDEN(name=barred[key]))
        item = schema.field(name)
        if item is None and schema.dataset_type == "INTERACTIONS" and key == fold(EVENT_VALUE.name):
            item = EVENT_VALUE
        if item is not None:
            mapped[item.name] = coerce(value, item)
        elif unknown == "refuse":
            shown = name[:80].encode(errors="replace").decode()
            raise PropertiesError(UNKNOWN_NAME(name=shown))
    return mapped


def coerce(value: object, item: Field) -> Value:
    """``value`` as the column ``item`` holds it; None where it is null. Raises PropertiesError."""
    if value is None or value == "":
        return None
    try:
        match item.type:
            case "string":
                return _text(value, item)
            case "boolean":
                return _boolean(value)
            case "float" | "double":
                return _number(value)
            case "int":
                return _integer(value, 31)
            case "long":
                return _integer(value, 63)
    except PropertiesError:
        raise
    except (ValueError, OverflowError):
        raise PropertiesError(WRONG_TYPE(name=item.name, type=item.type)) from None


def _text(value: object, item: Field) -> str:
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, int | float):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError
    value.encode()  # a lone surrogate cannot be stored
    if item.textual:
        return value[: item.longest]
    if len(value) > item.longest:
        raise PropertiesError(TOO_LONG(name=item.name, limit=item.longest))
    return value


def _boolean(value: object) -> bool:
    if isinstance(value, str):
        value = {"true": True, "false": False, "1": True, "0": False}.get(value.strip().lower())
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    raise ValueError


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    if isinstance(value, str) and "_" in value:  # Python's own notation
        raise ValueError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _integer(value: object, bits: int) -> int:
    if isinstance(value, str) and "_" not in value and value.strip().lstrip("+-").isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        number = _number(value)
        if not number.is_integer() or abs(number) > 2**53:
            raise ValueError
        value = int(number)
    if not -(2**bits) <= value < 2**bits:
        raise ValueError
    return value
