"""Which interactions a recipe learns from, and how many of them the service asks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from personalize_local.engine.data import Categorical, Interactions, Numeric, TrainingData

MINIMUM_INTERACTIONS = 1000
MINIMUM_USERS = 25
"""Users with at least two interactions (documented, as is the number above)."""
MINIMUM_SHARE = 0.01
"""Share of all users that must have at least two interactions (documented)."""

_FEW_USERS = "Dataset has fewer than 25 users with at least 2 interactions each."  # documented
_FEW_INTERACTIONS = "Dataset has fewer than 1000 interactions"  # chosen, after the observed one that names a type
_SMALL_SHARE = "Fewer than 1 percent of the users in the dataset have at least 2 interactions each."  # chosen


def minimum_data_failure(data: TrainingData, event_type: str | None) -> str | None:
    """Why ``data`` (after :func:`select_events`) is too little to train on, in the service's words, or None."""
    if len(data.interactions) < MINIMUM_INTERACTIONS:
        if event_type is None:
            return _FEW_INTERACTIONS
        return f"{_FEW_INTERACTIONS} after filtering by event type: {event_type}"  # observed
    counts = np.bincount(data.interactions.user, minlength=len(data.users))
    active, repeated = np.count_nonzero(counts), np.count_nonzero(counts >= 2)
    if repeated < MINIMUM_USERS:
        return _FEW_USERS
    return _SMALL_SHARE if repeated < MINIMUM_SHARE * active else None


def select_events(data: TrainingData, event_type: str | None, threshold: float | None) -> TrainingData:
    """The interactions of ``event_type`` (None: all) with a value of at least ``threshold`` (None: any).

    Event types are told apart by case (chosen). The catalogue stays whole. Data without the column has no event
    that matches.
    """
    interactions = data.interactions
    keep = np.ones(len(interactions), bool)
    if event_type is not None:
        kinds = interactions.event_type
        known = kinds is not None and event_type in kinds.values
        keep &= kinds.codes == kinds.values.index(event_type) if kinds is not None and known else False
    if threshold is not None:
        keep &= interactions.value >= threshold if interactions.value is not None else False
    return data if keep.all() else replace(data, interactions=_taken(interactions, np.flatnonzero(keep)))


def _taken(interactions: Interactions, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Interactions:
    context: dict[str, Categorical | Numeric] = {}
    for name, column in interactions.context.items():
        if isinstance(column, Categorical):
            context[name] = replace(column, codes=column.codes[rows])
        else:
            context[name] = replace(column, values=column.values[rows])
    kinds, values = interactions.event_type, interactions.value
    return Interactions(
        user=interactions.user[rows],
        item=interactions.item[rows],
        timestamp=interactions.timestamp[rows],
        event_type=None if kinds is None else replace(kinds, codes=kinds.codes[rows]),
        value=None if values is None else values[rows],
        context=context,
    )
