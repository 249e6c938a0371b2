"""How aws-semantic-similarity learns here: items are alike when their texts share words that are rare elsewhere.

The service compares embeddings of a language model. Its three metrics are kept, with this likeness for its own.
"""

from __future__ import annotations

import numpy as np

from personalize_local.engine.data import Float32, Float64, Int64, Numeric, Text, TrainingData
from personalize_local.engine.evaluation import LIST_LENGTH
from personalize_local.engine.metadata import item_features, metadata_neighbours
from personalize_local.engine.neighbours import NeighbourTable
from personalize_local.engine.popularity import unique_users
from personalize_local.recipes._common import in_order
from personalize_local.recipes._related import neighbours_kept, related_model, unit
from personalize_local.recipes.base import Trained, Untrainable
from personalize_local.recipes.sentences import NO_TEXT

_MOST_ITEMS = 5_000  # chosen: items that the metrics are averaged over


def train_semantic(data: TrainingData, *, seed: int) -> Trained:
    """Find the items alike in text, in all their metadata where there is none. Raises Untrainable without either."""
    columns = data.item_metadata
    texts = {name: column for name, column in columns.items() if isinstance(column, Text)}
    n_items = len(data.items)
    features = item_features(texts or columns, n_items)
    if features is None:
        raise Untrainable(NO_TEXT())
    alike = metadata_neighbours(features, np.arange(n_items), neighbours_kept(n_items))
    users_of = unique_users(data.interactions.user, data.interactions.item, len(data.users), n_items)
    return Trained(model=related_model(data, unit(alike), users_of), metrics=_metrics(data, alike, users_of, seed))


def _metrics(data: TrainingData, alike: NeighbourTable, users_of: Int64, seed: int) -> dict[str, float]:
    """Averages over the first 25 neighbours of the items; without the data for it a metric is left out."""
    asked = np.random.default_rng(seed).permutation(len(data.items))[:_MOST_ITEMS]
    order = np.argsort(-alike.values[asked], axis=1, kind="stable")[:, :LIST_LENGTH]
    values = np.take_along_axis(alike.values[asked], order, axis=1)
    shown = np.take_along_axis(alike.indexes[asked], order, axis=1)[values > 0]
    metrics = {"item_similarity": _mean(values[values > 0])}
    if users_of.any():
        metrics["item_popularity"] = _mean(users_of[shown] / users_of.max())
    created = data.item_metadata.get("CREATION_TIMESTAMP")
    if isinstance(created, Numeric) and not np.isnan(created.values).all():
        metrics["item_freshness"] = _mean(_freshness(created.values, data.interactions.timestamp)[shown])
    return in_order(metrics)


def _freshness(created: Float64, timestamps: Int64) -> Float64:
    """1 for an item made when the data ends, falling to 0 for the oldest; NaN where it is not known."""
    now = max(float(np.nanmax(created)), float(timestamps.max(initial=0)))
    span = now - float(np.nanmin(created))
    ages: Float64 = (now - created) / (span if span > 0 else 1.0)
    return 1.0 - ages


def _mean(values: Float64 | Float32) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean(dtype=np.float64)) if len(known) else 0.0
