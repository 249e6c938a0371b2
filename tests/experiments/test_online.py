"""Experiments on users: who counts for what, and what is said of it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from personalize_local.experiments.online import Counts, Deed, Design, count, report
from personalize_local.experiments.split import variant

HALVES = {"old": 0.5, "new": 0.5}
ARN = "arn:aws:personalize:us-east-1:123456789012:campaign/new"


def design(**more: Any) -> Design:
    return Design(**{"experiment": "shelf", "weights": HALVES, "outcome": "Buy", **more})


def deed(
    user: str | None, kind: str, time: float = 0, label: str | None = "shelf/new", recommender: str | None = None
) -> Deed:
    return Deed(user=user, type=kind, time=time, label=label, recommender=recommender)


def counted(deeds: list[Deed], **more: Any) -> tuple[dict[str, int], dict[str, int]]:
    """Users and successes; that order does not matter is seen on the way."""
    found = count(deeds, design(**more))
    again = deeds.copy()
    random.Random(1).shuffle(again)
    assert count(again, design(**more)) == found
    return found.users, found.successes


def test_a_user_counts_for_the_variant_that_his_events_name_once() -> None:
    deeds = [deed("u", "click"), deed("u", "click", 1), deed("v", "click", label="shelf/old")]
    assert counted(deeds) == ({"old": 1, "new": 1}, {"old": 0, "new": 0})


def test_an_outcome_counts_from_the_first_exposure_on() -> None:
    deeds = [
        deed("early", "buy", 5),
        deed("early", "seen", 6),
        deed("same", "seen", 6),
        deed("same", "BUY", 6),
        deed("late", "seen", 6),
        deed("late", "buy", 9),
    ]
    assert counted(deeds, exposure="seen")[1] == {"old": 0, "new": 2}


def test_without_an_exposure_type_any_event_of_the_variant_exposes() -> None:
    assert counted([deed("u", "buy", 5)]) == ({"old": 0, "new": 1}, {"old": 0, "new": 1})
    assert counted([deed("u", "buy", 5)], exposure="seen") == ({"old": 0, "new": 0}, {"old": 0, "new": 0})


@pytest.mark.parametrize(("label", "every", "successes"), [(None, False, 0), (None, True, 1), ("other", True, 1)])
def test_outcomes_that_name_no_variant_count_when_every_outcome_does(
    label: str | None, every: bool, successes: int
) -> None:
    deeds = [deed("u", "seen", 1), deed("u", "buy", 2, label=label), deed("stranger", "buy", 2, label=label)]
    assert counted(deeds, every_outcome=every) == ({"old": 0, "new": 1}, {"old": 0, "new": successes})


def test_what_recommended_counts_where_the_label_says_nothing_of_the_experiment() -> None:
    sources = {"new": (ARN,)}
    deeds = [
        deed("by-id", "seen", label=None, recommender=ARN),
        deed("by-id-beside-a-label", "seen", label="banner", recommender=ARN),
        deed("by-label", "seen", label="shelf/old", recommender=ARN),
        deed("default-label-is-replaced", "seen", label="shelf/new"),
    ]
    assert counted(deeds, sources=sources)[0] == {"old": 1, "new": 2}


def test_who_saw_both_counts_nowhere() -> None:
    found = count([deed("u", "seen"), deed("u", "seen", 1, label="shelf/old"), deed("u", "buy", 2)], design())
    assert (found.users, found.successes, found.several) == ({"old": 0, "new": 0}, {"old": 0, "new": 0}, 1)


def test_who_saw_another_variant_than_the_split_gives_is_counted_by_what_he_saw_and_told_of() -> None:
    users = [f"user-{number}" for number in range(20)]
    strayed = sum(variant(user, "shelf", HALVES) == "old" for user in users)
    found = count([deed(user, "seen") for user in users], design())
    assert found.users == {"old": 0, "new": 20}
    assert found.strayed == strayed > 0


def test_events_of_nobody_count_nowhere_and_are_told_of_where_they_name_a_variant() -> None:
    deeds = [
        deed(None, "seen"),
        deed(None, "buy"),
        deed(None, "buy", label=None),
        deed(None, "seen", label="other/new"),
    ]
    found = count(deeds, design(every_outcome=True))
    assert (found.users, found.successes, found.nameless) == ({"old": 0, "new": 0}, {"old": 0, "new": 0}, 2)


def test_only_the_time_that_is_asked_for_counts() -> None:
    deeds = [deed("u", "seen", time) for time in (1, 2)] + [deed("v", "seen", 3)]
    assert counted(deeds, since=2, until=3)[0] == {"old": 0, "new": 1}


# The report


def told(users: tuple[int, int], successes: tuple[int, int], **more: int) -> dict[str, Any]:
    names = ("old", "new")
    counts = Counts(
        users=dict(zip(names, users, strict=True)), successes=dict(zip(names, successes, strict=True)), **more
    )
    return report(counts, design())


def test_a_difference_that_is_told_is_told_with_its_lift() -> None:
    found = told((80, 70), (48, 56))
    assert found["verdicts"] == [
        "new is better than old by 20.00 points (95 % interval 5.24 to 33.39), a lift of +33.3%."
    ]
    old, new = found["variants"]
    assert (old["rate"], new["rate"]) == (0.6, 0.8)
    assert "difference" not in old
    difference = new["difference"]
    assert (difference["low"], difference["high"]) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))
    assert (difference["told"], difference["level"]) == (True, 0.95)
    assert found["sampleRatio"] == {"pValue": pytest.approx(0.4142, abs=1e-4), "mismatch": False}
    assert told((70, 80), (56, 48))["verdicts"][0].startswith("new is worse than old by 20.00 points (95 % interval ")


def test_a_difference_that_is_not_told_comes_with_how_many_users_it_takes() -> None:
    (verdict,) = told((1000, 1000), (100, 120))["verdicts"]
    assert verdict == (
        "No difference between new and old could be told (95 % interval -0.75 to 4.76); about 3,841 users of old would "
        "be needed for a difference of this size, these 1,000 tell a rise of 4.07 points 4 times in 5."
    )


def test_equal_rates_come_with_what_the_users_would_tell() -> None:
    (verdict,) = told((3841, 3841), (384, 384))["verdicts"]
    assert verdict == (
        "No difference between new and old could be told (95 % interval -1.34 to 1.34); these 3,841 tell a rise of "
        "2.00 points 4 times in 5."
    )


def test_a_split_that_is_off_is_said_before_anything_else() -> None:
    found = told((1000, 800), (100, 120))
    assert found["sampleRatio"]["mismatch"]
    assert found["verdicts"][0] == (
        "Do not believe these figures: users are not spread over the variants as the weights say (sample ratio "
        "mismatch, p = 2.4e-06), so that they may differ in more than what they saw."
    )
    assert len(found["verdicts"]) == 2


def test_nobody_in_a_variant_tells_nothing() -> None:
    found = told((0, 5), (0, 1))
    assert found["verdicts"] == ["Nothing can be told of new: nobody is known to have seen old."]
    assert found["variants"][1]["difference"] is None
    assert told((0, 0), (0, 0))["verdicts"] == ["Nothing can be told of new: nobody is known to have seen old nor new."]


def test_a_control_without_outcomes_has_no_lift_and_all_the_rest() -> None:
    difference = told((100, 100), (0, 20))["variants"][1]["difference"]
    assert (difference["lift"], difference["liftLow"], difference["told"]) == (None, None, True)


def test_who_is_left_out_is_in_the_notes() -> None:
    assert told((5, 5), (1, 1), several=1, strayed=2, nameless=1)["notes"] == [
        "1 user saw more than one variant: left out.",
        "2 users saw another variant than variant(user, 'shelf', weights) gives: counted by what they saw.",
        "1 event of nobody who is known: left out.",
    ]


def test_with_several_comparisons_each_is_held_to_a_stricter_level() -> None:
    weights = {"old": 1, "new": 1, "other": 1}
    counts = Counts(users=dict.fromkeys(weights, 70), successes={"old": 42, "new": 54, "other": 42})
    found = report(counts, design(weights=weights))
    assert [one["difference"]["level"] for one in found["variants"][1:]] == [0.975, 0.975]
    assert "97.5 % interval" in found["verdicts"][0]
    assert found["notes"] == [
        "With several comparisons each interval is wider, so that all hold together (Bonferroni)."
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"weights": {"old": 1}}, "a report needs at least two variants"),
        ({"weights": {"old": 0, "new": 0}}, "the weights of the variants must have a sum above 0"),
        ({"outcome": ""}, "outcome must be a text that is not empty, not ''"),
        ({"experiment": 3}, "experiment must be a text that is not empty, not 3"),
        ({"sources": {"newer": ("x",)}}, "there are sources for 'newer', which is no variant"),
        (
            {"sources": {"old": ("x",), "new": ("x",)}},
            "the source 'x' stands for two variants, 'old' and 'new'",
        ),
        (
            {"sources": {"old": ("shelf/new",)}},
            "the source 'shelf/new' stands for two variants, 'old' and 'new'",
        ),
    ],
)
def test_what_cannot_be_counted_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        design(**given)
