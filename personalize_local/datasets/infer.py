"""A schema for a CSV file that has none: guessed from its header and a sample of its rows. Standard library only."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from personalize_local.datasets._schema_rules import LAYOUTS, RECORD_NAMES, DatasetType, Layout, Reserved, fold
from personalize_local.datasets.schema import parse_schema

__all__ = ["InferenceError", "Inferred", "infer", "infer_schema"]

_RECORD_NAME: Final = {
    "INTERACTIONS": "Interactions",
    "ITEMS": "Items",
    "USERS": "Users",
    "ACTIONS": "Actions",
    "ACTION_INTERACTIONS": "ActionInteractions",
}
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)
_LINE_END: Final = re.compile(r"\r\n|\n|\r")
# Chosen: longer on average is prose, which Items may have one column of.
_PROSE: Final = 80
# Chosen: a string column that hardly ever repeats a value names things; it says nothing of their kind.
_REPEATS: Final = 0.8
_ENOUGH: Final = 50
_LONGEST_CATEGORY: Final = 1000


class InferenceError(ValueError):
    """No schema fits the file; the message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inferred:
    """A guessed schema as Avro JSON text, and the columns that it leaves out, each with the reason."""

    text: str
    left_out: tuple[tuple[str, str], ...]


def infer_schema(csv_header_and_sample: bytes, dataset_type: str) -> str:
    """The Avro JSON text that :func:`infer` guesses."""
    return infer(csv_header_and_sample, dataset_type).text


def infer(csv_header_and_sample: bytes, dataset_type: str) -> Inferred:
    """Guess the schema (custom dataset group) of a CSV file from its first bytes.

    Required and reserved columns are known by name in any case and take the service's types. Others become long,
    double, categorical or plain strings, all nullable, since a sample cannot show that no cell is empty. Raises
    InferenceError where a required column is missing or unfit, or no metadata is found where some is needed.
    """
    kind = RECORD_NAMES.get(fold(dataset_type))
    if kind is None:
        raise InferenceError(f"{dataset_type} is not a dataset type.")
    names, rows = _sample(csv_header_and_sample)
    layout = LAYOUTS[None][kind]
    _check_required(names, rows, kind, layout)
    fields, left_out = _fields(names, rows, layout)
    document = {
        "type": "record",
        "name": _RECORD_NAME[kind],
        "namespace": "com.amazonaws.personalize.schema",
        "fields": fields,
        "version": "1.0",
    }
    text = json.dumps(document, indent=2)
    try:
        parse_schema(text, None)
    except ValueError as error:
        raise InferenceError(f"No schema for the {kind} file could be guessed: {error}") from None
    return Inferred(text=text, left_out=tuple(left_out))


def _fields(
    names: Sequence[str], rows: Sequence[Sequence[str]], layout: Layout
) -> tuple[list[dict[str, object]], list[tuple[str, str]]]:
    """The fields of the schema, and the columns that are left out with the reasons."""
    fields: list[dict[str, object]] = []
    left_out: list[tuple[str, str]] = []
    reserved = {name.casefold(): name for name in layout.reserved}
    taken: set[str] = set()
    prose = layout.textual
    own = 0
    for at, name in enumerate(names):
        cells = [row[at] for row in rows if row[at]]
        known = reserved.get(name.casefold())
        problem = _unfit(name, fold(name) in taken, own >= layout.most_metadata and known is None, cells, layout)
        if problem:
            left_out.append((name, problem))
            continue
        taken.add(fold(name))
        if known is not None:
            fields.append(_reserved_field(known, layout.reserved[known]))
        else:
            field = _guessed(name, cells, prose=prose)
            prose = prose and "textual" not in field
            own += 1
            fields.append(field)
    return fields, left_out


def _sample(data: bytes) -> tuple[list[str], list[list[str]]]:
    """The header and the whole rows of a piece of a file."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # A piece may end within a character; anything else is another encoding.
        if error.end < len(data) or len(data) - error.start > 3:
            raise InferenceError("The file is not encoded in UTF-8.") from None
        text = data[: error.start].decode("utf-8-sig")
    lines = _LINE_END.split(text)
    # The last piece is empty after a line end; else it may be cut short.
    lines = lines[:-1] or lines
    try:
        cells = list(csv.reader(lines, escapechar="\\"))
    except csv.Error as error:
        raise InferenceError(f"The file is not a CSV file: {error}.") from None
    if not cells or not any(cells[0]):
        raise InferenceError("The file is empty.")
    names = [name.strip() for name in cells[0]]
    return names, [row for row in cells[1:] if len(row) == len(names)]


def _check_required(names: Sequence[str], rows: Sequence[Sequence[str]], kind: DatasetType, layout: Layout) -> None:
    where = {name.casefold(): at for at, name in enumerate(names)}
    required = [name for name, rule in layout.reserved.items() if rule.required]
    missing = [name for name in required if name.casefold() not in where]
    if missing:
        raise InferenceError(
            f"The {kind} file needs the columns {', '.join(required)}. "
            f"It lacks {', '.join(missing)}; its header is {', '.join(names)[:200]}."
        )
    for name in required:
        if layout.reserved[name].type == "long":
            for row in rows:
                cell = row[where[name.casefold()]].strip()
                if not _whole(cell):
                    raise InferenceError(
                        f"The column {name} must hold whole numbers (epoch seconds); the file has {cell[:40]!r}."
                    )


def _unfit(name: str, repeated: bool, too_many: bool, cells: Sequence[str], layout: Layout) -> str | None:
    """Why a column cannot be in the schema."""
    rules: tuple[tuple[bool, str], ...] = (
        (not name, "it has no name"),
        (not _NAME.fullmatch(name) or not fold(name), "a name may have only letters, digits and underscores"),
        (repeated, "another column has the same name"),
        (too_many, f"a schema may have at most {layout.most_metadata} columns of metadata"),
        (any(len(cell) > _LONGEST_CATEGORY for cell in cells) and not layout.textual, "its values are too long"),
    )
    return next((reason for broken, reason in rules if broken), None)


def _reserved_field(name: str, rule: Reserved) -> dict[str, object]:
    return {"name": name, "type": ["null", rule.type] if rule.nullable else rule.type}


def _guessed(name: str, cells: Sequence[str], *, prose: bool) -> dict[str, object]:
    tests: tuple[tuple[Callable[[str], object], str], ...] = (
        (lambda cell: _INTEGER.fullmatch(cell.strip()), "long"),
        (lambda cell: _NUMBER.fullmatch(cell.strip()) and math.isfinite(float(cell)), "double"),
    )
    for test, type_ in tests:
        if cells and all(test(cell) for cell in cells):
            return {"name": name, "type": ["null", type_]}
    field: dict[str, object] = {"name": name, "type": ["null", "string"]}
    if prose and cells and sum(map(len, cells)) > _PROSE * len(cells):
        field["textual"] = True
    elif len(cells) < _ENOUGH or len(set(cells)) < _REPEATS * len(cells):
        field["categorical"] = True
    return field


def _whole(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell)) and math.isfinite(float(cell)) and float(cell).is_integer()
