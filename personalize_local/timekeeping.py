"""The clock of an emulator as calls move it, and how its data folder knows the time that it had."""

from __future__ import annotations

import logging
import math
from abc import ABC, abstractmethod
from typing import Any

from personalize_local.clock import SettableClock
from personalize_local.controls.control import Controls
from personalize_local.provenance import Rule
from personalize_local.settings import YEAR_10000, Settings
from personalize_local.store.database import Database

log = logging.getLogger("personalize_local.clock")

RULES = (
    Rule(
        says="With a data folder a server that is started with a virtual clock again goes on from the time that it "
        "had, or from the one that it is started with if that is later. A server that is killed forgets what ticks "
        "moved the clock by, or an unfrozen one went, in the last 30 seconds.",
        known="chosen",
    ),
)
_FACT = "clock"


def first_time(settings: Settings, database: Database) -> float | None:
    """When a virtual clock begins, in epoch seconds; None for the machine's."""
    if settings.clock is None:
        return None
    with database.read() as rows:
        kept = float(rows.fact(_FACT) or -math.inf)
    if kept > settings.clock:
        log.info("the clock goes on at %.3f, the time that the data folder has", kept)
    return max(settings.clock, kept)


class Timekeeping(ABC):
    """The part of the emulator that moves its clock."""

    settings: Settings
    clock: SettableClock
    controls: Controls
    database: Database

    @abstractmethod
    def run_due(self) -> float | None:
        """Begin what is due by now and happens by itself; when something is due next, None for never."""

    def keep_time(self) -> None:
        """Let the data folder know the time of a virtual clock; one that was frozen for a while is the machine's."""
        if self.settings.data is None or self.settings.clock is None:
            return
        now = repr(self.clock.now())
        with self.database.read() as rows:
            if rows.fact(_FACT) == now:
                return
        with self.database.append() as rows:
            rows.set_fact(_FACT, now)

    def advance(self, seconds: float) -> float:
        """Move a virtual clock on; the new time. What is due on the way happens when it is due.

        Raises ValueError where the clock is the machine's.
        """
        now = self._move(seconds)
        self.keep_time()
        return now

    def _move(self, seconds: float) -> float:
        """As :meth:`advance`, and the data folder hears of it later: what each call does costs no write."""
        if not self.clock.is_virtual:
            raise ValueError("the clock is the machine's; freeze it, or start with a virtual one, to move it")
        if not abs(seconds) < math.inf:
            raise ValueError("a clock moves by a finite number of seconds")
        if seconds >= YEAR_10000 - self.clock.now():
            raise ValueError("a clock ends with the year 9999")
        end = self.clock.now() + seconds
        done, due = self.clock.now() - 1, self.run_due()
        while due is not None and done < due <= end:
            self.clock.advance(max(0.0, due - self.clock.now()))
            done, due = due, self.run_due()
        return self.clock.advance(max(0.0, end - self.clock.now()) if seconds >= 0 else seconds)

    def freeze(self) -> float:
        """Let the clock stand where it is (the machine's becomes a virtual one); the time."""
        now = self.clock.freeze()
        self.keep_time()
        return now

    def unfreeze(self) -> float:
        """Let a virtual clock go on from where it is, at the machine's pace; the time."""
        self.controls.tick = 0.0
        return self.clock.unfreeze()

    def set_time(self, time: float) -> float:
        """Move the clock on to ``time`` in epoch seconds, and let the machine's stand there; the time. What is due on
        the way happens when it is due. Raises ValueError for a time that has passed."""
        if not self.clock.now() <= time < YEAR_10000:
            raise ValueError(f"a clock cannot go back: it is {self.clock.now():.3f}")
        if not self.clock.is_virtual:
            self.clock.freeze()
        return self.advance(max(0.0, time - self.clock.now()))

    def tick(self, seconds: float) -> float:
        """Move a standing clock on by ``seconds`` after each call from now on, 0 for no more; the time.

        Raises ValueError for a clock that goes by itself."""
        if not self.clock.stands:
            raise ValueError("the clock goes by itself; freeze it to let it tick with the calls")
        if not 0 <= seconds < YEAR_10000:
            raise ValueError("a clock cannot go back, nor beyond the year 9999")
        self.controls.tick = float(seconds)
        return self.clock.now()

    def clock_facts(self) -> dict[str, Any]:
        """The time and how it moves, as JSON values."""
        clock = self.clock
        return {
            "now": round(clock.now(), 3),
            "clock": "virtual" if clock.is_virtual else "machine",
            "frozen": clock.stands,
            "tick": self.controls.tick,
        }

    def look(self) -> None:
        """Begin what is due, unless the clock stands: then it is begun as the clock is moved. Keep the time."""
        if not self.clock.stands:
            self.run_due()
        self.keep_time()
