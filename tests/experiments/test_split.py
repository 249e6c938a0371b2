"""The split of users: its definition, its evenness, and that it is the same everywhere."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from personalize_local.experiments import variant
from personalize_local.experiments.split import point

HALVES = {"a": 0.5, "b": 0.5}
EIGHT_TO_TWO = {"control": 8, "small": 1, "big": 1}

KNOWN_POINTS = [
    ("u1", 0.6014442498684822),
    ("u2", 0.331276246817094),
    ("u3", 0.020856468946882423),
    ("u4", 0.5221071751228239),
    ("user-789", 0.04337817548374212),
    ("Zoë", 0.4399726918921967),
    ("日本", 0.40926581541241536),
]
KNOWN_VARIANTS = [
    "control", "control", "small", "control", "big", "small",
    "control", "control", "control", "big", "control", "control",
]  # fmt: skip


@pytest.mark.parametrize(("user", "expected"), KNOWN_POINTS)
def test_the_point_of_a_user_is_a_known_answer(user: str, expected: float) -> None:
    assert point(user, "checkout") == expected
    assert variant(user, "checkout", HALVES) == ("a" if expected < 0.5 else "b")


def test_the_variants_of_users_are_known_answers() -> None:
    assert [variant(f"user-{number}", "checkout", EIGHT_TO_TWO) for number in range(12)] == KNOWN_VARIANTS


def test_the_definition_as_another_language_would_write_it() -> None:
    # big comes before control and small: by the bytes of the names.
    for number in range(200):
        digits = hashlib.sha256(f"checkout/user-{number}".encode()).hexdigest()[:13]
        share = int(digits, 16) / 2**52 * 10
        expected = "big" if share < 1 else "control" if share < 9 else "small"
        assert variant(f"user-{number}", "checkout", EIGHT_TO_TWO) == expected


def test_the_points_of_users_are_spread_evenly() -> None:
    points = [point(f"user-{number}", "search") for number in range(20_000)]
    assert stats.kstest(points, "uniform").pvalue > 0.01


def test_the_shares_are_those_of_the_weights() -> None:
    counted = Counter(variant(f"{number}", "prices", EIGHT_TO_TWO) for number in range(20_000))
    observed = [counted[name] for name in EIGHT_TO_TWO]
    assert stats.chisquare(observed, [16_000, 2_000, 2_000]).pvalue > 0.01


def test_two_experiments_split_the_same_users_independently() -> None:
    both = Counter(
        (variant(f"{number}", "one", HALVES), variant(f"{number}", "other", HALVES)) for number in range(20_000)
    )
    table = [[both[first, second] for second in "ab"] for first in "ab"]
    assert stats.chi2_contingency(table).pvalue > 0.01


@settings(max_examples=40)
@given(st.text(min_size=1), st.text(min_size=1), st.sampled_from([0.5, 2, 1000]))
def test_neither_the_scale_nor_the_order_of_the_weights_matters(user: str, experiment: str, scale: float) -> None:
    chosen = variant(user, experiment, {"a": 1, "b": 2, "c": 1})
    assert chosen == variant(user, experiment, {"c": 1 * scale, "b": 2 * scale, "a": 1 * scale})


def test_who_was_in_a_variant_that_grows_stays_in_it() -> None:
    for number in range(2_000):
        if variant(f"{number}", "ramp", {"a_new": 1, "b_old": 9}) == "a_new":
            assert variant(f"{number}", "ramp", {"a_new": 5, "b_old": 5}) == "a_new"


def test_a_variant_without_weight_gets_nobody() -> None:
    for number in range(500):
        assert variant(f"{number}", "off", {"a": 0, "b": 1, "z": 0}) == "b"


def test_every_process_gives_the_same_answer() -> None:
    program = (
        "from personalize_local.experiments import variant\n"
        "import sys\n"
        f"print([variant(f'user-{{n}}', 'checkout', {EIGHT_TO_TWO!r}) for n in range(12)])\n"
        "print([name for name in ('numpy', 'scipy', 'urllib.request', 'json') if name in sys.modules])\n"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        )
        assert done.stdout == f"{KNOWN_VARIANTS!r}\n[]\n"


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({}, r"an experiment needs at least one variant"),
        ({"": 1}, r"the name of a variant must be a text that is not empty, not ''"),
        ({"a": -0.1, "b": 1}, r"the weight of variant 'a' must be a number from 0 up, not -0\.1"),
        ({"a": float("nan")}, r"the weight of variant 'a' must be a number from 0 up, not nan"),
        ({"a": float("inf")}, r"the weight of variant 'a' must be a number from 0 up, not inf"),
        ({"a": 10**400, "b": 1}, r"the weight of variant 'a' must be a number from 0 up, not 1000+$"),
        ({"a": "0.5"}, r"the weight of variant 'a' must be a number from 0 up, not '0\.5'"),
        ({"a": True}, r"the weight of variant 'a' must be a number from 0 up, not True"),
        ({"a": 0, "b": 0}, r"the weights of the variants must have a sum above 0, not 0\.0"),
        ({"a": 1e308, "b": 1e308}, r"the weights of the variants must have a sum above 0, not inf"),
        (["a", "b"], r"an experiment needs at least one variant"),
    ],
)
def test_weights_that_cannot_be_shared_out_are_refused(weights: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        variant("user", "exp", weights)


@pytest.mark.parametrize(
    ("user", "experiment", "message"),
    [
        ("", "exp", "user_id must be a text that is not empty, not ''"),
        (7, "exp", "user_id must be a text that is not empty, not 7"),
        ("user", "", "experiment must be a text that is not empty, not ''"),
        ("user", None, "experiment must be a text that is not empty, not None"),
    ],
)
def test_users_and_experiments_without_a_name_are_refused(user: Any, experiment: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        variant(user, experiment, HALVES)
