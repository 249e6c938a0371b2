"""Which interactions a recipe learns from, and how many of them the service asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Categorical, Interactions, Numeric, TrainingData
from personalize_local.recipes.sentences import FEW_INTERACTIONS, FEW_OF_TYPE, FEW_USERS, SMALL_SHARE

MINIMUM_INTERACTIONS = 1000
MINIMUM_USERS = 25
"""Users with at least two interactions (documented, as is the number above)."""
MINIMUM_SHARE = 0.01
"""Share of all users that must have at least two interactions (documented)."""


def minimum_data_failure(data: TrainingData, event_type: str | None) -> str | None:
    """Why ``data`` (after :func:`select_events`) is too little to train on, in the service's words, or None."""
    if len(data.interactions) < MINIMUM_INTERACTIONS:
        if event_type is None:
            return FEW_INTERACTIONS()
        return FEW_OF_TYPE(type=event_type)
    counts = np.bincount(data.interactions.user, minlength=len(data.users))
    active, repeated = np.count_nonzero(counts), np.count_nonzero(counts >= 2)
    if repeated < MINIMUM_USERS:
        return FEW_USERS()
    return SMALL_SHARE() if repeated < MINIMUM_SHARE * active else None


def select_events(
    data: TrainingData, event_type: str | None, threshold: float | None, *, any_case: bool = False
) -> TrainingData:
    """The interactions of ``event_type`` (None: all) with a value of at least ``threshold`` (None: any).

    Event types are told apart by case (chosen), unless ``any_case``. The catalogue stays whole. Data without the
    column has no event that matches.
    """
    return _kept(data, _matching(data.interactions, event_type, threshold, any_case=any_case))


def select_entries(data: TrainingData, entries: Sequence[Mapping[str, Any]]) -> TrainingData:
    """The interactions that any entry of an eventsConfig takes in (its ``eventParametersList``).

    An entry takes the events of its type at or above its threshold (inclusive, documented), and none at weight 0.
    """
    keep = np.zeros(len(data.interactions), bool)
    for entry in entries:
        if _weight(entry) > 0:
            keep |= _matching(data.interactions, entry["eventType"], entry.get("eventValueThreshold"))
    return _kept(data, keep)


def weights_of(entries: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The weight of each event type in the entries of an eventsConfig; of two of one type the later counts."""
    return {entry["eventType"]: _weight(entry) for entry in entries}


def _weight(entry: Mapping[str, Any]) -> float:
    return float(entry.get("weight", 1.0))  # chosen: an entry without a weight counts in full


def _matching(
    interactions: Interactions, event_type: str | None, threshold: float | None, *, any_case: bool = False
) -> NDArray[np.bool_]:
    keep = np.ones(len(interactions), bool)
    if event_type is not None:
        kinds = interactions.event_type
        values = () if kinds is None else kinds.values
        same = [value == event_type or (any_case and value.casefold() == event_type.casefold()) for value in values]
        # The last entry answers for null, -1.
        keep &= np.array([*same, False])[kinds.codes] if kinds is not None else False
    if threshold is not None:
        keep &= interactions.value >= float(threshold) if interactions.value is not None else False
    return keep


def _kept(data: TrainingData, keep: NDArray[np.bool_]) -> TrainingData:
    interactions = data.interactions
    return data if keep.all() else replace(data, interactions=taken(interactions, np.flatnonzero(keep)))


def taken(interactions: Interactions, rows: NDArray[np.intp]) -> Interactions:
    """The interactions at ``rows``, with all their columns."""
    context: dict[str, Categorical | Numeric] = {}
    for name, column in interactions.context.items():
        if isinstance(column, Categorical):
            context[name] = replace(column, codes=column.codes[rows])
        else:
            context[name] = replace(column, values=column.values[rows])
    kinds, values, weight = interactions.event_type, interactions.value, interactions.weight
    return Interactions(
        user=interactions.user[rows],
        item=interactions.item[rows],
        timestamp=interactions.timestamp[rows],
        event_type=None if kinds is None else replace(kinds, codes=kinds.codes[rows]),
        value=None if values is None else values[rows],
        context=context,
        weight=None if weight is None else weight[rows],
    )
