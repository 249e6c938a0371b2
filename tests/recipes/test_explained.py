"""The parts of a score add up to it, whatever the model has learned of; other recipes tell what they can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from personalize_local.engine.context import PersonColumn
from personalize_local.recipes import RECIPES
from personalize_local.recipes._personal_explained import personal_parts
from personalize_local.recipes._personal_model import PersonalModel
from personalize_local.recipes.base import Query, TrainingParameters
from personalize_local.recipes.explained import explained
from tests.recipes.test_personal_blocks import personal, queries, sparse
from tests.recipes.worlds import random_world

FORMS = {"dense": lambda model: model, "sparse": sparse}


def full(seed: int) -> PersonalModel:
    """A model in which every part counts: columns of users and an objective too."""
    model = personal(seed, period_weight=0.7, companion_weight=0.4)
    random = np.random.default_rng(seed)
    n_users, n_items = len(model.users), len(model.items)
    person = PersonColumn(
        logits=random.normal(size=(2, n_items)).astype(np.float32),
        indptr=np.arange(n_users + 1, dtype=np.int64),
        codes=(np.arange(n_users) % 2).astype(np.int32),
    )
    settings = replace(model.settings, person_weights={"TIER": 1.5})
    bonus = random.normal(size=n_items).astype(np.float32)
    # Any tables will do, as long as they are not the same one.
    tables = {name: replace(model.transitions) for name in ("companions", "content")}
    return replace(model, persons={"TIER": person}, settings=settings, bonus=bonus, **tables)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("make", [personal, full])
@pytest.mark.parametrize("seed", range(2))
def test_the_parts_add_up_to_the_logits(
    make: Callable[[int], PersonalModel], form: Callable[[PersonalModel], PersonalModel], seed: int
) -> None:
    model = form(make(seed))
    for query in queries():
        parts = personal_parts(model, query)
        assert sum(parts.values()) == pytest.approx(model.scores(query).dense(), abs=2e-5)


def test_every_part_that_counts_has_its_name() -> None:
    model = full(1)
    names = {"popularity", "objective", "transitions", "affinity", "companions", "content", "period", "history"}
    names |= {"context DEVICE", "user TIER"}
    assert set(personal_parts(model, Query(user_id="u1", context={"DEVICE": "tv"}))) == names
    unknown = personal_parts(model, Query(user_id="a stranger", context={"DEVICE": "tv"}))
    assert set(unknown) == {"popularity", "objective", "context DEVICE"}


def test_a_column_has_the_part_that_it_changes() -> None:
    model = full(0)
    asked = Query(user_id="u1", context={"DEVICE": "phone"})
    changed = model.scores(asked).dense() - model.scores(replace(asked, context={})).dense()
    assert np.abs(changed).max() > 0.01
    assert personal_parts(model, asked)["context DEVICE"] == pytest.approx(changed, abs=2e-5)


def test_the_part_of_the_history_is_at_what_was_had() -> None:
    model = personal(0)
    asked = Query(user_id="a session", events=["i1", "i3"])
    history = personal_parts(model, asked)["history"]
    assert set(model.items.strings(np.flatnonzero(history))) == {"i1", "i3"}


def test_the_objective_is_told_apart_from_popularity() -> None:
    model = full(0)
    for query in (Query(user_id="u2"), Query()):
        plain = personal_parts(replace(model, bonus=None), query)["popularity"]
        assert personal_parts(model, query)["popularity"] == pytest.approx(plain, abs=1e-5)


@pytest.mark.parametrize(
    ("recipe", "query", "part"),
    [
        ("aws-popularity-count", Query(), "popularity"),
        ("aws-sims", Query(item_id="i1"), "neighbours"),
        ("aws-similar-items", Query(item_id="i1"), "neighbours"),
        ("aws-similar-items", Query(item_id="nothing"), "popularity"),
        ("aws-trending-now", Query(), "growth"),
    ],
)
def test_other_recipes_have_a_part(recipe: str, query: Query, part: str) -> None:
    model = RECIPES[recipe].train(random_world(0, n_users=80), TrainingParameters()).model
    told = explained(model, query, recipe)
    assert set(told.parts) == {part}
    assert told.parts[part] == pytest.approx(model.scores(query).dense())
    assert told.history is None
    assert bool(told.notes) == (query.item_id == "nothing")


def test_a_recipe_that_cannot_tell_parts_says_so_by_name() -> None:
    model: Any = object()
    told = explained(model, Query(), "aws-some-recipe")
    assert (told.parts, told.notes) == ({}, ("Recipe aws-some-recipe does not tell the parts of its scores.",))
