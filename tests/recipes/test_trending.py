"""Trends: what has grown lately comes first, and events move that on by the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from personalize_local.engine.data import Interactions, TrainingData
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.recipes import RECIPES
from personalize_local.recipes._trending import TrendingModel
from personalize_local.recipes.base import Query, TrainingParameters

HOUR = 3600
START = 1_700_000_000


def happened(hours: Mapping[str, Sequence[float]]) -> TrainingData:
    """Each item had an interaction by a user of its own at each of these hours; the catalogue is sorted by name."""
    rows = sorted((START + int(hour * HOUR), item) for item, times in hours.items() for hour in times)
    items = Vocabulary.from_strings(sorted(hours))
    interactions = Interactions(
        user=np.arange(len(rows), dtype=np.int32),
        item=items.indexes([item for _, item in rows]),
        timestamp=np.array([time for time, _ in rows], np.int64),
    )
    users = Vocabulary.from_strings([f"u{number}" for number in range(len(rows))])
    return TrainingData(users=users, items=items, interactions=interactions)


def trend(data: TrainingData, frequency: str = "1 hour", name: str = "aws-trending-now") -> TrendingModel:
    features = {"trend_discovery_frequency": frequency} if name == "aws-trending-now" else {}
    model = RECIPES[name].train(data, TrainingParameters(feature_transformation=features)).model
    assert isinstance(model, TrendingModel)
    return model


def listed(model: TrendingModel, k: int = 10) -> list[str]:
    return model.items.strings(model.scores(Query()).top(k)[0])


# In the last hour, up to 9, rising has grown by 3, risen by 1, even by as much, steady and fallen by nothing.
HOURS: dict[str, list[float]] = {
    "rising": [7.5, *[8.5] * 4],
    "risen": [1, 8.6],
    "even": [8.7],
    "steady": [*[7.5] * 4, *[8.5] * 4],
    "fallen": [*[7.5] * 5, 9],
    "old": [1] * 9,
}


def test_what_has_grown_most_comes_first_then_what_is_popular() -> None:
    # Risen and even have grown alike: the one with more interactions is the first.
    assert listed(trend(happened(HOURS))) == ["rising", "risen", "even", "old", "steady", "fallen"]


def test_the_interval_decides_what_has_grown() -> None:
    # Over a whole day everything has grown: by its number of interactions then.
    assert listed(trend(happened(HOURS), "1 day"))[0] == "old"
    # From 8 to 9 and from 8.5 (not included) to 9: the half hour before was the busier one for all but two.
    assert set(listed(trend(happened(HOURS), "30 minutes"), 3)) == {"risen", "even", "fallen"}


@pytest.mark.parametrize(
    ("frequency", "seconds"),
    [("30 minutes", 1800), ("1 hour", 3600), ("2 hours", 7200), ("3 hours", 7200), ("1 day", 7200)],
)
def test_trends_are_looked_at_every_interval_and_every_two_hours_at_least(frequency: str, seconds: int) -> None:
    assert trend(happened(HOURS), frequency).every == seconds


def test_the_use_case_looks_at_two_hours() -> None:
    model = trend(happened(HOURS), name="aws-vod-trending-now")
    assert model.every == 7200
    assert listed(model) == listed(trend(happened(HOURS), "2 hours"))
    assert listed(model) != listed(trend(happened(HOURS), "1 hour"))


def sent(model: TrendingModel, hours: Mapping[str, Sequence[float]], delay: float = 0.0) -> TrendingModel:
    """Events that arrive in the order of their time, ``delay`` seconds after it."""
    rows = sorted((START + int(hour * HOUR), item) for item, times in hours.items() for hour in times)
    times = np.array([time for time, _ in rows], np.int64)
    return model.with_events([item for _, item in rows], times, [time + delay for time, _ in rows])


def hour(number: float) -> float:
    return START + number * HOUR


def test_events_move_a_trend_on_at_the_next_look_also_to_new_items() -> None:
    trained = trend(happened(HOURS)).at(hour(9), hour(9))
    further = sent(trained, {"fresh": [9.5] * 5, "old": [9.6] * 2, "rising": [9.5]})
    looked = further.at(hour(10), hour(9))
    assert listed(looked, 3) == ["fresh", "old", "fallen"], "that of the last second before is counted now"
    assert looked.items.get("fresh") == 6
    assert [looked.items[place] for place in range(6)] == [trained.items[place] for place in range(6)]
    assert listed(looked)[3:] == ["steady", "rising", "risen", "even"], "the rest by all interactions"
    assert listed(trained) == ["rising", "risen", "even", "old", "steady", "fallen"], "what is served stays as it is"


def test_a_look_is_as_good_as_a_training() -> None:
    random = np.random.default_rng(3)
    for frequency in ("30 minutes", "3 hours"):
        hours = {f"i{number}": random.uniform(0, 30, 20).round(2).tolist() for number in range(15)}
        early, late = (
            {item: [time for time in times if (time < 20) is old] for item, times in hours.items()}
            for old in (True, False)
        )
        late["new"] = [29.0, 29.5]
        both = {item: [*early.get(item, ()), *late[item]] for item in late}
        moved = trend(happened(early), frequency)
        for first, last in ((20, 22), (22, 27), (27, 30)):
            part = {item: [time for time in times if first <= time < last] for item, times in late.items()}
            moved = sent(moved, part).at(hour(last), hour(20))
        expected = trend(happened(both), frequency).at(hour(30), hour(30))
        by_name = [
            sorted(zip(model.items.strings(np.arange(16)), model.grown.tolist(), model.counts.tolist(), strict=True))
            for model in (moved, expected)
        ]
        assert by_name[0] == by_name[1]


def test_data_at_rest_have_the_trend_of_their_last_hours_for_ever() -> None:
    trained = trend(happened(HOURS))
    for since in (11.1, 1000):
        for later in (0, 1, 5000):
            assert listed(trained.at(hour(since + later), hour(since)), 1) == ["rising"]


def test_living_data_that_fall_silent_leave_the_popular_items() -> None:
    trained = trend(happened(HOURS))
    assert listed(trained.at(hour(9.9), hour(9.9)), 2) == ["fallen", "old"], "the interval ends with the clock"
    assert listed(trained.at(hour(12), hour(10.9))) == ["old", "steady", "fallen", "rising", "risen", "even"]


def test_events_with_old_times_are_data_at_rest_and_new_ones_bring_them_to_life() -> None:
    trained = trend(happened(HOURS)).at(hour(500), hour(500))
    replayed = sent(trained, {"even": [9.5] * 3}, delay=491 * HOUR)
    assert listed(replayed.at(hour(501), hour(500)), 2) == ["even", "fallen"]
    assert listed(replayed.at(hour(600), hour(500)), 2) == ["even", "fallen"]
    alive = sent(replayed, {"risen": [600.5] * 2})
    assert listed(alive.at(hour(601), hour(500)), 1) == ["risen"]
    assert listed(alive.at(hour(604), hour(500)), 1) == ["old"], "silent for two intervals"


def test_interactions_ahead_of_the_clock_count_when_their_time_has_come() -> None:
    trained = trend(happened({"later": [10.5] * 3, "now": [9.4, 9.4], "old": [1] * 9}))
    assert listed(trained.at(hour(9.5), hour(9.5)), 1) == ["now"]
    assert listed(trained.at(hour(10.6), hour(9.5)), 1) == ["later"]


def test_one_wrong_time_far_ahead_does_not_hide_what_happens_now() -> None:
    trained = trend(happened(HOURS)).at(hour(9), hour(9))
    wrong = sent(trained, {"old": [9.5] * 2}).with_events(["even"], np.array([int(hour(100))]), [hour(9.6)])
    assert listed(wrong.at(hour(10), hour(9)), 2) == ["old", "fallen"]
    later = sent(wrong.at(hour(10), hour(9)), {"risen": [10.5] * 4})
    assert listed(later.at(hour(11), hour(9)), 1) == ["risen"]
    assert listed(later.at(hour(14), hour(9)), 2) == ["even", "old"], "all else is at rest then"


def test_data_far_ahead_of_the_clock_are_at_rest_until_something_happens_now() -> None:
    trained = trend(happened(HOURS)).at(hour(-1000), hour(-1000))
    assert listed(trained, 1) == ["rising"]
    alive = sent(trained, {"even": [-999.5] * 2})
    assert listed(alive.at(hour(-999), hour(-1000)), 2) == ["even", "old"]


def test_what_no_later_look_needs_is_not_kept() -> None:
    model = trend(happened({"a": np.arange(0, 200, 0.01).tolist()})).at(hour(200), hour(200))
    assert len(model.recent_items) <= 200 + 1
    for day in range(3):
        model = sent(model, {"a": [200 + day + step / 100 for step in range(100)]}).at(hour(201 + day), hour(200))
        assert len(model.recent_items) <= 200 + 1
    assert model.counts.tolist() == [20_300]


def test_metrics_are_those_of_the_list_of_trends() -> None:
    # Everybody's newest item is the one that has just come up, which is far from being the most popular.
    hours = {"old": [1.0] * 40, "hit": [50.0 + number / 100 for number in range(20)]}
    data = happened(hours)
    data = replace(data, interactions=replace(data.interactions, user=np.arange(60, dtype=np.int32) % 20))
    metrics = RECIPES["aws-trending-now"].train(data, TrainingParameters()).metrics
    assert metrics["mean_reciprocal_rank_at_25"] == 1
