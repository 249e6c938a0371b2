"""Items of like metadata: every kind of column, and more items than are compared at a time."""

from __future__ import annotations

import numpy as np
import pytest

from personalize_local.engine.data import Categorical, Column, MultiCategorical, Numeric, Text
from personalize_local.engine.metadata import item_features, metadata_neighbours, text_features

GENRES = Categorical(codes=np.array([0, 0, 1, 1, -1], np.int32), values=("war", "love"))
TAGS = MultiCategorical(
    indptr=np.array([0, 2, 4, 5, 6, 6]), codes=np.array([0, 1, 1, 0, 2, 2], np.int32), values=("a", "b", "c")
)
YEARS = Numeric(values=np.array([1950.0, 1950.0, 2020.0, 2020.0, np.nan]))
PLOTS = Text(values=("Tanks roll east", "the tanks", "A kiss at dawn", "one kiss", ""))


@pytest.mark.parametrize("column", [GENRES, TAGS, YEARS, PLOTS], ids=["category", "categories", "number", "text"])
def test_items_of_a_kind_are_each_others_neighbours(column: Column) -> None:
    features = item_features({"COLUMN": column}, 5)
    assert features is not None
    table = metadata_neighbours(features, np.arange(5), 1)
    assert table.indexes[:4, 0].tolist() == [1, 0, 3, 2]
    assert (table.values[:4, 0] > 0).all()
    assert table.values[4, 0] == 0, "an item without metadata has no neighbours"
    assert table.values.max() <= 1.0 + 1e-6


def test_the_time_of_creation_says_nothing_about_likeness() -> None:
    assert item_features({"CREATION_TIMESTAMP": YEARS}, 5) is None
    assert item_features({}, 5) is None


def test_more_items_than_are_compared_at_a_time_find_their_own_kind() -> None:
    n_items, width = 1030, 10  # the last part is of 6 items, fewer than the width; items 2k and 2k + 1 are of a kind
    column = Categorical(codes=np.arange(n_items, dtype=np.int32) // 2, values=tuple(map(str, range(n_items // 2))))
    features = item_features({"KIND": column}, n_items)
    assert features is not None
    table = metadata_neighbours(features, np.arange(n_items), width)
    assert table.indexes.shape == (n_items, width)
    assert table.indexes[:, 0].tolist() == [item ^ 1 for item in range(n_items)]


def test_the_width_of_the_table_is_that_asked_for_whatever_the_number_of_items_asked_about() -> None:
    column = Categorical(codes=np.arange(40, dtype=np.int32) % 2, values=("one", "two"))
    features = item_features({"KIND": column}, 40)
    assert features is not None
    for asked in ([], [7], list(range(40))):
        table = metadata_neighbours(features, np.array(asked, np.int64), 10)
        assert table.indexes.shape == (len(asked), 10)
        assert all(set(row % 2) == {item % 2} for row, item in zip(table.indexes, asked, strict=True))


def likeness(*texts: tuple[str, ...]) -> np.ndarray:
    features = text_features({str(number): Text(values=column) for number, column in enumerate(texts)}, len(texts[0]))
    assert features is not None
    return (features @ features.T).toarray()


def test_texts_are_alike_by_their_rare_words_and_by_how_often_they_say_them() -> None:
    found = likeness(("sea sea sea ship", "Sea, ship!", "ship dock", "bread"))
    sea, ship, dock = np.log(4 / 2), np.log(4 / 3), np.log(4)
    rows = [((1 + np.log(3)) * sea, ship, 0), (sea, ship, 0), (0, ship, dock)]
    units = [np.array(row) / np.linalg.norm(row) for row in rows]
    np.testing.assert_allclose(found[:3, :3][0, 1:], [units[0] @ units[1], units[0] @ units[2]], rtol=1e-9)
    assert found[0, 1] > found[1, 2] > 0
    assert not found[3].any(), "a word of one item alone makes it like none, not even itself"


def test_a_name_counts_beside_a_long_text_and_beside_a_short_one() -> None:
    random = np.random.default_rng(0)
    long = [" ".join(f"w{word}" for word in random.integers(0, 300, 80)) for _ in range(40)]
    names = ["Ring one", "Ring two", *(f"n{number} z{number}" for number in range(38))]
    assert likeness(tuple(names), tuple(long))[0].argsort()[-2:].tolist() == [1, 0]
    # A genre of one word that many have does not outweigh a name that two have.
    short = ["war", "love", *["war"] * 19, *["love"] * 19]
    assert likeness(tuple(names), tuple(short))[0].argsort()[-2:].tolist() == [1, 0]


def test_what_all_texts_say_together_is_one_vocabulary() -> None:
    found = likeness(("ring", "old", "new"), ("of old", "a ring", "of it"))
    assert found[0, 1] > 0.5
    assert found[0, 1] > found[0, 2] > 0


def test_texts_without_a_word_have_no_features() -> None:
    assert text_features({"A": Text(values=("", "!")), "B": Text(values=("?", ""))}, 2) is None
    alone = text_features({"A": Text(values=("one", "two"))}, 2)
    assert alone is not None
    assert not alone.nnz
