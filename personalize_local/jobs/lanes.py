"""Where a job runs: beside all others or, once a worker has died under it, with no other job beside it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

from personalize_local.jobs.course import Course
from personalize_local.provenance import Rule
from personalize_local.store.records import Job

RULES = (
    Rule(
        says="A job under which a worker process dies gets one more chance, in which no other job shares its process: "
        "jobs that merely waited behind one that kills its worker are done.",
        known="chosen",
    ),
)


@dataclass(slots=True, eq=False)
class Run:
    """One attempt at a job. ``state`` is the number of the runner's state in which it was begun; what it runs on and
    what comes of it are there once it has begun."""

    job: Job
    attempt: int
    state: int
    executor: Executor | None = None
    future: Future[dict[str, Any]] | None = None
    course: Course | None = None


class Lanes:
    """The executors of one runner, which calls this with its lock held.

    The death of a process breaks all futures of its executor, and nothing tells which job it was that killed it. So
    second attempts have an executor that is given one job at a time.
    """

    def __init__(self, make: Callable[[], Executor]) -> None:
        self._make = make
        self._shared: Executor | None = None
        self._apart: Executor | None = None
        self._alone: Run | None = None
        self._waiting: deque[Run] = deque()

    def executor_for(self, run: Run) -> Executor | None:
        """Where a run is to begin; None where another one is alone, after which it is :meth:`after`'s turn."""
        if run.attempt == 1:
            if self._shared is None:
                self._shared = self._make()
            return self._shared
        if self._alone is not None and self._alone is not run:
            self._waiting.append(run)
            return None
        self._alone = run
        if self._apart is None:
            self._apart = self._make()
        return self._apart

    def after(self, run: Run, wanted: Callable[[Run], bool]) -> tuple[Run | None, Executor | None]:
        """What begins now that ``run`` has ended, if it was alone; where nothing does, the executor to let go of.

        There is none where the executor becomes that of all.
        """
        if self._alone is not run:
            return None, None
        self._alone = None
        while self._waiting:
            if wanted(following := self._waiting.popleft()):
                self._alone = following
                return following, None
        idle, self._apart = self._apart, None
        if self._shared is None:
            self._shared, idle = idle, None  # its process is there already
        return None, idle

    def drop(self, executor: Executor) -> None:
        """Give nothing to an executor any more."""
        if self._shared is executor:
            self._shared = None
        if self._apart is executor:
            self._apart = None

    def take(self) -> list[Executor]:
        """All executors, which are given nothing any more; nothing waits for its turn."""
        taken = [executor for executor in (self._shared, self._apart) if executor is not None]
        self._shared = self._apart = self._alone = None
        self._waiting.clear()
        return taken
