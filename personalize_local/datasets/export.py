"""What a dataset holds, as the text of a CSV file that an import reads back. Loads pyarrow and numpy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from personalize_local.datasets import _columns as columns
from personalize_local.datasets._arrow import Array, Batch, Table, pa, pc
from personalize_local.datasets._duplicates import hashed
from personalize_local.datasets._rows import arrow_type
from personalize_local.datasets.held import Held
from personalize_local.datasets.schema import Field
from personalize_local.provenance import Rule

__all__ = ["csv_pieces"]

RULES = (
    Rule(
        says="Of rows that are equal in every column an export has the first one, in every mode.",
        known="documented",
        source="dg/export-data.html; which of them is chosen",
    ),
    Rule(
        says="An export in mode ALL has of each item or user the newest row, imported or put, all other exports every "
        "row.",
        known="documented",
        source="dg/export-data.html",
    ),
    Rule(
        says="The columns of an export are those of the schema, in its order. Null is an empty cell, several values of "
        "a cell stay joined with |, timestamps are in epoch seconds.",
        known="inferred",
        source="the form in which data is imported",
    ),
    Rule(
        says="In an export, values with a comma, a quote or a backslash stand in quotes, with quotes doubled and "
        "backslashes escaped, as imports read them.",
        known="chosen",
    ),
    Rule(
        says="A line feed, a carriage return or both together in a value that came one by one is a blank in an export: "
        "imports read no such values.",
        known="chosen",
    ),
    Rule(says="An export of no rows has the header alone.", known="chosen"),
)

# Rows of the most and longest values that the limits allow stay below the two gigabytes of one Arrow string array.
_ROWS_AT_ONCE: Final = 1 << 13
_HASHED_AT_ONCE: Final = 1 << 16
_STRUCTURAL: Final = '[,"\\\\]'
_LINE_BREAK: Final = "\r\n|\r|\n"
_NULL: Final = np.int64(hash(("null",)))

Mask = NDArray[np.bool_]


def csv_pieces(held: Held, *, newest: bool = False) -> Iterator[bytes]:
    """The header and then the rows of ``held`` in pieces of whole lines; of its rows only the ``newest`` of each id.

    Equal rows come once. Beside the tables, no more than 25 bytes a row are needed at a time, and one piece.
    """
    names = ",".join(item.name for item in held.schema.fields)
    yield f"{names}\n".encode()
    kept = _newest(held) if newest else _distinct(held)
    start = 0
    for table in held.tables:
        for batch in _batches(table, held, _ROWS_AT_ONCE):
            of_batch = kept[start : start + batch.num_rows]
            start += batch.num_rows
            rows = batch if of_batch.all() else batch.filter(pa.array(of_batch))
            if rows.num_rows:
                yield _lines(rows)


def _batches(table: Table, held: Held, most: int) -> Iterator[Batch]:
    """Pieces of a table with all columns of the schema; those that the table was written without are null."""
    for batch in table.to_batches(max_chunksize=most):
        arrays = [_column(batch, item) for item in held.schema.fields]
        yield pa.RecordBatch.from_arrays(arrays, names=[item.name for item in held.schema.fields])


def _column(batch: Batch, item: Field) -> Array:
    if item.name in batch.schema.names:
        return batch.column(item.name)
    return pa.nulls(batch.num_rows, arrow_type(item))


# Which rows


def _newest(held: Held) -> Mask:
    """Marks the last row of each id."""
    (own,) = held.schema.id_fields
    item = next(field for field in held.schema.fields if field.name == own)
    ids = columns.join(held.chunks(item), arrow_type(item))
    last = columns.newest(columns.codes(ids), len(ids.dictionary))
    kept = np.zeros(held.rows, np.bool_)
    kept[last[last >= 0]] = True
    return kept


def _distinct(held: Held) -> Mask:
    """Marks the first of equal rows. Rows are taken for equal when 128 bits of mixture of their values are."""
    first, second = np.zeros(held.rows, np.uint64), np.zeros(held.rows, np.uint64)
    start = 0
    lanes = [_Lane() for _ in held.schema.fields]
    for table in held.tables:
        for batch in _batches(table, held, _HASHED_AT_ONCE):
            keys = [lane.keys(column) for lane, column in zip(lanes, batch.columns, strict=True)]
            end = start + batch.num_rows
            first[start:end] = hashed(keys)
            second[start:end] = hashed([~key for key in reversed(keys)])
            start = end
    kept = np.ones(held.rows, np.bool_)
    ranked = np.sort(first)
    if np.any(ranked[1:] == ranked[:-1]):
        # Stable, so that of equal rows the first comes first.
        order = np.lexsort((second, first))
        same = (first[order[1:]] == first[order[:-1]]) & (second[order[1:]] == second[order[:-1]])
        kept[order[1:][same]] = False
    return kept


class _Lane:
    """Turns one column, piece by piece, into integers that are equal where its values are."""

    def __init__(self) -> None:
        self._dictionary: Array = None
        self._known: NDArray[np.int64] = np.zeros(0, np.int64)

    def keys(self, column: Array) -> NDArray[np.int64]:
        """The integers of a piece; those of strings are hashes."""
        if pa.types.is_dictionary(column.type):
            if self._dictionary is None or not self._dictionary.equals(column.dictionary):
                self._dictionary, self._known = column.dictionary, _hashes(column.dictionary)
            return np.append(self._known, _NULL)[columns.codes(column)]
        if pa.types.is_string(column.type):
            return _hashes(column)
        if pa.types.is_boolean(column.type):
            column = pc.cast(column, pa.int64())
        whole = column.fill_null(0) if column.null_count else column
        keys = whole.to_numpy(zero_copy_only=False).view(np.int64)
        return np.where(columns.to_numpy(column.is_null(), np.dtype(np.bool_)), _NULL, keys)


def _hashes(values: Array) -> NDArray[np.int64]:
    strings: Sequence[str | None] = values.to_pylist()
    return np.fromiter((_NULL if value is None else hash(value) for value in strings), np.int64, len(strings))


# How they are written


def _lines(batch: Batch) -> bytes:
    cells = [_cells(column) for column in batch.columns]
    joined = pc.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")
    lines = pc.binary_join_element_wise(joined, "", "\n")
    # The values of a string array lie one behind the other.
    _, offsets, data = lines.buffers()
    places = np.frombuffer(offsets, np.int32)
    begin, end = int(places[lines.offset]), int(places[lines.offset + len(lines)])
    return bytes(memoryview(data)[begin:end])


def _cells(column: Array) -> Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not pa.types.is_string(column.type):
        return pc.cast(column, pa.string())
    if pc.any(pc.match_substring_regex(column, "[\r\n]")).as_py():
        column = pc.replace_substring_regex(column, _LINE_BREAK, " ")
    quoted = pc.match_substring_regex(column, _STRUCTURAL)
    if not pc.any(quoted).as_py():
        return column
    escaped = pc.replace_substring(pc.replace_substring(column, "\\", "\\\\"), '"', '""')
    return pc.if_else(quoted, pc.binary_join_element_wise('"', escaped, '"', ""), column)
