"""Trained models in memory: opened once per solution version, shared by all requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personalize_local.datasets.schema import fold, parse_schema
from personalize_local.errors import not_found
from personalize_local.recipes import RECIPES, recipe_by_arn
from personalize_local.recipes.base import Model, Recipe
from personalize_local.store.artifacts import Artifacts
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Loaded", "Models"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model ready to answer, and what a request must know of the version it belongs to.

    Events past ``until`` came after the training snapshot; of those, only the ones of ``event_type`` (None: all) and
    at or above ``threshold`` move the model. ``context_columns`` maps folded names to schema names.
    """

    recipe: Recipe
    model: Model
    dataset_group: str
    until: int
    event_type: str | None
    threshold: float | None
    context_columns: Mapping[str, str]


class Models:
    """The opened models of an emulator."""

    def __init__(self, artifacts: Path) -> None:
        self._artifacts = Artifacts(artifacts)
        self._loaded: dict[str, Loaded] = {}
        self._lock = threading.Lock()

    def of(self, rows: Rows, version_arn: str) -> Loaded:
        """The model of a solution version. Raises ResourceNotFoundException when there is none."""
        loaded = self._loaded.get(version_arn)
        if loaded is not None:
            return loaded
        with self._lock:
            if version_arn not in self._loaded:
                self._loaded[version_arn] = self._open(rows, version_arn)
            return self._loaded[version_arn]

    def _open(self, rows: Rows, version_arn: str) -> Loaded:
        record = rows.get(version_arn)
        if record is None or record.job is None or record.job.state != "DONE":
            raise not_found(version_arn)
        recipe = recipe_by_arn(record.body["recipeArn"])
        assert recipe is not None, record.body["recipeArn"]
        arrays, facts = self._artifacts.open(record.job.payload["artifact"])
        threshold = record.body.get("solutionConfig", {}).get("eventValueThreshold")
        group = record.body["datasetGroupArn"]
        return Loaded(
            recipe=RECIPES[recipe.name],
            model=recipe.load(arrays, facts),
            dataset_group=group,
            until=record.job.payload["until"],
            event_type=record.body.get("eventType"),
            threshold=None if threshold is None else float(threshold),
            context_columns=_context_columns(record.job.payload),
        )

    def forget(self, version_arn: str) -> None:
        """Let go of a deleted version."""
        self._loaded.pop(version_arn, None)

    def clear(self) -> None:
        """Let go of every model."""
        self._loaded.clear()


def _context_columns(payload: Mapping[str, Any]) -> dict[str, str]:
    """The columns of the Interactions schema that the version was trained under."""
    schema = payload["schemas"].get("INTERACTIONS")
    if schema is None:
        return {}
    parsed = parse_schema(schema["text"], schema["domain"])
    return {fold(field.name): field.name for field in parsed.metadata}
