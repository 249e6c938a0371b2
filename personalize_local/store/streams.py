"""What comes one by one: events, rows of items, users and actions, and who was deleted from both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from personalize_local.store.connection import Connection, dump, load
from personalize_local.store.records import StreamedEvent

TABLES = (
    """CREATE TABLE IF NOT EXISTS events (
        sequence {identity}, stream TEXT NOT NULL, actor TEXT NOT NULL, user_id TEXT,
        session_id TEXT NOT NULL, item_id TEXT, event_type TEXT NOT NULL, event_value DOUBLE PRECISION,
        sent_at DOUBLE PRECISION NOT NULL, event_id TEXT, extra TEXT NOT NULL, arrived DOUBLE PRECISION)""",
    "CREATE INDEX IF NOT EXISTS events_actor ON events (stream, actor, sequence)",
    """CREATE TABLE IF NOT EXISTS streamed_rows (
        sequence {identity}, dataset TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
        arrived DOUBLE PRECISION)""",
    "CREATE INDEX IF NOT EXISTS streamed_rows_in_order ON streamed_rows (dataset, sequence)",
    "CREATE INDEX IF NOT EXISTS streamed_rows_by_id ON streamed_rows (dataset, id)",
    """CREATE TABLE IF NOT EXISTS forgotten (
        sequence {identity}, dataset_group TEXT NOT NULL, user_mark TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS forgotten_in_order ON forgotten (dataset_group, sequence)",
)
NAMES = ("events", "streamed_rows", "forgotten")

_AT_ONCE = 100
"""Rows of one INSERT: a quarter of the time of one each."""


class Streams:
    """The questions about streams, as methods over one connection.

    A stream of events is named by an ARN: those of PutEvents by their dataset group's, action interactions by their
    dataset's. Sequences grow and are never given twice.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # Events

    def add_events(self, events: Sequence[StreamedEvent]) -> None:
        """Append events."""
        self._connection.executemany(
            "INSERT INTO events (stream, actor, user_id, session_id, item_id, event_type, event_value, "
            "sent_at, event_id, extra, arrived) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    event.stream,
                    event.actor,
                    event.user_id,
                    event.session_id,
                    event.item_id,
                    event.event_type,
                    event.event_value,
                    event.sent_at,
                    event.event_id,
                    dump(event.extra),
                    event.arrived,
                )
                for event in events
            ],
        )

    def last_event(self, stream: str) -> int:
        """The sequence of the newest event of a stream; 0 when there is none."""
        row = self._connection.execute("SELECT MAX(sequence) FROM events WHERE stream = ?", (stream,)).fetchone()
        return int(row[0] or 0)

    def newest_event(self) -> int:
        """The sequence of the newest event of all streams, at no cost; 0 when there is none."""
        return int(self._connection.execute("SELECT MAX(sequence) FROM events").fetchone()[0] or 0)

    def recent_events(self, stream: str, actor: str, after: int, limit: int) -> list[tuple[str, str, Any, float]]:
        """Item id, event type, value and time of an actor's newest events past sequence ``after``, oldest first.

        They come in order of arrival: a client's clock decides nothing about what is newest in real time.
        """
        cursor = self._connection.execute(
            "SELECT item_id, event_type, event_value, sent_at FROM events WHERE stream = ? AND actor = ? "
            "AND sequence > ? AND item_id IS NOT NULL ORDER BY sequence DESC LIMIT ?",
            (stream, actor, after, limit),
        )
        return [(row[0], row[1], row[2], row[3]) for row in reversed(cursor.fetchall())]

    def events_of(self, stream: str, actor: str, after: int) -> list[tuple[int, str, str, float, float | None]]:
        """Sequence, item id, type, time and arrival of an actor's events past sequence ``after``, as they arrived."""
        cursor = self._connection.execute(
            "SELECT sequence, item_id, event_type, sent_at, arrived FROM events WHERE stream = ? AND actor = ? "
            "AND sequence > ? AND item_id IS NOT NULL ORDER BY sequence",
            (stream, actor, after),
        )
        return [tuple(row) for row in cursor]

    def events(self, stream: str, until: int) -> Iterator[tuple[Any, ...]]:
        """All events with an item up to a sequence: user, session, item, type, value, time, event id, extra."""
        return iter(
            self._connection.execute(
                "SELECT user_id, session_id, item_id, event_type, event_value, sent_at, event_id, extra FROM events "
                "WHERE stream = ? AND sequence <= ? AND item_id IS NOT NULL ORDER BY sequence",
                (stream, until),
            )
        )

    def deeds(self, stream: str) -> Iterator[tuple[str | None, str, str, float, Any]]:
        """All events of a stream, with an item or without: user, session, type, time and extra, in order of arrival."""
        cursor = self._connection.execute(
            "SELECT user_id, session_id, event_type, sent_at, extra FROM events WHERE stream = ? ORDER BY sequence",
            (stream,),
        )
        return ((*row[:4], load(row[4])) for row in cursor)

    def events_past(self, stream: str, after: int, limit: int) -> list[list[Any]]:
        """The first ``limit`` events of a stream with a user and an item past a sequence, in order of arrival.

        Of each: sequence, user, item, type, value, time, event id, extra, arrival.
        """
        # All as one text: between two rows other threads have the interpreter, and a busy one keeps it for long. By
        # sequence, not by stream: what is asked for is the end of a long table, and in its order. PostgreSQL has the
        # two functions as json_agg and json_build_array.
        row = self._connection.execute(
            "SELECT json_group_array(json_array(sequence, user_id, item_id, event_type, event_value, sent_at, "
            "event_id, extra, arrived)) FROM (SELECT * FROM events WHERE sequence > ? AND stream || '' = ? "
            "AND user_id IS NOT NULL AND item_id IS NOT NULL ORDER BY sequence LIMIT ?)",
            (after, stream, limit),
        ).fetchone()
        return sorted(load(row[0]))

    def last_event_before(self, stream: str, moment: float) -> int:
        """The sequence of the newest event of a stream that arrived before a moment; 0 when there is none."""
        row = self._connection.execute(
            "SELECT sequence FROM events WHERE stream || '' = ? AND (arrived IS NULL OR arrived < ?) "
            "ORDER BY sequence DESC LIMIT 1",
            (stream, moment),
        ).fetchone()
        return 0 if row is None else int(row[0])

    def tally(self, stream: str, after: int, until: int) -> list[tuple[str, int, float, float]]:
        """Each item of a stream's events past one sequence and up to another, how many, and oldest and newest time."""
        cursor = self._connection.execute(
            "SELECT item_id, COUNT(*), MIN(sent_at), MAX(sent_at) FROM events WHERE sequence > ? AND sequence <= ? "
            "AND stream || '' = ? AND item_id IS NOT NULL GROUP BY item_id ORDER BY item_id",
            (after, until, stream),
        )
        return [tuple(row) for row in cursor]

    def telling(self, stream: str, after: int, until: int, names: Iterable[str]) -> Iterator[tuple[str | None, Any]]:
        """Item and extra of those events of a stream, past one sequence and up to another, whose extra has a name."""
        patterns = [f'%"{name}":%' for name in names]
        cursor = self._connection.execute(
            "SELECT item_id, extra FROM events WHERE sequence > ? AND sequence <= ? AND stream || '' = ? "
            f"AND ({' OR '.join(['extra LIKE ?'] * len(patterns))}) ORDER BY sequence",
            (after, until, stream, *patterns),
        )
        return ((row[0], load(row[1])) for row in cursor)

    def count_events(self, stream: str, until: int) -> int:
        """How many events with an item a stream has up to a sequence."""
        row = self._connection.execute(
            "SELECT COUNT(*) FROM events WHERE stream = ? AND sequence <= ? AND item_id IS NOT NULL", (stream, until)
        ).fetchone()
        return int(row[0])

    def remove_events(self, stream: str) -> None:
        """Forget the events of a stream."""
        self._connection.execute("DELETE FROM events WHERE stream = ?", (stream,))

    # Rows of items, users and actions

    def add_rows(
        self, dataset: str, rows: Iterable[tuple[str, Mapping[str, Any]]], arrived: float | None = None
    ) -> None:
        """Append rows to a dataset, each an id and its values by the names of the schema; when they came."""
        self._connection.executemany(
            "INSERT INTO streamed_rows (dataset, id, body, arrived) VALUES (?, ?, ?, ?)",
            [(dataset, id_, dump(body), arrived) for id_, body in rows],
        )

    def last_row(self, dataset: str) -> int:
        """The sequence of the newest row of a dataset; 0 when there is none."""
        row = self._connection.execute(
            "SELECT MAX(sequence) FROM streamed_rows WHERE dataset = ?", (dataset,)
        ).fetchone()
        return int(row[0] or 0)

    def last_row_before(self, dataset: str, moment: float) -> int:
        """The sequence of the newest row of a dataset that arrived before a moment; 0 when there is none."""
        row = self._connection.execute(
            "SELECT sequence FROM streamed_rows WHERE dataset = ? AND (arrived IS NULL OR arrived < ?) "
            "ORDER BY sequence DESC LIMIT 1",
            (dataset, moment),
        ).fetchone()
        return 0 if row is None else int(row[0])

    def rows_of(self, dataset: str, until: int) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """The rows of a dataset up to a sequence: sequence, id and values, in order of arrival."""
        cursor = self._connection.execute(
            "SELECT sequence, id, body FROM streamed_rows WHERE dataset = ? AND sequence <= ? ORDER BY sequence",
            (dataset, until),
        )
        return ((row[0], row[1], load(row[2])) for row in cursor)

    def remove_rows(self, dataset: str) -> None:
        """Forget the rows of a dataset."""
        self._connection.execute("DELETE FROM streamed_rows WHERE dataset = ?", (dataset,))

    # Deleted users

    def forget(
        self, dataset_group: str, users: Iterable[tuple[str, str]], *, streams: Iterable[str], datasets: Iterable[str]
    ) -> int:
        """Write down the deletion of users, each a mark and an id, from a group; forget their events and rows.

        With the events of a user go those without a user of sessions in which he is named, and of one that has his id:
        he was asked about by it. Returns how many events and rows they were.
        """
        execute = self._connection.execute
        # Millions of users may be named: a statement for each would hold up every other writer for long.
        execute("CREATE TEMPORARY TABLE named (mark TEXT NOT NULL, id TEXT PRIMARY KEY)")
        waiting = iter(users)
        while some := list(islice(waiting, _AT_ONCE)):
            places = ", ".join(["(?, ?)"] * len(some))
            execute(f"INSERT INTO named (mark, id) VALUES {places}", list(chain.from_iterable(some)))
        execute(
            "INSERT INTO forgotten (dataset_group, user_mark) SELECT CAST(? AS TEXT), mark FROM named",
            (dataset_group,),
        )
        removed = 0
        for stream in streams:
            removed += execute(
                "DELETE FROM events WHERE stream = ? AND user_id IS NULL AND actor IN (SELECT session_id FROM events "
                "WHERE stream = ? AND user_id IS NOT NULL AND actor IN (SELECT id FROM named))",
                (stream, stream),
            ).rowcount
            removed += execute(
                "DELETE FROM events WHERE stream = ? AND actor IN (SELECT id FROM named)", (stream,)
            ).rowcount
        for dataset in datasets:
            removed += execute(
                "DELETE FROM streamed_rows WHERE dataset = ? AND id IN (SELECT id FROM named)", (dataset,)
            ).rowcount
        execute("DROP TABLE named")
        return removed

    def last_forgotten(self, dataset_group: str) -> int:
        """The sequence of the newest deletion of a user from a group; 0 when there is none."""
        row = self._connection.execute(
            "SELECT MAX(sequence) FROM forgotten WHERE dataset_group = ?", (dataset_group,)
        ).fetchone()
        return int(row[0] or 0)

    def forgotten(self, dataset_group: str, after: int) -> frozenset[str]:
        """The marks of the users deleted from a group past a sequence."""
        cursor = self._connection.execute(
            "SELECT user_mark FROM forgotten WHERE dataset_group = ? AND sequence > ?", (dataset_group, after)
        )
        return frozenset(row[0] for row in cursor)

    def remove_forgotten(self, dataset_group: str) -> None:
        """Drop what is known of deletions from a group that is deleted itself."""
        self._connection.execute("DELETE FROM forgotten WHERE dataset_group = ?", (dataset_group,))
