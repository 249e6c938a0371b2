"""Which lines of a block are broken: found by halving, after the block as a whole has failed."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from personalize_local.datasets._arrow import pa
from personalize_local.datasets.failures import NONCONFORMING, NOT_UTF8

_OVER: Final = "a value reaches over the end of the line"
_BLANK: Final = (b"\n\n", b"\n\r")
# A row as the parser reads it: a quote counts where a cell begins, a backslash everywhere. Possessive, so linear.
_CELL: Final = rb'(?:(?:"(?:[^"\\]|\\.|"")*+"|[^,"\\]|\\.)(?:[^,\\]|\\.)*+)?'
_WHOLE: Final = re.compile(_CELL + rb"(?:," + _CELL + rb")*+", re.DOTALL)

_CELLS: Final = re.compile(rb"(?:^|,)(" + _CELL + rb")", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``line`` counts the lines of the block that are not blank, from 1; ``before`` holds the lines ahead of it."""

    reason: str
    line: int
    problem: str
    before: bytes = b""


def lines_of(block: bytes | bytearray) -> list[bytes]:
    """The lines of a block that are not blank: what should be its rows."""
    end = b"\n" if b"\n" in block else b"\r"
    return [row for line in bytes(block).split(end) if (row := line.strip(b"\r"))]


def row_count(block: bytearray) -> int:
    """How many rows ``block`` must have: its lines that are not blank."""
    if b"\n" in block and not block.startswith((b"\n", b"\r")) and not any(gap in block for gap in _BLANK):
        return block.count(b"\n") + (not block.endswith(b"\n"))
    return len(lines_of(block))


def find_broken_line(block: bytearray, attempt: Callable[[bytes], int], *, columns: int) -> Fault:
    """The first line that ``attempt`` (parse, return the count of rows) cannot read as one row.

    Halves between a prefix that can be read and one that cannot, so it takes some twenty attempts.
    """
    rows = lines_of(block)
    good, bad = 0, len(rows)
    while bad - good > 1:
        middle = (good + bad) // 2
        if _fails(rows[:middle], attempt):
            bad = middle
        else:
            good = middle
    line = rows[bad - 1]
    if bad > 1 and (_reaches_over(rows[bad - 2]) or not _fails([line], attempt)):
        fault = Fault(reason=NONCONFORMING(), line=bad - 1, problem=_OVER)
    else:
        fault = _explained(line, bad, columns)
    return replace(fault, before=b"".join(row + b"\n" for row in rows[: fault.line - 1]))


def broken_lines(
    rows: Sequence[bytes], attempt: Callable[[bytes], int], *, columns: int, read: Sequence[int]
) -> list[int]:
    """Which of ``rows``, counted from 0, cannot be read as one row each; all others can, one after the other.

    ``read`` are the places of the cells that are read at all. Lines are judged as they stand, which is quick; what
    that does not tell is found by halving.
    """
    commas = columns - 1
    suspect = [at for at, row in enumerate(rows) if row.count(b",") != commas or not _is_simple(row)]
    broken = {at for at in suspect if _is_broken(rows[at], columns, read, last=at == len(rows) - 1)}
    while kept := [at for at in range(len(rows)) if at not in broken]:
        found = _halved(rows, kept, attempt)
        if not found:
            break
        broken.update(found)
    return sorted(broken)


def explain(line: bytes, *, columns: int) -> str:
    """What is wrong with a line that was found broken."""
    return _OVER if _reaches_over(line) else _explained(line, 1, columns).problem


def cell_of(line: bytes, at: int) -> str:
    """The cell of a row as it is meant, or the whole line where there is none."""
    text = line.decode(errors="replace")
    try:
        return next(csv.reader([text], escapechar="\\"))[at]
    except (csv.Error, StopIteration, IndexError):
        return text


def _halved(rows: Sequence[bytes], kept: Sequence[int], attempt: Callable[[bytes], int]) -> list[int]:
    """Broken lines among ``kept``: at least one where they cannot be read together, none where they can."""
    if not _fails([rows[at] for at in kept], attempt):
        return []
    if len(kept) == 1:
        return [kept[0]]
    middle = len(kept) // 2
    last = kept[middle - 1]
    found = _halved(rows, kept[:middle], attempt)
    # An open quote at the end of a part does no harm to the part, only to what follows it.
    if _reaches_over(rows[last]) and last not in found[-1:]:
        found.append(last)
    found += _halved(rows, kept[middle:], attempt)
    return found or [last]


def _fails(part: Sequence[bytes], attempt: Callable[[bytes], int]) -> bool:
    try:
        return attempt(b"\n".join(part) + b"\n") != len(part)
    except pa.ArrowInvalid:
        return True


def _is_simple(line: bytes) -> bool:
    """Whether nothing but commas has a meaning in a line, and its bytes are characters."""
    return line.isascii() and b'"' not in line and b"\\" not in line and b"\r" not in line


def _is_broken(line: bytes, columns: int, read: Sequence[int], *, last: bool) -> bool:
    if _is_simple(line):
        return line.count(b",") != columns - 1
    if b"\r" in line:
        return False  # which the parser has its own rules for
    if _reaches_over(line):
        return not last  # which ends at the end of a block, for the parser
    cells = _CELLS.findall(line)
    if len(cells) != columns:
        return True
    try:
        for at in read:
            cells[at].decode()
    except UnicodeDecodeError:
        return True
    return False


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
