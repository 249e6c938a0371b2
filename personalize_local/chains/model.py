"""What a chain is once it is read: resources in the order in which they are made, as the API's model has them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Key = tuple[str, str]
"""Kind and name of a resource within a chain; a dataset's name has its group's before it, as in ``shop/clicks``."""

SECTIONS = {
    "datasets": "dataset",
    "solutions": "solution",
    "filters": "filter",
    "eventTrackers": "eventTracker",
    "recommenders": "recommender",
    "metricAttributions": "metricAttribution",
}
"""The sections of a dataset group, and the kinds that they declare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A resource as the file wants it. ``params`` are those of its create operation but for ``references``."""

    kind: str
    name: str
    label: str
    """The name within the chain."""
    params: Mapping[str, Any] = field(default_factory=dict)
    references: Mapping[str, Key] = field(default_factory=dict)
    """The members that are ARNs of other resources of the chain."""
    after: tuple[Key, ...] = ()
    """What must be ACTIVE before it is made."""
    files: tuple[Path, ...] = ()
    """Local files of an import, uploaded before it."""
    again: bool = False
    """Whether a solution is trained again when data came after its newest version."""

    @property
    def key(self) -> Key:
        return self.kind, self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Resources in the order in which they are made, and what is for the local server alone."""

    resources: tuple[Declared, ...]
    role: str | None = None
    bucket: str | None = None
    prefix: str = "chains"
    pins: list[Any] | None = None
    faults: list[Any] | None = None


@functools.cache
def model() -> Any:
    """The service model of ``personalize`` as botocore has it."""
    import botocore.session

    return botocore.session.get_session().get_service_model("personalize")


def title(kind: str) -> str:
    """The kind as it stands in the names of operations."""
    return kind[0].upper() + kind[1:]


def words(kind: str) -> str:
    """The kind for people, and with underscores for boto3's methods."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind)


def create_shape(kind: str) -> Any:
    """The input shape of the create operation of a kind."""
    return model().operation_model(f"Create{title(kind)}").input_shape


def update_members(kind: str) -> frozenset[str]:
    """The members of a resource that an update can change; none where the service has no update of the kind."""
    operation = f"Update{title(kind)}"
    if operation not in model().operation_names:
        return frozenset()
    given = set(model().operation_model(operation).input_shape.members) - {f"{kind}Arn"}
    return frozenset("solutionConfig" if name == "solutionUpdateConfig" else name for name in given)


def solution_update_members() -> frozenset[str]:
    """The parts of a solutionConfig that UpdateSolution can change."""
    shape = model().operation_model("UpdateSolution").input_shape.members["solutionUpdateConfig"]
    return frozenset(shape.members)
