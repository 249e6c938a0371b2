"""What one call knows: whose it is, when it came, and the emulator that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from personalize_local.arns import make_arn

if TYPE_CHECKING:
    from personalize_local.emulator import Emulator


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The first argument of every handler. ``now`` is in epoch seconds, ``size`` the bytes of the request's body."""

    account: str
    region: str
    request_id: str
    now: float
    emulator: Emulator
    size: int = 0

    def arn(self, tail: str) -> str:
        """The ARN of a resource of the caller's account and region."""
        return make_arn(self.region, self.account, tail)
