"""The model of the related-items recipes: a table of neighbours, and popularity for what it does not know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.blas import single_thread
from personalize_local.engine.companions import Mixture, chosen_mixture, companions, near_pairs
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

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NEIGHBOURS = 500  # kept per item: as many as an answer may hold (numResults)
COLD = 5  # interactions below which an item is judged by its metadata above all (documented)
_WARM = 45  # interactions from which metadata, a tenth of the evidence by then, is left out
LIKENESS = 10.0  # logits between the strongest neighbour of an item and none; only the order reaches clients
_ROWS_AT_A_TIME = 10_000
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
class Capacity:
    """How many items each item may go with, by who had both and by metadata."""

    companions: int = NEIGHBOURS
    alike: int = NEIGHBOURS

    @property
    def width(self) -> int:
        """The neighbours of an item in all."""
        return max(self.companions, self.alike)


def train_similar_items(
    data: TrainingData, *, discount: float, seed: int, metadata: bool = True, capacity: Capacity | None = None
) -> Trained:
    """Train on all of ``data`` and measure a model without a tenth of the users, asked with their last input item.

    ``discount`` is popularity_discount_factor. How near each other users had two items counts beside how many had
    both, as much as finds the newest items of the users best; with ``metadata`` that of the items speaks for those
    of few interactions.
    """
    capacity = capacity or Capacity()
    history = histories(data)
    users = np.flatnonzero(history.lengths > 0).astype(np.int64)
    with single_thread():
        learned, test = _split(history, users, seed)
        near = near_pairs(history, learned, len(data.items))
        mixture = chosen_mixture(history, learned, near, _mixtures(discount), seed)
        like = _alike(data, history, learned, capacity.alike) if metadata else None

        def fit(some: Int64) -> RelatedModel:
            known, width = near if some is learned else None, _kept(data, capacity.companions)
            found = companions(history, some, len(data.items), mixture, width, known)
            table = unit(strongest_of_sparse(found, width))
            if like is not None:
                table = _with_metadata(table, like, _interactions(data, history, some), _kept(data, capacity.width))
            return related_model(data, table, _users_of(data, history, some))

        return _trained(data, history, users, learned, test, fit)


def _mixtures(discount: float) -> list[Mixture]:
    """What is tried, the first where there is too little to choose by: all from a base that ``discount`` takes to 1."""
    return [
        Mixture(nearness=nearness, discount=base + discount * (1 - base))
        for base in (0.25, 0.5)
        for nearness in (3.0, 1.0, 10.0, 0.0)
    ]


def train_sims(data: TrainingData, algorithm: Mapping[str, str], features: Mapping[str, str], seed: int) -> Trained:
    """Train on the users and items within the percentiles asked for, by who had both items alone.

    At a popularity_discount_factor of 0 the most popular companions win, at 1 popularity is left out of it.
    Percentiles leave the most popular items out of training, not out of what an unknown item is answered with.
    """
    whole = histories(data)
    history, users = learned_part(whole, len(data.items), features)
    discount, fewest = float(algorithm["popularity_discount_factor"]), int(algorithm["min_cointeraction_count"])
    width = neighbours_kept(len(data.items))

    def fit(some: Int64) -> RelatedModel:
        positions = history.positions_of(some)
        user, item = history.owners()[positions], history.items[positions]
        found = cointeractions(
            user, item, len(data.users), len(data.items), discount=discount, width=width, fewest=fewest
        )
        return related_model(data, unit(strongest_of_sparse(found, width)), _users_of(data, whole, some))

    with single_thread():
        learned, test = _split(history, users, seed)
        return _trained(data, history, users, learned, test, fit)


def _split(history: Histories, users: Int64, seed: int) -> tuple[Int64, Int64]:
    """(users to learn from, users to test); all learn where they are too few."""
    learned, test = split_users(users, history.lengths, seed)
    return (learned, test) if len(learned) else (users, test[:0])


def _trained(
    data: TrainingData,
    history: Histories,
    users: Int64,
    learned: Int64,
    test: Int64,
    fit: Callable[[Int64], RelatedModel],
) -> Trained:
    measured = fit(learned)
    metrics = measure_model(
        lambda _, end: measured.scores_of(int(history.items[end - 1])), history, test, len(data.items)
    )
    return Trained(model=fit(users), metrics=metrics)


def _interactions(data: TrainingData, history: Histories, users: Int64) -> Int64:
    return np.bincount(history.items[history.positions_of(users)], minlength=len(data.items))


def _users_of(data: TrainingData, history: Histories, users: Int64) -> Int64:
    positions = history.positions_of(users)
    return unique_users(history.owners()[positions], history.items[positions], len(data.users), len(data.items))


def neighbours_kept(n_items: int, most: int = NEIGHBOURS) -> int:
    """How many neighbours each item of a catalogue has: as many as an answer may hold, itself left out."""
    return min(most, max(n_items - 1, 1))


def _kept(data: TrainingData, most: int) -> int:
    return neighbours_kept(len(data.items), most)


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


def _alike(data: TrainingData, history: Histories, users: Int64, most: int) -> _Alike | None:
    """Of the items that are not too warm for the fewest ``users`` that will be learned from; None without metadata."""
    features = item_features(data.item_metadata, len(data.items))
    items = np.flatnonzero(_interactions(data, history, users) < _WARM)
    if features is None or not len(items):
        return None
    return _Alike(items=items, table=unit(metadata_neighbours(searchable(features), items, _kept(data, most))))


def _with_metadata(table: NeighbourTable, like: _Alike, interactions: Int64, width: int) -> NeighbourTable:
    """Give items that are not too warm neighbours of like metadata, the more the fewer interactions they have."""
    n_items, found = table.indexes.shape
    indexes, values = np.zeros((n_items, width), np.int32), np.zeros((n_items, width), np.float32)
    indexes[:, :found], values[:, :found] = table.indexes, table.values
    cold = np.flatnonzero(interactions[like.items] < _WARM)
    for begin in range(0, len(cold), _ROWS_AT_A_TIME):
        places = cold[begin : begin + _ROWS_AT_A_TIME]
        items = like.items[places]
        evidence = (interactions[items] / (interactions[items] + COLD)).astype(np.float32)[:, None]
        both = _sparse(table.indexes[items], table.values[items] * evidence, n_items)
        both = both + _sparse(like.table.indexes[places], like.table.values[places] * (1 - evidence), n_items)
        near = strongest_of_sparse(both, width)
        indexes[items], values[items] = near.indexes, near.values
    return unit(NeighbourTable(indexes=indexes, values=values))


def _sparse(indexes: Int32, values: Float32, n_items: int) -> csr_array:
    """Rows of a table as a matrix, without what fills them up."""
    from scipy.sparse import csr_array

    ends = np.arange(len(indexes) + 1) * indexes.shape[1]
    matrix = csr_array((values.reshape(-1), indexes.reshape(-1), ends), shape=(len(indexes), n_items))
    matrix.eliminate_zeros()
    return matrix
