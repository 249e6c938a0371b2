"""How aws-semantic-similarity learns here: items are alike whose texts share words that are rare elsewhere.

The service compares embeddings of a language model. Its three metrics are kept, with this likeness for its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Float32, Float64, Int64, Numeric, Text, TrainingData
from personalize_local.engine.evaluation import LIST_LENGTH
from personalize_local.engine.likeness import Likeness
from personalize_local.engine.metadata import item_features, text_features
from personalize_local.engine.popularity import popularity_logits, unique_users
from personalize_local.engine.scores import Bool, PopularityOrder, Scores
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.recipes._common import (
    Arrays,
    in_order,
    opened_order,
    prefixed,
    stored_popularity,
    unprefixed,
    vocabulary,
)
from personalize_local.recipes._related import EXCLUDED, LIKENESS, NEIGHBOURS
from personalize_local.recipes.base import Query, Trained, Untrainable
from personalize_local.recipes.sentences import NO_TEXT

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from personalize_local.engine.data import Int32

_MOST_ITEMS = 1_000  # chosen: items that the metrics are averaged over


class _Nothing(Scores):
    """What is said of an unknown item when nothing is popular: no item at all."""

    def top(self, k: int, allowed: Bool | None = None) -> tuple[Int32, Float64]:
        """No items."""
        return super().top(min(k, 0), allowed)


@dataclass(frozen=True, kw_only=True)
class SemanticModel:
    """Items with the likeness of their texts; ``interactions`` and ``freshness`` of each are in 0..1."""

    items: Vocabulary
    likeness: Likeness
    interactions: Float32
    freshness: Float32
    popularity: Float32
    order: PopularityOrder

    def scores(self, query: Query) -> Scores:
        """Score the catalogue for ``query.item_id``; popularity for an unknown one, and after the items alike."""
        item = -1 if query.item_id is None else self.items.get(query.item_id)
        if item < 0:
            known = Scores if self.interactions.any() else _Nothing
            return known(self.popularity, self.order)
        alike = self.likeness.to(item)
        candidates = np.flatnonzero(alike > 0).astype(np.int32)
        strengths = alike[candidates]
        if len(strengths):
            strengths /= strengths.max()
        strengths += self._influence(query.influence, candidates, strengths)
        return Scores(
            np.append(strengths * LIKENESS, EXCLUDED), self.order, items=np.append(candidates, np.int32(item))
        )

    def _influence(self, influence: Mapping[str, float], candidates: Int32, strengths: Float64) -> Float64:
        """What freshness and popularity add; nothing beyond the nearest, so that what is not alike stays behind."""
        added = np.zeros(len(candidates))
        parts = (("FRESHNESS", self.freshness), ("POPULARITY", self.interactions))
        weights = [(float(influence.get(name, 0.0)), values) for name, values in parts]
        if not any(weight for weight, _ in weights):
            return added
        near: NDArray[np.intp] = np.arange(len(candidates))
        if len(near) > NEIGHBOURS:
            near = np.argpartition(strengths, len(near) - NEIGHBOURS)[len(near) - NEIGHBOURS :]
        for weight, values in weights:
            added[near] += weight * values[candidates[near]]
        return added

    def with_items(self, data: TrainingData) -> SemanticModel:
        """The model of the texts of ``data``, in which new items have neither freshness nor popularity."""
        features = _features(data)
        if features is None:
            return self
        ids = data.items.strings(np.arange(len(data.items)))
        places = self.items.indexes(ids)
        strangers = np.flatnonzero(places < 0)
        places[strangers] = len(self.items) + np.arange(len(strangers))
        items = self.items.extended([ids[place] for place in strangers]) if len(strangers) else self.items
        more = len(items) - len(self.items)
        popularity = np.append(self.popularity, np.full(more, popularity_logits(np.zeros(1))[0], np.float32))
        return replace(
            self,
            items=items,
            likeness=Likeness.of(_moved(features, places, len(items))),
            interactions=np.append(self.interactions, np.zeros(more, np.float32)),
            freshness=np.append(self.freshness, np.zeros(more, np.float32)),
            popularity=popularity,
            order=PopularityOrder.of(popularity),
        )

    def arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """Everything that :func:`load_semantic` needs."""
        arrays: Arrays = {
            **prefixed("items", self.items.arrays()),
            **prefixed("likeness", self.likeness.arrays()),
            "interactions": self.interactions,
            "freshness": self.freshness,
            **stored_popularity(self.popularity, self.order),
        }
        return arrays, {}


def load_semantic(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> SemanticModel:
    """Make a model of stored arrays; they may be memory-mapped and are not copied."""
    del meta  # the arrays say it all
    parts = cast("Mapping[str, Any]", arrays)
    return SemanticModel(
        items=vocabulary("items", arrays),
        likeness=Likeness.from_arrays(unprefixed("likeness", arrays)),
        interactions=parts["interactions"],
        freshness=parts["freshness"],
        popularity=parts["popularity.logits"],
        order=opened_order(arrays),
    )


def train_semantic(data: TrainingData, *, seed: int) -> Trained:
    """Compare the items' texts, all their metadata where there is none. Raises Untrainable without either."""
    n_items = len(data.items)
    features = _features(data)
    if features is None:
        raise Untrainable(NO_TEXT())
    counts = np.bincount(data.interactions.item, minlength=n_items).astype(np.float64)
    freshness = _freshness(data)
    users_of = unique_users(data.interactions.user, data.interactions.item, len(data.users), n_items)
    popularity = popularity_logits(users_of.astype(np.float64)).astype(np.float32)
    model = SemanticModel(
        items=data.items,
        likeness=Likeness.of(features),
        interactions=(counts / max(float(counts.max(initial=0.0)), 1.0)).astype(np.float32),
        freshness=np.nan_to_num(freshness).astype(np.float32),
        popularity=popularity,
        order=PopularityOrder.of(popularity),
    )
    return Trained(model=model, metrics=_metrics(model, users_of, freshness, seed))


def _features(data: TrainingData) -> csr_array | None:
    columns = data.item_metadata
    texts = {name: column for name, column in columns.items() if isinstance(column, Text)}
    return text_features(texts, len(data.items)) if texts else item_features(columns, len(data.items))


def _moved(features: csr_array, places: Int32, n_items: int) -> csr_array:
    """``features`` with row i at ``places[i]`` of ``n_items`` rows."""
    from scipy.sparse import coo_array, csr_array

    cells = features.tocoo()
    return csr_array(coo_array((cells.data, (places[cells.row], cells.col)), shape=(n_items, features.shape[1])))


def _metrics(model: SemanticModel, users_of: Int64, freshness: Float64, seed: int) -> dict[str, float]:
    """Averages over the first 25 items alike of the items; without the data for it a metric is left out."""
    values, shown = [np.zeros(0)], [np.zeros(0, np.int64)]
    for item in np.random.default_rng(seed).permutation(len(model.items))[:_MOST_ITEMS]:
        alike = model.likeness.to(int(item))
        if len(alike) > LIST_LENGTH:
            best = np.argpartition(alike, len(alike) - LIST_LENGTH)[len(alike) - LIST_LENGTH :]
        else:
            best = np.arange(len(alike))
        best = best[alike[best] > 0]
        values.append(alike[best])
        shown.append(best)
    listed = np.concatenate(shown)
    metrics = {"item_similarity": _mean(np.concatenate(values))}
    if users_of.any():
        metrics["item_popularity"] = _mean(users_of[listed] / users_of.max())
    if not np.isnan(freshness).all():
        metrics["item_freshness"] = _mean(freshness[listed])
    return in_order(metrics)


def _freshness(data: TrainingData) -> Float64:
    """1 for an item made when the data ends, falling to 0 for the oldest; NaN where it is not known."""
    column = data.item_metadata.get("CREATION_TIMESTAMP")
    if not isinstance(column, Numeric) or np.isnan(column.values).all():
        return np.full(len(data.items), np.nan)
    created = column.values
    now = max(float(np.nanmax(created)), float(data.interactions.timestamp.max(initial=0)))
    span = now - float(np.nanmin(created))
    ages: Float64 = (now - created) / (span if span > 0 else 1.0)
    return 1.0 - ages


def _mean(values: Float64 | Float32) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean(dtype=np.float64)) if len(known) else 0.0
