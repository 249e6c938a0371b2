"""Which status a resource shows: a pure function of its record, its job, the mode and the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from personalize_local.settings import SettingError
from personalize_local.store.records import Job

Phase = Literal["PENDING", "IN_PROGRESS", "DONE", "FAILED"]

_PENDING_SHARE = 0.1
"""Part of a timed change that shows PENDING rather than IN_PROGRESS (chosen)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """How time passes for statuses.

    ``instant``: done as soon as the work is; ``polls``: after ``amount`` answers to a describe; ``timed``: after
    ``amount`` seconds; ``real``: after about as long as the service takes. Work that is not done keeps every mode
    waiting.
    """

    kind: Literal["instant", "polls", "timed", "real"] = "instant"
    amount: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Modes:
    """The mode of each resource kind (by its name in ARNs), and of all others."""

    default: Mode = field(default_factory=Mode)
    by_kind: Mapping[str, Mode] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, kinds: frozenset[str]) -> Modes:
        """Read ``MODE[,KIND=MODE…]``. Raises SettingError."""
        default, by_kind = Mode(), {}
        for part in text.split(","):
            kind, equals, mode = part.strip().rpartition("=")
            if not equals:
                default = _parse_mode(mode)
            elif kind in kinds:
                by_kind[kind] = _parse_mode(mode)
            else:
                raise SettingError(f"status: unknown resource kind {kind!r}; known are {', '.join(sorted(kinds))}")
        return cls(default=default, by_kind=by_kind)

    def of(self, kind: str) -> Mode:
        """The mode of a resource kind."""
        return self.by_kind.get(kind, self.default)


def _parse_mode(text: str) -> Mode:
    name, _, amount = text.partition(":")
    if name == "instant" and not amount:
        return Mode(kind="instant")
    if name == "real" and not amount:
        return Mode(kind="real")
    try:
        if name == "polls":
            return Mode(kind="polls", amount=_positive(int(amount)))
        if name == "timed":
            return Mode(kind="timed", amount=_positive(float(amount)))
    except ValueError:
        pass
    raise SettingError(f"status: {text!r} is none of instant, polls:N, timed:SECONDS, real")


def _positive(amount: float) -> float:
    if not 0 < amount < float("inf"):
        raise ValueError
    return amount


def phase(mode: Mode, *, since: float, polls: int, job: Job | None, now: float, real_seconds: float) -> Phase:
    """How far a change is that began at ``since`` and has been described ``polls`` times before.

    ``real_seconds`` is what the service takes; ``job`` the work behind the change, if there is any.
    """
    waited = _waited(mode, since=since, polls=polls, now=now, real_seconds=real_seconds)
    if waited != "DONE":
        return waited
    if job is None or job.state == "DONE":
        return "DONE"
    return "FAILED" if job.state == "FAILED" else "IN_PROGRESS"


def _waited(mode: Mode, *, since: float, polls: int, now: float, real_seconds: float) -> Phase:
    if mode.kind == "instant":
        return "DONE"
    if mode.kind == "polls":
        if polls >= mode.amount:
            return "DONE"
        return "PENDING" if polls == 0 else "IN_PROGRESS"
    seconds = real_seconds if mode.kind == "real" else mode.amount
    elapsed = now - since
    if elapsed >= seconds:
        return "DONE"
    return "PENDING" if elapsed < seconds * _PENDING_SHARE else "IN_PROGRESS"


def ended_at(mode: Mode, *, since: float, job: Job | None, real_seconds: float) -> float:
    """When a finished change shows as finished: the later of its time and its work."""
    waited = {"timed": mode.amount, "real": real_seconds}.get(mode.kind, 0.0)
    return max(since + waited, job.finished if job is not None and job.finished is not None else since)


def is_gone(mode: Mode, *, deleted: float, polls: int, now: float, real_seconds: float) -> bool:
    """Whether a deletion asked for at ``deleted`` has finished for someone who describes the resource.

    Where no time passes, one describe still answers DELETE PENDING: clean-up programs wait for that answer
    (observed: they loop for half an hour when the group is gone at once).
    """
    if mode.kind in ("instant", "polls"):
        return polls >= max(1, mode.amount)
    return now - deleted >= (real_seconds if mode.kind == "real" else mode.amount)


def holds_name(mode: Mode, *, deleted: float, polls: int, now: float, real_seconds: float) -> bool:
    """Whether a resource in deletion still counts: for its name, in lists and as a dependant.

    Without waiting, deletion counts at once, only the one describe is still answered.
    """
    if mode.kind == "instant":
        return False
    return not is_gone(mode, deleted=deleted, polls=polls, now=now, real_seconds=real_seconds)
