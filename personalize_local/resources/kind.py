"""What is declared of a resource kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from personalize_local.context import Context
from personalize_local.errors import NOT_FOUND
from personalize_local.jobs.lifecycle import Phase
from personalize_local.provenance import Refusal
from personalize_local.resources.quotas import Quota
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

View = Callable[[Context, Rows, Record], Mapping[str, Any]]
Blockers = Callable[[Context, Rows, Record], Sequence[str]]
Removal = Callable[[Context, Rows, Record], None]
Refresh = Callable[[Context, str], None]


@dataclass(frozen=True, slots=True)
class Words:
    """The statuses of one change: waiting, running, done and failed."""

    pending: str
    in_progress: str
    done: str
    failed: str

    def of(self, progress: Phase) -> str:
        """The word for ``progress``."""
        return {
            "PENDING": self.pending,
            "IN_PROGRESS": self.in_progress,
            "DONE": self.done,
            "FAILED": self.failed,
        }[progress]


CREATE = Words("CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE", "CREATE FAILED")
UPDATE = Words("UPDATE PENDING", "UPDATE IN_PROGRESS", "ACTIVE", "UPDATE FAILED")  # failure: chosen

STOPPING = "CREATE STOPPING"
IN_CREATION = frozenset({CREATE.pending, CREATE.in_progress, STOPPING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """How long the service takes, in seconds (observed in captured notebooks), and how it words each change."""

    create: float
    delete: float = 60.0
    update: float = 60.0
    switch: float = 300.0
    create_words: Words = CREATE
    update_words: Words = CREATE
    update_shows: bool = False
    """Whether a running update shows as the resource's own status (observed for datasets)."""
    delete_words: tuple[str, str] = ("DELETE PENDING", "DELETE IN_PROGRESS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of resource. ``name`` is the model's (``datasetGroup``), ``arn_type`` the ARN's (``dataset-group``).

    ``parent_member`` is the member that names the resource it is listed under. ``children`` are the kinds that block
    deletion while one is listed under it, ``cascade`` those that vanish with it, ``blockers`` finds further ARNs that
    block. ``view`` adds members to the describe answer that follow from other records. ``removed`` lets go of data.
    ``refresh`` writes down what time has brought about, before a describe. ``quotas`` bound how many there may be.
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
    removed: Removal | None = None
    refresh: Refresh | None = None
    quotas: tuple[Quota, ...] = ()
    unknown: Refusal = NOT_FOUND
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
