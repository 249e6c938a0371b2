"""Segments: who wants an item or an attribute, and how that is measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from personalize_local.engine.data import Categorical, MultiCategorical, Numeric, Text, TrainingData
from personalize_local.recipes import RECIPES
from personalize_local.recipes._segments import _split, attribute_groups, segment_metrics
from personalize_local.recipes.base import TrainingParameters, Untrainable
from personalize_local.recipes.segments import interests
from tests.recipes.worlds import two_tastes, world

ITEM, ATTRIBUTE = RECIPES["aws-item-affinity"], RECIPES["aws-item-attribute-affinity"]


def tasteful(n_users: int = 200) -> TrainingData:
    """Two tastes, and the taste of each item as its KIND."""
    data = two_tastes(n_users)
    codes = np.array([int(item[0] == "b") for item in data.items], np.int32)
    return replace(data, item_metadata={"KIND": Categorical(codes=codes, values=("a", "b"))})


def test_the_users_of_a_taste_come_first_for_its_items() -> None:
    data = tasteful()
    model = ITEM.train(data, TrainingParameters()).model
    groups = [data.items.indexes([name]) for name in ("a3", "b7")]
    found = interests(model, groups)
    assert found.shape == (200, 2)
    for number in range(2):
        best = np.argsort(-found[:, number])[:20]
        assert {int(user) % 2 for user in best} == {number}


def test_the_users_of_a_taste_come_first_for_its_attribute_and_interests_add_up() -> None:
    data = tasteful()
    done = ATTRIBUTE.train(data, TrainingParameters())
    groups = attribute_groups(data.item_metadata["KIND"])
    found = interests(done.model, groups, np.array([0, 1, 2, 3]))
    assert (found[[0, 2], 0] > 0.8).all()
    assert (found[[1, 3], 1] > 0.8).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    assert done.metrics["hits_at_1_percent"] == 2, "each of the two users found for a taste has it"
    assert done.metrics["recall_at_1_percent"] == pytest.approx(0.02)
    assert done.metrics["coverage"] == pytest.approx(0.02)


def test_hits_are_users_and_recall_is_the_share_of_those_who_want_it() -> None:
    interest = np.zeros((200, 2), np.float32)
    interest[[3, 4], 0] = 1, 2
    interest[[4, 5], 1] = 1, 2
    wanted = np.zeros((200, 2), bool)
    wanted[[3, 4, 7, 8], 0] = True
    wanted[[5], 1] = True
    assert segment_metrics(interest, wanted) == {
        "coverage": 0.015,
        "hits_at_1_percent": 1.5,
        "recall_at_1_percent": 0.75,
    }
    few = segment_metrics(interest[:10], wanted[:10])
    assert few == {"coverage": 0.2, "hits_at_1_percent": 1.0, "recall_at_1_percent": 0.625}, "one user at least"


def test_the_newest_fifth_of_everyone_is_held_out_and_the_oldest_stays() -> None:
    data = world([[f"i{step}" for step in range(10)], ["i0", "i1"], ["i5"], ["i0", "i1", "i2"]])
    split = _split(data)
    held = sorted(zip(split.user.tolist(), data.items.strings(split.item), strict=True))
    assert held == [(0, "i8"), (0, "i9"), (3, "i2")]
    assert len(split.learned.interactions) == 13
    assert (np.diff(split.learned.interactions.timestamp) >= 0).all()


@pytest.mark.parametrize(
    ("column", "groups"),
    [
        (Categorical(codes=np.array([0, 1, -1, 0], np.int32), values=("x", "y")), [[0, 3], [1]]),
        (Categorical(codes=np.array([0, 0, -1, 0], np.int32), values=("x",)), []),
        (Categorical(codes=np.array([0, 1, 2, 3], np.int32), values=("w", "x", "y", "z")), []),
        (Numeric(values=np.array([5.0, 2.0, 5.0, np.nan])), [[1], [0, 2]]),
        (Numeric(values=np.full(4, np.nan)), []),
        (
            MultiCategorical(
                indptr=np.array([0, 2, 2, 3, 4]), codes=np.array([0, 1, 1, 1], np.int32), values=("x", "y")
            ),
            [[0], [0, 2, 3]],
        ),
        (Text(values=("x", "x", "y", "z")), []),
    ],
    ids=["categories", "all the same", "all distinct", "numbers", "null throughout", "several at once", "text"],
)
def test_an_attribute_groups_items_unless_its_values_are_all_the_same_or_all_distinct(
    column: Categorical | Numeric | MultiCategorical | Text, groups: list[list[int]]
) -> None:
    assert [group.tolist() for group in attribute_groups(column)] == groups


@pytest.mark.parametrize("name", ["CREATION_TIMESTAMP", "KIND"])
def test_without_an_attribute_to_train_on_the_service_says_so(name: str) -> None:
    repeated = Numeric(values=np.array([1.0, 2.0] * 10))
    columns = {name: repeated if name == "CREATION_TIMESTAMP" else Numeric(values=np.zeros(20))}
    with pytest.raises(Untrainable, match="Did not find any attribute to train on"):
        ATTRIBUTE.train(replace(two_tastes(), item_metadata=columns), TrainingParameters())


def test_more_items_than_are_measured_and_more_users_are_sampled_alike_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personalize_local.recipes._segments._MOST_USERS", 30)
    monkeypatch.setattr("personalize_local.recipes._segments._MOST_GROUPS", 4)
    once, again = (ITEM.train(tasteful(), TrainingParameters(seed=3)).metrics for _ in range(2))
    assert once == again
    assert once["coverage"] <= 4 / 30 + 1e-4
