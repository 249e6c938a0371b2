"""Every tree that is written down is read back, and no text whatever breaks the reading."""

from __future__ import annotations

import string
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from personalize_local.filters import (
    Action,
    Column,
    Condition,
    CurrentItemField,
    Dataset,
    Entity,
    Field,
    Filter,
    FilterError,
    Literals,
    Operator,
    Parameter,
    Part,
    Problem,
    check,
    fields,
    parameters,
    parse,
)
from personalize_local.filters.problems import series
from personalize_local.filters.tree import SPELLINGS
from tests.filters.helpers import COLUMNS

Literal = str | int | float
Operand = Literals | Parameter | CurrentItemField


class Printer:
    """Writes trees as text, with any case, quotes and blanks that the language allows."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def print(self, tree: Filter) -> str:
        return "|".join(self._blank() + self._part(part) + self._blank() for part in tree.parts)

    def _part(self, part: Part) -> str:
        rows = [self._joined("AND", row, self._field) for row in part.conditions]
        text = self._words(part.action, part.entity, "WHERE") + self._word("OR").join(rows)
        if part.user_conditions:
            text += self._word("IF") + self._joined("AND", part.user_conditions, self._user_field)
        return text

    def _joined(self, word: str, row: tuple[Condition, ...], name: Callable[[Field], str]) -> str:
        return self._word(word).join(self._condition(condition, name) for condition in row)

    def _condition(self, condition: Condition, name: Callable[[Field], str]) -> str:
        inclusion = condition.operator in ("IN", "NOT IN")
        operator = self._words(*condition.operator.split()) if inclusion else condition.operator
        operand = self._operand(condition.operand, inclusion)
        return name(condition.field) + self._blank() + operator + self._blank() + operand

    def _field(self, field: Field) -> str:
        return self._dotted(SPELLINGS[field.dataset], field.name)

    def _user_field(self, field: Field) -> str:
        return self._dotted("CurrentUser", field.name)

    def _operand(self, operand: Operand, inclusion: bool) -> str:
        if isinstance(operand, CurrentItemField):
            return self._dotted("CurrentItem", operand.name)
        if isinstance(operand, Parameter):
            parenthesis = inclusion or self._random.random() < 0.5
            return f"({self._blank()}${operand.name}{self._blank()})" if parenthesis else f"${operand.name}"
        texts = [self._blank() + self._literal(value) + self._blank() for value in operand.values]
        return f"({','.join(texts)})" if inclusion else texts[0]

    def _literal(self, value: Literal) -> str:
        if isinstance(value, str):
            quotes = [quote for quote in "\"'" if quote not in value]
            quote = self._random.choice(quotes)
            return f"{quote}{value}{quote}"
        return str(value) if isinstance(value, int) else f"{value:.6f}"

    def _dotted(self, first: str, second: str) -> str:
        return f"{self._cased(first)}{self._blank()}.{self._blank()}{self._cased(second)}"

    def _words(self, *words: str) -> str:
        return "".join(map(self._word, words))

    def _word(self, word: str) -> str:
        return f" {self._blank()}{self._cased(word)} {self._blank()}"

    def _cased(self, word: str) -> str:
        return self._random.choice([word, word.lower(), word.upper(), word.title()])

    def _blank(self) -> str:
        return self._random.choice(["", "", " ", "\n", "\t ", "\r\n"])


names = st.one_of(
    st.text(string.ascii_uppercase + string.digits + "_", min_size=1, max_size=8),
    st.sampled_from(["IN", "NOT", "AND", "OR", "IF", "WHERE", "ITEMID", "CURRENTITEM"]),
)
texts = st.text(max_size=8).filter(lambda text: not ('"' in text and "'" in text))
numbers = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.integers(-(10**9), 10**9).map(lambda millionths: millionths / 10**6)
)
literals = st.one_of(texts, numbers)
placeholders = st.builds(Parameter, name=st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=50))
current_items = st.builds(CurrentItemField, name=names)
lists = st.lists(literals, min_size=1, max_size=4).map(lambda values: Literals(values=tuple(values)))
singles = literals.map(lambda value: Literals(values=(value,)))


def conditions(dataset: st.SearchStrategy[Dataset], *right: st.SearchStrategy[Operand]) -> st.SearchStrategy[Condition]:
    field = st.builds(Field, dataset=dataset, name=names)
    comparison: st.SearchStrategy[Operator] = st.sampled_from(get_args(Operator)[2:])
    return st.one_of(
        st.builds(Condition, field=field, operator=st.just("IN"), operand=st.one_of(lists, placeholders, *right)),
        st.builds(Condition, field=field, operator=st.just("NOT IN"), operand=st.one_of(lists, *right)),
        st.builds(Condition, field=field, operator=comparison, operand=st.one_of(singles, placeholders, *right)),
    )


rows = st.lists(conditions(st.sampled_from(get_args(Dataset)), current_items), min_size=1, max_size=3).map(tuple)
parts = st.builds(
    Part,
    action=st.sampled_from(get_args(Action)),
    entity=st.sampled_from(get_args(Entity)),
    conditions=st.lists(rows, min_size=1, max_size=3).map(tuple),
    user_conditions=st.lists(conditions(st.just("USERS")), max_size=2).map(tuple),
)
trees = st.lists(parts, min_size=1, max_size=3).map(lambda given: Filter(parts=tuple(given)))

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
