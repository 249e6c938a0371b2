"""A dry run says what the import would say, and finds what is wrong in all of the files."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from personalize_local.datasets.checking import Finding, check_files
from personalize_local.datasets.csv import ImportFailure, MissingColumns, read_batches
from personalize_local.datasets.failures import DIFFERENT_HEADERS, NO_ROWS, NONCONFORMING, NOT_UTF8, TOO_FEW_ROWS
from personalize_local.datasets.schema import Schema
from tests.datasets.helpers import DEVICE, ITEM, TIME, USER, interactions, schema, source, sources

PLAIN = interactions()
DEVICES = interactions(DEVICE)
HEAD = "USER_ID,ITEM_ID,TIMESTAMP\n"
HEAD_DEVICE = "USER_ID,ITEM_ID,TIMESTAMP,DEVICE\n"


def check(read: Schema, *texts: str | bytes, **options: Any) -> Finding:
    return check_files(sources(*texts), read, **{"minimum_rows": 1, "limit": 1000, **options})


def places(finding: Finding) -> list[tuple[int | None, str | None]]:
    return [(offence.row, offence.column) for offence in finding.offences]


def test_files_without_a_fault_are_counted() -> None:
    finding = check(PLAIN, HEAD + "u,i,1\n", HEAD + "\nu,i,2\nu,i,3")
    assert finding == Finding(reason=None, at_once=False, rows=3, rejected=0, offences=())


def test_every_offending_row_and_column_is_told_with_its_value() -> None:
    text = f"{HEAD_DEVICE}u,i,1,tv\n,i,x,tv\nu,i,2,{'x' * 1001}\nu,i,5,tv\nu,,soon,tv\n"
    finding = check(DEVICES, text)
    assert (finding.rows, finding.rejected) == (5, 3)
    assert places(finding) == [(2, "USER_ID"), (2, "TIMESTAMP"), (3, "DEVICE"), (5, "ITEM_ID"), (5, "TIMESTAMP")]
    assert [offence.value for offence in finding.offences] == ["", "x", "x" * 60 + "...", "", "soon"]
    assert finding.offences[1].problem == "a value is not of type long"
    assert {offence.file for offence in finding.offences} == {"part-0.csv"}


def test_missing_values_are_told_beside_values_of_another_type() -> None:
    finding = check(PLAIN, f"{HEAD}u,i,\nu,i,x\nu,i,3\nu,i,\n")
    assert places(finding) == [(1, "TIMESTAMP"), (2, "TIMESTAMP"), (4, "TIMESTAMP")]
    assert [offence.problem for offence in finding.offences][:2] == [
        "a value is missing",
        "a value is not of type long",
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("u,i", "the row has 2 values, the header 3"),
        ("u,i,1,2", "the row has 4 values, the header 3"),
        ('u,"i,1', "a value reaches over the end of the line"),
        ("u,i\\,1", "the row has 2 values, the header 3"),
        ('"u",i', "the row has 2 values, the header 3"),
        ("u,i,1\\", "a value reaches over the end of the line"),
    ],
)
def test_the_check_goes_on_after_a_broken_line(line: str, problem: str) -> None:
    good = "".join(f"u{n},i,{n}\n" for n in range(40))
    finding = check(PLAIN, f"{HEAD}{good}{line}\n{good}u,i,late\n{line}\n{good}")
    assert (finding.reason, finding.rows, finding.rejected) == (NONCONFORMING(), 123, 3)
    assert places(finding) == [(41, None), (82, "TIMESTAMP"), (83, None)]
    assert finding.offences[0].problem == finding.offences[2].problem == problem


def test_a_value_over_several_lines_is_told_where_it_begins() -> None:
    finding = check(PLAIN, f'{HEAD}u,i,1\n"a\nb",i,2\nu,i,3\nu,,4\n')
    assert places(finding)[0] == (2, None)
    assert places(finding)[-1] == (5, "ITEM_ID")


def test_lines_that_are_not_utf8_are_told_where_the_column_is_read() -> None:
    text = b"USER_ID,NOTE,ITEM_ID,TIMESTAMP\nu,\xff,i,1\nu,,\xe9,2\nu,\xff,i,x\n\xe9,,i,4\n"
    finding = check(PLAIN, text)
    assert (finding.reason, finding.rows, finding.rejected) == (NOT_UTF8(), 4, 3)
    assert places(finding) == [(2, None), (3, "TIMESTAMP"), (4, None)]
    assert finding.offences[0].problem.startswith("not UTF-8")


def test_rows_are_numbered_within_their_file_and_counted_over_blocks() -> None:
    good = "".join(f"user-{n},item-{n},{n}\n" for n in range(100))
    bad = f"{good}user,,5\n{good}user\n"
    finding = check(PLAIN, HEAD + bad * 3, HEAD + bad, block_bytes=256)
    assert (finding.rows, finding.rejected) == (4 * 202, 8)
    assert [(offence.file, offence.row) for offence in finding.offences] == [
        *(("part-0.csv", row) for row in (101, 202, 303, 404, 505, 606)),
        *(("part-1.csv", row) for row in (101, 202)),
    ]


@pytest.mark.parametrize("limit", [0, 1, 7])
def test_no_more_is_told_than_asked_for_and_all_is_counted(limit: int) -> None:
    finding = check(PLAIN, HEAD + "u,i,x\nu,i\nu,,y\n" * 50, limit=limit, block_bytes=64)
    assert (len(finding.offences), finding.rejected, finding.rows) == (limit, 150, 150)
    assert (
        places(finding)
        == [(1, "TIMESTAMP"), (2, None), (3, "ITEM_ID"), (3, "TIMESTAMP"), (4, "TIMESTAMP"), (5, None), (6, "ITEM_ID")][
            :limit
        ]
    )


def test_a_header_that_lacks_a_column_refuses_the_call_and_the_other_files_are_read() -> None:
    finding = check(PLAIN, "USER_ID,ITEM_ID\nu,i\n", HEAD + "u,i,x\n")
    assert finding.at_once
    assert finding.reason == "Input CSV is missing the following columns:[TIMESTAMP]."
    assert [(offence.file, offence.row) for offence in finding.offences] == [("part-0.csv", None), ("part-1.csv", 1)]


def test_files_with_different_headers_fail_the_job() -> None:
    finding = check(PLAIN, HEAD + "u,i,1\n", "USER_ID,TIMESTAMP,ITEM_ID\nu,1,i\n")
    assert (finding.reason, finding.at_once, finding.rejected) == (DIFFERENT_HEADERS(), False, 0)
    assert (finding.offences[0].file, finding.offences[0].row) == ("part-1.csv", None)


def test_too_few_rows_fail_when_no_row_does() -> None:
    assert check(PLAIN, HEAD + "u,i,1\n", minimum_rows=2).reason == TOO_FEW_ROWS(rows=1, minimum=2)
    assert check(PLAIN, HEAD + "u,i,x\n", minimum_rows=2).reason == NONCONFORMING()
    assert check(PLAIN, HEAD).reason == NO_ROWS()


def test_progress_is_told_in_bytes_and_streams_are_closed() -> None:
    streams: list[io.BytesIO] = []

    def opened() -> io.BytesIO:
        streams.append(io.BytesIO((HEAD + "u,i,1\nu,i,x\n" * 100).encode()))
        return streams[-1]

    done: list[int] = []
    check_files([("f", opened)], PLAIN, minimum_rows=1, progress=done.append, block_bytes=200)
    assert len(done) > 3
    assert sum(done) == len("u,i,1\nu,i,x\n" * 100)
    assert all(stream.closed for stream in streams)


def imported(read: Schema, *texts: bytes, block_bytes: int) -> ImportFailure | MissingColumns | int:
    try:
        return sum(batch.num_rows for batch in read_batches(sources(*texts), read, block_bytes=block_bytes))
    except (ImportFailure, MissingColumns) as failure:
        return failure


MIXED = schema("Interactions", USER, ITEM, TIME, DEVICE, {"name": "PRICE", "type": ["null", "int"]})
HEAD_MIXED = b"USER_ID,ITEM_ID,TIMESTAMP,DEVICE,PRICE,NOTE\n"
LINES = [
    b"u,i,1,d,2,n\n",
    b"u,i,1,d,2,n\r\n",
    b"u,i,x,d,2,n\n",
    b"u,,1,d,99999999999,n\n",
    b'u,i,1,"d,e",2,"n"\n',
    b'u,i,1,"d\ne",2,n\n',
    b'u,i,1,"d,2,n\n',
    b'u,i,1,d,2,"n\n',
    b"u,i,1,d,2,n\\\n",
    b"u,i,1,d\n",
    b"u,i,1,d\r,2,n\n",
    b"u,i,1,d,2,\xff\n",
    b"u,i,1,\xff,2,n\n",
    b",,,,,\n",
    b"\n",
    b"\r",
    b'"',
    b"\\",
    b"u,i,1,d,2,n",
]


@given(st.lists(st.sampled_from(LINES), max_size=12).map(b"".join), st.integers(1, 80))
@example(b'u,i,1,d,2,"n\nu,i,1,d,2,n\nu,i,x,d,2,n\n', 80)
def test_the_dry_run_fails_where_the_import_fails_and_begins_with_the_same_row(body: bytes, block_bytes: int) -> None:
    outcome = imported(MIXED, HEAD_MIXED + body, block_bytes=block_bytes)
    finding = check_files([source(HEAD_MIXED + body)], MIXED, minimum_rows=1, limit=5, block_bytes=block_bytes)
    if isinstance(outcome, int):
        assert finding == Finding(reason=None, at_once=False, rows=outcome, rejected=0, offences=())
        return
    assert finding.reason == str(outcome)
    assert finding.rejected <= finding.rows
    if isinstance(outcome, ImportFailure) and outcome.report.row is not None:
        first = finding.offences[0]
        assert (first.row, first.column) == (outcome.report.row, outcome.report.column)
