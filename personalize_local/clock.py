"""Time as an object: the machine's clock, or a virtual one that stands until it is moved."""

from __future__ import annotations

import threading
import time
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

    def set(self, now: float) -> None:
        """Put the clock at a time, also an earlier one: for a state that is another one as well."""
        with self._lock:
            self._now = now


def tick(now: float, since: float, interval: float) -> int:
    """How many whole intervals have passed at ``now`` since ``since``, all in seconds; 0 before the first has."""
    return max(0, int((now - since) // interval))
