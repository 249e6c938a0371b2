"""Cells that the CSV parser cannot read as numbers: integers written as floats, signs, 0x prefixes, plain nonsense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from personalize_local.datasets._arrow import Array, pa, pc
from personalize_local.provenance import Rule

if TYPE_CHECKING:
    from personalize_local.datasets.schema import FieldType

RULES = (
    Rule(
        says="Integers may be written as floats (3.0, 1.5e9), with a sign and with blanks around them; above 2^53 a "
        "float does not say which integer is meant and does not conform.",
        known="inferred",
        source="programs that import such files",
    ),
)

_DECIMAL: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?$"
_INTEGER: Final = r"^-?[0-9]{1,18}$"
_LONG_INTEGER: Final = r"^[+-]?[0-9]+$"
# Above this a double does not hold every integer, so what was meant is unknown.
_EXACT: Final = float(2**53)


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """``values`` with null where a cell is empty or bad; ``bad`` marks the bad ones, None where there are none.

    ``ordinary`` is True when the parser would have read the column itself.
    """

    values: Array
    bad: Array | None
    ordinary: bool


def from_text(column: Array, type_: FieldType) -> Converted:
    """Read an array of strings as ``type_`` (any but string). Integers may be written as floats: 3.0, 1.5e9."""
    text = pc.utf8_trim_whitespace(column)
    if type_ == "boolean":
        return _booleans(text)
    if type_ in ("float", "double"):
        good = pc.match_substring_regex(text, _DECIMAL)
        return _converted(column, pc.cast(_only(text, good), pa.float64()))
    ordinary = pc.match_substring_regex(text, _INTEGER)
    values = pc.cast(_only(text, ordinary), pa.int64())
    rest = pc.fill_null(pc.invert(ordinary), False)
    if not pc.any(rest).as_py():
        return _converted(column, values)
    written_long = pc.and_(rest, pc.match_substring_regex(text, _LONG_INTEGER))
    written_float = pc.and_not(pc.and_(rest, pc.match_substring_regex(text, _DECIMAL)), written_long)
    values = pc.coalesce(values, _whole(_only(text, written_float)), _long(_only(text, written_long)))
    return _converted(column, values, ordinary=False)


def _converted(column: Array, values: Array, *, ordinary: bool = True) -> Converted:
    bad = pc.and_(pc.is_null(values), pc.is_valid(column))
    return Converted(values=values, bad=bad if pc.any(bad).as_py() else None, ordinary=ordinary)


def _only(text: Array, where: Array) -> Array:
    return pc.if_else(where, text, pa.scalar(None, pa.string()))


def _whole(text: Array) -> Array:
    numbers = pc.cast(text, pa.float64())
    whole = pc.and_(pc.equal(numbers, pc.floor(numbers)), pc.less_equal(pc.abs(numbers), _EXACT))
    return pc.cast(pc.if_else(whole, numbers, pa.scalar(None, pa.float64())), pa.int64())


def _long(text: Array) -> Array:
    """Integers of 19 digits and more, or with a plus sign: few, so one by one."""
    kept = [None if digits is None else _in_range(digits) for digits in text.to_pylist()]
    return pa.array(kept, pa.int64())


def _in_range(digits: str) -> int | None:
    # Python refuses to read integers of thousands of digits; 40 are out of range anyway.
    value = int(digits) if len(digits) <= 40 else None
    return value if value is not None and -(2**63) <= value < 2**63 else None


def _booleans(text: Array) -> Converted:
    lower = pc.utf8_lower(text)
    true = pc.is_in(lower, value_set=pa.array(["true", "1"]))
    known = pc.is_in(lower, value_set=pa.array(["true", "false", "1", "0"]))
    return _converted(text, pc.if_else(known, true, pa.scalar(None, pa.bool_())))
