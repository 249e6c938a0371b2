"""The expressions of metrics: ``SAMPLECOUNT()`` and ``SUM(Items.COLUMN)`` or ``SUM(Interactions.COLUMN)``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from personalize_local.datasets.schema import Schema
from personalize_local.provenance import Rule, invalid

_PAGE = "dg/metric-attribution-requirements.html"

MALFORMED = invalid(
    "Expression {expression} is not valid. Use SAMPLECOUNT(), SUM(Items.COLUMN) or SUM(Interactions.COLUMN).",
    "documented",
    _PAGE,
)
NO_SUCH_COLUMN = invalid("Expression {expression} names no numeric column of the {type} dataset.", "documented", _PAGE)
RULES = (Rule(says="Functions, datasets and columns of metric expressions are taken in any case.", known="inferred"),)

_EXPRESSION = re.compile(
    r"\s*(?:SAMPLECOUNT\s*\(\s*\)|SUM\s*\(\s*(ITEMS|INTERACTIONS)\s*\.\s*([A-Za-z_]\w*)\s*\))\s*",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Expression:
    """A sum over a column of a dataset, or a count of events where both are None."""

    dataset_type: str | None
    column: str | None


def parse_expression(text: str) -> Expression:
    """Read an expression. Raises InvalidInputException."""
    match = _EXPRESSION.fullmatch(text)
    if match is None:
        raise MALFORMED(expression=text)
    dataset_type, column = match.groups()
    return Expression(None if dataset_type is None else dataset_type.upper(), column)


def check_expression(text: str, schemas: Mapping[str, Schema]) -> None:
    """Check an expression against the schemas of a group by dataset type. Raises InvalidInputException."""
    expression = parse_expression(text)
    if expression.dataset_type is None or expression.column is None:
        return
    schema = schemas.get(expression.dataset_type)
    field = None if schema is None else schema.field(expression.column)
    if field is None or not field.numeric:
        raise NO_SUCH_COLUMN(expression=text, type=expression.dataset_type)


def datasets_of(metrics: Iterable[Mapping[str, str]]) -> frozenset[str]:
    """The dataset types that metrics read: each counts events, which are interactions."""
    parsed = [parse_expression(metric["expression"]) for metric in metrics]
    return frozenset(expression.dataset_type or "INTERACTIONS" for expression in parsed) | {"INTERACTIONS"}
