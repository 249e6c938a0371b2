"""What is declared of a resource kind, and what follows from the declaration for one record."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from personalize_local.arns import parse_arn, partition_of
from personalize_local.context import Context
from personalize_local.errors import not_active, not_found, wrong_arn
from personalize_local.jobs.lifecycle import Mode, Phase, ended_at, holds_name, is_gone, phase
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

View = Callable[[Context, Rows, Record], Mapping[str, Any]]
Blockers = Callable[[Context, Rows, Record], Sequence[str]]
Removal = Callable[[Context, Rows, Record], None]

RESTING = ("ACTIVE", "CREATE FAILED", "INACTIVE", "CREATE STOPPED")
"""Statuses from which a resource may be changed or deleted (documented; INACTIVE observed)."""

IN_CREATION = ("CREATE PENDING", "CREATE IN_PROGRESS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """How long the service takes, in seconds (observed in captured notebooks), and how it names an update."""

    create: float
    delete: float = 60.0
    update: float = 60.0
    update_word: str = "CREATE"
    update_shows: bool = False
    """Whether a running update shows as the resource's own status (observed for datasets)."""
    delete_words: tuple[str, str] = ("DELETE PENDING", "DELETE IN_PROGRESS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of resource. ``name`` is the model's (``datasetGroup``), ``arn_type`` the ARN's (``dataset-group``).

    ``parent_member`` is the member that names the resource it is listed under. ``children`` are the kinds that block
    deletion while one is listed under it, ``cascade`` those that vanish with it, ``blockers`` finds further ARNs that
    block. ``view`` adds members to the describe answer that follow from other records. ``removed`` lets go of data.
    """

    name: str
    arn_type: str
    lifecycle: Lifecycle | None = None
    parent_member: str | None = None
    parent_must_exist: bool = False
    children: tuple[str, ...] = ()
    cascade: tuple[str, ...] = ()
    blockers: Blockers | None = None
    view: View | None = None
    summary_view: View | None = None
    removed: Removal | None = None
    unknown: Callable[[str], Exception] = not_found
    mode_key: str = field(init=False)
    """The name under which a status mode is set for it: ``dataset-group``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "mode_key", re.sub("([A-Z])", r"-\1", self.name).lower())

    @property
    def title(self) -> str:
        """The name as operations spell it: ``DatasetGroup``."""
        return self.name[0].upper() + self.name[1:]

    @property
    def arn_member(self) -> str:
        """The member that carries the ARN: ``datasetGroupArn``."""
        return f"{self.name}Arn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a record shows now: the status ``word``, the ``body`` in force, the latest ``update`` as it is described."""

    word: str
    body: Mapping[str, Any]
    failure: str | None
    updated: float
    update: Mapping[str, Any] | None = None

    @property
    def is_active(self) -> bool:
        """Whether the resource is ready for use."""
        return self.word == "ACTIVE"


def mode_of(context: Context, kind: Kind) -> Mode:
    """How statuses of this kind advance."""
    return context.emulator.modes.of(kind.mode_key)


def status_of(context: Context, kind: Kind, record: Record) -> Status:
    """The status of ``record`` now, with the body in force."""
    life = kind.lifecycle
    if life is None:
        return Status(word="ACTIVE", body=record.body, failure=None, updated=record.created)
    mode = mode_of(context, kind)
    state = record.state
    now = context.now
    created = phase(
        mode,
        since=record.created,
        polls=state.get("polls", 0),
        job=record.job,
        now=now,
        real_seconds=life.create,
    )
    word, failure = _word("CREATE", created), None
    updated = record.created
    if created == "FAILED" and record.job is not None:
        failure = record.job.result.get("reason")
    if created in ("DONE", "FAILED"):
        updated = ended_at(mode, since=record.created, job=record.job, real_seconds=life.create)
    body, update = record.body, state.get("update")
    if update is not None:
        progress = phase(
            mode, since=update["since"], polls=update.get("polls", 0), job=None, now=now, real_seconds=life.update
        )
        updated = update["since"]
        if progress == "DONE":
            updated = ended_at(mode, since=updated, job=None, real_seconds=life.update)
        update = {
            **update["view"],
            "status": _word(life.update_word, progress),
            "creationDateTime": update["since"],
            "lastUpdatedDateTime": updated,
        }
        if progress == "DONE":
            body = {**body, **state["update"]["body"]}
        elif life.update_shows:
            word = update["status"]
    if record.deleted is not None:
        word = life.delete_words[min(state.get("delete_polls", 0), 1)]
        updated = record.deleted
    return Status(word=word, body=body, failure=failure, updated=updated, update=update)


def _word(verb: str, progress: Phase) -> str:
    return {"DONE": "ACTIVE", "FAILED": f"{verb} FAILED"}.get(progress, f"{verb} {progress}")


def is_live(context: Context, kind: Kind, record: Record) -> bool:
    """Whether the resource counts: for its name, in lists and as a dependant."""
    if record.deleted is None:
        return True
    life = kind.lifecycle
    return life is not None and holds_name(
        mode_of(context, kind),
        deleted=record.deleted,
        polls=record.state.get("delete_polls", 0),
        now=context.now,
        real_seconds=life.delete,
    )


def is_describable(context: Context, kind: Kind, record: Record) -> bool:
    """Whether a describe still answers."""
    if record.deleted is None:
        return True
    life = kind.lifecycle
    return life is not None and not is_gone(
        mode_of(context, kind),
        deleted=record.deleted,
        polls=record.state.get("delete_polls", 0),
        now=context.now,
        real_seconds=life.delete,
    )


def check_arn(context: Context, kind: Kind, member: str, arn: str) -> None:
    """Raise InvalidInputException when ``arn`` is of another kind, account or region."""
    parsed = parse_arn(arn)
    if (
        parsed is None
        or (parsed.partition, parsed.service) != (partition_of(context.region), "personalize")
        or parsed.type != kind.arn_type
        or parsed.account != context.account
        or parsed.region != context.region
    ):
        raise wrong_arn(member, arn)


def require(context: Context, rows: Rows, kind: Kind, arn: str, member: str | None = None) -> Record:
    """The live resource of ``arn``.

    Raises InvalidInputException for an ARN of another kind, account or region, ResourceNotFoundException when there
    is none.
    """
    check_arn(context, kind, member or kind.arn_member, arn)
    record = rows.get(arn)
    if record is None or record.kind != kind.name or not is_live(context, kind, record):
        raise kind.unknown(arn)
    return record


def require_active(context: Context, rows: Rows, kind: Kind, arn: str, member: str | None = None) -> Record:
    """As :func:`require`; raises ResourceInUseException when it is not ACTIVE. Its body is the one in force."""
    record = require(context, rows, kind, arn, member)
    status = status_of(context, kind, record)
    if not status.is_active:
        raise not_active(arn, status.word)
    return replace(record, body=status.body)
