"""Every SQL statement of the project, over a DB-API connection, in SQL that sqlite and PostgreSQL both take."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from personalize_local.store.records import Job, Record, StreamedEvent
from personalize_local.store.upgrades import FORMAT, upgrade

TABLES = (
    "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS resources (
        sequence {identity}, arn TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, account TEXT NOT NULL,
        region TEXT NOT NULL, parent TEXT, alias TEXT UNIQUE, created DOUBLE PRECISION NOT NULL,
        deleted DOUBLE PRECISION, body TEXT NOT NULL, state TEXT NOT NULL)""",
    # A page is read in the order of its index: of all of a kind, or of those under a parent.
    "CREATE INDEX IF NOT EXISTS resources_in_order ON resources (account, region, kind, sequence)",
    "CREATE INDEX IF NOT EXISTS resources_below ON resources (parent, kind, sequence)",
    """CREATE TABLE IF NOT EXISTS jobs (
        arn TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, payload TEXT NOT NULL,
        result TEXT NOT NULL, submitted DOUBLE PRECISION NOT NULL, finished DOUBLE PRECISION)""",
    "CREATE INDEX IF NOT EXISTS jobs_state ON jobs (state)",
    """CREATE TABLE IF NOT EXISTS events (
        sequence {identity}, dataset_group TEXT NOT NULL, actor TEXT NOT NULL, user_id TEXT,
        session_id TEXT NOT NULL, item_id TEXT, event_type TEXT NOT NULL, event_value DOUBLE PRECISION,
        sent_at DOUBLE PRECISION NOT NULL, event_id TEXT, extra TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS events_actor ON events (dataset_group, actor, sequence)",
)

_RECORD = (
    "r.sequence, r.arn, r.kind, r.account, r.region, r.parent, r.alias, r.created, r.deleted, r.body, r.state, "
    "j.kind, j.state, j.payload, j.result, j.submitted, j.finished"
)
_RECORDS = f"SELECT {_RECORD} FROM resources r LEFT JOIN jobs j ON j.arn = r.arn"


class Cursor(Protocol):
    """What is used of a DB-API cursor."""

    @property
    def rowcount(self) -> int:
        """Rows touched by the last statement."""

    def fetchone(self) -> Any:
        """The next row or None."""

    def fetchall(self) -> Sequence[Any]:
        """All remaining rows."""

    def __iter__(self) -> Iterator[Any]:
        """The remaining rows one by one."""


class Connection(Protocol):
    """What is used of a DB-API connection; placeholders are ``?`` here, an adapter may rewrite them."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Cursor:
        """Run one statement."""

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Cursor:
        """Run one statement for each row of parameters."""


class Rows:
    """The questions and changes that the emulator has, as methods over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create_tables(self, identity: str) -> None:
        """Make what is missing, upgrade what is old; ``identity`` is the dialect's type of a growing key.

        Raises ValueError when the tables are of a later version.
        """
        for statement in TABLES:
            self._connection.execute(statement.format(identity=identity))
        row = self._connection.execute("SELECT value FROM facts WHERE name = 'format'").fetchone()
        if row is None:
            self._connection.execute("INSERT INTO facts (name, value) VALUES ('format', ?)", (str(FORMAT),))
        elif row[0] != str(FORMAT):
            upgrade(self._connection, int(row[0]))

    def clear(self) -> None:
        """Forget every resource, job and event."""
        for table in ("resources", "jobs", "events"):
            self._connection.execute(f"DELETE FROM {table}")

    # Resources

    def get(self, arn: str) -> Record | None:
        """The resource of an ARN."""
        row = self._connection.execute(f"{_RECORDS} WHERE r.arn = ?", (arn,)).fetchone()
        return _record(row) if row is not None else None

    def find(self, alias: str) -> Record | None:
        """The resource of a second key, for instance a tracking id."""
        row = self._connection.execute(f"{_RECORDS} WHERE r.alias = ?", (alias,)).fetchone()
        return _record(row) if row is not None else None

    def children(self, parent: str, kind: str) -> list[Record]:
        """The resources of a kind under a parent ARN, oldest first."""
        cursor = self._connection.execute(
            f"{_RECORDS} WHERE r.parent = ? AND r.kind = ? ORDER BY r.sequence", (parent, kind)
        )
        return [_record(row) for row in cursor]

    def all(self, account: str, region: str, kind: str) -> list[Record]:
        """The resources of a kind in an account and region, oldest first."""
        cursor = self._connection.execute(
            f"{_RECORDS} WHERE r.account = ? AND r.region = ? AND r.kind = ? ORDER BY r.sequence",
            (account, region, kind),
        )
        return [_record(row) for row in cursor]

    def everywhere(self, kind: str) -> list[Record]:
        """The resources of a kind in all accounts and regions that nobody has deleted, oldest first."""
        cursor = self._connection.execute(
            f"{_RECORDS} WHERE r.kind = ? AND r.deleted IS NULL ORDER BY r.sequence", (kind,)
        )
        return [_record(row) for row in cursor]

    def has(self, account: str, region: str, kind: str, count: int) -> bool:
        """Whether an account has ``count`` resources of a kind in a region, those in deletion left out."""
        if count <= 0:
            return True
        row = self._connection.execute(
            "SELECT 1 FROM resources WHERE account = ? AND region = ? AND kind = ? AND deleted IS NULL "
            "LIMIT 1 OFFSET ?",
            (account, region, kind, count - 1),
        ).fetchone()
        return row is not None

    def page(
        self, account: str, region: str, kind: str, *, parent: str | None, before: int | None, limit: int
    ) -> list[Record]:
        """Up to ``limit`` resources of an account and region, newest first, older than sequence ``before``."""
        sql = f"{_RECORDS} WHERE r.account = ? AND r.region = ? AND r.kind = ?"
        parameters: list[Any] = [account, region, kind]
        if parent is not None:
            sql, parameters = f"{sql} AND r.parent = ?", [*parameters, parent]
        if before is not None:
            sql, parameters = f"{sql} AND r.sequence < ?", [*parameters, before]
        cursor = self._connection.execute(f"{sql} ORDER BY r.sequence DESC LIMIT ?", (*parameters, limit))
        return [_record(row) for row in cursor]

    def insert(self, record: Record) -> None:
        """Add a resource; its ``sequence`` is given by the store and its job is not stored with it."""
        self._connection.execute(
            "INSERT INTO resources (arn, kind, account, region, parent, alias, created, deleted, body, state) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.arn,
                record.kind,
                record.account,
                record.region,
                record.parent,
                record.alias,
                record.created,
                record.deleted,
                _dump(record.body),
                _dump(record.state),
            ),
        )

    def save(self, record: Record) -> None:
        """Write what may change of a resource: ``parent``, ``deleted``, ``body`` and ``state``."""
        self._connection.execute(
            "UPDATE resources SET parent = ?, deleted = ?, body = ?, state = ? WHERE arn = ?",
            (record.parent, record.deleted, _dump(record.body), _dump(record.state), record.arn),
        )

    def remove(self, arn: str) -> None:
        """Forget a resource and its jobs."""
        self._connection.execute("DELETE FROM resources WHERE arn = ?", (arn,))
        # Further jobs of a resource have its ARN, # and a number for their key; $ follows # in every collation used.
        self._connection.execute(
            "DELETE FROM jobs WHERE arn = ? OR (arn >= ? AND arn < ?)", (arn, f"{arn}#", f"{arn}$")
        )

    def mentions(self, name: str) -> bool:
        """Whether a generated name (of a segment or an artifact) is in use.

        A segment is named by its dataset until that is deleted, an artifact by the job that made it, both by jobs that
        are not finished.
        """
        questions = (
            ("SELECT 1 FROM resources WHERE deleted IS NULL AND state LIKE ? LIMIT 1", f'%"{name}"%'),
            ("SELECT 1 FROM jobs WHERE state = 'PENDING' AND payload LIKE ? LIMIT 1", f'%"{name}"%'),
            (
                "SELECT 1 FROM jobs WHERE state <> 'STOPPED' AND payload LIKE ? LIMIT 1",
                f'%"artifact":"{name}"%',
            ),
        )
        return any(self._connection.execute(sql, (pattern,)).fetchone() is not None for sql, pattern in questions)

    def awaits(self, name: str) -> bool:
        """Whether a job that is not finished has a generated name in its payload."""
        cursor = self._connection.execute(
            "SELECT 1 FROM jobs WHERE state = 'PENDING' AND payload LIKE ? LIMIT 1", (f'%"{name}"%',)
        )
        return cursor.fetchone() is not None

    # Jobs

    def job(self, arn: str) -> Job | None:
        """The job of an ARN."""
        row = self._connection.execute(
            "SELECT kind, state, payload, result, submitted, finished FROM jobs WHERE arn = ?", (arn,)
        ).fetchone()
        return _job(arn, row) if row is not None else None

    def unfinished_jobs(self) -> list[Job]:
        """All jobs that have neither a result nor a failure, oldest first."""
        cursor = self._connection.execute(
            "SELECT kind, state, payload, result, submitted, finished, arn FROM jobs WHERE state = 'PENDING' "
            "ORDER BY submitted, arn"
        )
        return [_job(row[6], row) for row in cursor]

    def add_job(self, job: Job) -> None:
        """Add a job."""
        self._connection.execute(
            "INSERT INTO jobs (arn, kind, state, payload, result, submitted, finished) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (job.arn, job.kind, job.state, _dump(job.payload), _dump(job.result), job.submitted, job.finished),
        )

    def finish_job(self, job: Job) -> bool:
        """Write the outcome of a job that is still pending; False when there is none (any more).

        The payload tells a job from a later one of the same ARN.
        """
        cursor = self._connection.execute(
            "UPDATE jobs SET state = ?, result = ?, finished = ? WHERE arn = ? AND payload = ? AND state = 'PENDING'",
            (job.state, _dump(job.result), job.finished, job.arn, _dump(job.payload)),
        )
        return cursor.rowcount == 1

    def stop_job(self, arn: str) -> None:
        """Mark a job as stopped, whatever has come of it."""
        self._connection.execute("UPDATE jobs SET state = 'STOPPED' WHERE arn = ?", (arn,))

    # Events

    def add_events(self, events: Sequence[StreamedEvent]) -> None:
        """Append events."""
        self._connection.executemany(
            "INSERT INTO events (dataset_group, actor, user_id, session_id, item_id, event_type, event_value, "
            "sent_at, event_id, extra) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    event.dataset_group,
                    event.actor,
                    event.user_id,
                    event.session_id,
                    event.item_id,
                    event.event_type,
                    event.event_value,
                    event.sent_at,
                    event.event_id,
                    _dump(event.extra),
                )
                for event in events
            ],
        )

    def last_event(self, dataset_group: str) -> int:
        """The sequence of the newest event of a dataset group; 0 when there is none."""
        row = self._connection.execute(
            "SELECT MAX(sequence) FROM events WHERE dataset_group = ?", (dataset_group,)
        ).fetchone()
        return int(row[0] or 0)

    def recent_events(self, dataset_group: str, actor: str, after: int, limit: int) -> list[tuple[str, str, Any]]:
        """Item id, event type and value of an actor's newest events past sequence ``after``, oldest first.

        They come in order of arrival: a client's clock decides nothing about what is newest in real time.
        """
        cursor = self._connection.execute(
            "SELECT item_id, event_type, event_value FROM events WHERE dataset_group = ? AND actor = ? "
            "AND sequence > ? AND item_id IS NOT NULL ORDER BY sequence DESC LIMIT ?",
            (dataset_group, actor, after, limit),
        )
        return [(row[0], row[1], row[2]) for row in reversed(cursor.fetchall())]

    def events(self, dataset_group: str, until: int) -> Iterator[tuple[Any, ...]]:
        """All events with an item up to a sequence: user, session, item, type, value, time, event id, extra."""
        return iter(
            self._connection.execute(
                "SELECT user_id, session_id, item_id, event_type, event_value, sent_at, event_id, extra FROM events "
                "WHERE dataset_group = ? AND sequence <= ? AND item_id IS NOT NULL ORDER BY sequence",
                (dataset_group, until),
            )
        )

    def remove_events(self, dataset_group: str) -> None:
        """Forget the events of a dataset group."""
        self._connection.execute("DELETE FROM events WHERE dataset_group = ?", (dataset_group,))


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


def _load(text: str) -> Any:
    # Most of these columns are empty most of the time, and every call reads some.
    return {} if text == "{}" else json.loads(text)


def _job(arn: str, row: Sequence[Any]) -> Job:
    kind, state, payload, result, submitted, finished = row[:6]
    return Job(
        arn=arn,
        kind=kind,
        state=state,
        payload=_load(payload),
        result=_load(result),
        submitted=submitted,
        finished=finished,
    )


def _record(row: Sequence[Any]) -> Record:
    return Record(
        sequence=row[0],
        arn=row[1],
        kind=row[2],
        account=row[3],
        region=row[4],
        parent=row[5],
        alias=row[6],
        created=row[7],
        deleted=row[8],
        body=_load(row[9]),
        state=_load(row[10]),
        job=_job(row[1], row[11:]) if row[11] is not None else None,
    )
