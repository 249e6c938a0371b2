"""What a case of the table is, and the parameters that most of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.wire.program import ROLE

from .asking import INVALID
from .world import World, recipe

Params = dict[str, Any]
Text = str | Callable[[World], str]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One refused call. ``text`` and ``params`` are made of the world."""

    name: str
    operation: str
    params: Callable[[World], Params]
    text: Callable[[World], str]
    code: str = INVALID

    def __str__(self) -> str:
        return f"{self.operation}-{self.name}"


def case(name: str, operation: str, params: Callable[[World], Params], text: Text, code: str = INVALID) -> Case:
    """A case; a plain text is the same in every world."""
    worded = (lambda _, said=text: said) if isinstance(text, str) else text
    return Case(name=name, operation=operation, params=params, text=worded, code=code)


def solution(
    name: str, text: Text, recipe_name: str = "user-personalization", group: str = "full", **given: Any
) -> Case:
    """A refused CreateSolution; members given as None are left out."""

    def params(world: World) -> Params:
        base = {"name": "refused", "datasetGroupArn": world.groups[group], "recipeArn": recipe(recipe_name)}
        return {key: value for key, value in {**base, **given}.items() if value is not None}

    return case(name, "CreateSolution", params, text)


def config(name: str, text: Text, recipe_name: str = "user-personalization", group: str = "full", **given: Any) -> Case:
    """A refused CreateSolution for its solutionConfig."""
    return solution(name, text, recipe_name, group, solutionConfig=given)


def hpo(name: str, text: str, recipe_name: str = "user-personalization", **given: Any) -> Case:
    """A refused CreateSolution for what hyperparameter optimization is to do."""
    return solution(name, text, recipe_name, performHPO=True, solutionConfig={"hpoConfig": given})


def ranges(**lists: Any) -> Params:
    """``algorithmHyperParameterRanges`` of the lists that are given, by their first word."""
    return {"algorithmHyperParameterRanges": {f"{kind}HyperParameterRanges": found for kind, found in lists.items()}}


def campaign(name: str, text: Text, version: str = "user-personalization", **given: Any) -> Case:
    """A refused CreateCampaign for its campaignConfig."""

    def params(world: World) -> Params:
        return {"name": "refused", "solutionVersionArn": world.versions[version], "campaignConfig": given}

    return case(name, "CreateCampaign", params, text)


def batch(name: str, text: Text, version: str = "user-personalization", **given: Any) -> Case:
    """A refused CreateBatchInferenceJob; ``given`` may be functions of the world."""
    return case(name, "CreateBatchInferenceJob", lambda world: job(world.versions[version], given, world), text)


def segment(name: str, text: Text, version: str = "item-affinity", **given: Any) -> Case:
    """A refused CreateBatchSegmentJob."""
    return case(name, "CreateBatchSegmentJob", lambda world: job(world.versions[version], given, world), text)


def job(version: str, given: Params, world: World | None = None) -> Params:
    """The parameters of a batch job."""
    base = {
        "jobName": "refused",
        "solutionVersionArn": version,
        "jobInput": {"s3DataSource": {"path": "s3://bucket/in.json"}},
        "jobOutput": {"s3DataDestination": {"path": "s3://bucket/out/"}},
        "roleArn": ROLE,
    }
    return {**base, **{key: value(world) if callable(value) else value for key, value in given.items()}}
