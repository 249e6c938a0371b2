"""The model of the popular recipes: one list for everyone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Float32, Int64, TrainingData
from personalize_local.engine.histories import Histories
from personalize_local.engine.popularity import popularity_logits, unique_users
from personalize_local.engine.scores import PopularityOrder, Scores
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.recipes._common import (
    Arrays,
    histories,
    measure_model,
    opened_order,
    prefixed,
    split_users,
    stored_popularity,
    vocabulary,
)
from personalize_local.recipes.base import Query, Trained


@dataclass(frozen=True, kw_only=True)
class PopularModel:
    """Items by how much they are interacted with."""

    items: Vocabulary
    popularity: Float32
    order: PopularityOrder

    def scores(self, query: Query) -> Scores:
        """The same scores for every query."""
        del query  # the same for all (documented)
        return Scores(self.popularity, self.order)

    def arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """Everything that :func:`load_popular` needs."""
        arrays: Arrays = {
            **prefixed("items", self.items.arrays()),
            **stored_popularity(self.popularity, self.order),
        }
        return arrays, {}


def load_popular(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> PopularModel:
    """Make a model of stored arrays; they may be memory-mapped and are not copied."""
    del meta  # the arrays say it all
    parts = cast("Mapping[str, Any]", arrays)
    return PopularModel(
        items=vocabulary("items", arrays),
        popularity=parts["popularity.logits"],
        order=opened_order(arrays),
    )


def train_popular(data: TrainingData, *, seed: int, per_user: bool = True) -> Trained:
    """Count all of ``data``, and measure the list of nine tenths of the users on the other tenth.

    Counted are the users of an item or, without ``per_user``, its interactions.
    """
    history = histories(data)
    users = np.flatnonzero(history.lengths > 0).astype(np.int64)
    learned, test = split_users(users, history.lengths, seed)
    scores = _fit(data, history, learned, per_user=per_user).scores(Query())
    metrics = measure_model(lambda *_: scores, history, test, len(data.items))
    return Trained(model=_fit(data, history, users, per_user=per_user), metrics=metrics)


def _fit(data: TrainingData, history: Histories, users: Int64, *, per_user: bool) -> PopularModel:
    positions = history.positions_of(users)
    user, item = history.owners()[positions], history.items[positions]
    if per_user:
        counts = unique_users(user, item, len(data.users), len(data.items))
    else:
        counts = np.bincount(item, minlength=len(data.items))
    popularity = popularity_logits(counts.astype(np.float64)).astype(np.float32)
    return PopularModel(items=data.items, popularity=popularity, order=PopularityOrder.of(popularity))
