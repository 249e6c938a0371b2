"""How the actions recipe learns: tries of users with actions, and what was known of the user when each began."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.blas import single_thread
from personalize_local.engine.data import ActionData, Float64, Int32, Int64, Numeric, TrainingData
from personalize_local.engine.histories import Histories
from personalize_local.engine.latent import item_factors, profiles
from personalize_local.engine.logistic import fit_logistic, log_odds
from personalize_local.engine.scores import PopularityOrder
from personalize_local.engine.tries import KINDS, Tries, enough, kinds_of, rates, tries_of
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.provenance import Rule
from personalize_local.recipes._actions_metrics import Asked, action_metrics
from personalize_local.recipes._actions_model import DECIMALS, LATEST, ActionModel, Weights, features, traces
from personalize_local.recipes.base import Trained, TrainingParameters, Untrainable
from personalize_local.recipes.sentences import NO_ACTIONS

Mask = NDArray[np.bool_]

_PAGE = "dg/native-recipe-next-best-action.html"
RULES = (
    Rule(
        says="An action is recommended with a score above 0.0 when the 6 weeks before the newest action interaction "
        "have at least 50 events TAKEN of it and at least 50 others; with relaxed minimums one of each will do.",
        known="documented",
        source=_PAGE,
    ),
    Rule(
        says="A user's events with an action within action_optimization_period days of the first of them are one try. "
        "It is a success when one of them is TAKEN, which ends it; without one it counts as not taken, also while its "
        "days are not over. A score is the chance of such a success.",
        known="inferred",
        source=f"{_PAGE} has the period; how it is counted is chosen",
    ),
    Rule(
        says="Who is known by nothing that he did gets the share of tries in which each action was taken.",
        known="chosen",
    ),
    Rule(says="Of equally likely actions the one with the higher VALUE comes first.", known="documented", source=_PAGE),
    Rule(says="Actions without a VALUE come after those with one.", known="inferred"),
    Rule(
        says="Of more than 1000 actions those with the most events are learned; the others have too little data.",
        known="inferred",
        source="dg/limits.html has the number",
    ),
)

_LEAST = 50
_LEAST_RELAXED = 1
_RECENT_DAYS = 42
_MOST_ACTIONS = 1000
_WIDTH = 16
# Chosen on made worlds, where they had to be neither better nor worse than they looked: see the tests.
_RATE_STRENGTH = 2.0
_PENALTY = 1.0
_OWN_PENALTY = 8.0


def train_actions(data: TrainingData, period: int, params: TrainingParameters) -> Trained:
    """Learn from everybody; measure on users whom another fit has not seen. Raises Untrainable without actions."""
    actions = data.actions
    if actions is None or not len(actions.actions):
        raise Untrainable(NO_ACTIONS())
    with single_thread():
        field = _Field.of(data, actions, period, _LEAST_RELAXED if params.relaxed_minimums else _LEAST)
        asked = Asked.chosen(field.tries, len(field.users), params.seed)
        learned = np.ones(len(field.users), np.bool_)
        learned[asked.users] = False
        measured = field.fit(learned, params.seed)
        answers = [measured.propensities(*field.known(user, begin)) for user, begin in asked]
        metrics = action_metrics(asked, answers, _order(actions).rank)
        fitted = field.fit(np.ones_like(learned), params.seed)
    return Trained(model=field.model(fitted, data, actions), metrics=metrics)


def _order(actions: ActionData) -> PopularityOrder:
    value = actions.metadata.get("VALUE")
    if not isinstance(value, Numeric):
        return PopularityOrder.of(np.zeros(len(actions.actions)))
    return PopularityOrder.of(np.nan_to_num(value.values, nan=-np.inf))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timeline:
    """Entries by user and then by time. ``keys`` grow along them."""

    order: Int64
    indptr: Int64
    keys: Int64
    moments: Int64

    @classmethod
    def of(cls, user: Int32, time: Int64, n_users: int, moments: Int64) -> _Timeline:
        """``moments`` are all the times that there are, in order."""
        order = np.lexsort((time, user)).astype(np.int64)  # stable
        indptr = np.zeros(n_users + 1, np.int64)
        np.cumsum(np.bincount(user, minlength=n_users), out=indptr[1:])
        keys = user[order].astype(np.int64) * (len(moments) + 1) + np.searchsorted(moments, time[order])
        return cls(order=order, indptr=indptr, keys=keys, moments=moments)

    def before(self, user: Int32 | Int64, time: Int64) -> Int64:
        """Where the entries of each user up to a time end, those of that time left out."""
        keys = user.astype(np.int64) * (len(self.moments) + 1) + np.searchsorted(self.moments, time)
        return np.searchsorted(self.keys, keys).astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class _Field:
    """What is learned from: the users of items and of actions together, what each one did in its order, and the tries.

    ``things`` are aligned with ``when``; ``acts`` has an action and a kind for each place of ``acted``.
    """

    users: Vocabulary
    when: _Timeline
    things: Int32
    acted: _Timeline
    acts: NDArray[np.int32]
    sums: Int64
    tries: Tries
    ripe: Mask
    n_things: int

    @classmethod
    def of(cls, data: TrainingData, actions: ActionData, period: int, least: int) -> _Field:
        """Join items and actions by user."""
        users, renamed = _together(data.users, actions.users)
        done, n_items, n_actions = actions.interactions, len(data.items), len(actions.actions)
        actor, kinds = renamed[done.user], kinds_of(done)
        left = traces(n_items, n_actions, done.item, kinds)
        user = np.concatenate([data.interactions.user, actor[left >= 0]])
        thing = np.concatenate([data.interactions.item, left[left >= 0]])
        time = np.concatenate([data.interactions.timestamp, done.timestamp[left >= 0]])
        moments = np.unique(np.concatenate([data.interactions.timestamp, done.timestamp]))
        when = _Timeline.of(user, time, len(users), moments)
        acted = _Timeline.of(actor, done.timestamp, len(users), moments)
        acts = np.stack([done.item, kinds], axis=1)[acted.order]
        sums = np.zeros((len(acts) + 1, KINDS), np.int64)
        np.cumsum(acts[:, 1, None] == np.arange(KINDS), axis=0, out=sums[1:])
        tries = tries_of(done, period)
        return cls(
            users=users,
            when=when,
            things=thing[when.order],
            acted=acted,
            acts=acts,
            sums=sums,
            tries=tries.of_users(renamed),
            ripe=enough(done, n_actions, least, _RECENT_DAYS) & _most(done.item, n_actions),
            n_things=n_items + 2 * n_actions,
        )

    def fit(self, learned: Mask, seed: int) -> Weights:
        """Learn from the users marked in ``learned``."""
        owners = np.repeat(np.arange(len(self.users), dtype=np.int32), np.diff(self.when.indptr))
        kept = learned[owners]
        shape = len(self.users), self.n_things
        factors = item_factors(owners[kept], self.things[kept], shape, _WIDTH, seed)
        tries = self.tries.select(learned[self.tries.user] & self.ripe[self.tries.action])
        base = rates(tries, len(self.ripe), _RATE_STRENGTH)
        offsets = log_odds(base)
        found = self._features(tries, factors)
        return Weights(
            factors=factors,
            offsets=offsets,
            weights=_weights(found, tries, offsets),
            base=np.where(self.ripe, np.maximum(base.round(DECIMALS), 10.0**-DECIMALS), 0.0),
        )

    def _features(self, tries: Tries, factors: NDArray[np.float32]) -> Float64:
        ends = self.when.before(tries.user, tries.begin)
        begins = np.maximum(self.when.indptr[tries.user], ends - LATEST)
        every = self.sums[self.acted.before(tries.user, tries.begin)] - self.sums[self.acted.indptr[tries.user]]
        return features(tries.own, every, profiles(factors, self.things, begins, ends))

    def known(self, user: int, time: int) -> tuple[Int32, Int64]:
        """The latest things of a user before a time, and his events with each action by kind."""
        who, moment = np.array([user]), np.array([time])
        end, last = int(self.when.before(who, moment)[0]), int(self.acted.before(who, moment)[0])
        counts = np.zeros((len(self.ripe), KINDS), np.int64)
        acts = self.acts[self.acted.indptr[user] : last]
        np.add.at(counts, (acts[:, 0], acts[:, 1]), 1)
        return self.things[max(int(self.when.indptr[user]), end - LATEST) : end], counts

    def model(self, fitted: Weights, data: TrainingData, actions: ActionData) -> ActionModel:
        """The model to serve."""
        n_actions = len(actions.actions)
        actor = np.repeat(np.arange(len(self.users)), np.diff(self.acted.indptr))
        pairs, place = np.unique(actor * n_actions + self.acts[:, 0], return_inverse=True)
        counts = np.zeros((len(pairs), KINDS), np.int32)
        np.add.at(counts, (place, self.acts[:, 1]), 1)
        indptr = np.zeros(len(self.users) + 1, np.int64)
        np.cumsum(np.bincount(pairs // n_actions, minlength=len(self.users)), out=indptr[1:])
        history = Histories(indptr=self.when.indptr, items=self.things, rows=np.zeros(0, np.int64))
        return ActionModel(
            items=actions.actions,
            catalogue=data.items,
            users=self.users,
            past=history.latest(LATEST),
            indptr=indptr,
            acted=(pairs % n_actions).astype(np.int32),
            counts=counts,
            order=_order(actions),
            fitted=fitted,
        )


def _together(known: Vocabulary, others: Vocabulary) -> tuple[Vocabulary, Int32]:
    """All users, first those ``known``, and the number that each of the ``others`` has among them."""
    ids = others.strings(np.arange(len(others)))
    renamed = known.indexes(ids)
    new = np.flatnonzero(renamed < 0)
    if not len(new):
        return known, renamed
    renamed[new] = np.arange(len(known), len(known) + len(new), dtype=np.int32)
    return Vocabulary.from_strings([*known.strings(np.arange(len(known))), *(ids[at] for at in new.tolist())]), renamed


def _most(action: Int32, n_actions: int) -> Mask:
    """The actions with the most events, as many as are learned."""
    order = np.argsort(-np.bincount(action, minlength=n_actions), kind="stable")
    chosen = np.zeros(n_actions, np.bool_)
    chosen[order[:_MOST_ACTIONS]] = True
    return chosen


def _weights(found: Float64, tries: Tries, offsets: Float64) -> Float64:
    """Weights [actions, features]: those of all tries together, and what each action's own tries add to them."""
    width = found.shape[1]
    shared = fit_logistic(found, tries.taken, offsets[tries.action], np.full(width, _PENALTY))
    penalty = np.full(width, _OWN_PENALTY)
    penalty[0] = _PENALTY
    weights = np.tile(shared, (len(offsets), 1))
    bounds = np.searchsorted(np.sort(tries.action), np.arange(len(offsets) + 1))
    by_action = np.argsort(tries.action, kind="stable")
    for action in np.flatnonzero(np.diff(bounds)).tolist():
        rows = by_action[bounds[action] : bounds[action + 1]]
        expected = offsets[action] + found[rows] @ shared
        weights[action] += fit_logistic(found[rows], tries.taken[rows], expected, penalty)
    return weights
