"""The recipes that answer for a user from the order of what he did: recommendations and rankings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from personalize_local.recipes.base import Hyperparameter, Recipe, Trained, TrainingParameters, complete

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personalize_local.engine.data import TrainingData
    from personalize_local.recipes.base import Model

_RELEASED = 1560124800.0  # 2019-06-10 (observed)

# Names, defaults and ranges: the recipes' pages of the developer guide.
_ALGORITHM = (
    Hyperparameter(name="bptt", kind="integer", default="32", minimum=2, maximum=32, tunable=True),
    Hyperparameter(name="hidden_dimension", kind="integer", default="149", minimum=32, maximum=256, tunable=True),
    Hyperparameter(name="recency_mask", kind="categorical", default="true", choices=("true", "false"), tunable=True),
)
_FEATURES = (
    Hyperparameter(
        name="max_user_history_length_percentile", kind="continuous", default="0.99", minimum=0.0, maximum=1.0
    ),
    Hyperparameter(
        name="min_user_history_length_percentile", kind="continuous", default="0.0", minimum=0.0, maximum=1.0
    ),
)


def _train(data: TrainingData, params: TrainingParameters) -> Trained:
    from personalize_local.recipes._personal_training import train_personal

    algorithm = complete(_ALGORITHM, params.algorithm)
    features = complete(_FEATURES, params.feature_transformation)
    return train_personal(data, algorithm, features, params.seed)


def _load(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> Model:
    from personalize_local.recipes._personal_model import load_personal

    return load_personal(arrays, meta)


USER_PERSONALIZATION = Recipe(
    name="aws-user-personalization",
    type="USER_PERSONALIZATION",
    description=(
        "Recommends the items that a user is likely to interact with next, from the order of earlier interactions, "
        "and can explore new items"
    ),
    algorithm="aws-user-personalization",
    feature_transformation="JSON-percentile-filtering",
    created=_RELEASED,
    operation="GetRecommendations",
    needs_user=True,
    needs_item=False,
    scores=True,
    realtime=True,
    context=True,
    exploration=True,
    required_datasets=("INTERACTIONS",),
    optional_datasets=("ITEMS", "USERS"),
    algorithm_hyperparameters=_ALGORITHM,
    feature_parameters=_FEATURES,
    train=_train,
    load=_load,
)

PERSONALIZED_RANKING = replace(
    USER_PERSONALIZATION,
    name="aws-personalized-ranking",
    type="PERSONALIZED_RANKING",
    description="Puts a given list of items in the order in which a user is likely to want them",
    algorithm="aws-personalized-ranking",
    operation="GetPersonalizedRanking",
    exploration=False,
)
