"""Which constraints of the model a request's parameters break, in the sentences that AWS gives.

The frame, the pattern clause and the collection clauses were observed on sister services of the same framework; the
other clauses are that framework's usual texts (inferred for any one service).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from botocore_shapes.model import Shape
from botocore_shapes.patterns import UntranslatablePattern, compile_pattern

__all__ = ["Validate", "ValidatorFactory", "Violation", "violation_message", "violations"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken constraint. ``value`` is None when the value is not shown: sensitive, or bytes."""

    path: str
    value: str | None
    clause: str

    def __str__(self) -> str:
        shown = "Value" if self.value is None else f"Value {self.value}"
        return f"{shown} at '{self.path}' failed to satisfy constraint: {self.clause}"


Validate: TypeAlias = Callable[[Any, str, list[Violation]], None]
_Test: TypeAlias = Callable[[Any], bool]
_Constraint: TypeAlias = tuple[_Test, str]

_NOT_NULL = "Member must not be null"
# Text chosen: unions postdate every sentence that was seen.
_ONE_OF = "Member must have exactly one member set"
_NUMBERS = frozenset({"integer", "long", "float", "double"})
_MEASURED = frozenset({"string", "character", "blob", "list", "map"})
_HIDDEN = "***"


def violations(shape: Shape, params: Any) -> list[Violation]:
    """Every constraint of ``shape`` that ``params`` breaks, in the model's order of members."""
    found: list[Violation] = []
    validate = ValidatorFactory().make(shape)
    if validate is not None:
        validate(params, "", found)
    return found


def violation_message(found: list[Violation]) -> str:
    """The sentence for one or more violations."""
    noun = "error" if len(found) == 1 else "errors"
    return f"{len(found)} validation {noun} detected: {'; '.join(map(str, found))}"


class ValidatorFactory:
    """Makes the functions that append to a list what is violated; None for shapes without any constraint."""

    def __init__(self) -> None:
        self._structures: dict[str, Validate] = {}

    def make(self, shape: Shape) -> Validate | None:
        kind = shape.type_name
        if kind == "structure":
            return None if shape.is_document_type else self._structure(shape)
        if kind == "list":
            return self._list(shape)
        if kind == "map":
            return self._map(shape)
        return _scalar(shape)

    def _structure(self, shape: Shape) -> Validate:
        made = self._structures.get(shape.name)
        if made is not None:
            return made
        required: list[tuple[str, str]] = []
        checks: list[tuple[str, str, Validate]] = []
        exactly_one = shape.is_tagged_union

        def validate(value: Any, path: str, found: list[Violation]) -> None:
            prefix = f"{path}." if path else ""
            for name, wire in required:
                if name not in value:
                    found.append(Violation(path=prefix + wire, value="null", clause=_NOT_NULL))
            for name, wire, check in checks:
                item = value.get(name)
                if item is not None:
                    check(item, prefix + wire, found)
            if exactly_one and len(value) != 1:
                found.append(Violation(path=path, value=_quote(value, shape), clause=_ONE_OF))

        self._structures[shape.name] = validate
        for name, member in shape.members.items():
            wire = _path_name(name, member)
            if name in shape.required_members:
                required.append((name, wire))
            check = self.make(member)
            if check is not None:
                checks.append((name, wire, check))
        return validate

    def _list(self, shape: Shape) -> Validate:
        own = _scalar(shape)
        nested = self.make(shape.member) if shape.member.type_name in ("structure", "list", "map") else None
        elements = _collection(shape.member, "Member must satisfy constraint", allow_null="sparse" in shape.traits)

        def validate(value: Any, path: str, found: list[Violation]) -> None:
            if own is not None:
                own(value, path, found)
            broken = elements(value)
            if broken is not None:
                found.append(Violation(path=path, value=_quote(value, shape), clause=broken))
            if nested is not None:
                for index, item in enumerate(value, 1):
                    if item is not None:
                        nested(item, f"{path}.{index}.member", found)

        return validate

    def _map(self, shape: Shape) -> Validate:
        own = _scalar(shape)
        nested = self.make(shape.value) if shape.value.type_name in ("structure", "list", "map") else None
        keys = _collection(shape.key, "Map keys must satisfy constraint", allow_null=False)
        values = _collection(shape.value, "Map value must satisfy constraint", allow_null="sparse" in shape.traits)

        def validate(value: Any, path: str, found: list[Violation]) -> None:
            if own is not None:
                own(value, path, found)
            for broken in (keys(value), values(value.values())):
                if broken is not None:
                    found.append(Violation(path=path, value=_quote(value, shape), clause=broken))
            if nested is not None:
                for key, item in value.items():
                    if item is not None:
                        nested(item, f"{path}.{key}.member", found)

        return validate


def _path_name(name: str, shape: Shape) -> str:
    # Header, label and query names are spellings of the transport; sentences name the member.
    return name if "location" in shape.traits else str(shape.traits.get("locationName", name))


def _scalar(shape: Shape) -> Validate | None:
    """The check of a shape's own constraints; for lists and maps that is their size."""
    constraints = _constraints(shape)
    if not constraints:
        return None

    def validate(value: Any, path: str, found: list[Violation]) -> None:
        for test, clause in constraints:
            if not test(value):
                found.append(Violation(path=path, value=_quote(value, shape), clause=clause))

    return validate


def _collection(shape: Shape, words: str, *, allow_null: bool) -> Callable[[Any], str | None]:
    """What is said of a whole list or map when an element of it breaks a constraint of the element's shape.

    Elements that are not structures are not named singly: the sentence shows the collection and lists all that holds
    for its elements.
    """
    constraints = [] if shape.type_name in ("structure", "list", "map") else _constraints(shape)
    tests = [test for test, _ in constraints]
    listed = f"{words}: [{', '.join(clause for _, clause in constraints)}]"

    def broken(items: Any) -> str | None:
        for item in items:
            if item is None:
                if not allow_null:
                    return f"{words}: [{_NOT_NULL}]"
                continue
            for test in tests:
                if not test(item):
                    return listed
        return None

    return broken


def _constraints(shape: Shape) -> list[_Constraint]:
    """The tests of one shape with their clauses, in the order in which AWS lists them."""
    traits = shape.traits
    found: list[_Constraint] = []
    if shape.type_name in _NUMBERS:
        found += _bounds(traits, "value", lambda value: value)
    elif shape.type_name in _MEASURED:
        found += _bounds(traits, "length", len)
    if "pattern" in traits:
        found += _pattern(traits["pattern"])
    if "enum" in traits:
        allowed = frozenset(traits["enum"])
        clause = f"Member must satisfy enum value set: [{', '.join(traits['enum'])}]"
        found.append((lambda value: value in allowed, clause))
    return found


def _bounds(traits: Mapping[str, Any], word: str, measure: Callable[[Any], Any]) -> list[_Constraint]:
    found: list[_Constraint] = []
    if "max" in traits:
        high = traits["max"]
        found.append((lambda value: measure(value) <= high, f"Member must have {word} less than or equal to {high}"))
    if "min" in traits:
        low = traits["min"]
        found.append((lambda value: measure(value) >= low, f"Member must have {word} greater than or equal to {low}"))
    return found


def _pattern(source: str) -> list[_Constraint]:
    try:
        pattern = compile_pattern(source)
    except UntranslatablePattern:
        # A handful in all of AWS's models, listed by a test: refusing every value would be worse than letting pass.
        return []
    return [(pattern.matches, f"Member must satisfy regular expression pattern: {source}")]


def _quote(value: Any, shape: Shape) -> str | None:
    if shape.is_sensitive or shape.type_name == "blob":
        return None
    return f"'{_display(value, shape)}'"


def _display(value: Any, shape: Shape | None) -> str:
    """A value as the service's own language prints it: ``[a, b]``, ``{key=value}``, ``true``."""
    if shape is not None and (shape.is_sensitive or shape.type_name == "blob"):
        return _HIDDEN
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        element = shape.member if shape is not None and shape.type_name == "list" else None
        return f"[{', '.join(_display(item, element) for item in value)}]"
    if isinstance(value, dict):
        shown = (f"{_display_key(key, shape)}={_display(item, _inner(shape, key))}" for key, item in value.items())
        return f"{{{', '.join(shown)}}}"
    return _display_float(value) if shape is not None and shape.type_name in ("float", "double") else str(value)


def _display_float(value: float) -> str:
    """A number as Java's ``Double.toString`` prints it, however JSON spelt it: ``2.0``, ``1.0E7``, ``NaN``."""
    value = float(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return str(value)
    # Through the shortest digits that read as this number, which Python's and Java's own notations share.
    mantissa, _, exponent = f"{Decimal(str(value)).normalize():E}".partition("E")
    return f"{mantissa if '.' in mantissa else f'{mantissa}.0'}E{int(exponent)}"


def _display_key(key: str, shape: Shape | None) -> str:
    hidden = shape is not None and shape.type_name == "map" and shape.key.is_sensitive
    return _HIDDEN if hidden else key


def _inner(shape: Shape | None, key: str) -> Shape | None:
    if shape is None:
        return None
    return shape.value if shape.type_name == "map" else shape.members.get(key)
