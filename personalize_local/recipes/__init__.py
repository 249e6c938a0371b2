"""The recipes: what each one declares, how it learns and how it answers."""

from personalize_local.recipes.registry import (
    RECIPES,
    recipe_by_algorithm,
    recipe_by_arn,
    recipe_by_feature_transformation,
)

__all__ = ["RECIPES", "recipe_by_algorithm", "recipe_by_arn", "recipe_by_feature_transformation"]
