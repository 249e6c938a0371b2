"""The model of the related-items recipes: a table of neighbours, and popularity for what it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.blas import single_thread
from personalize_local.engine.data import Float32, Int32, Int64, TrainingData
from personalize_local.engine.histories import Histories
from personalize_local.engine.metadata import item_features, metadata_neighbours, searchable
from personalize_local.engine.neighbours import NeighbourTable, cointeractions, strongest_of_sparse
from personalize_local.engine.popularity import popularity_logits, unique_users
from personalize_local.engine.scores import PopularityOrder, Scores
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.recipes._common import (
    Arrays,
    histories,
    learned_part,
    measure_model,
    opened_order,
    prefixed,
    split_users,
    stored_popularity,
    vocabulary,
)
from personalize_local.recipes.base import Query, Trained

NEIGHBOURS = 500  # kept per item: as many as an answer may hold (numResults)
COLD = 5  # interactions below which an item is judged by its metadata above all (documented)
_WARM = 45  # interactions from which metadata, a tenth of the evidence by then, is left out
LIKENESS = 10.0  # logits between the strongest neighbour of an item and none; only the order reaches clients
EXCLUDED = -1e4  # the item that was asked about, after everything else


@dataclass(frozen=True, kw_only=True)
class RelatedModel:
    """Neighbours of each item, ``neighbours.values`` in 0..1 with the strongest of a row at 1."""

    items: Vocabulary
    neighbours: NeighbourTable
    popularity: Float32
    order: PopularityOrder

    def scores(self, query: Query) -> Scores:
        """Score the catalogue for ``query.item_id``; popularity for an unknown one, and after the neighbours."""
        item = -1 if query.item_id is None else self.items.get(query.item_id)
        return self.scores_of(item)

    def scores_of(self, item: int) -> Scores:
        """Score the catalogue for the item index ``item`` (-1: unknown), which itself comes last of all."""
        if item < 0:
            return Scores(self.popularity, self.order)
        kept = self.neighbours.values[item] > 0
        candidates = np.append(self.neighbours.indexes[item][kept], np.int32(item))
        logits = np.append(self.neighbours.values[item][kept] * np.float32(LIKENESS), np.float32(EXCLUDED))
        return Scores(logits, self.order, items=candidates, floor=0.0)

    def arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """Everything that :func:`load_related` needs."""
        arrays: Arrays = {
            **prefixed("items", self.items.arrays()),
            "neighbours.indexes": self.neighbours.indexes,
            "neighbours.values": self.neighbours.values,
            **stored_popularity(self.popularity, self.order),
        }
        return arrays, {}


def load_related(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> RelatedModel:
    """Make a model of stored arrays; they may be memory-mapped and are not copied."""
    del meta  # the arrays say it all
    parts = cast("Mapping[str, Any]", arrays)
    return RelatedModel(
        items=vocabulary("items", arrays),
        neighbours=NeighbourTable(indexes=parts["neighbours.indexes"], values=parts["neighbours.values"]),
        popularity=parts["popularity.logits"],
        order=opened_order(arrays),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Relation:
    """What makes items related: see engine.neighbours for ``discount`` and ``fewest``.

    With ``metadata`` that of the items speaks for those of few interactions.
    """

    discount: float
    fewest: int = 0
    metadata: bool = False


def train_similar_items(data: TrainingData, *, discount: float, seed: int, metadata: bool = True) -> Trained:
    """Train on all of ``data`` and measure a model without a tenth of the users, asked with their last input item.

    ``discount`` is popularity_discount_factor. At 0 co-interactions are divided by the square root of the other
    item's users, the cosine, and at 1 by their number, which leaves popularity out of it (chosen: the service's
    model is more than a count, so that its 0 does not mean that the most popular items win everywhere).
    """
    relation = _Relation(discount=0.5 + discount / 2, metadata=metadata)
    history = histories(data)
    return _train(data, history, np.flatnonzero(history.lengths > 0).astype(np.int64), relation, seed)


def train_sims(data: TrainingData, algorithm: Mapping[str, str], features: Mapping[str, str], seed: int) -> Trained:
    """Train on the users and items within the percentiles asked for, by who had both items alone.

    At a popularity_discount_factor of 0 the most popular companions win, at 1 popularity is left out of it.
    """
    whole = histories(data)
    history, users = learned_part(whole, len(data.items), features)
    relation = _Relation(
        discount=float(algorithm["popularity_discount_factor"]), fewest=int(algorithm["min_cointeraction_count"])
    )
    return _train(data, history, users, relation, seed, whole)


def _train(
    data: TrainingData,
    history: Histories,
    users: Int64,
    relation: _Relation,
    seed: int,
    whole: Histories | None = None,
) -> Trained:
    """Learn from the ``history`` of ``users``, and popularity from their ``whole`` history where that is another.

    Percentiles leave the most popular items out of training, not out of what an unknown item is answered with.
    """
    known = history if whole is None else whole
    with single_thread():
        learned, test = split_users(users, history.lengths, seed)
        if not len(learned):
            learned, test = users, test[:0]
        like = _alike(data, history, learned) if relation.metadata else None
        measured = _fit(data, history, learned, relation, known, like)
        metrics = measure_model(lambda items: measured.scores_of(int(items[-1])), history, test, len(data.items))
        return Trained(model=_fit(data, history, users, relation, known, like), metrics=metrics)


def _fit(
    data: TrainingData,
    history: Histories,
    users: Int64,
    relation: _Relation,
    known: Histories,
    like: _Alike | None,
) -> RelatedModel:
    n_items, n_users = len(data.items), len(data.users)
    positions = history.positions_of(users)
    user, item = history.owners()[positions], history.items[positions]
    width = neighbours_kept(n_items)
    found = cointeractions(
        user, item, n_users, n_items, discount=relation.discount, width=width, fewest=relation.fewest
    )
    table = unit(strongest_of_sparse(found, width))
    if like is not None:
        table = _with_metadata(table, like, np.bincount(item, minlength=n_items))
    positions = known.positions_of(users)
    users_of = unique_users(known.owners()[positions], known.items[positions], n_users, n_items)
    return related_model(data, table, users_of)


def neighbours_kept(n_items: int) -> int:
    """How many neighbours each item of a catalogue has: as many as an answer may hold, itself left out."""
    return min(NEIGHBOURS, max(n_items - 1, 1))


def related_model(data: TrainingData, table: NeighbourTable, users_of: Int64) -> RelatedModel:
    """The model of a finished table; ``users_of`` is the number of users of each item."""
    popularity = popularity_logits(users_of.astype(np.float64)).astype(np.float32)
    return RelatedModel(items=data.items, neighbours=table, popularity=popularity, order=PopularityOrder.of(popularity))


def unit(table: NeighbourTable) -> NeighbourTable:
    """The table with each row's strongest value at 1."""
    highest = table.values.max(axis=1, initial=0.0, keepdims=True)
    divisor: Float32 = np.where(highest > 0, highest, 1.0).astype(np.float32)
    return NeighbourTable(indexes=table.indexes, values=table.values / divisor)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alike:
    """The neighbours by metadata of ``items``, a row each."""

    items: Int64
    table: NeighbourTable


def _alike(data: TrainingData, history: Histories, users: Int64) -> _Alike | None:
    """Of the items that are not too warm for the fewest ``users`` that will be learned from; None without metadata."""
    features = item_features(data.item_metadata, len(data.items))
    counts = np.bincount(history.items[history.positions_of(users)], minlength=len(data.items))
    items = np.flatnonzero(counts < _WARM)
    if features is None or not len(items):
        return None
    return _Alike(
        items=items, table=unit(metadata_neighbours(searchable(features), items, neighbours_kept(len(data.items))))
    )


def _with_metadata(table: NeighbourTable, like: _Alike, interactions: Int64) -> NeighbourTable:
    """Give items that are not too warm neighbours of like metadata, the more the fewer interactions they have."""
    width = table.indexes.shape[1]
    indexes, values = table.indexes.copy(), table.values.copy()
    for place, item in enumerate(like.items):
        if interactions[item] >= _WARM:
            continue
        evidence = interactions[item] / (interactions[item] + COLD)
        row = _blend_rows(
            (indexes[item], values[item] * np.float32(evidence)),
            (like.table.indexes[place], like.table.values[place] * np.float32(1 - evidence)),
            width,
        )
        indexes[item], values[item] = row
    return unit(NeighbourTable(indexes=indexes, values=values))


def _blend_rows(first: tuple[Int32, Float32], second: tuple[Int32, Float32], width: int) -> tuple[Int32, Float32]:
    """The sum of two rows of a table, cut to the strongest ``width`` and filled up with 0."""
    items, places = np.unique(np.concatenate((first[0], second[0])), return_inverse=True)
    sums = np.bincount(places, np.concatenate((first[1], second[1]))).astype(np.float32)
    best = np.argsort(-sums, kind="stable")[:width]
    indexes, values = np.zeros(width, np.int32), np.zeros(width, np.float32)
    indexes[: len(best)], values[: len(best)] = items[best], sums[best]
    return indexes, values
