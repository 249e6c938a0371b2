"""Filters: the language of filter expressions, its syntax tree and the checks of an expression against schemas.

Nothing else of the project is imported here: text and columns come in, trees and FilterError go out.
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

__all__ = [
    "Action",
    "Column",
    "Condition",
    "CurrentItemField",
    "Dataset",
    "Entity",
    "Field",
    "Filter",
    "FilterError",
    "Literals",
    "Operand",
    "Operator",
    "Parameter",
    "Part",
    "Problem",
    "check",
    "fields",
    "parameters",
    "parse",
]
