"""What batch inference and batch segment jobs have in common: the version, the filter, the places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from personalize_local.context import Context
from personalize_local.errors import NOT_ACTIVE_INPUT
from personalize_local.jobs.holdings import reference
from personalize_local.jobs.spooling import copy_files, spooled
from personalize_local.provenance import Rule, invalid
from personalize_local.resources import quotas, solution_version
from personalize_local.resources.dataset import live_datasets
from personalize_local.resources.kind import Kind
from personalize_local.resources.lookup import require_active
from personalize_local.resources.quotas import Quota
from personalize_local.resources.status import status_of
from personalize_local.resources.storage_rules import check_apart
from personalize_local.store.objects import Location, ObjectInfo, Objects, parse_location
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

NOT_TRAINED = invalid("Solution version {arn} failed to train and cannot answer a job.", "inferred", error="chosen")
TOO_MANY_RESULTS = invalid("numResults must be between 1 and {most}.", "inferred")
OTHER_GROUP = invalid("Filter {arn} belongs to another dataset group.", "inferred")
OTHER_ENTITY = invalid("Filter {arn} is for {entity} and cannot be used in this job.", "inferred")
RULES = (
    Rule(says="numResults of a batch job is 25 when it is not given, and is shown.", known="documented",
         source="console text"),
    Rule(says="A batch job is listed until its solution is deleted; its name is free then.", known="chosen"),
)  # fmt: skip

DEFAULT_RESULTS = 25


def active_version(context: Context, rows: Rows, arn: str) -> Record:
    """The solution version that a job is to ask.

    Raises ResourceInUseException while it trains, InvalidInputException when its training failed.
    """
    return solution_version.require_trained(context, rows, arn, NOT_TRAINED)


def job_body(
    context: Context, rows: Rows, params: Mapping[str, Any], version: Record, *, entity: str, most: int
) -> dict[str, Any]:
    """Check what both kinds of job are given, and make the members that both show. Raises InvalidInputException.

    ``entity`` is what a filter of the job must be for, ``most`` the largest numResults.
    """
    check_apart(params["jobInput"]["s3DataSource"]["path"], params["jobOutput"]["s3DataDestination"]["path"])
    count = params.get("numResults", DEFAULT_RESULTS)
    if not 1 <= count <= most:
        raise TOO_MANY_RESULTS(most=most)
    if "filterArn" in params:
        filter_ = require_active(
            context, rows, context.emulator.kinds["filter"], params["filterArn"], refusal=NOT_ACTIVE_INPUT
        )
        if filter_.body["datasetGroupArn"] != version.body["datasetGroupArn"]:
            raise OTHER_GROUP(arn=filter_.arn)
        if filter_.state["entity"] != entity:
            raise OTHER_ENTITY(arn=filter_.arn, entity=filter_.state["entity"])
    shown = ("jobName", "solutionVersionArn", "filterArn", "jobInput", "jobOutput", "roleArn")
    return {
        **{name: params.get(name) for name in shown},
        "numResults": count,
        "datasetGroupArn": version.body["datasetGroupArn"],
    }


def work_of(
    context: Context, rows: Rows, body: Mapping[str, Any], folder: str, *, lines: Quota, **more: Any
) -> dict[str, Any]:
    """What a job needs to know, as values that are stored: later changes do not touch it.

    ``folder`` is where its input was copied to, if it was; ``lines`` says how many a file of it may have.
    """
    emulator, group = context.emulator, body["datasetGroupArn"]
    settings, allowed = emulator.settings, emulator.quotas
    return {
        "account": context.account,
        "region": context.region,
        "now": context.now,
        "version": body["solutionVersionArn"],
        "filterArn": body["filterArn"],
        "numResults": body["numResults"],
        "input": body["jobInput"]["s3DataSource"]["path"],
        "output": body["jobOutput"]["s3DataDestination"]["path"],
        "datasetGroup": group,
        "held": {
            # A dataset that was made anew may hold as little as the one before.
            kind: {**reference(rows, record), "sequence": record.sequence}
            for kind, record in live_datasets(context, rows, group).items()
        },
        "until": rows.last_event(group),
        "folder": folder,
        "work": emulator.ids.uuid(),
        "limits": {
            "files": allowed.of(quotas.BATCH_FILES),
            "bytes": allowed.of(quotas.BATCH_BYTES),
            "lines": allowed.of(lines),
        },
        "settings": {
            "quotas": settings.quotas,
            "status": settings.status,
            "automatic_updates": settings.automatic_updates,
        },
        **more,
    }


def inputs(objects: Objects, location: Location) -> list[ObjectInfo]:
    """The objects that the input path of a batch job means, in the order of their keys. Raises ObjectError."""
    found = [info for info in objects.list(location.bucket, location.key) if info.size]
    return [info for info in found if info.key == location.key] or found


def copied(context: Context, path: str, name: str) -> AbstractContextManager[Callable[[], object]]:
    """See :func:`spooled`: the input of a job at ``path``."""
    return spooled(context, name, partial(_copy, path))


def _copy(path: str, objects: Objects, folder: Path, bucket: str) -> None:
    location = parse_location(path)
    keys = (info.key for info in inputs(objects, location))
    copy_files(objects, location.bucket, keys, folder, bucket)


def jobs_with_filter(context: Context, rows: Rows, kind: Kind, filter_arn: str) -> list[str]:
    """The jobs of a kind that are not done and use a filter."""
    return [
        job.arn
        for job in rows.all(context.account, context.region, kind.name)
        if job.body.get("filterArn") == filter_arn
        and status_of(context, kind, job).word.endswith(("PENDING", "IN_PROGRESS"))
    ]
