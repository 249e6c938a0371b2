"""How events with actions are cut into tries, and which actions have enough of them."""

from __future__ import annotations

import pytest

from personalize_local.engine.data import Interactions
from personalize_local.engine.tries import enough, rates, tries_of
from personalize_local.engine.vocabulary import Vocabulary
from tests.recipes.worlds import DAY, START, Act, acts

USERS, ACTIONS = Vocabulary.from_strings(["u", "v"]), Vocabulary.from_strings(["x", "y", "z"])


def done(*rows: Act) -> Interactions:
    return acts(rows, USERS, ACTIONS)


def cut(*rows: tuple[str, int], days: int = 14) -> list[tuple[int, bool]]:
    """The beginnings (in days) and ends of the tries of one user with one action."""
    found = tries_of(done(*(("u", "x", kind, day * DAY) for kind, day in rows)), days)
    return list(zip(((found.begin - START) // DAY).tolist(), found.taken.tolist(), strict=True))


V, T, N = "VIEWED", "TAKEN", "NOT_TAKEN"


@pytest.mark.parametrize(
    ("events", "tries"),
    [
        ([], []),
        ([(V, 0)], [(0, False)]),
        ([(T, 0)], [(0, True)]),
        ([(V, 0), (T, 14)], [(0, True)]),
        ([(V, 0), (T, 15)], [(0, False), (15, True)]),
        ([(V, 0), (V, 3), (N, 5), (T, 9)], [(0, True)]),
        ([(V, 0), (N, 1), (V, 14), (V, 15), (T, 20)], [(0, False), (15, True)]),
        ([(V, 0), (T, 1), (V, 2), (T, 3), (T, 4)], [(0, True), (2, True), (4, True)]),
    ],
)
def test_a_try_lasts_until_taken_or_to_the_end_of_its_days(
    events: list[tuple[str, int]], tries: list[tuple[int, bool]]
) -> None:
    assert cut(*events) == tries


def test_the_days_decide_what_is_a_success() -> None:
    events = [(V, 0), (T, 10)]
    assert cut(*events, days=7) == [(0, False), (10, True)]
    assert cut(*events, days=28) == [(0, True)]


def test_tries_of_each_user_with_each_action_are_their_own_and_know_what_was_before() -> None:
    rows: list[Act] = [
        ("u", "x", V, 0),
        ("v", "x", T, 10),
        ("u", "y", N, 20),
        ("u", "x", T, 30),
        ("u", "x", V, 40),
        ("u", "x", N, 50 + 20 * DAY),
    ]
    found = tries_of(done(*rows), 14)
    told = list(zip(found.user, found.action, found.taken.tolist(), found.own.tolist(), strict=True))
    assert told == [
        (0, 0, True, [0, 0, 0]),
        (0, 0, False, [1, 0, 1]),
        (0, 0, False, [1, 0, 2]),
        (0, 1, False, [0, 0, 0]),
        (1, 0, True, [0, 0, 0]),
    ]


def test_enough_counts_taken_and_others_in_the_newest_days() -> None:
    rows: list[Act] = []
    for number in range(3):
        rows += [("u", "x", T, 100 * DAY), ("u", "x", V if number else N, 100 * DAY)]
        rows += [("u", "y", T, 100 * DAY), ("u", "y", V, 57 * DAY)]
        rows += [("u", "z", T, 58 * DAY), ("u", "z", N, 58 * DAY)]
    assert enough(done(*rows), 3, 3, 42).tolist() == [True, False, True]
    assert enough(done(*rows), 3, 4, 42).tolist() == [False, False, False]
    assert enough(done(), 3, 1, 42).tolist() == [False, False, False]


def test_rates_are_shares_drawn_to_the_average_and_never_certain() -> None:
    rows: list[Act] = [("u", "x", T, day * DAY) for day in range(8)]
    rows += [("u", "y", V, day * 20 * DAY) for day in range(8)]
    found = rates(tries_of(done(*rows), 14), 3, 2.0)
    assert found.tolist() == pytest.approx([0.9, 0.1, 0.5])
    assert rates(tries_of(done(), 14), 3, 2.0).tolist() == pytest.approx([0.5] * 3)
