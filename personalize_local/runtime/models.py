"""Trained models in memory: opened once per training, shared by all requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personalize_local.datasets.schema import fold
from personalize_local.errors import NOT_FOUND
from personalize_local.jobs.holdings import schema_of
from personalize_local.recipes import RECIPES
from personalize_local.recipes.base import Model, Recipe
from personalize_local.runtime.refreshing import Refresher
from personalize_local.runtime.updates import Updates
from personalize_local.store.artifacts import Artifacts
from personalize_local.store.records import Job, user_mark
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from personalize_local.context import Context
    from personalize_local.recipes.learned import Learned

__all__ = ["Loaded", "Models"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model ready to answer, and what a request must know of the training that it comes from.

    Events past ``until`` came after the training snapshot; of those, only the ones for which ``thresholds`` has their
    type (None: every type), at or above its value (None: any), move the model; of action interactions all past
    ``actions_until``. ``context_columns`` maps folded names to schema names. ``training`` names the training and, where
    the model has come to know further items since, which ones; it is never given twice. ``forgotten`` has the marks of
    the users who were deleted from the data since. ``learned`` says what there was to learn of each item, for
    recipes that explore. ``held`` is what the datasets held when the training began, by their type.
    """

    training: str
    recipe: Recipe
    model: Model
    dataset_group: str
    until: int
    actions_until: int
    forgotten: frozenset[str]
    thresholds: Mapping[str, float | None] | None
    threshold: float | None
    context_columns: Mapping[str, str]
    learned: Learned | None
    held: Mapping[str, Mapping[str, Any]]
    refresher: Refresher
    updates: Updates
    ends: float = inf
    """Until when, in epoch seconds, it answers so unless something is written."""

    def now(self, context: Context, rows: Rows, config: Mapping[str, Any]) -> Loaded:
        """The model as it answers now, with what it has taken in since its training; ``config`` is the campaign's."""
        return self.updates.of(context, rows, self.refresher.of(context, rows, self), config)

    def remembers(self, user_id: str) -> bool:
        """Whether the model may answer from what it has learned of a user."""
        return not self.forgotten or user_mark(user_id) not in self.forgotten

    def moves(self, event_type: str, value: float | None) -> bool:
        """Whether an event of this type and value is one that the model learns from."""
        least = self.threshold
        if self.thresholds is not None:
            kind = event_type.lower() if self.recipe.is_domain else event_type
            if kind not in self.thresholds:
                return False
            least = self.thresholds[kind]
        return least is None or (value is not None and value >= least)


class Models:
    """The opened models of an emulator."""

    def __init__(self, artifacts: Path) -> None:
        self._artifacts = Artifacts(artifacts)
        self._loaded: dict[str, tuple[int, Loaded]] = {}
        self._lock = threading.Lock()
        self.cleared = 0
        """How often all were let go of."""

    def of(self, rows: Rows, training: str, owner: int) -> Loaded:
        """The model of a training, by the key of its job. Raises ResourceNotFoundException when there is none.

        ``owner`` is the sequence of the record that asks: its ARN may be given again to another.
        """
        kept = self._loaded.get(training)
        if kept is not None and kept[0] == owner:
            return kept[1]
        with self._lock:
            kept = self._loaded.get(training)
            if kept is None or kept[0] != owner:
                job = rows.job(training)
                # Released when another has taken over.
                if job is None or job.state != "DONE" or "artifact" not in job.payload:
                    raise NOT_FOUND(arn=training.partition("#")[0])
                try:
                    kept = (owner, self._open(rows, job))
                except FileNotFoundError:
                    raise NOT_FOUND(arn=training.partition("#")[0]) from None
                # What it replaces is not asked for any more.
                self._drop(training.partition("#")[0])
                self._loaded[training] = kept
            return kept[1]

    def _open(self, rows: Rows, job: Job) -> Loaded:
        payload = job.payload
        recipe = RECIPES[job.result.get("recipe", payload["recipe"])]
        arrays, facts = self._artifacts.open(payload["artifact"])
        model = recipe.load(arrays, facts)
        threshold = payload["solutionConfig"].get("eventValueThreshold")
        return Loaded(
            training=payload["artifact"],
            recipe=recipe,
            model=model,
            dataset_group=payload["datasetGroup"],
            until=payload["until"],
            actions_until=payload["held"].get("ACTION_INTERACTIONS", {}).get("until", 0),
            forgotten=rows.forgotten(payload["datasetGroup"], payload["forgotten"]),
            thresholds=_thresholds(recipe, payload),
            threshold=None if threshold is None else float(threshold),
            context_columns=_context_columns(payload),
            learned=_learned(recipe, model, arrays),
            held=payload["held"],
            refresher=Refresher(job.submitted, payload),
            updates=Updates(job),
            # A refresh may be made beside the requests, at any time.
            ends=inf if recipe.refreshes is None else -inf,
        )

    def _drop(self, arn: str) -> None:
        for key in [key for key in self._loaded if key.partition("#")[0] == arn]:
            self._loaded.pop(key, None)

    def forget(self, arn: str) -> None:
        """Let go of the models of a deleted resource."""
        with self._lock:
            self._drop(arn)

    def clear(self) -> None:
        """Let go of every model."""
        with self._lock:
            self._loaded.clear()
            self.cleared += 1


def _learned(recipe: Recipe, model: Model, arrays: Mapping[str, NDArray[Any]]) -> Learned | None:
    if not recipe.exploration or recipe.operation != "GetRecommendations":
        return None
    from personalize_local.recipes.learned import Learned

    return Learned.stored(arrays, len(model.items))


def _thresholds(recipe: Recipe, payload: Mapping[str, Any]) -> dict[str, float | None] | None:
    """The event types that a training learns from, each with its least value; None for all types."""
    threshold = payload["solutionConfig"].get("eventValueThreshold")
    least = None if threshold is None else float(threshold)
    if recipe.is_domain:
        return None if recipe.event_type is None else {recipe.event_type.lower(): least}
    events = payload["solutionConfig"].get("eventsConfig", {}).get("eventParametersList")
    if events:
        return {
            event["eventType"]: event.get("eventValueThreshold") for event in events if event.get("weight", 1.0) > 0
        }
    return None if payload["eventType"] is None else {payload["eventType"]: least}


def _context_columns(payload: Mapping[str, Any]) -> dict[str, str]:
    """The columns of the Interactions schema that the training ran under."""
    interactions = payload["held"].get("INTERACTIONS")
    if interactions is None:
        return {}
    return {fold(field.name): field.name for field in schema_of(interactions).metadata}
