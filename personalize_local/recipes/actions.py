"""The recipe that answers with actions to propose to a user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from personalize_local.recipes.base import Hyperparameter, Recipe, Trained, TrainingParameters, complete, released

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personalize_local.engine.data import TrainingData
    from personalize_local.recipes.base import Model

_PERIOD = Hyperparameter(name="action_optimization_period", kind="integer", default="14", minimum=7, maximum=28)


def _train(data: TrainingData, params: TrainingParameters) -> Trained:
    from personalize_local.recipes._actions_training import train_actions

    complete((), params.algorithm)
    features = complete((_PERIOD,), params.feature_transformation)
    return train_actions(data, int(features[_PERIOD.name]), params)


def _load(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> Model:
    from personalize_local.recipes._actions_model import load_actions

    return load_actions(arrays, meta)


NEXT_BEST_ACTION = Recipe(
    name="aws-next-best-action",
    type="PERSONALIZED_ACTIONS",
    description="Recommends the actions that a user is likely to take",
    algorithm="aws-next-best-action",
    feature_transformation="aws-next-best-action",  # chosen: not published
    created=released(2023, 8, 11),  # observed
    operation="GetActionRecommendations",
    needs_user=True,
    needs_item=False,
    scores=True,
    realtime=True,
    context=False,
    exploration=True,
    metadata=None,
    required_datasets=("INTERACTIONS", "ACTIONS"),
    optional_datasets=("ACTION_INTERACTIONS", "ITEMS", "USERS"),
    feature_parameters=(_PERIOD,),
    train=_train,
    load=_load,
)
