"""SIMS, semantic similarity, trends, and use cases that count events."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from personalize_local.engine.data import Categorical, Numeric, Text, TrainingData
from personalize_local.recipes import RECIPES
from personalize_local.recipes.base import Model, Query, TrainingParameters, Untrainable
from tests.recipes.worlds import two_tastes, world

KEEP_ALL = {
    "min_user_history_length_percentile": "0.0",
    "max_user_history_length_percentile": "1.0",
    "min_item_interaction_count_percentile": "0.0",
    "max_item_interaction_count_percentile": "1.0",
}


def sims(data: TrainingData, *, features: dict[str, str] | None = None, **algorithm: str) -> Model:
    parameters = TrainingParameters(algorithm=algorithm, feature_transformation=features or KEEP_ALL)
    return RECIPES["aws-sims"].train(data, parameters).model


def like(model: Model, item: str, k: int) -> list[str]:
    return model.items.strings(model.scores(Query(item_id=item)).top(k)[0])


def companions() -> TrainingData:
    """x goes with "hit" 12 times of its many, with "rare" 6 times of 6, and twice with "odd"."""
    return world(
        [["x", "hit"]] * 12 + [["x", "rare"]] * 6 + [["x", "odd"]] * 2 + [["hit", f"o{user}"] for user in range(60)]
    )


def test_popularity_discount_turns_from_the_most_frequent_to_the_most_faithful_companion() -> None:
    data = companions()
    assert like(sims(data, popularity_discount_factor="0.0"), "x", 1) == ["hit"]
    assert like(sims(data, popularity_discount_factor="1.0"), "x", 1) == ["rare"]


@pytest.mark.parametrize(("fewest", "related"), [("0", 3), ("3", 2), ("7", 1), ("10", 1)])
def test_companions_of_too_few_users_are_none(fewest: str, related: int) -> None:
    data = companions()
    model = sims(data, min_cointeraction_count=fewest)
    logits = model.scores(Query(item_id="x")).dense()
    assert np.count_nonzero(logits > 0) == related


def test_items_outside_the_percentiles_are_related_to_nothing() -> None:
    data = two_tastes()
    counts = np.bincount(data.interactions.item)
    most = data.items[int(counts.argmax())]
    model = sims(data, features={**KEEP_ALL, "max_item_interaction_count_percentile": "0.5"})
    cut = np.quantile(counts, 0.5, method="higher")
    answer = like(model, "a1" if counts[1] <= cut else "a2", 30)
    assert not (model.scores(Query(item_id=most)).dense() > 0).any()
    assert most in answer, "it comes after the neighbours, with the popular items"


def test_what_the_percentiles_leave_out_is_popular_all_the_same() -> None:
    data = companions()
    model = sims(data, features={**KEEP_ALL, "max_item_interaction_count_percentile": "0.9"})
    assert like(model, "a strange thing", 1) == ["hit"]


def test_users_outside_the_percentiles_teach_nothing() -> None:
    data = world([["x", "y"]] * 30 + [["x", "z", *(f"f{step}" for step in range(30))]] * 5)
    everyone, some = (
        sims(data, features={**KEEP_ALL, "max_user_history_length_percentile": high}) for high in ("1.0", "0.5")
    )
    assert (everyone.scores(Query(item_id="z")).dense() > 0).any()
    assert not (some.scores(Query(item_id="z")).dense() > 0).any()


def test_sims_knows_no_metadata() -> None:
    data = two_tastes()
    kinds = Categorical(codes=np.arange(20, dtype=np.int32) % 2, values=("even", "odd"))
    plain, furnished = sims(data), sims(replace(data, item_metadata={"KIND": kinds}))
    np.testing.assert_array_equal(plain.arrays()[0]["neighbours.values"], furnished.arrays()[0]["neighbours.values"])


def library(*, with_text: bool = True, interactions: bool = True) -> TrainingData:
    """Books on sailing (s0..s4) and on bread (t0..t4); users mix them."""
    names = [f"{letter}{number}" for letter in "st" for number in range(5)]
    histories = [[names[user % 5], names[5 + user % 5]] for user in range(20)] if interactions else []
    data = world(histories, unseen=names)
    texts = Text(values=tuple("the sea and ships" if name[0] == "s" else "the oven and flour" for name in names))
    kinds = Categorical(codes=np.array([int(name[0] == "t") for name in names], np.int32), values=("s", "t"))
    age = Numeric(values=np.array([1_700_000_000.0 - 86_400 * number for number in range(10)]))
    return replace(data, item_metadata={"ABOUT": texts if with_text else kinds, "CREATION_TIMESTAMP": age})


@pytest.mark.parametrize("with_text", [True, False])
@pytest.mark.parametrize("interactions", [True, False])
def test_items_are_alike_by_what_they_say_whoever_has_them(with_text: bool, interactions: bool) -> None:
    data = library(with_text=with_text, interactions=interactions)
    done = RECIPES["aws-semantic-similarity"].train(data, TrainingParameters())
    for item in ("s0", "t4"):
        near = like(done.model, item, 4)
        assert {other[0] for other in near} == {item[0]}
        assert item not in near
    expected = ["item_freshness", "item_popularity", "item_similarity"]
    assert list(done.metrics) == [name for name in expected if interactions or name != "item_popularity"]
    assert all(0 < value <= 1 for value in done.metrics.values())
    assert done.metrics["item_freshness"] == pytest.approx(0.5, abs=0.05) if not interactions else True


def test_items_that_say_nothing_cannot_be_compared() -> None:
    with pytest.raises(Untrainable, match="no text"):
        RECIPES["aws-semantic-similarity"].train(two_tastes(), TrainingParameters())


def test_a_trend_is_foretold_as_far_as_the_popular_items_grow() -> None:
    old = [["p0"]] * 30 + [["p1"]] * 20
    data = world([*old, *[["new"]] * 6, *[["p1"]] * 3])
    hours = np.array([0] * 50 + [10] * 9) * 3600
    data = replace(data, interactions=replace(data.interactions, timestamp=hours))
    for items, expected in ((25, 3 / 9), (1, 0.0)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("personalize_local.recipes._trending.LIST_LENGTH", items)
            for frequency in ("1 hour", "1h", "30 min", "3 hours"):
                parameters = TrainingParameters(feature_transformation={"trend_discovery_frequency": frequency})
                metrics = RECIPES["aws-trending-now"].train(data, parameters).metrics
                assert metrics["trend_prediction_accuracy"] == pytest.approx(expected, abs=1e-4)
    slow = TrainingParameters(feature_transformation={"trend_discovery_frequency": "1 day"})
    assert RECIPES["aws-trending-now"].train(data, slow).metrics["trend_prediction_accuracy"] == 0, (
        "nothing came before"
    )


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("aws-ecomm-popular-items-by-views", "often"),
        ("aws-ecomm-popular-items-by-purchases", "often"),
        ("aws-vod-most-popular", "many"),
        ("aws-popularity-count", "many"),
    ],
)
def test_some_use_cases_count_events_and_others_users(name: str, first: str) -> None:
    data = world([["often"] * 20, *[["many"]] * 10])
    items, _ = RECIPES[name].train(data, TrainingParameters()).model.scores(Query(user_id="u3")).top(1)
    assert data.items.strings(items) == [first]
