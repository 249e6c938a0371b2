"""The data that filters are evaluated over: columns of entities, and which rows satisfy a condition.

A row without a value is null: it is in no set of values, equals nothing and is neither less nor greater than anything,
so that IN, =, <, <=, > and >= are false of it. NOT IN and != are the opposites of IN and =, so that they are true of it
(inferred).
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import compress, count
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from personalize_local.filters.literals import number
from personalize_local.filters.tree import Operator, fold

__all__ = ["Column", "Identifiers", "Ids", "Mask", "MultiStrings", "Numbers", "Strings", "Table", "Value"]

Value = str | int | float
Mask = NDArray[np.bool_]

ORDER: Final[Mapping[Operator, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""The operators of numbers alone, for arrays and for single numbers."""
NEGATED: Final[frozenset[Operator]] = frozenset(("NOT IN", "!="))
"""The operators that are the opposites of others."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strings:
    """A string column of N rows: ``codes``, of shape (N,), index the distinct ``values``; -1 is null.

    Whole values are compared, also where they have a | (inferred).
    """

    codes: NDArray[np.int32]
    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def among(self, wanted: Iterable[Value]) -> Mask:
        """Which rows have one of the values, as a new array."""
        return _coded(self.codes, self.values, wanted)

    def at(self, index: int) -> tuple[Value, ...]:
        """The values of a row; none for null."""
        code = self.codes.item(index)
        return (self.values[code],) if code >= 0 else ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MultiStrings:
    """A categorical string column of N rows with any number of values each; a row with none is null.

    Row i has the ``values`` of ``codes[indptr[i]:indptr[i + 1]]``: ``indptr`` is of shape (N + 1,) and covers all of
    ``codes``, none of which is negative. It is among some values if one of its own is (inferred).
    """

    indptr: NDArray[np.int64]
    codes: NDArray[np.int32]
    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def among(self, wanted: Iterable[Value]) -> Mask:
        """Which rows have one of the values, as a new array."""
        hits = _coded(self.codes, self.values, wanted)
        # How many hits lie before each row begins: much faster than reducing row by row. Counts that wrap around differ
        # all the same.
        before = np.zeros(len(hits) + 1, np.uint32)
        np.cumsum(hits, out=before[1:])
        bounds = before[self.indptr]
        found: Mask = bounds[1:] != bounds[:-1]
        return found

    def at(self, index: int) -> tuple[Value, ...]:
        """The values of a row; none for null."""
        codes = self.codes[self.indptr.item(index) : self.indptr.item(index + 1)]
        return tuple(self.values[code] for code in codes.tolist())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Numbers:
    """A number column of N rows: ``values`` are of shape (N,), timestamps in epoch seconds; NaN is null."""

    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)

    def among(self, wanted: Iterable[Value]) -> Mask:
        """Which rows have one of the values, as a new array."""
        found = np.zeros(len(self.values), np.bool_)
        for value in numbers(wanted):
            found |= self.values == value
        return found

    def at(self, index: int) -> tuple[Value, ...]:
        """The value of a row; none for null."""
        value = self.values.item(index)
        return (value,) if value == value else ()


class Identifiers(Protocol):
    """A two-way map between the ids of the rows and their indexes; ``get`` gives -1 for an unknown id."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> str: ...
    def get(self, id_: str, /) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ids:
    """The ids of N rows (ITEM_ID, USER_ID, ACTION_ID), found by a map instead of a scan."""

    ids: Identifiers

    def __len__(self) -> int:
        return len(self.ids)

    def among(self, wanted: Iterable[Value]) -> Mask:
        """Which rows have one of the ids, as a new array."""
        found = np.zeros(len(self.ids), np.bool_)
        indexes = [self.ids.get(value) for value in texts(wanted)]
        found[[index for index in indexes if index >= 0]] = True
        return found

    def at(self, index: int) -> tuple[Value, ...]:
        """The id of a row."""
        return (self.ids[index],)


Column = Strings | MultiStrings | Numbers | Ids


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """``count`` entities (items, actions or users) and their columns by name, all of that many rows.

    Names are found in any spelling of theirs. A field without a column is null in every row. An entity that is known
    from interactions alone is a row of nulls (inferred).
    """

    count: int
    columns: Mapping[str, Column]
    _folded: Mapping[str, Column] = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, column in self.columns.items():
            if len(column) != self.count:
                raise ValueError(f"the column {name} has {len(column)} rows, not {self.count}")
        object.__setattr__(self, "_folded", {fold(name): column for name, column in self.columns.items()})

    def satisfying(self, name: str, operator: Operator, wanted: Iterable[Value]) -> Mask:
        """The rows whose field satisfies a condition, as a new array.

        ``wanted`` are the values on the right side: one for an order, else any number of which one is enough.
        """
        column = self._folded.get(fold(name))
        if operator in ORDER:
            bounds = numbers(wanted)
            if not (bounds and isinstance(column, Numbers)):
                return np.zeros(self.count, np.bool_)
            ordered: Mask = ORDER[operator](column.values, bounds[0])
            return ordered
        found = np.zeros(self.count, np.bool_) if column is None else column.among(wanted)
        return np.logical_not(found, out=found) if operator in NEGATED else found

    def at(self, name: str, index: int) -> tuple[Value, ...]:
        """The values of a field of one entity; none for null, and for an index outside the table."""
        column = self._folded.get(fold(name))
        return column.at(index) if column is not None and 0 <= index < self.count else ()


def numbers(values: Iterable[Value]) -> list[float]:
    """The values that are numbers, or texts that write one (observed for the values of requests)."""
    found = (number(value) if isinstance(value, str) else value for value in values)
    return [float(value) for value in found if value is not None]


def texts(values: Iterable[Value]) -> frozenset[str]:
    """The values that are texts: a number equals none, as it could be written in several ways (chosen)."""
    return frozenset(value for value in values if isinstance(value, str))


def _coded(codes: NDArray[np.int32], values: tuple[str, ...], wanted: Iterable[Value]) -> Mask:
    """Which codes stand for one of the wanted values: exactly, case included."""
    among = texts(wanted)
    hits = list(compress(count(), map(among.__contains__, values)))
    if not hits:
        return np.zeros(len(codes), np.bool_)
    if len(hits) == 1:
        one: Mask = codes == hits[0]
        return one
    allowed = np.zeros(len(values) + 1, np.bool_)  # the last is for null, whose -1 counts from the end
    allowed[hits] = True
    return np.take(allowed, codes)
