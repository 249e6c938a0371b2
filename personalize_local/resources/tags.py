"""Tags of resources: kept with the record, shown by their own operation only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from personalize_local.arns import parse_arn
from personalize_local.context import Context
from personalize_local.errors import WRONG_ARN
from personalize_local.provenance import Rule, invalid
from personalize_local.resources.kind import Kind
from personalize_local.resources.lookup import require
from personalize_local.resources.quotas import TAGS
from personalize_local.resources.tag_rules import TOO_MANY_KEYS, checked_tags
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

NOT_TAGGABLE = invalid(
    "Resource {arn} does not support tagging.", "documented", "dg/tagging-resources.html lists what can be tagged"
)
RULES = (
    Rule(says="UntagResource passes over keys that the resource does not have.", known="inferred"),
    Rule(says="TagResource overwrites the value of a key that the resource has.", known="inferred"),
)


def _tagged(context: Context, rows: Rows, arn: str) -> Record:
    parsed = parse_arn(arn)
    kind = _kind_of(context, parsed.tail) if parsed is not None else None
    if kind is None:
        raise WRONG_ARN(member="resourceArn", arn=arn)
    if kind.name not in context.emulator.taggable:
        raise NOT_TAGGABLE(arn=arn)
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
        tags = checked_tags(context, params["tags"], record.state.get("tags"))
        rows.save(replace(record, state={**record.state, "tags": tags}))
    return {}


def untag(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """UntagResource."""
    keys = set(params["tagKeys"])
    most = context.emulator.quotas.of(TAGS)
    if len(params["tagKeys"]) > most:
        raise TOO_MANY_KEYS(most=most)
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
