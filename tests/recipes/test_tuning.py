"""Which settings a search tries, how many, and which of them it takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_local.recipes import RECIPES, tuning
from personalize_local.recipes._common import histories, split_users
from personalize_local.recipes.base import complete
from tests.recipes.worlds import random_world

DECLARED = RECIPES["aws-user-personalization"].algorithm_hyperparameters
DEFAULTS = complete(DECLARED, {})
RANGES: dict[str, Any] = {
    "integerHyperParameterRanges": [{"name": "training.bptt", "minValue": 4, "maxValue": 6}],
    "categoricalHyperParameterRanges": [{"name": "data.recency_mask", "values": ["true", "false"]}],
    "continuousHyperParameterRanges": [],
}


def test_ranges_are_read_under_their_prefixed_and_bare_names() -> None:
    space = tuning.space_of(DECLARED, RANGES)
    assert [(dimension.name, dimension.size) for dimension in space] == [("bptt", 3), ("recency_mask", 2)]
    bare = tuning.space_of(DECLARED, {"integerHyperParameterRanges": [{"name": "bptt", "minValue": 4, "maxValue": 6}]})
    assert bare == space[:1]


@pytest.mark.parametrize("ranges", [None, {}, {"integerHyperParameterRanges": []}])
def test_without_ranges_all_that_is_tunable_is_searched_over_its_declared_range(ranges: dict[str, Any] | None) -> None:
    space = tuning.space_of(DECLARED, ranges)
    assert {dimension.name: dimension.size for dimension in space} == {
        "bptt": 31,
        "hidden_dimension": 225,
        "recency_mask": 2,
    }
    assert tuning.space_of(RECIPES["aws-user-personalization-v2"].algorithm_hyperparameters, ranges) == ()


def test_a_bound_that_is_not_given_is_the_declared_one() -> None:
    (dimension,) = tuning.space_of(DECLARED, {"integerHyperParameterRanges": [{"name": "bptt", "minValue": 9}]})
    assert (dimension.low, dimension.high) == (9, 32)


def test_the_first_trial_is_the_configuration_as_given_or_the_nearest_to_it() -> None:
    space = tuning.space_of(DECLARED, RANGES)
    for bptt, first in (("5", "5"), ("32", "6"), ("2", "4")):
        found = next(tuning.trials(space, {**DEFAULTS, "bptt": bptt, "recency_mask": "FALSE"}, 5, 0))
        assert found == {"bptt": first, "recency_mask": "false"}


def test_a_small_space_is_exhausted_and_a_large_one_is_searched_to_the_limit() -> None:
    small = list(tuning.trials(tuning.space_of(DECLARED, RANGES), DEFAULTS, 40, 0))
    assert len(small) == 6
    large = list(tuning.trials(tuning.space_of(DECLARED), DEFAULTS, 12, 0))
    assert len(large) == 12
    assert len({tuple(point.items()) for point in large}) == 12
    assert list(tuning.trials((), {}, 5, 0)) == [{}]


@given(limit=st.integers(1, 40), seed=st.integers(0, 1000), high=st.integers(0, 10), width=st.floats(0, 1))
def test_no_trial_comes_twice_and_all_lie_in_the_ranges(limit: int, seed: int, high: int, width: float) -> None:
    sims = RECIPES["aws-sims"].algorithm_hyperparameters
    space = tuning.space_of(
        sims,
        {
            "integerHyperParameterRanges": [{"name": "min_cointeraction_count", "minValue": 0, "maxValue": high}],
            "continuousHyperParameterRanges": [
                {"name": "popularity_discount_factor", "minValue": 0.0, "maxValue": width}
            ],
        },
    )
    points = list(tuning.trials(space, complete(sims, {}), limit, seed))
    assert points == list(tuning.trials(space, complete(sims, {}), limit, seed))
    assert len({tuple(point.items()) for point in points}) == len(points) <= limit
    for point in points:
        assert 0 <= int(point["min_cointeraction_count"]) <= high
        assert 0 <= float(point["popularity_discount_factor"]) <= width


def test_the_best_wins_and_the_earlier_of_equals() -> None:
    assert tuning.best_of([3, 5, 1, 5], lambda choice: choice) == 5
    measured: list[str] = []
    assert tuning.best_of(["a", "b"], lambda choice: measured.append(choice) or 0.5) == "a"
    assert measured == ["a", "b"]
    with pytest.raises(ValueError, match="nothing"):
        tuning.best_of([], lambda _: 0.0)


def test_several_searches_share_the_trials() -> None:
    tuned, fixed = tuning.space_of(DECLARED), ()
    assert tuning.shares([tuned], 10) == [10]
    assert tuning.shares([tuned, fixed, tuned], 11) == [5, 1, 5]
    assert tuning.shares([tuned, tuned, fixed], 1) == [1, 1, 1]
    assert tuning.shares([fixed], 10) == [1]


@pytest.mark.parametrize("name", ["aws-user-personalization", "aws-popularity-count"])
def test_a_search_sees_nothing_of_the_users_who_are_tested_in_the_end(name: str) -> None:
    data = random_world(3, n_users=200)
    recipe = RECIPES[name]
    inner = tuning.searched_data(data, [recipe], {}, seed=4)
    lengths = histories(data).lengths
    users = np.flatnonzero(lengths > 0)
    if recipe.feature_parameters:
        users = users[lengths[users] <= np.quantile(lengths[users], 0.99, method="higher")]
    test = split_users(users, lengths, 4)[1]
    assert len(test)
    assert set(np.unique(inner.interactions.user)) == set(np.flatnonzero(lengths > 0)) - set(test.tolist())
    assert inner.users is data.users
