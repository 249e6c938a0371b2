"""New actions, and those with too little data, in answers: on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Small

from .test_action_recommendations import DAY, NOW, Offers, offers

HOURS = 7_200


@pytest.fixture
def shop(small: Callable[..., Small]) -> tuple[Small, Offers]:
    room = small()
    return room, offers(room.program)


def test_new_actions_come_two_hours_after_the_training_with_a_score_of_zero(shop: tuple[Small, Offers]) -> None:
    room, made = shop
    before = made.scores()
    made.put("fresh")
    room.wait(HOURS - 1)
    assert made.scores() == before
    room.wait(1)
    assert made.scores() == {**before, "fresh": 0.0}
    assert made.ask("u1")[-1] == {"actionId": "fresh", "score": 0.0}


def test_new_actions_expire_wait_and_are_filtered_like_others(shop: tuple[Small, Offers]) -> None:
    room, made = shop
    made.put("gone", expirationTimestamp=NOW + 60)
    made.put("soon", repeatFrequency=3)
    made.put("fresh", category="offer")
    made.send("soon", user="u0")
    room.wait(HOURS)
    assert {"gone", "soon", "fresh"} & made.ids("u0") == {"fresh"}
    assert {"gone", "soon", "fresh"} & made.ids("u1") == {"soon", "fresh"}
    only = made.filter('INCLUDE ActionID WHERE Actions.CATEGORY IN ("offer")')
    assert {"fresh", "soon"} & made.ids("u1", filterArn=only) == {"fresh"}
    room.wait(3 * DAY)
    assert "soon" in made.ids("u0")


def test_a_tenth_of_the_positions_tries_out_what_would_not_have_come(shop: tuple[Small, Offers]) -> None:
    room, made = shop
    made.put("fresh")
    made.put("other")
    for number in range(200):
        made.send("other", "Viewed", user=f"v{number}")
    room.wait(HOURS)
    users = [f"x{number}" for number in range(200)]
    answers = [made.ask(user, numResults=2) for user in users]
    tried = [answer[1]["actionId"] for answer in answers if answer[1]["score"] == 0]
    assert 20 <= len(tried) <= 60  # 40 of 400
    assert {"new", "fresh"} <= set(tried)
    assert "other" not in tried  # often seen
    assert all(answer[0]["score"] > 0 for answer in answers)
    assert [made.ask(user, numResults=2) for user in users] == answers
    assert all(made.ask(user, numResults=1)[0] == answer[0] for user, answer in zip(users, answers, strict=True))
