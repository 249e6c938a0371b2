"""The recipes that there are, and what each declares."""

from __future__ import annotations

import subprocess
import sys

import pytest

from personalize_local.recipes import RECIPES, recipe_by_arn
from personalize_local.recipes.base import Recipe, complete

ALL = list(RECIPES.values())


def test_recipes_are_sorted_by_name_and_found_by_arn() -> None:
    assert list(RECIPES) == [
        "aws-personalized-ranking",
        "aws-popularity-count",
        "aws-similar-items",
        "aws-user-personalization",
    ]
    for name, recipe in RECIPES.items():
        assert recipe.name == name
        assert recipe_by_arn(f"arn:aws:personalize:::recipe/{name}") is recipe


@pytest.mark.parametrize(
    "arn",
    [
        "aws-similar-items",
        "arn:aws:personalize:::recipe/aws-none",
        "arn:aws:personalize:us-east-1::recipe/aws-similar-items",
        "arn:aws:personalize:::algorithm/aws-similar-items",
        "",
    ],
)
def test_other_arns_name_no_recipe(arn: str) -> None:
    assert recipe_by_arn(arn) is None


@pytest.mark.parametrize("recipe", ALL, ids=lambda recipe: recipe.name)
def test_a_default_lies_within_what_the_declaration_allows(recipe: Recipe) -> None:
    for parameter in (*recipe.algorithm_hyperparameters, *recipe.feature_parameters):
        if parameter.kind == "categorical":
            assert parameter.default in parameter.choices
            continue
        assert parameter.minimum is not None
        assert parameter.maximum is not None
        value = float(parameter.default)
        assert parameter.minimum <= value <= parameter.maximum
        assert value == int(value) or parameter.kind == "continuous"


def test_defaults_are_completed_by_what_is_given() -> None:
    declared = RECIPES["aws-user-personalization"].algorithm_hyperparameters
    assert complete(declared, {"bptt": "8"}) == {"bptt": "8", "hidden_dimension": "149", "recency_mask": "true"}
    with pytest.raises(ValueError, match="depth"):
        complete(declared, {"depth": "8"})


def test_declarations_load_no_numpy() -> None:
    program = "import sys, personalize_local.recipes; print('numpy' in sys.modules, 'scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "False"]
