"""Filters: the language of filter expressions, its tree, the checks against schemas, the values that requests give.

Nothing else of the project is imported here: text and columns come in, trees, FilterError and FilterValueError go out.
Which entities a filter keeps is answered by ``evaluation`` over the columns of ``table``; both load numpy, so they are
imported from there.
"""

from personalize_local.filters.checks import Column, check
from personalize_local.filters.parsing import parse
from personalize_local.filters.problems import FilterError, Problem
from personalize_local.filters.tree import (
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
    fields,
    parameters,
)
from personalize_local.filters.values import Bound, FilterValueError, ValueProblem, bind

__all__ = [
    "Action",
    "Bound",
    "Column",
    "Condition",
    "CurrentItemField",
    "Dataset",
    "Entity",
    "Field",
    "Filter",
    "FilterError",
    "FilterValueError",
    "Literals",
    "Operand",
    "Operator",
    "Parameter",
    "Part",
    "Problem",
    "ValueProblem",
    "bind",
    "check",
    "fields",
    "parameters",
    "parse",
]
