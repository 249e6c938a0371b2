"""What the regular expressions of the models mean in Python: Java and ECMAScript syntax translated to ``re``.

Character classes are worked out to plain code-point ranges, since ``re`` knows neither Unicode properties
(``\\p{L}``) nor intersections (``&&``). Shorthands stay ASCII, as in Java.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache
from itertools import groupby

__all__ = ["Pattern", "UntranslatablePattern", "compile_pattern"]

Ranges = list[tuple[int, int]]

_ASCII = 0x7F
_TOP = sys.maxunicode
_SHORTHANDS: dict[str, Ranges] = {
    "d": [(0x30, 0x39)],
    "w": [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)],
    "s": [(0x09, 0x0D), (0x20, 0x20)],
    "h": [(0x09, 0x09), (0x20, 0x20), (0xA0, 0xA0), (0x3000, 0x3000)],
}
_CONTROLS = {"n": 0x0A, "r": 0x0D, "t": 0x09, "f": 0x0C, "v": 0x0B, "a": 0x07, "e": 0x1B, "0": 0x00}
_POSIX: dict[str, Ranges] = {
    "ascii": [(0x00, 0x7F)],
    "alnum": [(0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)],
    "alpha": [(0x41, 0x5A), (0x61, 0x7A)],
    "digit": [(0x30, 0x39)],
    "upper": [(0x41, 0x5A)],
    "lower": [(0x61, 0x7A)],
    "punct": [(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)],
    "graph": [(0x21, 0x7E)],
    "print": [(0x20, 0x7E)],
    "blank": [(0x09, 0x09), (0x20, 0x20)],
    "cntrl": [(0x00, 0x1F), (0x7F, 0x7F)],
    "xdigit": [(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)],
    "space": [(0x09, 0x0D), (0x20, 0x20)],
    "all": [(0x00, _TOP)],
}
# Names that Java has beside the general categories, as the categories that they are made of.
_CATEGORIES = {"isalphabetic": ("L", "Nl"), "iswhitespace": ("Z",), "ld": ("L", "Nd")}
_ESCAPE = re.compile(
    r"\\(?:p\{(?P<property>[^}]*)\}|P\{(?P<other>[^}]*)\}|p(?P<short>[A-Z])|P(?P<short_other>[A-Z])"
    r"|0(?P<octal>[0-7]{1,3})|u(?P<unit>[0-9A-Fa-f]{4})|x(?P<byte>[0-9A-Fa-f]{2})|x\{(?P<point>[0-9A-Fa-f]+)\}|(?P<plain>.))",
    re.DOTALL,
)

_OPENINGS = frozenset({"(", "(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!"})


class UntranslatablePattern(ValueError):
    """The pattern uses syntax that has no counterpart in ``re``, or none that is known here."""


class Pattern:
    """A compiled pattern of a model.

    Unicode properties are tables of the whole code space: they are worked out only when a value that is not ASCII
    asks for them (about a fifth of a second, once in a process).
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._ascii = _compile(source, _ASCII)
        self._full: re.Pattern[str] | None = None

    def matches(self, value: str) -> bool:
        """Whether the whole value satisfies the pattern."""
        if value.isascii():
            return self._ascii.fullmatch(value) is not None
        if self._full is None:
            self._full = _compile(self._source, _TOP)
        return self._full.fullmatch(value) is not None


def compile_pattern(source: str) -> Pattern:
    """Translate and compile; raises ``UntranslatablePattern``."""
    return Pattern(source)


def _compile(source: str, top: int) -> re.Pattern[str]:
    try:
        return re.compile(_Translator(source, top).translate(), re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise UntranslatablePattern(f"{source}: {error}") from error


class _Translator:
    """One pass over a pattern, copying what both syntaxes share."""

    def __init__(self, source: str, top: int) -> None:
        self._source = source
        self._top = top
        self._at = 0
        # One entry per open group: how many scoped-flag groups were opened inside it and close with it. One that
        # begins where its group begins takes in the alternatives of the group; one in the middle cannot.
        self._pending = [0]
        self._midway = [False]
        self._fresh = True

    def translate(self) -> str:
        pieces = []
        while self._at < len(self._source):
            pieces.append(self._piece())
            self._fresh = pieces[-1] in _OPENINGS
        return "".join(pieces) + ")" * self._pending[0]

    def _piece(self) -> str:
        character = self._source[self._at]
        if character == "\\":
            return self._escape()
        if character == "[":
            self._at += 1
            return _class_text(self._class())
        self._at += 1
        if character == "(":
            return self._group()
        if character == ")":
            if len(self._pending) == 1:
                raise UntranslatablePattern(f"{self._source}: a group that was not opened ends")
            self._midway.pop()
            return ")" * (1 + self._pending.pop())
        if character == "|" and self._midway[-1]:
            raise UntranslatablePattern(f"{self._source}: alternatives under a flag set in mid-pattern")
        # Python's $ would also match before a final line break, and neither it nor \Z may be repeated bare.
        return r"(?:\Z)" if character == "$" else character

    def _group(self) -> str:
        rest = self._source[self._at :]
        flags = re.match(r"\?([imsx]+)\)", rest)
        if flags:
            self._at += flags.end()
            self._pending[-1] += 1
            self._midway[-1] |= not self._fresh
            return f"(?{flags[1]}:"
        self._pending.append(0)
        self._midway.append(False)
        opening = re.match(r"\?(?:[:=!>]|<[=!])|", rest)
        if rest.startswith("?<") and opening is not None and not opening[0]:
            self._at += 2
            return "(?P<"
        mark = "" if opening is None else opening[0]
        self._at += len(mark)
        return f"({mark}"

    def _escape(self) -> str:
        if self._source.startswith("\\Q", self._at):
            end = self._source.find("\\E", self._at)
            stop = len(self._source) if end < 0 else end
            quoted = self._source[self._at + 2 : stop]
            self._at = stop + 2
            return re.escape(quoted)
        following = self._source[self._at + 1 : self._at + 2]
        if following in ("A", "b", "B") or (following.isdigit() and following != "0"):
            self._at += 2
            return "\\" + following
        if following in ("z", "Z"):
            self._at += 2
            return r"(?:\Z)"
        return _class_text(self._atom())

    def _class(self) -> Ranges:
        """Read a class after its ``[``; nested classes only after ``&&``, elsewhere ``[`` stands for itself."""
        negated = self._source.startswith("^", self._at)
        self._at += negated
        found: Ranges = []
        first = True
        while True:
            if self._at >= len(self._source):
                raise UntranslatablePattern(f"{self._source}: a class without an end")
            if self._source[self._at] == "]" and not first:
                self._at += 1
                break
            if self._source.startswith("&&[", self._at):
                self._at += 3
                found = _intersect(found, self._class())
            else:
                found += self._span()
            first = False
        found = _normal(found)
        return _complement(found) if negated else found

    def _span(self) -> Ranges:
        start = self._atom()
        if len(start) != 1 or start[0][0] != start[0][1] or not self._source.startswith("-", self._at):
            return start
        if self._source[self._at + 1 : self._at + 2] in ("]", ""):
            return start
        mark = self._at
        self._at += 1
        end = self._atom()
        if len(end) != 1 or end[0][0] != end[0][1]:
            # A shorthand cannot end a range: the hyphen stood for itself.
            self._at = mark
            return start
        if end[0][0] < start[0][0]:
            raise UntranslatablePattern(f"{self._source}: a range that runs backwards")
        return [(start[0][0], end[0][0])]

    def _atom(self) -> Ranges:
        """Read one character or escape: the code points it stands for."""
        if self._source[self._at] != "\\":
            point = ord(self._source[self._at])
            self._at += 1
            return [(point, point)]
        found = _ESCAPE.match(self._source, self._at)
        if found is None:
            raise UntranslatablePattern(f"{self._source}: ends in a backslash")
        self._at = found.end()
        for name, negated in (("property", False), ("short", False), ("other", True), ("short_other", True)):
            if found[name] is not None:
                ranges = _property(found[name], self._top)
                return _complement(ranges) if negated else ranges
        for name in ("unit", "byte", "point"):
            if found[name] is not None:
                return self._point(int(found[name], 16))
        if found["octal"] is not None:
            return self._point(int(found["octal"], 8))
        return _plain_escape(found["plain"], self._source)

    def _point(self, point: int) -> Ranges:
        # Java writes a character beyond the first plane as two escapes.
        low = re.compile(r"\\u([dD][c-fC-F][0-9A-Fa-f]{2})").match(self._source, self._at)
        if 0xD800 <= point <= 0xDBFF and low:
            self._at = low.end()
            point = 0x10000 + ((point - 0xD800) << 10) + (int(low[1], 16) - 0xDC00)
        return [(point, point)]


def _plain_escape(character: str, source: str) -> Ranges:
    if character in _CONTROLS:
        return [(_CONTROLS[character], _CONTROLS[character])]
    if character in _SHORTHANDS:
        return _SHORTHANDS[character]
    if character.lower() in _SHORTHANDS:
        return _complement(_SHORTHANDS[character.lower()])
    if character.isascii() and character.isalnum():
        raise UntranslatablePattern(f"{source}: unknown escape \\{character}")
    return [(ord(character), ord(character))]


@lru_cache(maxsize=2)
def _category_runs(top: int) -> tuple[tuple[str, int, int], ...]:
    """The general categories of all code points up to ``top``, as runs: (category, first, last)."""
    runs, start = [], 0
    for category, run in groupby(map(unicodedata.category, map(chr, range(top + 1)))):
        length = sum(1 for _ in run)
        runs.append((category, start, start + length - 1))
        start += length
    return tuple(runs)


def _property(name: str, top: int) -> Ranges:
    key = name.lower()
    if key in _POSIX:
        return list(_POSIX[key])
    wanted = _CATEGORIES.get(key)
    if wanted is None:
        category = name[2:] if key.startswith("is") else name
        if not re.fullmatch(r"[CLMNPSZ][a-z]?", category):
            raise UntranslatablePattern(f"unknown property {name}")
        wanted = (category,)
    return _normal([(low, high) for category, low, high in _category_runs(top) if category.startswith(wanted)])


def _normal(ranges: Ranges) -> Ranges:
    """The same code points as sorted ranges that do not touch."""
    merged: Ranges = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _complement(ranges: Ranges) -> Ranges:
    found: Ranges = []
    start = 0
    for low, high in _normal(ranges):
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    if start <= _TOP:
        found.append((start, _TOP))
    return found


def _intersect(left: Ranges, right: Ranges) -> Ranges:
    return _complement(_complement(left) + _complement(right))


def _class_text(ranges: Ranges) -> str:
    if not ranges:
        return r"(?!)"
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _point_text(ranges[0][0])
    spans = (_point_text(low) if low == high else f"{_point_text(low)}-{_point_text(high)}" for low, high in ranges)
    return f"[{''.join(spans)}]"


def _point_text(point: int) -> str:
    character = chr(point)
    return character if character.isascii() and character.isalnum() else f"\\U{point:08x}"
