"""The recipes that answer with items like a given one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from personalize_local.provenance import Rule
from personalize_local.recipes._personal_declarations import percentile
from personalize_local.recipes.base import Hyperparameter, Recipe, Trained, TrainingParameters, complete, released

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personalize_local.engine.data import TrainingData
    from personalize_local.recipes.base import Model

_IN_A_DIMENSION = 5  # 500 at the defaults: as many as an answer may hold; more serve answers that are filtered
_SEMANTIC = "dg/native-recipe-semantic-similarity.html"
RULES = (
    Rule(
        says="Similar-Items and More like X weigh who had both items against what their metadata have in common: the "
        "latter counts for all of an item without interactions, half at five, and nothing from 45 on.",
        known="inferred",
        source="dg/native-recipe-similar-items.html: both count, and items of fewer than five interactions are cold",
    ),
    Rule(
        says="Similar-Items and its use cases count the users that two items have in common and, beside, how near "
        "each other they had them; the latter weighs what finds the newest items of a sample of users best.",
        known="chosen",
        source="dg/native-recipe-similar-items.html: by co-occurrence; the service's model is not published",
    ),
    Rule(
        says="Similar-Items divides that by the other item's number of users, to the power of a quarter or a half at a "
        "popularity_discount_factor of 0, whichever finds more, and of 1 at 1; SIMS divides the users in common by it "
        "to the power of the factor.",
        known="chosen",
    ),
    Rule(
        says="item_id_hidden_dim and item_metadata_hidden_dim are how many items each item may go with, five for each "
        "dimension: by who had both, and by metadata.",
        known="chosen",
        source="the service has embeddings of these sizes",
    ),
    Rule(
        says="Semantic-Similarity compares the words of the name and the textual columns, of the other metadata where "
        "there are none; the rarer a word that two items share, the more alike they are. Of two texts of an item the "
        "longer one counts for more, but less than its words would.",
        known="chosen",
        source=f"{_SEMANTIC}: the service compares embeddings of a language model",
    ),
    Rule(
        says="rankingInfluence adds its weights times freshness and popularity, both in 0..1, to likeness, in which "
        "the item most alike has 1; it reorders the 500 items most alike and brings up none that is not among them.",
        known="inferred",
        source=f"{_SEMANTIC} has the weights and what they weigh; how they are added up is chosen",
    ),
    Rule(
        says="Freshness is 1 for an item made when the data end, 0 for the oldest item and for one without "
        "CREATION_TIMESTAMP; popularity is the share of the most popular item's interactions.",
        known="inferred",
        source=f"{_SEMANTIC}: both are normalised",
    ),
    Rule(
        says="Semantic-Similarity answers for an unknown item with the popular items, without interactions with none.",
        known="inferred",
    ),
)


def _dimension(name: str) -> Hyperparameter:
    return Hyperparameter(
        name=name, kind="integer", default="100", minimum=30, maximum=200, tunable=True, settable=False
    )


def _discount(default: str, *, tunable: bool) -> Hyperparameter:
    return Hyperparameter(
        name="popularity_discount_factor",
        kind="continuous",
        default=default,
        minimum=0.0,
        maximum=1.0,
        tunable=tunable,
    )


_SIMILAR = (
    _dimension("item_id_hidden_dim"),
    _dimension("item_metadata_hidden_dim"),
    _discount("0.0", tunable=False),
)
_SIMS = (
    Hyperparameter(name="min_cointeraction_count", kind="integer", default="3", minimum=0, maximum=10, tunable=True),
    _discount("0.5", tunable=True),
)
_SIMS_FEATURES = (
    percentile("max_item_interaction_count_percentile", "0.9"),
    percentile("max_user_history_length_percentile", "0.995"),
    percentile("min_item_interaction_count_percentile", "0.01"),
    percentile("min_user_history_length_percentile", "0.005"),
)


def _train_similar(data: TrainingData, params: TrainingParameters) -> Trained:
    from personalize_local.recipes._related import Capacity, train_similar_items

    algorithm = complete(_SIMILAR, params.algorithm)
    complete((), params.feature_transformation)
    return train_similar_items(
        data,
        discount=float(algorithm["popularity_discount_factor"]),
        seed=params.seed,
        capacity=Capacity(
            companions=_IN_A_DIMENSION * int(algorithm["item_id_hidden_dim"]),
            alike=_IN_A_DIMENSION * int(algorithm["item_metadata_hidden_dim"]),
        ),
    )


def _train_sims(data: TrainingData, params: TrainingParameters) -> Trained:
    from personalize_local.recipes._related import train_sims

    algorithm = complete(_SIMS, params.algorithm)
    features = complete(_SIMS_FEATURES, params.feature_transformation)
    return train_sims(data, algorithm, features, params.seed)


def _train_semantic(data: TrainingData, params: TrainingParameters) -> Trained:
    from personalize_local.recipes._semantic import train_semantic

    complete((), params.algorithm)
    complete((), params.feature_transformation)
    return train_semantic(data, seed=params.seed)


def train_together(data: TrainingData, params: TrainingParameters) -> Trained:
    """Learn who had both of two items, without the items' metadata."""
    from personalize_local.recipes._related import train_similar_items

    complete((), params.algorithm)
    complete((), params.feature_transformation)
    return train_similar_items(data, discount=0.0, seed=params.seed, metadata=False)


def train_alike(data: TrainingData, params: TrainingParameters) -> Trained:
    """Learn who had both of two items and, for items with little data, whose metadata is alike."""
    from personalize_local.recipes._related import train_similar_items

    complete((), params.algorithm)
    complete((), params.feature_transformation)
    return train_similar_items(data, discount=0.0, seed=params.seed)


def load(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> Model:
    """Open a stored model of related items."""
    from personalize_local.recipes._related import load_related

    return load_related(arrays, meta)


def load_semantic(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> Model:
    """Open a stored model of likeness in text."""
    from personalize_local.recipes._semantic import load_semantic as load_model

    return load_model(arrays, meta)


SIMILAR_ITEMS = Recipe(
    name="aws-similar-items",
    type="RELATED_ITEMS",
    description="Finds items like a given one, by who had both and, for items with little data, by metadata",
    algorithm="aws-similar-items",
    feature_transformation="aws-similar-items",  # chosen: not published
    created=released(2019, 6, 10),  # observed
    operation="GetRecommendations",
    needs_user=False,
    needs_item=True,
    scores=False,
    realtime=False,
    context=False,
    exploration=False,
    batch_inference=True,
    themes=True,
    required_datasets=("INTERACTIONS",),
    optional_datasets=("ITEMS",),
    algorithm_hyperparameters=_SIMILAR,
    train=_train_similar,
    load=load,
)

SIMS = replace(
    SIMILAR_ITEMS,
    name="aws-sims",
    description="Finds items like a given one by who had both alone",
    algorithm="aws-sims",
    feature_transformation="sims",
    themes=False,
    optional_datasets=(),
    algorithm_hyperparameters=_SIMS,
    feature_parameters=_SIMS_FEATURES,
    train=_train_sims,
)

SEMANTIC_SIMILARITY = replace(
    SIMILAR_ITEMS,
    name="aws-semantic-similarity",
    description="Finds items like a given one by what their names and texts say; needs no interactions",
    algorithm="aws-semantic-similarity",
    feature_transformation="aws-semantic-similarity",
    created=released(2025, 11, 30),  # chosen: the day of its release
    incremental_update=True,
    refreshes="items",
    item_names=True,
    ranking_influence=True,
    metadata="automatic",
    themes=False,
    required_datasets=("ITEMS",),
    optional_datasets=("INTERACTIONS",),
    algorithm_hyperparameters=(),
    train=_train_semantic,
    load=load_semantic,
)
