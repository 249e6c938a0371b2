"""The recipes that answer with items like a given one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from personalize_local.recipes.base import Hyperparameter, Recipe, Trained, TrainingParameters, complete

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personalize_local.engine.data import TrainingData
    from personalize_local.recipes.base import Model

# The two dimensions size the service's embeddings. This engine has none, so that they may only be named as tuning
# ranges, as the service has it, and settle nothing.
_ALGORITHM = (
    Hyperparameter(
        name="item_id_hidden_dim", kind="integer", default="100", minimum=30, maximum=200, tunable=True, settable=False
    ),
    Hyperparameter(
        name="item_metadata_hidden_dim",
        kind="integer",
        default="100",
        minimum=30,
        maximum=200,
        tunable=True,
        settable=False,
    ),
    Hyperparameter(name="popularity_discount_factor", kind="continuous", default="0.0", minimum=0.0, maximum=1.0),
)


def _train(data: TrainingData, params: TrainingParameters) -> Trained:
    from personalize_local.recipes._related import train_similar_items

    algorithm = complete(_ALGORITHM, params.algorithm)
    complete((), params.feature_transformation)
    return train_similar_items(data, discount=float(algorithm["popularity_discount_factor"]), seed=params.seed)


def _load(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> Model:
    from personalize_local.recipes._related import load_related

    return load_related(arrays, meta)


SIMILAR_ITEMS = Recipe(
    name="aws-similar-items",
    type="RELATED_ITEMS",
    description="Finds items like a given one, by who had both and, for items with little data, by metadata",
    algorithm="aws-similar-items",
    feature_transformation="aws-similar-items",  # chosen: not published
    created=1560124800.0,  # 2019-06-10 (observed)
    operation="GetRecommendations",
    needs_user=False,
    needs_item=True,
    scores=False,
    realtime=False,
    context=False,
    exploration=False,
    required_datasets=("INTERACTIONS",),
    optional_datasets=("ITEMS",),
    algorithm_hyperparameters=_ALGORITHM,
    feature_parameters=(),
    train=_train,
    load=_load,
)
