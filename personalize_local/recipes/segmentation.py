"""The recipes that answer with users: those likely to want an item, or items with an attribute."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from personalize_local.recipes._personal_declarations import HIDDEN_DIMENSION, load
from personalize_local.recipes.base import Recipe, Trained, TrainingParameters, complete, released

if TYPE_CHECKING:
    from personalize_local.engine.data import TrainingData

_ALGORITHM = (replace(HIDDEN_DIMENSION, tunable=False),)


def _train_items(data: TrainingData, params: TrainingParameters) -> Trained:
    from personalize_local.recipes._segments import train_item_segments

    complete((), params.feature_transformation)
    return train_item_segments(data, complete(_ALGORITHM, params.algorithm), params)


def _train_attributes(data: TrainingData, params: TrainingParameters) -> Trained:
    from personalize_local.recipes._segments import train_attribute_segments

    complete((), params.feature_transformation)
    return train_attribute_segments(data, complete(_ALGORITHM, params.algorithm), params)


ITEM_AFFINITY = Recipe(
    name="aws-item-affinity",
    type="USER_SEGMENTATION",
    description="Finds the users who are likely to interact with an item",
    algorithm="aws-item-affinity",
    feature_transformation="item-affinity",
    created=released(2021, 7, 15),  # observed
    operation=None,
    learns_as="aws-user-personalization",
    needs_user=False,
    needs_item=False,
    scores=False,
    realtime=False,
    context=False,
    exploration=False,
    metadata=None,
    required_datasets=("INTERACTIONS",),
    optional_datasets=("ITEMS", "USERS"),
    algorithm_hyperparameters=_ALGORITHM,
    train=_train_items,
    load=load,
)

ITEM_ATTRIBUTE_AFFINITY = replace(
    ITEM_AFFINITY,
    name="aws-item-attribute-affinity",
    description="Finds the users who are likely to interact with items of given attributes",
    algorithm="aws-item-attribute-affinity",
    feature_transformation="item-attribute-affinity",
    created=released(2021, 8, 25),  # observed
    required_datasets=("INTERACTIONS", "ITEMS"),
    optional_datasets=("USERS",),  # inferred
    train=_train_attributes,
)
