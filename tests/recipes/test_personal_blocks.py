"""Blocks of users are answered as each of them alone would be: tables dense and sparse, contexts, and newcomers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from personalize_local.engine.neighbours import strongest
from personalize_local.recipes import RECIPES, _personal_blocks
from personalize_local.recipes._personal_blocks import prescored, scores_of_all, shares_of_groups
from personalize_local.recipes._personal_model import PersonalModel
from personalize_local.recipes.base import Query, TrainingParameters
from personalize_local.recipes.segments import members
from tests.recipes.worlds import random_world

LATE = 1_700_000_500.0
DEVICES = ({}, {"DEVICE": "tv"}, {"DEVICE": "phone"}, {"DEVICE": "strange"})


def personal(seed: int, **settings: float) -> PersonalModel:
    model = (
        RECIPES["aws-user-personalization"].train(random_world(seed, n_users=80), TrainingParameters(seed=seed)).model
    )
    assert isinstance(model, PersonalModel)
    chosen = {"seen_weight": -2.0, "repeat_weight": 3.0, "content_weight": 0.5, **settings}
    weights = dict.fromkeys(model.context, 1.0)
    return replace(model, settings=replace(model.settings, context_weights=weights, **chosen))


def sparse(model: PersonalModel) -> PersonalModel:
    """The same model as one of a large catalogue has it."""
    weights = np.maximum(np.asarray(model.affinity), 0)
    table = strongest(len(model.items), 5, lambda begin, end: weights[begin:end])
    return replace(model, affinity=table)


def queries() -> Sequence[Query]:
    """Known users, streamed events with and without their time, strangers and sessions."""
    known = [Query(user_id=f"u{number}", context=DEVICES[number % 4]) for number in range(80)]
    streamed = [Query(user_id=f"u{number}", events=["i1", "i3", "nothing", "i1"], time=LATE) for number in range(20)]
    strangers = [Query(user_id="a stranger", context=context) for context in DEVICES]
    sessions = [Query(user_id="a session", events=[f"i{number % 30}" for number in range(120)]), Query()]
    return [*known, *streamed, *strangers, *sessions]


def assert_alike(model: PersonalModel, asked: Sequence[Query]) -> None:
    for query, found in zip(asked, scores_of_all(model, asked), strict=True):
        expected = model.scores(query)
        assert found.dense() == pytest.approx(expected.dense(), abs=2e-5)
        items, chances = found.top(10)
        wanted, shares = expected.top(10)
        assert chances == pytest.approx(shares, rel=1e-4)
        # Of items that are equal but for rounding either may come first.
        assert expected.shares_of(items) == pytest.approx(expected.shares_of(wanted), rel=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_dense_models_answer_blocks_as_they_answer_one(seed: int) -> None:
    assert_alike(personal(seed), queries())


@pytest.mark.parametrize("seed", range(3))
def test_sparse_models_answer_blocks_as_they_answer_one(seed: int) -> None:
    assert_alike(sparse(personal(seed)), queries())


@pytest.mark.parametrize("cells", [1, 100, 1_000])
def test_the_size_of_blocks_changes_nothing(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = sparse(personal(0)), queries()
    whole = [scores.dense() for scores in scores_of_all(model, asked)]
    monkeypatch.setattr(_personal_blocks, "_CELLS", cells)
    for scores, expected in zip(scores_of_all(model, asked), whole, strict=True):
        assert scores.dense() == pytest.approx(expected, abs=1e-6)


def test_a_signal_without_any_spread_says_nothing() -> None:
    model = personal(1)
    table = replace(model.transitions, values=np.zeros_like(model.transitions.values))
    assert_alike(replace(model, transitions=table), queries())
    assert_alike(sparse(replace(model, transitions=table)), queries())


def test_prescored_models_answer_other_queries_too() -> None:
    model, asked = personal(2), queries()
    ready = prescored(model, asked[:5])
    assert ready.items is model.items
    for query in asked[:10]:
        assert ready.scores(query).dense() == pytest.approx(model.scores(query).dense(), abs=2e-5)


@pytest.mark.parametrize("form", [lambda model: model, sparse], ids=["dense", "sparse"])
def test_groups_of_items_have_the_probabilities_of_their_items(form: Callable[[PersonalModel], PersonalModel]) -> None:
    model = form(personal(1))
    groups = [np.array([0, 3, 5], np.int32), np.zeros(0, np.int32), np.arange(len(model.items), dtype=np.int32)]
    nobody = model.histories.indptr.copy()
    nobody[1] = 0  # the first user has no history, the second that of both
    model = replace(model, histories=replace(model.histories, indptr=nobody))
    users = list(range(20))
    found = shares_of_groups(model, users, members(groups, len(model.items)))
    for row, user in zip(found, users, strict=True):
        shares = model.scores(Query(user_id=list(model.users)[user])).shares_of(groups[0])
        assert row == pytest.approx([shares.sum(), 0.0, 1.0], rel=1e-4)
    assert shares_of_groups(model, [], members(groups, len(model.items))).shape == (0, 3)


def test_no_queries_have_no_answers() -> None:
    assert scores_of_all(personal(0), []) == []
