"""Data deletion jobs: users taken out of all that a dataset group holds of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from personalize_local.datasets.failures import ImportFailure, MissingColumns
from personalize_local.jobs.importing import INVALID_LOCATION, NO_PRIVILEGES
from personalize_local.jobs.spooling import spool_at
from personalize_local.jobs.workplace import JobFailure, Workplace
from personalize_local.provenance import Rule, Sentence
from personalize_local.store.objects import (
    AccessDenied,
    Location,
    NoSuchBucket,
    ObjectError,
    ObjectInfo,
    Objects,
    parse_location,
)
from personalize_local.store.records import Job, Record, user_mark
from personalize_local.store.sql import Rows

_MOST_MEGABYTES = 100
_MOST_BYTES = _MOST_MEGABYTES << 20

TOO_LARGE = Sentence(
    "The input of a data deletion job cannot be larger than {limit} MB.",
    rule="documented",
    wording="chosen",
    said="failureReason of data deletion jobs",
    source="dg/delete-records.html",
)
RULES = (
    Rule(
        says="A location of a data deletion job that ends in / is a folder: the .csv files in it and in all its "
        "sub-folders are read, other files passed over.",
        known="documented",
        source="dg/delete-records.html; that empty files are passed over too is inferred",
    ),
    Rule(
        says="A location of a data deletion job without the / at its end is a folder when there is no object of that "
        "name.",
        known="inferred",
        source="imports",
    ),
    Rule(
        says=f"All files of a data deletion job together have at most {_MOST_BYTES} bytes.",
        known="inferred",
        source=f"dg/delete-records.html: {_MOST_MEGABYTES} MB",
    ),
    Rule(
        says="Of a data deletion job only the form of its location is looked at before the call is answered; the job "
        "fails for all else, with the sentences of imports.",
        known="chosen",
    ),
    Rule(
        says="The files of a data deletion job are read as those of imports: columns beside USER_ID are passed over.",
        known="chosen",
    ),
    Rule(
        says="A data deletion job takes the rows of its users out of the Users, Interactions and Action interactions "
        "datasets of its group, imported or put, with the events of sessions in which they are named.",
        known="documented",
        source="dg/delete-records.html; the sessions are inferred",
    ),
    Rule(says="Ids that nothing is known of are no error in a data deletion job.", known="inferred"),
    Rule(
        says="numDeleted counts the rows and events that are taken out, not users.",
        known="documented",
        source="dg/API_DataDeletionJob.html",
    ),
    Rule(
        says="What is imported while a data deletion job runs stays; what is put until its end is taken out.",
        known="chosen",
        source="dg/delete-records.html: deletion is then not guaranteed",
    ),
)

USER_TYPES = ("USERS", "INTERACTIONS", "ACTION_INTERACTIONS")
"""Datasets that have users in them."""

_LIST = "users"


# Input


def input_files(objects: Objects, location: Location) -> list[ObjectInfo]:
    """The files that a location means. Raises ObjectError."""
    if not location.is_folder:
        # Of the keys that begin with it, the key itself comes first.
        first = next(iter(objects.list(location.bucket, location.key)), None)
        if first is not None and first.key == location.key:
            return [first]
    prefix = location.key if location.is_folder else f"{location.key}/"
    return [info for info in objects.list(location.bucket, prefix) if info.size and info.key.lower().endswith(".csv")]


def spool(objects: Objects, data_location: str, target: Path, bucket: str) -> bool:
    """Copy the files that a location means, under the same keys; False where they cannot be read or are too large.

    The companion keeps buckets in memory. A job that was acknowledged must find its files after a crash.
    """
    location = parse_location(data_location)
    copies = spool_at(target)
    try:
        found = input_files(objects, location)
        if sum(info.size for info in found) > _MOST_BYTES:
            return False
        for info in found:
            with objects.open(location.bucket, info.key) as stream:
                copies.put(bucket, info.key, stream)
    except ObjectError:
        return False
    return bool(found)


def _sources(payload: Mapping[str, Any], workplace: Workplace) -> list[tuple[str, Callable[[], BinaryIO]]]:
    """The files to read: their names, and what opens them. Raises ObjectError and JobFailure."""
    named = location = parse_location(payload["location"])
    objects = workplace.objects()
    if payload.get("spooled"):
        objects = spool_at(workplace.spool)
        location = replace(named, bucket=payload["input"])
    found = input_files(objects, location)
    if not found:
        raise JobFailure(INVALID_LOCATION())
    if sum(info.size for info in found) > _MOST_BYTES:
        raise JobFailure(TOO_LARGE(limit=_MOST_MEGABYTES))
    return [(f"s3://{named.bucket}/{info.key}", partial(objects.open, location.bucket, info.key)) for info in found]


# Work


def run(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    """Write the segments anew without the users that the input names, and note who they are. Raises JobFailure.

    Nothing is in force yet. Returns how many rows are left out of each segment that was written, by its new folder.
    """
    from personalize_local.datasets.deletion import read_users, remove_users

    bucket = parse_location(payload["location"]).bucket
    try:
        users = read_users(_sources(payload, workplace))
    except ImportFailure as failure:
        raise JobFailure(failure.reason, asdict(failure.report)) from None
    except MissingColumns as failure:
        raise JobFailure(str(failure)) from None
    except (NoSuchBucket, AccessDenied):
        raise JobFailure(NO_PRIVILEGES(bucket=bucket)) from None
    except ObjectError as error:
        raise JobFailure(INVALID_LOCATION(), {"problem": str(error)}) from None
    _write_list(users.to_pylist(), workplace.spool / payload["users"])
    removed = {}
    for dataset in payload["datasets"].values():
        for old, new in dataset["replacements"].items():
            # An earlier run may have been cut off after it.
            shutil.rmtree(workplace.datasets / new, ignore_errors=True)
            count = remove_users(workplace.datasets / old, users, workplace.datasets / new)
            if count:
                removed[new] = count
    return {"removed": removed}


def _write_list(users: list[str], folder: Path) -> None:
    """The ids, a line each (no id has a line end in it), in a file that is there whole or not at all."""
    shutil.rmtree(folder, ignore_errors=True)
    unfinished = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    with (unfinished / _LIST).open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{user}\n" for user in users)
    unfinished.rename(folder)


def _listed(folder: Path) -> Iterator[str]:
    with (folder / _LIST).open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield line.removesuffix("\n")


# Putting it in force


def complete(rows: Rows, job: Job, workplace: Workplace) -> None:
    """Put a deletion in force and write down its count; the transaction that ends the job makes it all or nothing."""
    record = rows.get(job.arn)
    if job.state != "DONE" or record is None:
        return
    removed: Mapping[str, int] = job.result["removed"]
    count = 0
    streams = [job.payload["group"]]
    people = None
    for dataset_type, known in job.payload["datasets"].items():
        dataset = rows.get(known["dataset"])
        if dataset is None or dataset.deleted is not None:
            continue
        count += _swap(rows, dataset, known["replacements"], removed)
        if dataset_type == "ACTION_INTERACTIONS":
            streams.append(dataset.arn)
        if dataset_type == "USERS" and rows.last_row(dataset.arn):
            people = dataset.arn
    streams = [stream for stream in streams if rows.last_event(stream)]
    folder = workplace.spool / job.payload["users"]
    for user in _listed(folder):
        count += sum(rows.remove_events_of(stream, user) for stream in streams)
        if people is not None:
            count += rows.remove_rows_of(people, user)
    rows.forget(job.payload["group"], map(user_mark, _listed(folder)))
    rows.save(replace(record, state={**record.state, "numDeleted": count}))


def _swap(rows: Rows, dataset: Record, replacements: Mapping[str, str], removed: Mapping[str, int]) -> int:
    """Put the new segments in the place of those that are still in force; how many rows that takes out."""
    count = 0
    segments = []
    for segment in dataset.state.get("segments", ()):
        new = replacements.get(segment["folder"], "")
        if new in removed:
            segment = {**segment, "folder": new, "rows": segment["rows"] - removed[new]}
            count += removed[new]
        segments.append(segment)
    if count:
        rows.save(replace(dataset, state={**dataset.state, "segments": segments}))
    return count
