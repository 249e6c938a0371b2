"""What can be wrong with a filter expression: facts for whoever words the sentence, no sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum, auto

__all__ = ["FilterError", "Problem", "series"]


class Problem(StrEnum):
    """The rule that is broken, with the keys of the details in each comment.

    ``field`` is a field as it would be written (``Items.PRICE``, ``CurrentUser.AGE``). ``found`` is what stands at the
    position, ``expected`` what could stand there: a list in words, such as ``a comma or )``.
    """

    # Found by parse, in the text alone.
    SYNTAX = auto()  # found, expected
    UNCLOSED_QUOTE = auto()  # found (the string as far as it goes)
    GROUPING = auto()  # found (the parenthesis), expected
    UNKNOWN_DATASET = auto()  # field, found (the dataset's name), expected
    CONDITION_ON_USER_OUTSIDE_IF = auto()  # found (CurrentUser.AGE)
    CONDITION_IN_IF_NOT_ON_USER = auto()  # found (Items.PRICE), expected (CurrentUser)
    CURRENT_USER_ON_RIGHT = auto()  # found (CurrentUser.AGE), where a value or CurrentItem could stand
    CURRENT_ITEM_ON_LEFT = auto()  # found (CurrentItem.PRICE)
    CURRENT_ITEM_IN_IF = auto()  # found (CurrentItem.PRICE), field (CurrentUser.AGE)
    SECOND_IF = auto()  # found (the word IF)
    OR_IN_IF = auto()  # found (the word OR), expected (AND)
    PLACEHOLDER_WITH_NOT_IN = auto()  # name (without $), field
    TOO_MANY_PARAMETERS = auto()  # found ($A, $B), field
    PARAMETER_AMONG_VALUES = auto()  # name (without $), field
    LONG_PARAMETER = auto()  # name (without $), expected (the most characters)

    # Found by check: which parts go together.
    MIXED_ENTITIES = auto()  # found (UserID), expected (the first part's ItemID)
    WRONG_DATASET_FOR_ENTITY = auto()  # field, found (Users), entity, expected (Interactions or Items)
    MIXED_DATASETS = auto()  # field, found (Items), expected (the first condition's Interactions)
    CONDITION_ON_USER_FOR_ENTITY = auto()  # field, entity, expected (ItemID or ActionID)
    CURRENT_ITEM_FOR_ENTITY = auto()  # found (CurrentItem.PRICE), entity, expected (ItemID)
    CURRENT_ITEM_FOR_DATASET = auto()  # found (CurrentItem.PRICE), field, expected (Items)

    # Found by check: what the schemas say.
    EVENT_TYPE_ONLY = auto()  # field, expected (Interactions.EVENT_TYPE)
    RESERVED_ACTION_FIELD = auto()  # field
    MISSING_DATASET = auto()  # field, dataset
    UNKNOWN_FIELD = auto()  # field, dataset, name, nearest (names much like it; may be empty)
    BOOLEAN_FIELD = auto()  # field
    TEXTUAL_FIELD = auto()  # field
    OPERATOR = auto()  # field, type, found, expected
    WILDCARD = auto()  # field, expected (Interactions.EVENT_TYPE)
    VALUE = auto()  # field, type, found, expected (a number, or a value in quotes)
    DIFFERENT_TYPES = auto()  # field, type, found (CurrentItem.GENRE), expected (a numeric field, or a string field)


class FilterError(Exception):
    """A filter expression breaks a rule. ``position`` is the character, from 1, where it does."""

    def __init__(self, problem: Problem, position: int, details: Mapping[str, str]) -> None:
        super().__init__(problem, position, details)
        self.problem = problem
        self.position = position
        self.details = details


def series(words: Iterable[str]) -> str:
    """Words as a list in a sentence: ``A, B or C``."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
