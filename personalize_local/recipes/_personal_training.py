"""How the personal recipes learn: sums over users, a blend chosen on held-out events, metrics on held-out users."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np

from personalize_local.engine.blas import single_thread
from personalize_local.engine.blend import Settings, choose_settings
from personalize_local.engine.context import ContextColumn, PersonColumn, fit_context, fit_periods, fit_persons
from personalize_local.engine.data import Categorical, Float32, Int64, Numeric, TrainingData
from personalize_local.engine.evaluation import captured_reward, weighted_gain
from personalize_local.engine.histories import Histories
from personalize_local.engine.memory import kept_memory
from personalize_local.engine.popularity import choose_lifetime, popularity_logits, weighted_counts
from personalize_local.engine.scores import PopularityOrder, Scores
from personalize_local.engine.transitions import transition_table
from personalize_local.recipes._common import Further, histories, learned_users, measure_model, split_users
from personalize_local.recipes._objective import item_bonus, item_rewards
from personalize_local.recipes._personal_content import Content
from personalize_local.recipes._personal_model import HISTORY, PersonalModel
from personalize_local.recipes._personal_sums import NOBODY, Affinity, Events, sums_of
from personalize_local.recipes._personal_validation import Column, build_validation, choose_validation_users
from personalize_local.recipes._weights import event_rewards, weighted
from personalize_local.recipes.base import Trained, TrainingParameters

_MOST = 1_000_000  # chosen: interactions beyond which every so many-th tells what depends on time
_KEEPS_MEMORY = 2_000_000  # interactions from which fresh pages cost more than they are worth
_HALF = 0.5  # weight of each column where no held-out events can tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What the recipe's hyperparameters mean to this engine; the one place where they are translated.

    ``neighbours`` (hidden_dimension) is how many items each item's row of a neighbour table keeps: the capacity of
    the model. ``window`` (bptt) is how many of the newest events of a history are read. ``recency``
    (recency_mask) lets newer events of a history, the items popular of late, and those popular at the time of its
    newest event, weigh more.
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
    with single_thread(), kept_memory() if len(data.interactions.item) > _KEEPS_MEMORY else nullcontext():
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
        self.events = Events(histories=self.histories, weights=self.weights)
        self.sums = sums_of(self.histories, self.weights, self.n_items, controls.neighbours)

    def run(self) -> Trained:
        lengths = self.histories.lengths
        learned, tested = split_users(self.users, lengths, self.seed)
        held = choose_validation_users(learned, lengths, self.seed)
        content = Content.of(self.data, self.controls.neighbours)
        self.sums.learn(learned, held)
        known = self._items_of(np.concatenate((tested, held)))
        kept = self.events.rows(learned, held)
        lifetime = self._lifetime(kept) if self.controls.recency else None
        affinity = self._affinity(content, kept, known)
        settings = self._choose(kept, held, lifetime, affinity, content)
        asked = tested if len(learned) else NOBODY
        metrics = self._metrics(
            self._model(settings, lifetime, kept, affinity(settings.near_share), content, known), asked
        )
        del affinity  # as large as the served one that comes next
        self.sums.complete(held, tested)
        rows = self.events.rows(self.users)
        affinity = self._affinity(content, rows)
        model = self._model(settings, lifetime, rows, affinity(settings.near_share), content)
        return Trained(model=model, metrics=metrics)

    def _metrics(self, measured: PersonalModel, asked: Int64) -> dict[str, float]:
        """The metrics of a model on users that it has not seen."""

        def answer(user: int, end: int) -> Scores:
            time = float(self.data.interactions.timestamp[self.histories.rows[end - 1]])
            return measured.scores_of(self.histories.before(user, end, HISTORY), user=user, time=time)

        return measure_model(answer, self.histories, asked, self.n_items, self._further())

    def _affinity(self, content: Content, rows: Int64, only: Int64 | None = None) -> Callable[[float], Affinity]:
        """The affinity of the sums as they are, which are of the interactions ``rows``, by its near_share."""
        sums = self.sums

        @cache
        def part(near: bool) -> Affinity:
            found = sums.near_affinity() if near else sums.affinity(only)
            assert found is not None
            return found if content.features is None else content.lent(found, self._counts(rows))

        @lru_cache(maxsize=1)
        def mixed(share: float) -> Affinity:
            if share in (0.0, 1.0):
                return part(share == 1.0)
            # On one scale, so that a share is a share.
            near, whole = part(True), part(False)
            assert isinstance(near, np.ndarray)
            assert isinstance(whole, np.ndarray)
            both: Float32 = near * np.float32(share / max(float(near.std()), 1e-12))
            both += whole * np.float32((1 - share) / max(float(whole.std()), 1e-12))
            return both

        return mixed

    def _items_of(self, users: Int64) -> Int64:
        had = np.zeros(self.n_items, bool)
        had[self.histories.items[self.events.positions(users)[0]]] = True
        return np.flatnonzero(had).astype(np.int64)

    def _counts(self, rows: Int64) -> Int64:
        return np.bincount(self.data.interactions.item[rows], minlength=self.n_items)

    def _lifetime(self, rows: Int64) -> float | None:
        interactions, rows = self.data.interactions, _enough(rows)
        item, timestamp = interactions.item[rows], interactions.timestamp[rows]
        return choose_lifetime(item, timestamp, self.n_items, self._weights_of(rows))

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

    def _choose(
        self, kept: Int64, held: Int64, lifetime: float | None, affinity: Callable[[float], Affinity], content: Content
    ) -> Settings:
        """The settings that serve the last events of the users ``held`` best, of the interactions ``kept``."""
        controls = self.controls
        start = Settings() if self.sums.tells_near else Settings(near_share=0.0)
        if not controls.recency:
            start = replace(
                start, transition_decay=np.inf, affinity_decay=np.inf, repeat_decay=np.inf, period_weight=0.0
            )
        if not len(held):
            return _with_columns(start, self.data)
        held_rows = self.histories.rows[self.histories.indptr[held + 1] - 1]
        further = {"companions": self.sums.companions(), "content": content.table}
        tables = {name: table for name, table in further.items() if table is not None}
        validation = build_validation(
            self.histories,
            held,
            self.sums,
            affinity,
            tables,
            self._popularity(kept, lifetime),
            window=controls.window,
            history_limit=HISTORY,
            context=self._context_of(kept, held_rows),
            persons=self._persons(kept),
            period=self._period_of(kept, held) if controls.recency else None,
            nearness=self.sums.tells_near,
        )
        validation = replace(validation, weight=self._weights_of(held_rows))
        return choose_settings(validation, start, recency_weighted=controls.recency)

    def _context_of(self, learned: Int64, asked: Int64) -> dict[str, Column]:
        """The context columns as learned from the interactions ``learned``, and the codes of those ``asked``."""
        interactions = self.data.interactions
        columns = {name: take(column, learned) for name, column in interactions.context.items()}
        found: dict[str, Column] = {}
        for name, column in fit_context(columns, interactions.item[learned], self.n_items).items():
            wanted = take(interactions.context[name], asked)
            if isinstance(wanted, Numeric):
                codes = np.array([column.code(str(value)) for value in wanted.values], np.int32)
            else:
                known = np.array([column.code(value) for value in wanted.values] + [-1], np.int32)
                codes = known[wanted.codes]
            found[name] = column, codes
        return found

    def _persons(self, rows: Int64) -> dict[str, PersonColumn]:
        interactions, n_users = self.data.interactions, len(self.data.users)
        user, item = interactions.user[rows], interactions.item[rows]
        return fit_persons(self.data.user_metadata, user, item, n_users, self.n_items)

    def _periods(self, rows: Int64) -> ContextColumn | None:
        interactions, rows = self.data.interactions, _enough(rows)
        return fit_periods(interactions.timestamp[rows], interactions.item[rows], self.n_items)

    def _period_of(self, learned: Int64, held: Int64) -> Column | None:
        """The periods as learned from the interactions ``learned``; the last event but one of each of ``held``."""
        periods = self._periods(learned)
        if periods is None:
            return None
        before = self.histories.rows[self.histories.indptr[held + 1] - 2]
        codes = np.searchsorted(periods.edges, self.data.interactions.timestamp[before], side="right")
        return periods, codes.astype(np.int32)

    def _popularity(self, rows: Int64, lifetime: float | None) -> Float32:
        interactions = self.data.interactions
        item, timestamp = interactions.item[rows], interactions.timestamp[rows]
        counts = weighted_counts(item, timestamp, self.n_items, lifetime, self._weights_of(rows))
        return popularity_logits(counts).astype(np.float32)

    def _model(
        self,
        settings: Settings,
        lifetime: float | None,
        rows: Int64,
        affinity: Affinity,
        content: Content,
        only: Int64 | None = None,
    ) -> PersonalModel:
        """The model of the sums as they are; ``rows`` are the interactions of the users that they are of.

        With ``only`` it answers from histories of these items alone.
        """
        interactions, sums = self.data.interactions, self.sums
        popularity = self._popularity(rows, lifetime)
        columns = {name: take(column, rows) for name, column in interactions.context.items()}
        return PersonalModel(
            items=self.data.items,
            users=self.data.users,
            histories=self.histories.latest(HISTORY),
            popularity=popularity,
            order=PopularityOrder.of(popularity),
            transitions=transition_table(
                sums.counts,
                settings.reverse_share,
                settings.damping,
                self.controls.neighbours,
                reverse=sums.reverse if settings.reverse_share else None,
                only=only,
            ),
            affinity=affinity,
            context=fit_context(columns, interactions.item[rows], self.n_items),
            settings=settings,
            window=self.controls.window,
            companions=sums.companions() if settings.companion_weight else None,
            content=content.table if settings.content_weight else None,
            persons=self._persons(rows),
            periods=self._periods(rows) if settings.period_weight else None,
            last_times=self.histories.newest(interactions.timestamp),
            bonus=self.bonus,
        )


def take(column: Categorical | Numeric, rows: Int64) -> Categorical | Numeric:
    """The column at ``rows``."""
    if isinstance(column, Numeric):
        return Numeric(values=column.values[rows])
    return Categorical(codes=column.codes[rows], values=column.values)


def _enough(rows: Int64) -> Int64:
    """Every so many-th of many rows: they tell what depends on time as well."""
    return rows[:: max(1, len(rows) // _MOST)]


def _with_columns(settings: Settings, data: TrainingData) -> Settings:
    """Half weight to each context column where no held-out events can tell."""
    return replace(settings, context_weights=dict.fromkeys(sorted(data.interactions.context), _HALF))
