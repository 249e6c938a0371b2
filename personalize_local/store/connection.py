"""What is used of a DB-API connection, and how values are kept in its columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol


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


def dump(value: Mapping[str, Any]) -> str:
    """A value as a text column holds it."""
    return json.dumps(value, separators=(",", ":"))


def load(text: str) -> Any:
    """The value of a text column."""
    # Most of these columns are empty most of the time, and every call reads some.
    return {} if text == "{}" else json.loads(text)
