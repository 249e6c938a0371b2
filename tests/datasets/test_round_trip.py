"""Whatever rows a schema allows come back from the segment as they went into the file."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.datasets.csv import read_batches
from personalize_local.datasets.schema import Field, Schema
from personalize_local.datasets.segments import open_segment, write_segment
from tests.datasets.helpers import ITEM, schema, source

# A record is one line, and an empty cell is null: neither can be a value.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), min_size=1, max_size=30) | st.sampled_from(
    ["a|b", '"', "\\", ",", '""', " ", "\\n", "'", "null", "0x1", "日本"]
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXTS,
    "long": st.integers(-(2**63), 2**63 - 1),
    "int": st.integers(-(2**31), 2**31 - 1),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "float": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "boolean": st.booleans(),
}


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    fields: list[dict[str, Any]] = [ITEM, {"name": "YEAR", "type": "long"}]
    for number in range(draw(st.integers(0, 4))):
        type_ = draw(st.sampled_from(sorted(VALUES)))
        field: dict[str, Any] = {"name": f"C{number}", "type": draw(st.sampled_from([type_, ["null", type_]]))}
        if type_ == "string":
            field["categorical"] = draw(st.booleans())
        fields.append(field)
    return schema("Items", *draw(st.permutations(fields)))


def rows_of(read: Schema) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    columns = [VALUES[item.type] | st.none() if item.nullable else VALUES[item.type] for item in read.fields]
    return st.lists(st.tuples(*columns), min_size=1, max_size=12)


def cell(value: Any, item: Field, style: int) -> str:
    if value is None:
        return ""
    if item.type == "string":
        bare = '"' not in value and "," not in value and "\\" not in value
        if style == 0 and bare:
            return str(value)
        escaped = value.replace("\\", "\\\\")
        return '"' + (escaped.replace('"', '""') if style == 1 else escaped.replace('"', '\\"')) + '"'
    if item.type == "boolean":
        return ("true", "True", "1")[style] if value else ("false", "False", "0")[style]
    if item.type in ("int", "long") and style == 1 and abs(value) < 2**53:
        return f"{value}.0"
    return repr(value)


@st.composite
def files(draw: st.DrawFn) -> tuple[Schema, list[tuple[Any, ...]], str]:
    read = draw(schemas())
    rows = draw(rows_of(read))
    order: Sequence[int] = draw(st.permutations(range(len(read.fields))))
    extra = draw(st.booleans())
    end = draw(st.sampled_from(["\n", "\r\n"]))
    lines = [["", *(read.fields[at].name for at in order)]]
    for number, row in enumerate(rows):
        lines.append([str(number), *(cell(row[at], read.fields[at], draw(st.integers(0, 2))) for at in order)])
    text = end.join(",".join(line if extra else line[1:]) for line in lines)
    return read, rows, text + draw(st.sampled_from(["", end]))


@settings(deadline=None)
@given(files(), st.integers(1, 200))
def test_rows_come_back_as_they_were_written(
    written: tuple[Schema, list[tuple[Any, ...]], str], block_bytes: int
) -> None:
    read, rows, text = written
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "segment"
        info = write_segment(read_batches([source(text)], read, block_bytes=block_bytes), read, path)
        table = open_segment(path).table
        found = [tuple(row.values()) for row in table.to_pylist()]
        del table
    assert found == rows
    assert info.rows == len(rows)
