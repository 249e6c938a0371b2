"""What the demonstration prints: numbered steps, one line a call with its time, and tables, within 100 columns."""

from __future__ import annotations

import shutil
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

WIDTH = 100
_INDENT = "   "


class DemoError(Exception):
    """The demonstration cannot go on; the message is one line for its user."""


class Console:
    """Prints to ``out``; draws over its own line while waiting only where ``out`` is a terminal."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._started = time.monotonic()
        self._steps = 0
        self._live = out.isatty()

    @property
    def elapsed(self) -> float:
        """Seconds since the console was made."""
        return time.monotonic() - self._started

    def line(self, text: str = "") -> None:
        """Print one line as it is."""
        print(text, file=self._out, flush=True)

    def step(self, title: str) -> None:
        """Begin the next numbered step."""
        self._steps += 1
        head = f"{self._steps}. {title} "
        self.line()
        self.line(head + "-" * (WIDTH - len(head) - 9) + f"{self.elapsed:7.1f} s")

    def note(self, text: str) -> None:
        """Print ``text`` below the step, its end cut where it is too long."""
        self.line(_INDENT + cut(text, WIDTH - len(_INDENT)))

    def paragraph(self, text: str, hang: int = 0) -> None:
        """Print ``text`` below the step, on several lines where needed; all but the first stand in by ``hang``."""
        later = _INDENT + " " * hang
        for line in textwrap.wrap(text, WIDTH, initial_indent=_INDENT, subsequent_indent=later):
            self.line(line)

    @contextmanager
    def timed(self, text: str) -> Iterator[None]:
        """Print ``text`` and, once the block is done, how long it took."""
        began = time.monotonic()
        self.waiting(text, 0.0)
        yield
        self.done(text, time.monotonic() - began)

    def waiting(self, text: str, seconds: float) -> None:
        """Show on a terminal what is being waited for; the next line replaces it."""
        if self._live:
            columns = min(WIDTH, shutil.get_terminal_size().columns - 1)
            print("\r" + _row(text, f"{seconds:.0f} s ...")[:columns], end="", file=self._out, flush=True)

    def done(self, text: str, seconds: float) -> None:
        """Print ``text``, on several lines where needed, and the time that it took."""
        if self._live:
            print("\r" + " " * min(WIDTH, shutil.get_terminal_size().columns - 1) + "\r", end="", file=self._out)
        width = WIDTH - len(_INDENT) - 11
        *first, last = textwrap.wrap(text, width, subsequent_indent=_INDENT, break_on_hyphens=False) or [""]
        for line in first:
            self.line(_INDENT + line)
        self.line(_row(last, f"{seconds:.2f} s"))

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print aligned columns; a column whose cells are all numbers goes to the right, long cells are cut."""
        widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
        excess = sum(widths) + 2 * (len(widths) - 1) + len(_INDENT) - WIDTH
        if excess > 0:
            widest = widths.index(max(widths))
            widths[widest] = max(8, widths[widest] - excess)
        right = [all(_is_number(row[column]) for row in rows) for column in range(len(header))]
        rule = ["-" * width for width in widths]
        for row in (header, rule, *rows):
            cells = (
                cut(cell, width).rjust(width) if to_right else cut(cell, width).ljust(width)
                for cell, width, to_right in zip(row, widths, right, strict=True)
            )
            self.line((_INDENT + "  ".join(cells)).rstrip())


def cut(text: str, width: int) -> str:
    """``text``, its end replaced by dots where it is longer than ``width``."""
    return text if len(text) <= width else text[: width - 2].rstrip() + ".."


def written_call(service: str, operation: str, parameters: Mapping[str, Any]) -> str:
    """A call as a programmer would write it, with long values shortened."""
    arguments = ", ".join(f"{name}={_value(value)}" for name, value in parameters.items())
    return f"{service}.{operation}({arguments})"


def _value(value: Any) -> str:
    if isinstance(value, str) and value.startswith("arn:"):
        # Of an ARN and of a path, the end is what tells one from another.
        return repr("arn:.." + value[value.rindex(":") :])
    if isinstance(value, str) and value.startswith("/"):
        return repr(value.rpartition("/")[2])
    if isinstance(value, str) and value.startswith("{"):
        return "'{..}'"
    if isinstance(value, str):
        return repr(cut(value, 36))
    if isinstance(value, Mapping) and len(value) <= 2:
        return "{" + ", ".join(f"{name!r}: {_value(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, Mapping):
        return "{..}"
    if isinstance(value, Sequence):
        return f"[{len(value)} items]"
    return repr(value)


def _row(text: str, end: str) -> str:
    return _INDENT + cut(text, WIDTH - len(_INDENT) - 11).ljust(WIDTH - len(_INDENT) - 10) + end.rjust(10)


def _is_number(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).isdigit() or text in {"", "-", "="}
