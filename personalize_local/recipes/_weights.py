"""What an event counts for by its type: how weights reach the data, and what hits are worth under them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from personalize_local.engine.data import Float64, Interactions, TrainingData
from personalize_local.recipes.minimums import taken


def weighted(data: TrainingData, weights: Mapping[str, float]) -> TrainingData:
    """``data`` with the events of the types in ``weights`` alone, each with its weight; all of it without ``weights``.

    The weights of the events come to 1 on average, so that only ratios matter. Where all weigh alike there is nothing
    to write down.
    """
    if not weights:
        return data
    evidence = _by_type(data.interactions, weights)
    kept = np.flatnonzero(evidence > 0)
    interactions = data.interactions if len(kept) == len(evidence) else taken(data.interactions, kept)
    evidence = evidence[kept]
    if len(evidence) and evidence.min() < evidence.max():
        evidence /= evidence.mean()
        interactions = replace(interactions, weight=evidence.astype(np.float32))
    return data if interactions is data.interactions else replace(data, interactions=interactions)


def event_rewards(interactions: Interactions, weights: Mapping[str, float]) -> Float64:
    """What a hit on each interaction pays: the weight of its type over the mean of the weights (documented)."""
    paid = [weight for weight in weights.values() if weight > 0]  # zero means left out (chosen: of the mean as well)
    return _by_type(interactions, weights) / (sum(paid) / len(paid) if paid else 1.0)


def _by_type(interactions: Interactions, weights: Mapping[str, float]) -> Float64:
    kinds = interactions.event_type
    if kinds is None:
        return np.zeros(len(interactions))
    # The last entry answers for null, -1.
    by_code = np.array([*(weights.get(value, 0.0) for value in kinds.values), 0.0])
    found: Float64 = by_code[kinds.codes]
    return found
