"""What a dataset holds: imported segments and rows that came one by one, as tables in order of time. Loads pyarrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personalize_local.datasets._arrow import Array, Table, pa
from personalize_local.datasets._rows import arrow_type
from personalize_local.datasets.schema import Field, Schema
from personalize_local.datasets.segments import SegmentRef, open_segment
from personalize_local.provenance import Rule

if TYPE_CHECKING:
    from personalize_local.datasets.properties import Value

__all__ = ["Held", "Placed", "held", "row_table"]

RULES = (
    Rule(
        says="Of the rows of one item, user or action the newest counts, whether it was imported or put, also within "
        "one file.",
        known="documented",
        source="dg/updating-existing-bulk-data.html, dg/incremental-data-updates.html; within one file inferred",
    ),
    Rule(says="Rows that were imported before an UpdateDataset hold null in its new columns.", known="inferred"),
)

Row = tuple[int, str, Mapping[str, Any]]
"""Sequence, id and values of a row that came by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A segment, and the sequence of the last row that came by itself before it was put in force."""

    segment: SegmentRef
    after: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Tables in order of time, read under the ``schema`` now in use; their ids are dictionaries."""

    schema: Schema
    tables: tuple[Table, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows there are in all tables."""
        return sum(table.num_rows for table in self.tables)

    def chunks(self, item: Field) -> list[Array]:
        """A column's pieces over all tables; null where a table was written without the column."""
        pieces: list[Array] = []
        for table in self.tables:
            if item.name in table.column_names:
                pieces += table.column(item.name).chunks
            else:
                pieces.append(pa.nulls(table.num_rows, arrow_type(item)))
        return pieces


def held(schema: Schema, segments: Sequence[Placed] = (), rows: Iterable[Row] = ()) -> Held:
    """The tables of segments (in order of time) and of rows (in order of their sequence). Raises SegmentError."""
    tables = []
    waiting = _Waiting(rows)
    for placed in segments:
        tables += _tables(waiting.until(placed.after), schema)
        tables.append(open_segment(placed.segment).table)
    return Held(schema=schema, tables=(*tables, *_tables(waiting.until(None), schema)))


class _Waiting:
    """Rows on their way into tables."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = iter(rows)
        self._next = next(self._rows, None)

    def until(self, sequence: int | None) -> Iterator[Row]:
        """The rows up to a sequence; None: all that are left."""
        while self._next is not None and (sequence is None or self._next[0] <= sequence):
            yield self._next
            self._next = next(self._rows, None)


def _tables(rows: Iterable[Row], schema: Schema) -> list[Table]:
    listed = list(rows)
    if not listed:
        return []
    (own,) = schema.id_fields
    return [row_table(schema, [{**values, own: id_} for _, id_, values in listed])]


def row_table(schema: Schema, rows: Sequence[Mapping[str, Value]]) -> Table:
    """Rows (values by schema name; what is left out is null) as a table with the columns of ``schema``."""
    columns = [column_of([row.get(item.name) for row in rows], item) for item in schema.fields]
    return pa.table(columns, names=[item.name for item in schema.fields])


def column_of(values: Sequence[Value], item: Field) -> Array:
    """Values as a column of the schema's type."""
    type_ = arrow_type(item)
    return (
        pa.array(values, pa.string()).dictionary_encode() if pa.types.is_dictionary(type_) else pa.array(values, type_)
    )
