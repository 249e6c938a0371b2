"""The time on the server of the fixtures: it stands, moves on or runs, as a test wants it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from personalize_local.testing._servers import PersonalizeServer, RunningServer


class PersonalizeClock(ABC):
    """The clock of a server: statuses, automatic trainings, trending, filters and costs follow it.

    It goes with the machine's until :meth:`freeze`.
    """

    @property
    @abstractmethod
    def now(self) -> float:
        """The server's time in epoch seconds."""

    @abstractmethod
    def freeze(self, at: float | str | datetime | None = None) -> float:
        """Let time stand, where ``at`` is given at that time; epoch seconds, ISO 8601 (UTC without an offset).

        Gives the time. Raises ValueError for a time before now once there are resources, which would be of the future.
        """

    @abstractmethod
    def advance(self, by: float | timedelta) -> float:
        """Move on by seconds: what is due on the way happens at its time. Gives the time.

        A clock that was not frozen stands from then on. Raises ValueError for less than nothing.
        """

    @abstractmethod
    def tick(self, seconds: float = 1.0) -> float:
        """Let a frozen time move on by ``seconds`` after each call to the server, 0 for no more. Gives the time.

        Raises ValueError for a clock that goes by itself.
        """

    @abstractmethod
    def unfreeze(self) -> float:
        """Let a frozen time go on from where it is. Gives the time."""


class OwnClock(PersonalizeClock):
    """The clock of a server in this process."""

    def __init__(self, server: PersonalizeServer) -> None:
        self._server = server

    @property
    def now(self) -> float:
        """The server's time in epoch seconds."""
        return self._server.emulator.clock.now()

    def freeze(self, at: float | str | datetime | None = None) -> float:
        """Let time stand; see :class:`PersonalizeClock`."""
        emulator = self._server.emulator
        if at is None:
            return emulator.freeze()
        wanted = epoch_of(at)
        if wanted >= self.now:
            emulator.freeze()
            return emulator.set_time(wanted)
        with emulator.database.read() as rows:
            newest = max((one.created for kind in emulator.kinds for one in rows.everywhere(kind)), default=0.0)
        if wanted < newest:
            raise ValueError(f"{at!r} is before the newest resource was made; freeze the clock before you make any")
        return emulator.clock.stand_at(wanted)

    def advance(self, by: float | timedelta) -> float:
        """Move on; see :class:`PersonalizeClock`."""
        emulator = self._server.emulator
        if not emulator.clock.stands:
            emulator.freeze()
        return emulator.advance(_seconds_of(by))

    def tick(self, seconds: float = 1.0) -> float:
        """Move on with each call; see :class:`PersonalizeClock`."""
        return self._server.emulator.tick(seconds)

    def unfreeze(self) -> float:
        """Let a frozen time go on from where it is. Gives the time."""
        return self._server.emulator.unfreeze()


class RemoteClock(PersonalizeClock):
    """The clock of a server elsewhere, by its admin API; it never goes back there."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server

    @property
    def now(self) -> float:
        """The server's time in epoch seconds."""
        return float(self._server.ask("/clock")["now"])

    def freeze(self, at: float | str | datetime | None = None) -> float:
        """Let time stand, at ``at`` where that is given. Raises ValueError for a time that has passed."""
        stood = self._move(freeze=True)
        return stood if at is None else self._move(set=epoch_of(at))

    def advance(self, by: float | timedelta) -> float:
        """Move on; see :class:`PersonalizeClock`."""
        if not self._server.ask("/clock")["frozen"]:
            self.freeze()
        return self._move(advance=_seconds_of(by))

    def tick(self, seconds: float = 1.0) -> float:
        """Move on with each call; see :class:`PersonalizeClock`."""
        return self._move(tick=seconds)

    def unfreeze(self) -> float:
        """Let a frozen time go on from where it is. Gives the time."""
        return self._move(freeze=False)

    def _move(self, **asked: float) -> float:
        return float(self._server.ask("/clock", asked)["now"])


def epoch_of(moment: float | str | datetime) -> float:
    """Epoch seconds of a moment. Raises ValueError for a text that is not ISO 8601."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    return float(moment)


def _seconds_of(by: float | timedelta) -> float:
    return by.total_seconds() if isinstance(by, timedelta) else float(by)
