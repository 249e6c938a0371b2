"""What filters mean, told row by row in plain Python: slow, and written from the specification alone."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from personalize_local.filters import Column, Condition, CurrentItemField, Filter, Literals, Parameter, Part

Cell = str | float | None
Row = Mapping[str, Cell]
Schemas = Mapping[str, Mapping[str, Column]]

COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True, kw_only=True)
class World:
    """All that a filter may ask: rows of entities, the types of the events with each, the user and the current item."""

    schemas: Schemas
    rows: Sequence[Row]
    events: Sequence[frozenset[str | None]]
    user: Row
    current: Row


def kept(filter: Filter, given: Mapping[str, Sequence[str | float]], world: World) -> list[bool]:
    """For each row whether it stays."""
    meaning = _Meaning(given, world)
    parts = [part for part in filter.parts if meaning.applies(part)]
    included = [part for part in parts if part.action == "INCLUDE"]
    excluded = [part for part in parts if part.action == "EXCLUDE"]
    return [
        (not included or any(meaning.matches(part, index) for part in included))
        and not any(meaning.matches(part, index) for part in excluded)
        for index in range(len(world.rows))
    ]


class _Meaning:
    def __init__(self, given: Mapping[str, Sequence[str | float]], world: World) -> None:
        self._given = given
        self._world = world

    def applies(self, part: Part) -> bool:
        for condition in part.every_condition():
            if isinstance(condition.operand, Parameter) and condition.operand.name not in self._given:
                return False
        for condition in part.user_conditions:
            members = self._members("USERS", condition.field.name, self._world.user)
            if not members or not self._true(condition, members):
                return False
        return True

    def matches(self, part: Part, index: int) -> bool:
        return any(all(self._holds(condition, index) for condition in row) for row in part.conditions)

    def _holds(self, condition: Condition, index: int) -> bool:
        dataset = condition.field.dataset
        if dataset in ("ITEMS", "USERS", "ACTIONS"):
            return self._true(condition, self._members(dataset, condition.field.name, self._world.rows[index]))
        types = self._world.events[index]
        wanted = {str(value).lower() for value in self._right(condition)}
        if "*" in wanted and dataset == "INTERACTIONS":
            found = len(types) > 0
        else:
            found = any(one is not None and one.lower() in wanted for one in types)
        return found if condition.operator == "IN" else not found

    def _true(self, condition: Condition, members: set[str | float]) -> bool:
        right = self._right(condition)
        column = self._world.schemas[condition.field.dataset][condition.field.name]
        wanted = {float(value) for value in right} if column.numeric else set(right)
        if condition.operator in ("IN", "="):
            return bool(members & wanted)
        if condition.operator in ("NOT IN", "!="):
            return not members & wanted
        return any(COMPARE[condition.operator](member, value) for member in members for value in wanted)

    def _right(self, condition: Condition) -> Sequence[str | float]:
        operand = condition.operand
        if isinstance(operand, Literals):
            return operand.values
        if isinstance(operand, CurrentItemField):
            return list(self._members("ITEMS", operand.name, self._world.current))
        return self._given[operand.name]

    def _members(self, dataset: str, name: str, row: Row) -> set[str | float]:
        value = row.get(name)
        if value is None:
            return set()
        if isinstance(value, str) and self._world.schemas[dataset][name].categorical:
            return set(value.split("|"))
        return {value}
