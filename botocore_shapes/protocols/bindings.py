"""How single values travel outside a JSON body: in headers, labels of the path and the query string."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore_shapes.model import Shape
from botocore_shapes.protocols.timestamps import format_timestamp, parse_timestamp
from botocore_shapes.protocols.values import Convert, conversion_error, write_float

__all__ = ["header_reader", "header_text", "split_header_list", "text_reader"]

_INTEGER = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_FLOAT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|NaN|-?Infinity", re.ASCII)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_HEADER_ITEM = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)')


def text_reader(shape: Shape, timestamp_format: str) -> Convert:
    """The function that reads one value of this shape from text; it raises SerializationException."""
    kind = shape.type_name
    if kind == "timestamp":
        name = shape.traits.get("timestampFormat", timestamp_format)
        return _guarded(lambda text: _timestamp(text, name), kind)
    return _guarded(_READERS.get(kind, str), kind)


def header_reader(shape: Shape) -> Convert:
    """The function that reads a header: as ``text_reader``, with lists separated by commas and JSON in base64."""
    if shape.type_name == "list":
        element = header_reader(shape.member)
        if shape.member.type_name == "timestamp" and shape.member.traits.get("timestampFormat", "rfc822") == "rfc822":
            # A moment in this format has a comma of its own.
            return lambda text: [element(item) for item in re.findall(r"[^,]+,[^,]+", text)]
        return lambda text: [element(item) for item in split_header_list(text)]
    if shape.traits.get("jsonvalue"):
        return _guarded(_read_json_header, "jsonValue")
    return text_reader(shape, "rfc822")


def split_header_list(text: str) -> list[str]:
    """The items of a header list; items in double quotes may hold commas and escaped quotes."""
    items, at = [], 0
    while at < len(text):
        found = _HEADER_ITEM.match(text, at)
        if found is None:
            items.append(text[at:].strip())
            break
        quoted = found[1]
        items.append(found[2].strip() if quoted is None else quoted.replace('\\"', '"'))
        at = found.end()
    return items


def header_text(shape: Shape) -> Callable[[Any], str]:
    """The function that writes a value of this shape as a header."""
    kind = shape.type_name
    if shape.traits.get("jsonvalue"):
        return lambda value: base64.b64encode(json.dumps(value, separators=(",", ":")).encode()).decode("ascii")
    if kind == "list":
        element = header_text(shape.member)
        quote = _quoted_item if shape.member.type_name == "string" else str
        return lambda value: ",".join(quote(element(item)) for item in value if item is not None)
    if kind == "timestamp":
        name = shape.traits.get("timestampFormat", "rfc822")
        return lambda value: str(format_timestamp(value, name))
    if kind == "boolean":
        return lambda value: "true" if value else "false"
    if kind in ("float", "double"):
        return lambda value: str(write_float(value))
    # A line break in a header would start another header: runs of control characters become one space.
    return lambda value: _CONTROLS.sub(" ", str(value))


def _quoted_item(text: str) -> str:
    if '"' not in text and "," not in text:
        return text
    escaped = text.replace('"', '\\"')
    return f'"{escaped}"'


def _guarded(read: Convert, kind: str) -> Convert:
    def guarded(text: str) -> Any:
        try:
            return read(text)
        except (ValueError, RecursionError):
            raise conversion_error("STRING_VALUE", kind) from None

    return guarded


def _timestamp(text: str, name: str) -> datetime:
    return parse_timestamp(text, name)


def _read_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _read_float(text: str) -> float:
    if not _FLOAT.fullmatch(text):
        raise ValueError(text)
    return float(text)


def _read_boolean(text: str) -> bool:
    lowered = text.lower()
    if lowered not in ("true", "false"):
        raise ValueError(text)
    return lowered == "true"


def _read_json_header(text: str) -> Any:
    try:
        return json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(text) from error


_READERS: dict[str, Convert] = {
    "integer": _read_integer,
    "long": _read_integer,
    "float": _read_float,
    "double": _read_float,
    "boolean": _read_boolean,
}
