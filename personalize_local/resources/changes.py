"""The ways in which records come, change and go, the same for every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from personalize_local.context import Context
from personalize_local.errors import ALREADY_EXISTS, HAS_DEPENDANTS, MOVING
from personalize_local.resources.kind import STOPPING, Kind
from personalize_local.resources.quotas import Quota
from personalize_local.resources.status import FAILED, is_describable, is_live, status_of
from personalize_local.resources.tag_rules import checked_tags
from personalize_local.store.records import Job, Record
from personalize_local.store.sql import Rows

_CHANGES = ("switch", "update")
"""What a record's state has of what has happened to it since its creation."""


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

    Raises ResourceAlreadyExistsException, LimitExceededException and the errors of tags.
    """
    claim(context, rows, kind, arn)
    tags = checked_tags(context, params.get("tags", ()))
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
    for quota in kind.quotas:
        check_quota(context, rows, kind, quota, record.body.get("datasetGroupArn"))
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
        raise ALREADY_EXISTS(arn=arn)
    rows.remove(arn)


def check_quota(context: Context, rows: Rows, kind: Kind, quota: Quota, group: str | None) -> None:
    """Raise LimitExceededException when one more resource of ``kind`` would be too many."""
    quotas = context.emulator.quotas
    if quotas.lifts(quota):
        return
    most = quotas.of(quota)
    # That there are not so many at all is nearly always proof enough.
    if not rows.has(context.account, context.region, kind.name, most):
        return
    counted = 0
    for record in rows.all(context.account, context.region, kind.name):
        if quota.per == "dataset group" and record.body.get("datasetGroupArn") != group:
            continue
        if record.deleted is None:
            counted += _counts(quota, status_of(context, kind, record).word)
    if counted >= most:
        raise quota.refusal(most=most)


def _counts(quota: Quota, word: str) -> bool:
    if quota.counts == "moving":
        return word.endswith(("PENDING", "IN_PROGRESS", STOPPING))
    return quota.counts_failed or word not in FAILED


def begin_update(
    context: Context,
    rows: Rows,
    kind: Kind,
    record: Record,
    *,
    body: Mapping[str, Any],
    view: Mapping[str, Any],
    since: float | None = None,
    job: Mapping[str, Any] | None = None,
) -> Record:
    """Start an update that puts ``body`` in force when it is done and shows ``view`` as the latest update.

    ``job`` is the payload of the work that the update waits for, under a key of its own, which is
    :func:`next_job_key`. Raises ResourceInUseException while the resource or an earlier update is moving.
    """
    check_resting(context, kind, record)
    began = context.now if since is None else since
    in_force = status_of(context, kind, record).body
    update: dict[str, Any] = {"since": began, "polls": 0, "body": dict(body), "view": dict(view)}
    record = _mended(context, kind, record)
    if job is not None:
        record, update["job"] = begin_job(context, rows, kind, record, job)
    changed = replace(record, body=in_force, state={**record.state, "update": update})
    rows.save(changed)
    return changed


def _mended(context: Context, kind: Kind, record: Record) -> Record:
    """``record`` with it written down whether an update has mended its failed creation: it is ACTIVE from then on,
    whatever the next change comes to."""
    created = replace(record, state={name: value for name, value in record.state.items() if name not in _CHANGES})
    if status_of(context, kind, created).word not in FAILED or not status_of(context, kind, record).is_active:
        return record
    return replace(record, state={**record.state, "mended": True})


def begin_job(
    context: Context, rows: Rows, kind: Kind, record: Record, payload: Mapping[str, Any]
) -> tuple[Record, str]:
    """Add a further job of a resource: the record that counts it, which is to be saved, and the key of the job."""
    number, key = next_job_key(record)
    rows.add_job(Job(arn=key, kind=kind.name, payload=payload, submitted=context.now))
    return replace(record, state={**record.state, "jobs": number}), key


def next_job_key(record: Record) -> tuple[int, str]:
    """Number and key of the next job of a resource that has had its first one at its creation."""
    number = record.state.get("jobs", 1) + 1
    return number, f"{record.arn}#{number}"


def check_resting(context: Context, kind: Kind, record: Record) -> None:
    """Raise ResourceInUseException while the resource or its latest update is moving."""
    status = status_of(context, kind, record)
    if record.deleted is not None or not status.is_resting:
        raise MOVING(arn=record.arn, status=status.moving_word)


def switch(context: Context, rows: Rows, kind: Kind, record: Record, to: str) -> None:
    """Begin the change to another resting state; ``to`` is one of ``status.SWITCHES``."""
    record = _mended(context, kind, record)
    rows.save(replace(record, state={**record.state, "switch": {"to": to, "since": context.now, "polls": 0}}))


def delete(context: Context, rows: Rows, kind: Kind, kinds: Mapping[str, Kind], record: Record) -> None:
    """Begin the deletion of ``record``, or end it at once where the kind has no status.

    Raises ResourceInUseException when it is moving or something depends on it.
    """
    check_resting(context, kind, record)
    dependants = [
        child.arn
        for name in kind.children
        for child in rows.children(record.arn, name)
        if is_live(context, kinds[name], child)
    ]
    if kind.blockers is not None:
        dependants.extend(kind.blockers(context, rows, record))
    if dependants:
        raise HAS_DEPENDANTS(arn=record.arn, dependants=", ".join(dict.fromkeys(dependants)))
    _remove_cascade(context, rows, kind, kinds, record)
    if kind.lifecycle is None:
        remove(context, rows, kind, record)
        return
    if kind.removed is not None:
        kind.removed(context, rows, record)
    rows.save(replace(record, deleted=context.now, state={**record.state, "delete_polls": 0}))


def _remove_cascade(context: Context, rows: Rows, kind: Kind, kinds: Mapping[str, Kind], record: Record) -> None:
    for name in kind.cascade:
        for child in rows.children(record.arn, name):
            _remove_cascade(context, rows, kinds[name], kinds, child)
            remove(context, rows, kinds[name], child)


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
        for change in _CHANGES:
            if change in state:
                state[change] = {**state[change], "polls": state[change].get("polls", 0) + 1}
        if not set(_CHANGES) & set(state):
            state["polls"] = state.get("polls", 0) + 1
        counted = replace(record, state=state)
        if is_describable(context, kind, counted):
            rows.save(counted)
        else:
            rows.remove(arn)


def purge(context: Context, rows: Rows, kinds: Mapping[str, Kind]) -> None:
    """Forget what was deleted so long ago that nothing answers for it any more, in all accounts."""
    for record in rows.leaving():
        if not is_describable(context, kinds[record.kind], record):
            rows.remove(record.arn)
