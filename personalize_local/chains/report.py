"""What came of a chain: each resource, and what was done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from personalize_local.chains.model import words

Action = Literal["created", "updated", "replaced", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One resource. ``detail`` tells what changed."""

    kind: str
    label: str
    arn: str
    action: Action
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.action:<9} {words(self.kind)} {self.label}" + (f" ({self.detail})" if self.detail else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The steps in their order, and the tracking ids by the names of the event trackers."""

    steps: tuple[Step, ...]
    tracking_ids: dict[str, str]
    tagged: tuple[str, ...] = ()
    """What was there and got other tags."""
    declared: tuple[str, ...] = ()
    """The sections for the local server that changed it: ``pins``, ``faults``."""

    @property
    def changed(self) -> bool:
        """Whether anything was created, updated, replaced, tagged or declared."""
        return bool(self.tagged or self.declared) or any(step.action != "unchanged" for step in self.steps)

    def arn(self, kind: str, name: str) -> str:
        """The ARN of a resource, as ``arn("campaign", "home")``; datasets and their imports as ``GROUP/NAME``.

        Raises KeyError.
        """
        for step in self.steps:
            if (step.kind, step.label) == (kind, name):
                return step.arn
        raise KeyError(f"{kind} {name}")

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        steps = [
            {"kind": step.kind, "name": step.label, "arn": step.arn, "action": step.action, "detail": step.detail}
            for step in self.steps
        ]
        return {
            "changed": self.changed,
            "steps": steps,
            "trackingIds": self.tracking_ids,
            "tagged": list(self.tagged),
            "declared": list(self.declared),
        }
