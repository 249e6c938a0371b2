"""How a benchmark says what it aims at, and how ``run.py`` reads it again: one form of line for all of them."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from typing import Literal

LEFT_OUT = "left out: "
"""What begins the line of a benchmark whose tool or data is absent."""
_LINE = re.compile(r"\s*(?P<title>.+?):? (?P<value>[\d.]+), target (?P<side>at most|at least) (?P<limit>\d+\.?\d*)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One figure and the limit it is held against."""

    title: str
    value: float
    side: Literal["at most", "at least"]
    limit: float

    @property
    def is_met(self) -> bool:
        """Whether the figure is on the right side of the limit."""
        return self.value <= self.limit if self.side == "at most" else self.value >= self.limit

    def __str__(self) -> str:
        shown = f"{self.value:.4f}" if self.limit < 0.1 else f"{self.value:.2f}"
        return f"{self.title}: {shown}, target {self.side} {self.limit:g}: {'met' if self.is_met else 'missed'}"


def read_target(line: str) -> Target | None:
    """The target in a printed line, if there is one."""
    found = _LINE.match(line)
    if found is None:
        return None
    side: Literal["at most", "at least"] = "at most" if found["side"] == "at most" else "at least"
    return Target(title=found["title"], value=float(found["value"]), side=side, limit=float(found["limit"]))


def absent(module: str, package: str) -> str | None:
    """The line to print when ``module`` cannot be imported; ``package`` is what brings it."""
    if importlib.util.find_spec(module) is not None:
        return None
    return f"{LEFT_OUT}{module} is not installed (pip install {package})"
