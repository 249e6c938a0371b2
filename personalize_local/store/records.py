"""The rows of the store as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal

IMPLICIT = "implicit"
"""Under which the extra of an event has what was shown under its recommendationId."""

JobState = Literal["PENDING", "DONE", "FAILED", "STOPPED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work in the background, under the ARN of the resource that it makes (``ARN#2`` and so on for what comes later).

    ``payload`` is what was asked for, ``result`` what came of it (``reason`` in it when it failed), both JSON-able.
    Times are epoch seconds.
    """

    arn: str
    kind: str
    state: JobState = "PENDING"
    payload: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    submitted: float
    finished: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One resource.

    ``body`` holds the model's members as they were given or defaulted; ``state`` what the emulator keeps beside them
    (answered polls, tags, a running update). ``parent`` is the ARN it is listed under, ``alias`` a second key by
    which it is found. Times are epoch seconds; ``deleted`` is when deletion was asked for.
    """

    arn: str
    kind: str
    account: str
    region: str
    parent: str | None = None
    alias: str | None = None
    created: float
    deleted: float | None = None
    body: Mapping[str, Any]
    state: Mapping[str, Any] = field(default_factory=dict)
    sequence: int = 0
    job: Job | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedEvent:
    """One event of PutEvents, or one action interaction (``item_id`` is its action then).

    ``stream`` is the ARN that it belongs to; ``sent_at``, as the client says it, and ``arrived`` are in epoch seconds
    (None: not known); ``extra`` holds what has no column of its own.
    """

    stream: str
    user_id: str | None
    session_id: str
    item_id: str | None
    event_type: str
    event_value: float | None
    sent_at: float
    event_id: str | None
    extra: Mapping[str, Any] = field(default_factory=dict)
    arrived: float | None = None

    @property
    def actor(self) -> str:
        """Under which id the event is found in real time: the user's, else the session's."""
        return self.user_id if self.user_id is not None else self.session_id


def user_mark(user_id: str) -> str:
    """By what a deleted user is known again, without his id."""
    return blake2b(user_id.encode(), digest_size=16).hexdigest()
