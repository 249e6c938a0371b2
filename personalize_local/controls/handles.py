"""What a test holds: the same few methods on an emulator, a server of the pytest plugin, and a mock."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personalize_local.controls.journal import JournalCall
    from personalize_local.emulator import Emulator


class Handles(ABC):
    """Mixed into whatever has an ``emulator``."""

    @property
    @abstractmethod
    def emulator(self) -> Emulator:
        """The emulator that is controlled."""

    def pin(self, declared: object = None, /, **members: Any) -> str:
        """Declare the answer of a campaign or recommender; the id of the pin.

        A mapping or keywords: ``campaign`` or ``recommender`` (ARN or name), ``userId``, ``itemId``, ``operation``;
        ``items`` or ``actions`` (ids, or mappings with a ``score``) with ``scores``, or ``error`` with ``message``;
        ``mustExist``. Raises ValueError for what cannot be declared.
        """
        return self.emulator.controls.pin(_one(declared, members))

    def unpin(self, id_: str | None = None) -> None:
        """Take one pin back, or all. Raises LookupError where there is none of this id."""
        pins = self.emulator.controls.pins
        if id_ is None:
            pins.clear()
        elif not pins.remove(id_):
            raise LookupError(f"there is no pin {id_}")

    def fault(self, declared: object = None, /, **members: Any) -> str:
        """Make calls or jobs fail; the id of the fault.

        A mapping or keywords. Of calls: ``operation`` (name or glob), ``arn`` (glob), one of ``error`` (with
        ``message``), ``throttle``, ``close`` and ``timeout`` (seconds), or a ``delay`` (seconds). Of jobs: ``job``
        (import, training, campaign, batch), ``arn``, ``reason`` or ``sentence`` with ``facts``. Of both: ``times``,
        ``probability``, ``seed``. Raises ValueError for what cannot be declared.
        """
        return self.emulator.controls.fault(_one(declared, members))

    def unfault(self, id_: str | None = None) -> None:
        """Take one fault back, or all. Raises LookupError where there is none of this id."""
        faults = self.emulator.controls.faults
        if id_ is None:
            faults.clear()
        elif not faults.remove(id_):
            raise LookupError(f"there is no fault {id_}")

    def calls(
        self,
        operation: str | None = None,
        /,
        *,
        error: str | None = None,
        account: str | None = None,
        **parameters: Any,
    ) -> list[JournalCall]:
        """The calls in the journal, oldest first: of an operation (name or glob), that failed with ``error`` (``"*"``
        for any), of an account, with these parameters (a mapping may have more members than is expected of it)."""
        return self.emulator.controls.journal.calls(operation, parameters, error=error, account=account)


def _one(declared: object, members: dict[str, Any]) -> object:
    if declared is None:
        return members
    if members:
        raise ValueError("give a mapping or keywords, not both")
    return declared
