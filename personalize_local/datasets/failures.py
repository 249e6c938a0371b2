"""How an import fails: the service's sentence for the caller, and a report of what was found where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from personalize_local.provenance import Sentence

_MESSAGES: Final = "dg/error-messages.html"
_REASON: Final = "failureReason of import jobs"
_BOTH: Final = "InvalidInputException of CreateDatasetImportJob where the header shows it, else failureReason"

NONCONFORMING = Sentence(
    "Input csv has rows that do not conform to the dataset schema. Please ensure all required data fields are "
    "present and that they are of the type specified in the schema.",
    rule="inferred",
    wording="inferred",
    said=_BOTH,
)
TOO_LONG = Sentence(
    "Length cannot be more than {limit} characters for {column}. If no values exceed the character limit, make "
    "sure your data follows the formatting guidelines listed in "
    "https://docs.aws.amazon.com/personalize/latest/dg/data-prep-formatting.html.",
    rule="documented",
    wording="documented",
    said=_REASON,
    source=_MESSAGES,
)
MISSING_COLUMNS = Sentence(
    "Input CSV is missing the following columns:[{columns}].",
    rule="documented",
    wording="documented",
    said=_BOTH,
    source=f"{_MESSAGES}; that the call is refused was seen through CloudFormation",
)
NOT_UTF8 = Sentence("Input csv is not encoded in UTF-8.", rule="chosen", wording="chosen", said=_BOTH)
COMPRESSED = Sentence(
    "Input csv is compressed with gzip. Compressed files are not supported.",
    rule="inferred",
    wording="chosen",
    said=_BOTH,
)
REPEATED_COLUMN = Sentence("Input csv has more than one column {column}.", rule="chosen", wording="chosen", said=_BOTH)
DIFFERENT_HEADERS = Sentence(
    "Input csv files have different headers.",
    rule="documented",
    wording="chosen",
    said=_REASON,
    source="dg/bulk-data-import-step.html",
)
NO_ROWS = Sentence("Input csv has no data rows.", rule="chosen", wording="chosen", said=_REASON)
TOO_FEW_ROWS = Sentence(
    "Input csv has {rows} rows. An import of this dataset type needs at least {minimum} rows.",
    rule="documented",
    wording="chosen",
    said=_REASON,
    source="dg/limits.html",
)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Offence:
    """One thing that is wrong in a file.

    ``row`` is the number of the data row, counted from 1; a blank line is none, and every other line is one. Both
    ``row`` and ``column`` are None where the fault is in none in particular. ``value`` is what stands there, shortened.
    """

    file: str
    row: int | None = None
    column: str | None = None
    problem: str
    value: str = ""


def shortened(text: str, most: int = 60) -> str:
    """A text that is not ours, short and fit for a terminal."""
    text = text[:most] + "..." if len(text) > most else text
    return text if text.isprintable() else text.encode("unicode_escape").decode()


class ImportFailure(Exception):
    """The data cannot be imported. ``reason`` is the sentence to show as failureReason."""

    def __init__(self, reason: str, report: ImportReport) -> None:
        super().__init__(reason, report)
        self.reason = reason
        self.report = report

    def __str__(self) -> str:
        return self.reason


class MissingColumns(Exception):
    """The header lacks columns of the schema."""

    def __init__(self, columns: Sequence[str], file: str | None = None) -> None:
        super().__init__(tuple(columns), file)
        self.columns = tuple(columns)
        self.file = file

    def __str__(self) -> str:
        return MISSING_COLUMNS(columns=", ".join(self.columns))


def check_count(rows: int, *, minimum: int) -> None:
    """Raise ImportFailure where the files of an import have too few rows, all told."""
    if not rows:
        raise ImportFailure(NO_ROWS(), ImportReport())
    if rows < minimum:
        raise ImportFailure(TOO_FEW_ROWS(rows=rows, minimum=minimum), ImportReport(rows_read=rows))
