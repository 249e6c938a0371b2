"""Time as an object: the machine's clock, or a virtual one that stands until it is moved."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Where the emulator reads the time."""

    def now(self) -> float:
        """Epoch seconds."""


class SettableClock:
    """The machine's clock until it is frozen, or from ``start`` (epoch seconds) on a virtual one, which stands, or goes
    on at the machine's pace once it is unfrozen."""

    def __init__(self, start: float | None) -> None:
        # What it showed, and when in the machine's monotonic seconds it went on from there (None: it stands).
        self._state: tuple[float, float | None] | None = None if start is None else (start, None)
        self._lock = threading.Lock()

    @property
    def is_virtual(self) -> bool:
        """Whether it is not the machine's."""
        return self._state is not None

    @property
    def stands(self) -> bool:
        """Whether only a call moves it."""
        return self._state is not None and self._state[1] is None

    def now(self) -> float:
        """Epoch seconds."""
        state = self._state
        if state is None:
            return time.time()
        shown, since = state
        return shown if since is None else shown + time.monotonic() - since

    def freeze(self) -> float:
        """Stand at what it shows, and return that."""
        with self._lock:
            self._state = (self.now(), None)
            return self._state[0]

    def stand_at(self, time: float) -> float:
        """Stand at ``time`` (epoch seconds), be it earlier, and return it: for an emulator that holds nothing yet."""
        with self._lock:
            self._state = (time, None)
            return time

    def unfreeze(self) -> float:
        """Go on from what it shows, at the machine's pace, and return that. The machine's clock goes on as it is."""
        with self._lock:
            if self._state is not None:
                self._state = (self.now(), time.monotonic())
            return self.now()

    def follow_machine(self) -> None:
        """Be the machine's clock again."""
        self._state = None

    def advance(self, seconds: float) -> float:
        """Move a virtual clock on by ``seconds`` (not negative) and return the new time. Raises ValueError."""
        if seconds < 0:
            raise ValueError("a clock cannot go back")
        with self._lock:
            if self._state is None:
                raise ValueError("the clock is the machine's; freeze it to move it")
            self._state = (self._state[0] + seconds, self._state[1])
            return self.now()


def tick(now: float, since: float, interval: float) -> int:
    """How many whole intervals have passed at ``now`` since ``since``, all in seconds; 0 before the first has."""
    return max(0, int((now - since) // interval))
