"""What is tried out: chance without state, relevance by likeness, and lifted scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from personalize_local.engine.exploration import (
    Candidates,
    _drawn,
    alike,
    chances,
    explored,
    first_to_try,
    key_of,
    marks,
    positions,
    relevance,
    with_new,
)
from personalize_local.engine.scores import PopularityOrder, Scores

ITEMS = 400
NEW = 20


def logits(seed: int = 0) -> Any:
    """A long tail, as answers have it."""
    return np.random.default_rng(seed).exponential(1.0, ITEMS) * 2


def order(values: Any) -> PopularityOrder:
    return PopularityOrder.of(np.asarray(values))


def candidates(evidence: Any = 0.0, known: int = 0, likeness: float = 0.5) -> Candidates:
    """The first items of the catalogue, and new ones that are like items 0 to 19."""
    count = known + NEW
    return Candidates(
        items=np.concatenate((np.arange(known), ITEMS + np.arange(NEW))).astype(np.int32),
        new=NEW,
        evidence=np.broadcast_to(np.asarray(evidence, np.float64), count),
        marks=marks(f"i{number}" for number in range(count)),
        judged=np.arange(known, count),
        alike=np.arange(NEW, dtype=np.int32)[:, None],
        likeness=np.full((NEW, 1), likeness),
    )


def shares(weight: float, evidence: float = 0.0, users: int = 60, sparse: bool = False) -> float:
    """How much of the first 20 positions is new, over users."""
    found = 0
    for user in range(users):
        values = logits(user)
        if sparse:
            items = np.flatnonzero(values > 1.0).astype(np.int32)
            scores = Scores(values[items], order(values), items=items, floor=0.5)
        else:
            scores = Scores(values, order(values))
        top, _ = explored(scores, candidates(evidence), order(values).extended(NEW), weight, key_of(user)).top(20)
        found += int(np.count_nonzero(top >= ITEMS))
    return found / users / 20


@pytest.mark.parametrize("sparse", [False, True])
def test_the_share_rises_with_the_weight_from_little_to_most(sparse: bool) -> None:
    found = [shares(weight, sparse=sparse) for weight in (0.01, 0.1, 0.3, 0.6, 0.9, 1.0)]
    assert found == sorted(found)
    assert found[0] < 0.02
    assert 0.05 <= found[2] <= 0.25, found  # a twentieth of the catalogue is new
    assert found[5] > 0.6, found


def test_what_is_known_well_is_tried_out_less() -> None:
    found = [shares(0.5, evidence) for evidence in (0, 3, 30, 1000)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 3 * found[2]
    assert found[3] < 0.02


def test_all_others_keep_their_logits_and_nobody_falls() -> None:
    values = logits()
    scores = Scores(values, order(values))
    tried = candidates(known=50)
    after = explored(scores, tried, order(values).extended(NEW), 0.7, 1)
    assert len(after) == ITEMS + NEW
    assert (after.dense()[50:ITEMS] == values[50:]).all()
    assert (after.dense()[:50] >= values[:50]).all()
    assert (after.dense()[ITEMS:] >= relevance(scores, tried)[50:]).all()
    _, probabilities = after.top(ITEMS + NEW)
    assert probabilities.sum() == pytest.approx(1)


def test_the_answer_follows_from_the_key_alone() -> None:
    values = logits()
    scores, longer = Scores(values, order(values)), order(values).extended(NEW)
    one, again, other = (explored(scores, candidates(), longer, 0.5, key).dense() for key in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


def test_new_items_have_the_relevance_of_their_like_as_far_as_they_are_alike() -> None:
    values = logits()
    scores = Scores(values, order(values))
    half, none = (relevance(scores, candidates(likeness=likeness)) for likeness in (1.0, 0.0))
    assert half == pytest.approx((np.maximum(values[:NEW], values.mean()) + values.mean()) / 2)
    assert none == pytest.approx(np.full(NEW, values.mean()))
    longer = with_new(scores, candidates(likeness=1.0), order(values).extended(NEW))
    assert longer.dense()[ITEMS:] == pytest.approx(half)
    assert (longer.dense()[:ITEMS] == values).all()


def test_items_that_nothing_was_learned_of_are_judged_by_their_like_where_that_is_more() -> None:
    values = logits()
    values[0] = -5.0
    tried = replace(
        candidates(known=1), judged=np.array([0]), alike=np.array([[7]], np.int32), likeness=np.array([[1.0]])
    )
    scores = Scores(values, order(values))
    assert relevance(scores, tried)[0] == pytest.approx((max(values[7], values.mean()) + values.mean()) / 2)
    values[0] = 50.0
    assert relevance(Scores(values, order(values)), tried)[0] == 50.0


@given(st.integers(0, 2**64 - 1))
def test_chance_is_even_and_the_same_everywhere(key: int) -> None:
    found = chances(marks(f"item {number}" for number in range(2000)), key)
    assert ((found >= 0) & (found < 1)).all()
    assert abs(found.mean() - 0.5) < 0.05
    assert abs(np.count_nonzero(found < 0.1) / 2000 - 0.1) < 0.04


def test_chance_does_not_change_with_versions() -> None:
    found = chances(marks(["a", "b"]), key_of(0, 1, "u")).tolist()
    assert found == [0.051389326555613235, 0.8118248495905351]


def test_the_share_of_positions_is_right_on_average() -> None:
    numbers = [positions(25, 0.001, key_of(user)) for user in range(4000)]
    assert set(numbers) == {0, 1}
    assert abs(sum(numbers) / 4000 - 0.025) < 0.01
    assert {positions(500, 0.003, key_of(user)) for user in range(50)} == {1, 2}
    assert positions(25, 0.0, 3) == 0


def test_the_most_alike_come_first_and_of_equals_the_first() -> None:
    learned = csr_array(np.array([[1.0, 0.0], [0.6, 0.8], [1.0, 0.0], [0.0, 1.0]]))
    found, values = alike(csr_array(np.array([[1.0, 0.0], [0.0, 0.0]])), learned)
    assert found[0].tolist() == [0, 2, 1, 3]
    assert values[0] == pytest.approx([1.0, 1.0, 0.6, 0.0])
    assert values[1].tolist() == [0.0] * 4


def test_of_many_that_are_alike_twenty_are_kept() -> None:
    learned = csr_array(np.ones((500, 1)))
    found, values = alike(csr_array(np.ones((300, 1))), learned)
    assert found.shape == values.shape == (300, 20)
    assert (found == np.arange(20)).all()


def test_the_least_known_are_tried_first_and_only_the_allowed() -> None:
    evidence = np.array([0.0, 0.0, 1e9, 0.0])
    allowed = np.array([True, False, True, True])
    first = {int(first_to_try(evidence, marks("abcd"), key, allowed, 1)[0]) for key in range(40)}
    assert first == {0, 3}
    assert sorted(first_to_try(evidence, marks("abcd"), 0, allowed, 9).tolist()) == [0, 2, 3]
    assert len(first_to_try(evidence, marks("abcd"), 0, allowed, 0)) == 0


values = st.lists(st.floats(-3, 3), min_size=1, max_size=12)


@given(values, st.integers(0, 3), st.data())
def test_changed_scores_are_the_same_sparse_and_dense(known: list[float], new: int, data: st.DataObject) -> None:
    whole = np.array(known)
    scored = np.flatnonzero(data.draw(st.lists(st.booleans(), min_size=len(whole), max_size=len(whole))))
    whole[np.setdiff1d(np.arange(len(whole)), scored)] = whole.min()
    dense = Scores(whole, order(whole))
    sparse = Scores(whole[scored], order(whole), items=scored.astype(np.int32), floor=float(whole.min()))
    assert sparse.mean() == pytest.approx(dense.mean())
    places = np.array([0, 1, 5, 50])
    assert sparse.levels(places) == pytest.approx(dense.levels(places))
    given_ = sorted(data.draw(st.sets(st.integers(0, len(whole) - 1))))
    items = np.array([*given_, *range(len(whole), len(whole) + new)], np.int32)
    longer, changed = order(whole).extended(new), np.arange(float(len(items)))
    one, other = (scores.changed(items, changed, longer) for scores in (dense, sparse))
    assert one.dense() == pytest.approx(other.dense())
    assert one.dense()[items] == pytest.approx(changed)
    count = len(whole) + new
    assert one.top(count)[0].tolist() == other.top(count)[0].tolist()
    assert one.shares_of(items) == pytest.approx(other.shares_of(items))


def test_what_a_user_had_does_not_speak_against_its_like() -> None:
    values = logits()
    values[7] = values.min() - 20.0
    tried = replace(
        candidates(known=1), judged=np.array([0]), alike=np.array([[7]], np.int32), likeness=np.array([[1.0]])
    )
    values[0] = -30.0
    scores = Scores(values, order(values))
    assert relevance(scores, tried)[0] == pytest.approx(values.mean())


def test_what_a_user_may_like_is_drawn_more_often_and_all_alike_where_nothing_tells() -> None:
    drawn = _drawn(np.array([0.0, 1.0, 2.0, 100.0]), 1.0)
    assert drawn.mean() == pytest.approx(1.0)
    assert (np.diff(drawn) > 0).all()
    assert drawn[3] < 20 * drawn[0]
    assert _drawn(np.array([0.0, 1.0, 2.0]), 0.0).tolist() == [1.0, 1.0, 1.0]
    assert _drawn(np.array([3.0, 3.0]), 1.0).tolist() == [1.0, 1.0]
