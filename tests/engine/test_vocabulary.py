"""Ids and their indexes: both ways, from stored arrays, whatever the characters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.store.artifacts import Artifacts

ids = st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True, max_size=30)


@given(ids)
def test_every_id_is_found_at_its_index_and_given_back(values: list[str]) -> None:
    vocabulary = Vocabulary.from_strings(values)
    assert len(vocabulary) == len(values)
    assert list(vocabulary) == values
    assert vocabulary.indexes(values).tolist() == list(range(len(values)))
    backwards = np.arange(len(values))[::-1]
    assert vocabulary.strings(backwards) == values[::-1]


@given(ids, st.text(st.characters(exclude_categories=["Cs"])))
def test_an_id_that_is_not_there_has_no_index(values: list[str], other: str) -> None:
    vocabulary = Vocabulary.from_strings([value for value in values if value != other])
    assert vocabulary.get(other) == -1


def test_equal_hashes_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personalize_local.engine.vocabulary._hash", lambda value: len(value))
    vocabulary = Vocabulary.from_strings(["ab", "cd", "e", "fg"])
    assert vocabulary.indexes(["fg", "ab", "cd", "e", "xx"]).tolist() == [3, 0, 1, 2, -1]


@pytest.mark.parametrize("alike", [False, True], ids=["hashes apart", "hashes alike"])
def test_many_ids_are_looked_up_as_one_by_one(alike: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if alike:
        monkeypatch.setattr("personalize_local.engine.vocabulary._hash", lambda value: len(value) % 3)
    known = Vocabulary.from_strings([f"{'x' * (number % 5)}{number}" for number in range(60)])
    asked = ["", "strange", *known, "y7", *known]
    assert known.indexes(asked).tolist() == [known.get(value) for value in asked]
    assert Vocabulary.from_strings([]).indexes(asked).tolist() == [-1] * len(asked)


def test_a_stored_vocabulary_answers_from_mapped_arrays(tmp_path: Path) -> None:
    store = Artifacts(tmp_path)
    values = ["ä", "", "item 1", "日本"]
    store.write("v", Vocabulary.from_strings(values).arrays(), {})
    vocabulary = Vocabulary.from_arrays(store.open("v")[0])
    assert vocabulary.strings(np.array([3, 0, 2, 1], np.int32)) == ["日本", "ä", "item 1", ""]
    assert vocabulary[0] == "ä"
    assert vocabulary.get("日本") == 3


@pytest.mark.parametrize("index", [-1, 2])
def test_an_index_outside_is_refused(index: int) -> None:
    with pytest.raises(IndexError):
        Vocabulary.from_strings(["a", "b"])[index]


def test_an_extended_vocabulary_is_that_of_all_ids_in_turn() -> None:
    ids = [f"item {number}" for number in range(50)] + ["é", ""]
    for cut in (0, 1, 30, 52):
        extended = Vocabulary.from_strings(ids[:cut]).extended(ids[cut:])
        assert [extended[place] for place in range(len(extended))] == ids
        assert [extended.get(id_) for id_ in (*ids, "unknown")] == [*range(52), -1]
        again = Vocabulary.from_arrays(extended.arrays())
        assert again.indexes(ids).tolist() == list(range(52))
