"""Every SQL statement of the project, over a DB-API connection, in SQL that sqlite and PostgreSQL both take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from personalize_local.store import attributions, streams, usage
from personalize_local.store.connection import dump, load
from personalize_local.store.records import Job, Record
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
    "CREATE INDEX IF NOT EXISTS resources_leaving ON resources (deleted) WHERE deleted IS NOT NULL",
    """CREATE TABLE IF NOT EXISTS jobs (
        arn TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, payload TEXT NOT NULL,
        result TEXT NOT NULL, submitted DOUBLE PRECISION NOT NULL, finished DOUBLE PRECISION)""",
    "CREATE INDEX IF NOT EXISTS jobs_state ON jobs (state)",
    *streams.TABLES,
    *attributions.TABLES,
    *usage.TABLES,
)

_RECORD = (
    "r.sequence, r.arn, r.kind, r.account, r.region, r.parent, r.alias, r.created, r.deleted, r.body, r.state, "
    "j.kind, j.state, j.payload, j.result, j.submitted, j.finished"
)
_RECORDS = f"SELECT {_RECORD} FROM resources r LEFT JOIN jobs j ON j.arn = r.arn"


class Rows(streams.Streams, attributions.Attributions, usage.Usage):
    """The questions and changes that the emulator has, as methods over one connection."""

    def create_tables(self, identity: str) -> None:
        """Make what is missing, upgrade what is old; ``identity`` is the dialect's type of a growing key.

        Raises ValueError when the tables are of a later version.
        """
        facts, *others = TABLES
        self._connection.execute(facts)
        row = self._connection.execute("SELECT value FROM facts WHERE name = 'format'").fetchone()
        if row is None:
            self._connection.execute("INSERT INTO facts (name, value) VALUES ('format', ?)", (str(FORMAT),))
        elif row[0] != str(FORMAT):
            upgrade(self._connection, int(row[0]))
        for statement in others:
            self._connection.execute(statement.format(identity=identity))

    def fact(self, name: str) -> str | None:
        """What the store knows of itself by a name."""
        row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_fact(self, name: str, value: str) -> None:
        """Note what the store is to know of itself."""
        self._connection.execute(
            "INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def clear(self) -> None:
        """Forget every resource, job, event and row, and what was used."""
        for table in ("resources", "jobs", *streams.NAMES, *attributions.NAMES, *usage.NAMES):
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

    def leaving(self) -> list[Record]:
        """The resources in all accounts and regions whose deletion was asked for, the earliest first."""
        cursor = self._connection.execute(f"{_RECORDS} WHERE r.deleted IS NOT NULL ORDER BY r.deleted, r.sequence")
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
                dump(record.body),
                dump(record.state),
            ),
        )

    def save(self, record: Record) -> None:
        """Write what may change of a resource: ``parent``, ``deleted``, ``body`` and ``state``."""
        self._connection.execute(
            "UPDATE resources SET parent = ?, deleted = ?, body = ?, state = ? WHERE arn = ?",
            (record.parent, record.deleted, dump(record.body), dump(record.state), record.arn),
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

    def newest_jobs(self, limit: int) -> list[Job]:
        """The jobs that were submitted last, newest first."""
        cursor = self._connection.execute(
            "SELECT kind, state, payload, result, submitted, finished, arn FROM jobs "
            "ORDER BY submitted DESC, arn DESC LIMIT ?",
            (limit,),
        )
        return [_job(row[6], row) for row in cursor]

    def add_job(self, job: Job) -> None:
        """Add a job."""
        self._connection.execute(
            "INSERT INTO jobs (arn, kind, state, payload, result, submitted, finished) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (job.arn, job.kind, job.state, dump(job.payload), dump(job.result), job.submitted, job.finished),
        )

    def finish_job(self, job: Job) -> bool:
        """Write the outcome of a job that is still pending; False when there is none (any more).

        The payload tells a job from a later one of the same ARN.
        """
        cursor = self._connection.execute(
            "UPDATE jobs SET state = ?, result = ?, finished = ? WHERE arn = ? AND payload = ? AND state = 'PENDING'",
            (job.state, dump(job.result), job.finished, job.arn, dump(job.payload)),
        )
        return cursor.rowcount == 1

    def release_job(self, arn: str) -> None:
        """Let go of what a job has made, or makes; what else is known of one that has ended stays."""
        job = self.job(arn)
        if job is None:
            return
        if job.state == "PENDING":
            self.stop_job(arn)
            return
        kept = {name: value for name, value in job.payload.items() if name != "artifact"}
        self._connection.execute("UPDATE jobs SET payload = ? WHERE arn = ?", (dump(kept), arn))

    def stop_job(self, arn: str) -> None:
        """Mark a job as stopped, whatever has come of it."""
        self._connection.execute("UPDATE jobs SET state = 'STOPPED' WHERE arn = ?", (arn,))


def _job(arn: str, row: Sequence[Any]) -> Job:
    kind, state, payload, result, submitted, finished = row[:6]
    return Job(
        arn=arn,
        kind=kind,
        state=state,
        payload=load(payload),
        result=load(result),
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
        body=load(row[9]),
        state=load(row[10]),
        job=_job(row[1], row[11:]) if row[11] is not None else None,
    )
