"""The statistics of comparisons: against published and hand-made values, scipy, and simulation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from personalize_local.experiments.statistics import (
    Difference,
    coverage_difference,
    detectable,
    lift,
    newcombe,
    paired_differences,
    sample_ratio,
    sample_size,
    users_needed,
    wilson,
)

Float64 = NDArray[np.float64]


def one(a: Float64, b: Float64, seed: int = 0) -> Difference:
    (found,) = paired_differences(a[np.newaxis], b[np.newaxis], seed)
    return found


# Users who saw both


def test_the_interval_is_that_of_scipys_paired_bootstrap() -> None:
    random = np.random.default_rng(3)
    a = random.exponential(1.0, 80)
    b = a + random.exponential(0.5, 80) - 0.3
    found = one(a, b)
    expected = stats.bootstrap(
        (a, b),
        lambda a, b, axis: b.mean(axis=axis) - a.mean(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=20_000,
        method="BCa",
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert found.low is not None
    assert found.high is not None
    # What is left is the chance of 2,000 draws.
    assert found.low == pytest.approx(expected.low, abs=0.012)
    assert found.high == pytest.approx(expected.high, abs=0.012)
    assert found.difference == pytest.approx(float((b - a).mean()))


def rejections(draw: Callable[[np.random.Generator], tuple[Float64, Float64]], truth: float, times: int = 400) -> float:
    """How often the interval leaves the truth out."""
    random = np.random.default_rng(11)
    missed = 0
    for seed in range(times):
        found = one(*draw(random), seed)
        assert found.low is not None
        assert found.high is not None
        missed += not found.low <= truth <= found.high
    return missed / times


def test_the_interval_holds_a_planted_difference_95_times_in_100() -> None:
    def draw(random: np.random.Generator) -> tuple[Float64, Float64]:
        # Hit rates of users with few events: skewed, discrete, and alike between the two.
        taste = random.beta(1, 4, 120)
        a = random.binomial(5, taste) / 5
        return a, np.clip(a + random.choice([0.0, 0.2, -0.2], 120, p=[0.7, 0.2, 0.1]), -1, 2)

    # 400 trials: two standard errors are 0.022.
    assert 0.02 <= rejections(draw, 0.02) <= 0.085


def test_equals_are_told_apart_5_times_in_100() -> None:
    def draw(random: np.random.Generator) -> tuple[Float64, Float64]:
        taste = random.beta(2, 5, 100)
        return random.binomial(8, taste) / 8, random.binomial(8, taste) / 8

    assert 0.02 <= rejections(draw, 0.0) <= 0.085


def test_the_same_answers_have_no_difference_and_no_doubt() -> None:
    values = np.random.default_rng(0).random(50)
    found = one(values, values)
    assert (found.difference, found.low, found.high, found.needed, found.detectable) == (0, 0, 0, None, None)
    assert not found.told


def test_the_same_seed_gives_the_same_interval_and_metrics_do_not_touch_each_other() -> None:
    random = np.random.default_rng(5)
    a, b = random.random((3, 40)), random.random((3, 40))
    together = paired_differences(a, b, 7)
    assert together == paired_differences(a, b, 7)
    assert together[2] == one(a[2], b[2], 7)
    assert together[2] != one(a[2], b[2], 8)


@pytest.mark.parametrize("users", [0, 1])
def test_fewer_than_two_users_have_no_interval(users: int) -> None:
    if not users:
        assert coverage_difference(0, 0, 0, np.zeros(0, np.int64), np.zeros(0, np.int64)).low is None
        return
    found = one(np.array([0.25]), np.array([0.75]))
    assert (found.difference, found.low, found.high, found.needed) == (0.5, None, None, None)
    assert not found.told


def test_as_many_users_as_advised_tell_the_difference_four_times_in_five() -> None:
    random = np.random.default_rng(2)
    needed = users_needed(0.1, 0.5)
    # (1.959964 + 0.841621)^2 * 25, rounded up
    assert needed == 197
    told = [one(np.zeros(needed), random.normal(0.1, 0.5, needed), seed).told for seed in range(300)]
    assert 0.73 <= sum(told) / 300 <= 0.87
    assert users_needed(0.0, 0.5) is None


def test_what_is_detectable_is_what_the_users_suffice_for() -> None:
    values = np.random.default_rng(0).normal(0, 1, 400)
    found = one(np.zeros(400), values)
    assert found.detectable is not None
    assert users_needed(found.detectable, float(values.std(ddof=1))) == pytest.approx(400, abs=1)


def shown(owners: Float64) -> tuple[int, NDArray[np.int64]]:
    """From the item that each user was shown: distinct items, and those of each user alone."""
    items, counts = np.unique(owners, return_counts=True)
    alone = np.isin(owners, items[counts == 1])
    return len(items), alone.astype(np.int64)


def test_the_interval_of_coverage_holds_the_expected_difference_at_least_95_times_in_100() -> None:
    random = np.random.default_rng(4)
    users, catalogue = 150, 200
    even = np.full(catalogue, 1 / catalogue)
    skewed = 1 / np.arange(1, catalogue + 1)
    skewed /= skewed.sum()
    # A user is shown one item: an item is missing with (1 - p)^users.
    expected = float((1 - (1 - even) ** users).mean() - (1 - (1 - skewed) ** users).mean())
    held = 0
    for _ in range(300):
        a, b = random.choice(catalogue, users, p=skewed), random.choice(catalogue, users, p=even)
        (of_a, alone_a), (of_b, alone_b) = shown(a), shown(b)
        found = coverage_difference(of_a, of_b, catalogue, alone_a, alone_b)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= expected <= found.high
    assert held / 300 >= 0.94


def test_the_interval_of_coverage_by_hand() -> None:
    # Of 10 items A shows 2 and B 3; the first of three users alone brings B one.
    found = coverage_difference(2, 3, 10, np.array([0, 0, 0]), np.array([1, 0, 0]))
    # Without each user in turn: 0, 0.1 and 0.1 more; (n - 1) / n times the sum of squares 0.02 / 3.
    reach = 1.959963984540054 * (2 / 3 * 0.02 / 3) ** 0.5
    assert found.difference == pytest.approx(0.1)
    assert (found.low, found.high) == (pytest.approx(0.1 - reach), pytest.approx(0.1 + reach))


# Shares of users of whom each saw one


@pytest.mark.parametrize(
    ("b", "a", "expected"),
    [
        # Newcombe (1998), table II, method 10.
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.0582, 0.8062)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 20), (-0.1611, 0.2775)),
        ((0, 10), (0, 10), (-0.2775, 0.2775)),
        ((10, 10), (0, 20), (0.6791, 1.0)),
        ((10, 10), (0, 10), (0.6075, 1.0)),
    ],
)
def test_newcombes_interval_is_the_published_one(
    b: tuple[int, int], a: tuple[int, int], expected: tuple[float, float]
) -> None:
    assert newcombe(a, b) == pytest.approx(expected, abs=5e-5)


def test_shares_of_nobody_have_no_interval() -> None:
    assert wilson(0, 0) is None
    assert newcombe((0, 0), (1, 2)) is None
    assert newcombe((1, 2), (0, 0)) is None
    assert lift((0, 10), (1, 10)) is None


def test_wilsons_interval_by_hand() -> None:
    # z^2 = 3.841459: centre (5 + 1.92073) / 13.841459, reach sqrt(10 * 0.25 + 0.960365) * 1.959964 / 13.841459
    assert wilson(5, 10) == pytest.approx((0.2365931, 0.7634069), abs=1e-6)


def test_newcombes_interval_holds_the_truth_and_tells_equals_apart_5_times_in_100() -> None:
    random = np.random.default_rng(8)
    missed = 0
    for _ in range(800):
        a, b = (int(count) for count in random.binomial(400, 0.08, 2))
        found = newcombe((a, 400), (b, 400))
        assert found is not None
        missed += not found[0] <= 0 <= found[1]
    assert 0.03 <= missed / 800 <= 0.07


def test_the_lift_by_hand() -> None:
    found = lift((10, 100), (15, 100))
    assert found is not None
    assert found[0] == pytest.approx(0.5)
    # log 1.5 -+ 1.959964 sqrt(1/10 - 1/100 + 1/15 - 1/100)
    assert found[1] == pytest.approx((-0.29188, 2.17743), abs=1e-5)
    assert lift((10, 100), (0, 100)) == (-1.0, None)


def test_the_sample_ratio_by_hand() -> None:
    # (500 - 540)^2 / 540 * 2 = 5.926
    assert sample_ratio({"a": 500, "b": 580}, {"a": 1, "b": 1}) == pytest.approx(0.01492, abs=1e-5)
    assert sample_ratio({"a": 900, "b": 100}, {"a": 9, "b": 1}) == 1.0
    assert sample_ratio({"a": 9, "b": 1}, {"a": 1, "b": 0}) == 0.0
    assert sample_ratio({"a": 9}, {"a": 1, "b": 0}) is None
    assert sample_ratio({}, {"a": 1, "b": 1}) is None


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    # By the formula with tables: 10 % to 12 %, 5 % to 6 %, 50 % to 60 %.
    [(0.10, 0.12, 3841), (0.05, 0.06, 8158), (0.5, 0.6, 388)],
)
def test_the_sample_size_is_that_of_the_textbook(a: float, b: float, expected: int) -> None:
    assert sample_size(a, b) == expected
    assert sample_size(b, a) == expected


def test_as_many_users_as_advised_tell_the_rates_apart_four_times_in_five() -> None:
    random = np.random.default_rng(9)
    users = sample_size(0.2, 0.28) or 0
    told = 0
    for _ in range(500):
        found = newcombe((int(random.binomial(users, 0.2)), users), (int(random.binomial(users, 0.28)), users))
        assert found is not None
        told += found[0] > 0
    assert 0.75 <= told / 500 <= 0.86


def test_what_is_detectable_takes_the_users_that_there_are() -> None:
    assert detectable(0.1, 3841, 3841) == pytest.approx(0.02, abs=1e-5)
    # Twice as many in one of the two help, but less than twice as many in both.
    more, most = detectable(0.1, 3841, 7682), detectable(0.1, 7682, 7682)
    assert more is not None
    assert most is not None
    assert most < more < 0.02
    assert detectable(0.1, 0, 10) is None
    assert detectable(0.5, 2, 2) is None
    assert detectable(1.0, 100, 100) is None
    assert sample_size(0.1, 0.1) is None
