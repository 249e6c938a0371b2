"""Tables for evaluation, from rows as they stand in a CSV file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from personalize_local.filters import Column
from personalize_local.filters.evaluation import UserValue
from personalize_local.filters.table import Column as Stored
from personalize_local.filters.table import Ids, MultiStrings, Numbers, Strings, Table

Row = Mapping[str, str | float | None]


class Names:
    """Ids in a list."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int) -> str:
        return self._names[index]

    def get(self, name: str) -> int:
        return self._names.index(name) if name in self._names else -1


def table(rows: Sequence[Row], columns: Mapping[str, Column]) -> Table:
    """The rows with the columns of a schema: fields named ..._ID are keys, categorical ones are split at |."""
    used = {
        name: column
        for name, column in columns.items()
        if column.type != "boolean" and not column.textual and not (name.endswith("_ID") and not rows)
    }
    stored = {name: _stored(name, [row.get(name) for row in rows], column) for name, column in used.items()}
    return Table(count=len(rows), columns=stored)


def user(row: Row, columns: Mapping[str, Column]) -> dict[str, UserValue]:
    """The fields of a request's user."""
    fields: dict[str, UserValue] = {}
    for name, value in row.items():
        split = isinstance(value, str) and columns[name].categorical
        fields[name] = tuple(str(value).split("|")) if split else value
    return fields


def events(types: Sequence[frozenset[str | None]]) -> Callable[[frozenset[str] | None], NDArray[np.intp]]:
    """The indexes of entities by the types of their events."""

    def having(wanted: frozenset[str] | None) -> NDArray[np.intp]:
        found = [
            index
            for index, present in enumerate(types)
            if (present if wanted is None else wanted & {one.casefold() for one in present if one is not None})
        ]
        return np.array(found[::-1], np.intp)

    return having


def _stored(name: str, cells: Sequence[str | float | None], column: Column) -> Stored:
    if column.numeric:
        return Numbers(values=np.array([np.nan if cell is None else cell for cell in cells], np.float64))
    if name.endswith("_ID"):
        return Ids(ids=Names([str(cell) for cell in cells]))
    split = [[] if cell is None else str(cell).split("|") if column.categorical else [str(cell)] for cell in cells]
    values = tuple(sorted({value for one in split for value in one}))
    codes = np.array([values.index(value) for one in split for value in one], np.int32)
    if column.categorical:
        lengths = [len(one) for one in split]
        return MultiStrings(indptr=np.cumsum([0, *lengths], dtype=np.int64), codes=codes, values=values)
    plain = np.full(len(cells), -1, np.int32)
    plain[[cell is not None for cell in cells]] = codes
    return Strings(codes=plain, values=values)
