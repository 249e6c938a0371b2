"""Which recipes there are, by name and by ARN."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from personalize_local.recipes.base import Recipe
from personalize_local.recipes.popularity import POPULARITY_COUNT
from personalize_local.recipes.related_items import SIMILAR_ITEMS
from personalize_local.recipes.user_personalization import PERSONALIZED_RANKING, USER_PERSONALIZATION

_ALL = (USER_PERSONALIZATION, PERSONALIZED_RANKING, SIMILAR_ITEMS, POPULARITY_COUNT)

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {recipe.name: recipe for recipe in sorted(_ALL, key=lambda recipe: recipe.name)}
)


def recipe_by_arn(arn: str) -> Recipe | None:
    """The recipe whose ARN is ``arn``."""
    name = arn.rpartition("/")[2]
    recipe = RECIPES.get(name)
    return recipe if recipe is not None and recipe.arn == arn else None
