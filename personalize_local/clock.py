"""Time as an object: the machine's clock, or a virtual one that stands until it is moved."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Where the emulator reads the time."""

    def now(self) -> float:
        """Epoch seconds."""


class RealClock:
    """The machine's clock."""

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()


class VirtualClock:
    """A clock that stands at ``start`` (epoch seconds) until ``advance`` moves it."""

    def __init__(self, start: float) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> float:
        """Epoch seconds."""
        return self._now

    def advance(self, seconds: float) -> float:
        """Move the clock on by ``seconds`` (not negative) and return the new time. Raises ValueError."""
        if seconds < 0:
            raise ValueError("a clock cannot go back")
        with self._lock:
            self._now += seconds
            return self._now


class FreezableClock(VirtualClock):
    """The machine's clock until it is moved or frozen, for servers whose tests may want either.

    Frozen it stands as a virtual clock does; a running one that was moved on goes on from there.
    """

    def __init__(self, read: Callable[[], float] = time.time) -> None:
        super().__init__(0.0)
        self._read = read
        self._ahead = 0.0
        self._frozen = False

    def now(self) -> float:
        """Epoch seconds."""
        return self._now if self._frozen else self._read() + self._ahead

    def freeze(self, at: float | None = None) -> float:
        """Stand from now on, at ``at`` epoch seconds where that is given, be it earlier or later; the new time."""
        with self._lock:
            self._now = self.now() if at is None else at
            self._frozen = True
            return self._now

    def run(self) -> float:
        """Go on from the time that it shows; gives that."""
        with self._lock:
            self._ahead, self._frozen = self.now() - self._read(), False
            return self.now()

    def restore(self) -> None:
        """Show the machine's time again."""
        with self._lock:
            self._ahead, self._frozen = 0.0, False

    def advance(self, seconds: float) -> float:
        """Move the clock on by ``seconds`` (not negative) and return the new time. Raises ValueError."""
        if self._frozen:
            return super().advance(seconds)
        if seconds < 0:
            raise ValueError("a clock cannot go back")
        with self._lock:
            self._ahead += seconds
            return self.now()


def tick(now: float, since: float, interval: float) -> int:
    """How many whole intervals have passed at ``now`` since ``since``, all in seconds; 0 before the first has."""
    return max(0, int((now - since) // interval))
