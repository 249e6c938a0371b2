"""The course of a job in parts: prepared, its parts on all workers, then put together."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, InvalidStateError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from personalize_local.jobs.workplace import Workplace
from personalize_local.provenance import Rule

log = logging.getLogger("personalize_local.jobs")

_BETWEEN_LOGS = 5.0
"""Seconds from one line in the log about progress to the next, at least (chosen)."""
RULES = (
    Rule(
        says="Batch jobs are done in parts of 10,000 lines or 8 MiB, those of segments in parts of 10,000 users; parts "
        "that are done are not done again after a crash, and the output is written when all are.",
        known="chosen",
    ),
)

Prepare = Callable[[Mapping[str, Any], Workplace], dict[str, Any]]
DoPart = Callable[[Mapping[str, Any], Workplace, int], dict[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """The work of a job before its last step: all in any process, each as often as a crash makes it.

    ``prepare`` tells the ``lines`` of each part and the numbers of those that are ``done``; ``unit`` is what lines are.
    """

    prepare: Prepare
    part: DoPart
    unit: str = "lines"


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far a job is. ``resumed`` lines were done before this process took it up; times are of the machine."""

    unit: str = "lines"
    lines: int = 0
    done: int = 0
    resumed: int = 0
    began: float = field(default_factory=time.monotonic)

    def facts(self) -> dict[str, Any]:
        """Lines done and in all, how many a second, and the seconds left (None before anything is done)."""
        seconds = max(time.monotonic() - self.began, 1e-9)
        rate = (self.done - self.resumed) / seconds
        left = (self.lines - self.done) / rate if rate > 0 else None
        return {
            "unit": self.unit,
            "all": self.lines,
            "done": self.done,
            "perSecond": round(rate, 1),
            "secondsLeft": None if left is None else round(left, 1),
        }


class Course:
    """One job on its way; ``outcome`` is what comes of it, as that of a job in one piece is.

    No more than ``width`` parts are submitted at a time, so that other jobs find their turn between them.
    """

    def __init__(
        self,
        executor: Executor,
        *,
        arn: str,
        payload: Mapping[str, Any],
        workplace: Workplace,
        stages: Stages,
        finish: Callable[[Mapping[str, Any], Workplace], dict[str, Any]],
        width: int,
        wanted: Callable[[], bool],
    ) -> None:
        self.outcome: Future[dict[str, Any]] = Future()
        self.progress = Progress(unit=stages.unit)
        self._executor, self._arn, self._given = executor, arn, (payload, workplace)
        self._stages, self._finish, self._width, self._wanted = stages, finish, width, wanted
        self._lock = threading.Lock()
        self._waiting: deque[int] = deque()
        self._lines: list[int] = []
        self._running = 0
        self._handing_out = self._ending = self._settled = False
        self._logged = time.monotonic()

    def begin(self) -> None:
        """Submit the first step. Raises RuntimeError where the executor takes nothing any more."""
        self._executor.submit(self._stages.prepare, *self._given).add_done_callback(self._prepared)

    def _prepared(self, future: Future[dict[str, Any]]) -> None:
        if self._failed(future):
            return
        told = future.result()
        self._lines = told["lines"]
        done = set(told["done"])
        self.progress.lines = sum(self._lines)
        self.progress.done = self.progress.resumed = sum(self._lines[number] for number in done)
        self.progress.began = time.monotonic()
        self._waiting.extend(number for number in range(len(self._lines)) if number not in done)
        self._hand_out()

    def _hand_out(self) -> None:
        """Submit parts while there is room. One caller does it for all: where work is done inline, each part that is
        submitted comes back here before the next."""
        with self._lock:
            if self._handing_out:
                return
            self._handing_out = True
        while (number := self._next()) is not None:
            try:
                future = self._executor.submit(self._stages.part, *self._given, number)
            except RuntimeError:  # a worker died since, or the executor was stopped for another job
                self._fail(BrokenProcessPool())
                return
            future.add_done_callback(partial(self._part_done, number))

    def _next(self) -> int | None:
        with self._lock:
            if self._waiting and self._running < self._width and not self.outcome.done():
                self._running += 1
                return self._waiting.popleft()
            self._handing_out = False
            over = not self._waiting and not self._running and not self._ending and not self.outcome.done()
            self._ending = self._ending or over
        if over:
            self._end()
        return None

    def _part_done(self, number: int, future: Future[dict[str, int]]) -> None:
        with self._lock:
            self._running -= 1
        if self._failed(future):
            return
        self.progress.done += self._lines[number]
        self._log()
        if self._waiting and not self._wanted():
            self.outcome.cancel()
            return
        self._hand_out()

    def _end(self) -> None:
        try:
            future = self._executor.submit(self._finish, *self._given)
        except RuntimeError:
            self._fail(BrokenProcessPool())
            return
        future.add_done_callback(self._ended)

    def _ended(self, future: Future[dict[str, Any]]) -> None:
        if not self._failed(future):
            with suppress(InvalidStateError):
                self.outcome.set_result(future.result())

    def _failed(self, future: Future[Any]) -> bool:
        if future.cancelled():
            self._fail(BrokenProcessPool())
            return True
        error = future.exception()
        if error is not None:
            self._fail(error)
        return error is not None or self.outcome.done()

    def _fail(self, error: BaseException) -> None:
        # Of several parts that fail the first one tells why; a job that was stopped tells nothing.
        with self._lock:
            first, self._settled = not self._settled, True
            self._waiting.clear()
        if first:
            with suppress(InvalidStateError):
                self.outcome.set_exception(error)

    def _log(self) -> None:
        if time.monotonic() - self._logged < _BETWEEN_LOGS:
            return
        self._logged = time.monotonic()
        facts = self.progress.facts()
        left = "" if facts["secondsLeft"] is None else f", {facts['secondsLeft']:.0f} s left"
        log.info(
            "%s: %d of %d %s, %.0f a second%s",
            self._arn,
            facts["done"],
            facts["all"],
            facts["unit"],
            facts["perSecond"],
            left,
        )
