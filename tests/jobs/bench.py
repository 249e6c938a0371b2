"""A runner over a store, with executors that do what the test says."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from personalize_local.clock import SettableClock
from personalize_local.jobs.runner import JobRunner, JobType
from personalize_local.jobs.workplace import JobFailure, Workplace
from personalize_local.store.database import Database
from personalize_local.store.objects import ObjectsConfig
from personalize_local.store.records import Job
from personalize_local.store.sql import Rows


class Later(Executor):
    """Keeps tasks until the test says what came of them."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []
        self.broken = self.ended = False

    def lose(self) -> None:
        """Its workers have died."""
        self.broken = True
        for future in self.futures:
            if not future.done():
                future.set_exception(BrokenProcessPool("killed"))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        del wait, cancel_futures
        self.ended = True

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        del fn, args, kwargs
        if self.broken:
            raise BrokenProcessPool("a worker ended")
        self.futures.append(Future())
        self.futures[-1].set_running_or_notify_cancel()
        return self.futures[-1]


def work(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    """Count the call in a file, then do what the payload says."""
    del workplace
    marks = Path(payload["marks"])
    attempt = len(list(marks.iterdir()))
    (marks / str(attempt)).touch()
    if attempt < payload.get("deaths", 0) or "kills" in payload:
        os.kill(os.getpid(), signal.SIGKILL)
    if attempt < payload.get("naps", 0):
        signal.pause()
    if "reason" in payload:
        raise JobFailure(payload["reason"], {"row": 7})
    return {"times": 1 // payload.get("divisor", 1)}


def kept(make: Callable[[], Executor], made: list[Any]) -> Callable[[], Executor]:
    """``make``, which keeps what it makes in ``made``."""

    def making() -> Executor:
        made.append(make())
        return made[-1]  # type: ignore[no-any-return]  # what make gave

    return making


class Bench:
    """A runner over a store, and the executors that it was given."""

    def __init__(self, root: Path, make: Callable[[], Executor]) -> None:
        self.root, self.made = root, list[Any]()
        self.completed: list[Job] = []
        self.database = Database(root / "store.sqlite3")
        (root / "marks").mkdir()

        self.runner = JobRunner(
            database=self.database,
            clock=SettableClock(100.0),
            types={"work": JobType(run=work, complete=self._complete)},
            make_executor=kept(make, self.made),
            workplace=self._workplace,
        )

    def _complete(self, rows: Rows, job: Job, workplace: Workplace) -> None:
        assert workplace.root == self.root
        assert rows.job(job.arn) is not None
        try:
            self.completed.append(job)
        finally:
            self.failures()

    def failures(self) -> None:
        """What the test wants to happen after a completion."""

    def _workplace(self, account: str) -> Workplace:
        del account
        return Workplace(root=self.root, storage=ObjectsConfig(root=self.root), seed=0, relaxed_minimums=True)

    def add(self, arn: str = "a", **payload: Any) -> None:
        with self.database.write() as rows:
            given = {"marks": str(self.root / "marks"), **payload}
            rows.add_job(Job(arn=arn, kind="work", payload=given, submitted=1.0))

    def job(self, arn: str = "a") -> Job:
        with self.database.read() as rows:
            job = rows.job(arn)
        assert job is not None
        return job

    def begin(self, arn: str, **payload: Any) -> None:
        """Add a job and submit it."""
        self.add(arn, **payload)
        self.runner.submit(arn)

    def attempts(self) -> int:
        """How often jobs were begun."""
        return len(list((self.root / "marks").iterdir()))


MakeBench = Callable[[Callable[[], Executor]], Bench]
