"""Lists and rankings out of sparse scores, held against a plain dense computation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from personalize_local.engine.scores import PopularityOrder, Scores


@dataclass(frozen=True, kw_only=True)
class Case:
    scores: Scores
    logits: NDArray[np.float64]
    popularity: NDArray[np.float64]
    allowed: NDArray[np.bool_] | None
    k: int

    def order(self) -> list[int]:
        """All allowed items, best first: by logit, then popularity, then index."""
        every = range(len(self.logits)) if self.allowed is None else np.flatnonzero(self.allowed).tolist()
        return sorted(every, key=lambda item: (-self.logits[item], -self.popularity[item], item))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    size = draw(st.integers(1, 40))
    few = st.sampled_from([-3.0, -1.0, 0.0, 0.5, 2.0])  # few values, so that there are ties
    popularity = np.array(draw(st.lists(few, min_size=size, max_size=size)))
    order = PopularityOrder.of(popularity)
    allowed = draw(st.none() | st.lists(st.booleans(), min_size=size, max_size=size).map(np.array))
    if draw(st.booleans()):
        logits = np.array(draw(st.lists(few, min_size=size, max_size=size)))
        scores = Scores(logits, order)
    else:
        items = np.array(draw(st.lists(st.integers(0, size - 1), unique=True)), np.int32)
        own = np.array(draw(st.lists(few, min_size=len(items), max_size=len(items))), np.float64)
        floor = draw(few)
        scores = Scores(own, order, items=items, floor=floor)
        logits = np.full(size, floor)
        logits[items] = own
    return Case(scores=scores, logits=logits, popularity=popularity, allowed=allowed, k=draw(st.integers(0, 50)))


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum()


@given(cases())
def test_the_best_are_those_of_a_full_sort_with_probabilities_over_the_whole_catalogue(case: Case) -> None:
    items, probabilities = case.scores.top(case.k, case.allowed)
    expected = case.order()[: case.k]
    assert items.tolist() == expected
    np.testing.assert_allclose(probabilities, softmax(case.logits)[expected], rtol=1e-9)
    assert items.dtype == np.int32
    assert probabilities.dtype == np.float64


@given(cases())
def test_dense_gives_the_logit_of_every_item(case: Case) -> None:
    np.testing.assert_array_equal(case.scores.dense(), case.logits)
    assert len(case.scores) == len(case.logits)


@given(cases())
def test_a_ranking_shares_one_softmax_among_the_given_items(case: Case) -> None:
    items = np.arange(len(case.logits), dtype=np.int32)[:: 1 + case.k % 3]
    items = items[::-1].copy()
    order, probabilities = case.scores.rank(items)
    expected = sorted(items.tolist(), key=lambda item: (-case.logits[item], -case.popularity[item], item))
    assert items[order].tolist() == expected
    np.testing.assert_allclose(probabilities, softmax(case.logits[expected]))
    assert abs(probabilities.sum() - 1) < 1e-9


def test_a_ranking_of_nothing_is_empty() -> None:
    scores = Scores(np.zeros(3), PopularityOrder.of(np.zeros(3)))
    order, probabilities = scores.rank(np.zeros(0, np.int32))
    assert (len(order), len(probabilities)) == (0, 0)


def test_leaving_items_out_does_not_raise_the_others() -> None:
    scores = Scores(np.array([2.0, 1.0, 0.0]), PopularityOrder.of(np.zeros(3)))
    all_items, all_probabilities = scores.top(3)
    some_items, some_probabilities = scores.top(3, np.array([False, True, True]))
    assert all_items.tolist() == [0, 1, 2]
    assert some_items.tolist() == [1, 2]
    np.testing.assert_array_equal(some_probabilities, all_probabilities[1:])


def test_large_logits_do_not_overflow() -> None:
    scores = Scores(np.array([1e4, -1e4, 9.9e3]), PopularityOrder.of(np.zeros(3)))
    items, probabilities = scores.top(3)
    assert items.tolist() == [0, 2, 1]
    assert np.isfinite(probabilities).all()
