"""Submits jobs to an executor, writes down what came of them, and takes up again what a crash cut off."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakSet

from personalize_local.clock import Clock
from personalize_local.jobs.course import Course, Progress, Stages
from personalize_local.jobs.executors import stop
from personalize_local.jobs.sweeping import sweep
from personalize_local.jobs.workplace import JobFailure, RunAgain, Workplace
from personalize_local.provenance import Sentence
from personalize_local.store.database import Database
from personalize_local.store.records import Job
from personalize_local.store.sql import Rows

log = logging.getLogger("personalize_local.jobs")

_SAID = "failureReason of every job"
PROCESS_ENDED = Sentence("The process that ran the job ended.", rule="chosen", wording="chosen", said=_SAID)
FAULT = Sentence("Internal error.", rule="chosen", wording="chosen", said=_SAID)

_WRITES = 3
"""Attempts to write an outcome down: the disk may be full or busy for a moment."""
_ATTEMPTS = 2
"""A worker that dies (out of memory, killed) gets one more chance before its job has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobType:
    """``run`` does the work in any process and returns JSON-able facts; ``complete`` puts what came of it in force, be
    it DONE or FAILED, in the same transaction that ends the job. RunAgain undoes that: the job stays pending."""

    run: Callable[[Mapping[str, Any], Workplace], dict[str, Any]]
    complete: Callable[[Rows, Job, Workplace], None] | None = None
    tell: Callable[[Mapping[str, Any]], str] | None = None
    """What the log says of a result; without it, failures alone are logged."""
    stages: Stages | None = None
    """The work in parts that goes before ``run``, which puts together what came of them."""


class JobRunner:
    """All background work of one emulator. ``ended`` is told of each job whose outcome is in the store; of a job in
    parts, ``width`` are done at a time. ``fails`` says why a job is to fail instead of being done, None where it is
    not."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        types: Mapping[str, JobType],
        make_executor: Callable[[], Executor],
        workplace: Callable[[str], Workplace],
        ended: Callable[[Job], None] = lambda _: None,
        width: int = 1,
        fails: Callable[[Job], str | None] = lambda _: None,
    ) -> None:
        self._database, self._clock, self._types = database, clock, types
        self._make_executor, self._workplace = make_executor, workplace
        self._told, self._width = ended, width
        self._fails = fails
        self._executor: Executor | None = None
        self._lock = threading.Lock()
        self._running: dict[str, Future[dict[str, Any]]] = {}
        self._courses: dict[str, Course] = {}
        self._ended: WeakSet[Executor] = WeakSet()
        self._sweep = False
        self._closed = False

    @property
    def running(self) -> int:
        """How many jobs are submitted and not finished."""
        return len(self._running)

    def submit(self, arn: str, attempt: int = 1) -> None:
        """Start the job of ``arn``, which is in the store already."""
        with self._database.read() as rows:
            job = rows.job(arn)
        if job is None or job.state != "PENDING":
            return
        executor = self._current()
        if executor is None:
            return
        reason = self._fails(job) if attempt == 1 else None
        try:
            future = self._begin(job, executor) if reason is None else _failed(reason)
        except RuntimeError:  # a worker died since, or the executor was stopped for another job
            self._drop(executor)
            self.submit(arn, attempt)
            return
        self._running[arn] = future
        future.add_done_callback(lambda done: self._finish(job, done, executor, attempt))

    def _begin(self, job: Job, executor: Executor) -> Future[dict[str, Any]]:
        type_, workplace = self._types[job.kind], self._workplace(job.payload.get("account", ""))
        if type_.stages is None:
            return executor.submit(type_.run, job.payload, workplace)
        course = Course(
            executor,
            arn=job.arn,
            payload=job.payload,
            workplace=workplace,
            stages=type_.stages,
            finish=type_.run,
            width=self._width,
            wanted=lambda: self._is_pending(job),
        )
        self._courses[job.arn] = course
        course.begin()
        return course.outcome

    def _is_pending(self, job: Job) -> bool:
        with self._database.read() as rows:
            found = rows.job(job.arn)
        return found is not None and (found.state, found.payload) == ("PENDING", job.payload)

    def report(self, job: Job) -> dict[str, Any]:
        """What a job is doing or what came of it, as JSON values; how far it is, where it is done in parts."""
        state = job.state
        facts: dict[str, Any] = {"arn": job.arn, "kind": job.kind, "submitted": job.submitted}
        if state == "PENDING":
            progress = self.progress(job.arn)
            facts["state"] = "RUNNING" if job.arn in self._running else "WAITING"
            return facts if progress is None else {**facts, "progress": progress.facts()}
        told, tell = job.result.get("reason"), self._types[job.kind].tell
        if tell is not None and state in ("DONE", "FAILED"):
            told = tell(job.result)
        return {**facts, "state": state, "finished": job.finished, **({} if told is None else {"told": told})}

    def progress(self, arn: str) -> Progress | None:
        """How far a job in parts is that runs now; None for any other."""
        course = self._courses.get(arn)
        return None if course is None else course.progress

    def _current(self) -> Executor | None:
        with self._lock:
            if self._executor is None and not self._closed:
                self._executor = self._make_executor()
            return self._executor

    def resume(self) -> None:
        """Submit every unfinished job; running one twice is harmless, its output replaces itself."""
        with self._database.read() as rows:
            unfinished = rows.unfinished_jobs()
        for job in unfinished:
            log.info("resuming %s", job.arn)
            self.submit(job.arn)

    def _finish(self, job: Job, future: Future[dict[str, Any]], executor: Executor, attempt: int) -> None:
        if self._running.get(job.arn) is future:
            del self._running[job.arn]
            self._courses.pop(job.arn, None)
        if self._closed:
            return
        if executor in self._ended and _was_cut_off(future):
            # Stopped for the sake of another job, of which the store knows that it is not to run again.
            self.submit(job.arn, attempt)
            return
        if future.cancelled():
            return
        try:
            outcome = replace(job, state="DONE", result=future.result())
            if (tell := self._types[job.kind].tell) is not None:
                log.info("%s is done: %s", job.arn, tell(outcome.result))
        except JobFailure as failure:
            outcome = replace(job, state="FAILED", result={"reason": failure.reason, "report": failure.report})
            tell = self._types[job.kind].tell
            told = f"{failure.reason} {failure.report or ''}" if tell is None else tell(outcome.result)
            log.warning("%s failed: %s", job.arn, told)
        except BrokenProcessPool:
            self._drop(executor)
            if attempt < _ATTEMPTS:
                self.submit(job.arn, attempt + 1)
                return
            outcome = replace(job, state="FAILED", result={"reason": PROCESS_ENDED()})
        except Exception:
            log.exception("%s failed", job.arn)
            outcome = replace(job, state="FAILED", result={"reason": FAULT()})
        self._write(replace(outcome, finished=round(self._clock.now(), 3)))

    def _write(self, job: Job) -> None:
        for _ in range(_WRITES):
            try:
                self._end(job, self._types[job.kind].complete)
                break
            except RunAgain:
                log.info("%s runs again", job.arn)
                self.submit(job.arn)
                break
            except Exception:
                log.exception("the outcome of %s could not be written", job.arn)
        else:
            # What cannot be put in force has failed: nobody waits for it for ever.
            try:
                self._end(replace(job, state="FAILED", result={"reason": FAULT()}), None)
            except Exception:
                log.exception("%s could not be ended", job.arn)
        if self._sweep:
            self.sweep()

    def _end(self, job: Job, complete: Callable[[Rows, Job, Workplace], None] | None) -> None:
        with self._database.write() as rows:
            written = rows.finish_job(job)
            if written and complete is not None:
                complete(rows, job, self._workplace(job.payload.get("account", "")))
                self._sweep = True
        if written:
            self._told(job)

    def _drop(self, executor: Executor) -> None:
        with self._lock:
            if self._executor is executor:
                self._executor = None

    def stop(self, arn: str) -> None:
        """End the work on a job that is no longer pending in the store; what ran beside it begins again."""
        future = self._running.pop(arn, None)
        if future is None or future.cancel():
            return
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is None:
            return
        self._ended.add(executor)
        stop(executor, busy=True)

    def sweep_soon(self) -> None:
        """Files may have become unreferenced: look when the next job ends."""
        self._sweep = True

    def sweep(self) -> None:
        """Delete what no record and no unfinished job refers to."""
        self._sweep = False
        sweep(self._database, self._workplace(""))

    def abandon(self) -> None:
        """End all jobs; their outcome is no longer wanted."""
        with self._lock:
            executor, self._executor = (self._executor, None) if self._running else (None, self._executor)
        if executor is not None:
            stop(executor, busy=True)
        self.sweep()

    def close(self) -> None:
        """End the executor; unfinished jobs stay in the store."""
        with self._lock:
            self._closed = True
            executor, self._executor = self._executor, None
        if executor is not None:
            stop(executor, busy=bool(self._running))


def _failed(reason: str) -> Future[dict[str, Any]]:
    future: Future[dict[str, Any]] = Future()
    future.set_exception(JobFailure(reason))
    return future


def _was_cut_off(future: Future[dict[str, Any]]) -> bool:
    return future.cancelled() or isinstance(future.exception(), BrokenProcessPool)
