"""Weights of events in the sums: against plain computations, and equal ones as if there were none."""

from __future__ import annotations

import numpy as np
import pytest

from personalize_local.engine import transitions
from personalize_local.engine.data import Float32
from personalize_local.engine.ease import add_gram, shift_gram
from personalize_local.engine.evaluation import captured_reward, weighted_gain
from personalize_local.engine.histories import Histories
from personalize_local.engine.neighbours import cointeractions
from personalize_local.engine.popularity import growth, weighted_counts
from personalize_local.engine.transitions import add_pairs, no_pairs
from tests.engine.test_tables import N_ITEMS, arranged

ROWS = [[0, 1, 0, 2], [3, 1], [2, 2, 2], [5], [4, 0, 4]]


@pytest.fixture
def histories() -> Histories:
    return arranged(ROWS)


@pytest.fixture
def weights(histories: Histories) -> Float32:
    return np.random.default_rng(0).uniform(0.1, 2, len(histories.items)).astype(np.float32)


def evidence(histories: Histories, weights: Float32) -> np.ndarray:
    """The root of the heaviest event, [users, items]."""
    table = np.zeros((len(histories.lengths), N_ITEMS))
    for owner, item, weight in zip(histories.owners(), histories.items, weights, strict=True):
        table[owner, item] = max(table[owner, item], weight**0.5)
    return table


@pytest.mark.parametrize("dense", [True, False])
def test_a_pair_weighs_what_its_later_event_weighs(
    dense: bool, histories: Histories, weights: Float32, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transitions, "DENSE_ITEMS", 5_000 if dense else 0)
    starts = np.repeat(histories.indptr[:-1], histories.lengths)
    counts = add_pairs(no_pairs(N_ITEMS), histories.items, np.arange(len(weights)), starts, 2, weights)
    expected = np.zeros((N_ITEMS, N_ITEMS))
    for target in range(len(weights)):
        for distance in (1, 2):
            if target - distance >= starts[target]:
                expected[histories.items[target - distance], histories.items[target]] += weights[target] / distance
    np.testing.assert_allclose(counts if isinstance(counts, np.ndarray) else counts.toarray(), expected, rtol=1e-5)


def test_the_gram_matrix_takes_the_heaviest_event_of_each_item(histories: Histories, weights: Float32) -> None:
    users = np.arange(len(ROWS))
    gram = np.zeros((N_ITEMS, N_ITEMS), np.float32, order="F")
    add_gram(gram, histories, users, weights)
    table = evidence(histories, weights)
    np.testing.assert_allclose(np.tril(gram), np.tril(table.T @ table), rtol=1e-5)


def test_taking_the_last_events_out_leaves_what_was_there_without_them(histories: Histories, weights: Float32) -> None:
    users = np.array([0, 1, 2, 4])
    gram = np.zeros((N_ITEMS, N_ITEMS), np.float32, order="F")
    add_gram(gram, histories, np.arange(len(ROWS)), weights)
    full = gram.copy()
    shift_gram(gram, histories, users, -1.0, weights)
    shorter = arranged([row[:-1] if user in users else row for user, row in enumerate(ROWS)])
    last = np.zeros(len(weights), bool)
    last[histories.indptr[users + 1] - 1] = True
    table = evidence(shorter, weights[~last])
    np.testing.assert_allclose(np.tril(gram), np.tril(table.T @ table), rtol=1e-4, atol=1e-5)
    shift_gram(gram, histories, users, 1.0, weights)
    np.testing.assert_allclose(gram, full, rtol=1e-4, atol=1e-5)


def test_companions_weigh_as_the_evidence_for_them(histories: Histories, weights: Float32) -> None:
    found = cointeractions(
        histories.owners(), histories.items, len(ROWS), N_ITEMS, discount=0.5, width=N_ITEMS, weight=weights
    )
    table = evidence(histories, weights)
    expected = (table.T @ table) / np.maximum((table**2).sum(axis=0), 1e-9) ** 0.5
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-5, atol=1e-7)


def test_pairs_of_too_few_users_are_left_out() -> None:
    rows = [[0, 1, 2]] * 3 + [[0, 2]] * 2 + [[0, 3]]
    histories = arranged(rows)
    for fewest, left in ((0, {1, 2, 3}), (2, {1, 2}), (4, {2}), (6, set())):
        for discount in (0.0, 0.5, 1.0):
            found = cointeractions(
                histories.owners(), histories.items, len(rows), 4, discount=discount, width=3, fewest=fewest
            )
            assert set(found.toarray()[0].nonzero()[0].tolist()) == left


def test_counts_are_multiplied_by_weights_and_by_age() -> None:
    item, timestamp = np.array([0, 1, 0], np.int32), np.array([0, 10, 10])
    weight = np.array([2, 0.5, 1], np.float32)
    assert weighted_counts(item, timestamp, 2, None, weight).tolist() == [3, 0.5]
    np.testing.assert_allclose(weighted_counts(item, timestamp, 2, 10.0, weight), [1 + 2 / np.e, 0.5])


def test_growth_is_the_last_interval_over_the_one_before_and_never_negative() -> None:
    item = np.array([0, 0, 1, 2, 2, 1, 1, 1, 0], np.int32)
    timestamp = np.array([0, 81, 85, 90, 90, 91, 95, 100, 100])
    assert growth(item, timestamp, 4, 10).tolist() == [0, 2, 0, 0]
    assert growth(item[:0], timestamp[:0], 2, 10).tolist() == [0, 0]


def test_a_hit_pays_its_reward_and_the_ideal_list_has_the_best_paid_first() -> None:
    truth, rewards = np.array([7, 8, 7], np.int32), np.array([0.5, 0.5, 1.5])
    places = 1 / np.log2([2, 3, 4])
    ideal = 1.5 * places[0] + 0.5 * places[1]
    assert weighted_gain(np.array([7, 8, 1], np.int32), truth, rewards) == pytest.approx(1)
    assert weighted_gain(np.array([8, 7, 1], np.int32), truth, rewards) == pytest.approx(
        (0.5 * places[0] + 1.5 * places[1]) / ideal
    )
    assert weighted_gain(np.array([1, 2, 8], np.int32), truth, rewards) == pytest.approx(0.5 * places[2] / ideal)
    assert weighted_gain(np.array([9, 1], np.int32), truth, rewards) == 0
    assert weighted_gain(np.array([8], np.int32), truth, np.zeros(3)) == 0


def test_the_reward_captured_is_a_share_of_what_the_user_did() -> None:
    rewards = np.arange(40.0)
    shown = np.arange(30, dtype=np.int32)
    assert captured_reward(shown, np.array([10, 30, 10]), rewards) == pytest.approx(0.25)
    assert captured_reward(shown, np.array([24, 25]), rewards) == pytest.approx(24 / 49), "25 places count"
    assert captured_reward(shown, np.array([0]), rewards) is None
