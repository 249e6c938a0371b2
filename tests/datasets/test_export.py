"""What an export writes, an import reads: the same rows, without those that are there twice."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.datasets.csv import read_batches
from personalize_local.datasets.export import csv_pieces
from personalize_local.datasets.held import Held, Placed, held
from personalize_local.datasets.schema import Schema
from personalize_local.datasets.segments import open_segment, write_segment

from .helpers import DEVICE, EVENT, ITEM, TIME, USER, interactions, schema, source
from .test_round_trip import TEXTS, VALUES, cell

Row = tuple[Any, ...]

IMPRESSION = {"name": "IMPRESSION", "type": ["null", "string"]}
VALUE = {"name": "EVENT_VALUE", "type": ["null", "float"]}
YEAR = {"name": "YEAR", "type": ["null", "long"]}
ITEMS = schema("Items", ITEM, YEAR)
OWN = {
    "Interactions": ((USER, ITEM, TIME), (EVENT, VALUE, IMPRESSION, {**IMPRESSION, "name": "RECOMMENDATION_ID"}), 5),
    "Items": ((ITEM, YEAR), ({"name": "CREATION_TIMESTAMP", "type": "long"},), 6),
    "Users": ((USER, YEAR), (), 6),
}


@st.composite
def schemas(draw: st.DrawFn, names: Sequence[str]) -> Schema:
    name = draw(st.sampled_from(names))
    needed, reserved, most = OWN[name]
    fields: list[dict[str, Any]] = [*needed, *(field for field in reserved if draw(st.booleans()))]
    for number in range(draw(st.integers(0, most - 2))):
        type_ = draw(st.sampled_from(sorted(VALUES)))
        field: dict[str, Any] = {"name": f"C{number}", "type": draw(st.sampled_from([type_, ["null", type_]]))}
        if type_ == "string":
            field["categorical"] = draw(st.booleans())
        fields.append(field)
    return schema(name, *draw(st.permutations(fields)))


def rows_of(read: Schema) -> st.SearchStrategy[list[Row]]:
    columns = [VALUES[item.type] | st.none() if item.nullable else VALUES[item.type] for item in read.fields]
    return st.lists(st.tuples(*columns), min_size=1, max_size=12).flatmap(
        # Some of them twice.
        lambda rows: st.lists(st.sampled_from(rows), max_size=4).map(lambda again: [*rows, *again])
    )


@st.composite
def made(draw: st.DrawFn, *names: str) -> tuple[Schema, list[Row]]:
    read = draw(schemas(names))
    return read, draw(rows_of(read))


def as_csv(read: Schema, rows: Iterable[Row]) -> str:
    lines = [",".join(item.name for item in read.fields)]
    lines += [",".join(cell(value, item, 1) for value, item in zip(row, read.fields, strict=True)) for row in rows]
    return "\n".join(lines) + "\n"


def imported(read: Schema, text: str | bytes, folder: Path, name: str = "segment") -> Path:
    return write_segment(read_batches([source(text)], read), read, folder / name).path


def rows_at(path: Path) -> list[Row]:
    return [tuple(row.values()) for row in open_segment(path).table.to_pylist()]


def firsts(rows: Sequence[Row]) -> list[Row]:
    seen: dict[str, Row] = {}  # by their text: minus zero is another one than zero
    for row in rows:
        seen.setdefault(repr(row), row)
    return list(seen.values())


def text_of(given: Held, *, newest: bool = False) -> str:
    return b"".join(csv_pieces(given, newest=newest)).decode()


@settings(max_examples=40)
@given(made("Interactions", "Items", "Users"))
def test_an_export_of_imported_rows_is_imported_as_the_same_rows(given: tuple[Schema, list[Row]]) -> None:
    read, rows = given
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = imported(read, as_csv(read, rows), folder)
        text = text_of(held(read, [Placed(segment=first)]))
        again = rows_at(imported(read, text, folder, "again"))
    assert again == firsts(rows)
    assert text.splitlines()[0] == ",".join(item.name for item in read.fields)


@settings(max_examples=40)
@given(made("Items", "Users"))
def test_an_export_of_put_rows_is_imported_as_the_same_rows(given: tuple[Schema, list[Row]]) -> None:
    read, rows = given
    (own,) = read.id_fields
    named = [dict(zip([item.name for item in read.fields], row, strict=True)) for row in rows]
    put = [(number, str(row.pop(own)), row) for number, row in enumerate(named, 1)]
    with tempfile.TemporaryDirectory() as name:
        again = rows_at(imported(read, text_of(held(read, [], put)), Path(name)))
    assert again == firsts(rows)


@settings(max_examples=40)
@given(made("Items", "Users"), st.data())
def test_an_export_of_the_newest_rows_has_each_id_once(given: tuple[Schema, list[Row]], data: st.DataObject) -> None:
    read, rows = given
    (own,) = read.id_fields
    at = [item.name for item in read.fields].index(own)
    cut = data.draw(st.integers(1, len(rows)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        segments = [imported(read, as_csv(read, part), folder, f"s{number}") for number, part in
                    enumerate((rows[:cut], rows[cut:])) if part]  # fmt: skip
        text = text_of(held(read, [Placed(segment=one) for one in segments]), newest=True)
        again = rows_at(imported(read, text, folder, "again"))
    last = {row[at]: (number, row) for number, row in enumerate(rows)}
    assert again == [row for _, row in sorted(last.values(), key=lambda found: found[0])]


@settings(max_examples=40)
@given(st.lists(TEXTS | st.sampled_from(['a"b', "a,b", "\\\\", '\\"', "é|ü"]), min_size=1, max_size=5))
def test_awkward_ids_are_written_as_python_reads_them_too(ids: list[str]) -> None:
    import csv
    import io

    rows = [(one, number) for number, one in enumerate(ids)]
    with tempfile.TemporaryDirectory() as name:
        text = text_of(held(ITEMS, [Placed(segment=imported(ITEMS, as_csv(ITEMS, rows), Path(name)))]))
    found = list(csv.reader(io.StringIO(text, newline="")))
    assert [(one.replace("\\\\", "\\"), int(year)) for one, year in found[1:]] == rows


@settings(max_examples=40)
@given(
    st.lists(st.text(st.sampled_from('a,"\\\\\n\r'), min_size=1, max_size=6), min_size=1, max_size=5),
    st.sampled_from(["categorical", "textual"]),
)
def test_line_breaks_are_blanks_and_the_rest_is_read_again(texts: list[str], attribute: str) -> None:
    read = schema("Items", ITEM, {"name": "TEXT", "type": "string", attribute: True})
    put = [(number, str(number), {"TEXT": text}) for number, text in enumerate(texts)]
    with tempfile.TemporaryDirectory() as name:
        again = rows_at(imported(read, text_of(held(read, [], put)), Path(name)))
    expected = [text.replace("\r\n", " ").replace("\r", " ").replace("\n", " ") for text in texts]
    assert again == [(str(number), text) for number, text in enumerate(expected)]


def test_each_type_has_its_form(tmp_path: Path) -> None:
    read = schema(
        "Items",
        ITEM,
        {"name": "TAGS", "type": ["null", "string"], "categorical": True},
        {"name": "TEXT", "type": ["null", "string"], "textual": True},
        YEAR,
        {"name": "PRICE", "type": ["null", "float"]},
        {"name": "WEIGHT", "type": ["null", "double"]},
        {"name": "NEW", "type": ["null", "boolean"]},
    )
    text = (
        "ITEM_ID,TAGS,TEXT,YEAR,PRICE,WEIGHT,NEW\n"
        "plain,a|b,it's fine,1999,0.1,1e+20,true\n"
        "empty,,,,,,\n"
        'awkward,"a,b","say ""hi"" \\\\ n",-9223372036854775808,3,-2.5,false\n'
    )
    assert text_of(held(read, [Placed(segment=imported(read, text, tmp_path))])) == text


@pytest.mark.parametrize("newest", [True, False])
def test_nothing_is_a_header(newest: bool) -> None:
    assert text_of(held(ITEMS), newest=newest) == "ITEM_ID,YEAR\n"
    assert text_of(held(ITEMS, [], [(1, "a", {})]), newest=newest) == "ITEM_ID,YEAR\na,\n"


def test_rows_of_an_earlier_schema_have_nothing_in_its_new_columns(tmp_path: Path) -> None:
    wider = schema("Items", ITEM, {"name": "COLOUR", "type": ["null", "string"], "categorical": True}, YEAR)
    old = imported(ITEMS, "ITEM_ID,YEAR\na,1\nb,2\n", tmp_path)
    new = imported(wider, "ITEM_ID,YEAR,COLOUR\na,1,\nb,3,red\n", tmp_path, "new")
    both = held(wider, [Placed(segment=old), Placed(segment=new)])
    assert text_of(both) == "ITEM_ID,COLOUR,YEAR\na,,1\nb,,2\nb,red,3\n"
    assert text_of(both, newest=True) == "ITEM_ID,COLOUR,YEAR\na,,1\nb,red,3\n"


def test_what_is_imported_after_a_row_was_put_is_newer(tmp_path: Path) -> None:
    segments = [
        Placed(segment=imported(ITEMS, f"ITEM_ID,YEAR\na,{number}\n", tmp_path, f"s{number}"), after=after)
        for number, after in ((1, 0), (3, 1))
    ]
    rows = [(1, "a", {"YEAR": 2}), (1, "b", {"YEAR": 2}), (2, "c", {"YEAR": 4})]
    assert text_of(held(ITEMS, segments, rows)) == "ITEM_ID,YEAR\na,1\na,2\nb,2\na,3\nc,4\n"
    assert text_of(held(ITEMS, segments, rows), newest=True) == "ITEM_ID,YEAR\nb,2\na,3\nc,4\n"


def test_many_rows_come_in_pieces_and_once(tmp_path: Path) -> None:
    read = interactions(DEVICE, IMPRESSION)
    rows = [f"u{n % 70},i{n % 11},{n},d{n % 3},x|{n}" for n in range(30_000)]
    text = "\n".join(["USER_ID,ITEM_ID,TIMESTAMP,DEVICE,IMPRESSION", *rows]) + "\n"
    segments = [Placed(segment=imported(read, text, tmp_path, name)) for name in ("first", "again")]
    pieces = list(csv_pieces(held(read, segments)))
    assert max(map(len, pieces)) < 1 << 20
    assert b"".join(pieces).decode() == text
