"""The recipes: what each one declares, how it learns and how it answers."""

from personalize_local.recipes.registry import RECIPES, recipe_by_arn

__all__ = ["RECIPES", "recipe_by_arn"]
