"""How the personal recipes learn: sums over users, a blend chosen on held-out events, metrics on held-out users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from personalize_local.engine.blas import single_thread
from personalize_local.engine.blend import Settings, choose_settings
from personalize_local.engine.context import fit_context
from personalize_local.engine.data import Float32, Int64, TrainingData
from personalize_local.engine.ease import add_gram, item_weights, shift_gram
from personalize_local.engine.evaluation import captured_reward, weighted_gain
from personalize_local.engine.histories import Histories
from personalize_local.engine.neighbours import NeighbourTable, cointeractions, strongest_of_sparse
from personalize_local.engine.popularity import choose_lifetime, popularity_logits, weighted_counts
from personalize_local.engine.scores import PopularityOrder
from personalize_local.engine.transitions import DENSE_ITEMS, PairCounts, add_pairs, no_pairs, transition_table
from personalize_local.recipes._common import Further, histories, learned_users, measure_model, split_users
from personalize_local.recipes._objective import item_bonus, item_rewards
from personalize_local.recipes._personal_model import HISTORY, PersonalModel
from personalize_local.recipes._personal_validation import (
    build_validation,
    choose_validation_users,
    context_of_events,
    take,
)
from personalize_local.recipes._weights import event_rewards, weighted
from personalize_local.recipes.base import Trained, TrainingParameters

_REGULARIZATION = 300.0  # of EASE; read with recency it wants less than the 500 and more that are usual
_NOBODY = np.zeros(0, np.int64)
_NOBODY.setflags(write=False)
_DISCOUNT = 0.5  # popularity discount of the neighbours in large catalogues: the cosine


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What the recipe's hyperparameters mean to this engine; the one place where they are translated.

    ``neighbours`` (hidden_dimension) is how many items each item's row of a neighbour table keeps: the capacity of
    the model. ``window`` (bptt) is how many of the newest events of a history are read. ``recency``
    (recency_mask) lets newer events of a history, and the items popular of late, weigh more.
    """

    neighbours: int
    window: int
    recency: bool

    @classmethod
    def of(cls, algorithm: Mapping[str, str]) -> Controls:
        """Translate complete hyperparameters; a recipe without one of them has its default."""
        recency = algorithm.get("recency_mask", algorithm.get("apply_recency_bias", "true"))
        return cls(
            neighbours=int(algorithm.get("hidden_dimension", "149")),
            window=int(algorithm.get("bptt", "32")),
            recency=recency.lower() == "true",
        )


def train_personal(
    data: TrainingData, controls: Controls, features: Mapping[str, str], params: TrainingParameters
) -> Trained:
    """Train on all of ``data`` and measure a model that knows nothing of a tenth of the users.

    Of ``params`` the seed, the event weights and the objective count. Raises Untrainable.
    """
    with single_thread():
        return _Training(weighted(data, params.event_weights), controls, features, params).run()


class _Training:
    """The sums that grow from the first fit (settings) over the second (metrics) to the third (the served model)."""

    def __init__(
        self, data: TrainingData, controls: Controls, features: Mapping[str, str], params: TrainingParameters
    ) -> None:
        self.data, self.controls, self.params, self.seed = data, controls, params, params.seed
        self.n_items = len(data.items)
        self.histories: Histories = histories(data)
        self.users = learned_users(self.histories.lengths, features)
        weight = data.interactions.weight
        self.weights = None if weight is None else weight[self.histories.rows]
        objective = params.objective
        self.rewards = None if objective is None else item_rewards(data, objective)
        self.bonus = (
            None if objective is None or self.rewards is None else item_bonus(self.rewards, objective.sensitivity)
        )
        self.counts: PairCounts = no_pairs(self.n_items)
        dense = self.n_items <= DENSE_ITEMS
        self.gram: Float32 | None = np.zeros((self.n_items, self.n_items), np.float32, order="F") if dense else None

    def run(self) -> Trained:
        lengths = self.histories.lengths
        learned, test = split_users(self.users, lengths, self.seed)
        held = choose_validation_users(learned, lengths, self.n_items, self.seed)
        rows = np.sort(self.histories.rows[self._positions(learned, _NOBODY)[0]])
        interactions = self.data.interactions
        lifetime = (
            choose_lifetime(interactions.item[rows], interactions.timestamp[rows], self.n_items, self._weights_of(rows))
            if self.controls.recency
            else None
        )
        self._add(learned, held)
        affinity = self._affinity(learned, held)
        settings = self._choose(learned, held, lifetime, affinity)
        metrics = self._measure(settings, lifetime, learned, test, affinity)
        del affinity  # as large as the served one that comes next
        self._add_held(held)
        self._add(test, _NOBODY)
        model = self._model(settings, lifetime, self.users, self._affinity(self.users, _NOBODY))
        return Trained(model=model, metrics=metrics)

    def _measure(
        self,
        settings: Settings,
        lifetime: float | None,
        learned: Int64,
        test: Int64,
        affinity: Float32 | NeighbourTable,
    ) -> dict[str, float]:
        """Metrics of the first fit: without the test users, and without the events that chose the settings."""
        if not len(learned):
            test = _NOBODY
        model = self._model(settings, lifetime, learned, affinity)
        return measure_model(model.scores_of, self.histories, test, self.n_items, self._further())

    def _further(self) -> dict[str, Further]:
        """The metrics that event weights and an objective bring with them."""
        history, further = self.histories, dict[str, Further]()
        weights, rewards = self.params.event_weights, self.rewards
        if weights:
            paid = event_rewards(self.data.interactions, weights)[history.rows]
            further["normalized_discounted_cumulative_gain_with_event_weights_at_k"] = lambda items, truth: (
                weighted_gain(items, history.items[truth], paid[truth])
            )
        if rewards is not None:
            further["average_rewards_at_k"] = lambda items, truth: captured_reward(items, history.items[truth], rewards)
        return further

    def _weights_of(self, rows: Int64) -> Float32 | None:
        weight = self.data.interactions.weight
        return None if weight is None else weight[rows]

    def _add(self, users: Int64, held: Int64) -> None:
        """Add all events of ``users`` to the sums except the last one of those in ``held``."""
        history = self.histories
        positions, starts = self._positions(users, held)
        self.counts = add_pairs(self.counts, history.items, positions, starts, weights=self.weights)
        if self.gram is not None:
            add_gram(self.gram, history, users, self.weights)
            shift_gram(self.gram, history, held, -1.0, self.weights)

    def _add_held(self, held: Int64) -> None:
        history = self.histories
        last, starts = history.indptr[held + 1] - 1, history.indptr[held]
        self.counts = add_pairs(self.counts, history.items, last, starts, weights=self.weights)
        if self.gram is not None:
            shift_gram(self.gram, history, held, 1.0, self.weights)

    def _affinity(self, users: Int64, held: Int64) -> Float32 | NeighbourTable:
        """EASE from the sums so far, or the neighbours among ``users`` without the last event of those ``held``."""
        if self.gram is not None:
            return item_weights(self.gram, _REGULARIZATION)
        positions, _ = self._positions(users, held)
        user, item = self.histories.owners()[positions], self.histories.items[positions]
        width, n_users = self.controls.neighbours, len(self.data.users)
        weight = None if self.weights is None else self.weights[positions]
        found = cointeractions(user, item, n_users, self.n_items, discount=_DISCOUNT, width=width, weight=weight)
        return strongest_of_sparse(found, width)

    def _positions(self, users: Int64, held: Int64) -> tuple[Int64, Int64]:
        """The positions of ``users`` without the last one of those in ``held``, and where each one's history starts."""
        history = self.histories
        last = np.zeros(len(history.items), bool)
        last[history.indptr[held + 1] - 1] = True
        positions, starts = history.positions_of(users), np.repeat(history.indptr[users], history.lengths[users])
        kept = ~last[positions]
        return positions[kept], starts[kept]

    def _choose(
        self, learned: Int64, held: Int64, lifetime: float | None, affinity: Float32 | NeighbourTable
    ) -> Settings:
        controls = self.controls
        start = Settings() if controls.recency else Settings(transition_decay=np.inf, affinity_decay=np.inf)
        if not len(held):
            return _with_context(start, self.data)
        kept = np.sort(self.histories.rows[self._positions(learned, held)[0]])
        held_rows = self.histories.rows[self.histories.indptr[held + 1] - 1]
        validation = build_validation(
            self.histories,
            held,
            self.counts,
            affinity,
            self._popularity(kept, lifetime),
            controls.window,
            HISTORY,
            context_of_events(self.data.interactions, kept, held_rows, self.n_items),
        )
        validation = replace(validation, weight=self._weights_of(held_rows))
        return choose_settings(validation, start, recency_weighted=controls.recency)

    def _popularity(self, rows: Int64, lifetime: float | None) -> Float32:
        interactions = self.data.interactions
        item, timestamp = interactions.item[rows], interactions.timestamp[rows]
        counts = weighted_counts(item, timestamp, self.n_items, lifetime, self._weights_of(rows))
        return popularity_logits(counts).astype(np.float32)

    def _model(
        self, settings: Settings, lifetime: float | None, users: Int64, affinity: Float32 | NeighbourTable
    ) -> PersonalModel:
        interactions = self.data.interactions
        rows = np.sort(self.histories.rows[self._positions(users, _NOBODY)[0]])
        popularity = self._popularity(rows, lifetime)
        width = self.controls.neighbours
        table = transition_table(self.counts, settings.reverse_share, settings.damping, width)
        columns = {name: take(column, rows) for name, column in interactions.context.items()}
        return PersonalModel(
            items=self.data.items,
            users=self.data.users,
            histories=self.histories.latest(HISTORY),
            popularity=popularity,
            order=PopularityOrder.of(popularity),
            transitions=table,
            affinity=affinity,
            context=fit_context(columns, interactions.item[rows], self.n_items),
            settings=settings,
            window=self.controls.window,
            bonus=self.bonus,
        )


def _with_context(settings: Settings, data: TrainingData) -> Settings:
    """Half weight to each context column where no held-out events can tell."""
    return replace(settings, context_weights=dict.fromkeys(sorted(data.interactions.context), 0.5))
