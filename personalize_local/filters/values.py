"""The values that a request gives to the placeholders of a filter: the request member filterValues.

Sources: dg/filter-real-time.html, dg/filter-batch.html. A rule without a remark is documented there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum, auto
from typing import Final

from personalize_local.filters.checks import Column
from personalize_local.filters.literals import number
from personalize_local.filters.problems import series
from personalize_local.filters.tree import (
    SPELLINGS,
    Condition,
    Entity,
    Filter,
    Literals,
    Operator,
    Parameter,
    Part,
    fold,
    parameters,
)

__all__ = ["Bound", "FilterValueError", "ValueProblem", "bind"]

Value = str | int | float
_Columns = Mapping[str, Mapping[str, Column]]

_MEMBERSHIP: Final[tuple[Operator, ...]] = ("IN", "NOT IN")
_ORDER: Final[tuple[Operator, ...]] = ("<", "<=", ">", ">=")
_BLANKS: Final = re.compile(r"[ \t\r\n\f]*")  # those of expressions
_LONGEST_SHOWN: Final = 60
_A_NUMBER: Final = "a number"
_A_VALUE: Final = "a value in double quotes"


class ValueProblem(StrEnum):
    """The rule that is broken, with the keys of the details in each comment.

    ``field`` is the field that the placeholder is compared with where it stands first, or where the rule is broken,
    as it would be written (``Items.PRICE``, ``CurrentUser.AGE``).
    """

    UNKNOWN = auto()  # expected (the filter's placeholders: A, B or C; may be empty)
    MISSING = auto()  # field
    UNQUOTED = auto()  # field, found (the text), expected
    UNCLOSED_QUOTE = auto()  # field, found (the value as far as it goes)
    SYNTAX = auto()  # field, found (the text there, or the end), expected
    SEVERAL = auto()  # field, operator, found (how many)
    VALUE = auto()  # field, found (the value), expected (a number, or a value in double quotes)


class FilterValueError(Exception):
    """The values given to a filter break a rule. ``name`` is that of the placeholder, without the dollar sign."""

    def __init__(self, problem: ValueProblem, name: str, details: Mapping[str, str]) -> None:
        super().__init__(problem, name, details)
        self.problem = problem
        self.name = name
        self.details = details


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A filter with the values of a request in place of its placeholders.

    ``parts`` are those that may apply, all their operands Literals or fields of the current item; there may be none.
    Equal and hashed by what it asks for, positions in the text left aside: a key under which to cache results.
    """

    entity: Entity
    parts: tuple[Part, ...]


def bind(filter: Filter, given: Mapping[str, str], columns: _Columns | None = None) -> Bound:
    """Put the values given by a request in place of the placeholders, whose names they have.

    With the ``columns`` of the dataset group (by dataset type, then by name, as for check), values must also be of
    the type of the field that they are compared with; without them, a value of the wrong type equals nothing.
    Raises FilterValueError with the first rule that is broken.
    """
    mandatory = parameters(filter)
    for name in given:
        if name not in mandatory:  # inferred
            raise FilterValueError(ValueProblem.UNKNOWN, name, {"expected": series(mandatory) if mandatory else ""})
    uses = _uses(filter)
    read: dict[str, tuple[Value, ...]] = {}  # one value for all uses of a name: inferred
    for name in mandatory:
        if name in given:
            read[name] = _read(name, given[name], uses[name][0][1])
        elif mandatory[name]:
            raise FilterValueError(ValueProblem.MISSING, name, {"field": uses[name][0][1]})
    binding = _Binding(read, columns or {})
    # Chosen: what is given must be good even where the part it stands in is left out.
    for name in read:
        for condition, shown in uses[name]:
            binding.values(condition, shown)
    parts = [binding.part(part) for part in filter.parts if binding.complete(part)]
    return Bound(entity=filter.parts[0].entity, parts=tuple(parts))


def _uses(filter: Filter) -> dict[str, list[tuple[Condition, str]]]:
    """The conditions in which each placeholder stands, with their fields as written, in the order of the text."""
    uses: dict[str, list[tuple[Condition, str]]] = {}
    for part in filter.parts:
        for condition, shown in _shown(part):
            if isinstance(condition.operand, Parameter):
                uses.setdefault(condition.operand.name, []).append((condition, shown))
    return uses


def _shown(part: Part) -> list[tuple[Condition, str]]:
    fields = [
        (condition, f"{SPELLINGS[condition.field.dataset]}.{condition.field.name}")
        for row in part.conditions
        for condition in row
    ]
    return fields + [(condition, f"CurrentUser.{condition.field.name}") for condition in part.user_conditions]


class _Binding:
    """Values by the name of their placeholder, on their way into a tree."""

    def __init__(self, read: Mapping[str, tuple[Value, ...]], columns: _Columns) -> None:
        self._read = read
        self._columns = {
            dataset: {fold(name): column for name, column in named.items()} for dataset, named in columns.items()
        }

    def complete(self, part: Part) -> bool:
        """Whether the part applies: one of EXCLUDE does not where a placeholder is left out.

        The guide says that this portion of the filter is not applied; that a portion is a part is inferred.
        """
        return all(
            condition.operand.name in self._read
            for condition in part.every_condition()
            if isinstance(condition.operand, Parameter)
        )

    def part(self, part: Part) -> Part:
        bound = iter([self._condition(condition, shown) for condition, shown in _shown(part)])
        conditions = tuple(tuple(next(bound) for _ in row) for row in part.conditions)
        return replace(part, conditions=conditions, user_conditions=tuple(bound))

    def _condition(self, condition: Condition, shown: str) -> Condition:
        if not isinstance(condition.operand, Parameter):
            return condition
        operand = Literals(values=self.values(condition, shown), position=condition.operand.position)
        return replace(condition, operand=operand)

    def values(self, condition: Condition, shown: str) -> tuple[Value, ...]:
        """The values of the condition's placeholder, if they suit its operator and its field."""
        assert isinstance(condition.operand, Parameter)
        name = condition.operand.name
        values = self._read[name]
        if len(values) > 1 and condition.operator not in _MEMBERSHIP:  # inferred
            details = {"field": shown, "operator": condition.operator, "found": str(len(values))}
            raise FilterValueError(ValueProblem.SEVERAL, name, details)
        column = self._columns.get(condition.field.dataset, {}).get(fold(condition.field.name))
        if condition.operator in _ORDER or (column is not None and column.numeric):
            return tuple(_number(name, value, shown) for value in values)
        for value in values:
            # Chosen, as for the values in expressions: a number for a string field could be written in several ways.
            if column is not None and not isinstance(value, str):
                details = {"field": shown, "found": str(value), "expected": _A_VALUE}
                raise FilterValueError(ValueProblem.VALUE, name, details)
        return values


def _number(name: str, value: Value, shown: str) -> int | float:
    """The number that a value is, quoted or not (both observed)."""
    found = number(value) if isinstance(value, str) else value
    if found is None:
        details = {"field": shown, "found": str(value)[:_LONGEST_SHOWN], "expected": _A_NUMBER}
        raise FilterValueError(ValueProblem.VALUE, name, details)
    return found


def _read(name: str, text: str, shown: str) -> tuple[Value, ...]:
    """The values that a text lists: each in double quotes or a number, with commas between them.

    That commas within quotes belong to the value, that nothing is escaped there and that blanks around values are
    free is inferred.
    """
    values: list[Value] = []
    at = 0
    while True:
        at = _past_blanks(text, at)
        value, at = _value(name, text, at, shown)
        values.append(value)
        at = _past_blanks(text, at)
        if at == len(text):
            return tuple(values)
        if text[at] != ",":
            details = {"field": shown, "found": text[at:][:_LONGEST_SHOWN], "expected": "a comma or the end"}
            raise FilterValueError(ValueProblem.SYNTAX, name, details)
        at += 1


def _value(name: str, text: str, at: int, shown: str) -> tuple[Value, int]:
    """The value that begins at ``at``, and where it ends."""
    if text[at : at + 1] == '"':
        end = text.find('"', at + 1)
        if end < 0:
            details = {"field": shown, "found": text[at:][:_LONGEST_SHOWN]}
            raise FilterValueError(ValueProblem.UNCLOSED_QUOTE, name, details)
        return text[at + 1 : end], end + 1
    end = min((place for place in (text.find(mark, at) for mark in '",') if place >= 0), default=len(text))
    found = text[at:end].rstrip()
    value = number(found)
    if value is not None:
        return value, end
    # That text without quotes is refused, and that there must be a value at all, is inferred.
    problem = ValueProblem.UNQUOTED if found else ValueProblem.SYNTAX
    shortened = (found or text[at:] or "the end")[:_LONGEST_SHOWN]
    raise FilterValueError(
        problem, name, {"field": shown, "found": shortened, "expected": f"{_A_VALUE} or {_A_NUMBER}"}
    )


def _past_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at
