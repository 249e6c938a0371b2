"""Which status a record shows now, and which of its bodies is in force: functions of the record and the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from personalize_local.context import Asking, Context
from personalize_local.jobs.lifecycle import Mode, Phase, ended_at, holds_name, is_gone, phase
from personalize_local.provenance import Rule
from personalize_local.resources.kind import STOPPING, Kind, Lifecycle
from personalize_local.store.records import Job, Record

RESTING = frozenset({"ACTIVE", "CREATE FAILED", "INACTIVE", "CREATE STOPPED", "UPDATE FAILED"})
"""Statuses from which a resource may be changed or deleted (documented; INACTIVE observed)."""

FAILED = frozenset({"CREATE FAILED", "CREATE STOPPED", "FAILED"})
"""Statuses of what never came to be."""

RULES = (
    Rule(
        says="A resource in deletion answers a describe with DELETE PENDING at least once, but where its time is over.",
        known="observed",
        source="client-expectations: clean-up loops end only on that answer",
    ),
    Rule(
        says="The first tenth of a timed change shows PENDING, the rest IN_PROGRESS.",
        known="chosen",
    ),
    Rule(
        says="lastUpdatedDateTime is when the latest change began or, once it is over, when it ended.",
        known="inferred",
        source="dg/API_Campaign.html",
    ),
)


SWITCHES: Mapping[str, tuple[str, str, str]] = {
    # A recommender that is stopped and started again.
    "STOP": ("STOP PENDING", "STOP IN_PROGRESS", "INACTIVE"),
    "START": ("START PENDING", "START IN_PROGRESS", "ACTIVE"),
    # A training that is stopped: one that has not begun is stopped at once (documented).
    "STOP TRAINING": (STOPPING, STOPPING, "CREATE STOPPED"),
    "STOP PENDING TRAINING": ("CREATE STOPPED", "CREATE STOPPED", "CREATE STOPPED"),
}
"""What a record's state calls a switch, to its words: while it waits, while it runs, when it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a record shows now: the status ``word``, the ``body`` in force, the latest ``update`` as it is described."""

    word: str
    body: Mapping[str, Any]
    failure: str | None
    updated: float
    update: Mapping[str, Any] | None = None
    settled: bool = True
    """Whether only a write can change it, and not the time alone."""

    @property
    def is_active(self) -> bool:
        """Whether the resource is ready for use."""
        return self.word == "ACTIVE"

    @property
    def is_resting(self) -> bool:
        """Whether nothing about the resource is moving, its latest update included."""
        return self.word in RESTING and (self.update is None or self.update["status"] in RESTING)

    @property
    def moving_word(self) -> str:
        """The status that keeps the resource from resting: its own, else its latest update's."""
        if self.word not in RESTING or self.update is None:
            return self.word
        return str(self.update["status"])


def mode_of(context: Asking, kind: Kind) -> Mode:
    """How statuses of this kind advance."""
    return context.emulator.modes.of(kind.mode_key)


def status_of(context: Asking, kind: Kind, record: Record) -> Status:
    """The status of ``record`` now, with the body in force."""
    life = kind.lifecycle
    if life is None:
        return Status(word="ACTIVE", body=record.body, failure=None, updated=record.created)
    mode = mode_of(context, kind)
    state = record.state
    status = _created(context, life, mode, record)
    if "mended" in state:
        status = replace(status, word=life.create_words.done, failure=None)
    if "switch" in state:
        status = _switched(context, life, mode, state["switch"], status)
    if "update" in state:
        status = _updated(context, life, mode, state["update"], status)
    if "changed" in state:
        status = replace(status, updated=max(status.updated, state["changed"]))
    if record.deleted is not None:
        word = life.delete_words[min(state.get("delete_polls", 0), 1)]
        return replace(status, word=word, updated=record.deleted, settled=False)
    return status


def _created(context: Asking, life: Lifecycle, mode: Mode, record: Record) -> Status:
    job, since = record.job, record.created
    polls = record.state.get("polls", 0)
    progress = phase(mode, since=since, polls=polls, job=job, now=context.now, real_seconds=life.create)
    updated, failure = since, None
    if progress == "FAILED" and job is not None:
        failure = job.result.get("reason")
    if progress in ("DONE", "FAILED"):
        updated = ended_at(mode, since=since, job=job, real_seconds=life.create)
    return Status(
        word=life.create_words.of(progress),
        body=record.body,
        failure=failure,
        updated=updated,
        settled=progress in ("DONE", "FAILED"),
    )


def _switched(context: Asking, life: Lifecycle, mode: Mode, switch: Mapping[str, Any], status: Status) -> Status:
    since = switch["since"]
    progress = phase(
        mode, since=since, polls=switch.get("polls", 0), job=None, now=context.now, real_seconds=life.switch
    )
    if progress == "DONE":
        since = ended_at(mode, since=since, job=None, real_seconds=life.switch)
    place = {"PENDING": 0, "IN_PROGRESS": 1}.get(progress, 2)
    return Status(
        word=SWITCHES[switch["to"]][place],
        body=status.body,
        failure=status.failure,
        updated=since,
        settled=progress == "DONE",
    )


def _updated(context: Asking, life: Lifecycle, mode: Mode, update: Mapping[str, Any], status: Status) -> Status:
    since, job = update["since"], _job_of(update)
    progress: Phase = phase(
        mode, since=since, polls=update.get("polls", 0), job=job, now=context.now, real_seconds=life.update
    )
    updated = since
    if progress in ("DONE", "FAILED"):
        updated = ended_at(mode, since=since, job=job, real_seconds=life.update)
    view = {
        **update["view"],
        "status": life.update_words.of(progress),
        "creationDateTime": since,
        "lastUpdatedDateTime": updated,
    }
    if progress == "FAILED" and job is not None:
        view["failureReason"] = job.result.get("reason")
    # An update that fails leaves what was in force.
    body = {**status.body, **update["body"]} if progress == "DONE" else status.body
    shows = life.update_shows and progress not in ("DONE", "FAILED") and status.word == "ACTIVE"
    # A retraining that succeeds is also what a failed creation lacked; the next change makes it a fact of the record.
    mended = progress == "DONE" and job is not None and status.word in FAILED
    return Status(
        word=view["status"] if shows or mended else status.word,
        body=body,
        failure=None if mended else status.failure,
        updated=max(updated, status.updated),
        update=view,
        settled=status.settled and progress in ("DONE", "FAILED"),
    )


def _job_of(update: Mapping[str, Any]) -> Job | None:
    """The work behind an update, from what its completion wrote down; None when there is none."""
    key = update.get("job")
    if key is None:
        return None
    outcome = update.get("outcome")
    if outcome is None:
        return Job(arn=key, kind="", submitted=update["since"])
    reason = outcome.get("reason")
    return Job(
        arn=key,
        kind="",
        state="DONE" if reason is None else "FAILED",
        result={"reason": reason},
        submitted=update["since"],
        finished=outcome["finished"],
    )


def is_live(context: Asking, kind: Kind, record: Record) -> bool:
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
