"""The service's metrics: published examples, bounds, and the split into those who teach and those who test."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_local.engine.evaluation import (
    choose_test_users,
    discounted_gain,
    measure,
    precision,
    reciprocal_rank,
    truth_size,
)

EXAMPLE = np.array([False, True, False, False, True])
KEYS = [
    "coverage",
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "precision_at_10",
    "precision_at_25",
    "precision_at_5",
]


def first_relevant_at(place: int) -> np.ndarray:
    return np.arange(1, 26) == place


def test_the_published_example_of_the_reciprocal_rank() -> None:
    ranks = [reciprocal_rank(first_relevant_at(place)) for place in (4, 2, 6)]
    assert round(sum(ranks) / 3, 4) == 0.3056


def test_the_published_example_of_one_list() -> None:
    assert reciprocal_rank(EXAMPLE) == 0.5
    assert precision(EXAMPLE, 5) == 0.4
    exact = (1 / math.log(3) + 1 / math.log(6)) / (1 / math.log(2) + 1 / math.log(3))
    assert discounted_gain(EXAMPLE, 5, 2) == pytest.approx(exact)
    assert round(discounted_gain(EXAMPLE, 5, 2), 4) == 0.6241


def test_three_of_ten_is_a_precision_of_three_tenths_however_short_the_list() -> None:
    flags = np.array([True, False, True, True])
    assert precision(flags, 10) == 0.3


def test_without_a_relevant_item_everything_is_zero() -> None:
    none = np.zeros(25, bool)
    assert (reciprocal_rank(none), precision(none, 5), discounted_gain(none, 5, 3)) == (0, 0, 0)


def test_a_perfect_list_has_a_gain_of_one_also_when_more_is_relevant_than_fits() -> None:
    assert discounted_gain(np.ones(25, bool), 5, 60) == pytest.approx(1.0)
    assert discounted_gain(np.array([True, True, False]), 10, 2) == pytest.approx(1.0)


def test_measures_come_rounded_in_alphabetical_order_as_plain_numbers() -> None:
    answers = [
        (np.array([3, 1, 2], np.int32), np.array([1, 1, 9], np.int32)),
        (np.array([3, 4], np.int32), np.array([5], np.int32)),
    ]
    metrics = measure(answers, n_items=12)
    assert list(metrics) == KEYS
    assert metrics["coverage"] == round(4 / 12, 4)
    assert metrics["mean_reciprocal_rank_at_25"] == 0.25
    assert metrics["precision_at_5"] == 0.1
    gain = (1 / math.log2(3)) / (1 + 1 / math.log2(3)) / 2
    assert metrics["normalized_discounted_cumulative_gain_at_10"] == round(gain, 4)
    assert {type(value) for value in metrics.values()} == {float}


def test_only_the_first_25_of_a_list_count() -> None:
    metrics = measure([(np.arange(40, dtype=np.int32), np.array([30], np.int32))], n_items=40)
    assert metrics["coverage"] == round(25 / 40, 4)
    assert metrics["mean_reciprocal_rank_at_25"] == 0


def test_nothing_to_measure_gives_zeros() -> None:
    assert measure([], n_items=0) == dict.fromkeys(KEYS, 0.0)


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 49), unique=True, max_size=40),
            st.lists(st.integers(0, 49), min_size=1, max_size=30),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_every_measure_lies_between_zero_and_one(answers: list[tuple[list[int], list[int]]]) -> None:
    pairs = [(np.array(shown, np.int32), np.array(truth, np.int32)) for shown, truth in answers]
    metrics = measure(pairs, n_items=50)
    assert all(0 <= value <= 1 for value in metrics.values())
    exact = [(np.unique(truth).astype(np.int32)[:25], truth) for _, truth in pairs]
    assert measure(exact, n_items=50)["normalized_discounted_cumulative_gain_at_25"] == 1.0


@given(st.lists(st.integers(0, 9), max_size=200), st.integers(0, 99))
def test_a_tenth_of_the_users_with_two_events_are_tested(lengths: list[int], seed: int) -> None:
    chosen = choose_test_users(np.array(lengths, np.int64), seed)
    eligible = sum(length >= 2 for length in lengths)
    assert len(chosen) == (max(1, round(0.1 * eligible)) if eligible else 0)
    assert all(lengths[user] >= 2 for user in chosen)
    assert sorted(set(chosen.tolist())) == chosen.tolist()
    assert choose_test_users(np.array(lengths, np.int64), seed).tolist() == chosen.tolist()


@pytest.mark.parametrize(("length", "size"), [(2, 1), (10, 1), (14, 1), (16, 2), (100, 10)])
def test_the_newest_tenth_of_a_history_is_the_truth(length: int, size: int) -> None:
    assert truth_size(length) == size
