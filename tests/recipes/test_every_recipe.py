"""What holds for each registered recipe of items: catalogue, probabilities, metrics, storing, and too small worlds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.engine.data import Categorical, Text, TrainingData
from personalize_local.recipes import RECIPES
from personalize_local.recipes.base import Model, Query, Recipe, Trained, TrainingParameters, Untrainable
from personalize_local.store.artifacts import Artifacts
from tests.recipes.worlds import chain, ladder, random_world, two_tastes, world

NAMES = [name for name, recipe in RECIPES.items() if recipe.available and recipe.type != "PERSONALIZED_ACTIONS"]
LEGACY = [name for name, recipe in RECIPES.items() if not recipe.available]
EIGHT = [
    "coverage",
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "precision_at_10",
    "precision_at_25",
    "precision_at_5",
]
TREND = [*EIGHT, "trend_prediction_accuracy"]
SEGMENTS = ["coverage", "hits_at_1_percent", "recall_at_1_percent"]
KEYS = {
    **dict.fromkeys(NAMES, EIGHT),
    **dict.fromkeys(("aws-item-affinity", "aws-item-attribute-affinity"), SEGMENTS),
    **dict.fromkeys(("aws-trending-now", "aws-vod-trending-now"), TREND),
    "aws-semantic-similarity": ["item_popularity", "item_similarity"],
}
BY_EVENTS = (
    "aws-ecomm-popular-items-by-purchases",
    "aws-ecomm-popular-items-by-views",
    "aws-trending-now",
    "aws-vod-trending-now",
)
WORLDS = {"two tastes": two_tastes, "a chain": chain, "a ladder": ladder, "chance": lambda: random_world(1)}


@pytest.fixture(params=NAMES)
def recipe(request: pytest.FixtureRequest) -> Recipe:
    return RECIPES[request.param]


def furnished(recipe: Recipe, data: TrainingData) -> TrainingData:
    """``data`` with the metadata that the recipe cannot do without."""
    if "ITEMS" not in recipe.required_datasets:
        return data
    codes = np.arange(len(data.items), dtype=np.int32) % 2
    columns = {
        "KIND": Categorical(codes=codes, values=("even", "odd")),
        "TITLE": Text(values=tuple(f"title {'even' if code == 0 else 'odd'}" for code in codes)),
    }
    return replace(data, item_metadata=columns)


def learned(recipe: Recipe, data: TrainingData, seed: int = 0) -> Trained:
    return recipe.train(furnished(recipe, data), TrainingParameters(seed=seed))


def trained(recipe: Recipe, data: TrainingData, seed: int = 0) -> Model:
    return learned(recipe, data, seed).model


def questions(data: TrainingData) -> list[Query]:
    """Known and unknown users, items and sessions."""
    first, last = data.items[0], data.items[len(data.items) - 1]
    return [
        Query(),
        Query(user_id="u0", item_id=first),
        Query(user_id="u1", item_id=last, events=[last, "never heard of", first]),
        Query(user_id="a stranger", item_id="a strange thing"),
        Query(user_id="a session", item_id=first, events=[first] * 150),
        Query(user_id="u0", item_id=first, context={"DEVICE": "tv", "OTHER": "x"}),
        Query(user_id="u0", item_id=first, context={"DEVICE": "no such value"}),
    ]


def answers(model: Model, data: TrainingData) -> list[tuple[list[int], list[float]]]:
    found = []
    for query in questions(data):
        items, probabilities = model.scores(query).top(len(data.items))
        found.append((items.tolist(), probabilities.tolist()))
    return found


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_every_answer_is_the_catalogue_in_falling_order_with_probabilities_of_one_in_all(
    recipe: Recipe, name: str
) -> None:
    data = WORLDS[name]()
    model = trained(recipe, data)
    assert list(model.items) == list(data.items)
    for items, probabilities in answers(model, data):
        assert sorted(items) == list(range(len(data.items)))
        assert probabilities == sorted(probabilities, reverse=True)
        assert sum(probabilities) == pytest.approx(1, abs=1e-5)


@given(seed=st.integers(0, 10_000), k=st.integers(0, 40))
@settings(max_examples=8, deadline=None)
@pytest.mark.parametrize("name", NAMES)
def test_in_any_world_the_best_k_are_the_first_of_all_and_come_out_alike_twice(name: str, seed: int, k: int) -> None:
    data = random_world(seed, n_users=seed % 40 + 1, n_items=seed % 29 + 1)
    model, again = (trained(RECIPES[name], data, seed) for _ in range(2))
    for query in questions(data):
        items, probabilities = model.scores(query).top(k)
        every, _ = model.scores(query).top(len(data.items))
        assert items.tolist() == every[:k].tolist()
        others, other_probabilities = again.scores(query).top(k)
        assert (others.tolist(), other_probabilities.tolist()) == (items.tolist(), probabilities.tolist())


def test_a_stored_model_gives_the_same_answers(recipe: Recipe, tmp_path: Path) -> None:
    data = random_world(2)
    model = trained(recipe, data)
    store = Artifacts(tmp_path)
    store.write("model", *model.arrays())
    loaded = recipe.load(*store.open("model"))
    assert answers(loaded, data) == answers(model, data)
    arrays, facts = loaded.arrays()
    before, facts_before = model.arrays()
    assert json.loads(json.dumps(facts)) == json.loads(json.dumps(facts_before))
    assert sorted(arrays) == sorted(before)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, before[name])
        assert array.dtype == before[name].dtype


def test_metrics_have_the_names_of_the_recipe_in_order_and_lie_between_zero_and_one(recipe: Recipe) -> None:
    metrics = learned(recipe, two_tastes()).metrics
    assert list(metrics) == KEYS[recipe.name]
    assert all(0 <= value <= 1 and type(value) is float and value == round(value, 4) for value in metrics.values())
    assert metrics.get("coverage", 1) > 0


@pytest.mark.parametrize(
    "histories",
    [
        [["x"]],
        [["x", "x"]],
        [["x", "y"], ["y"]],
        [["x", "y", "z"]],
        [["x", "y"], [], ["y", "z", "x"], ["z"]],
        [[f"i{(user + step) % 4}" for step in range(2)] for user in range(5)],
        [["x"]] * 30,
    ],
    ids=["one event", "one item", "two users", "one user", "a user without events", "ten events", "thirty alike"],
)
def test_a_world_that_is_too_small_still_trains_and_answers(recipe: Recipe, histories: list[list[str]]) -> None:
    data = world(histories, unseen=["cold"])
    if recipe.name == "aws-item-attribute-affinity" and len(data.items) < 3:
        with pytest.raises(Untrainable, match="either have same or all distinct values"):
            learned(recipe, data)
        return
    done = learned(recipe, data)
    assert list(done.metrics) == KEYS[recipe.name]
    for items, probabilities in answers(done.model, data):
        assert sorted(items) == list(range(len(data.items)))
        assert np.isfinite(probabilities).all()


def test_a_world_without_interactions_answers_with_its_catalogue(recipe: Recipe) -> None:
    data = world([], unseen=["x", "y", "z"])
    model = trained(recipe, data)
    # What is like an unknown thing is not known even of texts.
    expected = [] if recipe.name == "aws-semantic-similarity" else [0, 1, 2]
    assert model.scores(Query(user_id="u", item_id="nothing")).top(5)[0].tolist() == expected


def test_who_and_what_is_unknown_is_answered_with_popularity(recipe: Recipe) -> None:
    data = ladder()
    scores = trained(recipe, data).scores(Query(user_id="a stranger", item_id="a strange thing", events=["nothing"]))
    best = [data.items[int(item)] for item in scores.top(3)[0]]
    by_events = recipe.realtime or recipe.segments or recipe.name in BY_EVENTS
    expected = ["p5", "p0", "p1"] if by_events else ["p0", "p1", "p2"]  # by interactions, or by users
    assert best == expected


def test_a_parameter_that_is_not_declared_is_refused(recipe: Recipe) -> None:
    for given_ in ({"algorithm": {"depth": "3"}}, {"feature_transformation": {"depth": "3"}}):
        with pytest.raises(ValueError, match="depth"):
            recipe.train(furnished(recipe, two_tastes()), TrainingParameters(**given_))


@pytest.mark.parametrize("name", LEGACY)
def test_a_recipe_that_is_no_longer_to_be_had_still_learns(name: str) -> None:
    assert list(learned(RECIPES[name], two_tastes()).metrics) == EIGHT
