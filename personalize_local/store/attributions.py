"""What metric attributions have measured: how far, for which sources, and the figures on their way to CloudWatch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from personalize_local.store.connection import Connection, load

TABLES = (
    # Campaigns and recommenders of a group by the tag in their recommendation ids; they stay when these are deleted.
    """CREATE TABLE IF NOT EXISTS recommendation_sources (
        dataset_group TEXT NOT NULL, tag TEXT NOT NULL, arn TEXT NOT NULL, PRIMARY KEY (dataset_group, tag))""",
    """CREATE TABLE IF NOT EXISTS attributions (
        arn TEXT PRIMARY KEY, measured BIGINT NOT NULL, sources TEXT NOT NULL)""",
    # ``cause`` names the events or the import that a figure is of: none is written twice.
    """CREATE TABLE IF NOT EXISTS attribution_figures (
        attribution TEXT NOT NULL, cause TEXT NOT NULL, metric TEXT NOT NULL, source TEXT NOT NULL,
        started BIGINT NOT NULL, event_type TEXT NOT NULL, math_function TEXT NOT NULL,
        value DOUBLE PRECISION NOT NULL, published INTEGER NOT NULL,
        PRIMARY KEY (attribution, cause, metric, source, started))""",
    "CREATE INDEX IF NOT EXISTS attribution_figures_waiting ON attribution_figures (attribution) WHERE published = 0",
)
NAMES = ("recommendation_sources", "attributions", "attribution_figures")

_FIGURE = "attribution, cause, metric, source, started, event_type, math_function, value, published"
_KEY = "attribution = ? AND cause = ? AND metric = ? AND source = ? AND started = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an attribution is: the sequence of the last event of any stream that it has seen, and its sources."""

    measured: int
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFigure:
    """A figure as it is kept; ``started`` in epoch seconds."""

    attribution: str
    cause: str
    metric: str
    source: str
    started: int
    event_type: str
    function: str
    value: float
    published: bool = False

    @property
    def key(self) -> tuple[Any, ...]:
        """By what it is found."""
        return (self.attribution, self.cause, self.metric, self.source, self.started)


class Attributions:
    """The questions about attributions, as methods over one connection."""

    _connection: Connection

    # Who gives recommendations

    def add_recommendation_source(self, dataset_group: str, tag: str, arn: str) -> None:
        """Note the tag of a campaign or recommender; a second time changes nothing."""
        self._connection.execute(
            "INSERT INTO recommendation_sources (dataset_group, tag, arn) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (dataset_group, tag, arn),
        )

    def recommendation_sources(self, dataset_group: str) -> dict[str, str]:
        """The ARNs of all that has ever given recommendations in a group, by their tags."""
        cursor = self._connection.execute(
            "SELECT tag, arn FROM recommendation_sources WHERE dataset_group = ?", (dataset_group,)
        )
        return {row[0]: row[1] for row in cursor}

    def remove_recommendation_sources(self, dataset_group: str) -> None:
        """Forget them, with their group."""
        self._connection.execute("DELETE FROM recommendation_sources WHERE dataset_group = ?", (dataset_group,))

    # Progress

    def attribution_progress(self, arn: str) -> Progress | None:
        """How far an attribution is; None for one that is not there."""
        row = self._connection.execute("SELECT measured, sources FROM attributions WHERE arn = ?", (arn,)).fetchone()
        return None if row is None else Progress(measured=int(row[0]), sources=tuple(json.loads(row[1])))

    def save_attribution_progress(self, arn: str, progress: Progress) -> None:
        """Write down how far an attribution is, the first time too."""
        self._connection.execute(
            "INSERT INTO attributions (arn, measured, sources) VALUES (?, ?, ?) "
            "ON CONFLICT (arn) DO UPDATE SET measured = excluded.measured, sources = excluded.sources",
            (arn, progress.measured, json.dumps(progress.sources)),
        )

    def end_attribution(self, arn: str) -> None:
        """Forget an attribution and its figures."""
        self._connection.execute("DELETE FROM attributions WHERE arn = ?", (arn,))
        self._connection.execute("DELETE FROM attribution_figures WHERE attribution = ?", (arn,))

    # Events to measure

    def first_arrival(self, stream: str, after: int) -> float | None:
        """When the first event of a stream past a sequence arrived; None where there is none."""
        # By sequence, not by stream: what is asked for is the end of a long table.
        row = self._connection.execute(
            "SELECT arrived FROM events WHERE sequence > ? AND stream || '' = ? ORDER BY sequence LIMIT 1",
            (after, stream),
        ).fetchone()
        return None if row is None else float(row[0] or 0.0)

    def last_arrived(self, after: int, before: float) -> int:
        """The sequence of the newest event past another one, of any stream, that arrived before a moment; else that."""
        row = self._connection.execute(
            "SELECT MAX(sequence) FROM events WHERE sequence > ? AND COALESCE(arrived, 0) < ?", (after, before)
        ).fetchone()
        return int(row[0] or after)

    def events_between(self, stream: str, after: int, until: int, limit: int) -> list[tuple[Any, ...]]:
        """The first ``limit`` events of a stream past one sequence and up to another, in order of arrival.

        Of each: sequence, user, item, type, value, time, extra, arrival.
        """
        cursor = self._connection.execute(
            "SELECT sequence, user_id, item_id, event_type, event_value, sent_at, extra, arrived FROM events "
            "WHERE sequence > ? AND sequence <= ? AND stream || '' = ? ORDER BY sequence LIMIT ?",
            (after, until, stream, limit),
        )
        return [(*row[:6], load(row[6]), row[7]) for row in cursor]

    # Figures

    def add_figures(self, figures: Iterable[KeptFigure]) -> None:
        """Keep figures; those that are there already stay as they are."""
        self._connection.executemany(
            f"INSERT INTO attribution_figures ({_FIGURE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [(*one.key, one.event_type, one.function, one.value, int(one.published)) for one in figures],
        )

    def waiting_figures(self, attribution: str, limit: int) -> list[KeptFigure]:
        """Up to ``limit`` figures that are not published yet, the earliest windows first."""
        cursor = self._connection.execute(
            f"SELECT {_FIGURE} FROM attribution_figures WHERE attribution = ? AND published = 0 "
            "ORDER BY started, metric, source, cause LIMIT ?",
            (attribution, limit),
        )
        return [_kept(row) for row in cursor]

    def count_waiting(self, attribution: str) -> int:
        """How many figures are not published yet."""
        row = self._connection.execute(
            "SELECT COUNT(*) FROM attribution_figures WHERE attribution = ? AND published = 0", (attribution,)
        ).fetchone()
        return int(row[0])

    def figures_of(self, attribution: str, limit: int) -> list[dict[str, Any]]:
        """The figures of an attribution, summed up by window, the newest first."""
        cursor = self._connection.execute(
            "SELECT metric, event_type, math_function, source, started, SUM(value), MIN(published) "
            "FROM attribution_figures WHERE attribution = ? "
            "GROUP BY metric, event_type, math_function, source, started ORDER BY started DESC, metric, source LIMIT ?",
            (attribution, limit),
        )
        return [
            {
                "metricName": row[0],
                "eventType": row[1],
                "mathFunction": row[2],
                "eventAttributionSource": row[3],
                "timestamp": row[4],
                "value": row[5],
                "published": bool(row[6]),
            }
            for row in cursor
        ]

    def set_published(self, figures: Iterable[KeptFigure]) -> None:
        """Note that figures are published."""
        self._connection.executemany(
            f"UPDATE attribution_figures SET published = 1 WHERE {_KEY}", [one.key for one in figures]
        )

    def publish_again(self, attribution: str) -> None:
        """Note that none of an attribution's figures is published any more."""
        self._connection.execute("UPDATE attribution_figures SET published = 0 WHERE attribution = ?", (attribution,))

    def drop_figures(self, before: int) -> None:
        """Forget the figures of windows that began before a moment."""
        self._connection.execute("DELETE FROM attribution_figures WHERE started < ?", (before,))


def _kept(row: Sequence[Any]) -> KeptFigure:
    attribution, cause, metric, source, started, event_type, function, value, published = row
    return KeptFigure(
        attribution=attribution,
        cause=cause,
        metric=metric,
        source=source,
        started=started,
        event_type=event_type,
        function=function,
        value=value,
        published=bool(published),
    )
