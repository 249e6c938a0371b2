"""The model of the actions recipe: for each action, how likely a user is to take it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Float32, Float64, Int32, Int64
from personalize_local.engine.histories import Histories
from personalize_local.engine.latent import profiles
from personalize_local.engine.logistic import sigmoid
from personalize_local.engine.scores import PopularityOrder, Propensities
from personalize_local.engine.tries import KINDS, NUMBERS, TAKEN, VIEWED
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.recipes._common import Arrays, prefixed, vocabulary
from personalize_local.recipes.base import Query

DECIMALS = 7
"""Of propensities, as answers show them: what looks alike is alike."""
LATEST = 100
"""Things that a profile is made of (chosen, as the number of events that other recipes look at)."""
_NOTHING = np.zeros(0, np.int32)


def traces(n_items: int, n_actions: int, actions: Int32, kinds: Int32) -> Int32:
    """The things that events with actions leave in a profile; -1 for those that leave nothing.

    Things are the items, then each action as taken, then each action as not taken.
    """
    places = np.where(kinds == TAKEN, n_items, n_items + n_actions) + actions
    return np.where(kinds == VIEWED, -1, places).astype(np.int32)


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What a fit gives. The log-odds of action a under features x are ``offsets[a] + weights[a] @ x``.

    ``base`` has the propensity of each action for someone of whom nothing is known, 0 for actions with too little
    data, which get no other from anyone.
    """

    factors: Float32
    offsets: Float64
    weights: Float64
    base: Float64

    def propensities(self, things: Int32, counts: Int64) -> Float64:
        """The propensity of each action, by a user's latest things and his events [actions, kinds]."""
        if not len(things) and not counts.any():
            return self.base
        ends = np.array([len(things)], np.int64)
        profile = profiles(self.factors, things, ends * 0, ends)
        found = features(counts, counts.sum(axis=0)[None, :], profile)
        # Without BLAS: reproducible beside other threads.
        propensities = sigmoid(self.offsets + np.einsum("ij,ij->i", self.weights, found))
        return np.where(self.base > 0, propensities.round(DECIMALS), 0.0)


def features(own: Int64, every: Int64, profile: Float64) -> Float64:
    """Rows of features: a one, the events with the action and with all actions by kind, and the profile."""
    rows = max(len(own), len(every))
    parts = (np.ones((1, 1)), np.log1p(own), np.log1p(every), profile)
    return np.hstack([np.broadcast_to(part, (rows, part.shape[1])) for part in parts])


@dataclass(frozen=True, kw_only=True)
class ActionModel:
    """Propensities of actions, for users who were learned from and for those of whom there are only events.

    ``past`` has the latest things of each user; his events with actions are those at ``indptr[user]`` and on in
    ``acted`` and ``counts``.
    """

    items: Vocabulary
    catalogue: Vocabulary
    users: Vocabulary
    past: Histories
    indptr: Int64
    acted: Int32
    counts: Int32
    order: PopularityOrder
    fitted: Weights

    def scores(self, query: Query) -> Propensities:
        """How likely the user is to take each action; equals are in the order of their VALUE."""
        user = -1 if query.user_id is None else self.users.get(query.user_id)
        counts = np.zeros((len(self.items), KINDS), np.int64)
        things = _NOTHING
        if user >= 0:
            things = self.past.of(user)
            rows = slice(int(self.indptr[user]), int(self.indptr[user + 1]))
            counts[self.acted[rows]] = self.counts[rows]
        things = np.concatenate([things, self._streamed(query.events, query.actions, counts)])[-LATEST:]
        return Propensities(self.fitted.propensities(things, counts), self.order)

    def _streamed(self, events: Sequence[str], actions: Iterable[tuple[str, str]], counts: Int64) -> Int32:
        """The things that streamed events add; those with actions are counted too."""
        items = self.catalogue.indexes(events)
        known = [(self.items.get(action), NUMBERS.get(kind)) for action, kind in actions]
        met = [(action, kind) for action, kind in known if action >= 0 and kind is not None]
        done = np.array(met, np.int32).reshape(-1, 2)
        np.add.at(counts, (done[:, 0], done[:, 1]), 1)
        things = np.concatenate([items, traces(len(self.catalogue), len(self.items), done[:, 0], done[:, 1])])
        return things[things >= 0]

    def arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """Everything that :func:`load_actions` needs."""
        fitted = self.fitted
        arrays: Arrays = {
            **prefixed("items", self.items.arrays()),
            **prefixed("catalogue", self.catalogue.arrays()),
            **prefixed("users", self.users.arrays()),
            **prefixed("past", {"indptr": self.past.indptr, "items": self.past.items}),
            **prefixed("acts", {"indptr": self.indptr, "actions": self.acted, "counts": self.counts}),
            **prefixed("order", {"order": self.order.order, "rank": self.order.rank}),
            **prefixed("fitted", {"factors": fitted.factors, "offsets": fitted.offsets}),
            **prefixed("fitted", {"weights": fitted.weights, "base": fitted.base}),
        }
        return arrays, {}


def load_actions(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> ActionModel:
    """Make a model of stored arrays; they may be memory-mapped and are not copied."""
    del meta  # the arrays say it all
    parts = cast("Mapping[str, Any]", arrays)
    names = ("factors", "offsets", "weights", "base")
    return ActionModel(
        items=vocabulary("items", arrays),
        catalogue=vocabulary("catalogue", arrays),
        users=vocabulary("users", arrays),
        past=Histories(indptr=parts["past.indptr"], items=parts["past.items"], rows=np.zeros(0, np.int64)),
        indptr=parts["acts.indptr"],
        acted=parts["acts.actions"],
        counts=parts["acts.counts"],
        order=PopularityOrder(order=parts["order.order"], rank=parts["order.rank"]),
        fitted=Weights(**{name: parts[f"fitted.{name}"] for name in names}),
    )
