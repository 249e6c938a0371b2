"""Which CSV files are read, and what is said of those that are not."""

from __future__ import annotations

import io
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.datasets.csv import ImportFailure, MissingColumns, check_header, read_batches
from personalize_local.datasets.failures import (
    COMPRESSED,
    DIFFERENT_HEADERS,
    NO_ROWS,
    NONCONFORMING,
    NOT_UTF8,
)
from personalize_local.datasets.schema import Schema
from tests.datasets.helpers import ACTION, DEVICE, EVENT, ITEM, TIME, USER, interactions, schema, source, sources

PLAIN = interactions()
DEVICES = interactions(DEVICE)
HEAD = "USER_ID,ITEM_ID,TIMESTAMP\n"
HEAD_DEVICE = "USER_ID,ITEM_ID,TIMESTAMP,DEVICE\n"


def rows(read: Schema, *texts: str | bytes, **options: Any) -> list[tuple[Any, ...]]:
    found = []
    for batch in read_batches(sources(*texts), read, **options):
        assert batch.schema.names == [item.name for item in read.fields]
        found += [tuple(row.values()) for row in batch.to_pylist()]
    return found


def failure(read: Schema, *texts: str | bytes, **options: Any) -> ImportFailure:
    with pytest.raises(ImportFailure) as caught:
        rows(read, *texts, **options)
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "USER_ID,ITEM_ID,TIMESTAMP,DEVICE\nu,i,7,tv\n",
        "USER_ID,ITEM_ID,TIMESTAMP,DEVICE\nu,i,7,tv",
        "USER_ID,ITEM_ID,TIMESTAMP,DEVICE\r\nu,i,7,tv\r\n",
        "USER_ID,ITEM_ID,TIMESTAMP,DEVICE\ru,i,7,tv\r",
        "\ufeffUSER_ID,ITEM_ID,TIMESTAMP,DEVICE\nu,i,7,tv\n",
        "device,Timestamp,item_id,USER_ID\ntv,7,i,u\n",
        '"USER_ID", ITEM_ID ,TIMESTAMP,DEVICE\nu,i,7,tv\n',
        ",USER_ID,ITEM_ID,TIMESTAMP,DEVICE,MORE\n0,u,i,7,tv,x\n",
        ",,USER_ID,ITEM_ID,TIMESTAMP,DEVICE,MORE,MORE\n0,,u,i,7,tv,x,y\n",
        "USER_ID,ITEM_ID,TIMESTAMP,DEVICE\n\nu,i,7,tv\n\n\n",
        'USER_ID,ITEM_ID,TIMESTAMP,DEVICE\n"u","i","7","tv"\n',
        "USER_ID,ITEM_ID,TIMESTAMP,DEVICE\nu,i,7.0,tv\n",
        "USER_ID,ITEM_ID,TIMESTAMP,DEVICE\nu,i,0.7e1,tv\n",
        "USER_ID,ITEM_ID,TIMESTAMP,DEVICE\nu,i, +7 ,tv\n",
        "USER_ID,ITEM_ID,TIMESTAMP,DEVICE,device\nu,i,7,tv,phone\n",
    ],
)
def test_a_row_is_read_however_the_file_is_written(text: str) -> None:
    assert rows(DEVICES, text) == [("u", "i", 7, "tv")]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("", None),
        ('""', None),
        ("a|b|c", "a|b|c"),
        ('"a,b"', "a,b"),
        ('"say ""hi"""', 'say "hi"'),
        (r'"say \"hi\" \\ now"', 'say "hi" \\ now'),
        ("日本|é", "日本|é"),
        (" tv ", " tv "),
        ("0x1F", "0x1F"),
        ("NULL", "NULL"),
        ("x" * 1000, "x" * 1000),
        ("é" * 1000, "é" * 1000),
    ],
)
def test_cells_are_unquoted_unescaped_and_otherwise_left_alone(cell: str, value: str | None) -> None:
    assert rows(DEVICES, f"{HEAD_DEVICE}u,i,1,{cell}\nu,i,2,tv\n") == [("u", "i", 1, value), ("u", "i", 2, "tv")]


NUMBERS = schema(
    "Items",
    ITEM,
    {"name": "A", "type": ["null", "long"]},
    {"name": "B", "type": ["null", "int"]},
    {"name": "C", "type": ["null", "double"]},
    {"name": "D", "type": ["null", "boolean"]},
)


def test_numbers_and_booleans_take_the_type_of_the_schema() -> None:
    text = (
        "ITEM_ID,A,B,C,D\n"
        "i,1.5e9,-3.0,4,true\n"
        "i,9223372036854775807,2147483647,.5,FALSE\n"
        "i,-9223372036854775808,0012,-1E-3,1\n"
        "i,,,,\n"
        "i,1e3,7., 8 ,tRuE\n"
    )
    assert rows(NUMBERS, text) == [
        ("i", 1_500_000_000, -3, 4.0, True),
        ("i", 2**63 - 1, 2**31 - 1, 0.5, False),
        ("i", -(2**63), 12, -0.001, True),
        ("i", None, None, None, None),
        ("i", 1000, 7, 8.0, True),
    ]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("i,many,,,", "A"),
        ("i,1.5,,,", "A"),
        ("i,0x1F,,,", "A"),
        ("i,1_000,,,", "A"),
        ("i,9223372036854775808,,,", "A"),
        ("i,1e300,,,", "A"),
        ("i,99999999999999999.0,,,", "A"),
        ("i,true,,,", "A"),
        ("i, ,,,", "A"),
        ("i,,2147483648,,", "B"),
        ("i,,,nan,", "C"),
        ("i,,,inf,", "C"),
        ("i,,,1e999,", "C"),
        ('i,,,"1,5",', "C"),
        ("i,,,,yes", "D"),
        (",1,,,", "ITEM_ID"),
        ('"",1,,,', "ITEM_ID"),
    ],
)
def test_a_value_of_another_type_fails_and_is_located(row: str, column: str) -> None:
    caught = failure(NUMBERS, f"ITEM_ID,A,B,C,D\ni,1,1,1,true\ni,2,2,2,false\n{row}\ni,4,4,4,true\n")
    assert (caught.reason, caught.report.row, caught.report.column) == (NONCONFORMING(), 3, column)
    assert (caught.report.file, caught.report.rows_read, caught.report.rows_rejected) == ("part-0.csv", 4, 1)
    assert caught.report.problem


@pytest.mark.parametrize(
    ("row", "number"),
    [
        ("u,i", 2),
        ("u,i,1,2", 2),
        ('u,"i,1', 2),
        ('"u,i,1', 2),
        ("u,i\\,1", 2),
        ("x", 2),
        ('"a\nb",i,1', 2),
        ('u,"a\nb\nc",1', 2),
        ("u,a\\\nb,1", 2),
    ],
)
def test_a_row_of_another_shape_fails_and_is_located(row: str, number: int) -> None:
    good = "".join(f"u{n},i,{n}\n" for n in range(40))
    caught = failure(PLAIN, f"{HEAD}u,i,1\n{row}\n{good}")
    assert (caught.reason, caught.report.row, caught.report.file) == (NONCONFORMING(), number, "part-0.csv")
    assert caught.report.problem


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        ('x"y,i,1\n,', 2),
        ('"x"y,i,1\nu,"i', 2),
        ('"a\\"b",i,1\nu', 2),
        (",i,1\nu", 1),
        ("u,i,x\nu,i,1\n" + '"', 1),
    ],
)
def test_the_first_of_several_bad_rows_is_told_whatever_is_wrong_with_it(lines: str, number: int) -> None:
    assert failure(PLAIN, HEAD + lines).report.row == number


def test_the_row_number_counts_over_blocks_and_within_its_file() -> None:
    good = "".join(f"user-{n},item-{n},{n}\n" for n in range(500))
    caught = failure(PLAIN, HEAD + good, HEAD + good + "user,,5\n" + good, block_bytes=256)
    assert (caught.report.file, caught.report.row, caught.report.column) == ("part-1.csv", 501, "ITEM_ID")
    assert 1001 <= caught.report.rows_read <= 1020


def test_all_rejected_rows_of_a_block_are_counted_and_the_first_is_told() -> None:
    caught = failure(DEVICES, HEAD_DEVICE + f"u,i,1,tv\nu,i,2,{'x' * 1001}\n,i,x,tv\nu,i,x,tv\nu,i,5,tv\n")
    assert (caught.report.rows_rejected, caught.report.rows_read) == (3, 5)
    assert (caught.report.row, caught.report.column) == (2, "DEVICE")
    assert caught.reason.startswith("Length cannot be more than 1000 characters for DEVICE.")


@pytest.mark.parametrize(
    ("read", "text", "column", "limit"),
    [
        (PLAIN, HEAD + "u" * 257 + ",i,1\n", "USER_ID", 256),
        (PLAIN, HEAD + "u," + "i" * 257 + ",1\n", "ITEM_ID", 256),
        (DEVICES, HEAD_DEVICE + "u,i,1," + "d" * 1001 + "\n", "DEVICE", 1000),
        (
            interactions({"name": "IMPRESSION", "type": "string"}),
            "USER_ID,ITEM_ID,TIMESTAMP,IMPRESSION\nu,i,1," + "d|" * 501 + "\n",
            "IMPRESSION",
            1000,
        ),
    ],
)
def test_a_value_over_its_limit_fails_in_the_service_s_words(read: Schema, text: str, column: str, limit: int) -> None:
    caught = failure(read, text)
    assert caught.reason.startswith(f"Length cannot be more than {limit} characters for {column}. If no values")
    assert (caught.report.row, caught.report.column) == (1, column)


def test_ids_at_the_limit_are_counted_in_characters() -> None:
    assert rows(PLAIN, HEAD + "é" * 256 + ",i,1\n") == [("é" * 256, "i", 1)]


def test_textual_values_are_cut_not_refused() -> None:
    read = schema("Items", ITEM, {"name": "PLOT", "type": "string", "textual": True})
    assert rows(read, f"ITEM_ID,PLOT\ni,{'é' * 20_001}\nj,short\n") == [("i", "é" * 20_000), ("j", "short")]


def test_a_line_longer_than_the_parser_s_pieces_is_read() -> None:
    text = f"ITEM_ID,BLOB,YEAR\ni,{'x' * (3 << 20)},3\nj,,4\n"
    assert rows(schema("Items", ITEM, {"name": "YEAR", "type": "int"}), text) == [("i", 3), ("j", 4)]


@pytest.mark.parametrize("event", ["Taken", "TAKEN", "Not Taken", "NOT_TAKEN", "Not taken", "Viewed"])
def test_action_interactions_have_three_event_types(event: str) -> None:
    read = schema("Action_Interactions", USER, ACTION, EVENT, TIME)
    header = "USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP\n"
    assert rows(read, f"{header}u,a,{event},1\n") == [("u", "a", event, 1)]
    caught = failure(read, f"{header}u,a,{event},1\nu,a,{event}!,1\n")
    assert (caught.report.row, caught.report.column) == (2, "EVENT_TYPE")


@pytest.mark.parametrize("data", [b"\xff", "ü".encode("latin-1"), b"\xe6\x97", b"\xed\xa0\x80"])
def test_a_value_that_is_not_utf8_fails(data: bytes) -> None:
    caught = failure(DEVICES, f"{HEAD_DEVICE}u,i,1,tv\n".encode() + b"u,i,2," + data + b"\nu,i,3,tv\n")
    assert (caught.reason, caught.report.row) == (NOT_UTF8(), 2)


def test_a_header_that_is_not_utf8_fails() -> None:
    assert failure(PLAIN, HEAD.encode("utf-16") + b"\n").reason == NOT_UTF8()


def test_a_column_that_nobody_asked_for_may_hold_anything() -> None:
    text = b"USER_ID,NOTE,ITEM_ID,TIMESTAMP\nu,\xff\xfe,i,1\n"
    assert rows(PLAIN, text) == [("u", "i", 1)]


@pytest.mark.parametrize("text", ["", "\n", "a,b\n1,2\n", "\ufeff"])
def test_a_file_without_the_columns_names_those_missing(text: str) -> None:
    with pytest.raises(MissingColumns) as caught:
        rows(PLAIN, text)
    assert str(caught.value) == "Input CSV is missing the following columns:[USER_ID, ITEM_ID, TIMESTAMP]."


@pytest.mark.parametrize("texts", [(HEAD,), (HEAD.rstrip(),), (HEAD + "\n\n",), (HEAD, HEAD), ()])
def test_files_without_rows_fail(texts: tuple[str, ...]) -> None:
    assert failure(PLAIN, *texts).reason == NO_ROWS()


def test_rows_of_several_files_follow_each_other_and_one_may_be_empty() -> None:
    assert rows(PLAIN, HEAD + "u,i,1\n", HEAD, HEAD + "v,j,2") == [("u", "i", 1), ("v", "j", 2)]


def test_files_with_different_headers_fail() -> None:
    caught = failure(PLAIN, HEAD + "u,i,1\n", "USER_ID,TIMESTAMP,ITEM_ID\nu,1,i\n")
    assert (caught.reason, caught.report.file) == (DIFFERENT_HEADERS(), "part-1.csv")


def test_a_column_that_is_there_twice_fails() -> None:
    assert failure(PLAIN, "USER_ID,USER_ID,ITEM_ID,TIMESTAMP\n").reason == "Input csv has more than one column USER_ID."


def test_gzip_is_refused_by_name() -> None:
    assert failure(PLAIN, b"\x1f\x8b\x08\x00" + b"\x00" * 40).reason == COMPRESSED()


def test_the_header_check_needs_the_first_bytes_only() -> None:
    check_header(b"USER_ID,ITEM_ID,TIMESTAMP", PLAIN)
    check_header("USER_ID,ITEM_ID,TIMESTAMP,caf\u00e9".encode()[:-1], PLAIN)
    check_header(HEAD.encode() + b"\xff\x00", PLAIN)
    with pytest.raises(MissingColumns, match=r"columns:\[TIMESTAMP\]\."):
        check_header(b"user_id,item_id\r\n", PLAIN)
    with pytest.raises(ImportFailure, match="gzip"):
        check_header(b"\x1f\x8b\x08", PLAIN)


class Trickle(io.BytesIO):
    """A body that gives a few bytes at a time, and closes what it holds."""

    def readinto(self, buffer: Any) -> int:
        piece = self.read(min(7, len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)


class ReadOnly:
    """A body that can read and close, no more."""

    def __init__(self, data: bytes) -> None:
        self._inner = io.BytesIO(data)
        self.closed = False

    def read(self, count: int) -> bytes:
        return self._inner.read(min(count, 11))

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("body", [Trickle, ReadOnly])
def test_a_body_may_give_less_than_it_is_asked_for(body: Any) -> None:
    text = HEAD + "".join(f"u{n},i{n},{n}\n" for n in range(100))
    stream = body(text.encode())
    found = [row for batch in read_batches([("f", lambda: stream)], PLAIN, block_bytes=50) for row in batch.to_pylist()]
    assert [row["TIMESTAMP"] for row in found] == list(range(100))
    assert stream.closed


def test_streams_are_closed_when_the_import_fails() -> None:
    stream = io.BytesIO(f"{HEAD}u,i,x\n".encode())
    with pytest.raises(ImportFailure):
        list(read_batches([("f", lambda: stream)], PLAIN))
    assert stream.closed


def test_failures_travel_to_another_process() -> None:
    caught = failure(PLAIN, HEAD + "u,i,x\n")
    again = pickle.loads(pickle.dumps(caught))
    assert (again.reason, again.report, str(again)) == (caught.reason, caught.report, caught.reason)
    assert str(pickle.loads(pickle.dumps(MissingColumns(["A"])))) == str(MissingColumns(["A"]))


PIECES = [b",", b"\n", b"\r", b'"', b"\\", b"u", b"1", b".", b"e", b"-", b" ", b"\xff", b"\xc3\xa9", b"\x00", b"0x"]
CSV_BYTES = st.lists(st.sampled_from(PIECES)).map(b"".join)


@settings(deadline=None)
@given(st.binary() | CSV_BYTES | CSV_BYTES.map(HEAD.encode().__add__), st.integers(1, 40))
def test_any_bytes_are_rows_or_a_declared_failure(data: bytes, block_bytes: int) -> None:
    try:
        batches = list(read_batches([source(data)], PLAIN, block_bytes=block_bytes))
    except (ImportFailure, MissingColumns) as error:
        sentence = str(error)
    else:
        sentence = f"{sum(batch.num_rows for batch in batches)} rows"
    assert sentence not in ("", "0 rows")


LINES = [
    "u,i,1,d\n",
    "u,i,2,\r\n",
    'u,i,"3",d\n',
    'u,i,4,"d\ne"\n',
    "u,i,5,d\\\n",
    '"',
    "\\",
    "\n",
    ",",
    "x",
    "1.0",
    "0x1",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=10).map("".join), st.integers(1, 60))
def test_where_blocks_end_makes_no_difference(lines: str, block_bytes: int) -> None:
    def outcome(size: int) -> object:
        try:
            return rows(DEVICES, HEAD_DEVICE + lines, block_bytes=size)
        except ImportFailure as error:
            return error.reason, error.report.row

    assert outcome(block_bytes) == outcome(1 << 20)
