"""Every tree that is written down is read back, and no text whatever breaks the reading."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from personalize_local.filters import Column, Dataset, Filter, FilterError, Problem, check, fields, parameters, parse
from personalize_local.filters.problems import series
from tests.filters.helpers import COLUMNS
from tests.filters.strategies import Printer, names, trees

PIECES = (
    *("INCLUDE", "EXCLUDE", "ItemID", "UserID", "ActionID", "WHERE", "AND", "OR", "IF", "NOT", "IN", "(", ")", ","),
    *("|", ".", "=", "!=", "<", "<=", ">", ">=", '"a"', "'", '"', "5", "-", "$X", "$", "CurrentUser", "CurrentItem"),
    *("Items.PRICE", "Interactions.EVENT_TYPE", "Users", "X", "\u0130n", "wher\u0435", "\u017f", "\u212a", "\n", "\0"),
)


@given(trees, st.randoms(use_true_random=False))
def test_a_tree_written_down_is_read_back(tree: Filter, random: Random) -> None:
    assert parse(Printer(random).print(tree)) == tree


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(FilterError):
        parse(text)


@given(st.lists(st.sampled_from(PIECES), max_size=30), st.sampled_from(["", " "]))
def test_any_words_are_read_or_refused_with_a_place_and_a_reason(words: list[str], blank: str) -> None:
    text = blank.join(words)
    error = None
    try:
        parse(text)
    except FilterError as caught:
        error = caught
    if error is not None:
        assert 1 <= error.position <= len(text) + 1
        assert all(type(value) is str and value for value in error.details.values())
        assert error.problem is not Problem.SYNTAX or set(error.details) == {"found", "expected"}


@given(trees, st.randoms(use_true_random=False), st.data())
def test_a_text_with_one_character_changed_is_read_or_refused(
    tree: Filter, random: Random, data: st.DataObject
) -> None:
    text = Printer(random).print(tree)
    place = data.draw(st.integers(0, len(text) - 1))
    with suppress(FilterError):
        parse(text[:place] + data.draw(st.text(max_size=1)) + text[place + 1 :])


columns = st.builds(Column, type=st.sampled_from(["string", "int", "long", "float", "double", "boolean"]))
schemas = st.dictionaries(st.sampled_from(get_args(Dataset)), st.dictionaries(names, columns, max_size=10), max_size=5)


@given(trees, schemas)
def test_any_tree_fits_or_is_refused(tree: Filter, given_columns: dict[str, dict[str, Column]]) -> None:
    for group in (COLUMNS, given_columns):
        with suppress(FilterError):
            check(tree, group)
    assert fields(tree)
    assert all(parameters(tree))


def test_a_series_is_worded_as_in_a_sentence() -> None:
    assert [series(["A"]), series(["A", "B"]), series(iter("ABC"))] == ["A", "A or B", "A, B or C"]
