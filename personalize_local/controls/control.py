"""All controls of one emulator, and where they stand: around the handlers of its operations."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore_shapes.http import Request
from botocore_shapes.model import ServiceModel
from personalize_local.context import Context
from personalize_local.controls import job_faults
from personalize_local.controls.faults import Faults
from personalize_local.controls.journal import Journal
from personalize_local.controls.operations import Operations
from personalize_local.controls.pins import Pins
from personalize_local.store.records import Job

Handler = Callable[[Context, dict[str, Any]], "Mapping[str, Any] | None"]


class Controls:
    """What a test has declared. ``advance`` moves the clock on by seconds.

    It is in memory alone: it ends with the emulator, and with a reset.
    """

    def __init__(
        self,
        models: list[ServiceModel],
        *,
        journal: int,
        whose: Callable[[Request, str], Context],
        advance: Callable[[float], object],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        operations = Operations(models)
        self.pins = Pins(operations)
        self.faults = Faults(operations, sleep)
        self.journal = Journal(journal, whose)
        self.tick = 0.0
        """Seconds by which each call moves a standing clock on."""
        self._advance = advance

    @property
    def any(self) -> bool:
        """Whether a call may meet anything."""
        return bool(self.faults.any or self.tick or self.pins.any)

    def pin(self, declared: object) -> str:
        """Declare an answer; the id of the pin. Raises DeclarationError, a ValueError."""
        return self.pins.add(declared)

    def fault(self, declared: object) -> str:
        """Declare a fault; its id. Raises DeclarationError, a ValueError."""
        return self.faults.add(declared)

    def wrap(self, operation: str, handler: Handler) -> Handler:
        """``handler`` behind faults; the clock ticks when it has answered. Nothing but a look while none is set."""
        faults = self.faults
        inner = self._failing_campaigns(handler) if operation == "CreateCampaign" else handler

        def controlled(context: Context, params: dict[str, Any]) -> Mapping[str, Any] | None:
            if not faults.any and not self.tick:
                return inner(context, params)
            try:
                faults.meet(operation, params)
                return inner(context, params)
            finally:
                if self.tick:
                    self._advance(self.tick)

        return controlled

    def job_reason(self, job: Job) -> str | None:
        """Why a job that is about to begin is to fail instead; None where it is not."""
        return self.faults.reason(job.kind, job.arn.partition("#")[0]) if self.faults.any else None

    def clear(self) -> None:
        """Forget everything."""
        self.pins.clear()
        self.faults.clear()
        self.journal.clear()
        self.tick = 0.0

    def _failing_campaigns(self, handler: Handler) -> Handler:
        def creating(context: Context, params: dict[str, Any]) -> Mapping[str, Any] | None:
            made = handler(context, params)
            if self.faults.any and made is not None:
                arn = str(made["campaignArn"])
                reason = self.faults.reason("campaign", arn)
                if reason is not None:
                    job_faults.fail_campaign(context, arn, reason)
            return made

        return creating
