"""Every way in which a request can break the service model, read from the model as botocore reads it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from botocore.model import Shape

# Values of which one satisfies each pattern of the model; whatever else is broken is broken in a copy of them.
SAMPLES = (
    "a",
    "arn:aws:personalize:us-east-1:111111111111:schema/none",
    "arn:aws:iam::111111111111:role/none",
    "arn:aws:kms:us-east-1:111111111111:key/none",
    "s3://bucket/key",
    "rate(1 day)",
    "ITEMS",
)
NOT_NULL = "Member must not be null"
NUMBERS = ("integer", "long", "double", "float")
TEXTS = ("NOT_A_VALUE", "!!!", "\x80")
WRONG_TYPES: dict[str, tuple[Any, ...]] = {
    "structure": ("a", 7, True, []),
    "list": ("a", 7, True, {}),
    "map": ("a", 7, True, []),
    "string": (7, 1.5, True, [], {}),
    "boolean": ("true", 1, [], {}),
    **dict.fromkeys(NUMBERS, ("1", True, [], {})),
}

Keys = tuple[Any, ...]
Rule = tuple[str, Callable[[Any], bool]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request that breaks one value: what it breaks, and the sentence that says so.

    ``kinds`` are the words of the broken constraints: ``max``, ``min``, ``pattern``, ``enum``, ``required``, ``null``.
    """

    params: dict[str, Any]
    path: str
    kinds: tuple[str, ...]
    sentence: str


def sentence(*said: tuple[str, str, str]) -> str:
    """The words of the framework that AWS uses, for what is shown, where it is and the clause of each violation."""
    listed = [f"Value{shown} at '{path}' failed to satisfy constraint: {clause}" for shown, path, clause in said]
    return f"{len(listed)} validation error{'s' if len(listed) > 1 else ''} detected: {'; '.join(listed)}"


def sample(shape: Shape) -> Any:
    """The smallest value that satisfies a shape."""
    if shape.type_name == "structure":
        return {name: sample(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return [sample(shape.member) for _ in range(shape.metadata.get("min", 0))]
    if shape.type_name == "map":
        return {}
    if shape.type_name == "boolean":
        return True
    if shape.type_name in NUMBERS:
        return shape.metadata.get("min", 1)
    return _text(shape)


def cases(shape: Shape, whole: dict[str, Any] | None = None) -> Iterator[Case]:
    """All cases of an input shape, each of them ``whole`` (a valid request) but for one value."""
    whole = sample(shape) if whole is None else whole
    for path, keys, member, required in _members(shape, "", ()):
        if required:
            said = sentence((" null", path, NOT_NULL))
            params = put(shape, whole, keys, None)
            yield Case(params=params, path=path, kinds=("required",), sentence=said)
            params = copy.deepcopy(params)
            _container(params, keys).pop(keys[-1])
            yield Case(params=params, path=path, kinds=("required",), sentence=said)
        for value, kinds, clauses in (*_own(member), *_elements(member)):
            said = sentence(*((_shown(value, member), path, clause) for clause in clauses))
            yield Case(params=put(shape, whole, keys, value), path=path, kinds=kinds, sentence=said)


def edges(shape: Shape) -> Iterator[tuple[str, dict[str, Any]]]:
    """Requests with one value that just satisfies a bound, and where it is."""
    for path, keys, member, _ in _members(shape, "", ()):
        for kind in {"max", "min"} & member.metadata.keys():
            value = _of_size(member, member.metadata[kind])
            if all(holds(value) for _, holds in _rules(member).values()):
                yield path, put(shape, sample(shape), keys, value)


def wrong_types(shape: Shape, whole: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Requests with one value, or one element of a list or map, of a JSON type that its shape does not have."""
    for path, keys, member, _ in _members(shape, "", ()):
        for value in WRONG_TYPES[member.type_name]:
            yield path, put(shape, whole, keys, value)
        if member.type_name == "list":
            yield from ((path, put(shape, whole, keys, [value])) for value in WRONG_TYPES[member.member.type_name])
        if member.type_name == "map":
            key = _text(member.key)
            yield from ((path, put(shape, whole, keys, {key: value})) for value in WRONG_TYPES[member.value.type_name])


def put(shape: Shape, whole: dict[str, Any], keys: Keys, value: Any) -> dict[str, Any]:
    """``whole`` with ``value`` at ``keys``, and what is required on the way to it."""
    params = copy.deepcopy(whole)
    at: Any = params
    for key, following in pairwise(keys):
        if isinstance(key, int):
            shape = shape.member
            if len(at) <= key:
                at.append(sample(shape))
        else:
            shape = shape.value if shape.type_name == "map" else shape.members[key]
            if key not in at:
                at[key] = [] if isinstance(following, int) else sample(shape)
        at = at[key]
    if at == [] and keys[-1] == 0:
        at.append(value)
    else:
        at[keys[-1]] = value
    return params


def _container(params: dict[str, Any], keys: Keys) -> Any:
    at: Any = params
    for key in keys[:-1]:
        at = at[key]
    return at


def _members(shape: Shape, prefix: str, keys: Keys) -> Iterator[tuple[str, Keys, Shape, bool]]:
    """Every member below a structure: the path in sentences, the keys to it, its shape, whether it is required."""
    for name, member in shape.members.items():
        yield from _below(member, f"{prefix}{name}", (*keys, name), name in shape.required_members)


def _below(shape: Shape, path: str, keys: Keys, required: bool) -> Iterator[tuple[str, Keys, Shape, bool]]:
    """A value and every value in it that has a path of its own: all but the scalars of lists and maps."""
    yield path, keys, shape, required
    if shape.type_name == "structure":
        yield from _members(shape, f"{path}.", keys)
    elif shape.type_name == "list" and not _is_scalar(shape.member):
        yield from _below(shape.member, f"{path}.1.member", (*keys, 0), False)
    elif shape.type_name == "map" and not _is_scalar(shape.value):
        key = _text(shape.key)
        yield from _below(shape.value, f"{path}.{key}.member", (*keys, key), False)


def _is_scalar(shape: Shape) -> bool:
    return shape.type_name not in ("structure", "list", "map")


def _own(shape: Shape) -> Iterator[tuple[Any, tuple[str, ...], tuple[str, ...]]]:
    """Values that break a constraint of a shape itself, with the kinds and the clauses of all that they break."""
    for value in _strange(shape):
        broken = {kind: clause for kind, (clause, holds) in _rules(shape).items() if not holds(value)}
        yield value, tuple(broken), tuple(broken.values())


def _elements(shape: Shape) -> Iterator[tuple[Any, tuple[str, ...], tuple[str, ...]]]:
    """Lists and maps with an element that breaks a constraint: the clause lists all that holds for elements."""
    if shape.type_name == "list":
        parts = [("Member must satisfy constraint", shape.member, lambda broken: [broken])]
    elif shape.type_name == "map":
        parts = [
            ("Map keys must satisfy constraint", shape.key, lambda broken: {broken: sample(shape.value)}),
            ("Map value must satisfy constraint", shape.value, lambda broken: {_text(shape.key): broken}),
        ]
    else:
        return
    for words, element, wrapped in parts:
        listed = ", ".join(clause for clause, _ in _rules(element).values())
        for value, kinds, _ in _own(element) if _is_scalar(element) else ():
            yield wrapped(value), kinds, (f"{words}: [{listed}]",)
        if words != "Map keys must satisfy constraint":
            yield wrapped(None), ("null",), (f"{words}: [{NOT_NULL}]",)


def _rules(shape: Shape) -> dict[str, Rule]:
    """The clauses of a shape's constraints by their names in the model, in the order of AWS, and what they ask."""
    metadata, number = shape.metadata, shape.type_name in NUMBERS
    word, size = ("value", lambda value: value) if number else ("length", len)
    found: dict[str, Rule] = {}
    if (high := metadata.get("max")) is not None:
        found["max"] = f"Member must have {word} less than or equal to {high}", lambda value: size(value) <= high
    if (low := metadata.get("min")) is not None:
        found["min"] = f"Member must have {word} greater than or equal to {low}", lambda value: size(value) >= low
    if pattern := metadata.get("pattern"):
        clause = f"Member must satisfy regular expression pattern: {pattern}"
        found["pattern"] = clause, lambda value: fits(pattern, value)
    if names := metadata.get("enum"):
        clause = f"Member must satisfy enum value set: [{', '.join(names)}]"
        found["enum"] = clause, lambda value: value in names
    return found


def _strange(shape: Shape) -> Iterator[Any]:
    """One value for each constraint of a shape that can be broken: it breaks this one, and others only if it must."""
    metadata, number = shape.metadata, shape.type_name in NUMBERS
    if "max" in metadata:
        yield _of_size(shape, metadata["max"] + 1)
    if "min" in metadata and (number or metadata["min"] > 0):
        yield _of_size(shape, metadata["min"] - 1)
    if pattern := metadata.get("pattern"):
        yield next(text for text in TEXTS if not fits(pattern, text))
    if metadata.get("enum"):
        yield "NOT_A_VALUE"


def _text(shape: Shape) -> str:
    if shape.metadata.get("enum"):
        return str(shape.metadata["enum"][0])
    pattern = shape.metadata.get("pattern")
    return next(text for text in SAMPLES if pattern is None or fits(pattern, text))


def fits(pattern: str, text: str) -> bool:
    """Whether a text is all that a pattern of the model asks for."""
    for name, signs in ((r"\p{L}", "A-Za-z"), (r"\p{Z}", " "), (r"\p{N}", "0-9"), (r"\p{ASCII}", r"[\x00-\x7f]")):
        pattern = pattern.replace(name, signs)
    return re.fullmatch(pattern, text) is not None


def _of_size(shape: Shape, size: int) -> Any:
    if shape.type_name == "list":
        return [sample(shape.member) for _ in range(size)]
    if shape.type_name == "map":
        return {"a" * (number + 1): sample(shape.value) for number in range(size)}
    if shape.type_name == "string":
        return _of_length(shape, size)
    return size


def _of_length(shape: Shape, size: int) -> str:
    text, pattern = _text(shape), shape.metadata.get("pattern")
    if size <= len(text):
        short = text[:size] if pattern is None or fits(pattern, text[:size]) else "a" * size
        return text if size == len(text) else short
    padding = size - len(text)
    plain, counted = text + "a" * padding, text.replace("1 day", "1" * (padding + 1) + " day")
    return counted if len(counted) == size and not fits(pattern or "", plain) else plain


def _shown(value: Any, shape: Shape) -> str:
    return "" if shape.metadata.get("sensitive") else f" '{_printed(value, shape)}'"


def _printed(value: Any, shape: Shape) -> str:
    """A value as Java prints it; what the model marks as sensitive is hidden."""
    if shape.metadata.get("sensitive"):
        return "***"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return f"[{', '.join(_printed(item, shape.member) for item in value)}]"
    if isinstance(value, dict):
        inner = {name: shape.value if shape.type_name == "map" else shape.members[name] for name in value}
        return f"{{{', '.join(f'{name}={_printed(item, inner[name])}' for name, item in value.items())}}}"
    return f"{value}.0" if shape.type_name in ("double", "float") else str(value)
