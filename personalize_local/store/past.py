"""The store as it was, as far as events go: what a job that began then may know."""

from __future__ import annotations

from typing import Any

from personalize_local.store.connection import Connection
from personalize_local.store.sql import Rows


class Past(Rows):
    """Rows without the events that came after a sequence. Resources and jobs are those of now."""

    def __init__(self, connection: Connection, until: int) -> None:
        super().__init__(connection)
        self._until = until

    @classmethod
    def of(cls, rows: Rows, until: int) -> Past:
        """The past of ``rows``, over the same connection."""
        return cls(rows._connection, until)

    def last_event(self, stream: str) -> int:
        """As in :class:`Rows`."""
        row = self._connection.execute(
            "SELECT MAX(sequence) FROM events WHERE stream = ? AND sequence <= ?", (stream, self._until)
        ).fetchone()
        return int(row[0] or 0)

    def last_event_before(self, stream: str, moment: float) -> int:
        """As in :class:`Rows`."""
        row = self._connection.execute(
            "SELECT sequence FROM events WHERE stream || '' = ? AND sequence <= ? AND (arrived IS NULL OR arrived < ?) "
            "ORDER BY sequence DESC LIMIT 1",
            (stream, self._until, moment),
        ).fetchone()
        return 0 if row is None else int(row[0])

    def recent_events(self, stream: str, actor: str, after: int, limit: int) -> list[tuple[str, str, Any, float]]:
        """As in :class:`Rows`."""
        cursor = self._connection.execute(
            "SELECT item_id, event_type, event_value, sent_at FROM events WHERE stream = ? AND actor = ? "
            "AND sequence > ? AND sequence <= ? AND item_id IS NOT NULL ORDER BY sequence DESC LIMIT ?",
            (stream, actor, after, self._until, limit),
        )
        return [(row[0], row[1], row[2], row[3]) for row in reversed(cursor.fetchall())]

    def events_of(self, stream: str, actor: str, after: int) -> list[tuple[int, str, str, float, float | None]]:
        """As in :class:`Rows`."""
        return [event for event in super().events_of(stream, actor, after) if event[0] <= self._until]

    def actors(self, stream: str, after: int) -> frozenset[str]:
        """Who has events past a sequence, users and sessions."""
        cursor = self._connection.execute(
            "SELECT DISTINCT actor FROM events WHERE stream = ? AND sequence > ? AND sequence <= ?",
            (stream, after, self._until),
        )
        return frozenset(row[0] for row in cursor)

    def types_by_user(self, stream: str) -> list[tuple[str, str]]:
        """Each user with events in a stream, and each type of them."""
        cursor = self._connection.execute(
            "SELECT DISTINCT user_id, event_type FROM events WHERE stream = ? AND sequence <= ? "
            "AND user_id IS NOT NULL AND item_id IS NOT NULL",
            (stream, self._until),
        )
        return [(row[0], row[1]) for row in cursor]
