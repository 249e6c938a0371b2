"""Recipes, as their declarations say."""

from __future__ import annotations

from typing import Any

from botocore_shapes.paginate import InvalidToken, paginate
from personalize_local.context import Context
from personalize_local.errors import invalid_token, not_found
from personalize_local.recipes import RECIPES, recipe_by_arn
from personalize_local.recipes.base import Recipe


def describe(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeRecipe."""
    del context
    recipe = recipe_by_arn(params["recipeArn"])
    if recipe is None:
        raise not_found(params["recipeArn"])
    return {
        "recipe": {
            **_summary(recipe),
            "algorithmArn": recipe.algorithm_arn,
            "featureTransformationArn": recipe.feature_transformation_arn,
            "description": recipe.description,
            "recipeType": recipe.type,
        }
    }


def list_recipes(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """ListRecipes: alphabetical by name (observed)."""
    del context
    domain = params.get("domain")
    recipes = [recipe for recipe in RECIPES.values() if domain in (None, recipe.domain)]
    # The service's first page is short and comes with a token, which programs read without looking (observed): so a
    # caller who names no limit gets all but the last entry first.
    limit = params.get("maxResults", max(1, len(recipes) - 1))
    try:
        page, token = paginate(
            recipes, token=params.get("nextToken"), limit=limit, binding=("ListRecipes", domain or "")
        )
    except InvalidToken:
        raise invalid_token() from None
    answer: dict[str, Any] = {"recipes": [_summary(recipe) for recipe in page]}
    if token is not None:
        answer["nextToken"] = token
    return answer


def _summary(recipe: Recipe) -> dict[str, Any]:
    summary = {
        "name": recipe.name,
        "recipeArn": recipe.arn,
        "status": "ACTIVE",
        "creationDateTime": recipe.created,
        "lastUpdatedDateTime": _REFRESHED,
    }
    return summary if recipe.domain is None else {**summary, "domain": recipe.domain}


_REFRESHED = 1718815639.191
"""2024-06-19 16:47:19.191 UTC: all entries share the date of a service-wide refresh (observed)."""

HANDLERS = {"DescribeRecipe": describe, "ListRecipes": list_recipes}
