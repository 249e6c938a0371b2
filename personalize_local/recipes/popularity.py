"""The recipes that answer everyone alike, by how many users an item has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from personalize_local.recipes.base import Recipe, Trained, TrainingParameters, complete

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personalize_local.engine.data import TrainingData
    from personalize_local.recipes.base import Model


def _train(data: TrainingData, params: TrainingParameters) -> Trained:
    from personalize_local.recipes._popular import train_popular

    complete((), params.algorithm)
    complete((), params.feature_transformation)
    return train_popular(data, seed=params.seed)


def _load(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> Model:
    from personalize_local.recipes._popular import load_popular

    return load_popular(arrays, meta)


POPULARITY_COUNT = Recipe(
    name="aws-popularity-count",
    type="USER_PERSONALIZATION",  # its own page; the overview of recipes says POPULAR_ITEMS
    description="Recommends the items with the most users, the same to everyone; a baseline for the other recipes",
    algorithm="aws-popularity-count",
    feature_transformation="sims",
    created=1560124800.0,  # 2019-06-10 (observed)
    operation="GetRecommendations",
    needs_user=False,
    needs_item=False,
    scores=False,
    realtime=False,
    context=False,
    exploration=False,
    required_datasets=("INTERACTIONS",),
    optional_datasets=(),
    algorithm_hyperparameters=(),
    feature_parameters=(),
    train=_train,
    load=_load,
)
