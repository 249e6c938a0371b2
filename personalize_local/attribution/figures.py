"""The figures of metrics: counts and sums over events, by source and window of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from personalize_local.attribution.expressions import Expression, parse_expression
from personalize_local.datasets.schema import fold
from personalize_local.provenance import Rule

__all__ = ["UNDEFINED", "WINDOW", "Event", "Figure", "Metric", "figures", "in_order", "metrics_of", "window_of"]

UNDEFINED = "SOURCE_NAME_UNDEFINED"
"""The source of events that name none."""
WINDOW = 900
"""Seconds of one figure (documented: 15 minutes)."""
RULES = (
    Rule(
        says="A metric counts the events of its eventType, whatever the case of either.",
        known="inferred",
        source="dg/metric-attribution-results.html: the example's report shows WATCH",
    ),
    Rule(
        says="SAMPLECOUNT counts events; SUM adds up a column, null, unknown items and items without a value as 0.",
        known="inferred",
        source="dg/creating-metric-attribution.html; of null chosen",
    ),
    Rule(
        says="Events that repeat each other count each time.",
        known="documented",
        source="dg/recording-events.html: duplicates may still affect metric attribution",
    ),
    Rule(
        says="A figure is of 15 minutes of the time that events tell: timestamp of a row, sentAt of an event.",
        known="documented",
        source="dg/metric-attribution-results.html; whose time it is, is inferred from the age that records may have",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One interaction as metrics see it. ``timestamp`` is in epoch seconds.

    ``source_name`` is its eventAttributionSource; ``columns`` are its numbers by folded name of the column (see
    :func:`personalize_local.datasets.schema.fold`).
    """

    event_type: str
    timestamp: float
    user_id: str | None = None
    item_id: str | None = None
    recommendation_id: str | None = None
    source_name: str | None = None
    columns: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric of an attribution."""

    name: str
    event_type: str
    expression: Expression

    @cached_property
    def _type(self) -> str:
        return self.event_type.casefold()

    def counts(self, event_type: str | None) -> bool:
        """Whether events of a type are its own."""
        return event_type is not None and event_type.casefold() == self._type

    @property
    def function(self) -> Literal["samplecount", "sum"]:
        """The name of its function as reports show it."""
        return "samplecount" if self.expression.column is None else "sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The value of a metric for one source in the window that began at ``started``, in epoch seconds."""

    metric: str
    event_type: str
    function: str
    source: str
    started: int
    value: float


def metrics_of(given: Iterable[Mapping[str, str]]) -> list[Metric]:
    """Metrics as the control plane takes them. Raises InvalidInputException for an expression that is none."""
    return [
        Metric(name=one["metricName"], event_type=one["eventType"], expression=parse_expression(one["expression"]))
        for one in given
    ]


def window_of(timestamp: float, origin: int = 0) -> int:
    """The beginning of the window of a moment; windows follow each other from ``origin`` on."""
    return int((timestamp - origin) // WINDOW) * WINDOW + origin


def figures(
    events: Iterable[Event],
    metrics: Sequence[Metric],
    source_of: Callable[[Event], str],
    item_value: Callable[[str, str], float | None],
) -> list[Figure]:
    """The figures of metrics over events, in the order in which the first event of each came.

    ``source_of`` tells the source of an event, ``item_value`` what an item (by its id) has in a column (by its name),
    None where it has nothing.
    """
    found: dict[tuple[Metric, str, int], float] = {}
    for event in events:
        for metric in metrics:
            if metric.counts(event.event_type):
                key = (metric, source_of(event), window_of(event.timestamp))
                found[key] = found.get(key, 0.0) + _value(metric.expression, event, item_value)
    return [
        Figure(
            metric=metric.name,
            event_type=metric.event_type,
            function=metric.function,
            source=source,
            started=started,
            value=value,
        )
        for (metric, source, started), value in found.items()
    ]


def _value(expression: Expression, event: Event, item_value: Callable[[str, str], float | None]) -> float:
    if expression.column is None:
        return 1.0
    if expression.dataset_type == "INTERACTIONS":
        return event.columns.get(fold(expression.column)) or 0.0
    return 0.0 if event.item_id is None else item_value(event.item_id, expression.column) or 0.0


def in_order(figures: Iterable[Figure], metrics: Sequence[Metric]) -> list[Figure]:
    """Figures in the order of reports: by metric, the newest window first, then by source."""
    places = {metric.name: place for place, metric in enumerate(metrics)}
    return sorted(figures, key=lambda one: (places[one.metric], -one.started, one.source))
