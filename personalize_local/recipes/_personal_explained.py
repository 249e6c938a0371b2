"""The parts of the logits of a personal model: what the model itself adds up, each addend with its name."""

from __future__ import annotations

import numpy as np

from personalize_local.engine.context import context_parts, person_parts
from personalize_local.engine.data import Float32, Float64, Int32
from personalize_local.recipes._personal_model import Noted, PersonalModel
from personalize_local.recipes.base import Query

__all__ = ["personal_parts"]


def personal_parts(model: PersonalModel, query: Query) -> dict[str, Float64]:
    """The parts of the logit of every item for ``query``, by name; they add up to the logit within rounding."""
    noted = model.noted(query)
    has_history = len(model.history(query)) > 0
    parts = {
        name: _whole(model, [addend])
        for name, addend in zip(_names(model, query, has_history=has_history), noted, strict=True)
    }
    if model.bonus is not None:
        # With an objective the model has it in one array with popularity.
        popularity = parts["popularity"]
        parts["popularity"] = _popularity_alone(model, noted[0], has_history=has_history)
        parts["objective"] = popularity - parts["popularity"]
    return parts


def _popularity_alone(model: PersonalModel, addend: tuple[Int32 | None, Float32], *, has_history: bool) -> Float64:
    """What popularity adds without the objective."""
    if not has_history:
        return model.popularity.astype(np.float64)
    mean, deviation = float(model.popularity.mean()), float(model.popularity.std())
    weight = model.settings.popularity_weight / (deviation if deviation > 1e-6 else np.inf)
    found: Float64 = (model.popularity.astype(np.float64) - mean) * weight * model.settings.temperature
    items = addend[0]
    if items is None:
        return found
    kept = np.zeros(len(found))
    kept[items] = found[items]
    return kept


def _names(model: PersonalModel, query: Query, *, has_history: bool) -> list[str]:
    """The names of what the model adds up, in its order."""
    if not has_history:
        return ["popularity", *_beside(model, query, weighted=False)]
    names = ["popularity", "transitions", "affinity"]
    names += ["companions" if table is model.companions else "content" for table, _ in model._further()]
    names += _beside(model, query, weighted=True)
    time = model._time(query, model._user(query))
    if model.periods is not None and time is not None and model.settings.period_weight:
        names.append("period")
    return [*names, "history"]


def _beside(model: PersonalModel, query: Query, *, weighted: bool) -> list[str]:
    """The columns of the context and then of the user that count: those of which the model has a part alone."""
    settings = model.settings
    contexts = settings.context_weights if weighted else dict.fromkeys(model.context, 1.0)
    persons = settings.person_weights if weighted else dict.fromkeys(model.persons, 1.0)
    user = model._user(query)
    names = [
        f"context {name}"
        for name, value in query.context.items()
        if context_parts(model.context, contexts, {name: value})
    ]
    names += [f"user {name}" for name, weight in persons.items() if person_parts(model.persons, {name: weight}, user)]
    return names


def _whole(model: PersonalModel, noted: Noted) -> Float64:
    """Addends of some items as those of the whole catalogue."""
    total = np.zeros(len(model.items))
    for items, values in noted:
        if items is None:
            total += values
        else:
            total[items] += values
    return total
