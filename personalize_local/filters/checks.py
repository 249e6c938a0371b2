"""Whether a filter expression fits the schemas of its dataset group.

Sources: dg/filter-expression-guidelines-requirements.html, dg/filter-expressions.html. A rule without a remark is
documented there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

from personalize_local.filters.literals import number
from personalize_local.filters.problems import FilterError, Problem, series
from personalize_local.filters.tree import (
    SPELLINGS,
    Condition,
    CurrentItemField,
    Dataset,
    Entity,
    Field,
    Filter,
    Literals,
    Operator,
    Part,
    fold,
)

__all__ = ["Column", "check"]

_DATASETS: Final[Mapping[Entity, tuple[Dataset, ...]]] = {
    "ItemID": ("INTERACTIONS", "ITEMS"),
    "UserID": ("INTERACTIONS", "USERS"),
    "ActionID": ("ACTION_INTERACTIONS", "ACTIONS"),
}
# Conditions on the user of a request belong to filters of recommendations; that those for user segments, which have
# no such user, refuse them is inferred.
_WITH_CURRENT_USER: Final[tuple[Entity, ...]] = ("ItemID", "ActionID")
_WITH_CURRENT_ITEM: Final[Entity] = "ItemID"

_EVENTS: Final[tuple[Dataset, ...]] = ("INTERACTIONS", "ACTION_INTERACTIONS")
_EVENT_TYPE: Final = "EVENT_TYPE"
_WILDCARD: Final = "*"
_NEAR: Final = 0.75  # of 1: how much a name must be like another to be taken for a slip
# The service applies these itself. The guide has two spellings of the first.
_RESERVED_ACTION_FIELDS: Final = frozenset(
    fold(name) for name in ("EXPIRATION_TIMESTAMP", "ACTION_EXPIRATION_TIMESTAMP", "REPEAT_FREQUENCY")
)

_EVENT_OPERATORS: Final[tuple[Operator, ...]] = ("IN", "NOT IN")
# = on strings: inferred from one example (CurrentUser.MEMBERSHIP = $PREMIUM); the guide's rule is IN.
_STRING_OPERATORS: Final[tuple[Operator, ...]] = ("IN", "NOT IN", "=", "!=")
# IN on numbers: inferred, the guide neither shows nor excludes it.
_NUMBER_OPERATORS: Final[tuple[Operator, ...]] = get_args(Operator)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A field of a schema: its Avro type, and whether it has the attribute categorical or textual."""

    type: str
    categorical: bool = False
    textual: bool = False

    @property
    def numeric(self) -> bool:
        """Whether values are numbers."""
        return self.type not in ("string", "boolean")


def check(filter: Filter, columns: Mapping[str, Mapping[str, Column]]) -> None:
    """Check a filter against the columns of a dataset group: by dataset type, then by name.

    A dataset that the group does not have is left out: that a filter needs it with its schema is inferred. Names are
    the same, underscores and case left aside. Raises FilterError with the first rule that is broken.
    """
    schemas = _Schemas(columns)
    entity = filter.parts[0].entity
    for part in filter.parts:
        if part.entity != entity:  # inferred
            raise FilterError(Problem.MIXED_ENTITIES, part.position, {"found": part.entity, "expected": entity})
        _check_part(part, schemas)


class _Schemas:
    """The columns of a group, found under any spelling of their names."""

    def __init__(self, columns: Mapping[str, Mapping[str, Column]]) -> None:
        self._columns = {
            dataset: {fold(name): (name, column) for name, column in named.items()}
            for dataset, named in columns.items()
        }

    def filterable(self, dataset: Dataset, name: str, shown: str, position: int) -> Column:
        """The column, if filters may use it."""
        named = self._columns.get(dataset)
        if named is None:
            raise FilterError(Problem.MISSING_DATASET, position, {"field": shown, "dataset": SPELLINGS[dataset]})
        if fold(name) not in named:  # inferred
            from difflib import get_close_matches

            near = [named[match][0] for match in get_close_matches(fold(name), named, cutoff=_NEAR)]
            details = {
                "field": shown,
                "dataset": SPELLINGS[dataset],
                "name": name,
                "nearest": series(near) if near else "",
            }
            raise FilterError(Problem.UNKNOWN_FIELD, position, details)
        _, column = named[fold(name)]
        if column.type == "boolean":
            raise FilterError(Problem.BOOLEAN_FIELD, position, {"field": shown})
        if column.textual:
            raise FilterError(Problem.TEXTUAL_FIELD, position, {"field": shown})
        return column


def _check_part(part: Part, schemas: _Schemas) -> None:
    first = part.conditions[0][0].field.dataset
    for row in part.conditions:
        for condition in row:
            _check_dataset(condition.field, part.entity, first)
            _check_current_item(condition, part.entity)
            _check_condition(condition, _shown(condition.field), schemas)
    for condition in part.user_conditions:
        shown = f"CurrentUser.{condition.field.name}"
        if part.entity not in _WITH_CURRENT_USER:
            details = {"field": shown, "entity": part.entity, "expected": series(_WITH_CURRENT_USER)}
            raise FilterError(Problem.CONDITION_ON_USER_FOR_ENTITY, condition.field.position, details)
        _check_condition(condition, shown, schemas)


def _check_dataset(field: Field, entity: Entity, first: Dataset) -> None:
    found, shown = SPELLINGS[field.dataset], _shown(field)
    if field.dataset not in _DATASETS[entity]:
        expected = series(SPELLINGS[dataset] for dataset in _DATASETS[entity])
        details = {"field": shown, "found": found, "entity": entity, "expected": expected}
        raise FilterError(Problem.WRONG_DATASET_FOR_ENTITY, field.position, details)
    if field.dataset != first:
        details = {"field": shown, "found": found, "expected": SPELLINGS[first]}
        raise FilterError(Problem.MIXED_DATASETS, field.position, details)
    if field.dataset in _EVENTS and fold(field.name) != fold(_EVENT_TYPE):
        details = {"field": shown, "expected": f"{found}.{_EVENT_TYPE}"}
        raise FilterError(Problem.EVENT_TYPE_ONLY, field.position, details)
    if field.dataset == "ACTIONS" and fold(field.name) in _RESERVED_ACTION_FIELDS:
        raise FilterError(Problem.RESERVED_ACTION_FIELD, field.position, {"field": shown})


def _check_current_item(condition: Condition, entity: Entity) -> None:
    operand = condition.operand
    if not isinstance(operand, CurrentItemField):
        return
    found = f"CurrentItem.{operand.name}"
    if entity != _WITH_CURRENT_ITEM:
        details = {"found": found, "entity": entity, "expected": _WITH_CURRENT_ITEM}
        raise FilterError(Problem.CURRENT_ITEM_FOR_ENTITY, operand.position, details)
    if condition.field.dataset != "ITEMS":  # inferred: every example compares a field of Items
        details = {"found": found, "field": _shown(condition.field), "expected": SPELLINGS["ITEMS"]}
        raise FilterError(Problem.CURRENT_ITEM_FOR_DATASET, operand.position, details)


def _check_condition(condition: Condition, shown: str, schemas: _Schemas) -> None:
    field, operand = condition.field, condition.operand
    column = schemas.filterable(field.dataset, field.name, shown, field.position)
    allowed = _operators(field.dataset, column)
    if condition.operator not in allowed:
        details = {"field": shown, "type": column.type, "found": condition.operator, "expected": series(allowed)}
        raise FilterError(Problem.OPERATOR, condition.position, details)
    if isinstance(operand, Literals):
        _check_values(condition, operand, shown, column)
    elif isinstance(operand, CurrentItemField):
        _check_types(operand, shown, column, schemas)


def _operators(dataset: Dataset, column: Column) -> tuple[Operator, ...]:
    if dataset in _EVENTS:
        return _EVENT_OPERATORS
    # Keys (ITEM_ID, USER_ID, ACTION_ID) are strings like others: that they can be used is inferred.
    return _NUMBER_OPERATORS if column.numeric else _STRING_OPERATORS


def _check_values(condition: Condition, literals: Literals, shown: str, column: Column) -> None:
    expected = "a number" if column.numeric else "a value in quotes"
    for value in literals.values:
        if value == _WILDCARD and condition.field.dataset != "INTERACTIONS":
            details = {"field": shown, "expected": f"{SPELLINGS['INTERACTIONS']}.{_EVENT_TYPE}"}
            raise FilterError(Problem.WILDCARD, literals.position, details)
        # Chosen: a number in quotes is a number, as it is in filterValues (observed); a number for a string field is
        # refused, as it could be written in several ways.
        fits = (not isinstance(value, str) or number(value) is not None) if column.numeric else isinstance(value, str)
        if not fits:
            details = {"field": shown, "type": column.type, "found": str(value), "expected": expected}
            raise FilterError(Problem.VALUE, literals.position, details)


def _check_types(operand: CurrentItemField, shown: str, column: Column, schemas: _Schemas) -> None:
    found = f"CurrentItem.{operand.name}"
    other = schemas.filterable("ITEMS", operand.name, found, operand.position)
    if other.numeric != column.numeric:  # chosen
        expected = "a numeric field" if column.numeric else "a string field"
        details = {"field": shown, "type": column.type, "found": found, "expected": expected}
        raise FilterError(Problem.DIFFERENT_TYPES, operand.position, details)


def _shown(field: Field) -> str:
    return f"{SPELLINGS[field.dataset]}.{field.name}"
