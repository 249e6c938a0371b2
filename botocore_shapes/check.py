"""Whether a handler's result is what the output shape says: the watch that tests keep over handlers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from numbers import Integral, Real
from typing import Any

from botocore_shapes.model import Shape

__all__ = ["OutputMismatch", "check_output"]

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "boolean": (bool,),
    "integer": (Integral,),
    "long": (Integral,),
    "float": (Real,),
    "double": (Real,),
    "blob": (bytes, bytearray, str),
    "timestamp": (datetime, Real),
    "list": (list, tuple),
    "map": (Mapping,),
    "structure": (Mapping,),
}


class OutputMismatch(AssertionError):
    """A result has a member that its shape does not have, lacks a required one, or has one of a wrong type."""


def check_output(value: Any, shape: Shape, path: str) -> None:
    """Compare a result with its shape; raises ``OutputMismatch`` naming the path of the first difference.

    A member of None counts as absent. Lengths and patterns are not looked at: services answer beyond their own
    limits at times.
    """
    kind = shape.type_name
    if kind == "structure" and shape.is_document_type:
        return
    # A boolean is an int to Python and not one to any model.
    kinds: Any = _KINDS[kind]
    if not isinstance(value, kinds) or (isinstance(value, bool) and kind != "boolean"):
        raise OutputMismatch(f"{path}: {type(value).__name__} where the model has a {kind}")
    if kind == "structure":
        _check_structure(value, shape, path)
    elif kind == "list":
        for index, item in enumerate(value):
            if item is not None:
                check_output(item, shape.member, f"{path}[{index}]")
    elif kind == "map":
        for key, item in value.items():
            check_output(key, shape.key, f"{path}: key {key!r}")
            if item is not None:
                check_output(item, shape.value, f"{path}[{key!r}]")


def _check_structure(value: Mapping[str, Any], shape: Shape, path: str) -> None:
    members = shape.members
    for name, item in value.items():
        if name not in members:
            raise OutputMismatch(f"{path}: no member {name!r} in {shape.name}")
        if item is not None:
            check_output(item, members[name], f"{path}.{name}")
    for name in shape.required_members:
        if value.get(name) is None:
            raise OutputMismatch(f"{path}: {name!r}, which {shape.name} requires, is missing")
