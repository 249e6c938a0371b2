"""Factors that tell tastes apart, and a regression that is the best there is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.engine.evaluation import area_under_the_curve
from personalize_local.engine.latent import item_factors, profiles
from personalize_local.engine.logistic import fit_logistic, log_odds, sigmoid
from tests.recipes.worlds import two_tastes


def test_items_of_one_taste_point_one_way_and_the_unseen_nowhere() -> None:
    data = two_tastes()
    user, item = data.interactions.user, data.interactions.item
    factors = item_factors(user, item, (len(data.users), len(data.items) + 1), 4, seed=0)
    alike = factors[:20] @ factors[:20].T
    assert alike[:10, :10].mean() > 0.5
    assert abs(alike[:10, 10:].mean()) < 0.1
    assert not factors[20].any()
    again = item_factors(user, item, (len(data.users), len(data.items) + 1), 4, seed=0)
    np.testing.assert_array_equal(factors, again)


@pytest.mark.parametrize("shape", [(0, 0), (3, 0), (0, 3), (1, 1), (2, 5)])
def test_small_matrices_have_factors_too(shape: tuple[int, int]) -> None:
    there = np.zeros(int(min(shape) > 0), np.int32)
    factors = item_factors(there, there, shape, 4, seed=0)
    assert factors.shape == (shape[1], 4)
    assert np.isfinite(factors).all()


def test_a_profile_is_the_mean_of_its_items_drawn_to_zero_where_they_are_few() -> None:
    factors = np.array([[1, 0, 0, 0], [0, 1, 0, 0]], np.float32)
    items = np.array([0, 0, 1, 0, 0], np.int32)
    begins, ends = np.array([0, 0, 2], np.int64), np.array([0, 3, 3], np.int64)
    found = profiles(factors, items, begins, ends)
    np.testing.assert_allclose(found[:, :2], [[0, 0], [2 * 2 / 6, 2 / 6], [0, 2 / 4]])


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_the_fit_is_where_the_loss_is_flat(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = int(random.integers(0, 200))
    features = random.normal(0, 3, (count, 4))
    happened = random.random(count) < sigmoid(features[:, 0] - 1)
    offset, penalty = random.normal(0, 1, count), np.array([0.5, 1, 2, 8])
    weights = fit_logistic(features, happened, offset, penalty)
    slope = features.T @ (sigmoid(offset + features @ weights) - happened) + penalty * weights
    np.testing.assert_allclose(slope, 0, atol=1e-4)


def test_data_that_can_be_split_perfectly_has_an_answer() -> None:
    features = np.linspace(-5, 5, 50)[:, None]
    weights = fit_logistic(features, features[:, 0] > 0, np.zeros(50), np.array([0.01]))
    assert np.isfinite(weights).all()
    assert weights[0] > 1


def test_odds_and_probabilities_are_each_others_inverse() -> None:
    probabilities = np.array([1e-9, 0.25, 0.5, 0.999])
    np.testing.assert_allclose(sigmoid(log_odds(probabilities)), probabilities)
    np.testing.assert_array_equal(sigmoid(np.array([-1e4, 1e4])), [0, 1])


def test_the_area_under_the_curve_counts_pairs() -> None:
    happened = np.array([True, False, True, False])
    assert area_under_the_curve(np.array([0.9, 0.1, 0.8, 0.2]), happened) == 1
    assert area_under_the_curve(np.array([0.9, 0.8, 0.1, 0.2]), happened) == 0.5
    assert area_under_the_curve(np.array([0.1, 0.5, 0.1, 0.5]), happened) == 0
    assert area_under_the_curve(np.full(4, 0.5), happened) == 0.5
    assert area_under_the_curve(np.zeros(0), np.zeros(0, bool)) == 0.5
