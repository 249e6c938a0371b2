"""The time on the server of the fixtures: it stands, moves on or runs, as a test wants it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from personalize_local.clock import FreezableClock
    from personalize_local.testing._servers import PersonalizeServer, RunningServer


class PersonalizeClock:
    """The clock of a server: statuses, automatic trainings, trending, filters and costs follow it.

    It runs with the machine's until :meth:`freeze`; :meth:`advance` moves it on, frozen or not.
    """

    @property
    def now(self) -> float:
        """The server's time in epoch seconds."""
        raise NotImplementedError

    def freeze(self, at: float | str | datetime | None = None) -> float:
        """Let time stand, where ``at`` is given at that time; epoch seconds, ISO 8601 (UTC without an offset).

        Gives the time. Raises ValueError for a time before now once there are resources, which would be of the future.
        """
        raise NotImplementedError

    def advance(self, by: float | timedelta) -> float:
        """Move on by seconds: what is due on the way happens at its time. Gives the time. Raises ValueError."""
        raise NotImplementedError

    def tick(self) -> float:
        """Move on by one second. Gives the time."""
        return self.advance(1.0)

    def run(self) -> float:
        """Let a frozen time go on from where it is. Gives the time."""
        raise NotImplementedError


class OwnClock(PersonalizeClock):
    """The clock of a server in this process."""

    def __init__(self, server: PersonalizeServer, clock: FreezableClock) -> None:
        self._server, self._clock = server, clock

    @property
    def now(self) -> float:
        """The server's time in epoch seconds."""
        return self._clock.now()

    def freeze(self, at: float | str | datetime | None = None) -> float:
        """Let time stand; see :class:`PersonalizeClock`."""
        wanted = None if at is None else epoch_of(at)
        if wanted is not None and wanted < self.now:
            emulator = self._server.emulator
            with emulator.database.read() as rows:
                newest = max((one.created for kind in emulator.kinds for one in rows.everywhere(kind)), default=0.0)
            if wanted < newest:
                raise ValueError(f"{at!r} is before the newest resource was made; freeze the clock before you make any")
        return self._clock.freeze(wanted)

    def advance(self, by: float | timedelta) -> float:
        """Move on; see :class:`PersonalizeClock`."""
        return self._server.emulator.advance(_seconds_of(by))

    def run(self) -> float:
        """Let a frozen time go on from where it is. Gives the time."""
        return self._clock.run()


class RemoteClock(PersonalizeClock):
    """The clock of a server elsewhere, which must be virtual (``serve --clock``): it stands, and only moves on."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server

    @property
    def now(self) -> float:
        """The server's time in epoch seconds. Raises ValueError where its clock is its machine's."""
        return self.advance(0.0)

    def freeze(self, at: float | str | datetime | None = None) -> float:
        """Move on to ``at``: a virtual clock stands already. Raises ValueError for a time before now."""
        now = self.now
        return now if at is None else self.advance(epoch_of(at) - now)

    def advance(self, by: float | timedelta) -> float:
        """Move on; see :class:`PersonalizeClock`."""
        return float(self._server.ask("/clock", {"advance": _seconds_of(by)})["now"])

    def run(self) -> float:
        """Raises RuntimeError: a virtual clock does not run."""
        raise RuntimeError(f"the clock of {self._server.url} cannot run: it is virtual, and moved by advance alone")


def epoch_of(moment: float | str | datetime) -> float:
    """Epoch seconds of a moment. Raises ValueError for a text that is not ISO 8601."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    return float(moment)


def _seconds_of(by: float | timedelta) -> float:
    return by.total_seconds() if isinstance(by, timedelta) else float(by)
