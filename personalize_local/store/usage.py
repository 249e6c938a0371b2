"""What was used that the service would bill: one row for each act, sum or change, kept when its resource has gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from personalize_local.store.connection import Connection, dump, load

TABLES = (
    """CREATE TABLE IF NOT EXISTS usage (
        sequence {identity}, kind TEXT NOT NULL, resource TEXT NOT NULL, act TEXT, dataset_group TEXT NOT NULL,
        at DOUBLE PRECISION NOT NULL, amount BIGINT NOT NULL, facts TEXT NOT NULL)""",
    # Rows without an act are many under one resource: no value equals another there.
    "CREATE UNIQUE INDEX IF NOT EXISTS usage_acts ON usage (kind, resource, act)",
)
NAMES = ("usage",)

UsageKind = Literal["import", "stream", "training", "capacity", "requests", "batch", "segments"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """One row of usage.

    ``at`` is in epoch seconds: when the act was over, the window of a sum began, or the change is in force. ``amount``
    is in the unit of its kind: bytes, interactions, requests, requests per second, lines, or the users of every segment
    added up. ``act`` tells rows of one kind and resource apart; None is told apart from nothing. ``group`` is the ARN
    of the dataset group, empty where the other rows of the resource say it.
    """

    kind: UsageKind
    resource: str
    group: str = ""
    act: str | None = None
    at: float
    amount: int
    facts: Mapping[str, Any] = field(default_factory=dict)


class Usage:
    """The questions about usage, as methods over one connection."""

    _connection: Connection

    def use(self, used: Used) -> None:
        """Write an act down; one that is written down already counts once."""
        self._connection.execute(f"{_INSERT} ON CONFLICT (kind, resource, act) DO NOTHING", _values(used))

    def correct_use(self, used: Used) -> None:
        """Write an act down in the place of what was written of it before."""
        self._connection.execute(
            f"{_INSERT} ON CONFLICT (kind, resource, act) DO UPDATE SET at = excluded.at, amount = excluded.amount, "
            "facts = excluded.facts",
            _values(used),
        )

    def add_use(self, sums: Iterable[Used]) -> None:
        """Add to the sums of the same kind, resource and act."""
        for used in sums:
            # Nearly always the sum is there, and this takes half of the time of an INSERT with an ON CONFLICT.
            found = self._connection.execute(
                "UPDATE usage SET amount = amount + ? WHERE kind = ? AND resource = ? AND act = ?",
                (used.amount, used.kind, used.resource, used.act),
            )
            if found.rowcount == 0:
                self._connection.execute(_INSERT, _values(used))

    def used(self) -> list[Used]:
        """Every row, in the order in which they were written."""
        cursor = self._connection.execute(
            "SELECT kind, resource, dataset_group, act, at, amount, facts FROM usage ORDER BY sequence"
        )
        return [
            Used(kind=kind, resource=resource, group=group, act=act, at=at, amount=amount, facts=load(facts))
            for kind, resource, group, act, at, amount, facts in cursor
        ]

    def capacity_known(self) -> frozenset[str]:
        """The ARNs of which some capacity is written down."""
        cursor = self._connection.execute("SELECT DISTINCT resource FROM usage WHERE kind = 'capacity'")
        return frozenset(row[0] for row in cursor)


_INSERT = "INSERT INTO usage (kind, resource, dataset_group, act, at, amount, facts) VALUES (?, ?, ?, ?, ?, ?, ?)"


def _values(used: Used) -> Sequence[Any]:
    return (used.kind, used.resource, used.group, used.act, used.at, used.amount, dump(used.facts))
