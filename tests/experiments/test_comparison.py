"""From the figures of a replay to what is said of them."""

from __future__ import annotations

import numpy as np

from personalize_local.experiments.comparison import _as_json, _differences
from personalize_local.experiments.replay import Replayed


def test_the_verdict_about_novelty_names_the_users_to_whom_both_recommended_something() -> None:
    random = np.random.default_rng(0)
    users = 100
    a = random.random((4, users))
    b = a + random.normal(0, 0.2, (4, users))
    a[3, 3:] = np.nan  # A recommended something to three of them
    nobody = np.zeros(users, np.int64)
    outcome = Replayed(means=(a, b), shown=(5, 5), alone=(nobody, nobody), scored=users, unknown=0, unasked=(0, 0))
    told = {metric: _as_json(found, metric) for metric, found in _differences(outcome, 50, 10, 0).items()}
    assert {metric: one["users"] for metric, one in told.items() if one["users"] != users} == {"novelty": 3}
    assert str(told["novelty"]["verdict"]).endswith("would be needed for a difference of this size, 3 were there.")
