"""Measures the events of dataset groups that have a metric attribution, and sends the figures to CloudWatch.

Nothing is counted when an event comes: figures are made of the events in the store, from where the last ones ended,
and both are written in one transaction. So a process that is killed loses none and counts none twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from personalize_local.attribution.figures import WINDOW, Figure, figures, metrics_of, window_of
from personalize_local.attribution.sources import Sources
from personalize_local.attribution.stored import event_of
from personalize_local.context import Context
from personalize_local.jobs.attributing import NEWEST, OLDEST, allowed_of, kept, with_sources
from personalize_local.jobs.lifecycle import ended_at
from personalize_local.provenance import Rule
from personalize_local.resources.dataset import live_datasets, schema_of
from personalize_local.resources.metric_attribution import KIND
from personalize_local.resources.quotas import ATTRIBUTION_SOURCES
from personalize_local.resources.status import is_live, mode_of, status_of
from personalize_local.store.attributions import KeptFigure
from personalize_local.store.cloudwatch import AT_ONCE, CloudWatch, CloudWatchError, Datum
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from personalize_local.datasets.catalogue import Catalogue

__all__ = ["Measuring"]

log = logging.getLogger("personalize_local.attribution")

NAMESPACE = "AWS/Personalize"
_AT_ONCE = 2_000
"""Events that are dealt with at a time: others want the interpreter and the store too."""
RULES = (
    Rule(
        says="Events are measured at each quarter of an hour of the clock, or when an admin asks for it, and by the "
        "metrics that there were when they came; what an item holds at that time counts.",
        known="chosen",
        source="dg/metric-attribution-results.html has 15 minutes for the least period",
    ),
    Rule(
        says="Events count that come while the attribution is ACTIVE.",
        known="inferred",
        source="dg/metric-attribution-requirements.html: only after you create a metric attribution",
    ),
    Rule(
        says="Figures of events go to CloudWatch, never to S3. A window that more events come to later has further "
        "values: their Sum is the figure.",
        known="documented",
        source="dg/metric-attribution-results.html; that a window has several values is chosen",
    ),
    Rule(
        says=f"In CloudWatch a metric has its metricName, in the namespace {NAMESPACE}, with the dimensions "
        "DatasetGroupArn and EventAttributionSource, the beginning of the window as its time and the unit Count or "
        "None.",
        known="chosen",
        source="dg/metric-attribution-results.html has the name alone",
    ),
    Rule(
        says="CloudWatch is the companion's: what it loses with the process is sent to it again. Without the companion "
        "figures stay where GET /_personalize/metric-attributions shows them, and the log says so once. "
        "mock_personalize has no companion, and measures when its clock is moved or its emulator is told to.",
        known="chosen",
    ),
    Rule(
        says="Events of users who are deleted from the data before they are measured are not counted.",
        known="chosen",
    ),
)


class Measuring:
    """The measuring of one emulator; calls wait for each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self._told = False

    def run_due(self, context: Context) -> float | None:
        """Measure the events of all quarters of an hour that are over; when there is more to do, None for never."""
        with self._lock:
            boundary = float(window_of(context.now))
            dates = [self._measure(_context_of(context, one), one, boundary) for one in _all(context)]
            self._publish(context)
        return min((date for date in dates if date is not None), default=None)

    def flush(self, context: Context) -> dict[str, int]:
        """Measure all that has come so far. Gives how many figures wait for CloudWatch, and how many it has got."""
        with self._lock:
            for record in _all(context):
                self._measure(_context_of(context, record), record, None)
            return self._publish(context)

    def measure(self, context: Context, arn: str) -> None:
        """Measure all that has come so far for one attribution of the caller; nothing where there is none."""
        with self._lock:
            with context.emulator.database.read() as rows:
                record = rows.get(arn)
            if (
                record is not None
                and record.kind == KIND.name
                and (record.account, record.region) == (context.account, context.region)
                and is_live(context, KIND, record)
            ):
                self._measure(context, record, None)

    def reports(self, context: Context, limit: int) -> list[dict[str, Any]]:
        """What is known of every attribution, with its newest ``limit`` figures, as JSON values."""
        told = []
        for record in _all(context):
            own = _context_of(context, record)
            with context.emulator.database.read() as rows:
                progress = rows.attribution_progress(record.arn)
                found = rows.figures_of(record.arn, limit)
            told.append(
                {
                    "arn": record.arn,
                    "status": status_of(own, KIND, record).word,
                    "sources": [] if progress is None else list(progress.sources),
                    "figures": found,
                }
            )
        return told

    def clear(self) -> None:
        """Let go of what is known of CloudWatch."""
        with self._lock:
            self._seen.clear()

    def _measure(self, context: Context, record: Record, boundary: float | None) -> float | None:
        """Measure what arrived before ``boundary`` (None: all); when the rest is due, None where there is no rest."""
        group, database = record.body["datasetGroupArn"], context.emulator.database
        status = status_of(context, KIND, record)
        if not status.is_active:
            return None
        record = replace(record, body=status.body)
        with database.read() as rows:
            progress = rows.attribution_progress(record.arn)
            newest = rows.newest_event()
            arrived = None if progress is None else rows.first_arrival(group, progress.measured)
        if progress is None:
            return None
        if arrived is None:
            if newest > progress.measured + _AT_ONCE:  # so that the next look does not pass over those of others again
                self._write(context, record, progress.measured, newest, [])
            return None
        if boundary is not None and arrived >= boundary:
            return float(window_of(arrived) + WINDOW)
        with database.read() as rows:
            until = newest if boundary is None else rows.last_arrived(progress.measured, boundary)
        while self._part(context, record, until):
            pass
        with database.append() as rows:
            rows.drop_figures(window_of(context.now - OLDEST))
            arrived = rows.first_arrival(group, until)
        return None if arrived is None else float(window_of(arrived) + WINDOW)

    def _part(self, context: Context, record: Record, until: int) -> bool:
        """Measure some of the events up to a sequence; False when there is none left."""
        group = record.body["datasetGroupArn"]
        with context.emulator.database.read() as rows:
            progress = rows.attribution_progress(record.arn)
            if progress is None or progress.measured >= until:
                return False
            given = rows.events_between(group, progress.measured, until, _AT_ONCE)
            last = given[-1][0] if len(given) == _AT_ONCE else until
            reader = _Reader(context, rows, record)
            found = reader.figures([row for row in given if row[7] is not None and row[7] >= reader.since])
        return self._write(context, record, progress.measured, last, found)

    def _write(self, context: Context, record: Record, measured: int, last: int, found: Sequence[Figure]) -> bool:
        """Write down figures and how far they go; False where the attribution has been deleted, or moved on."""
        # For events alone: nothing that is kept in memory depends on it.
        with context.emulator.database.append() as rows:
            progress, present = rows.attribution_progress(record.arn), rows.get(record.arn)
            if progress is None or progress.measured != measured:
                return False
            if present is None or present.sequence != record.sequence:
                return False
            names = [one.source for one in found]
            known = with_sources(progress, names, context.emulator.quotas.of(ATTRIBUTION_SOURCES))
            allowed = allowed_of(found, known)
            rows.add_figures(kept(allowed, record.arn, f"events {last}"))
            rows.save_attribution_progress(record.arn, replace(known, measured=last))
        if len(allowed) < len(found):
            log.warning("%s has as many sources as there may be; further ones are not measured", record.arn)
        return True

    def _publish(self, context: Context) -> dict[str, int]:
        """Send what waits; what cannot be sent waits on."""
        told = {"published": 0, "waiting": 0}
        for record in _all(context):
            own = _context_of(context, record)
            cloudwatch = context.emulator.cloudwatch_for(own.account, own.region)
            try:
                for count in () if cloudwatch is None else self._send(own, record, cloudwatch):
                    told["published"] += count
            except CloudWatchError as error:
                log.warning("the figures of %s wait, CloudWatch did not take them: %s", record.arn, error)
            with context.emulator.database.read() as rows:
                waiting = rows.count_waiting(record.arn)
            told["waiting"] += waiting
            if waiting and cloudwatch is None and not self._told:
                self._told = True
                log.warning(
                    "CloudWatch is not there, as the companion is off: figures of metric attributions are at "
                    "GET /_personalize/metric-attributions alone"
                )
        return told

    def _send(self, context: Context, record: Record, cloudwatch: CloudWatch) -> Iterator[int]:
        """Send what waits, and say of each call how many figures it took. Raises CloudWatchError."""
        database = context.emulator.database
        if record.arn not in self._seen:
            with database.read() as rows:
                known = rows.figures_of(record.arn, 1)
            # It may have begun anew since, with the process.
            if known and not cloudwatch.has(NAMESPACE, *_group_dimension(record)):
                with database.append() as rows:
                    rows.publish_again(record.arn)
            self._seen.add(record.arn)
        while True:
            # As many as one call takes, so that none is sent again when the next call fails.
            with database.read() as rows:
                some = rows.waiting_figures(record.arn, AT_ONCE)
            if not some:
                return
            cloudwatch.put(NAMESPACE, [_datum(record, one) for one in some])
            with database.append() as rows:
                rows.set_published(some)
            yield len(some)


def _all(context: Context) -> list[Record]:
    with context.emulator.database.read() as rows:
        return rows.everywhere(KIND.name)


def _context_of(context: Context, record: Record) -> Context:
    return replace(context, account=record.account, region=record.region)


def _group_dimension(record: Record) -> tuple[str, str]:
    return "DatasetGroupArn", record.body["datasetGroupArn"]


def _datum(record: Record, figure: KeptFigure) -> Datum:
    return Datum(
        metric=figure.metric,
        dimensions=(_group_dimension(record), ("EventAttributionSource", figure.source)),
        timestamp=figure.started,
        value=figure.value,
        unit="Count" if figure.function == "samplecount" else "None",
    )


class _Reader:
    """Reads events of the store for one attribution."""

    def __init__(self, context: Context, rows: Rows, record: Record) -> None:
        self._context, self._rows = context, rows
        self._group = record.body["datasetGroupArn"]
        self._metrics = metrics_of(record.body["metrics"])
        datasets = live_datasets(context, rows, self._group)
        interactions = datasets.get("INTERACTIONS")
        self._schema = None if interactions is None else schema_of(rows, interactions.body["schemaArn"])
        self._sources = Sources(rows.recommendation_sources(self._group))
        self._sums = any(metric.expression.dataset_type == "INTERACTIONS" for metric in self._metrics)
        lifecycle = KIND.lifecycle
        assert lifecycle is not None
        self.since = ended_at(mode_of(context, KIND), since=record.created, job=None, real_seconds=lifecycle.create)
        """When the attribution became ACTIVE."""

    def figures(self, given: Sequence[tuple[Any, ...]]) -> list[Figure]:
        """The figures of rows of the store."""
        now = self._context.now
        young = [row for row in given if now - OLDEST < row[5] < now + NEWEST]
        if len(young) < len(given):
            log.info("%s: %s events are too old or ahead for CloudWatch", self._group, len(given) - len(young))
        events = [event_of(row, self._schema, columns=self._sums) for row in young]
        return self._context.emulator.views.reading(
            self._group,
            lambda: figures(events, self._metrics, self._sources.of_event, self._item_value()),
        )

    def _item_value(self) -> Callable[[str, str], float | None]:
        if all(metric.expression.dataset_type != "ITEMS" for metric in self._metrics):
            return lambda _, __: None
        items = self._context.emulator.views.of(self._context, self._rows, self._group).datasets.get("ITEMS")
        catalogue = None if items is None else items.catalogue(self._rows)
        return _Items(catalogue)


@dataclass(frozen=True, slots=True)
class _Items:
    """The values of items: of an id, in a column by its name."""

    catalogue: Catalogue | None

    def __call__(self, item: str, name: str) -> float | None:
        if self.catalogue is None:
            return None
        field, place = self.catalogue.field(name), self.catalogue.vocabulary.get(item)
        column = None if field is None or place < 0 else self.catalogue.column(field.name)
        values: Iterable[Any] = () if column is None else column.at(place)
        return next(iter(values), None)
