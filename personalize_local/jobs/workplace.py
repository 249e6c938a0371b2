"""What a job needs to know of its surroundings, as a value that travels to another process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from personalize_local.store.objects import Objects, ObjectsConfig, WSGIApplication, open_objects


class JobFailure(Exception):
    """The work ended without a result; the message is the failureReason, ``report`` what else is known."""

    def __init__(self, reason: str, report: dict[str, object] | None = None) -> None:
        super().__init__(reason, report)
        self.reason = reason
        self.report = report or {}


class RunAgain(Exception):
    """What a job was done on is no longer in force: its end undoes nothing and puts nothing in force, it runs anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """``root`` is the folder of all state, ``storage`` describes the object storage as the account of the job sees it.

    ``companion`` is set only for jobs in the server's own process, which must not call its own port.
    """

    root: Path
    storage: ObjectsConfig
    companion: WSGIApplication | None = None
    seed: int
    relaxed_minimums: bool

    def objects(self) -> Objects:
        """The object storage, opened."""
        return open_objects(self.storage, self.companion)

    @property
    def spool(self) -> Path:
        """The folder of what unfinished jobs keep: files whose bucket may not outlive the process, lists of users."""
        return self.root / "spool"

    @property
    def database(self) -> Path:
        """The database file."""
        return database_path(self.root)

    @property
    def datasets(self) -> Path:
        """The folder of imported segments."""
        return self.root / "datasets"

    @property
    def artifacts(self) -> Path:
        """The folder of trained models."""
        return self.root / "artifacts"


def database_path(root: Path) -> Path:
    """The database file under a state folder."""
    return root / "personalize.sqlite3"
