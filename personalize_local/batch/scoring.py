"""The answers of a model to the lines of a block, all at once where that costs less than one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from personalize_local.recipes._personal_blocks import prescored, top_of_all
from personalize_local.recipes._personal_model import PersonalModel
from personalize_local.runtime.exploring import Exploring, MixingItems, Relevant

if TYPE_CHECKING:
    from personalize_local.engine.many_scores import Best
    from personalize_local.engine.scores import Bool
    from personalize_local.recipes.base import Model, Query

__all__ = ["best_of_all", "scored"]


def scored(model: Model, queries: Sequence[Query]) -> Model:
    """A model that answers as ``model`` does, and has the answers to ``queries`` ready where they cost less so."""
    if isinstance(model, PersonalModel):
        return prescored(model, queries)
    if isinstance(model, Exploring | MixingItems | Relevant) and isinstance(model.trained, PersonalModel):
        return replace(model, trained=prescored(model.trained, queries))
    return model


def best_of_all(model: Model, queries: Sequence[Query], count: int) -> list[Best | None]:
    """The best ``count`` items of each query, nothing among them that is tried out; None for what must be asked for."""
    allowed: Bool | None = None
    places = list(range(len(queries)))
    trained: object = model
    if isinstance(model, Relevant):
        trained, allowed = model.trained, model.known
    elif isinstance(model, MixingItems):
        trained, places = model.trained, [place for place in places if not model.tries(queries[place], count)]
    found: list[Best | None] = [None] * len(queries)
    if isinstance(trained, PersonalModel):
        best = top_of_all(trained, [queries[place] for place in places], count, allowed)
        for place, one in zip(places, best, strict=True):
            found[place] = one
    return found
