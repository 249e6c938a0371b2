"""The recipe that answers with actions to propose to a user. It is declared and not yet built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from personalize_local.recipes.base import (
    Hyperparameter,
    Recipe,
    Trained,
    TrainingParameters,
    Untrainable,
    released,
)
from personalize_local.recipes.sentences import NOT_BUILT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personalize_local.engine.data import TrainingData
    from personalize_local.recipes.base import Model


def _train(data: TrainingData, params: TrainingParameters) -> Trained:
    del data, params
    raise Untrainable(NOT_BUILT(arn=NEXT_BEST_ACTION.arn))


def _load(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> Model:
    del arrays, meta
    raise Untrainable(NOT_BUILT(arn=NEXT_BEST_ACTION.arn))


NEXT_BEST_ACTION = Recipe(
    name="aws-next-best-action",
    type="PERSONALIZED_ACTIONS",
    description="Recommends the actions that a user is likely to take",
    algorithm="aws-next-best-action",
    feature_transformation="aws-next-best-action",  # chosen: not published
    created=released(2023, 8, 11),  # observed
    operation="GetActionRecommendations",
    built=False,
    needs_user=True,
    needs_item=False,
    scores=True,
    realtime=True,
    context=False,
    exploration=True,
    metadata=None,
    required_datasets=("INTERACTIONS", "ACTIONS"),
    optional_datasets=("ACTION_INTERACTIONS", "ITEMS", "USERS"),
    feature_parameters=(
        Hyperparameter(name="action_optimization_period", kind="integer", default="14", minimum=7, maximum=28),
    ),
    train=_train,
    load=_load,
)
