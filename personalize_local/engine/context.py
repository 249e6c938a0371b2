"""What is chosen more often than elsewhere under each value of a context column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from personalize_local.engine.data import Categorical, Float32, Float64, Int32, Numeric

_BINS = 8  # a number column is cut at its quantiles
_CELLS = 4_000_000  # values x items kept per column: 16 MB
_SHRINKAGE = 20.0  # interactions' worth of belief that the value changes nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextColumn:
    """Logits [values, items] to add under each value, with the names of the values or the edges of the bins."""

    logits: Float32
    values: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()

    def row(self, value: str) -> Float32 | None:
        """The logits under ``value``; None for a value that is unknown or no number where one is needed."""
        code = self.code(value)
        return None if code < 0 else self.logits[code]

    def code(self, value: str) -> int:
        """The row of ``value``, or -1."""
        if not self.edges:
            try:
                return self.values.index(value)
            except ValueError:
                return -1
        try:
            number = float(value)
        except ValueError:
            return -1
        return -1 if np.isnan(number) else int(np.searchsorted(self.edges, number, side="right"))


def fit_context(columns: Mapping[str, Categorical | Numeric], item: Int32, n_items: int) -> dict[str, ContextColumn]:
    """Learn each column that has at least two values. ``item`` is aligned with the columns."""
    fitted = {}
    for name, column in columns.items():
        codes, values, edges = code_column(column, max(2, _CELLS // max(n_items, 1)))
        size = len(edges) + 1 if edges else len(values)
        if size >= 2:
            fitted[name] = ContextColumn(logits=_lift(codes, size, item, n_items), values=values, edges=edges)
    return fitted


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


def context_logits(
    columns: Mapping[str, ContextColumn], weights: Mapping[str, float], context: Mapping[str, str]
) -> Float64 | None:
    """The sum of the weighted logits under ``context``; None when nothing applies."""
    total: Float64 | None = None
    for name, value in context.items():
        column = columns.get(name)
        row = column.row(value) if column is not None and weights.get(name) else None
        if row is not None:
            part = row.astype(np.float64) * weights[name]
            total = part if total is None else total + part
    return total


def column_names(columns: Mapping[str, ContextColumn]) -> Sequence[str]:
    """The columns in the order in which weights are chosen for them."""
    return sorted(columns)
