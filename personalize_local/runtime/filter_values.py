"""How what is wrong with the use of a filter in a request is put into words."""

from __future__ import annotations

from collections.abc import Mapping

from botocore_shapes.errors import ServiceError
from personalize_local.filters import FilterValueError, ValueProblem
from personalize_local.provenance import Refusal, invalid

_PAGE = "dg/filter-real-time.html"

SENTENCES: Mapping[ValueProblem, Refusal] = {
    ValueProblem.UNKNOWN: invalid(
        "{name} is not a parameter of the filter. Its parameters are {expected}.", "inferred"
    ),
    ValueProblem.MISSING: invalid("Missing value for filter parameter {name}.", "documented", _PAGE),
    ValueProblem.UNQUOTED: invalid(
        "The value of filter parameter {name} must be {expected}, found {found}.", "inferred", _PAGE
    ),
    ValueProblem.UNCLOSED_QUOTE: invalid(
        "The value of filter parameter {name} has a quote that is not closed: {found}.", "inferred", _PAGE
    ),
    ValueProblem.SYNTAX: invalid(
        "The value of filter parameter {name} cannot be read: found {found}, expected {expected}.", "inferred", _PAGE
    ),
    ValueProblem.SEVERAL: invalid(
        "Filter parameter {name} stands after {operator} and takes one value, found {found}.", "inferred"
    ),
    ValueProblem.VALUE: invalid(
        "Filter parameter {name} is compared with {field} and must be {expected}, found {found}.", "inferred"
    ),
}
NO_PARAMETERS = invalid("{name} is not a parameter of the filter, which has none.", "inferred")


def refusal_of(error: FilterValueError) -> ServiceError:
    """The refusal of values that break a rule."""
    if error.problem is ValueProblem.UNKNOWN and not error.details["expected"]:
        return NO_PARAMETERS(name=error.name)
    return SENTENCES[error.problem](name=error.name, **error.details)
