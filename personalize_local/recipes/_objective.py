"""A business objective beside relevance: what an item is worth, and how far that moves it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from personalize_local.engine.data import Float32, Float64, Numeric, TrainingData
from personalize_local.recipes.base import Objective, Sensitivity, Untrainable
from personalize_local.recipes.sentences import NO_VALUES

# Chosen, but for OFF and that MEDIUM weighs objective and relevance alike: the personal signals, too, are standardised.
_WEIGHTS: Mapping[Sensitivity, float] = {"OFF": 0.0, "LOW": 0.3, "MEDIUM": 1.0, "HIGH": 3.0}
_FURTHEST = 3.0  # deviations: a single item of enormous value shall not silence everything else


def item_rewards(data: TrainingData, objective: Objective) -> Float64:
    """What an interaction with each item is worth, none negative; a null counts as the column's lowest value.

    Raises Untrainable when the column is not there, no number, or null throughout.
    """
    column = data.item_metadata.get(objective.attribute.upper())
    if not isinstance(column, Numeric) or np.isnan(column.values).all():
        raise Untrainable(NO_VALUES(column=objective.attribute))
    lowest = float(np.nanmin(column.values))
    values: Float64 = np.where(np.isnan(column.values), lowest, column.values)
    # Shares of a sum mean nothing among negative values (chosen).
    return values - min(lowest, 0.0)


def item_bonus(rewards: Float64, sensitivity: Sensitivity) -> Float32 | None:
    """What the objective adds to each item's standardised relevance; None where it adds nothing."""
    weight, deviation = _WEIGHTS[sensitivity], float(rewards.std())
    if not weight or deviation <= 1e-12 * float(np.abs(rewards).max(initial=1.0)):
        return None
    standardised = np.clip((rewards - rewards.mean()) / deviation, -_FURTHEST, _FURTHEST)
    bonus: Float32 = (standardised * weight).astype(np.float32)
    return bonus
