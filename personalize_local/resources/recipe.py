"""Recipes, their algorithms and feature transformations, as the declarations of the recipes say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from botocore_shapes.errors import ServiceError
from botocore_shapes.paginate import paginate
from personalize_local.context import Context
from personalize_local.errors import NOT_FOUND, WRONG_ARN
from personalize_local.provenance import Rule
from personalize_local.recipes import (
    RECIPES,
    recipe_by_algorithm,
    recipe_by_arn,
    recipe_by_feature_transformation,
)
from personalize_local.recipes.base import Hyperparameter, Recipe
from personalize_local.resources.pages import own_tokens
from personalize_local.resources.quotas import HPO_JOBS, HPO_PARALLEL_JOBS

RULES = (
    Rule(
        says="ListRecipes is in alphabetical order, domain and custom recipes mixed.",
        known="observed",
        source="captured ListRecipes, 2019 to 2024",
    ),
    Rule(
        says="ListRecipes without a limit ends its first page early and gives a token, which programs read without "
        "looking whether it is there.",
        known="observed",
        source="immersion-day notebooks",
    ),
    Rule(says="Legacy recipes can be described and are not listed.", known="observed", source="ListRecipes since 2022"),
    Rule(
        says="The domain of a recipe is in its summary alone, and only for use cases of a domain.",
        known="observed",
        source="captured ListRecipes, 2021 to 2024",
    ),
    Rule(
        says="DescribeAlgorithm answers with the defaults and ranges of the hyperparameters, the limits of "
        "hyperparameter optimization, training input mode File and the name of an image that is none.",
        known="chosen",
    ),
    Rule(says="DescribeFeatureTransformation answers with the defaults of its parameters.", known="inferred"),
)

_REFRESHED = 1718815639.191
"""2024-06-19 16:47:19.191 UTC: all entries share the date of a service-wide refresh (observed)."""


def describe(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeRecipe."""
    del context
    recipe = recipe_by_arn(params["recipeArn"])
    if recipe is None:
        raise _unknown("recipe", "recipeArn", params["recipeArn"])
    return {
        "recipe": {
            **{name: value for name, value in _summary(recipe).items() if name != "domain"},
            "algorithmArn": recipe.algorithm_arn,
            "featureTransformationArn": recipe.feature_transformation_arn,
            "description": recipe.description,
            "recipeType": recipe.type,
        }
    }


def list_recipes(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """ListRecipes; all of them are the service's, which is the only recipeProvider."""
    del context
    domain = params.get("domain")
    recipes = [recipe for recipe in RECIPES.values() if recipe.available and domain in (None, recipe.domain)]
    limit = params.get("maxResults", max(1, len(recipes) - 1))
    with own_tokens():
        page, token = paginate(
            recipes, token=params.get("nextToken"), limit=limit, binding=("ListRecipes", domain or "")
        )
    answer: dict[str, Any] = {"recipes": [_summary(recipe) for recipe in page]}
    if token is not None:
        answer["nextToken"] = token
    return answer


def describe_algorithm(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeAlgorithm."""
    del context
    recipe = recipe_by_algorithm(params["algorithmArn"])
    if recipe is None:
        raise _unknown("algorithm", "algorithmArn", params["algorithmArn"])
    declared = recipe.algorithm_hyperparameters
    return {
        "algorithm": {
            "name": recipe.algorithm,
            "algorithmArn": recipe.algorithm_arn,
            "algorithmImage": {"name": recipe.algorithm, "dockerURI": f"personalize-local/{recipe.algorithm}"},
            "defaultHyperParameters": _defaults(declared),
            "defaultHyperParameterRanges": _ranges(declared),
            "defaultResourceConfig": {
                "maxNumberOfTrainingJobs": str(HPO_JOBS.default),
                "maxParallelTrainingJobs": str(HPO_PARALLEL_JOBS.default),
            },
            "trainingInputMode": "File",
            "creationDateTime": recipe.created,
            "lastUpdatedDateTime": _REFRESHED,
        }
    }


def describe_feature_transformation(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeFeatureTransformation."""
    del context
    recipe = recipe_by_feature_transformation(params["featureTransformationArn"])
    if recipe is None:
        raise _unknown("feature-transformation", "featureTransformationArn", params["featureTransformationArn"])
    return {
        "featureTransformation": {
            "name": recipe.feature_transformation,
            "featureTransformationArn": recipe.feature_transformation_arn,
            "defaultParameters": _defaults(recipe.feature_parameters),
            "creationDateTime": recipe.created,
            "lastUpdatedDateTime": _REFRESHED,
            "status": "ACTIVE",
        }
    }


def _unknown(kind: str, member: str, arn: str) -> ServiceError:
    """InvalidInputException for an ARN of another kind, else ResourceNotFoundException."""
    return NOT_FOUND(arn=arn) if f":personalize:::{kind}/" in arn else WRONG_ARN(member=member, arn=arn)


def _defaults(declared: Iterable[Hyperparameter]) -> dict[str, str]:
    return {parameter.name: parameter.default for parameter in declared}


def _ranges(declared: Iterable[Hyperparameter]) -> dict[str, list[dict[str, Any]]]:
    integer: list[dict[str, Any]] = []
    continuous: list[dict[str, Any]] = []
    categorical: list[dict[str, Any]] = []
    for parameter in declared:
        entry: dict[str, Any] = {"name": parameter.name, "isTunable": parameter.tunable}
        if parameter.kind == "categorical":
            categorical.append({**entry, "values": list(parameter.choices)})
        elif parameter.minimum is not None and parameter.maximum is not None:
            number = int if parameter.kind == "integer" else float
            bounds = {"minValue": number(parameter.minimum), "maxValue": number(parameter.maximum)}
            (integer if parameter.kind == "integer" else continuous).append({**entry, **bounds})
    return {
        "integerHyperParameterRanges": integer,
        "continuousHyperParameterRanges": continuous,
        "categoricalHyperParameterRanges": categorical,
    }


def _summary(recipe: Recipe) -> dict[str, Any]:
    summary = {
        "name": recipe.name,
        "recipeArn": recipe.arn,
        "status": "ACTIVE",
        "creationDateTime": recipe.created,
        "lastUpdatedDateTime": _REFRESHED,
    }
    return summary if recipe.domain is None else {**summary, "domain": recipe.domain}


HANDLERS = {
    "DescribeRecipe": describe,
    "ListRecipes": list_recipes,
    "DescribeAlgorithm": describe_algorithm,
    "DescribeFeatureTransformation": describe_feature_transformation,
}
