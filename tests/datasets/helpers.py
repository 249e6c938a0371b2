"""Schemas and files that the tests of this room share."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

from personalize_local.datasets.schema import Schema, parse_schema

USER = {"name": "USER_ID", "type": "string"}
ITEM = {"name": "ITEM_ID", "type": "string"}
ACTION = {"name": "ACTION_ID", "type": "string"}
TIME = {"name": "TIMESTAMP", "type": "long"}
EVENT = {"name": "EVENT_TYPE", "type": "string"}
DEVICE = {"name": "DEVICE", "type": ["null", "string"], "categorical": True}


def avro(name: str, *fields: dict[str, Any]) -> str:
    return json.dumps(
        {
            "type": "record",
            "name": name,
            "namespace": "com.amazonaws.personalize.schema",
            "fields": fields,
            "version": "1.0",
        }
    )


def schema(name: str, *fields: dict[str, Any], domain: str | None = None) -> Schema:
    return parse_schema(avro(name, *fields), domain)


def interactions(*more: dict[str, Any]) -> Schema:
    return schema("Interactions", USER, ITEM, TIME, *more)


def source(text: str | bytes, name: str = "file.csv") -> tuple[str, Callable[[], BinaryIO]]:
    data = text.encode() if isinstance(text, str) else text
    return name, lambda: io.BytesIO(data)


def sources(*texts: str | bytes) -> Sequence[tuple[str, Callable[[], BinaryIO]]]:
    return [source(text, f"part-{number}.csv") for number, text in enumerate(texts)]
