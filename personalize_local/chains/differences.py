"""What a declared resource has that the one of the service has not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from personalize_local.chains.model import solution_update_members, update_members


def differing(kind: str, wanted: Mapping[str, Any], described: Mapping[str, Any]) -> list[str]:
    """The members that differ. What the file does not name is left alone, in structures too."""
    return [
        name
        for name, value in wanted.items()
        if name in _COMPARED.get(kind, wanted) and name != "tags" and not _same(name, value, described.get(name))
    ]


def updatable(kind: str, names: list[str], wanted: Mapping[str, Any], described: Mapping[str, Any]) -> bool:
    """Whether the service can change all of these members."""
    if not set(names) <= update_members(kind):
        return False
    if kind == "solution" and "solutionConfig" in names:
        there = described.get("solutionConfig", {})
        parts = {name for name, value in wanted["solutionConfig"].items() if not _same(name, value, there.get(name))}
        return parts <= solution_update_members()
    return True


def update_params(kind: str, names: list[str], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the update that makes it so."""
    params = {name: wanted[name] for name in names}
    if kind == "solution" and "solutionConfig" in params:
        config = params.pop("solutionConfig")
        params["solutionUpdateConfig"] = {
            name: value for name, value in config.items() if name in solution_update_members()
        }
    return params


_COMPARED = {"metricAttribution": ("datasetGroupArn", "metricsOutputConfig")}
"""Its metrics are listed, not described."""


def _same(name: str, wanted: Any, there: Any) -> bool:
    if name == "schema" and isinstance(there, str):
        return bool(json.loads(wanted) == json.loads(there))
    if isinstance(wanted, Mapping):
        return isinstance(there, Mapping) and all(_same(key, value, there.get(key)) for key, value in wanted.items())
    # What is off, the service may leave out of what it describes.
    return bool(wanted == there) or (wanted is False and there is None)
