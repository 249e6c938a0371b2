"""Every way in which a request can break the service model, read from the model as botocore reads it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
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


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request that breaks one value: where, and the clauses that say so, nearly always one.

    ``value`` is what the sentence shows; None where the model marks it as sensitive. ``in_collection`` marks
    a constraint on the elements of a list or map, which is the one that is named.
    """

    params: dict[str, Any]
    path: str
    value: str | None
    clauses: tuple[str, ...]
    in_collection: bool = False


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
    if shape.type_name in ("integer", "long", "double", "float"):
        return shape.metadata.get("min", 1)
    return _text(shape)


def _text(shape: Shape) -> str:
    if shape.metadata.get("enum"):
        return str(shape.metadata["enum"][0])
    pattern = shape.metadata.get("pattern")
    return next(text for text in SAMPLES if pattern is None or re.fullmatch(python(pattern), text))


def python(pattern: str) -> str:
    """A pattern of the model in Python's notation."""
    for name, signs in ((r"\p{L}", "A-Za-z"), (r"\p{Z}", " "), (r"\p{N}", "0-9"), (r"\p{ASCII}", r"[\x00-\x7f]")):
        pattern = pattern.replace(name, signs)
    return pattern


def cases(shape: Shape) -> Iterator[Case]:
    """All cases of an input shape."""
    whole = sample(shape)
    for path, keys, member, required in _members(shape, "", ()):
        if required:
            params = _with(shape, whole, keys, sample(member))
            _container(params, keys).pop(keys[-1])
            yield Case(params=params, path=path, value="null", clauses=("Member must not be null",))
        for broken, clause in _breaks(member):
            shown = None if member.metadata.get("sensitive") else _shown(broken, member)
            yield Case(
                params=_with(shape, whole, keys, broken),
                path=path,
                value=shown,
                clauses=(clause, *_also(broken, member)),
            )
        yield from _element_cases(shape, whole, path, keys, member)


def _members(shape: Shape, prefix: str, keys: tuple[Any, ...]) -> Iterator[tuple[str, tuple[Any, ...], Shape, bool]]:
    """Every member below a structure: the path in sentences, the keys to it, its shape, whether it is required."""
    for name, member in shape.members.items():
        path, inside = f"{prefix}{name}", (*keys, name)
        yield path, inside, member, name in shape.required_members
        if member.type_name == "structure":
            yield from _members(member, f"{path}.", inside)
        elif member.type_name == "list" and member.member.type_name == "structure":
            yield from _members(member.member, f"{path}.1.member.", (*inside, 0))
        elif member.type_name == "map" and member.value.type_name == "structure":
            yield from _members(member.value, f"{path}.a.member.", (*inside, "a"))


def _breaks(shape: Shape) -> Iterator[tuple[Any, str]]:
    """Values that break one constraint of a shape, and the clause of each."""
    metadata = shape.metadata
    number = shape.type_name in ("integer", "long", "double", "float")
    word = "value" if number else "length"
    if "max" in metadata:
        yield _of_size(shape, metadata["max"] + 1), f"Member must have {word} less than or equal to {metadata['max']}"
    if "min" in metadata and (number or metadata["min"] > 0):
        low = metadata["min"] - 1
        broken = _of_size(shape, low)
        if number or shape.metadata.get("pattern") is None or re.fullmatch(python(metadata["pattern"]), broken):
            yield broken, f"Member must have {word} greater than or equal to {metadata['min']}"
    if "pattern" in metadata:
        broken = "!!!" if not re.fullmatch(python(metadata["pattern"]), "!!!") else "\x80"
        if not re.fullmatch(python(metadata["pattern"]), broken):
            yield broken, f"Member must satisfy regular expression pattern: {metadata['pattern']}"
    if shape.metadata.get("enum"):
        yield "NOT_A_VALUE", f"Member must satisfy enum value set: [{', '.join(metadata['enum'])}]"


def _also(broken: Any, shape: Shape) -> Iterator[str]:
    """The pattern, where a text of a wrong length breaks it too."""
    pattern, longest = shape.metadata.get("pattern"), shape.metadata.get("max")
    too_long = shape.type_name == "string" and longest is not None and len(broken) > longest
    if too_long and pattern is not None and not re.fullmatch(python(pattern), broken):
        yield f"Member must satisfy regular expression pattern: {pattern}"


def _of_size(shape: Shape, size: int) -> Any:
    if shape.type_name == "list":
        return [sample(shape.member) for _ in range(size)]
    if shape.type_name == "map":
        return {"a" * (number + 1): sample(shape.value) for number in range(size)}
    if shape.type_name == "string":
        text = _text(shape)
        return text + "a" * (size - len(text)) if size > len(text) else text[:size]
    return size


def _element_cases(
    shape: Shape, whole: dict[str, Any], path: str, keys: tuple[Any, ...], member: Shape
) -> Iterator[Case]:
    """Elements of lists, keys and values of maps: the collection is named, and the clauses of its elements."""
    found: list[tuple[Any, str]] = []
    if member.type_name == "list":
        found = [([broken], clause) for broken, clause in _breaks(member.member)]
    elif member.type_name == "map":
        found = [({broken: sample(member.value)}, clause) for broken, clause in _breaks(member.key)]
        if member.value.type_name == "list":
            key = _text(member.key)
            yield from _listed_cases(shape, whole, f"{path}.{key}.member", (*keys, key), member.value)
        else:
            found += [({_text(member.key): broken}, clause) for broken, clause in _breaks(member.value)]
    for broken, clause in found:
        params = _with(shape, whole, keys, broken)
        yield Case(params=params, path=path, value=None, clauses=(clause,), in_collection=True)


def _listed_cases(
    shape: Shape, whole: dict[str, Any], path: str, keys: tuple[Any, ...], listed: Shape
) -> Iterator[Case]:
    """A list that is a value of a map has a path of its own."""
    for broken, clause in _breaks(listed):
        params = _with(shape, whole, keys, broken)
        yield Case(params=params, path=path, value=_shown(broken, listed), clauses=(clause,))
    yield from _element_cases(shape, whole, path, keys, listed)


def _with(shape: Shape, whole: dict[str, Any], keys: tuple[Any, ...], value: Any) -> dict[str, Any]:
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
    at[keys[-1]] = value
    return params


def _container(params: dict[str, Any], keys: tuple[Any, ...]) -> Any:
    at: Any = params
    for key in keys[:-1]:
        at = at[key]
    return at


def _shown(value: Any, shape: Shape) -> str:
    """A value as AWS prints it; what the model marks as sensitive is hidden."""
    if shape.metadata.get("sensitive"):
        return "***"
    if isinstance(value, list):
        return f"[{', '.join(_shown(item, shape.member) for item in value)}]"
    if isinstance(value, dict):
        inner = {name: shape.value if shape.type_name == "map" else shape.members[name] for name in value}
        return f"{{{', '.join(f'{name}={_shown(item, inner[name])}' for name, item in value.items())}}}"
    return str(value)
