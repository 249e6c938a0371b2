"""From the text of a filter expression to its tree.

Sources: dg/filter-expressions.html, dg/filter-expression-guidelines-requirements.html and the examples of the guide.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from personalize_local.filters.literals import number
from personalize_local.filters.problems import FilterError, Problem, series
from personalize_local.filters.tree import (
    SPELLINGS,
    Action,
    Condition,
    CurrentItemField,
    Dataset,
    Entity,
    Field,
    Filter,
    Literals,
    Operand,
    Operator,
    Parameter,
    Part,
)

if TYPE_CHECKING:
    from lark import Lark, Token, Tree
    from lark.exceptions import UnexpectedInput

__all__ = ["parse"]

_ENTITIES: Final[dict[str, Entity]] = {entity.lower(): entity for entity in get_args(Entity)}
_DATASETS: Final[dict[str, Dataset]] = {name.lower(): dataset for dataset, name in SPELLINGS.items()} | {
    "action": "ACTIONS"  # in one example of dg/action-recommendation-filter-examples.html; that it works is inferred
}
_CURRENT_USER: Final = "currentuser"
_CURRENT_ITEM: Final = "currentitem"

# The request model's limit on the names in filterValues: a longer one could not be given a value. That the
# expression is refused for it is inferred.
_LONGEST_PARAMETER: Final = 50

# The grammar's terminals in words, in the order in which a sentence names them.
_WORDS: Final = {
    "ACTION": ("INCLUDE", "EXCLUDE"),
    "ENTITY": tuple(_ENTITIES.values()),
    "_WHERE": ("WHERE",),
    "DATASET": ("a field such as Items.PRICE",),
    "DOT": ("a dot and the name of a field",),
    "NAME": ("the name of a field",),
    "IN": ("IN",),
    "NOT": ("NOT IN",),
    "COMPARISON": ("=", "!=", "<", "<=", ">", ">="),
    "STRING": ("a value in quotes",),
    "NUMBER": ("a number",),
    "PARAMETER": ("a placeholder such as $VALUE",),
    "CURRENT_ITEM": ("CurrentItem",),
    "LPAR": ("(",),
    "COMMA": ("a comma",),
    "RPAR": (")",),
    "_AND": ("AND",),
    "OR": ("OR",),
    "IF": ("IF",),
    "VBAR": ("|",),
    "$END": ("the end",),
}
_NEXT: Final = re.compile(r"\"[^\"]*\"?|'[^']*'?|[$-]?\w[\w.]*|[<>=!]+|.", re.DOTALL)
_LONGEST_SHOWN: Final = 60


def parse(text: str) -> Filter:
    """Read a filter expression. Raises FilterError, and nothing else whatever the text."""
    from lark.exceptions import UnexpectedInput

    reading: Any = _parser().parse_interactive(text)  # Any: lark leaves half of it without types
    try:
        reading.exhaust_lexer()
        tree = reading.feed_eof()
    except UnexpectedInput as error:
        raise _unexpected(text, error, reading.accepts()) from None
    return Filter(parts=tuple(_part(part) for part in _trees(tree)))


@cache
def _parser() -> Lark:
    from importlib.resources import files

    from lark import Lark

    grammar = files("personalize_local.filters").joinpath("grammar.lark").read_text(encoding="utf-8")
    # ASCII: without it, ignoring case would take a long s for an s.
    return Lark(grammar, parser="lalr", lexer="contextual", g_regex_flags=re.ASCII, maybe_placeholders=False)


def _unexpected(text: str, error: UnexpectedInput, accepted: set[str]) -> FilterError:
    at_end = getattr(getattr(error, "token", None), "type", None) == "$END"
    start = len(text) if at_end else error.pos_in_stream or 0
    match = _NEXT.match(text, start)
    found = "the end" if match is None else match[0][:_LONGEST_SHOWN]
    expected = series(word for terminal, words in _WORDS.items() if terminal in accepted for word in words)
    problem, details = Problem.SYNTAX, {"found": found, "expected": expected}
    if found[0] in "\"'" and "STRING" in accepted:
        problem, details = Problem.UNCLOSED_QUOTE, {"found": found}
    elif found == "(" and "DATASET" in accepted:
        # Conditions cannot be grouped: inferred, the guide has no example.
        problem = Problem.GROUPING
    elif found.partition(".")[0].lower() == _CURRENT_USER and accepted & {"CURRENT_ITEM", "STRING"}:
        problem, details = Problem.CURRENT_USER_ON_RIGHT, {"found": found}
    return FilterError(problem, start + 1, details)


def _part(tree: Tree[Token]) -> Part:
    action, entity = _tokens(tree)
    body, *restrictions = _trees(tree)
    conditions = tuple(tuple(_condition(item) for item in _trees(row)) for row in _trees(body))
    user_conditions = _user_conditions(restrictions[0]) if restrictions else ()
    if len(restrictions) > 1:
        second = _tokens(restrictions[1])[0]
        raise FilterError(Problem.SECOND_IF, _at(second), {"found": str(second)})
    return Part(
        action=cast(Action, action.upper()),
        entity=_ENTITIES[entity.lower()],
        conditions=conditions,
        user_conditions=user_conditions,
        position=_at(action),
    )


def _condition(tree: Tree[Token]) -> Condition:
    written, *rest = _trees(tree)
    dataset, name = _tokens(written)
    shown = f"{dataset}.{name}"
    if dataset.lower() == _CURRENT_USER:
        raise FilterError(Problem.CONDITION_ON_USER_OUTSIDE_IF, _at(dataset), {"found": shown})
    if dataset.lower() == _CURRENT_ITEM:
        raise FilterError(Problem.CURRENT_ITEM_ON_LEFT, _at(dataset), {"found": shown})
    if dataset.lower() not in _DATASETS:
        # That unknown names are refused at all is inferred.
        details = {"field": shown, "found": str(dataset), "expected": series(SPELLINGS.values())}
        raise FilterError(Problem.UNKNOWN_DATASET, _at(dataset), details)
    field = Field(dataset=_DATASETS[dataset.lower()], name=name.upper(), position=_at(dataset))
    return _compared(field, shown, *rest)


def _user_conditions(tree: Tree[Token]) -> tuple[Condition, ...]:
    (alternatives,) = _trees(tree)
    rows = _trees(alternatives)
    conditions = tuple(_user_condition(item) for item in _trees(rows[0]))
    for either in _tokens(alternatives):
        # Documented: conditions on the user are extended by AND. That OR is refused is inferred from it.
        raise FilterError(Problem.OR_IN_IF, _at(either), {"found": str(either), "expected": "AND"})
    return conditions


def _user_condition(tree: Tree[Token]) -> Condition:
    written, operator, operand = _trees(tree)
    dataset, name = _tokens(written)
    shown = f"{dataset}.{name}"
    if dataset.lower() != _CURRENT_USER:
        details = {"found": shown, "expected": "CurrentUser"}
        raise FilterError(Problem.CONDITION_IN_IF_NOT_ON_USER, _at(dataset), details)
    field = Field(dataset="USERS", name=name.upper(), position=_at(dataset))
    condition = _compared(field, shown, operator, operand)
    if isinstance(condition.operand, CurrentItemField):
        details = {"found": f"CurrentItem.{condition.operand.name}", "field": shown}
        raise FilterError(Problem.CURRENT_ITEM_IN_IF, condition.operand.position, details)
    return condition


def _compared(field: Field, shown: str, operator: Tree[Token], operand: Tree[Token]) -> Condition:
    words = _tokens(operator)
    return Condition(
        field=field,
        operator=cast(Operator, " ".join(word.upper() for word in words)),
        operand=_operand(operand, shown, negated=len(words) > 1),
        position=_at(words[0]),
    )


def _operand(tree: Tree[Token], field: str, *, negated: bool) -> Operand:
    tokens = _tokens(tree)
    first = tokens[0]
    if tree.data == "current_item":
        return CurrentItemField(name=tokens[1].upper(), position=_at(first))
    placeholders = [token for token in tokens if token.type == "PARAMETER"]
    if not placeholders:
        return Literals(values=tuple(_value(token) for token in tokens), position=_at(first))
    parameter = placeholders[0]
    name, position = parameter[1:], _at(parameter)
    if negated:
        raise FilterError(Problem.PLACEHOLDER_WITH_NOT_IN, position, {"name": name, "field": field})
    # Documented: parameters cannot be listed with commas. That one among values is refused is inferred from it.
    if len(placeholders) > 1:
        found = ", ".join(placeholders)
        raise FilterError(Problem.TOO_MANY_PARAMETERS, _at(placeholders[1]), {"found": found, "field": field})
    if len(tokens) > 1:
        raise FilterError(Problem.PARAMETER_AMONG_VALUES, position, {"name": name, "field": field})
    if len(name) > _LONGEST_PARAMETER:
        raise FilterError(Problem.LONG_PARAMETER, position, {"name": name, "expected": str(_LONGEST_PARAMETER)})
    return Parameter(name=name, position=position)


def _value(token: Token) -> str | int | float:
    value = number(token) if token.type == "NUMBER" else None
    return token[1:-1] if value is None else value


def _tokens(tree: Tree[Token]) -> list[Token]:
    return [child for child in tree.children if isinstance(child, str)]


def _trees(tree: Tree[Token]) -> list[Tree[Token]]:
    return [child for child in tree.children if not isinstance(child, str)]


def _at(token: Token) -> int:
    return (token.start_pos or 0) + 1
