"""Models that try out what little is known of: which items or actions that may be, and how they come into answers.

Loads numpy.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personalize_local.datasets._arrow import Array, pa, pc
from personalize_local.datasets.catalogue import Catalogue, located, strings_of
from personalize_local.datasets.evidence import Evidence
from personalize_local.engine import exploration
from personalize_local.engine.data import Float64, Int32, Int64
from personalize_local.engine.exploration import Candidates, key_of, marks
from personalize_local.engine.metadata import item_features
from personalize_local.engine.scores import Bool, PopularityOrder, Propensities, Scores
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.filters.table import Numbers
from personalize_local.provenance import Rule
from personalize_local.recipes.base import Model, Query
from personalize_local.recipes.learned import Learned

__all__ = ["Exploring", "MixingActions", "MixingItems", "Plan", "Relevant", "best", "plan_actions", "plan_items"]

RULES = (
    Rule(
        says="Candidates of exploration are the items that are not older than explorationItemAgeCutOff, back from the "
        "latest interaction of all. An item is as old as its CREATION_TIMESTAMP says, else as its oldest interaction, "
        "else as the latest interaction of the training.",
        known="documented",
        source="dg/use-case-recipe-features.html",
    ),
    Rule(
        says="With explorationWeight 0, items without any interaction in the training do not come, unless a promotion "
        "brings them; all others come as they were learned.",
        known="inferred",
        source="dg/native-recipe-new-item-USER_PERSONALIZATION.html: no exploration, and current data alone",
    ),
    Rule(
        says="Items that have come since the training and are older are not recommended before the next one.",
        known="inferred",
        source="dg/use-case-recipe-features.html: new items come through exploration",
    ),
    Rule(
        says="New items are considered up to 750,000 items in all, in the order of their ids.",
        known="documented",
        source="dg/limits.html; the order is chosen",
    ),
    Rule(
        says="Of an item that a training has not learned, the relevance is the mean of the 20 learned items most like "
        "it in metadata, weighted by likeness and drawn to the mean of the catalogue when little is alike; they are "
        "looked for among the 5,000 items with the most interactions, for the 5,000 newest items at most.",
        known="chosen",
        source="dg/use-case-recipe-features.html says that metadata make new items eligible",
    ),
    Rule(
        says="A candidate of exploration has the relevance of the place 0.2 N (1 - w) / w (1 + n) r in the user's own "
        "order of N items, and 1 - w of how far its own relevance is from the mean, over the square root of 1 + n; "
        "never less than its own. w is the weight (1 - w is 0.02 at least), n counts interactions and impressions in "
        "vain, r is even chance from 0 to 1. All others keep their relevance. With a twentieth of the catalogue new, "
        "about a tenth of the answers is at the default weight, and most at 1.",
        known="chosen",
        source="aws-samples: relevance, a bonus that falls with interactions and impressions, and a little noise; the "
        "form is not published",
    ),
    Rule(
        says="The chance in exploration follows from the seed, the user and item, and how many updates were due since "
        "the training: the same question has the same answer until the next update.",
        known="chosen",
    ),
    Rule(
        says="Of the items that User-Personalization-v2 recommends, 1 in 1,000 is explored: one that is not older than "
        "30 days and would not have come, with the reason Exploration.",
        known="observed",
        source="aws-samples; how it is chosen and that it has a score is ours",
    ),
    Rule(
        says="Of the actions in an answer 1 in 10 is explored, with a score of 0.0: one that is new or has too little "
        "data, rather one with few interactions. Such actions also fill an answer.",
        known="documented",
        source="dg/native-recipe-next-best-action.html; the share is chosen",
    ),
    Rule(says="What is explored without settings never takes the place of the best.", known="chosen"),
)

ITEM_SHARE = 0.001
ACTION_SHARE = 0.1
REASON = "Exploration"
MOST_ITEMS = 750_000
_MANAGED_WEIGHT = 0.3
_DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What may be tried out: ``items`` are those of the model and the new ones, ``name`` says which these are."""

    name: str
    items: Vocabulary
    candidates: Candidates


class Orders:
    """The order of what has equal scores, with the new items behind all others; made once."""

    def __init__(self) -> None:
        self._kept: tuple[PopularityOrder, PopularityOrder] | None = None

    def of(self, scores: Scores, new: int) -> PopularityOrder:
        """The order over the longer catalogue."""
        order, kept = scores.popularity, self._kept
        if kept is None or kept[0] is not order:
            kept = self._kept = (order, order.extended(new) if new else order)
        return kept[1]


@dataclass(frozen=True, kw_only=True)
class _Wider:
    """A trained model with the new items of a plan; ``chance`` is what chance follows from beside the user."""

    trained: Model
    plan: Plan
    chance: str
    _orders: Orders = field(default_factory=Orders)

    @property
    def items(self) -> Vocabulary:
        """The items of the model, then the new ones."""
        return self.plan.items

    def arrays(self) -> tuple[Mapping[str, NDArray[np.generic]], Mapping[str, Any]]:
        """Those of the trained model."""
        return self.trained.arrays()

    def _key(self, query: Query) -> int:
        return key_of(self.chance, query.user_id)

    def _explored(self, query: Query, weight: float) -> Scores:
        scores = self.trained.scores(query)
        order = self._orders.of(scores, self.plan.candidates.new)
        return exploration.explored(scores, self.plan.candidates, order, weight, self._key(query))


@dataclass(frozen=True, kw_only=True)
class Exploring(_Wider):
    """Every answer explores, as far as ``weight`` says."""

    weight: float

    def scores(self, query: Query) -> Scores:
        """The scores of the catalogue and the new items, candidates lifted."""
        return self._explored(query, self.weight)


@dataclass(frozen=True, kw_only=True)
class Relevant:
    """Nothing is tried out: answers have only the items that are ``known``, a mask."""

    trained: Model
    known: Bool

    @property
    def items(self) -> Vocabulary:
        """The items of the model."""
        return self.trained.items

    def arrays(self) -> tuple[Mapping[str, NDArray[np.generic]], Mapping[str, Any]]:
        """Those of the trained model."""
        return self.trained.arrays()

    def scores(self, query: Query) -> Scores:
        """Those of the trained model."""
        return self.trained.scores(query)

    def mixed(
        self, query: Query, count: int, allowed: Bool | None, scores: Scores | None
    ) -> tuple[Int32, Float64, Int32]:
        """See :func:`best`."""
        allowed = self.known if allowed is None else allowed & self.known
        items, probabilities = (self.scores(query) if scores is None else scores).top(count, allowed)
        return items, probabilities, items[:0]


def best(
    model: Model, query: Query, count: int, allowed: Bool | None, scores: Scores | None = None
) -> tuple[Int32, Float64, Int32]:
    """The best items and their probabilities, best first, and those that are only tried out.

    ``scores`` are those of the query, where they were asked for already.
    """
    if isinstance(model, Relevant | MixingItems | MixingActions):
        return model.mixed(query, count, allowed, scores)
    items, probabilities = (model.scores(query) if scores is None else scores).top(count, allowed)
    return items, probabilities, items[:0]


@dataclass(frozen=True, kw_only=True)
class MixingItems(_Wider):
    """Items at few positions, without settings."""

    def scores(self, query: Query) -> Scores:
        """The scores of the catalogue, and of new items by what they are like."""
        scores = self.trained.scores(query)
        candidates = self.plan.candidates
        return exploration.with_new(scores, candidates, self._orders.of(scores, candidates.new))

    def mixed(
        self, query: Query, count: int, allowed: Bool | None, scores: Scores | None
    ) -> tuple[Int32, Float64, Int32]:
        """See :func:`best`."""
        trained = len(self.trained.items)
        number = self.tries(query, count)
        if scores is None and number <= 0:
            allowed = None if allowed is None else allowed[:trained]
            items, probabilities = self.trained.scores(query).top(count, allowed)
            return items, probabilities, items[:0]
        scores = self.scores(query) if scores is None else scores
        natural = np.ones(len(self.items), np.bool_) if allowed is None else allowed.copy()
        natural[trained:] = False
        items, probabilities = scores.top(count, natural)
        tried = items[:0]
        if number > 0:
            may = np.zeros(len(self.items), np.bool_)
            may[self.plan.candidates.items] = True
            may = may if allowed is None else may & allowed
            may[items] = False
            tried, _ = self._explored(query, _MANAGED_WEIGHT).top(number, may)
        return _merged(scores, items, probabilities, tried, count)

    def tries(self, query: Query, count: int) -> int:
        """How many of the ``count`` items of an answer are tried out."""
        return max(0, min(exploration.positions(count, ITEM_SHARE, self._key(query)), count - 1))


@dataclass(frozen=True, kw_only=True)
class MixingActions(_Wider):
    """Actions at few positions."""

    def scores(self, query: Query) -> Scores:
        """The propensities, 0 for new actions."""
        scores, new = self.trained.scores(query), self.plan.candidates.new
        if not new:
            return scores
        return Propensities(np.concatenate((scores.dense(), np.zeros(new))), self._orders.of(scores, new))

    def mixed(
        self, query: Query, count: int, allowed: Bool | None, scores: Scores | None
    ) -> tuple[Int32, Float64, Int32]:
        """See :func:`best`."""
        scores = self.scores(query) if scores is None else scores
        items, probabilities = scores.top(count, allowed)
        key, candidates = self._key(query), self.plan.candidates
        number = min(exploration.positions(count, ACTION_SHARE, key), count - 1)
        may = scores.dense() == 0
        may = may if allowed is None else may & allowed
        may[items] = False
        tried = exploration.first_to_try(candidates.evidence, candidates.marks, key, may, max(number, 0))
        return _merged(scores, items, probabilities, tried, count)


def _merged(
    scores: Scores, items: Int32, probabilities: Float64, tried: Int32, count: int
) -> tuple[Int32, Float64, Int32]:
    kept = count - len(tried)
    items = np.concatenate((items[:kept], tried))
    probabilities = np.concatenate((probabilities[:kept], scores.shares_of(tried)))
    order = np.argsort(-probabilities, kind="stable")
    return items[order], probabilities[order], tried


# Which they are


def plan_items(
    model: Model,
    trained: str,
    *,
    learned: Learned,
    evidence: Evidence,
    catalogue: Catalogue | None,
    excluded: Collection[str],
    days: float,
    impressions: bool,
) -> Plan:
    """The items not older than ``days``, by what was ``learned`` of each item of the model, and is known now.

    ``trained`` names the training; ``excluded`` columns of the ``catalogue`` say nothing.
    """
    known = strings_of(model.items)
    found = [evidence.ids.filter(pa.array(evidence.interactions > 0)), *([] if catalogue is None else [catalogue.ids])]
    new = _others(known, found)[: max(0, MOST_ITEMS - len(known))]
    ids: Array = pa.concat_arrays([known, new])
    rows = np.full(len(ids), -1, np.int32) if catalogue is None else located(ids, catalogue.ids)
    now, had = evidence.at(ids), np.concatenate((learned.interactions, np.zeros(len(new), np.int64)))
    created = _created(catalogue, rows, now.oldest, learned.newest)
    places = np.flatnonzero(evidence.newest - created <= days * _DAY)
    strangers = places >= len(known)
    unknown = np.flatnonzero(had[places] == 0)
    unknown = unknown[np.argsort(-created[places[unknown]], kind="stable")]
    sources = np.flatnonzero(learned.interactions)
    sources = sources[np.argsort(-had[sources], kind="stable")][: exploration.SOURCES]
    near, likeness = _alike(catalogue, rows[sources], rows[places[unknown]], excluded)
    count = int(np.count_nonzero(strangers))
    marked = ids.take(pa.array(places)).to_pylist()
    return _plan(
        model,
        trained,
        marked[len(marked) - count :],
        Candidates(
            items=np.concatenate((places[~strangers], len(known) + np.arange(count))).astype(np.int32),
            new=count,
            evidence=(now.interactions + (now.shown if impressions else 0))[places].astype(np.float64),
            marks=marks(marked),
            judged=unknown.astype(np.int64),
            alike=sources[near].astype(np.int32),
            likeness=likeness,
        ),
    )


def plan_actions(model: Model, trained: str, *, evidence: Evidence, catalogue: Catalogue | None) -> Plan:
    """All actions, with those that have come since the training."""
    known = strings_of(model.items)
    new = _others(known, [] if catalogue is None else [catalogue.ids])
    ids: Array = pa.concat_arrays([known, new])
    nothing: Int64 = np.zeros(0, np.int64)
    return _plan(
        model,
        trained,
        new.to_pylist(),
        Candidates(
            items=np.arange(len(ids), dtype=np.int32),
            new=len(new),
            evidence=evidence.at(ids).interactions.astype(np.float64),
            marks=marks(ids.to_pylist()),
            judged=nothing,
            alike=np.zeros((0, 0), np.int32),
            likeness=np.zeros((0, 0)),
        ),
    )


def _plan(model: Model, trained: str, new: list[str], candidates: Candidates) -> Plan:
    if not new:
        return Plan(name=trained, items=model.items, candidates=candidates)
    digest = blake2b("\0".join(new).encode(), digest_size=16).hexdigest()
    return Plan(name=f"{trained}+{digest}", items=model.items.extended(new), candidates=candidates)


def _others(known: Array, found: list[Array]) -> Array:
    """The distinct ids of ``found`` that are not known, sorted: their order follows from nothing but themselves."""
    if not found:
        return known[:0]
    every = pc.unique(pa.concat_arrays([ids.cast(pa.large_string()) for ids in found]))
    new = every.filter(pc.invert(pc.is_in(every, value_set=known)))
    return new.take(pc.sort_indices(new))


def _created(catalogue: Catalogue | None, rows: NDArray[np.int32], oldest: Float64, latest: float) -> Float64:
    created = np.where(np.isinf(oldest), latest, oldest)
    column = None if catalogue is None else catalogue.column("CREATION_TIMESTAMP")
    if isinstance(column, Numbers):
        said = np.append(column.values, np.nan)[rows]
        created = np.where(np.isnan(said), created, said)
    return created


def _alike(
    catalogue: Catalogue | None, learned: NDArray[np.int32], wanted: NDArray[np.int32], excluded: Collection[str]
) -> tuple[Int64, Float64]:
    """Which of the items at rows ``learned`` are most like those at ``wanted``, and how like; of the first of them."""
    features, looked = None, wanted[: exploration.MOST_JUDGED]
    if catalogue is not None and len(learned) and len(looked):
        rows = np.concatenate((learned, looked))
        features = item_features(catalogue.trained(rows, excluded), len(rows))
    if features is None:
        return np.zeros((len(wanted), 0), np.int64), np.zeros((len(wanted), 0))
    near, likeness = exploration.alike(features[len(learned) :], features[: len(learned)])
    rest = ((0, len(wanted) - len(looked)), (0, 0))
    return np.pad(near, rest), np.pad(likeness, rest)
