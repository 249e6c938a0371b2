"""Tags of resources: kept with the record, shown by their own operation only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from botocore_shapes.errors import ServiceError
from personalize_local.arns import parse_arn
from personalize_local.context import Context
from personalize_local.errors import invalid_input, wrong_arn
from personalize_local.resources.kind import Kind, require
from personalize_local.resources.tag_rules import MAXIMUM, checked_tags
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows


def _tagged(context: Context, rows: Rows, arn: str) -> Record:
    parsed = parse_arn(arn)
    kind = _kind_of(context, parsed.tail) if parsed is not None else None
    if kind is None:
        raise wrong_arn("resourceArn", arn)
    if kind.name not in context.emulator.taggable:
        raise invalid_input(f"Resource {arn} does not support tagging.")  # class inferred, text chosen
    return require(context, rows, kind, arn, "resourceArn")


def _kind_of(context: Context, tail: str) -> Kind | None:
    parts = tail.split("/")
    if parts[0] == "solution" and len(parts) > 2:
        return context.emulator.kinds["solutionVersion"]
    kinds = (kind for kind in context.emulator.kinds.values() if kind.name != "solutionVersion")
    return next((kind for kind in kinds if kind.arn_type == parts[0]), None)


def tag(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """TagResource."""
    with context.emulator.database.write() as rows:
        record = _tagged(context, rows, params["resourceArn"])
        tags = checked_tags(params["tags"], record.state.get("tags"))
        rows.save(replace(record, state={**record.state, "tags": tags}))
    return {}


def untag(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """UntagResource. Keys that are not there are passed over (inferred)."""
    keys = set(params["tagKeys"])
    if len(params["tagKeys"]) > MAXIMUM:
        raise ServiceError("TooManyTagKeysException", f"The request contains more than {MAXIMUM} tag keys.")  # chosen
    with context.emulator.database.write() as rows:
        record = _tagged(context, rows, params["resourceArn"])
        tags = {key: value for key, value in record.state.get("tags", {}).items() if key not in keys}
        rows.save(replace(record, state={**record.state, "tags": tags}))
    return {}


def list_tags(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """ListTagsForResource."""
    with context.emulator.database.read() as rows:
        record = _tagged(context, rows, params["resourceArn"])
    tags = record.state.get("tags", {})
    return {"tags": [{"tagKey": key, "tagValue": value} for key, value in tags.items()]}


HANDLERS = {"TagResource": tag, "UntagResource": untag, "ListTagsForResource": list_tags}
