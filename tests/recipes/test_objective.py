"""A business objective: items that are worth more rise, as far as the sensitivity says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from personalize_local.engine.data import Categorical, Numeric, TrainingData
from personalize_local.recipes import RECIPES
from personalize_local.recipes._objective import item_bonus, item_rewards
from personalize_local.recipes.base import (
    Model,
    Objective,
    Query,
    Sensitivity,
    Trained,
    TrainingParameters,
    Untrainable,
)
from personalize_local.store.artifacts import Artifacts
from tests.recipes.worlds import two_tastes

V1 = [name for name, recipe in RECIPES.items() if recipe.available and recipe.objective]
SENSITIVITIES: list[Sensitivity] = ["OFF", "LOW", "MEDIUM", "HIGH"]


@pytest.fixture
def data() -> TrainingData:
    """Two tastes; items of even number are worth 10, the others 1."""
    plain = two_tastes()
    return replace(plain, item_metadata={"MARGIN": Numeric(values=np.array([10.0, 1.0] * 10))})


def train(data: TrainingData, sensitivity: Sensitivity | None, name: str = V1[0]) -> Trained:
    objective = None if sensitivity is None else Objective(attribute="margin", sensitivity=sensitivity)
    return RECIPES[name].train(data, TrainingParameters(objective=objective))


def worth(model: Model, data: TrainingData, **query: object) -> float:
    """The mean worth of the first six items."""
    items, _ = model.scores(Query(**query)).top(6)  # type: ignore[arg-type]  # the fields of a query
    column = data.item_metadata["MARGIN"]
    assert isinstance(column, Numeric)
    return float(column.values[items].mean())


@pytest.mark.parametrize("name", V1)
def test_off_learns_what_is_learned_without_an_objective(name: str, data: TrainingData) -> None:
    plain, off = train(data, None, name), train(data, "OFF", name)
    arrays, facts = plain.model.arrays()
    others, other_facts = off.model.arrays()
    assert facts == other_facts
    assert sorted(arrays) == sorted(others)
    for key, array in arrays.items():
        np.testing.assert_array_equal(array, others[key])
    extra = dict(off.metrics)
    assert 0 < extra.pop("average_rewards_at_k") <= 1
    assert extra == plain.metrics


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("query", [{"user_id": "u0"}, {"events": ["b1", "b3"]}, {"user_id": "a stranger"}])
def test_the_more_sensitive_the_more_the_valued_items_rise(
    data: TrainingData, query: dict[str, object], large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if large:
        monkeypatch.setattr("personalize_local.engine.transitions.DENSE_ITEMS", 0)
        monkeypatch.setattr("personalize_local.recipes._personal_sums.DENSE_ITEMS", 0)
        monkeypatch.setattr("personalize_local.recipes._personal_model._POPULAR", 10)
    found = [worth(train(data, sensitivity).model, data, **query) for sensitivity in SENSITIVITIES]
    assert found == sorted(found)
    assert found[-1] == 10 > found[0]


def test_medium_weighs_objective_and_relevance_alike(data: TrainingData) -> None:
    model = train(data, "MEDIUM").model
    items, _ = model.scores(Query(events=["a1", "a3"])).top(4)
    names = model.items.strings(items)
    assert all(name[0] == "a" for name in names), "the taste still counts"
    assert all(int(name[1]) % 2 == 0 for name in names), "and so does the worth"


def test_the_objective_is_stored_with_the_model(data: TrainingData, tmp_path: Path) -> None:
    model = train(data, "HIGH").model
    store = Artifacts(tmp_path)
    store.write("model", *model.arrays())
    loaded = RECIPES[V1[0]].load(*store.open("model"))
    for query in (Query(user_id="u3"), Query()):
        np.testing.assert_array_equal(loaded.scores(query).dense(), model.scores(query).dense())


def test_null_is_worth_as_little_as_the_least_and_nothing_is_worth_less_than_nothing() -> None:
    base = two_tastes()
    values = np.array([5.0, np.nan, 2.0] + [3.0] * 17)
    asked = Objective(attribute="PRICE")
    assert item_rewards(replace(base, item_metadata={"PRICE": Numeric(values=values)}), asked).tolist()[:3] == [5, 2, 2]
    assert item_rewards(replace(base, item_metadata={"PRICE": Numeric(values=-values)}), asked).tolist()[:3] == [
        0,
        0,
        3,
    ]


def test_an_enormous_value_is_held_back_and_no_difference_is_no_bonus() -> None:
    bonus = item_bonus(np.array([1e9] + [1.0, 2.0] * 50), "MEDIUM")
    assert bonus is not None
    assert bonus.max() == 3
    assert item_bonus(np.full(4, 7.0), "HIGH") is None


@pytest.mark.parametrize(
    "column",
    [None, Numeric(values=np.full(20, np.nan)), Categorical(codes=np.zeros(20, np.int32), values=("x",))],
    ids=["missing", "null throughout", "no number"],
)
def test_a_column_that_tells_no_worth_fails_the_training(column: Numeric | Categorical | None) -> None:
    data = replace(two_tastes(), item_metadata={} if column is None else {"MARGIN": column})
    with pytest.raises(Untrainable, match="margin"):
        train(data, "LOW")
