"""What is chosen more often than elsewhere under each value of a context column, or of a column of the users."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from personalize_local.engine.data import Categorical, Column, Float32, Float64, Int32, Int64, MultiCategorical, Numeric

_BINS = 8  # a number column is cut at its quantiles
_CELLS = 4_000_000  # values x items kept per column: 16 MB
_ALIKE = 5  # users who must share a value, so that it says more than who somebody is
_SHRINKAGE = 20.0  # interactions' worth of belief that the value changes nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextColumn:
    """Logits [values, items] to add under each value, with the names of the values or the edges of the bins."""

    logits: Float32
    values: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()
    _places: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", {value: place for place, value in enumerate(self.values)})

    def row(self, value: str) -> Float32 | None:
        """The logits under ``value``; None for a value that is unknown or no number where one is needed."""
        code = self.code(value)
        return None if code < 0 else self.logits[code]

    def code(self, value: str) -> int:
        """The row of ``value``, or -1."""
        if not self.edges:
            return self._places.get(value, -1)
        try:
            number = float(value)
        except ValueError:
            return -1
        return -1 if np.isnan(number) else self.part(number)

    def part(self, number: float) -> int:
        """The row of the bin that ``number`` is in."""
        return bisect_right(self.edges, number)


def fit_context(columns: Mapping[str, Categorical | Numeric], item: Int32, n_items: int) -> dict[str, ContextColumn]:
    """Learn each column that has at least two values. ``item`` is aligned with the columns."""
    fitted = {}
    for name, column in columns.items():
        codes, values, edges = code_column(column, max(2, _CELLS // max(n_items, 1)))
        size = len(edges) + 1 if edges else len(values)
        if size >= 2 and len(np.unique(codes[codes >= 0])) >= 2:
            fitted[name] = ContextColumn(logits=_lift(codes, size, item, n_items), values=values, edges=edges)
    return fitted


def fit_periods(timestamp: Int64, item: Int32, n_items: int) -> ContextColumn | None:
    """What was chosen more often in each part of the time that ``timestamp`` (sorted, of each interaction) spans.

    The parts have equally many interactions. None where all is of one moment.
    """
    if not len(timestamp):
        return None
    edges = np.unique(timestamp[len(timestamp) * np.arange(1, _BINS) // _BINS])
    edges = edges[edges > timestamp[0]]
    if not len(edges):
        return None
    sizes = np.diff(np.concatenate(([0], np.searchsorted(timestamp, edges), [len(timestamp)])))
    codes = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    return ContextColumn(logits=_lift(codes, len(sizes), item, n_items), edges=tuple(edges.tolist()))


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonColumn:
    """Logits [values, items] under each value of a column of the users.

    User u has the values ``codes[indptr[u]:indptr[u + 1]]``.
    """

    logits: Float32
    indptr: Int64
    codes: Int32

    def of(self, user: int) -> Float32 | None:
        """The mean of the logits of a user's values; None where he has none, or is unknown."""
        if not 0 <= user < len(self.indptr) - 1:
            return None
        codes = self.codes[self.indptr[user] : self.indptr[user + 1]]
        if not len(codes):
            return None
        if len(codes) == 1:
            single: Float32 = self.logits[codes[0]]
            return single
        mean: Float32 = self.logits[codes].mean(axis=0)
        return mean


def fit_persons(
    columns: Mapping[str, Column], user: Int32, item: Int32, n_users: int, n_items: int
) -> dict[str, PersonColumn]:
    """Learn each column of the users that has two values or more, from their interactions. Text says nothing here."""
    fitted = {}
    limit = max(2, _CELLS // max(n_items, 1))
    for name, column in columns.items():
        values = _values_of_users(column, n_users, limit)
        if values is None:
            continue
        indptr, codes, size = values
        # Each interaction once for each value of its user.
        counts = np.diff(indptr)[user]
        event = np.repeat(np.arange(len(user)), counts)
        places = indptr[user][event] + np.arange(len(event)) - np.repeat(np.cumsum(counts) - counts, counts)
        lift = _lift(codes[places], size, item[event], n_items)
        fitted[name] = PersonColumn(logits=lift, indptr=indptr, codes=codes)
    return fitted


def _values_of_users(column: Column, n_users: int, limit: int) -> tuple[Int64, Int32, int] | None:
    """(indptr, codes, number of values) of a column, without the values that few users share."""
    if isinstance(column, MultiCategorical):
        user, codes = np.repeat(np.arange(n_users), np.diff(column.indptr)), column.codes
    elif isinstance(column, Categorical | Numeric):
        codes, _, _ = code_column(column, limit)
        user = np.flatnonzero(codes >= 0)
        codes = codes[user]
    else:
        return None
    sizes = np.bincount(codes)
    common = np.argsort(-sizes, kind="stable")[:limit]
    common = np.sort(common[sizes[common] >= _ALIKE])
    if len(common) < 2:
        return None
    renamed = np.full(len(sizes), -1, np.int32)
    renamed[common] = np.arange(len(common), dtype=np.int32)
    kept = renamed[codes] >= 0
    indptr = np.zeros(n_users + 1, np.int64)
    np.cumsum(np.bincount(user[kept], minlength=n_users), out=indptr[1:])
    return indptr, renamed[codes[kept]], len(common)


def code_column(column: Categorical | Numeric, limit: int) -> tuple[Int32, tuple[str, ...], tuple[float, ...]]:
    """Codes of a column (-1 is null or rare), the names of its values, or the edges of its bins."""
    if isinstance(column, Numeric):
        known = column.values[~np.isnan(column.values)]
        if not len(known):
            return np.full(len(column.values), -1, np.int32), (), ()
        edges = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS))
        codes = np.searchsorted(edges, column.values, side="right").astype(np.int32)
        codes[np.isnan(column.values)] = -1
        return codes, (), tuple(float(edge) for edge in edges)
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
    kept = np.argsort(-counts, kind="stable")[:limit]
    kept = np.sort(kept[counts[kept] > 0])
    renamed = np.full(len(column.values) + 1, -1, np.int32)  # the last entry answers for null, -1
    renamed[kept] = np.arange(len(kept), dtype=np.int32)
    return renamed[column.codes], tuple(column.values[index] for index in kept), ()


def _lift(codes: Int32, size: int, item: Int32, n_items: int) -> Float32:
    """log(share of the item under the value / share of the item overall), drawn to 0 where little is known."""
    known = codes >= 0
    cells = codes[known].astype(np.int64) * n_items + item[known]
    counts: Float64 = np.bincount(cells, minlength=size * n_items).reshape(size, n_items).astype(np.float64)
    overall = counts.sum(0) + 0.5
    overall /= overall.sum()
    totals = counts.sum(1, keepdims=True)
    expected = totals * overall
    # An item's own belief: its share of the value's interactions, as if _SHRINKAGE more had come as expected.
    lift: Float64 = np.log((counts + _SHRINKAGE) / (expected + _SHRINKAGE))
    return lift.astype(np.float32)


Part = tuple[Float32, float]
"""Logits of the whole catalogue, and what they are to be multiplied with."""


def context_parts(
    columns: Mapping[str, ContextColumn], weights: Mapping[str, float], context: Mapping[str, str]
) -> list[Part]:
    """What the values of ``context`` say; nothing of a value or column that is unknown or weighs nothing."""
    parts = []
    for name, value in context.items():
        column = columns.get(name)
        row = column.row(value) if column is not None and weights.get(name) else None
        if row is not None:
            parts.append((row, weights[name]))
    return parts


def person_parts(columns: Mapping[str, PersonColumn], weights: Mapping[str, float], user: int) -> list[Part]:
    """What the columns of the index ``user`` say; nothing of an unknown user."""
    found = [(columns[name].of(user), weight) for name, weight in weights.items() if weight and name in columns]
    return [(logits, weight) for logits, weight in found if logits is not None]
