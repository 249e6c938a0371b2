"""Any trees, and their texts."""

from __future__ import annotations

import string
from collections.abc import Callable
from random import Random
from typing import get_args

from hypothesis import strategies as st

from personalize_local.filters import (
    Action,
    Condition,
    CurrentItemField,
    Dataset,
    Entity,
    Field,
    Filter,
    Literals,
    Operator,
    Parameter,
    Part,
)
from personalize_local.filters.tree import SPELLINGS

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


def conditions(
    dataset: st.SearchStrategy[Dataset],
    *right: st.SearchStrategy[Operand],
    names: st.SearchStrategy[str] = names,
    literals: st.SearchStrategy[Literal] = literals,
    placeholders: st.SearchStrategy[Operand] = placeholders,
    comparisons: tuple[Operator, ...] = get_args(Operator)[2:],
) -> st.SearchStrategy[Condition]:
    field = st.builds(Field, dataset=dataset, name=names)
    lists = st.lists(literals, min_size=1, max_size=4).map(lambda values: Literals(values=tuple(values)))
    singles = literals.map(lambda value: Literals(values=(value,)))
    any_of = st.builds(Condition, field=field, operator=st.just("IN"), operand=st.one_of(lists, placeholders, *right))
    none_of = st.builds(Condition, field=field, operator=st.just("NOT IN"), operand=st.one_of(lists, *right))
    if not comparisons:
        return st.one_of(any_of, none_of)
    single = st.one_of(singles, placeholders, *right)
    compared = st.builds(Condition, field=field, operator=st.sampled_from(comparisons), operand=single)
    return st.one_of(any_of, none_of, compared)


def parts(
    entity: st.SearchStrategy[Entity],
    conditions: st.SearchStrategy[Condition],
    user_conditions: st.SearchStrategy[Condition] | None,
) -> st.SearchStrategy[Part]:
    rows = st.lists(conditions, min_size=1, max_size=3).map(tuple)
    on_user = st.just(()) if user_conditions is None else st.lists(user_conditions, max_size=2).map(tuple)
    return st.builds(
        Part,
        action=st.sampled_from(get_args(Action)),
        entity=entity,
        conditions=st.lists(rows, min_size=1, max_size=3).map(tuple),
        user_conditions=on_user,
    )


def whole(parts: st.SearchStrategy[Part]) -> st.SearchStrategy[Filter]:
    return st.lists(parts, min_size=1, max_size=3).map(lambda given: Filter(parts=tuple(given)))


any_conditions = conditions(st.sampled_from(get_args(Dataset)), current_items)
trees = whole(parts(st.sampled_from(get_args(Entity)), any_conditions, conditions(st.just("USERS"))))
