"""How an import fails: the service's sentence for the caller, and a report of what was found where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# Inferred: the wording is general knowledge of the service, no published source was found.
NONCONFORMING: Final = (
    "Input csv has rows that do not conform to the dataset schema. Please ensure all required data fields are "
    "present and that they are of the type specified in the schema."
)
# Chosen: the service says nothing about these.
NOT_UTF8: Final = "Input csv is not encoded in UTF-8."
COMPRESSED: Final = "Input csv is compressed with gzip. Compressed files are not supported."
NO_ROWS: Final = "Input csv has no data rows."
DIFFERENT_HEADERS: Final = "Input csv files have different headers."


def too_long(limit: int, column: str) -> str:
    """Documented (developer guide, error messages)."""
    return (
        f"Length cannot be more than {limit} characters for {column}. If no values exceed the character limit, make "
        "sure your data follows the formatting guidelines listed in "
        "https://docs.aws.amazon.com/personalize/latest/dg/data-prep-formatting.html."
    )


def repeated_column(column: str) -> str:
    """Chosen: the service says nothing about a column that is there twice."""
    return f"Input csv has more than one column {column}."


def too_few_rows(rows: int, minimum: int) -> str:
    """The rule is documented (1000 rows in an Interactions import), the sentence is chosen."""
    return f"Input csv has {rows} rows. An import of this dataset type needs at least {minimum} rows."


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What was seen until the import gave up.

    ``rows_read`` and ``rows_rejected`` count up to the end of the block of rows in which the first fault lies;
    ``row`` is the number of the first offending data row in ``file``, counted from 1. Where the fault is in no
    particular row or column, those are None.
    """

    rows_read: int = 0
    rows_rejected: int = 0
    file: str | None = None
    row: int | None = None
    column: str | None = None
    problem: str = ""


class ImportFailure(Exception):
    """The data cannot be imported. ``reason`` is the sentence to show as failureReason."""

    def __init__(self, reason: str, report: ImportReport) -> None:
        super().__init__(reason, report)
        self.reason = reason
        self.report = report

    def __str__(self) -> str:
        return self.reason


class MissingColumns(Exception):
    """The header lacks columns of the schema. The message is documented (developer guide, error messages)."""

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__(tuple(columns))
        self.columns = tuple(columns)

    def __str__(self) -> str:
        return f"Input CSV is missing the following columns:[{', '.join(self.columns)}]."
