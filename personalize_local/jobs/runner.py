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
from personalize_local.jobs.lanes import Lanes, Run
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
_BEGINNINGS = 3
"""Executors that are asked to begin a run: one that has just broken or was stopped takes nothing."""


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
        self._lanes = Lanes(make_executor)
        self._lock = threading.Lock()
        """Not to be held where the database is read or written: who writes may hold that and wait for this."""
        self._running: dict[str, Run] = {}
        self._cut: WeakSet[Executor] = WeakSet()
        self._abandoned: list[Executor] = []
        self._state = 0
        """Which state of the emulator jobs belong to; it grows with :meth:`abandon`."""
        self._sweep = False
        self._closed = False

    @property
    def running(self) -> int:
        """How many jobs are submitted and not finished."""
        return len(self._running)

    def submit(self, arn: str, attempt: int = 1) -> None:
        """Start the job of ``arn``, which is in the store already, unless it runs."""
        run = self._claimed(arn, attempt)
        if run is not None:
            self._begin(run)

    def _claimed(self, arn: str, attempt: int) -> Run | None:
        # Nobody ends a job or puts another state in force between the look at the store and the note that it runs.
        with self._database.alone(), self._database.read() as rows:
            job = rows.job(arn)
            if job is None or job.state != "PENDING":
                return None
            with self._lock:
                known = self._running.get(arn)
                # One of the same name with another payload is of a resource that is gone.
                if self._closed or (known is not None and known.job.payload == job.payload):
                    return None
                self._running[arn] = run = Run(job, attempt, self._state)
                return run

    def _begin(self, run: Run) -> None:
        reason = self._fails(run.job) if run.attempt == 1 else None
        if reason is not None:
            self._follow(run, _failed(reason))
            return
        for _ in range(_BEGINNINGS):
            executor = self._executor_for(run)
            if executor is None:
                self._after(run)
                return
            try:
                self._follow(run, self._started(run, executor))
                return
            except RuntimeError:  # a worker died since, or the executor was stopped for another job
                self._drop(executor)
        log.error("%s could not be begun", run.job.arn)
        self._release(run)
        self._after(run)

    def _follow(self, run: Run, future: Future[dict[str, Any]]) -> None:
        run.future = future
        future.add_done_callback(lambda done: self._finish(run, done))
        if not self._wanted(run):  # it was stopped before there was anything to stop
            self._interrupt(run)

    def _executor_for(self, run: Run) -> Executor | None:
        """None where the run has to wait for its turn, or is not wanted any more."""
        with self._lock:
            if self._closed or not self._wanted(run):
                return None
            run.executor = self._lanes.executor_for(run)
            return run.executor

    def _wanted(self, run: Run) -> bool:
        return self._running.get(run.job.arn) is run

    def _started(self, run: Run, executor: Executor) -> Future[dict[str, Any]]:
        job = run.job
        type_, workplace = self._types[job.kind], self._workplace(job.payload.get("account", ""))
        if type_.stages is None:
            return executor.submit(type_.run, job.payload, workplace)
        run.course = Course(
            executor,
            arn=job.arn,
            payload=job.payload,
            workplace=workplace,
            stages=type_.stages,
            finish=type_.run,
            # What died for want of memory has more of it when its parts are done one by one.
            width=self._width if run.attempt == 1 else 1,
            wanted=lambda: self._wanted(run) and self._is_pending(job),
        )
        run.course.begin()
        return run.course.outcome

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
        run = self._running.get(arn)
        return None if run is None or run.course is None else run.course.progress

    def resume(self) -> None:
        """Submit every unfinished job that does not run."""
        with self._database.read() as rows:
            unfinished = rows.unfinished_jobs()
        for job in unfinished:
            if job.arn not in self._running:
                log.info("resuming %s", job.arn)
            self.submit(job.arn)

    def _finish(self, run: Run, future: Future[dict[str, Any]]) -> None:
        try:
            self._conclude(run, future)
        finally:
            self._release(run)
            self._after(run)

    def _conclude(self, run: Run, future: Future[dict[str, Any]]) -> None:
        job, executor = run.job, run.executor
        if self._closed or run.state != self._state:
            return
        if executor in self._cut and _was_cut_off(future):
            # Stopped for the sake of another job, of which the store knows that it is not to run again.
            self._again(run, run.attempt)
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
            if executor is not None:
                self._drop(executor)
            if run.attempt < _ATTEMPTS:
                self._again(run, run.attempt + 1)
                return
            outcome = replace(job, state="FAILED", result={"reason": PROCESS_ENDED()})
        except Exception:
            log.exception("%s failed", job.arn)
            outcome = replace(job, state="FAILED", result={"reason": FAULT()})
        self._write(run, replace(outcome, finished=round(self._clock.now(), 3)))

    def _again(self, run: Run, attempt: int) -> None:
        self._release(run)
        self.submit(run.job.arn, attempt)

    def _write(self, run: Run, job: Job) -> None:
        for _ in range(_WRITES):
            try:
                self._end(run, job, self._types[job.kind].complete)
                break
            except RunAgain:
                log.info("%s runs again", job.arn)
                self._again(run, 1)
                break
            except Exception:
                log.exception("the outcome of %s could not be written", job.arn)
        else:
            # What cannot be put in force has failed: nobody waits for it for ever.
            try:
                self._end(run, replace(job, state="FAILED", result={"reason": FAULT()}), None)
            except Exception:
                log.exception("%s could not be ended", job.arn)
        if self._sweep:
            self.sweep()

    def _end(self, run: Run, job: Job, complete: Callable[[Rows, Job, Workplace], None] | None) -> None:
        with self._database.write() as rows:
            # The state that was put in force since may have this job too, and has nothing that it was done on.
            written = run.state == self._state and rows.finish_job(job)
            if written and complete is not None:
                complete(rows, job, self._workplace(job.payload.get("account", "")))
                self._sweep = True
            # Whoever sees that it has ended sees that it does not run, and nobody begins it in between.
            self._release(run)
        if written:
            self._told(job)

    def _release(self, run: Run) -> None:
        with self._lock:
            if self._wanted(run):
                del self._running[run.job.arn]

    def _after(self, run: Run) -> None:
        with self._lock:
            following, idle = self._lanes.after(run, self._wanted)
        if following is not None:
            self._begin(following)
        if idle is not None:
            idle.shutdown(wait=False)  # this may be the thread that it would wait for

    def _drop(self, executor: Executor) -> None:
        with self._lock:
            self._lanes.drop(executor)

    def stop(self, arn: str) -> None:
        """End the work on a job that is no longer pending in the store; what ran beside it begins again."""
        with self._lock:
            run = self._running.pop(arn, None)
        if run is not None:
            self._interrupt(run)

    def _interrupt(self, run: Run) -> None:
        if run.future is None or run.future.cancel() or run.future.done() or run.executor is None:
            return
        self._drop(run.executor)
        self._cut.add(run.executor)
        stop(run.executor, busy=True)

    def sweep_soon(self) -> None:
        """Files may have become unreferenced: look when the next job ends."""
        self._sweep = True

    def sweep(self) -> None:
        """Delete what no record and no unfinished job refers to."""
        self._sweep = False
        sweep(self._database, self._workplace(""))

    def abandon(self) -> None:
        """Nothing of what runs is wanted any more, nor written down: another state is in force from now on.

        To be called in the moment in which that is so, by who is :meth:`Database.alone`; :meth:`end_abandoned` follows.
        """
        with self._lock:
            self._state += 1
            if self._running:
                self._abandoned += self._lanes.take()
                self._running.clear()

    def end_abandoned(self) -> None:
        """End the processes of abandoned jobs, and wait for that. Jobs of the state in force go on."""
        with self._lock:
            abandoned, self._abandoned = self._abandoned, []
        for executor in abandoned:
            stop(executor, busy=True)

    def close(self) -> None:
        """End the executors; unfinished jobs stay in the store."""
        with self._lock:
            self._closed = True
            executors, self._abandoned = [*self._lanes.take(), *self._abandoned], []
        for executor in executors:
            stop(executor, busy=bool(self._running))


def _failed(reason: str) -> Future[dict[str, Any]]:
    future: Future[dict[str, Any]] = Future()
    future.set_exception(JobFailure(reason))
    return future


def _was_cut_off(future: Future[dict[str, Any]]) -> bool:
    return future.cancelled() or isinstance(future.exception(), BrokenProcessPool)
