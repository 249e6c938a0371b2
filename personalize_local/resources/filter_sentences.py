"""How what is wrong with a filter expression is put into words.

Published are the sentence for placeholders with NOT IN and the beginning ``Invalid Expression``; the rest is ours, and
says where and why.
"""

from __future__ import annotations

from collections.abc import Mapping

from botocore_shapes.errors import ServiceError
from personalize_local.filters import FilterError, Problem
from personalize_local.provenance import Provenance, Refusal, invalid

_GUIDE = "dg/filter-expression-guidelines-requirements.html"
_MESSAGES = "dg/error-messages.html"


def _invalid(reason: str, rule: Provenance, source: str = "") -> Refusal:
    return invalid(f"Invalid Expression at character {{position}}: {reason}", rule, source)


SENTENCES: Mapping[Problem, Refusal] = {
    Problem.SYNTAX: _invalid("found {found}, expected {expected}.", "documented", _GUIDE),
    Problem.UNCLOSED_QUOTE: _invalid("the quote of {found} is not closed.", "inferred"),
    Problem.GROUPING: _invalid(
        "found {found}, expected {expected}; conditions cannot be grouped by parentheses.", "inferred"
    ),
    Problem.UNKNOWN_DATASET: _invalid("{found} in {field} is no dataset, expected {expected}.", "documented", _GUIDE),
    Problem.CONDITION_ON_USER_OUTSIDE_IF: _invalid("{found} can only be used after IF.", "documented", _GUIDE),
    Problem.CONDITION_IN_IF_NOT_ON_USER: _invalid(
        "{found} cannot be used after IF, expected {expected}.", "documented", _GUIDE
    ),
    Problem.CURRENT_USER_ON_RIGHT: _invalid("{found} cannot be compared with.", "documented", _GUIDE),
    Problem.CURRENT_ITEM_ON_LEFT: _invalid("{found} can only be compared with.", "documented", _GUIDE),
    Problem.CURRENT_ITEM_IN_IF: _invalid("{field} cannot be compared with {found}.", "documented", _GUIDE),
    Problem.SECOND_IF: _invalid("an expression can have one IF.", "documented", _GUIDE),
    Problem.OR_IN_IF: _invalid("conditions after IF can only be joined by {expected}.", "documented", _GUIDE),
    Problem.PLACEHOLDER_WITH_NOT_IN: invalid(
        "Invalid input symbol: ${name}. Placeholders are not allowed with NOT_IN operator.",
        "documented",
        _MESSAGES,
        wording="documented",
    ),
    Problem.TOO_MANY_PARAMETERS: _invalid("{field} takes one placeholder, found {found}.", "documented", _GUIDE),
    Problem.PARAMETER_AMONG_VALUES: _invalid(
        "the placeholder ${name} of {field} cannot stand among other values.", "inferred"
    ),
    Problem.LONG_PARAMETER: _invalid(
        "the name of the placeholder ${name} has more than {expected} characters.", "documented", "service model"
    ),
    Problem.MIXED_ENTITIES: _invalid("found {found} in a filter that began with {expected}.", "inferred"),
    Problem.WRONG_DATASET_FOR_ENTITY: _invalid(
        "{field} cannot be used with {entity}, expected a field of {expected}.", "documented", _GUIDE
    ),
    Problem.MIXED_DATASETS: _invalid(
        "{field} cannot be combined with conditions on {expected}; use | between expressions.", "documented", _GUIDE
    ),
    Problem.CONDITION_ON_USER_FOR_ENTITY: _invalid(
        "{field} cannot be used with {entity}, only with {expected}.", "inferred"
    ),
    Problem.CURRENT_ITEM_FOR_ENTITY: _invalid(
        "{found} cannot be used with {entity}, only with {expected}.", "documented", _GUIDE
    ),
    Problem.CURRENT_ITEM_FOR_DATASET: _invalid(
        "{field} cannot be compared with {found}, only a field of {expected} can.", "inferred"
    ),
    Problem.EVENT_TYPE_ONLY: _invalid("{field} cannot be filtered by, only {expected} can.", "documented", _GUIDE),
    Problem.RESERVED_ACTION_FIELD: _invalid(
        "{field} cannot be filtered by; the service applies it itself.", "documented", _GUIDE
    ),
    Problem.MISSING_DATASET: _invalid("{field} requires a dataset of type {dataset}.", "inferred"),
    Problem.UNKNOWN_FIELD: _invalid("{field} is no field of the {dataset} dataset.{hint}", "inferred"),
    Problem.BOOLEAN_FIELD: _invalid("{field} is of type boolean and cannot be filtered by.", "documented", _MESSAGES),
    Problem.TEXTUAL_FIELD: _invalid("{field} is textual and cannot be filtered by.", "documented", _GUIDE),
    Problem.OPERATOR: _invalid(
        "{found} cannot be used with {field} of type {type}, expected {expected}.", "documented", _GUIDE
    ),
    Problem.WILDCARD: _invalid("the wildcard * can only be used with {expected}, not {field}.", "documented", _GUIDE),
    Problem.VALUE: _invalid("found {found} for {field} of type {type}, expected {expected}.", "inferred"),
    Problem.DIFFERENT_TYPES: _invalid(
        "{field} of type {type} cannot be compared with {found}, expected {expected}.", "chosen"
    ),
}
"""The refusal of each problem; its fields are the details of the problem and its position."""


def refusal_of(error: FilterError) -> ServiceError:
    """The InvalidInputException for a filter expression."""
    nearest = error.details.get("nearest")
    hint = f" Did you mean {nearest}?" if nearest else ""
    return SENTENCES[error.problem](position=error.position, hint=hint, **error.details)
