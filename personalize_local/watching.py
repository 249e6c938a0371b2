"""What the jobs of a running server are doing, on a terminal: once, or until all of them have ended."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from personalize_local.http_client import ask

_SECONDS = 5.0
_UP = "\x1b[{lines}A\x1b[J"
"""Moves the cursor up and clears what is below it."""

Say = Callable[[str], object]


def show(url: str, say: Say, *, limit: int, as_json: bool) -> None:
    """Say what the newest jobs are doing. Raises ServerError."""
    jobs = _jobs(url, limit)
    say(json.dumps(jobs, indent=2) if as_json else "\n".join(table(jobs)))


def watch(url: str, say: Say, *, limit: int, as_json: bool, every: float, pause: Callable[[float], object]) -> None:
    """Say it again and again, until no job is unfinished. Raises ServerError.

    A terminal shows the newest state alone; elsewhere each state that differs from the one before is a new text.
    """
    before: list[str] = []
    redraws = sys.stdout.isatty() and not as_json
    while True:
        jobs = _jobs(url, limit)
        lines = [json.dumps(jobs)] if as_json else table(jobs)
        if lines != before:
            say(_UP.format(lines=len(before)) + "\n".join(lines) if redraws and before else "\n".join(lines))
        before = lines
        if not any(job["state"] in ("WAITING", "RUNNING") for job in jobs):
            return
        pause(every)


def _jobs(url: str, limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(url, f"/_personalize/jobs?limit={limit}", seconds=_SECONDS)["jobs"]
    return found


def table(jobs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The lines of a table of jobs, newest first."""
    rows = [("job", "state", "done", "a second", "left", ""), *map(_row, jobs)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return ["  ".join(_padded(row, widths)).rstrip() for row in rows]


def _padded(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    for place, (cell, width) in enumerate(zip(row, widths, strict=False)):
        yield cell.ljust(width) if place < 2 else cell.rjust(width)
    yield row[-1]


def _row(job: Mapping[str, Any]) -> tuple[str, ...]:
    progress = job.get("progress")
    done = rate = left = ""
    if progress is not None:
        done = f"{progress['done']:,} of {progress['all']:,} {progress['unit']}"
        rate = f"{progress['perSecond']:,.0f}"
        left = "" if progress["secondsLeft"] is None else span(progress["secondsLeft"])
    return job["arn"].split(":", 5)[-1], job["state"], done, rate, left, job.get("told", "")


def span(seconds: float) -> str:
    """A time in hours, minutes and seconds: 1:02:03, 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def sleep(seconds: float) -> None:
    """Wait between two looks."""
    time.sleep(seconds)
