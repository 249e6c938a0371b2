"""Describe, list and delete, derived from a kind's declaration and the service model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from botocore_shapes.model import ServiceModel
from botocore_shapes.paginate import Binding, decode_token, encode_token
from botocore_shapes.service import Lasting
from personalize_local.context import Context
from personalize_local.provenance import Rule
from personalize_local.resources.changes import count_poll, delete
from personalize_local.resources.kind import Kind
from personalize_local.resources.lookup import check_arn, require
from personalize_local.resources.pages import PAGE, own_tokens
from personalize_local.resources.status import Status, is_describable, is_live, mode_of, status_of
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

Handler = Callable[[Context, dict[str, Any]], Mapping[str, Any] | None]

RULES = (
    Rule(
        says=f"A list without maxResults has pages of {PAGE}.",
        known="chosen",
        source="documented for ListBatchInferenceJobs and ListBatchSegmentJobs alone",
    ),
    Rule(
        says="Lists are in order of creation, newest first.",
        known="chosen",
        source="documented for ListDataDeletionJobs alone",
    ),
    Rule(
        says="A list filtered by an ARN that names nothing is empty; ListSolutionVersions raises "
        "ResourceNotFoundException, which it alone models.",
        known="inferred",
        source="service model",
    ),
    Rule(
        says="A page token is bound to the operation, account, region and filter that made it.",
        known="inferred",
    ),
)


class Verbs:
    """The operations of one kind that need no code of their own."""

    def __init__(self, kind: Kind, kinds: Mapping[str, Kind], model: ServiceModel) -> None:
        self.kind, self._kinds, self._model = kind, kinds, model
        self._describe = f"Describe{kind.title}"
        self._list = f"List{kind.title}s"
        self._delete = f"Delete{kind.title}"

    def handlers(self) -> dict[str, Handler]:
        """The derived operations that the model has."""
        derived: dict[str, Handler] = {
            self._describe: self.describe,
            self._list: self.list,
            self._delete: self.delete,
        }
        return {name: handler for name, handler in derived.items() if name in self._model.operation_names}

    @cached_property
    def _members(self) -> frozenset[str]:
        shape: Any = self._model.operation_model(self._describe).output_shape
        return frozenset(shape.members[self.kind.name].members)

    @cached_property
    def _list_key(self) -> str:
        # One list answers under a capital letter (Filters), so the key is read and not made from the name.
        shape: Any = self._model.operation_model(self._list).output_shape
        return str(next(name for name in shape.members if name != "nextToken"))

    @cached_property
    def _summary_members(self) -> frozenset[str]:
        shape: Any = self._model.operation_model(self._list).output_shape
        return frozenset(shape.members[self._list_key].member.members)

    def describe(self, context: Context, params: dict[str, Any]) -> Mapping[str, Any]:
        """Describe one resource; one in deletion is answered until the deletion has finished."""
        kind, arn = self.kind, params[self.kind.arn_member]
        check_arn(context, kind, kind.arn_member, arn)
        if kind.refresh is not None:
            kind.refresh(context, arn)
        with context.emulator.database.read() as rows:
            record = rows.get(arn)
            if record is None or record.kind != kind.name or not is_describable(context, kind, record):
                raise kind.unknown(arn=arn)
            members = full_view(context, rows, kind, record)
        if record.deleted is not None or (kind.lifecycle is not None and mode_of(context, kind).kind == "polls"):
            count_poll(context, kind, arn)
        return {kind.name: {name: value for name, value in members.items() if name in self._members}}

    def list(self, context: Context, params: dict[str, Any]) -> Mapping[str, Any]:
        """List the caller's resources of this kind, newest first (order chosen), a page at a time."""
        emulator = context.emulator
        parent = params.get(self.kind.parent_member) if self.kind.parent_member else None
        limit = params.get("maxResults", PAGE)
        asked = (self._list, context.account, context.region, parent, limit, params.get("nextToken"))
        generation = emulator.database.generation
        kept = emulator.answers.get(asked, generation)
        if kept is not None:
            return kept
        answer, lasts = self._page(context, parent, limit, params.get("nextToken"))
        if not lasts:
            return answer
        lasting = Lasting(answer)
        emulator.answers.keep(asked, generation, lasting)
        return lasting

    def _page(self, context: Context, parent: str | None, limit: int, token: str | None) -> tuple[dict[str, Any], bool]:
        """One page, and whether only a write can change it."""
        kind = self.kind
        binding = (self._list, context.account, context.region, parent or "")
        before = _position(token, binding) if token is not None else None
        with context.emulator.database.read() as rows:
            parent_stands = True
            if parent is not None and kind.parent_must_exist:
                parent_stands = require(context, rows, self._parent_kind, parent).deleted is None
            live, all_stand = _live_page(context, rows, kind, parent, before, limit + 1)
            found = [(record, status_of(context, kind, record)) for record in live[:limit]]
            summaries = [self._summary(record, status) for record, status in found]
        answer: dict[str, Any] = {self._list_key: summaries}
        if len(live) > limit:
            answer["nextToken"] = encode_token(live[limit - 1].sequence, binding)
        return answer, parent_stands and all_stand and all(status.settled for _, status in found)

    def delete(self, context: Context, params: dict[str, Any]) -> None:
        """Delete one resource."""
        with context.emulator.database.write() as rows:
            record = require(context, rows, self.kind, params[self.kind.arn_member])
            delete(context, rows, self.kind, self._kinds, record)

    @property
    def _parent_kind(self) -> Kind:
        return next(kind for kind in self._kinds.values() if kind.arn_member == self.kind.parent_member)

    def _summary(self, record: Record, status: Status) -> dict[str, Any]:
        members = _own_view(self.kind, record, status)
        return {name: value for name, value in members.items() if name in self._summary_members}


def full_view(context: Context, rows: Rows, kind: Kind, record: Record) -> dict[str, Any]:
    """Every member that is known of a record; the describe answer is the part of it that the model has."""
    members = _own_view(kind, record, status_of(context, kind, record))
    if kind.view is not None:
        members.update(kind.view(context, rows, record))
    return members


def _own_view(kind: Kind, record: Record, status: Status) -> dict[str, Any]:
    members = {
        **status.body,
        kind.arn_member: record.arn,
        "status": status.word,
        "creationDateTime": record.created,
        "lastUpdatedDateTime": status.updated,
    }
    if status.failure is not None:
        members["failureReason"] = status.failure
    if status.update is not None:
        members[f"latest{kind.title}Update"] = status.update
    return members


def _position(token: str, binding: Binding) -> int:
    with own_tokens():
        return int(decode_token(token, binding))


def _live_page(
    context: Context, rows: Rows, kind: Kind, parent: str | None, before: int | None, wanted: int
) -> tuple[list[Record], bool]:
    """Up to ``wanted`` live records, and whether none of them is in deletion, which time brings to its end."""
    live: list[Record] = []
    while len(live) < wanted:
        page = rows.page(context.account, context.region, kind.name, parent=parent, before=before, limit=wanted)
        live += [record for record in page if is_live(context, kind, record)]
        if len(page) < wanted:
            break
        before = page[-1].sequence
    return live[:wanted], all(record.deleted is None for record in live)
