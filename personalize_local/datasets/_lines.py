"""Which line of a block is broken: found by halving, after the block as a whole has failed."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from personalize_local.datasets._arrow import pa
from personalize_local.datasets.failures import NONCONFORMING, NOT_UTF8

_BLANK: Final = (b"\n\n", b"\n\r")
# A row as the parser reads it: a quote counts where a cell begins, a backslash everywhere. Possessive, so linear.
_CELL: Final = rb'(?:(?:"(?:[^"\\]|\\.|"")*+"|[^,"\\]|\\.)(?:[^,\\]|\\.)*+)?'
_WHOLE: Final = re.compile(_CELL + rb"(?:," + _CELL + rb")*+", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``line`` counts the lines of the block that are not blank, from 1; ``before`` holds the lines ahead of it."""

    reason: str
    line: int
    problem: str
    before: bytes = b""


def row_count(block: bytearray) -> int:
    """How many rows ``block`` must have: its lines that are not blank."""
    if b"\n" in block and not block.startswith((b"\n", b"\r")) and not any(gap in block for gap in _BLANK):
        return block.count(b"\n") + (not block.endswith(b"\n"))
    return len(_rows(block))


def find_broken_line(block: bytearray, attempt: Callable[[bytes], int], *, columns: int) -> Fault:
    """The first line that ``attempt`` (parse, return the count of rows) cannot read as one row.

    Halves between a prefix that can be read and one that cannot, so it takes some twenty attempts.
    """
    rows = _rows(block)

    def fails(part: list[bytes]) -> bool:
        try:
            return attempt(b"\n".join(part) + b"\n") != len(part)
        except pa.ArrowInvalid:
            return True

    good, bad = 0, len(rows)
    while bad - good > 1:
        middle = (good + bad) // 2
        if fails(rows[:middle]):
            bad = middle
        else:
            good = middle
    line = rows[bad - 1]
    if bad > 1 and (_reaches_over(rows[bad - 2]) or not fails([line])):
        fault = Fault(reason=NONCONFORMING(), line=bad - 1, problem="a value reaches over the end of the line")
    else:
        fault = _explained(line, bad, columns)
    return replace(fault, before=b"".join(row + b"\n" for row in rows[: fault.line - 1]))


def _rows(block: bytearray) -> list[bytes]:
    end = b"\n" if b"\n" in block else b"\r"
    return [row for line in bytes(block).split(end) if (row := line.strip(b"\r"))]


def _reaches_over(line: bytes) -> bool:
    """Whether a quote stays open or the last character is a lone backslash."""
    return _WHOLE.fullmatch(line) is None


def _explained(line: bytes, number: int, columns: int) -> Fault:
    try:
        cells = next(csv.reader([line.decode()], escapechar="\\"), [])
    except UnicodeDecodeError as error:
        return Fault(reason=NOT_UTF8(), line=number, problem=f"not UTF-8 at byte {error.start} of the row")
    except csv.Error as error:
        return Fault(reason=NONCONFORMING(), line=number, problem=f"the row cannot be read: {error}")
    if len(cells) != columns:
        problem = f"the row has {len(cells)} values, the header {columns}"
        return Fault(reason=NONCONFORMING(), line=number, problem=problem)
    return Fault(reason=NONCONFORMING(), line=number, problem="the row cannot be read")
