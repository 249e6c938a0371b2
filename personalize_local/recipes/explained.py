"""What makes up the scores of a trained model, as far as its recipe's learning can tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from personalize_local.recipes._personal_explained import personal_parts
from personalize_local.recipes._personal_model import PersonalModel
from personalize_local.recipes._popular import PopularModel
from personalize_local.recipes._related import RelatedModel
from personalize_local.recipes._trending import TrendingModel
from personalize_local.recipes.base import Model, Query

if TYPE_CHECKING:
    from personalize_local.engine.data import Float64

__all__ = ["Explained", "explained"]


@dataclass(frozen=True, kw_only=True)
class Explained:
    """``parts`` [items] by name add up to the logits; without any, ``notes`` say why. ``history`` is oldest first.

    ``history`` is None where the model reads none.
    """

    parts: dict[str, Float64] = field(default_factory=dict)
    history: list[str] | None = None
    notes: tuple[str, ...] = ()


def explained(model: Model, query: Query, recipe: str) -> Explained:
    """The parts of what ``model`` (as it was trained) answers to ``query``; ``recipe`` is its name, for notes."""
    if isinstance(model, PersonalModel):
        return _personal(model, query)
    if isinstance(model, RelatedModel):
        known = query.item_id is not None and model.items.get(query.item_id) >= 0
        logits = model.scores(query).dense()
        if known:
            return Explained(parts={"neighbours": logits})
        return Explained(
            parts={"popularity": logits}, notes=(f"Item {query.item_id} is not known: the popular items come.",)
        )
    if isinstance(model, PopularModel):
        return Explained(parts={"popularity": model.scores(query).dense()})
    if isinstance(model, TrendingModel):
        return Explained(parts={"growth": model.scores(query).dense()})
    return Explained(notes=(f"Recipe {recipe} does not tell the parts of its scores.",))


def _personal(model: PersonalModel, query: Query) -> Explained:
    history = model.items.strings(model.history(query))
    notes: tuple[str, ...] = ()
    if not history:
        if query.user_id is None:
            who = "No user is named, or the user was deleted from the data"
        elif model.users.get(query.user_id) < 0:
            who = f"User {query.user_id} is not known and has no events that count"
        else:
            who = f"User {query.user_id} has no events that count"
        notes = (f"{who}: the popular items come.",)
    return Explained(parts=personal_parts(model, query), history=history, notes=notes)
