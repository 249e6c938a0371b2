"""What eventsConfig changes: which events are learned from, and how much each type counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from personalize_local.engine.data import Categorical, TrainingData
from personalize_local.recipes import RECIPES
from personalize_local.recipes._personal_model import PersonalModel
from personalize_local.recipes._weights import event_rewards, weighted
from personalize_local.recipes.base import Query, Trained, TrainingParameters
from personalize_local.recipes.minimums import select_entries, weights_of
from tests.recipes.worlds import random_world, two_tastes, world

V2 = [name for name, recipe in RECIPES.items() if recipe.events_config]
METRIC = "normalized_discounted_cumulative_gain_with_event_weights_at_k"


def typed(data: TrainingData, kinds: list[str | None], values: list[float] | None = None) -> TrainingData:
    names = tuple(sorted({kind for kind in kinds if kind is not None}))
    codes = np.array([-1 if kind is None else names.index(kind) for kind in kinds], np.int32)
    numbers = None if values is None else np.array(values, np.float32)
    interactions = replace(data.interactions, event_type=Categorical(codes=codes, values=names), value=numbers)
    return replace(data, interactions=interactions)


def shop(n_users: int = 120) -> TrainingData:
    """Everyone views two of v0..v4 and purchases one of p0..p4, in any order."""
    random = np.random.default_rng(0)
    baskets = [
        [*(f"v{item}" for item in random.permutation(5)[:2]), f"p{random.integers(0, 5)}"] for _ in range(n_users)
    ]
    data = world([[basket[place] for place in random.permutation(3)] for basket in baskets])
    kinds = ["View" if data.items[int(item)].startswith("v") else "Purchase" for item in data.interactions.item]
    return typed(data, kinds)


def train(data: TrainingData, weights: Mapping[str, float], name: str = V2[0]) -> Trained:
    return RECIPES[name].train(data, TrainingParameters(event_weights=weights))


def assert_same(one: Trained, other: Trained) -> None:
    arrays, facts = one.model.arrays()
    others, other_facts = other.model.arrays()
    assert facts == other_facts
    assert sorted(arrays) == sorted(others)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, others[name])


@pytest.mark.parametrize("name", V2)
@pytest.mark.parametrize("weight", [0.25, 1.0])
def test_equal_weights_are_no_weights(name: str, weight: float) -> None:
    data = shop()
    plain, equal = train(data, {}, name), train(data, {"View": weight, "Purchase": weight}, name)
    assert_same(plain, equal)
    assert {key: value for key, value in equal.metrics.items() if key != METRIC} == plain.metrics


def test_only_ratios_of_weights_matter() -> None:
    data = shop()
    assert_same(train(data, {"View": 0.125, "Purchase": 0.5}), train(data, {"View": 0.25, "Purchase": 1.0}))


def popular(trained: Trained, k: int = 5) -> set[str]:
    model = trained.model
    return {model.items[int(item)][0] for item in model.scores(Query(user_id="a stranger")).top(k)[0]}


def test_what_weighs_more_is_recommended_first() -> None:
    data = shop()
    assert popular(train(data, {"View": 1.0, "Purchase": 0.01})) == {"v"}
    assert popular(train(data, {"View": 0.01, "Purchase": 1.0})) == {"p"}


@pytest.mark.parametrize("dense", [True, False])
def test_weights_reach_transitions_and_affinities(dense: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not dense:
        monkeypatch.setattr("personalize_local.engine.transitions.DENSE_ITEMS", 0)
        monkeypatch.setattr("personalize_local.recipes._personal_sums.DENSE_ITEMS", 0)
    data = shop()
    models = [train(data, {"View": view, "Purchase": 1.0}).model for view in (1.0, 0.05)]
    shares = []
    for model in models:
        assert isinstance(model, PersonalModel)
        table = model.transitions.sparse().toarray()
        views = data.items.indexes([f"v{item}" for item in range(5)])
        purchases = data.items.indexes([f"p{item}" for item in range(5)])
        shares.append(table[np.ix_(views, purchases)].sum() / table[np.ix_(views, views)].sum())
    assert shares[1] > 3 * shares[0]
    tables = [model.arrays()[0]["affinity.weights" if dense else "affinity.values"] for model in models]
    assert tables[0].shape == tables[1].shape
    assert not np.array_equal(tables[0], tables[1])


def test_types_that_are_not_listed_and_null_count_for_nothing() -> None:
    data = shop()
    kinds = [("View", "Purchase", None)[row % 3] for row in range(len(data.interactions))]
    mixed = typed(data, kinds)
    kept = weighted(mixed, {"Purchase": 0.5}).interactions
    assert len(kept) == kinds.count("Purchase")
    assert kept.weight is None, "alone it weighs like any other"
    both = weighted(mixed, {"Purchase": 0.5, "View": 0.25, "Click": 1.0, "None": 0.0}).interactions
    assert both.weight is not None
    assert both.weight.mean() == pytest.approx(1)
    assert sorted(set((both.weight / both.weight.min()).tolist())) == [1, 2]
    assert not len(weighted(random_world(0), {"View": 1.0}).interactions), "there is no event type at all"


def test_a_hit_pays_its_weight_over_the_mean_weight() -> None:
    data = typed(two_tastes(n_users=1, length=3), ["View", "Purchase", None])
    assert event_rewards(data.interactions, {"View": 0.1, "Purchase": 0.3}).tolist() == pytest.approx([0.5, 1.5, 0])


def test_the_weighted_metric_is_there_with_weights_alone() -> None:
    data = shop()
    assert METRIC not in train(data, {}).metrics
    metrics = train(data, {"View": 0.1, "Purchase": 1.0}).metrics
    assert list(metrics) == sorted(metrics)
    assert 0 < metrics[METRIC] <= 1


@pytest.mark.parametrize(
    ("entries", "kept"),
    [
        ([{"eventType": "View"}], [0, 2]),
        ([{"eventType": "View", "eventValueThreshold": 2.0}], [2]),
        ([{"eventType": "View", "eventValueThreshold": 2.5}, {"eventType": "Purchase", "weight": 0.1}], [1, 3]),
        ([{"eventType": "View", "weight": 0.0}, {"eventType": "Purchase", "eventValueThreshold": 5.0}], [3]),
        ([{"eventType": "view"}], []),
        ([], []),
    ],
)
def test_entries_take_their_type_from_their_threshold_on(entries: list[dict[str, object]], kept: list[int]) -> None:
    data = typed(world([["a", "b", "c", "d", "e"]]), ["View", "Purchase", "View", "Purchase", None], [1, 2, 2, 5, 9])
    assert select_entries(data, entries).interactions.item.tolist() == kept


def test_an_entry_without_a_weight_counts_in_full() -> None:
    assert weights_of([{"eventType": "View", "weight": 0.2}, {"eventType": "Purchase"}]) == {"View": 0.2, "Purchase": 1}
