"""Page tokens of another list, of another filter, of another caller, and of nobody."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.conformance.stage import Stage

from .asking import MODEL, operation, refused
from .declared import meets
from .world import World

BAD = ("InvalidNextTokenException", 400, "The token is not valid.")
LISTS = sorted(name for name in MODEL.operation_names if "nextToken" in MODEL.operation_model(name).input_shape.members)


def ask(world: World, name: str, /, **params: Any) -> tuple[str, int, str]:
    return refused(operation(world.program.personalize, name), **params)


def token(world: World, name: str, **given: Any) -> str:
    """The token behind the first page of one."""
    return str(world.ask(name, maxResults=1, **given)["nextToken"])


@pytest.mark.parametrize("name", LISTS)
@meets("errors.INVALID_TOKEN")
def test_a_token_that_nobody_gave(world: World, name: str) -> None:
    for made_up in ("a", "AYADeA==", "=", "a" * 1500, " "):
        assert ask(world, name, nextToken=made_up) == BAD


@pytest.mark.parametrize("name", LISTS)
def test_a_token_of_another_list(world: World, name: str) -> None:
    other = "ListSchemas" if name != "ListSchemas" else "ListDatasets"
    assert ask(world, name, nextToken=token(world, other)) == BAD


@pytest.mark.parametrize("name", LISTS)
def test_a_token_that_was_changed(world: World, name: str) -> None:
    given = token(world, "ListSchemas")
    assert ask(world, name, nextToken=given[:-1] + ("A" if given[-1] != "A" else "B")) == BAD
    assert ask(world, name, nextToken=given + given) == BAD


def filters(world: World) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Two filters of a list, of which the first has more than a page of one."""
    group = {"datasetGroupArn": world.group}
    other = {"datasetGroupArn": world.groups["acts"]}
    return {
        "ListDatasets": (group, other),
        "ListSolutions": (group, other),
        "ListFilters": (group, other),
        "ListRecommenders": ({"datasetGroupArn": world.groups["shop"]}, group),
        "ListRecipes": ({"domain": "ECOMMERCE"}, {"domain": "VIDEO_ON_DEMAND"}),
    }


@pytest.mark.parametrize("name", ["ListDatasets", "ListSolutions", "ListFilters", "ListRecommenders", "ListRecipes"])
def test_a_token_of_another_filter(world: World, name: str) -> None:
    first, second = filters(world)[name]
    given = token(world, name, **first)
    assert ask(world, name, **second, nextToken=given) == BAD
    assert ask(world, name, nextToken=given) == BAD
    assert ask(world, name, **first, nextToken=token(world, name)) == BAD
    assert "nextToken" in world.ask(name, **first, maxResults=1)
    world.ask(name, **first, nextToken=given)


@pytest.mark.parametrize("name", ["ListDatasetGroups", "ListSchemas", "ListDatasets", "ListFilters", "ListSolutions"])
def test_a_token_of_another_account_or_region(world: World, still: Stage, name: str) -> None:
    given = token(world, name)
    for whose in ({}, {"account": world.program.account, "region": "eu-west-1"}):
        stranger = still.other(**whose)
        assert refused(operation(stranger.program.personalize, name), nextToken=given) == BAD


@pytest.mark.parametrize("name", LISTS)
def test_a_page_that_is_too_long_or_a_token_that_is(world: World, name: str) -> None:
    for given, clause in (
        ({"maxResults": 101}, "Member must have value less than or equal to 100"),
        ({"nextToken": "a" * 1501}, "Member must have length less than or equal to 1500"),
    ):
        code, status, text = ask(world, name, **given)
        assert (code, status) == ("ValidationException", 400)
        ((member, _),) = given.items()
        assert f"at '{member}' failed to satisfy constraint: {clause}" in text
