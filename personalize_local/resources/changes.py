"""The ways in which records come, change and go, the same for every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from personalize_local.context import Context
from personalize_local.errors import already_exists, has_dependants, moving
from personalize_local.resources.kind import RESTING, Kind, is_live, status_of
from personalize_local.resources.tag_rules import checked_tags
from personalize_local.store.records import Job, Record
from personalize_local.store.sql import Rows


def insert(
    context: Context,
    rows: Rows,
    kind: Kind,
    *,
    arn: str,
    params: Mapping[str, Any],
    body: Mapping[str, Any],
    parent: str | None = None,
    alias: str | None = None,
    job: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
) -> Record:
    """Add a resource, with the tags of ``params`` and, if ``job`` is its payload, the job that makes it.

    Raises ResourceAlreadyExistsException and the errors of tags.
    """
    claim(context, rows, kind, arn)
    tags = checked_tags(params.get("tags", ()))
    record = Record(
        arn=arn,
        kind=kind.name,
        account=context.account,
        region=context.region,
        parent=parent,
        alias=alias,
        created=context.now,
        body={key: value for key, value in body.items() if value is not None},
        state={**(state or {}), **({"tags": tags} if tags else {})},
    )
    rows.insert(record)
    if job is not None:
        rows.add_job(Job(arn=arn, kind=kind.name, payload=job, submitted=context.now))
    return record


def claim(context: Context, rows: Rows, kind: Kind, arn: str) -> None:
    """Make sure that ``arn`` is free. Raises ResourceAlreadyExistsException."""
    present = rows.get(arn)
    if present is None:
        return
    if is_live(context, kind, present):
        raise already_exists(arn)
    rows.remove(arn)


def begin_update(
    context: Context, rows: Rows, kind: Kind, record: Record, *, body: Mapping[str, Any], view: Mapping[str, Any]
) -> None:
    """Start an update that puts ``body`` in force when it is done and shows ``view`` as the latest update.

    Raises ResourceInUseException while the resource or an earlier update is moving.
    """
    status = status_of(context, kind, record)
    if status.word not in RESTING:
        raise moving(record.arn, status.word)
    if status.update is not None and status.update["status"] not in RESTING:
        raise moving(record.arn, status.update["status"])
    update = {"since": context.now, "polls": 0, "body": dict(body), "view": dict(view)}
    rows.save(replace(record, body=status.body, state={**record.state, "update": update}))


def delete(context: Context, rows: Rows, kind: Kind, kinds: Mapping[str, Kind], record: Record) -> None:
    """Begin the deletion of ``record``, or end it at once where the kind has no status.

    Raises ResourceInUseException when it is moving or something depends on it.
    """
    status = status_of(context, kind, record)
    if record.deleted is not None or status.word not in RESTING:
        raise moving(record.arn, status.word)
    if status.update is not None and status.update["status"] not in RESTING:
        raise moving(record.arn, status.update["status"])
    dependants = [
        child.arn
        for name in kind.children
        for child in rows.children(record.arn, name)
        if is_live(context, kinds[name], child)
    ]
    if kind.blockers is not None:
        dependants.extend(kind.blockers(context, rows, record))
    if dependants:
        raise has_dependants(record.arn, dependants)
    for name in kind.cascade:
        for child in rows.children(record.arn, name):
            remove(context, rows, kinds[name], child)
    if kind.lifecycle is None:
        remove(context, rows, kind, record)
        return
    if kind.removed is not None:
        kind.removed(context, rows, record)
    rows.save(replace(record, deleted=context.now, state={**record.state, "delete_polls": 0}))


def remove(context: Context, rows: Rows, kind: Kind, record: Record) -> None:
    """Forget a record and what it holds."""
    if kind.removed is not None:
        kind.removed(context, rows, record)
    rows.remove(record.arn)


def count_poll(context: Context, kind: Kind, arn: str) -> None:
    """Note that a status was answered, where the mode counts answers."""
    with context.emulator.database.write() as rows:
        record = rows.get(arn)
        if record is None or record.kind != kind.name:
            return
        state = dict(record.state)
        if record.deleted is not None:
            state["delete_polls"] = state.get("delete_polls", 0) + 1
        elif "update" in state:
            state["update"] = {**state["update"], "polls": state["update"].get("polls", 0) + 1}
        else:
            state["polls"] = state.get("polls", 0) + 1
        rows.save(replace(record, state=state))
