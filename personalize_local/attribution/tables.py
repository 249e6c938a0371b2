"""The figures of metrics over a table of interactions, by columns: what `figures` does event by event. Loads numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from personalize_local.attribution.figures import WINDOW, Figure, Metric, in_order
from personalize_local.attribution.sources import Sources
from personalize_local.datasets import _columns as columns
from personalize_local.datasets._arrow import Array, Table
from personalize_local.datasets._rows import arrow_type
from personalize_local.datasets.catalogue import Catalogue, located
from personalize_local.datasets.schema import Field, Schema

__all__ = ["Measured"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Measured:
    """A table under the ``schema`` of an Interactions dataset, and what sums over items need of the items."""

    def __init__(self, table: Table, schema: Schema, sources: Sources, items: Catalogue | None) -> None:
        self._table, self._schema, self._items = table, schema, items
        self._times = columns.to_numpy(self._column("TIMESTAMP"), np.dtype(np.int64))
        self._types = self._coded("EVENT_TYPE")
        self._source, self._names = self._sources(sources)

    def figures(
        self, metrics: Sequence[Metric], *, after: float = -np.inf, before: float = np.inf, aligned: bool
    ) -> list[Figure]:
        """The figures of all rows whose times are between two moments, both left out, in the order of reports.

        Windows are ``aligned`` to the quarters of the clock, or else begin at the earliest row that counts.
        """
        within = (self._times > after) & (self._times < before)
        counted = {metric: np.flatnonzero(within & self._of(metric)) for metric in metrics}
        earliest = min((int(self._times[rows].min()) for rows in counted.values() if len(rows)), default=0)
        found: list[Figure] = []
        for metric, rows in counted.items():
            found += self._summed(metric, rows, 0 if aligned else earliest)
        return in_order(found, metrics)

    def _of(self, metric: Metric) -> NDArray[np.bool_]:
        codes, values = self._types
        # The last entry answers for null, -1.
        return np.array([*(metric.counts(value) for value in values), False], np.bool_)[codes]

    def _summed(self, metric: Metric, rows: Ints, origin: int) -> list[Figure]:
        windows, many = (self._times[rows] - origin) // WINDOW, max(len(self._names), 1)
        keys, places = np.unique(windows * many + self._source[rows], return_inverse=True)
        sums = np.bincount(places, weights=self._values(metric, rows), minlength=len(keys))
        return [
            Figure(
                metric=metric.name,
                event_type=metric.event_type,
                function=metric.function,
                source=self._names[key % many],
                started=key // many * WINDOW + origin,
                value=value,
            )
            for key, value in zip(keys.tolist(), sums.tolist(), strict=True)
        ]

    def _values(self, metric: Metric, rows: Ints) -> Floats:
        name = metric.expression.column
        if name is None:
            return np.ones(len(rows))
        if metric.expression.dataset_type == "ITEMS":
            values = self._of_items(name, rows)
        else:
            field = self._schema.field(name)
            values = np.full(len(rows), np.nan) if field is None else columns.numbers(self._column(field.name))[rows]
        return np.nan_to_num(values, nan=0.0)

    def _of_items(self, name: str, rows: Ints) -> Floats:
        column = None if self._items is None else self._items.column(name)
        values = getattr(column, "values", None)
        if self._items is None or not isinstance(values, np.ndarray):
            return np.zeros(len(rows))
        item = self._column("ITEM_ID")
        known = located(item.dictionary, self._items.ids)
        # The last entry answers for an item that is not known, -1.
        return np.append(values, np.nan)[known[columns.codes(item)[rows]]]

    def _sources(self, sources: Sources) -> tuple[Ints, list[str]]:
        """The source of each row as a number, and their names."""
        given, names = self._coded("EVENT_ATTRIBUTION_SOURCE")
        ids, recommendations = self._coded("RECOMMENDATION_ID")
        numbers: dict[str, int] = {}

        def number(recommendation: str | None, name: str | None) -> int:
            return numbers.setdefault(sources.of(recommendation, name), len(numbers))

        by_name = np.array([*(number(None, name) for name in names), -1], np.int64)[given]
        by_id = np.array([*(number(one, None) for one in recommendations), number(None, None)], np.int64)[ids]
        return np.where(by_name >= 0, by_name, by_id), list(numbers)

    def _coded(self, name: str) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """A string column as codes (-1 is null) and values; all null where there is none."""
        field = self._schema.field(name)
        if field is None:
            return np.full(self._table.num_rows, -1, np.int32), ()
        column = self._column(field.name)
        if not hasattr(column, "dictionary"):
            column = column.dictionary_encode()
        return columns.codes(column), columns.strings(column.dictionary)

    def _column(self, name: str) -> Array:
        field = self._schema.field(name)
        assert isinstance(field, Field), name
        return columns.join(self._table.column(field.name).chunks, arrow_type(field))
