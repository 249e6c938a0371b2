"""A server in one status mode, and a program on it that makes the time pass as the mode wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from botocore import xform_name

from personalize_local.server.serving import BackgroundServer
from tests.wire.program import Program

from .watch import Watch

T = TypeVar("T")

MODES = ("instant", "polls:3", "timed:100", "real")
MOVING = ("PENDING", "IN_PROGRESS", "STOPPING")


@dataclass(frozen=True, kw_only=True)
class Span:
    """How long a change takes on the service, in seconds: it has not ended before ``least`` and has after ``most``."""

    least: float
    most: float


Words = tuple[str, str, str]
"""How a change is worded: while it waits, while it runs, when it has ended."""

CREATE: Words = ("CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE")
UPDATE: Words = ("UPDATE PENDING", "UPDATE IN_PROGRESS", "ACTIVE")
STOP: Words = ("STOP PENDING", "STOP IN_PROGRESS", "INACTIVE")
START: Words = ("START PENDING", "START IN_PROGRESS", "ACTIVE")
DELETION = ("DELETE PENDING", "DELETE IN_PROGRESS")
AT_ONCE = Span(least=0, most=0)


class Stage:
    """One account on a server. What tests share on it is made once; names count up, so that two stages on which the
    same is done have the same names."""

    def __init__(self, server: BackgroundServer, mode: str, folder: Path, **whose: Any) -> None:
        self.server, self.mode, self.folder = server, mode, folder
        self.program = Program(server.url, folder=folder, **whose)
        self.watch = Watch(self.program.personalize)
        self._made: dict[str, Any] = {}
        self._count = 0

    def other(self, **whose: Any) -> Stage:
        """Another account or region on the same server."""
        return Stage(self.server, self.mode, self.folder, **whose)

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """The answer to an operation by its name in the model."""
        answer: dict[str, Any] = getattr(self.program.personalize, xform_name(operation))(**params)
        del answer["ResponseMetadata"]
        return answer

    def describe(self, kind: str, arn: str) -> dict[str, Any]:
        """The description of a resource; ``kind`` as in ``datasetGroup``."""
        (found,) = self.call(f"Describe{kind[0].upper()}{kind[1:]}", **{f"{kind}Arn": arn}).values()
        return dict(found)

    def name(self, of: str) -> str:
        """A name that is free."""
        self._count += 1
        return f"{of}-{self._count}"

    def once(self, make: Callable[[Stage], T]) -> T:
        """What ``make`` makes, the first time that it is asked for."""
        if make.__name__ not in self._made:
            self._made[make.__name__] = make(self)
        made: T = self._made[make.__name__]
        return made

    # Time

    @property
    def now(self) -> float:
        """Epoch seconds on the server."""
        return float(self.server.emulator.clock.now())

    def wait(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.server.emulator.advance(seconds)

    def settle(self, kind: str, arn: str) -> dict[str, Any]:
        """The description of a resource when nothing about it moves any more."""
        for _ in range(20):
            found = self.describe(kind, arn)
            update = found.get(f"latest{kind[0].upper()}{kind[1:]}Update", {"status": "ACTIVE"})
            if not found["status"].endswith(MOVING) and not update["status"].endswith(MOVING):
                return found
            self.wait({"timed:100": 100, "real": 2000}.get(self.mode, 0))
        raise AssertionError(f"{arn} is still {found['status']}")

    def follow(self, read: Callable[[], T], words: Words, span: Span) -> Iterator[tuple[T, str]]:
        """What ``read`` gives in the course of a change that has just begun, each time with the word due then."""
        for seconds, word in self._course(words, span):
            self.wait(seconds)
            yield read(), word

    def _course(self, words: Words, span: Span) -> list[tuple[float, str]]:
        waiting, running, done = words
        if self.mode == "instant" or (self.mode == "real" and span == AT_ONCE):
            return [(0, done)]
        if self.mode == "polls:3":
            return [(0, waiting), (0, running), (0, running), (0, done)]
        if self.mode == "timed:100":
            # The first tenth of a timed change shows that it waits.
            return [(0, waiting), (9, waiting), (1, running), (89, running), (1, done), (1000, done)]
        return [(0, waiting), (span.least * 0.9, running), (span.most, done)]

    def leaving(self, words: tuple[str, str] = DELETION) -> list[tuple[float, str]]:
        """The seconds to wait and the word of each describe that a deletion still answers; then it is gone."""
        waiting, running = words
        if self.mode == "instant":
            return [(0, waiting)]
        if self.mode == "polls:3":
            return [(0, waiting), (0, running), (0, running)]
        return [(0, waiting), (5, running)]
