"""How numbers are written in filter expressions."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["number"]

# No exponent, no plus sign, digits on both sides of the point: inferred, the guide's examples have no more.
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_LONG: Final = 2**63
_LONG_DIGITS: Final = 20


def number(text: str) -> int | float | None:
    """The number that ``text`` writes: whole numbers as int, if a long holds them. None: it is not a number."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    if match[1] is None and len(text) <= _LONG_DIGITS and -_LONG <= int(text) < _LONG:
        return int(text)
    return float(text)
