"""Which items a line of a segment job by attributes means: ``ITEMS.genres = "Comedy" AND ITEMS.year = 1999``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from personalize_local.batch.lines import LineError
from personalize_local.datasets.schema import Schema
from personalize_local.provenance import Rule, Sentence

if TYPE_CHECKING:
    from personalize_local.engine.data import Int32
    from personalize_local.runtime.entities import Entities

_SAID = "error of an output line of a batch segment job"
_PAGE = "dg/prepare-input-data-user-segment.html"

UNREADABLE = Sentence(
    "itemAttributes cannot be read: expected {expected}, found {found}.",
    rule="documented",
    wording="chosen",
    said=_SAID,
    source=_PAGE,
)
NO_COLUMN = Sentence(
    "itemAttributes names {column}, which is not a metadata column of the ITEMS dataset.",
    rule="documented",
    wording="chosen",
    said=_SAID,
    source=_PAGE,
)
TEXTUAL = Sentence(
    "itemAttributes names {column}, which is textual.", rule="documented", wording="chosen", said=_SAID, source=_PAGE
)
NO_NUMBER = Sentence(
    "itemAttributes compares {column}, which has numbers, with {found}.", rule="inferred", wording="chosen", said=_SAID
)
RULES = (
    Rule(
        says='A query of attributes has terms ITEMS.COLUMN = "VALUE", or a number without quotes, joined by AND; an '
        "item must fulfil all. Where a cell has several values, one of them is enough. ITEMS and AND may be in any "
        "case, quotes in a value have a backslash before them.",
        known="documented",
        source=f"{_PAGE}; that cells have several values and case do so, and numbers, is inferred",
    ),
    Rule(
        says="Items or values that the training did not know give a segment without users.",
        known="inferred",
    ),
)

_BLANKS = re.compile(r"\s*")
_FIELD = re.compile(r"items\s*\.\s*([A-Za-z_]\w*)", re.IGNORECASE)
_EQUALS = re.compile(r"=")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")
_AND = re.compile(r"and\b", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A column that must have a value."""

    column: str
    value: str | float


def read_query(text: str) -> list[Term]:
    """The terms of a query. Raises LineError."""
    return list(_Reader(text).terms())


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def terms(self) -> Iterator[Term]:
        while True:
            column = self._take(_FIELD, "ITEMS.COLUMN")[1]
            self._take(_EQUALS, "=")
            found = self._try(_STRING)
            if found is not None:
                yield Term(column=column, value=_ESCAPE.sub(r"\1", found[1]))
            else:
                yield Term(column=column, value=float(self._take(_NUMBER, "a value in double quotes or a number")[0]))
            if self._is_over():
                return
            self._take(_AND, "AND or the end")

    def _is_over(self) -> bool:
        blanks = _BLANKS.match(self._text, self._at)
        return blanks is not None and blanks.end() == len(self._text)

    def _try(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        blanks = _BLANKS.match(self._text, self._at)
        assert blanks is not None
        found = pattern.match(self._text, blanks.end())
        if found is not None:
            self._at = found.end()
        return found

    def _take(self, pattern: re.Pattern[str], expected: str) -> re.Match[str]:
        found = self._try(pattern)
        if found is None:
            rest = self._text[self._at :].strip()
            shown = rest if len(rest) <= _SHOWN else f"{rest[:_SHOWN]}.."
            raise LineError(UNREADABLE(expected=expected, found=shown or "the end"))
        return found


def items_with(terms: list[Term], entities: Entities, schema: Schema | None, known: int) -> Int32:
    """The indexes, among the first ``known`` entities, of the items that fulfil all terms. Raises LineError."""
    import numpy as np

    kept = np.ones(known, np.bool_)
    for term in terms:
        _check(term, schema)
        table = entities.table((term.column,))
        kept &= table.satisfying(term.column, "=", (term.value,))[:known]
    return np.flatnonzero(kept).astype(np.int32)


def _check(term: Term, schema: Schema | None) -> None:
    field = None if schema is None else schema.field(term.column)
    if schema is None or field is None or field not in schema.metadata:
        raise LineError(NO_COLUMN(column=term.column))
    if field.textual:
        raise LineError(TEXTUAL(column=field.name))
    if field.numeric and isinstance(term.value, str):
        raise LineError(NO_NUMBER(column=field.name, found=f'"{term.value}"'))
