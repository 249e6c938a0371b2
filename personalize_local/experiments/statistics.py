"""What can be told from a comparison: intervals, sample sizes and checks, as pure functions of numbers.

All intervals are two-sided at :data:`LEVEL` unless a level is given. Sample sizes are for a power of :data:`POWER`
at an error of 1 - LEVEL. Loads numpy and scipy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, exp, isfinite, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Float64 = NDArray[np.float64]
Interval = tuple[float, float]

LEVEL = 0.95
POWER = 0.8
SUSPICIOUS = 0.001
"""A sample ratio less likely than this by chance is a fault of the experiment (the usual threshold)."""

_RESAMPLES = 2_000
_LEAST_RESAMPLES = 500
_DRAWS = 10**8
"""With many users, fewer draws of all of them do: the time stays in seconds."""
_AT_ONCE = 4_000_000
"""Draws that are in memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """B less A in one metric, over ``users`` who saw both.

    ``low`` to ``high`` is the interval, None where two users were not there. ``needed`` is how many users would be
    needed to tell a difference of this size (None where there is none), ``detectable`` the size that these users would
    tell four times in five.
    """

    users: int
    a: float
    b: float
    low: float | None
    high: float | None
    needed: int | None
    detectable: float | None

    @property
    def difference(self) -> float:
        """B less A."""
        return self.b - self.a

    @property
    def told(self) -> bool:
        """Whether the interval leaves no difference out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


# Users who saw both


def paired_differences(a: Float64, b: Float64, seed: int, level: float = LEVEL) -> list[Difference]:
    """The differences of the means of each row: rows are metrics, columns users, the same in both.

    The interval is a paired bootstrap: users are drawn with both their values, as what a user does is not independent
    of what he did before. All metrics share the draws.
    """
    differences = b - a
    spread: Float64 = differences.std(axis=1, ddof=1) if differences.shape[1] > 1 else np.full(len(differences), np.nan)
    intervals = _bootstrapped(differences, seed, level)
    return [
        _difference(float(a[row].mean()), float(b[row].mean()), interval, float(spread[row]), differences.shape[1])
        for row, interval in enumerate(intervals)
    ]


def _bootstrapped(differences: Float64, seed: int, level: float) -> list[Interval | None]:
    """The interval of the mean of each row: a paired bootstrap, since a pair is one difference."""
    metrics, users = differences.shape
    if users < 2:
        return [None] * metrics
    random = np.random.default_rng(seed)
    resamples = int(np.clip(_DRAWS // users, _LEAST_RESAMPLES, _RESAMPLES))
    means = np.empty((metrics, resamples))
    step = max(1, _AT_ONCE // users)
    for begin in range(0, resamples, step):
        drawn = random.integers(0, users, (min(step, resamples - begin), users), dtype=np.int32)
        for row, values in enumerate(differences):
            means[row, begin : begin + len(drawn)] = values[drawn].mean(axis=1)
    return [_accelerated(values, drawn, level) for values, drawn in zip(differences, means, strict=True)]


def _accelerated(values: Float64, means: Float64, level: float) -> Interval:
    """The bias-corrected and accelerated interval (Efron, 1987) of the mean of ``values`` by ``means`` of draws."""
    centre = float(values.mean())
    apart = values - centre
    squares = float((apart**2).sum())
    if np.ptp(values) == 0 or squares == 0:
        return centre, centre
    # Of a mean the jackknife has a closed form.
    acceleration = float((apart**3).sum()) / (6 * squares**1.5)
    below = (np.count_nonzero(means < centre) + np.count_nonzero(means == centre) / 2) / len(means)
    bias = _normal(min(max(below, 0.5 / len(means)), 1 - 0.5 / len(means)))
    tails = np.array([(1 - level) / 2, 1 - (1 - level) / 2])
    moved = bias + stats.norm.ppf(tails)
    low, high = np.quantile(means, stats.norm.cdf(bias + moved / (1 - acceleration * moved)))
    return float(low), float(high)


def coverage_difference(
    a: int, b: int, catalogue: int, alone_a: NDArray[np.int64], alone_b: NDArray[np.int64]
) -> Difference:
    """The difference in the share of a ``catalogue`` that was recommended to anybody: ``a`` and ``b`` items.

    ``alone_a`` and ``alone_b`` say of each user how many items would be missing without him. The interval is from the
    jackknife over users: drawing users with replacement leaves a third of them out and with them what they alone were
    shown, so that a bootstrap would be about a smaller coverage. The jackknife's variance is on average not below the
    true one, whatever the statistic (Efron and Stein, 1981).
    """
    users = len(alone_a)
    shares = (a / catalogue, b / catalogue) if catalogue else (0.0, 0.0)
    if users < 2 or not catalogue:
        return _difference(*shares, None, np.nan, users)
    missing = (alone_b - alone_a) / catalogue
    error = sqrt((users - 1) / users * float(((missing - missing.mean()) ** 2).sum()))
    reach = _normal(1 - (1 - LEVEL) / 2) * error
    difference = shares[1] - shares[0]
    # As if the error fell with the root of the number of users, which is how the advice is meant.
    return _difference(*shares, (difference - reach, difference + reach), error * sqrt(users), users)


def _difference(a: float, b: float, interval: Interval | None, deviation: float, users: int) -> Difference:
    needed = detectable = None
    if interval is not None and deviation > 0:
        needed = users_needed(b - a, deviation)
        detectable = _both() * deviation / sqrt(users)
    low, high = (None, None) if interval is None else interval
    return Difference(users=users, a=a, b=b, low=low, high=high, needed=needed, detectable=detectable)


def users_needed(difference: float, deviation: float) -> int | None:
    """How many users tell a mean difference, each user's own deviating by ``deviation``; None for no difference."""
    if not difference or not isfinite((deviation / difference) ** 2):
        return None
    return max(2, ceil((_both() * deviation / difference) ** 2))


def _both() -> float:
    """The distance from nothing, in standard errors, of what is told with the power at the level."""
    return _normal(1 - (1 - LEVEL) / 2) + _normal(POWER)


def _normal(share: float) -> float:
    return float(stats.norm.ppf(share))


# Shares of users of whom each saw one variant


def wilson(successes: int, users: int, level: float = LEVEL) -> Interval | None:
    """The interval of a share, by Wilson's score; None for no users."""
    if not users:
        return None
    found = stats.binomtest(successes, users).proportion_ci(level, "wilson")
    return float(found.low), float(found.high)


def newcombe(a: Sequence[int], b: Sequence[int], level: float = LEVEL) -> Interval | None:
    """The interval of the share of ``b`` less that of ``a``, each (successes, users): Newcombe's hybrid score.

    Newcombe (1998), Statistics in Medicine 17, method 10. None where one has no users.
    """
    of_a, of_b = wilson(a[0], a[1], level), wilson(b[0], b[1], level)
    if of_a is None or of_b is None:
        return None
    share_a, share_b = a[0] / a[1], b[0] / b[1]
    low = share_b - share_a - sqrt((share_b - of_b[0]) ** 2 + (of_a[1] - share_a) ** 2)
    high = share_b - share_a + sqrt((of_b[1] - share_b) ** 2 + (share_a - of_a[0]) ** 2)
    return low, high


def lift(a: Sequence[int], b: Sequence[int], level: float = LEVEL) -> tuple[float, Interval | None] | None:
    """How much larger, relatively, the share of ``b`` is than that of ``a``, each (successes, users).

    The interval is that of the logarithm of the ratio (Katz and others, 1978), None without a success in both; the
    whole is None where ``a`` has none.
    """
    if not a[0] or not a[1] or not b[1]:
        return None
    ratio = (b[0] / b[1]) / (a[0] / a[1])
    if not b[0]:
        return ratio - 1, None
    reach = _normal(1 - (1 - level) / 2) * sqrt(1 / a[0] - 1 / a[1] + 1 / b[0] - 1 / b[1])
    return ratio - 1, (exp(log(ratio) - reach) - 1, exp(log(ratio) + reach) - 1)


def sample_ratio(counts: Mapping[str, int], weights: Mapping[str, float]) -> float | None:
    """How likely counts as far from the ``weights`` as these are by chance (chi-square); None with nothing to tell.

    A count where the weight is 0 is impossible: 0.
    """
    if any(counts.get(name, 0) for name, weight in weights.items() if not weight):
        return 0.0
    names = [name for name, weight in weights.items() if weight > 0]
    observed = np.array([counts.get(name, 0) for name in names], np.float64)
    shares = np.array([weights[name] for name in names], np.float64)
    if len(names) < 2 or not observed.sum():
        return None
    return float(stats.chisquare(observed, observed.sum() * shares / shares.sum()).pvalue)


def sample_size(a: float, b: float, ratio: float = 1.0, level: float = LEVEL, power: float = POWER) -> int | None:
    """How many users of A tell the share ``b`` from ``a``, with ``ratio`` times as many users of B; None for equals.

    The two-sided test of two proportions with the pooled variance under no difference (Fleiss, Levin and Paik, chapter
    4, without the correction for continuity).
    """
    return None if a == b else max(1, ceil(_users(a, b, ratio, level, power) - 1e-9))


def _users(a: float, b: float, ratio: float, level: float, power: float) -> float:
    pooled = (a + ratio * b) / (1 + ratio)
    null = sqrt((1 + 1 / ratio) * pooled * (1 - pooled))
    other = sqrt(a * (1 - a) + b * (1 - b) / ratio)
    return ((_normal(1 - (1 - level) / 2) * null + _normal(power) * other) / (b - a)) ** 2


def detectable(share: float, users_a: int, users_b: int, level: float = LEVEL, power: float = POWER) -> float | None:
    """The smallest rise above ``share`` that so many users tell with the power; None where not even 1 would do."""
    from scipy.optimize import brentq

    if not users_a or not users_b:
        return None
    ratio = users_b / users_a

    def lacking(other: float) -> float:
        return _users(share, other, ratio, level, power) - users_a

    if share >= 1 or lacking(1.0) > 0:
        return None
    # The number of users falls as the rise grows; it is infinite at none.
    least = share + (1 - share) * 1e-9
    return float(brentq(lacking, least, 1.0, xtol=1e-9)) - share
