"""The items, users or actions that a dataset describes, each by its newest row: what filters and answers read of them.

Loads pyarrow and numpy.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from personalize_local.datasets import _columns as columns
from personalize_local.datasets._arrow import Array, pa, pc
from personalize_local.datasets._rows import arrow_type
from personalize_local.datasets.held import Held
from personalize_local.datasets.schema import Field, fold
from personalize_local.engine.data import Categorical, Column, MultiCategorical
from personalize_local.engine.histories import ranges
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.filters import table
from personalize_local.provenance import Rule

__all__ = ["Catalogue", "located"]

RULES = (
    Rule(
        says="A categorical column has several values in a cell for filters when any of its cells has a |; in other "
        "strings the | is a character.",
        known="inferred",
    ),
    Rule(
        says="Metadata come as the text of their cell: lists with their |, whole numbers without a point, other "
        "numbers with one, booleans as true and false.",
        known="observed",
        source="notebooks that ask for metadata show strings; how numbers are written is chosen",
    ),
)


class Catalogue:
    """What a dataset says of each id: columns of one row for each of ``ids``, made when they are first asked for."""

    def __init__(self, held: Held) -> None:
        (name,) = held.schema.id_fields
        self._held = held
        self._own = name
        coded = columns.join(held.chunks(_field(held, name)), pa.dictionary(pa.int32(), pa.string()))
        newest = columns.newest(columns.codes(coded), len(coded.dictionary))
        there = newest >= 0
        self.ids: Array = coded.dictionary.filter(pa.array(there))
        """The ids, in order of first appearance."""
        self._rows: Array = pa.array(newest[there])
        self._columns: dict[str, Array] = {}
        self._for_filters: dict[str, table.Column | None] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The ids, to find the row of one."""
        return Vocabulary.from_strings(columns.strings(self.ids))

    def field(self, name: str) -> Field | None:
        """The field of the schema in use that a name means."""
        return self._held.schema.field(name)

    @property
    def filterable(self) -> tuple[str, ...]:
        """The names of the columns that filters may use."""
        return tuple(item.name for item in self._held.schema.fields if not (item.textual or item.type == "boolean"))

    def column(self, name: str) -> table.Column | None:
        """A column as filters read it; None for one that is not there or not filterable, and for the ids."""
        if name not in self._for_filters:
            item = self.field(name)
            usable = item is not None and item.name != self._own and item.name in self.filterable
            self._for_filters[name] = _for_filters(self._newest(item), item) if usable and item is not None else None
        return self._for_filters[name]

    def values(self, id_: str) -> dict[str, str | float | tuple[str, ...] | None]:
        """The filterable fields of one id, none for one without a row: the text of a plain string, a tuple of the
        values of a categorical one, a number; null is left out."""
        row = self.vocabulary.get(id_)
        found: dict[str, str | float | tuple[str, ...] | None] = {}
        for name in self.filterable if row >= 0 else ():
            column = self.column(name)
            values = () if column is None else column.at(row)
            item = self.field(name)
            if values and item is not None:
                several = isinstance(column, table.MultiStrings | table.Strings) and item.categorical
                found[name] = tuple(map(str, values)) if several else values[0]
        return found

    def texts(self, name: str, rows: NDArray[np.integer]) -> list[str | None]:
        """The texts of a column's cells at ``rows``; None for null, for a row of -1 and for an unknown column."""
        item = self.field(name)
        if item is None:
            return [None] * len(rows)
        found = self._newest(item).take(pa.array(rows, mask=rows < 0)).to_pylist()
        return [_text(value) for value in found]

    def trained(self, rows: NDArray[np.integer], excluded: Collection[str]) -> dict[str, Column]:
        """The columns that training reads, at ``rows`` (-1: null), by upper-case name; without those ``excluded``."""
        left_out = {fold(name) for name in excluded}
        places = pa.array(rows, mask=rows < 0)
        found: dict[str, Column] = {}
        for item in self._held.schema.fields:
            if item.name == self._own or fold(item.name) in left_out:
                continue
            column = columns.metadata_column(self._newest(item).take(places), item)
            if column is not None:
                found[item.name.upper()] = column
        return found

    def _newest(self, item: Field) -> Array:
        with self._lock:
            if item.name not in self._columns:
                whole = columns.join(self._held.chunks(item), arrow_type(item))
                self._columns[item.name] = whole.take(self._rows)
            return self._columns[item.name]


def located(wanted: Array, among: Array) -> NDArray[np.int32]:
    """The places of strings among distinct others; -1 for those that are not there."""
    found = pc.index_in(wanted.cast(pa.large_string()), value_set=among.cast(pa.large_string()))
    return columns.to_numpy(found.fill_null(-1), np.dtype(np.int32))


def strings_of(ids: Vocabulary) -> Array:
    """The ids of a vocabulary as an array, without a copy."""
    parts = ids.arrays()
    buffers = [None, pa.py_buffer(np.ascontiguousarray(parts["offsets"])), pa.py_buffer(parts["blob"])]
    return pa.LargeStringArray.from_buffers(len(ids), buffers[1], buffers[2])


def placed(column: table.Column, rows: NDArray[np.int32]) -> table.Column:
    """A column with its row ``rows[i]`` at i; -1 is null."""
    match column:
        case table.Strings():
            return table.Strings(codes=np.append(column.codes, np.int32(-1))[rows], values=column.values)
        case table.Numbers():
            return table.Numbers(values=np.append(column.values, np.nan)[rows])
        case table.MultiStrings():
            starts, ends = np.append(column.indptr[:-1], 0)[rows], np.append(column.indptr[1:], 0)[rows]
            indptr = np.zeros(len(rows) + 1, np.int64)
            np.cumsum(ends - starts, out=indptr[1:])
            return table.MultiStrings(indptr=indptr, codes=column.codes[ranges(starts, ends)], values=column.values)
        case table.Ids():
            raise TypeError("ids are placed by whoever knows all of them")


def _field(held: Held, name: str) -> Field:
    item = held.schema.field(name)
    assert item is not None, name
    return item


def _for_filters(column: Array, item: Field) -> table.Column:
    if item.numeric:
        return table.Numbers(values=columns.numbers(column))
    if not item.categorical:
        plain = columns.categorical(column if pa.types.is_dictionary(column.type) else column.dictionary_encode())
        return table.Strings(codes=plain.codes, values=plain.values)
    coded = columns.metadata_column(column, item)
    if isinstance(coded, MultiCategorical):
        return table.MultiStrings(indptr=coded.indptr, codes=coded.codes, values=coded.values)
    assert isinstance(coded, Categorical), item.name
    return table.Strings(codes=coded.codes, values=coded.values)


def _text(value: object) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
