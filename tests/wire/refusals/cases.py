"""What a case of the table is, and the parameters that most of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.wire.program import ROLE

from .world import INVALID, World, recipe

Params = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One refused call. ``text`` and ``params`` are made of the world."""

    name: str
    operation: str
    params: Callable[[World], Params]
    text: Callable[[World], str]
    code: str = INVALID


def case(
    name: str,
    operation: str,
    params: Callable[[World], Params],
    text: str | Callable[[World], str],
    code: str = INVALID,
) -> Case:
    """A case; a plain text is the same in every world."""
    worded = (lambda _, said=text: said) if isinstance(text, str) else text
    return Case(name=name, operation=operation, params=params, text=worded, code=code)


def solution(
    name: str, text: str | Callable[[World], str], recipe_name: str = "user-personalization", **given: Any
) -> Case:
    """A refused CreateSolution in the full group."""

    def params(world: World) -> Params:
        base = {"name": "refused", "datasetGroupArn": world.group, "recipeArn": recipe(recipe_name)}
        return {key: value for key, value in {**base, **given}.items() if value is not None}

    return case(name, "CreateSolution", params, text)


def config(name: str, text: str, recipe_name: str = "user-personalization", **given: Any) -> Case:
    """A refused CreateSolution for its solutionConfig."""
    return solution(name, text, recipe_name, solutionConfig=given)


def hpo(name: str, text: str, recipe_name: str = "user-personalization", **given: Any) -> Case:
    """A refused CreateSolution for what hyperparameter optimization is to do."""
    return solution(name, text, recipe_name, performHPO=True, solutionConfig={"hpoConfig": given})


def ranges(**lists: Any) -> Params:
    """``algorithmHyperParameterRanges`` of the lists that are given, by their first word."""
    return {"algorithmHyperParameterRanges": {f"{kind}HyperParameterRanges": found for kind, found in lists.items()}}


def campaign(
    name: str, text: str | Callable[[World], str], version: str = "user-personalization", **given: Any
) -> Case:
    """A refused CreateCampaign for its campaignConfig."""

    def params(world: World) -> Params:
        return {"name": "refused", "solutionVersionArn": world.versions[version], "campaignConfig": given}

    return case(name, "CreateCampaign", params, text)


def batch(name: str, text: str | Callable[[World], str], version: str = "user-personalization", **given: Any) -> Case:
    """A refused CreateBatchInferenceJob; ``given`` may be functions of the world."""
    return case(name, "CreateBatchInferenceJob", lambda world: job(world, version, given), text)


def segment(name: str, text: str | Callable[[World], str], version: str = "item-affinity", **given: Any) -> Case:
    """A refused CreateBatchSegmentJob."""
    return case(name, "CreateBatchSegmentJob", lambda world: job(world, version, given), text)


def job(world: World, version: str, given: Params) -> Params:
    """The parameters of a batch job."""
    base = {
        "jobName": "refused",
        "solutionVersionArn": world.versions[version],
        "jobInput": {"s3DataSource": {"path": "s3://bucket/in.json"}},
        "jobOutput": {"s3DataDestination": {"path": "s3://bucket/out/"}},
        "roleArn": ROLE,
    }
    return {**base, **{key: value(world) if callable(value) else value for key, value in given.items()}}
