"""How the members of a declared pin or fault are read: every one is known by name, or refused by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


class DeclarationError(ValueError):
    """A pin or fault cannot be taken as it is declared; the message says which member and why."""


def members(what: str, declared: object, known: Collection[str]) -> dict[str, Any]:
    """The members that are given a value. Raises DeclarationError for what is no mapping and for unknown members."""
    if not isinstance(declared, Mapping):
        raise DeclarationError(f"a {what} is a mapping, not {type(declared).__name__}")
    unknown = sorted(str(name) for name in declared if name not in known)
    if unknown:
        raise DeclarationError(
            f"unknown member of a {what}: {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        )
    return {name: value for name, value in declared.items() if value is not None}


def text(what: str, given: Mapping[str, Any], name: str) -> str | None:
    """A member that is a text; None where it is left out."""
    value = given.get(name)
    if value is not None and (not isinstance(value, str) or not value):
        raise DeclarationError(f"{name} of a {what} must be a text that is not empty")
    return value


def number(what: str, given: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    """A member that is a number between ``least`` and ``most``; None where it is left out."""
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise DeclarationError(f"{name} of a {what} must be a number between {least:g} and {most:g}")
    return value


def whole(what: str, given: Mapping[str, Any], name: str, least: int) -> int | None:
    """A member that is a whole number of at least ``least``; None where it is left out."""
    value = given.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
        raise DeclarationError(f"{name} of a {what} must be a whole number of at least {least}")
    return value


def switch(what: str, given: Mapping[str, Any], name: str, default: bool) -> bool:
    """A member that is true or false."""
    value = given.get(name, default)
    if not isinstance(value, bool):
        raise DeclarationError(f"{name} of a {what} must be true or false")
    return value
