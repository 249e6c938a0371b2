"""Each case of the tables, that the tables are whole, and that nothing comes of what is refused."""

from __future__ import annotations

import importlib
from contextlib import suppress
from typing import Any

import pytest

from . import configs, data, jobs, schemas, serving, solutions, tags
from .asking import MODEL, operation, refused
from .cases import Case
from .declared import MET, REFUSALS, SENTENCES, listening
from .world import World

TABLES = (solutions, configs, serving, jobs, data, schemas, tags)
CASES: tuple[Case, ...] = tuple(case for table in TABLES for case in table.CASES)


def ask(world: World, case: Case) -> tuple[str, int, str]:
    return refused(operation(world.program.personalize, case.operation), **case.params(world))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_call_is_refused_in_these_words(world: World, case: Case) -> None:
    assert ask(world, case) == (case.code, 400, case.text(world))


def standing(world: World) -> dict[str, Any]:
    """All that can be seen of the account."""
    found: dict[str, Any] = {}
    for name in MODEL.operation_names:
        if name.startswith("List") and name not in ("ListTagsForResource", "ListRecipes"):
            found[name] = {key: value for key, value in world.ask(name).items() if key != "ResponseMetadata"}
    described = (
        ("Campaign", world.campaign),
        ("MetricAttribution", world.attribution),
        ("Dataset", world.arn("dataset/full/ITEMS")),
        *(("Recommender", arn) for arn in world.recommenders.values()),
        *(("Solution", world.arn(f"solution/{name}")) for name in ("user-personalization", "automl", "untrained")),
    )
    for kind, arn in described:
        member = f"{kind[0].lower()}{kind[1:]}"
        found[arn] = world.ask(f"Describe{kind}", **{f"{member}Arn": arn})[member]
    for arn in (world.group, world.groups["bare"], world.campaign):
        found[f"tags of {arn}"] = world.ask("ListTagsForResource", resourceArn=arn)["tags"]
    return found


def test_nothing_comes_of_what_is_refused(world: World) -> None:
    for case in CASES:
        case.params(world)  # what the parameters need is there before
    before = standing(world)
    for case in CASES:
        ask(world, case)
    assert standing(world) == before


def test_every_declared_refusal_is_met(world: World) -> None:
    for other in ("arns", "kept", "moving", "not_ready", "quotas", "throttling", "tokens"):
        importlib.import_module(f"{__package__}.test_{other}")  # what the tests of other modules meet counts
    filters = {name for name in REFUSALS if name.startswith("filter_sentences.")}  # a module of their own has them all
    with listening() as heard:
        for case in CASES:
            with suppress(pytest.fail.Exception):  # one that is not refused is told above
                ask(world, case)
    assert sorted((REFUSALS | SENTENCES) - heard - MET - filters) == []


def test_the_tables_are_long_and_have_no_case_twice() -> None:
    assert len(CASES) >= 500
    assert len({str(case) for case in CASES}) == len(CASES)
