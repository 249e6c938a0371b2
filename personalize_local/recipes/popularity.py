"""The recipes that answer everyone alike: the most popular items, and those that are rising."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from personalize_local.provenance import Rule
from personalize_local.recipes.base import Hyperparameter, Recipe, Trained, TrainingParameters, complete, released

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personalize_local.engine.data import TrainingData
    from personalize_local.recipes.base import Model

_PAGE = "dg/native-recipe-trending-now.html"
RULES = (
    Rule(
        says="Trending items are those with more interactions in the latest interval than in the one before, the "
        "largest difference first, equal ones by their number of interactions.",
        known="documented",
        source=f"{_PAGE}; that it is a difference is from AWS's samples, the order of equal ones is chosen",
    ),
    Rule(
        says="After the trending items come the others by their number of interactions; they are all of the answer "
        "when there was no interaction in the last two intervals.",
        known="documented",
        source=f"{_PAGE}; that they also follow the trending ones is inferred",
    ),
    Rule(
        says="The latest interval ends with the latest refresh while data are alive: when the newest interaction, as "
        "it became known, was at most two intervals away from the clock, or any happened in the two intervals before "
        "the refresh. Otherwise (data at rest, events sent with old times) it ends with the newest interaction, so "
        "that old data have trends too.",
        known="chosen",
        source="not documented; data at rest have no other end",
    ),
    Rule(
        says="Trends are looked at anew by the clock, counted from the training: every interval, every two hours where "
        "that is shorter and in the use case Trending now. Events that have arrived before then count, those of new "
        "items too, without any delay.",
        known="documented",
        source=f"{_PAGE}; the service takes some 15 minutes more",
    ),
    Rule(
        says="A refresh of trends takes in streamed events that have a user, and no imports; events without one and "
        "imports wait for the next training. Repeated events count once, as far back as a million.",
        known="inferred",
        source="dg/recording-events.html: sessions without a user train nothing",
    ),
)

_TREND_FREQUENCY = Hyperparameter(
    name="trend_discovery_frequency",
    kind="categorical",
    default="2 hours",
    # The last three spellings are those of the older guide (that they are still taken is inferred).
    choices=("30 minutes", "1 hour", "2 hours", "3 hours", "1 day", "30 min", "1h", "3h"),
)


def train_users(data: TrainingData, params: TrainingParameters) -> Trained:
    """Learn how many users each item has."""
    from personalize_local.recipes._popular import train_popular

    _refuse_parameters(params)
    return train_popular(data, seed=params.seed)


def train_events(data: TrainingData, params: TrainingParameters) -> Trained:
    """Learn how often each item was interacted with."""
    from personalize_local.recipes._popular import train_popular

    _refuse_parameters(params)
    return train_popular(data, seed=params.seed, per_user=False)


def train_trend(data: TrainingData, params: TrainingParameters) -> Trained:
    """Learn what has grown lately, over the interval that is asked for."""
    from personalize_local.recipes._trending import train_trending

    complete((), params.algorithm)
    features = complete((_TREND_FREQUENCY,), params.feature_transformation)
    return train_trending(data, frequency=features[_TREND_FREQUENCY.name], seed=params.seed)


def train_two_hour_trend(data: TrainingData, params: TrainingParameters) -> Trained:
    """Learn as :func:`train_trend` does, over the two hours that are the domain's (documented)."""
    _refuse_parameters(params)
    return train_trend(data, params)


def _refuse_parameters(params: TrainingParameters) -> None:
    complete((), params.algorithm)
    complete((), params.feature_transformation)


def load(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> Model:
    """Open a stored model of popularity."""
    from personalize_local.recipes._popular import load_popular

    return load_popular(arrays, meta)


def load_trend(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> Model:
    """Open a stored model of trends."""
    from personalize_local.recipes._trending import load_trending

    return load_trending(arrays, meta)


POPULARITY_COUNT = Recipe(
    name="aws-popularity-count",
    type="USER_PERSONALIZATION",  # its own page; the overview of recipes says POPULAR_ITEMS
    description="Recommends the items with the most users, the same to everyone; a baseline for the other recipes",
    algorithm="aws-popularity-count",
    feature_transformation="sims",
    created=released(2019, 6, 10),  # observed
    operation="GetRecommendations",
    needs_user=False,
    needs_item=False,
    scores=False,
    realtime=False,
    context=False,
    exploration=False,
    batch_inference=True,
    required_datasets=("INTERACTIONS",),
    optional_datasets=(),
    train=train_users,
    load=load,
)

TRENDING_NOW = replace(
    POPULARITY_COUNT,
    name="aws-trending-now",
    type="POPULAR_ITEMS",
    description="Recommends the items whose popularity grows fastest, the same to everyone",
    algorithm="aws-trending-now-custom",
    feature_transformation="aws-trending-now",  # chosen: not published
    created=released(2022, 12, 1),  # chosen: it was announced in January 2023
    batch_inference=False,
    feature_parameters=(_TREND_FREQUENCY,),
    refreshes="events",
    train=train_trend,
    load=load_trend,
)
