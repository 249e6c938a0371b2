"""Hypothesis strategies for values of a model's shapes, within what the model and the wire allow."""

from __future__ import annotations

import functools
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from botocore_shapes.model import Shape
from botocore_shapes.patterns import UntranslatablePattern, compile_pattern

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 4_102_444_800  # the year 2100
_BUDGET = 40
_DEEPEST = 6
_EXTRA = 6

# Strings that satisfy many of the models' patterns; the first that fit are used where a shape has a pattern.
_CANDIDATES = (
    "a", "A", "1", "abc", "Abc-123", "abcdefgh", "ABCDEFGHIJ", "0123456789", "123456789012", "0123456789abcdef",
    "12345678-1234-1234-1234-123456789012", "us-east-1", "us-east-1a", "a@example.com", "https://example.com/a",
    "s3://bucket/key", "/a/b", "a/b", "1.0", "1.2.3", "10.0.0.1", "10.0.0.0/16", "10:30", "rate(1 day)", "true",
    "arn:aws:iam::123456789012:role/name", "arn:aws:s3:::bucket",
    "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012",
    "arn:aws:lambda:us-east-1:123456789012:function:name", "arn:aws:sns:us-east-1:123456789012:topic",
    "arn:aws:personalize:us-east-1:123456789012:solution/name", "2024-01-01", "2024-01-01T00:00:00Z", "{}", "1024",
    "application/json", "en-US", "USD", "*", "a" * 17, "a" * 32, "a" * 64, "0" * 64,
)  # fmt: skip

_ANY_TEXT = st.characters(codec="utf-8")
_HEADER_TEXT = st.sampled_from(string.ascii_letters + string.digits + "-_.:/=+@~!#$%&*()[]{}|?<>;'")
_HOST_TEXT = st.sampled_from(string.ascii_letters + string.digits + "-")
_TOKEN_TEXT = st.sampled_from(string.ascii_lowercase + string.digits + "-")
_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(_ANY_TEXT, max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(_ANY_TEXT, max_size=3), inner, max_size=2),
    max_leaves=4,
)

Draw = Callable[[st.SearchStrategy[Any]], Any]


class _Drawing:
    """One value in the making; the budget keeps wide and recursive shapes small."""

    def __init__(self, draw: Draw, *, response: bool, special_floats: bool) -> None:
        self.draw = draw
        self.response = response
        self.special_floats = special_floats
        self.left = _BUDGET

    def value(self, shape: Shape, depth: int, where: str | None) -> Any:
        self.left -= 1
        kind = shape.type_name
        if kind == "structure":
            return self.structure(shape, depth)
        if kind == "list":
            low, high = self._size(shape, depth)
            return [self.value(shape.member, depth + 1, where) for _ in range(self.draw(st.integers(low, high)))]
        if kind == "map":
            return self._map(shape, depth, where)
        return self.draw(_scalar(shape, where, self.special_floats))

    def structure(self, shape: Shape, depth: int = 0) -> Any:
        if shape.is_document_type:
            # botocore's client takes objects for documents, and its parser gives None for null.
            return self.draw(st.dictionaries(st.text(_ANY_TEXT, max_size=3), _DOCUMENTS, max_size=2))
        names = list(shape.members)
        if shape.is_tagged_union:
            names = [self.draw(st.sampled_from(self._finite(shape)))]
        found = {}
        for name in names:
            member = shape.members[name]
            needed = name in shape.required_members or shape.is_tagged_union or name == shape.traits.get("payload")
            needed = needed or (member.traits.get("location") == "statusCode")
            wanted = needed or (self.left > 0 and depth < _DEEPEST and self.draw(st.booleans()))
            if wanted:
                found[name] = self.value(member, depth + 1, self._where(name, member, shape))
        return found

    def _where(self, name: str, shape: Shape, parent: Shape) -> str | None:
        if shape.traits.get("hostLabel"):
            return "host"
        if name == parent.traits.get("payload") and shape.type_name in ("string", "blob"):
            return "payload"
        location = shape.traits.get("location")
        return None if location is None else str(location)

    def _finite(self, shape: Shape) -> list[str]:
        """Members of a union to choose from; the shallowest alone when what is drawn is large already."""
        if self.left > 0:
            return list(shape.members)
        heights = {name: _height(member, frozenset()) for name, member in shape.members.items()}
        return [name for name, height in heights.items() if height == min(heights.values())]

    def _size(self, shape: Shape, depth: int) -> tuple[int, int]:
        low = shape.traits.get("min", 0)
        room = 2 if self.left > 0 and depth < _DEEPEST else 0
        # An empty list cannot be told from none outside the body.
        low = max(low, 1) if shape.traits.get("location") else low
        return low, max(low, min(shape.traits.get("max", low + room), low + room))

    def _map(self, shape: Shape, depth: int, where: str | None) -> dict[str, Any]:
        low, high = self._size(shape, depth)
        key_where = {"querystring": "name", "headers": "name"}.get(where or "")
        keys = self.draw(st.lists(_scalar(shape.key, key_where, False), min_size=low, max_size=high, unique=True))
        values = {}
        for key in keys:
            values[key] = self.value(shape.value, depth + 1, where)
            if where == "querystring" and shape.value.type_name == "list" and not values[key]:
                values[key] = ["x"]
        return values


def _height(shape: Shape, above: frozenset[str]) -> int:
    """How deep the smallest value of a shape is; recursion without a way out counts as very deep."""
    if shape.name in above:
        return 1000
    inside = above | {shape.name}
    if shape.type_name == "structure":
        if shape.is_tagged_union:
            return 1 + min((_height(member, inside) for member in shape.members.values()), default=0)
        return 1 + max((_height(shape.members[name], inside) for name in shape.required_members), default=0)
    if shape.type_name == "list" and shape.traits.get("min", 0) > 0:
        return 1 + _height(shape.member, inside)
    return 1


def parameters_of(shape: Shape) -> st.SearchStrategy[dict[str, Any]]:
    """Parameters that a client may send for this input shape."""
    return _values(shape, response=False, special_floats=True)


def results_of(shape: Shape, *, special_floats: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Results that a service may give for this output shape."""
    return _values(shape, response=True, special_floats=special_floats)


@st.composite
def _values(draw: Draw, shape: Shape, *, response: bool, special_floats: bool) -> Any:
    return _Drawing(draw, response=response, special_floats=special_floats).structure(shape)


def _scalar(shape: Shape, where: str | None, special_floats: bool) -> st.SearchStrategy[Any]:
    traits = shape.traits
    kind = shape.type_name
    if kind in ("string", "character"):
        if traits.get("jsonvalue") and where == "header":
            return _DOCUMENTS.filter(lambda value: value is not None)
        return _strings(traits.get("min"), traits.get("max"), traits.get("pattern"), tuple(shape.enum), where)
    if kind in ("integer", "long"):
        if where == "statusCode":
            return st.sampled_from([200, 201, 202, 206, 250])
        bits = 31 if kind == "integer" else 63
        return st.integers(max(traits.get("min", -(2**bits)), -(2**bits)), traits.get("max", 2**bits - 1))
    if kind in ("float", "double"):
        bounded = "min" in traits or "max" in traits
        if special_floats and not bounded:
            return st.floats()
        low, high = traits.get("min"), traits.get("max")
        return st.floats(low, high, allow_nan=False, allow_infinity=False)
    if kind == "boolean":
        return st.booleans()
    if kind == "timestamp":
        whole = where == "header" or traits.get("timestampFormat") == "rfc822"
        return st.integers(0, _LAST_SECOND).map(_seconds) if whole else _MILLISECONDS
    low = max(traits.get("min", 0), 1 if where == "payload" else 0)
    return st.binary(min_size=low, max_size=max(low, min(traits.get("max", low + _EXTRA), low + _EXTRA)))


def _seconds(count: int) -> datetime:
    return _EPOCH + timedelta(seconds=count)


_MILLISECONDS = st.integers(0, _LAST_SECOND * 1000).map(lambda count: _EPOCH + timedelta(milliseconds=count))


@functools.cache
def _strings(
    low: int | None, high: int | None, pattern: str | None, enum: tuple[str, ...], where: str | None
) -> st.SearchStrategy[str]:
    if enum:
        return st.sampled_from(enum)
    low = low or 0
    if where in ("uri", "header", "host", "name", "payload"):
        low = max(low, 1)
    longest = high
    high = max(low, min(low + _EXTRA if high is None else high, low + _EXTRA))
    if pattern is not None and where is None:
        fitting = [text for text in _CANDIDATES if low <= len(text) <= (longest or len(text)) and _fits(pattern, text)]
        if fitting:
            return st.sampled_from(fitting)
    alphabets = {"header": _HEADER_TEXT, "headers": _HEADER_TEXT, "host": _HOST_TEXT, "name": _TOKEN_TEXT}
    return st.text(alphabets.get(where or "", _ANY_TEXT), min_size=low, max_size=high)


def _fits(pattern: str, text: str) -> bool:
    try:
        return compile_pattern(pattern).matches(text)
    except UntranslatablePattern:
        return False
