"""What one call knows: whose it is, when it came, and the emulator that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from personalize_local.arns import make_arn

if TYPE_CHECKING:
    from personalize_local.emulator import Emulator
    from personalize_local.jobs.lifecycle import Modes
    from personalize_local.resources.quotas import Quotas
    from personalize_local.runtime.filtering import Filters
    from personalize_local.runtime.views import Views
    from personalize_local.settings import Settings


class Counters(Protocol):
    """How often a store has changed: see :class:`Database`."""

    @property
    def generation(self) -> int: ...

    @property
    def appended(self) -> int: ...


class Surrounding(Protocol):
    """What choosing recommendations asks of an emulator; a worker has it too, for one batch job."""

    @property
    def settings(self) -> Settings: ...

    @property
    def modes(self) -> Modes: ...

    @property
    def quotas(self) -> Quotas: ...

    @property
    def database(self) -> Counters: ...

    @property
    def filters(self) -> Filters: ...

    @property
    def views(self) -> Views: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What one question knows, be it of a call or of a line of a batch job. ``now`` is in epoch seconds."""

    account: str
    region: str
    request_id: str
    now: float
    emulator: Surrounding

    def arn(self, tail: str) -> str:
        """The ARN of a resource of the caller's account and region."""
        return make_arn(self.region, self.account, tail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context(Asking):
    """The first argument of every handler. ``size`` is the bytes of the request's body."""

    emulator: Emulator
    size: int = 0
