"""The models of recipes without a server: their training data of a log, and what they score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from _interactions import Int64, Log
from numpy.typing import NDArray

if TYPE_CHECKING:
    from personalize_local.engine.data import TrainingData
    from personalize_local.recipes.base import Model


def training_data(log: Log) -> TrainingData:
    """A log as a recipe takes it; users and items keep their codes."""
    from personalize_local.engine.data import Interactions, TrainingData
    from personalize_local.engine.vocabulary import Vocabulary

    return TrainingData(
        users=Vocabulary.from_strings(log.users),
        items=Vocabulary.from_strings(log.items),
        interactions=Interactions(user=log.user.astype(np.int32), item=log.item.astype(np.int32), timestamp=log.time),
    )


def model_scores(model: Model, log: Log, users: Int64) -> NDArray[np.float64]:
    """The scores [users, items] of a model."""
    from personalize_local.recipes.base import Query

    numbers = model.items.indexes(log.items)
    return np.stack([model.scores(Query(user_id=log.users[user])).dense()[numbers] for user in users.tolist()])
