"""Filter expressions that cannot be: of each answer the class, and that it names the place."""

from __future__ import annotations

import re

import pytest

from personalize_local.filters import Problem

from .asking import INVALID, refused
from .declared import REFUSALS, listening
from .filters import BROKEN, NOT_IN, Broken
from .world import World


def ask(world: World, text: str, group: str = "full") -> tuple[str, int, str]:
    create = world.program.personalize.create_filter
    return refused(create, name="refused", datasetGroupArn=world.groups[group], filterExpression=text)


@pytest.mark.parametrize("broken", BROKEN, ids=str)
def test_the_place_of_what_is_wrong_is_named(world: World, broken: Broken) -> None:
    with listening() as heard:
        code, status, text = ask(world, broken.text, broken.group)
    assert (code, status) == (INVALID, 400)
    assert re.search(rf"\b{broken.position}\b", text), text
    assert heard == {f"filter_sentences.SENTENCES[{broken.problem}]"}


@pytest.mark.parametrize("text", NOT_IN)
def test_a_placeholder_with_not_in_is_refused_in_the_service_s_own_words(world: World, text: str) -> None:
    said = "Invalid input symbol: $A. Placeholders are not allowed with NOT_IN operator."
    assert ask(world, text) == (INVALID, 400, said)


def test_every_problem_of_a_filter_is_met() -> None:
    met = {broken.problem for broken in BROKEN} | {"PLACEHOLDER_WITH_NOT_IN"}
    assert met == {problem.name for problem in Problem}
    assert {name for name in REFUSALS if name.startswith("filter_sentences.")} == {
        f"filter_sentences.SENTENCES[{name}]" for name in met
    }


def test_a_broken_filter_is_not_kept(world: World) -> None:
    before = world.ask("ListFilters")["Filters"]
    for broken in BROKEN[::3]:
        ask(world, broken.text, broken.group)
    assert world.ask("ListFilters")["Filters"] == before
