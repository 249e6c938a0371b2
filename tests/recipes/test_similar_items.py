"""Similar items: who had both, how popularity is discounted, and metadata for items with little data."""

from __future__ import annotations

import numpy as np
import pytest

from personalize_local.engine.data import Categorical, TrainingData
from personalize_local.recipes import RECIPES
from personalize_local.recipes.base import Model, Query, TrainingParameters
from tests.recipes.worlds import two_tastes, world

RECIPE = RECIPES["aws-similar-items"]


def train(data: TrainingData, **algorithm: str) -> Model:
    return RECIPE.train(data, TrainingParameters(algorithm=algorithm)).model


def like(model: Model, item: str, k: int) -> list[str]:
    items, _ = model.scores(Query(item_id=item)).top(k)
    return model.items.strings(items)


def test_the_neighbours_of_an_item_are_of_its_taste_and_never_itself() -> None:
    model = train(two_tastes())
    for item in ("a0", "a7", "b3"):
        near = like(model, item, 9)
        assert {other[0] for other in near} == {item[0]}
        assert item not in near
        assert like(model, item, 20)[-1] == item


def test_the_user_changes_nothing() -> None:
    model = train(two_tastes())
    plain = model.scores(Query(item_id="a1")).dense()
    asked = model.scores(Query(item_id="a1", user_id="u1", events=["b1"], context={"DEVICE": "tv"})).dense()
    np.testing.assert_array_equal(plain, asked)


def test_discounting_popularity_turns_from_the_most_frequent_to_the_most_faithful_companion() -> None:
    hits = [["x", "hit"]] * 12 + [["x", "rare", "hit"]] * 6 + [["hit", f"other{user}"] for user in range(60)]
    for factor, first in (("0.0", "hit"), ("1.0", "rare")):
        assert like(train(world(hits), popularity_discount_factor=factor), "x", 1) == [first]


def test_what_is_had_next_to_an_item_goes_with_it_before_what_is_had_long_after() -> None:
    random = np.random.default_rng(2)

    def histories(*, in_order: bool) -> list[list[str]]:
        """Everybody has all of ten pairs; the second of a pair right behind the first, or anywhere."""
        made = []
        for _ in range(80):
            pairs = [[f"p{pair}", f"q{pair}"] for pair in random.permutation(10)]
            items = [item for pair in pairs for item in pair]
            made.append(items if in_order else random.permutation(items).tolist())
        return made

    names = [f"p{pair}" for pair in range(10)]
    for recipe in ("aws-similar-items", "aws-ecomm-frequently-bought-together"):
        model = RECIPES[recipe].train(world(histories(in_order=True)), TrainingParameters()).model
        assert [like(model, name, 1) for name in names] == [[f"q{name[1:]}"] for name in names]
    mixed = train(world(histories(in_order=False)))
    assert [like(mixed, name, 1) for name in names] != [[f"q{name[1:]}"] for name in names]


@pytest.mark.parametrize(("name", "item"), [("item_id_hidden_dim", "a1"), ("item_metadata_hidden_dim", "a-cold0000")])
def test_the_sizes_of_embeddings_are_how_many_items_go_with_each(name: str, item: str) -> None:
    """Two in a dimension here: 60 of the 200 items that everybody had, or of the 300 of one kind."""
    data = with_cold_items(600)
    users = [[f"a{number}" for number in range(200)] for _ in range(3)]
    histories = [*users, *[["b0", "b1"]] * 30]
    data = world(histories, unseen=[name for name in data.items if "cold" in name])
    kinds = Categorical(codes=np.array([int(one[0] == "b") for one in data.items], np.int32), values=("a", "b"))
    data = world(histories, unseen=list(data.items), metadata={"KIND": kinds} if "metadata" in name else {})
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("personalize_local.recipes.related_items._IN_A_DIMENSION", 2)
        for size, rest in (("30", "30"), ("50", "30"), ("30", "50")):
            sizes = {"item_id_hidden_dim": rest, "item_metadata_hidden_dim": rest, name: size}
            found[size, rest] = np.count_nonzero(train(data, **sizes).scores(Query(item_id=item)).dense() > 0)
    assert found == {("30", "30"): 60, ("50", "30"): 100, ("30", "50"): 60}


def with_cold_items(n_cold: int) -> TrainingData:
    """Two tastes and ``n_cold`` items without interactions; KIND is the first letter of every item."""
    base = two_tastes()
    histories = [
        base.items.strings(base.interactions.item[base.interactions.user == user]) for user in range(len(base.users))
    ]
    cold = [f"{'ab'[number % 2]}-cold{number:04d}" for number in range(n_cold)]
    data = world(histories, unseen=cold)
    kinds = Categorical(codes=np.array([int(item[0] == "b") for item in data.items], np.int32), values=("a", "b"))
    return world(histories, unseen=cold, metadata={"KIND": kinds})


@pytest.mark.parametrize("n_cold", [4, 530], ids=["a few", "more than are compared at a time"])
def test_items_without_interactions_have_neighbours_of_like_metadata(n_cold: int) -> None:
    model = train(with_cold_items(n_cold))
    for item in ("a-cold0000", "b-cold0003", f"{'ab'[(n_cold - 1) % 2]}-cold{n_cold - 1:04d}"):
        near = like(model, item, 8)
        assert {other[0] for other in near} == {item[0]}
        assert item not in near


def test_items_with_enough_interactions_keep_to_who_had_both() -> None:
    model = train(with_cold_items(6))
    near = like(model, "a1", 9)
    assert not [item for item in near if "cold" in item]
    assert {item[0] for item in near} == {"a"}


def test_an_item_of_a_single_interaction_draws_on_both() -> None:
    histories = [["rare", "friend"]] + [["friend", "crowd"], ["twin", "crowd"]] * 20
    kinds = {"rare": 0, "twin": 0, "friend": 1, "crowd": 1}
    items = sorted(kinds)
    column = Categorical(codes=np.array([kinds[item] for item in items], np.int32), values=("k0", "k1"))
    model = train(world(histories, metadata={"KIND": column}))
    assert set(like(model, "rare", 2)) == {"twin", "friend"}
    assert like(model, "rare", 1) == ["twin"], "one interaction of five weighs less than the metadata"
    assert like(train(world(histories)), "rare", 1) == ["friend"]


def test_metadata_decide_between_companions_and_count_less_the_warmer_an_item_is() -> None:
    def companions(times: int) -> TrainingData:
        """x goes with y and z alike; z is of its kind."""
        histories = [["x", "y", "z"], ["x", "z", "y"]] * (times // 2) + [["y", "far"], ["z", "far"]] * 10
        kinds = {"x": 0, "z": 0, "y": 1, "far": 1}
        column = Categorical(codes=np.array([kinds[item] for item in sorted(kinds)], np.int32), values=("k0", "k1"))
        return world(histories, metadata={"KIND": column})

    for recipe in ("aws-similar-items", "aws-vod-more-like-x"):
        leads = []
        for times in (6, 20, 60):
            model = RECIPES[recipe].train(companions(times), TrainingParameters()).model
            y, z = model.scores(Query(item_id="x")).logits_of(model.items.indexes(["y", "z"]))
            leads.append(z - y)
        assert leads[0] > leads[1] > 0
        assert leads[2] == pytest.approx(0, abs=1e-5)
    without = RECIPES["aws-vod-because-you-watched-x"].train(companions(6), TrainingParameters()).model
    y, z = without.scores(Query(item_id="x")).logits_of(without.items.indexes(["y", "z"]))
    assert y == pytest.approx(z, abs=1e-5)
