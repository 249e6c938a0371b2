"""No bytes whatever break an import and no text a schema: they are taken, or refused as declared."""

from __future__ import annotations

import io
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.datasets.failures import (
    COMPRESSED,
    DIFFERENT_HEADERS,
    NO_ROWS,
    NONCONFORMING,
    NOT_UTF8,
    REPEATED_COLUMN,
    TOO_FEW_ROWS,
    TOO_LONG,
)
from personalize_local.datasets.importing import ImportFailure, ImportResult, MissingColumns, import_files
from personalize_local.datasets.schema import Schema, SchemaError, parse_schema
from personalize_local.datasets.segments import open_segment
from tests.datasets.helpers import ACTION, DEVICE, EVENT, ITEM, TIME, USER, avro, interactions, schema, sources
from tests.datasets.strategies import any_files, any_schema_texts, valid_files

KINDS = (
    interactions(EVENT, DEVICE, {"name": "EVENT_VALUE", "type": ["null", "float"]}),
    schema(
        "Items",
        ITEM,
        {"name": "PLOT", "type": ["null", "string"], "textual": True},
        {"name": "NOTE", "type": "string"},
        {"name": "YEAR", "type": "int"},
        {"name": "PRICE", "type": ["null", "double"]},
        {"name": "SOLD", "type": ["null", "boolean"]},
    ),
    schema("Action_Interactions", USER, ACTION, EVENT, TIME),
)
DECLARED = {sentence() for sentence in (COMPRESSED, DIFFERENT_HEADERS, NO_ROWS, NONCONFORMING, NOT_UTF8)}


def declared(failure: ImportFailure) -> bool:
    """Whether the reason is one of the sentences that imports have, filled in from the report."""
    column, rows = failure.report.column, failure.report.rows_read
    return failure.reason in DECLARED | {
        REPEATED_COLUMN(column=column),
        *(TOO_LONG(limit=limit, column=column) for limit in (256, 1000)),
        *(TOO_FEW_ROWS(rows=rows, minimum=minimum) for minimum in (1, 3)),
    }


def outcome(read: Schema, *files: bytes, minimum: int = 1) -> ImportResult | ImportFailure | MissingColumns:
    """What an import gives or raises; what it leaves behind is looked at here."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            result = import_files(sources(*files), read, folder / "segment", minimum_rows=minimum)
        except (ImportFailure, MissingColumns) as failure:
            assert list(folder.iterdir()) == []
            return failure
        assert list(folder.iterdir()) == [folder / "segment"]
        segment = open_segment(folder / "segment")
        segment.verify()
        assert segment.table.num_rows == result.rows >= minimum
        assert segment.table.column_names == [item.name for item in read.fields]
        segment.table.validate(full=True)
        return result


def check(read: Schema, *files: bytes, minimum: int = 1) -> None:
    found = outcome(read, *files, minimum=minimum)
    if isinstance(found, ImportFailure):
        report = found.report
        assert declared(found), found.reason
        # Both are stored and sent.
        json.dumps([found.reason, asdict(report)], ensure_ascii=False).encode()
        assert 0 <= report.rows_rejected <= report.rows_read
        assert report.row is None or report.row >= 1
        assert report.column is None or read.field(report.column) is not None
    elif isinstance(found, MissingColumns):
        assert found.columns
        assert set(found.columns) <= {item.name for item in read.fields}


@pytest.mark.parametrize("read", KINDS, ids=lambda read: read.dataset_type)
@settings(max_examples=25)
@given(st.data())
def test_a_valid_file_is_imported_whole(read: Schema, data: st.DataObject) -> None:
    file, rows = data.draw(valid_files(read))
    found = outcome(read, file)
    assert isinstance(found, ImportResult), found
    assert found.rows == rows


@pytest.mark.parametrize("read", KINDS, ids=lambda read: read.dataset_type)
@settings(max_examples=100)
@given(st.data())
def test_any_file_is_imported_or_refused_as_declared_and_then_leaves_nothing(read: Schema, data: st.DataObject) -> None:
    check(read, data.draw(any_files(read)), minimum=data.draw(st.sampled_from([1, 3])))


@settings(max_examples=40)
@given(valid_files(KINDS[0]), any_files(KINDS[0]), st.booleans())
def test_any_file_beside_a_valid_one_decides_about_both(
    valid: tuple[bytes, int], other: bytes, comes_first: bool
) -> None:
    check(KINDS[0], *([other, valid[0]] if comes_first else [valid[0], other]))


@pytest.mark.parametrize("before", [b"", b"u,i,1\n", b'"'], ids=["no row", "a row", "an open quote"])
@pytest.mark.parametrize("byte", [b"x", b'"', b"\\", b",", b"\0"], ids=ascii)
def test_a_line_without_an_end_is_refused(before: bytes, byte: bytes) -> None:
    found = outcome(interactions(), b"USER_ID,ITEM_ID,TIMESTAMP\n" + before + byte * (3 << 20))
    assert isinstance(found, ImportFailure)
    assert declared(found)


class Endless(io.BytesIO):
    """A file whose last line never ends."""

    def readinto(self, buffer: Any) -> int:
        return super().readinto(buffer) or len(buffer)


@pytest.mark.parametrize("head", [b"", b"USER_ID,ITEM_ID,TIMESTAMP\n"], ids=["header", "row"])
def test_a_line_that_never_ends_is_refused_before_memory_does(head: bytes, tmp_path: Path) -> None:
    with pytest.raises(ImportFailure) as caught:
        import_files([("endless", lambda: Endless(head))], interactions(), tmp_path / "segment", minimum_rows=1)
    assert caught.value.reason == NONCONFORMING()
    assert list(tmp_path.iterdir()) == []


VALID = (
    *(read.text for read in KINDS),
    avro("Users", USER, {"name": "AGE", "type": "int"}, {"name": "PLAN", "type": "string", "categorical": True}),
    avro("Actions", ACTION, {"name": "VALUE", "type": ["null", "long"]}),
)
DOMAINS = st.sampled_from([None, "ECOMMERCE", "VIDEO_ON_DEMAND"])


@settings(max_examples=400)
@given(any_schema_texts(VALID), DOMAINS)
def test_any_text_is_a_schema_or_refused_with_a_sentence(text: str, domain: str | None) -> None:
    sentence = None
    try:
        read = parse_schema(text, domain)
    except SchemaError as error:
        sentence = str(error)
    if sentence is not None:
        assert sentence.encode().strip()
        return
    assert (read.text, read.domain) == (text, domain)
    assert read.fields
    header = ",".join(item.name for item in read.fields)
    found = outcome(read, header.encode() + b"\n")
    assert isinstance(found, ImportFailure)
    assert found.reason == NO_ROWS()
