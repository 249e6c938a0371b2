"""Connections to the database: many readers, one writer, sqlite3 by default."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

from personalize_local.store.sql import Rows

_PAGES = 4096
"""Pages that are copied at a time; other threads go on in between."""
_IDENTITY = "INTEGER PRIMARY KEY AUTOINCREMENT"
"""Growing, and never given twice: a page token or a snapshot's last event must not meet a reused number."""


class Database:
    """The store of everything mutable, in one sqlite file.

    A commit is on disk before it is acknowledged as far as the process is concerned: WAL with ``synchronous=NORMAL``
    loses nothing when the process is killed (a power cut may lose the last commits, never consistency).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._writer = self._connect()
        self._readers: list[sqlite3.Connection] = []
        self._closed = False
        self.generation = 0
        """Grows with each change of this process, which is the only one that writes; not with mere events."""
        self.appended = 0
        """Grows with each change, events too."""
        with self.write() as rows:
            rows.create_tables(_IDENTITY)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    def read(self) -> AbstractContextManager[Rows]:
        """Rows to read: each statement sees all that was committed before it."""
        return _Reading(self)

    def _lend(self) -> sqlite3.Connection:
        try:
            return self._readers.pop()
        except IndexError:
            return self._connect()

    def _take_back(self, connection: sqlite3.Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._readers.append(connection)

    @contextmanager
    def write(self) -> Iterator[Rows]:
        """Rows to read and change in one transaction; an exception undoes it."""
        with self._lock:
            with self.append() as rows:
                yield rows
            self.generation += 1

    @contextmanager
    def append(self) -> Iterator[Rows]:
        """As :meth:`write`, for events alone: what was read of anything else stays true."""
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield Rows(self._writer)
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")
            self.appended += 1

    def alone(self) -> AbstractContextManager[object]:
        """While it lasts no other thread writes, nor takes over another store."""
        return self._lock

    def copy_to(self, path: Path, while_still: Callable[[], object]) -> None:
        """Write the store as it is now to a new file, while others read and write it.

        ``while_still`` is called at the moment that the copy is of, when nobody can write.
        """
        with closing(self._connect()) as source, closing(sqlite3.connect(path)) as target:
            with self._lock:
                source.execute("BEGIN")
                source.execute("SELECT 1 FROM facts").fetchone()  # from here on it sees this moment
                while_still()
            source.backup(target, pages=_PAGES)
            # One file, without a log beside it.
            target.execute("PRAGMA journal_mode=DELETE")

    def become(self, path: Path, while_still: Callable[[], object]) -> None:
        """Take over the content of another store of this format: all of it or, when that fails, nothing.

        ``while_still`` is called just before it, when nobody can write. Raises sqlite3.Error.
        """
        with self._lock, closing(sqlite3.connect(path)) as source:
            while_still()
            # Into the open file: to rename another one over it would mix their logs.
            source.backup(self._writer)
            self.generation += 1
            self.appended += 1

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            self._closed = True
            self._writer.close()
            while self._readers:
                self._readers.pop().close()


class _Reading:
    """What ``with database.read()`` enters. Every call does, and a generator takes four times as long."""

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Rows:
        self._connection = self._database._lend()
        return Rows(self._connection)

    def __exit__(self, *_: object) -> None:
        self._database._take_back(self._connection)


def lock(folder: Path) -> IO[bytes]:
    """Claim a folder for this process until the returned file is closed or the process ends, however it ends.

    Raises ValueError when another process has it. Where the system has no such locks, nothing is claimed.
    """
    file = (folder / "lock").open("wb")
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        pass
    except OSError:
        file.close()
        raise ValueError(f"{folder} is in use by another server") from None
    return file


@contextmanager
def reading(path: Path) -> Iterator[Rows]:
    """Rows of a database that another process keeps."""
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=30)
    try:
        yield Rows(connection)
    finally:
        connection.close()
