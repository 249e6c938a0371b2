"""The recipes of the service's first years: still described, no longer to be had."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from personalize_local.recipes._personal_declarations import (
    BPTT,
    HIDDEN_DIMENSION,
    HISTORY_PERCENTILES,
    RECENCY_MASK,
    train_as_declared,
)
from personalize_local.recipes.base import Hyperparameter, Trained, TrainingParameters
from personalize_local.recipes.user_personalization import USER_PERSONALIZATION

if TYPE_CHECKING:
    from personalize_local.engine.data import TrainingData

_ALGORITHM = (BPTT, replace(HIDDEN_DIMENSION, default="43"), RECENCY_MASK)
# Both bounds are documented as above 0 and without an upper one.
_COLD_START = (
    Hyperparameter(name="cold_start_max_duration", kind="continuous", default="5.0", minimum=0.0),
    Hyperparameter(name="cold_start_max_interactions", kind="integer", default="15", minimum=1),
    Hyperparameter(
        name="cold_start_relative_from",
        kind="categorical",
        default="latestItem",
        choices=("currentTime", "latestItem"),
    ),
    *HISTORY_PERCENTILES,
)


def _train(data: TrainingData, params: TrainingParameters) -> Trained:
    return train_as_declared(data, params, _ALGORITHM, HISTORY_PERCENTILES)


def _train_coldstart(data: TrainingData, params: TrainingParameters) -> Trained:
    return train_as_declared(data, params, (BPTT, HIDDEN_DIMENSION, RECENCY_MASK), _COLD_START)


HRNN = replace(
    USER_PERSONALIZATION,
    name="aws-hrnn",
    description="Predicts the items that a user will interact with (legacy: use aws-user-personalization)",
    algorithm="aws-hrnn",
    feature_transformation="JSON-percentile-filtering",
    available=False,
    learns_as="aws-user-personalization",
    context=False,
    exploration=False,
    exploration_settings=False,
    impressions=False,
    objective=False,
    training_update=False,
    optional_datasets=(),
    algorithm_hyperparameters=_ALGORITHM,
    train=_train,
)

HRNN_METADATA = replace(
    HRNN,
    name="aws-hrnn-metadata",
    description=(
        "Predicts the items that a user will interact with, with features of users, items and contexts (legacy: use "
        "aws-user-personalization)"
    ),
    algorithm="aws-hrnn-metadata",
    feature_transformation="featurize_metadata",
    context=True,
    optional_datasets=("ITEMS", "USERS"),
)

HRNN_COLDSTART = replace(
    HRNN,
    name="aws-hrnn-coldstart",
    description=(
        "Predicts the items that a user will interact with and brings in new items (legacy: use "
        "aws-user-personalization)"
    ),
    algorithm="aws-hrnn-coldstart",
    feature_transformation="featurize_coldstart",
    training_update=True,
    required_datasets=("INTERACTIONS", "ITEMS"),
    optional_datasets=("USERS",),
    algorithm_hyperparameters=(BPTT, HIDDEN_DIMENSION, RECENCY_MASK),
    feature_parameters=_COLD_START,
    train=_train_coldstart,
)
