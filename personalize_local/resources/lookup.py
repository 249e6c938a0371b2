"""From an ARN in a request to the resource that it names, in the state that the request needs."""

from __future__ import annotations

from dataclasses import replace

from personalize_local.arns import parse_arn, partition_of
from personalize_local.context import Asking, Context
from personalize_local.errors import NOT_ACTIVE, WRONG_ARN
from personalize_local.provenance import Refusal
from personalize_local.resources.kind import IN_CREATION, Kind
from personalize_local.resources.status import is_live, status_of
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows


def check_arn(context: Asking, kind: Kind, member: str, arn: str) -> None:
    """Raise InvalidInputException when ``arn`` is of another kind, account or region."""
    parsed = parse_arn(arn)
    if (
        parsed is None
        or (parsed.partition, parsed.service) != (partition_of(context.region), "personalize")
        or parsed.type != kind.arn_type
        or parsed.account != context.account
        or parsed.region != context.region
    ):
        raise WRONG_ARN(member=member, arn=arn)


def require(context: Asking, rows: Rows, kind: Kind, arn: str, member: str | None = None) -> Record:
    """The live resource of ``arn``.

    Raises InvalidInputException for an ARN of another kind, account or region, ResourceNotFoundException when there
    is none.
    """
    check_arn(context, kind, member or kind.arn_member, arn)
    record = rows.get(arn)
    if record is None or record.kind != kind.name or not is_live(context, kind, record):
        raise kind.unknown(arn=arn)
    return record


def require_active(
    context: Context,
    rows: Rows,
    kind: Kind,
    arn: str,
    member: str | None = None,
    *,
    refusal: Refusal = NOT_ACTIVE,
) -> Record:
    """As :func:`require`; raises ``refusal`` when it is not ACTIVE. Its body is the one in force."""
    record = require(context, rows, kind, arn, member)
    status = status_of(context, kind, record)
    if not status.is_active:
        raise refusal(arn=arn, status=status.word)
    return replace(record, body=status.body)


def live_children(context: Asking, rows: Rows, kind: Kind, parent: str) -> list[Record]:
    """The live resources of a kind under a parent ARN, oldest first."""
    return [child for child in rows.children(parent, kind.name) if is_live(context, kind, child)]


def in_creation(context: Context, rows: Rows, kind: Kind, parent: str) -> list[str]:
    """The ARNs of the live resources of a kind under a parent ARN that are not made yet."""
    return [
        child.arn
        for child in live_children(context, rows, kind, parent)
        if status_of(context, kind, child).word in IN_CREATION
    ]


def live_in_group(context: Context, rows: Rows, kind: Kind, group: str) -> list[Record]:
    """The live resources of a kind that belong to a dataset group, whatever they are listed under, oldest first."""
    found = rows.all(context.account, context.region, kind.name)
    return [
        record for record in found if record.body.get("datasetGroupArn") == group and is_live(context, kind, record)
    ]
