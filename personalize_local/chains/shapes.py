"""Declared values checked against botocore's model, before any call."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from personalize_local.chains.errors import ChainError


def check_keys(given: Mapping[Any, Any], known: Iterable[str], where: str) -> None:
    """Raise ChainError for the first key that is not known, with the nearest one that is."""
    names = sorted(known)
    for key in given:
        if key not in names:
            near = difflib.get_close_matches(str(key), names, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(names)}"
            raise ChainError(f"{where}: unknown key {key!r}; {hint}")


def mapping(value: Any, where: str) -> dict[str, Any]:
    """``value`` as a mapping; nothing is an empty one. Raises ChainError."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ChainError(f"{where}: a mapping is needed, not {_said(value)}")
    return dict(value)


def shaped(value: Any, shape: Any, where: str) -> Any:
    """``value`` as boto3 takes it for ``shape``. Raises ChainError for unknown members and wrong types.

    Numbers and truth values stand for their text where the model wants text, since YAML writes ``0.3`` for both.
    """
    kind = shape.type_name
    if kind == "structure":
        given = mapping(value, where)
        check_keys(given, shape.members, where)
        return {name: shaped(each, shape.members[name], f"{where}.{name}") for name, each in given.items()}
    if kind == "map":
        return {str(key): shaped(each, shape.value, f"{where}.{key}") for key, each in mapping(value, where).items()}
    if kind == "list":
        if not isinstance(value, list | tuple):
            raise ChainError(f"{where}: a list is needed, not {_said(value)}")
        return [shaped(each, shape.member, f"{where}[{at}]") for at, each in enumerate(value)]
    return _scalar(value, kind, where)


def _scalar(value: Any, kind: str, where: str) -> Any:
    if kind == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if kind == "string" and isinstance(value, str | int | float):
        return str(value)
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind in ("integer", "long") and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind in ("float", "double") and isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise ChainError(
        f"{where}: {'text' if kind == 'string' else f'a value of type {kind}'} is needed, not {_said(value)}"
    )


def validate(params: Mapping[str, Any], shape: Any, where: str) -> None:
    """Raise ChainError where botocore itself would refuse to send ``params``."""
    from botocore.validate import ParamValidator

    report = ParamValidator().validate(dict(params), shape)
    if report.has_errors():
        raise ChainError(f"{where}: {report.generate_report().splitlines()[0]}")


def as_tags(value: Any, where: str) -> list[dict[str, str]]:
    """Tags as the API takes them, of a mapping or of a list of tagKey and tagValue."""
    if isinstance(value, list):
        return [{"tagKey": str(each["tagKey"]), "tagValue": str(each["tagValue"])} for each in _pairs(value, where)]
    return [{"tagKey": str(key), "tagValue": str(each)} for key, each in mapping(value, where).items()]


def _pairs(value: list[Any], where: str) -> list[dict[str, Any]]:
    for each in value:
        if set(mapping(each, where)) != {"tagKey", "tagValue"}:
            raise ChainError(f"{where}: each tag has tagKey and tagValue")
    return value


def _said(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
