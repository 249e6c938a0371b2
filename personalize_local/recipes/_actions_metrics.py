"""How the actions recipe is measured: on the newest tries of users whom the model has not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from personalize_local.engine.data import Float64, Int32, Int64
from personalize_local.engine.evaluation import (
    CUTS,
    LIST_LENGTH,
    area_under_the_curve,
    choose_test_users,
    discounted_gain,
    truth_size,
)
from personalize_local.engine.tries import Tries
from personalize_local.provenance import Rule
from personalize_local.recipes._common import in_order

_SHOWN = 5
"""Actions that an answer has when nothing else is asked for: what counts as recommended."""
RULES = (
    Rule(
        says="The actions recipe is measured on a tenth of the users with two tries or more: the newest tenth of their "
        "tries is the truth, what was before it the input. Coverage and NDCG are of lists of 25, precision and recall "
        "of the first 5; NDCG is the mean over the users who took an action, recall that over the actions taken.",
        known="chosen",
        source="dg/working-with-training-metrics.html has the metrics and not how they are taken",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The test ``users``: the time before which each one is known, and his tries from then on.

    Those of user i are at ``bounds[i]`` to ``bounds[i + 1]``.
    """

    users: Int64
    begins: Int64
    bounds: Int64
    tries: Tries

    @classmethod
    def chosen(cls, tries: Tries, n_users: int, seed: int) -> Asked:
        """A seeded tenth of the users with two tries or more."""
        order = np.lexsort((tries.begin, tries.user))
        indptr = np.zeros(n_users + 1, np.int64)
        np.cumsum(np.bincount(tries.user, minlength=n_users), out=indptr[1:])
        users = choose_test_users(np.diff(indptr), seed)
        ends = indptr[users + 1]
        starts = ends - np.array([truth_size(int(size)) for size in np.diff(indptr)[users]], np.int64)
        held = np.zeros(len(order), np.bool_)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            held[start:end] = True
        bounds = np.concatenate([[0], np.cumsum(ends - starts)])
        return cls(
            users=users,
            begins=tries.begin[order[starts]],
            bounds=bounds.astype(np.int64),
            tries=tries.select(order[held]),
        )

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(zip(self.users.tolist(), self.begins.tolist(), strict=True))


def action_metrics(asked: Asked, answers: Sequence[Float64], rank: Int32) -> dict[str, float]:
    """The service's metrics of the propensities that were answered; ``rank`` decides between equal ones."""
    n_actions = len(rank)
    listed = np.zeros(n_actions, np.bool_)
    recommended, taken, right = (np.zeros(n_actions) for _ in range(3))
    gains: dict[int, list[float]] = {cut: [] for cut in CUTS}
    scores = np.zeros(len(asked.tries))
    for number, found in enumerate(answers):
        part = slice(int(asked.bounds[number]), int(asked.bounds[number + 1]))
        scores[part] = found[asked.tries.action[part]]
        truth = np.unique(asked.tries.action[part][asked.tries.taken[part]])
        best = np.lexsort((rank, -found))[:LIST_LENGTH]
        listed[best] = True
        recommended[best[:_SHOWN]] += 1
        taken[truth] += 1
        right[np.intersect1d(best[:_SHOWN], truth)] += 1
        for cut in CUTS if len(truth) else ():
            gains[cut].append(discounted_gain(np.isin(best, truth), cut, len(truth)))
    return in_order(
        {
            "area_under_the_curve": area_under_the_curve(scores, asked.tries.taken),
            "coverage": np.count_nonzero(listed) / n_actions,
            "precision": _mean(right, recommended),
            "recall": _mean(right, taken),
            **{f"normalized_discounted_cumulative_gain_at_{cut}": _average(gains[cut]) for cut in CUTS},
        }
    )


def _mean(right: Float64, among: Float64) -> float:
    """The mean share over the actions that there were any of."""
    there = among > 0
    return _average((right[there] / among[there]).tolist())


def _average(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0
