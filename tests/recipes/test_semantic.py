"""Semantic similarity: what ranking influence does, and how items that change are taken in."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from personalize_local.engine.data import Numeric, Text, TrainingData
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.recipes import RECIPES
from personalize_local.recipes._semantic import SemanticModel
from personalize_local.recipes.base import Query, TrainingParameters
from tests.recipes.worlds import world

DAY = 86_400.0
TEXTS = {
    "asked": "salt sea ships harbour sailors",
    "near": "salt sea ships harbour bread",
    "new": "salt sea ships oven flour",
    "hit": "salt sea oven flour bread",
    "other": "garden flowers bees honey",
    "else": "garden flowers spade",
}


def shelf(texts: dict[str, str], histories: list[list[str]] | None = None) -> TrainingData:
    """Books with these texts. "new" was made last, "hit" is had by most."""
    had = [["hit"]] * 30 + [["near"]] if histories is None else histories
    data = world(had, unseen=list(texts))
    ages = {"new": 0.0, "other": 0.0}
    names = [data.items[place] for place in range(len(data.items))]
    created = Numeric(values=np.array([1_700_000_000 - DAY * ages.get(name, 100.0) for name in names]))
    about = Text(values=tuple(texts.get(name, "") for name in names))
    return replace(data, item_metadata={"ABOUT": about, "CREATION_TIMESTAMP": created})


def train(data: TrainingData) -> SemanticModel:
    model = RECIPES["aws-semantic-similarity"].train(data, TrainingParameters()).model
    assert isinstance(model, SemanticModel)
    return model


def like(model: SemanticModel, item: str, k: int = 3, **influence: float) -> list[str]:
    return model.items.strings(model.scores(Query(item_id=item, influence=influence)).top(k)[0])


def test_freshness_and_popularity_reorder_what_is_alike_as_far_as_they_are_asked_to() -> None:
    model = train(shelf(TEXTS))
    assert like(model, "asked") == ["near", "new", "hit"]
    assert like(model, "asked", FRESHNESS=0.0, POPULARITY=0.0) == ["near", "new", "hit"]
    assert like(model, "asked", FRESHNESS=1.0)[0] == "new"
    assert like(model, "asked", POPULARITY=1.0)[0] == "hit"
    assert like(model, "asked", FRESHNESS=0.05, POPULARITY=0.05)[0] == "near"
    assert like(model, "asked", FRESHNESS=1.0, POPULARITY=1.0)[2] == "near", "both count at once"


def test_what_is_not_alike_stays_behind_however_fresh_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    model = train(shelf(TEXTS))
    assert set(like(model, "asked", FRESHNESS=1.0, POPULARITY=1.0)) == {"near", "new", "hit"}
    monkeypatch.setattr("personalize_local.recipes._semantic.NEIGHBOURS", 1)
    assert like(model, "asked", FRESHNESS=1.0, POPULARITY=1.0) == ["near", "new", "hit"]


def test_freshness_and_popularity_are_in_0_to_1() -> None:
    model = train(shelf(TEXTS))
    at = {name: model.items.get(name) for name in TEXTS}
    assert model.freshness[at["near"]] == 0
    assert model.freshness[at["new"]] == pytest.approx(1, abs=1e-6)
    assert model.interactions[at["hit"]] == 1
    assert model.interactions[at["near"]] == pytest.approx(1 / 30)
    unknown = shelf(TEXTS)
    dates = unknown.item_metadata["CREATION_TIMESTAMP"]
    assert isinstance(dates, Numeric)
    dates.values[unknown.items.get("new")] = np.nan
    assert train(unknown).freshness[unknown.items.get("new")] == 0


def test_an_unknown_item_gets_the_popular_ones_and_nothing_where_nothing_is_popular() -> None:
    assert like(train(shelf(TEXTS)), "a strange thing", 2) == ["hit", "near"]
    quiet = train(shelf(TEXTS, []))
    assert like(quiet, "a strange thing", 2) == []
    assert like(quiet, "asked", 1) == ["near"]


def test_new_changed_and_removed_items_are_taken_in_and_nothing_else_is() -> None:
    trained = train(shelf(TEXTS))
    texts = {
        "added": "harbour sailors salt sea ships",
        **{name: text for name, text in TEXTS.items() if name != "near"},
        "other": "sailors harbour salt",
    }
    renewed = trained.with_items(shelf(texts, [["other"]] * 50))
    assert like(renewed, "asked", 4) == ["added", "other", "new", "hit"]
    assert like(renewed, "added", 1) == ["asked"]
    assert not (renewed.likeness.to(renewed.items.get("near")) > 0).any()
    known = len(trained.items)
    assert [renewed.items[place] for place in range(known)] == [trained.items[place] for place in range(known)]
    # Freshness and popularity are those of the training; the item that came since has none.
    np.testing.assert_array_equal(renewed.freshness, [*trained.freshness, 0])
    np.testing.assert_array_equal(renewed.interactions, [*trained.interactions, 0])
    assert like(renewed, "asked", 2, POPULARITY=1.0) == ["hit", "added"]
    assert like(trained, "asked", 3) == ["near", "new", "hit"], "what is served stays as it is"


def test_items_whose_texts_have_gone_change_nothing() -> None:
    trained = train(shelf(TEXTS))
    assert trained.with_items(replace(shelf(TEXTS), item_metadata={})) is trained


def test_ten_thousand_items_train_in_seconds_and_answer_in_milliseconds() -> None:
    random = np.random.default_rng(0)
    words = random.zipf(1.3, (10_000, 30)) % 20_000
    texts = tuple(" ".join(f"w{word}" for word in row) for row in words)
    data = replace(
        world([]),
        items=Vocabulary.from_strings(f"i{n}" for n in range(10_000)),
        item_metadata={"A": Text(values=texts)},
    )
    begun = time.process_time()
    model = train(data)
    trained = time.process_time()
    for number in range(100):
        model.scores(Query(item_id=f"i{number}", influence={"FRESHNESS": 0.5})).top(25)
    # A tenth of the size that is to take less than a minute, with room for a slow machine.
    assert trained - begun < 6
    assert time.process_time() - trained < 2
