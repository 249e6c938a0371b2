"""The recipes that answer for a user from the order of what he did: recommendations and rankings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from personalize_local.recipes._personal_declarations import (
    BPTT,
    HIDDEN_DIMENSION,
    HISTORY_PERCENTILES,
    RECENCY_MASK,
    load,
    train_as_declared,
)
from personalize_local.recipes.base import Hyperparameter, Recipe, Trained, TrainingParameters, released

if TYPE_CHECKING:
    from personalize_local.engine.data import TrainingData

# Names, defaults and ranges: the recipes' pages of the developer guide.
_ALGORITHM = (BPTT, HIDDEN_DIMENSION, RECENCY_MASK)
_ALGORITHM_V2 = (
    Hyperparameter(name="apply_recency_bias", kind="categorical", default="true", choices=("true", "false")),
)


def _train(data: TrainingData, params: TrainingParameters) -> Trained:
    return train_as_declared(data, params, _ALGORITHM, HISTORY_PERCENTILES)


def _train_v2(data: TrainingData, params: TrainingParameters) -> Trained:
    return train_as_declared(data, params, _ALGORITHM_V2)


USER_PERSONALIZATION = Recipe(
    name="aws-user-personalization",
    type="USER_PERSONALIZATION",
    description=(
        "Recommends the items that a user is likely to interact with next, from the order of earlier interactions, "
        "and can explore new items"
    ),
    algorithm="aws-user-personalization",
    feature_transformation="JSON-percentile-filtering",  # chosen: not published for this recipe
    created=released(2019, 6, 10),  # observed
    operation="GetRecommendations",
    needs_user=True,
    needs_item=False,
    scores=True,
    realtime=True,
    context=True,
    exploration=True,
    exploration_settings=True,
    impressions=True,
    objective=True,
    training_update=True,
    batch_inference=True,
    required_datasets=("INTERACTIONS",),
    optional_datasets=("ITEMS", "USERS"),
    algorithm_hyperparameters=_ALGORITHM,
    feature_parameters=HISTORY_PERCENTILES,
    train=_train,
    load=load,
)

PERSONALIZED_RANKING = replace(
    USER_PERSONALIZATION,
    name="aws-personalized-ranking",
    type="PERSONALIZED_RANKING",
    description="Puts a given list of items in the order in which a user is likely to want them",
    algorithm="aws-personalized-ranking",
    operation="GetPersonalizedRanking",
    exploration=False,
    exploration_settings=False,
    impressions=False,
    training_update=False,
)

USER_PERSONALIZATION_V2 = replace(
    USER_PERSONALIZATION,
    name="aws-user-personalization-v2",
    description=(
        "Recommends the items that a user is likely to interact with next, in catalogues of up to 5 million items"
    ),
    algorithm="aws-user-personalization-v2",
    feature_transformation="aws-user-personalization-v2",  # chosen: not published
    created=released(2024, 1, 1),  # chosen, after its sister's, which was observed
    learns_as="aws-user-personalization",
    events_config=True,
    reasons=True,
    exploration_settings=False,
    impressions=False,
    objective=False,
    training_update=False,
    metadata="automatic",
    algorithm_hyperparameters=_ALGORITHM_V2,
    feature_parameters=(),
    train=_train_v2,
)

PERSONALIZED_RANKING_V2 = replace(
    USER_PERSONALIZATION_V2,
    name="aws-personalized-ranking-v2",
    type="PERSONALIZED_RANKING",
    description=(
        "Puts a given list of items in the order in which a user is likely to want them, in catalogues of up to "
        "5 million items"
    ),
    algorithm="aws-personalized-ranking-v2",
    feature_transformation="aws-personalized-ranking-v2",  # chosen: not published
    learns_as="aws-personalized-ranking",
    operation="GetPersonalizedRanking",
    exploration=False,
)
