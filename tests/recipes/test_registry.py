"""The recipes that there are, and what each declares."""

from __future__ import annotations

import subprocess
import sys

import pytest

from personalize_local.recipes import RECIPES, recipe_by_algorithm, recipe_by_arn, recipe_by_feature_transformation
from personalize_local.recipes.base import Recipe, complete

ALL = list(RECIPES.values())
DOMAINS = (None, "ECOMMERCE", "VIDEO_ON_DEMAND")


def test_recipes_are_sorted_by_name_and_found_by_arn() -> None:
    assert list(RECIPES) == sorted(RECIPES)
    for name, recipe in RECIPES.items():
        assert recipe.name == name
        assert recipe_by_arn(f"arn:aws:personalize:::recipe/{name}") is recipe


def test_twenty_two_recipes_are_to_be_had_and_three_are_of_the_past() -> None:
    assert [name for name, recipe in RECIPES.items() if not recipe.available] == [
        "aws-hrnn",
        "aws-hrnn-coldstart",
        "aws-hrnn-metadata",
    ]
    names = {
        domain: [recipe.name for recipe in ALL if recipe.available and recipe.domain == domain] for domain in DOMAINS
    }
    assert [len(found) for found in names.values()] == [12, 5, 5]
    assert all(name.startswith("aws-ecomm-") for name in names["ECOMMERCE"])
    assert all(name.startswith("aws-vod-") for name in names["VIDEO_ON_DEMAND"])


def test_algorithms_and_feature_transformations_are_found_by_arn() -> None:
    algorithm = "arn:aws:personalize:::algorithm/aws-trending-now-custom"
    assert recipe_by_algorithm(algorithm) is RECIPES["aws-trending-now"]
    assert recipe_by_algorithm("arn:aws:personalize:::algorithm/aws-trending-now") is None
    shared = "arn:aws:personalize:::feature-transformation/"
    assert recipe_by_feature_transformation(f"{shared}sims") is RECIPES["aws-sims"]
    found = recipe_by_feature_transformation(f"{shared}JSON-percentile-filtering")
    assert found is RECIPES["aws-hrnn"]
    assert recipe_by_feature_transformation(f"{shared}none") is None
    for recipe in ALL:
        assert recipe_by_algorithm(recipe.algorithm_arn) is recipe
        assert recipe_by_feature_transformation(recipe.feature_transformation_arn) is not None


def with_fact(fact: str) -> set[str]:
    """The recipes to be had for which a flag of the declaration is set, without the domains' ones."""
    return {
        recipe.name.removeprefix("aws-")
        for recipe in ALL
        if getattr(recipe, fact) and recipe.available and not recipe.is_domain
    }


PERSONAL = {"user-personalization", "user-personalization-v2", "personalized-ranking", "personalized-ranking-v2"}
V2 = {"user-personalization-v2", "personalized-ranking-v2"}


@pytest.mark.parametrize(
    ("fact", "names"),
    [
        ("hpo", {"user-personalization", "personalized-ranking", "similar-items", "sims"}),
        ("segments", {"item-affinity", "item-attribute-affinity"}),
        ("events_config", V2),
        ("objective", PERSONAL - V2),
        ("training_update", {"user-personalization"}),
        ("incremental_update", {"semantic-similarity"}),
        ("ranking_influence", {"semantic-similarity"}),
        ("themes", {"similar-items"}),
        ("context", PERSONAL),
        ("scores", {*PERSONAL, "next-best-action"}),
        ("realtime", {*PERSONAL, "next-best-action"}),
        ("exploration", {"user-personalization", "user-personalization-v2", "next-best-action"}),
        ("exploration_settings", {"user-personalization"}),
        ("impressions", {"user-personalization"}),
        ("needs_user", {*PERSONAL, "next-best-action"}),
        ("needs_item", {"similar-items", "sims", "semantic-similarity"}),
        ("batch_inference", {*PERSONAL, "similar-items", "sims", "semantic-similarity", "popularity-count"}),
    ],
)
def test_what_is_documented_of_recipes_is_declared(fact: str, names: set[str]) -> None:
    assert with_fact(fact) == names


def test_metadata_comes_by_itself_in_the_newer_recipes_alone() -> None:
    assert {recipe.name for recipe in ALL if recipe.metadata == "automatic"} == {
        "aws-semantic-similarity",
        "aws-user-personalization-v2",
        "aws-personalized-ranking-v2",
    }
    assert {recipe.type for recipe in ALL if recipe.metadata is None} == {"USER_SEGMENTATION", "PERSONALIZED_ACTIONS"}


@pytest.mark.parametrize(
    ("name", "event_type", "hides", "user", "item", "realtime"),
    [
        ("ecomm-popular-items-by-views", "View", None, True, False, False),
        ("ecomm-popular-items-by-purchases", "Purchase", None, True, False, False),
        ("ecomm-frequently-bought-together", "Purchase", None, False, True, False),
        ("ecomm-customers-who-viewed-x-also-viewed", "View", "Purchase", True, True, False),
        ("ecomm-recommended-for-you", None, "Purchase", True, False, True),
        ("vod-because-you-watched-x", "Watch", "Watch", True, True, False),
        ("vod-more-like-x", None, "Watch", True, True, False),
        ("vod-most-popular", "Watch", None, True, False, False),
        ("vod-trending-now", None, None, False, False, False),
        ("vod-top-picks", None, "Watch", True, False, True),
    ],
)
def test_use_cases_are_declared_as_documented(
    name: str, event_type: str | None, hides: str | None, user: bool, item: bool, realtime: bool
) -> None:
    recipe = RECIPES[f"aws-{name}"]
    assert (recipe.event_type, recipe.hides) == (event_type, hides)
    assert (recipe.needs_user, recipe.needs_item) == (user, item)
    assert recipe.realtime == recipe.exploration == recipe.context == realtime
    assert recipe.exploration_settings == recipe.impressions == realtime
    assert not recipe.scores
    assert not recipe.batch_inference
    assert ("ITEMS" in recipe.required_datasets) == (name == "vod-more-like-x")


@pytest.mark.parametrize("recipe", ALL, ids=lambda recipe: recipe.name)
def test_a_declaration_agrees_with_itself(recipe: Recipe) -> None:
    assert (recipe.operation is None) == recipe.segments
    assert not set(recipe.required_datasets) & set(recipe.optional_datasets)
    assert recipe.learns_as is None or RECIPES[recipe.learns_as].learns_as is None
    assert len({parameter.name for parameter in recipe.algorithm_hyperparameters}) == len(
        recipe.algorithm_hyperparameters
    )
    assert not any(parameter.tunable for parameter in recipe.feature_parameters)
    assert 1_500_000_000 < recipe.created < 1_800_000_000


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
        assert (parameter.maximum is None) == parameter.name.startswith("cold_start_max_")
        value = float(parameter.default)
        assert parameter.minimum <= value <= (parameter.maximum or value)
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
