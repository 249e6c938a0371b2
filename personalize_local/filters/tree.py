"""The syntax tree of a filter expression, and what can be read off it alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

__all__ = [
    "SPELLINGS",
    "Action",
    "Condition",
    "CurrentItemField",
    "Dataset",
    "Entity",
    "Field",
    "Filter",
    "Literals",
    "Operand",
    "Operator",
    "Parameter",
    "Part",
    "fields",
    "fold",
    "parameters",
]

Action = Literal["INCLUDE", "EXCLUDE"]
Entity = Literal["ItemID", "UserID", "ActionID"]
Dataset = Literal["INTERACTIONS", "ITEMS", "USERS", "ACTIONS", "ACTION_INTERACTIONS"]
Operator = Literal["IN", "NOT IN", "=", "!=", "<", "<=", ">", ">="]

SPELLINGS: Final[dict[Dataset, str]] = {
    "INTERACTIONS": "Interactions",
    "ITEMS": "Items",
    "USERS": "Users",
    "ACTIONS": "Actions",
    "ACTION_INTERACTIONS": "Action_Interactions",
}
"""How the guide writes each dataset in expressions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a dataset, its name in upper case. ``position`` here and below: the character, from 1, in the text."""

    dataset: Dataset
    name: str
    position: int = dataclasses.field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Literals:
    """The values that an expression lists; a comparison has exactly one.

    Whole numbers are int, but float where a long could not hold them.
    """

    values: tuple[str | int | float, ...]
    position: int = dataclasses.field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A placeholder, whose values each request gives. ``name`` is without the dollar sign; its case matters."""

    name: str
    position: int = dataclasses.field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentItemField:
    """A field of the item that a request is about, its name in upper case."""

    name: str
    position: int = dataclasses.field(default=0, compare=False, repr=False)


Operand = Literals | Parameter | CurrentItemField


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One comparison of a field. ``position`` is that of the operator."""

    field: Field
    operator: Operator
    operand: Operand
    position: int = dataclasses.field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One expression of those that ``|`` joins.

    ``conditions`` are alternatives (OR), each of which is a row of conditions that must all hold (AND): without
    grouping, an expression has just these two levels. ``user_conditions`` follow IF and must all hold; their fields
    are those of the user that a request is about, written CurrentUser.NAME, here of dataset USERS.
    """

    action: Action
    entity: Entity
    conditions: tuple[tuple[Condition, ...], ...]
    user_conditions: tuple[Condition, ...] = ()
    position: int = dataclasses.field(default=0, compare=False, repr=False)

    def every_condition(self) -> Iterator[Condition]:
        """All conditions in the order of the text, those on the user last."""
        for row in self.conditions:
            yield from row
        yield from self.user_conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A whole filter expression: at least one part."""

    parts: tuple[Part, ...]


def fold(name: str) -> str:
    """What two spellings of one field name have in common: names are the same, underscores and case left aside."""
    return name.replace("_", "").casefold()


def fields(filter: Filter) -> frozenset[tuple[str, str]]:
    """The distinct fields of datasets that a filter uses: (dataset, name), as the first use spells it, in upper case.

    This is what the quotas count (dg/limits.html). That fields of CurrentUser and CurrentItem count as fields of Users
    and Items is inferred.
    """
    distinct: dict[tuple[str, str], tuple[str, str]] = {}
    for part in filter.parts:
        for condition in part.every_condition():
            used: list[tuple[str, str]] = [(condition.field.dataset, condition.field.name)]
            if isinstance(condition.operand, CurrentItemField):
                used.append(("ITEMS", condition.operand.name))
            for dataset, name in used:
                distinct.setdefault((dataset, fold(name)), (dataset, name))
    return frozenset(distinct.values())


def parameters(filter: Filter) -> dict[str, bool]:
    """The names of the placeholders, in order of first appearance, and whether each is mandatory.

    A placeholder of any INCLUDE part, its IF too, must be given with every request; where those of an EXCLUDE part are
    left out, the part does not apply (dg/filter-real-time.html).
    """
    mandatory: dict[str, bool] = {}
    for part in filter.parts:
        for condition in part.every_condition():
            if isinstance(condition.operand, Parameter):
                name = condition.operand.name
                mandatory[name] = mandatory.get(name, False) or part.action == "INCLUDE"
    return mandatory
