"""Which recipes there are, by name and by ARN."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from personalize_local.recipes.actions import NEXT_BEST_ACTION
from personalize_local.recipes.base import Recipe
from personalize_local.recipes.ecommerce import ECOMMERCE
from personalize_local.recipes.legacy import HRNN, HRNN_COLDSTART, HRNN_METADATA
from personalize_local.recipes.popularity import POPULARITY_COUNT, TRENDING_NOW
from personalize_local.recipes.related_items import SEMANTIC_SIMILARITY, SIMILAR_ITEMS, SIMS
from personalize_local.recipes.segmentation import ITEM_AFFINITY, ITEM_ATTRIBUTE_AFFINITY
from personalize_local.recipes.user_personalization import (
    PERSONALIZED_RANKING,
    PERSONALIZED_RANKING_V2,
    USER_PERSONALIZATION,
    USER_PERSONALIZATION_V2,
)
from personalize_local.recipes.video_on_demand import VIDEO_ON_DEMAND

_ALL = (
    USER_PERSONALIZATION_V2,
    USER_PERSONALIZATION,
    PERSONALIZED_RANKING_V2,
    PERSONALIZED_RANKING,
    SIMILAR_ITEMS,
    SIMS,
    SEMANTIC_SIMILARITY,
    POPULARITY_COUNT,
    TRENDING_NOW,
    NEXT_BEST_ACTION,
    ITEM_AFFINITY,
    ITEM_ATTRIBUTE_AFFINITY,
    *ECOMMERCE,
    *VIDEO_ON_DEMAND,
    HRNN,
    HRNN_METADATA,
    HRNN_COLDSTART,
)

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {recipe.name: recipe for recipe in sorted(_ALL, key=lambda recipe: recipe.name)}
)
"""Every recipe by name, alphabetical (observed); those not ``available`` too, since they can be described."""


def recipe_by_arn(arn: str) -> Recipe | None:
    """The recipe whose ARN is ``arn``."""
    name = arn.rpartition("/")[2]
    recipe = RECIPES.get(name)
    return recipe if recipe is not None and recipe.arn == arn else None


def recipe_by_algorithm(arn: str) -> Recipe | None:
    """The first recipe, by name, whose algorithm has the ARN ``arn``."""
    return next((recipe for recipe in RECIPES.values() if recipe.algorithm_arn == arn), None)


def recipe_by_feature_transformation(arn: str) -> Recipe | None:
    """The recipe with the most parameters, then the first by name, whose feature transformation has the ARN ``arn``.

    Popularity-Count shares the transformation of SIMS and has no parameters itself.
    """
    sharing = [recipe for recipe in RECIPES.values() if recipe.feature_transformation_arn == arn]
    return max(sharing, key=lambda recipe: len(recipe.feature_parameters), default=None)
