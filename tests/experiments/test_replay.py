"""The replay: who is asked what and when, and what is counted of the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2, nan

import numpy as np
import pytest

from personalize_local.experiments.replay import METRICS, Event, Replayed, replay


def event(item: str, context: Mapping[str, str] | None = None) -> Event:
    return Event(item=item, type="watch", value=None, context=context or {})


class Fixed:
    """Answers every question alike, and writes down what it is asked and told."""

    def __init__(self, answer: Sequence[str] | None, known: str = "abcdef") -> None:
        self.answer, self.known = answer, known
        self.log: list[tuple[str, ...]] = []

    def knows(self, item: str) -> bool:
        return item in self.known

    def about(self, user: str) -> Fixed:
        self.log.append(("about", user))
        return self

    def ask(self, context: Mapping[str, str], count: int) -> Sequence[str] | None:
        self.log.append(("ask", *(f"{name}={value}" for name, value in context.items())))
        return None if self.answer is None else self.answer[:count]

    def reveal(self, revealed: Event) -> None:
        self.log.append(("reveal", revealed.item))


def surprise(items: Sequence[str]) -> float:
    return float(np.mean([ord(item) - ord("a") for item in items]))


def replayed(
    users: Sequence[tuple[str, Sequence[Event]]], a: Fixed, b: Fixed, count: int = 3
) -> tuple[Replayed, list[int]]:
    steps = []
    replaying = replay(users, (a, b), count, surprise)
    while True:
        try:
            steps.append(next(replaying))
        except StopIteration as ended:
            return ended.value, steps


def test_a_strategy_is_asked_before_each_event_and_told_of_it_after() -> None:
    one = Fixed("abc")
    events = [event("a", {"DEVICE": "tv"}), event("z"), event("d")]
    replayed([("u", events), ("v", [event("b")])], one, Fixed("abc"))
    assert one.log == [
        ("about", "u"),
        ("ask", "DEVICE=tv"),
        ("reveal", "a"),
        ("reveal", "z"),  # which neither knows: revealed, and nothing to judge by
        ("ask",),
        ("reveal", "d"),
        ("about", "v"),
        ("ask",),
        ("reveal", "b"),
    ]


def test_the_figures_by_hand() -> None:
    users = [("u", [event("a"), event("c")]), ("v", [event("f")]), ("w", [event("z")])]
    found, _ = replayed(users, Fixed("abc"), Fixed("cfa"))
    a, b = ({name: row.tolist() for name, row in zip(METRICS, means, strict=True)} for means in found.means)
    # For u A has a first and c third, B c first and a third; for v A misses and B has f second.
    assert a["hit_rate"] == [1.0, 0.0]
    assert b["hit_rate"] == [1.0, 1.0]
    assert a["mean_reciprocal_rank"] == [pytest.approx((1 + 1 / 3) / 2), 0.0]
    assert b["mean_reciprocal_rank"] == [pytest.approx((1 + 1 / 3) / 2), 0.5]
    assert a["normalized_discounted_cumulative_gain"] == [pytest.approx((1 + 1 / log2(4)) / 2), 0.0]
    assert b["normalized_discounted_cumulative_gain"] == [pytest.approx(0.75), pytest.approx(1 / log2(3))]
    assert a["novelty"] == [1.0, 1.0]
    assert b["novelty"] == [pytest.approx(7 / 3)] * 2
    assert (found.scored, found.unknown, found.users) == (3, 1, 2)
    assert found.shown == (3, 3)
    # Both users were shown all of it.
    assert [alone.tolist() for alone in found.alone] == [[0, 0], [0, 0]]


def test_what_one_strategy_does_not_know_is_a_miss_of_that_one() -> None:
    found, _ = replayed([("u", [event("f")])], Fixed("abc", known="abc"), Fixed("fab"))
    assert (found.scored, found.unknown) == (1, 0)
    assert [means[0].tolist() for means in found.means] == [[0.0], [1.0]]


def test_where_a_strategy_cannot_be_asked_it_misses_and_has_no_novelty() -> None:
    found, _ = replayed([("u", [event("a"), event("b")])], Fixed(None), Fixed("abc"))
    assert found.unasked == (2, 0)
    assert found.means[0][:, 0].tolist() == [0.0, 0.0, 0.0, pytest.approx(nan, nan_ok=True)]
    assert found.shown == (0, 3)


class Own(Fixed):
    """Recommends to each user what has his name."""

    def about(self, user: str) -> Own:
        return Own(user)


def test_items_that_one_user_alone_was_shown_are_his() -> None:
    users = [(user, [event("a"), event("b")]) for user in ("ab", "bc", "d")]
    found, _ = replayed(users, Own(""), Fixed("a"))
    assert found.shown == (4, 1)
    assert [alone.tolist() for alone in found.alone] == [[1, 1, 1], [0, 0, 0]]


def test_only_the_first_count_items_are_asked_for() -> None:
    found, _ = replayed([("u", [event("c")])], Fixed("abc"), Fixed("abc"), count=2)
    assert found.means[0][0].tolist() == [0.0]
    assert found.shown == (2, 2)


def test_progress_is_told_every_200_events_also_within_a_user() -> None:
    users = [("u", [event("a")] * 350), ("v", [event("a")] * 100)]
    found, steps = replayed(users, Fixed("a"), Fixed("b"))
    assert steps == [200, 400]
    assert found.scored == 450


def test_without_anybody_to_judge_by_there_are_no_figures() -> None:
    found, _ = replayed([("u", [event("z")])], Fixed("a"), Fixed("b"))
    assert (found.users, found.scored, found.unknown) == (0, 0, 1)
    assert found.means[0].shape == (len(METRICS), 0)
