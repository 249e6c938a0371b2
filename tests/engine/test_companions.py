"""Companions: users in common, nearness in their histories, and which mixture of the two is chosen."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from personalize_local.engine import companions as module
from personalize_local.engine import transitions
from personalize_local.engine.companions import Mixture, chosen_mixture, companions, near_pairs
from personalize_local.engine.data import Int64, Interactions
from personalize_local.engine.histories import Histories, histories_of

PLAIN = Mixture(nearness=0.0, discount=0.0)
NEAR = Mixture(nearness=10.0, discount=0.0)


def of(rows: list[list[int]]) -> Histories:
    user = np.repeat(np.arange(len(rows), dtype=np.int32), [len(row) for row in rows])
    item = np.array([item for row in rows for item in row], np.int32)
    return histories_of(Interactions(user=user, item=item, timestamp=np.arange(len(item))), len(rows))


def everybody(history: Histories) -> Int64:
    return np.arange(len(history.lengths))


@pytest.mark.parametrize("dense", [True, False])
def test_nearness_is_the_inverse_of_the_distance_both_ways(dense: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not dense:
        monkeypatch.setattr(transitions, "DENSE_ITEMS", 0)
    rows = [[0, 1, 2, 0], [3], [1, 4, 1], [2, 2, 3]]
    expected = np.zeros((5, 5))
    for row in rows:
        for (place, item), (other, second) in combinations(enumerate(row), 2):
            if item != second:
                expected[item, second] += 1 / (other - place)
                expected[second, item] += 1 / (other - place)
    history = of(rows)
    found = near_pairs(history, everybody(history), 5)
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-6)


def test_only_the_histories_of_the_users_count() -> None:
    history = of([[0, 1, 2], [1, 2]])
    assert near_pairs(history, np.array([1]), 3).toarray().tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 0]]


def test_a_mixture_adds_nearness_to_users_in_common_and_divides_by_the_others_users() -> None:
    history = of([[0, 1], [0, 2, 1], [1], [2]])
    plain = companions(history, everybody(history), 3, PLAIN, 3).toarray()
    np.testing.assert_allclose(plain, [[0, 2, 1], [2, 0, 1], [1, 1, 0]])
    mixed = companions(history, everybody(history), 3, Mixture(nearness=2.0, discount=1.0), 3).toarray()
    users = np.array([2, 3, 2])
    np.testing.assert_allclose(mixed, (plain + 2 * np.array([[0, 1.5, 1], [1.5, 0, 1], [1, 1, 0]])) / users, rtol=1e-6)
    some = companions(history, np.array([0]), 3, PLAIN, 3).toarray()
    np.testing.assert_allclose(some, [[0, 1, 0], [1, 0, 0], [0, 0, 0]])


def in_order(users: int = 200) -> Histories:
    """Everybody has the ten pairs of items, in an order of his own: the second of a pair right behind the first."""
    random = np.random.default_rng(4)
    return of([[2 * first + second for first in random.permutation(10) for second in (0, 1)] for _ in range(users)])


def chosen(history: Histories, n_items: int, candidates: list[Mixture]) -> Mixture:
    users = everybody(history)
    return chosen_mixture(history, users, near_pairs(history, users, n_items), candidates, 0)


def test_the_mixture_is_the_one_that_finds_the_newest_items() -> None:
    for candidates in ([PLAIN, NEAR], [NEAR, PLAIN]):
        assert chosen(in_order(), 20, candidates) is NEAR


def test_nearness_is_left_alone_where_it_misleads() -> None:
    fillers = iter(range(180, 10_000))
    rows = []
    for kind in range(60):  # four have what comes next long after an item, three of them another one right behind it
        item, comes, misleads = 3 * kind, 3 * kind + 1, 3 * kind + 2
        for bait in ([misleads],) * 3 + ([],):
            rows.append([item, *bait, *(next(fillers) for _ in range(12)), comes])
        rows.append([item, comes])
    for candidates in ([PLAIN, NEAR], [NEAR, PLAIN]):
        assert chosen(of(rows), next(fillers), candidates) is PLAIN


def test_popularity_is_discounted_where_that_finds_more() -> None:
    random = np.random.default_rng(1)
    rows = []
    for _ in range(200):  # three hits that everybody has, and then one of twenty pairs
        pair = int(random.integers(20))
        rows.append([40, 41, 42, 2 * pair, 2 * pair + 1])
    faithful = Mixture(nearness=0.0, discount=1.0)
    for candidates in ([PLAIN, faithful], [faithful, PLAIN]):
        assert chosen(of(rows), 43, candidates) is faithful


def test_the_first_mixture_is_taken_where_there_is_too_little_to_choose_by() -> None:
    assert chosen(in_order(40), 20, [PLAIN, NEAR]) is PLAIN
    assert chosen(of([[1, 2, 2]] * 100), 3, [PLAIN, NEAR]) is PLAIN
    assert chosen(of([[1]] * 100), 3, [PLAIN, NEAR]) is PLAIN


def test_of_costly_items_fewer_are_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personalize_local.engine.companions._MOST_CELLS", 1.0)
    assert chosen(in_order(), 20, [PLAIN, NEAR]) is PLAIN


@pytest.mark.parametrize("mixture", [PLAIN, NEAR, Mixture(nearness=3.0, discount=0.5)])
def test_each_user_is_asked_as_if_his_newest_event_had_not_been(
    mixture: Mixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(8)
    rows = [random.integers(0, 12, random.integers(2, 9)).tolist() for _ in range(120)]
    rows = [row for row in rows if row[-1] != row[-2]]
    monkeypatch.setattr("personalize_local.engine.companions._AT_ONCE", 7)
    asked: dict[tuple[int, int], list[np.ndarray]] = {}

    def noted(scores: np.ndarray, query: np.ndarray, truth: np.ndarray, _: np.ndarray) -> float:
        for row, pair in enumerate(zip(query.tolist(), truth.tolist(), strict=True)):
            asked.setdefault(pair, []).append(scores[row].copy())
        return 0.0

    monkeypatch.setattr("personalize_local.engine.companions._gain", noted)
    chosen(of(rows), 12, [mixture])
    assert sum(map(len, asked.values())) == len(rows)
    for number, row in enumerate(rows):
        without = of([*rows[:number], row[:-1], *rows[number + 1 :]])
        expected = companions(without, everybody(without), 12, mixture, 12).toarray()[row[-2]]
        expected[row[-2]] = 0  # the item asked about, whatever it has there
        candidates = [np.where(np.arange(12) == row[-2], 0, one) for one in asked[row[-2], row[-1]]]
        assert any(np.allclose(one, expected, atol=1e-4) for one in candidates), row


def test_the_gain_leaves_out_what_was_asked_about_and_puts_the_more_popular_of_equals_first() -> None:
    scores = np.array([[9, 5, 3, 3, 3], [0, 0, 0, 1, 0]], np.float32)
    popularity = np.array([1.0, 1.0, 5.0, 7.0, 5.0])
    # Behind 1 and the more popular 3; the other is asked about, and of its equals 4 is as popular as the truth.
    found = module._gain(scores, np.array([0, 3]), np.array([2, 2]), popularity)
    assert found == pytest.approx(1 / np.log2(4) + 1)
    many = np.arange(40, dtype=np.float32)[None]
    assert module._gain(many.copy(), np.array([0]), np.array([14]), np.zeros(40)) == 0
    assert module._gain(many, np.array([0]), np.array([15]), np.zeros(40)) > 0
