"""Data deletion jobs: users taken out of all that a dataset group holds of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from personalize_local.datasets.failures import ImportFailure, MissingColumns
from personalize_local.jobs.importing import INVALID_LOCATION, unreadable
from personalize_local.jobs.spooling import copy_files, input_place
from personalize_local.jobs.workplace import JobFailure, RunAgain, Workplace
from personalize_local.provenance import Rule, Sentence
from personalize_local.store.database import reading
from personalize_local.store.objects import Location, ObjectError, ObjectInfo, Objects, parse_location
from personalize_local.store.records import Job, Record, user_mark
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from personalize_local.datasets._arrow import Array

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
_MARK = 32
"""Characters of a user's mark."""
_WAS = "was "
"""Before the first folder of a segment in the state of its dataset, so that the sweep does not find it to be in use."""


# Input


def input_files(objects: Objects, location: Location) -> list[ObjectInfo]:
    """The files that a location means. Raises ObjectError, and JobFailure where there is none or too much of them."""
    if not location.is_folder:
        # Of the keys that begin with it, the key itself comes first.
        first = next(iter(objects.list(location.bucket, location.key)), None)
        if first is not None and first.key == location.key:
            return _of_size([first])
    prefix = location.key if location.is_folder else f"{location.key}/"
    listed = objects.list(location.bucket, prefix)
    return _of_size([info for info in listed if info.size and info.key.lower().endswith(".csv")])


def _of_size(found: list[ObjectInfo]) -> list[ObjectInfo]:
    if not found:
        raise JobFailure(INVALID_LOCATION())
    if sum(info.size for info in found) > _MOST_BYTES:
        raise JobFailure(TOO_LARGE(limit=_MOST_MEGABYTES))
    return found


def spool(data_location: str, objects: Objects, folder: Path, bucket: str) -> None:
    """Copy the files that a location means into a bucket under ``folder``. Raises ObjectError and JobFailure."""
    location = parse_location(data_location)
    copy_files(objects, location.bucket, [info.key for info in input_files(objects, location)], folder, bucket)


def _users(payload: Mapping[str, Any], workplace: Workplace) -> Array:
    """The ids that the input names. Raises JobFailure."""
    from personalize_local.datasets.deletion import read_users

    named = parse_location(payload["location"])
    objects, location = input_place(workplace, named, payload["input"])
    try:
        sources: list[tuple[str, Callable[[], BinaryIO]]] = [
            (f"s3://{named.bucket}/{info.key}", partial(objects.open, location.bucket, info.key))
            for info in input_files(objects, location)
        ]
        return read_users(sources)
    except ImportFailure as failure:
        raise JobFailure(failure.reason, asdict(failure.report)) from None
    except MissingColumns as failure:
        raise JobFailure(str(failure)) from None
    except ObjectError as error:
        raise unreadable(error, named.bucket) from None


# Work


def run(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    """Write the segments anew without the users that the input names, and note who they are. Raises JobFailure.

    Nothing is in force yet. Returns which segments were read, and how many rows are left out of each that was written.
    """
    from personalize_local.datasets.segments import SegmentError

    users = _users(payload, workplace)
    _write_list(users.to_pylist(), workplace.spool / payload["users"])
    while True:
        with reading(workplace.database) as rows:
            read = _in_force(rows, payload)
        try:
            return {"read": read, "removed": _rewrite(payload, read, users, workplace)}
        except (OSError, SegmentError):
            # What an import or another deletion has replaced may be swept away under our hands.
            with reading(workplace.database) as rows:
                if _in_force(rows, payload) == read:
                    raise


def _rewrite(payload: Mapping[str, Any], read: Mapping[str, str], users: Array, workplace: Workplace) -> dict[str, int]:
    """How many rows are left out of each segment that was written, by its folder."""
    from personalize_local.datasets.deletion import remove_users

    removed = {}
    for known in payload["datasets"].values():
        for first, new in known["replacements"].items():
            if read.get(first) == new:
                continue  # the job has ended meanwhile: what it has put in force is not to be touched
            # An earlier run may have been cut off after it, or have read what is no longer in force.
            shutil.rmtree(workplace.datasets / new, ignore_errors=True)
            if first in read:
                count = remove_users(workplace.datasets / read[first], users, workplace.datasets / new)
                if count:
                    removed[new] = count
    return removed


def _in_force(rows: Rows, payload: Mapping[str, Any]) -> dict[str, str]:
    """The folders in which those segments now are that there were when the job was made, by their first folders."""
    found = {}
    for known in payload["datasets"].values():
        dataset = rows.get(known["dataset"])
        if dataset is None or dataset.deleted is not None:
            continue
        for segment in dataset.state.get("segments", ()):
            if (first := _first_folder(segment)) in known["replacements"]:
                found[first] = segment["folder"]
    return found


def first_folders(state: Mapping[str, Any]) -> list[str]:
    """By what a job knows the segments of a dataset's state, also where another deletion replaces them meanwhile."""
    return [_first_folder(segment) for segment in state.get("segments", ())]


def _first_folder(segment: Mapping[str, Any]) -> str:
    """The folder into which a segment was imported."""
    first: str = segment.get("first", segment["folder"])
    return first.removeprefix(_WAS)


def _write_list(users: list[str], folder: Path) -> None:
    """Marks and ids, a line each (no id has a line end in it), in a file that is there whole or not at all.

    What takes time is done here, where no other waits: the marks, and the order in which the store takes ids quickly.
    """
    shutil.rmtree(folder, ignore_errors=True)
    unfinished = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    with (unfinished / _LIST).open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{user_mark(user)}{user}\n" for user in sorted(users))
    unfinished.rename(folder)


def _listed(folder: Path) -> Iterator[tuple[str, str]]:
    """The mark and the id of each user."""
    with (folder / _LIST).open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield line[:_MARK], line[_MARK:-1]


# Putting it in force


def complete(rows: Rows, job: Job, workplace: Workplace) -> None:
    """Put a deletion in force and write down its count; the transaction that ends the job makes it all or nothing.

    Raises RunAgain where the end of another deletion has replaced a segment after it was read.
    """
    record = rows.get(job.arn)
    if job.state != "DONE" or record is None:
        return
    read: Mapping[str, str] = job.result["read"]
    if any(read.get(first) != folder for first, folder in _in_force(rows, job.payload).items()):
        raise RunAgain
    count = 0
    streams, people = [job.payload["group"]], []
    for dataset_type, known in job.payload["datasets"].items():
        dataset = rows.get(known["dataset"])
        if dataset is None or dataset.deleted is not None:
            continue
        count += _swap(rows, dataset, known["replacements"], job.result["removed"])
        if dataset_type == "ACTION_INTERACTIONS":
            streams.append(dataset.arn)
        if dataset_type == "USERS":
            people.append(dataset.arn)
    users = _listed(workplace.spool / job.payload["users"])
    count += rows.forget(job.payload["group"], users, streams=streams, datasets=people)
    rows.save(replace(record, state={**record.state, "numDeleted": count}))


def _swap(rows: Rows, dataset: Record, replacements: Mapping[str, str], removed: Mapping[str, int]) -> int:
    """Put the new segments in the place of those that are still in force; how many rows that takes out."""
    count = 0
    segments = []
    for segment in dataset.state.get("segments", ()):
        first = _first_folder(segment)
        new = replacements.get(first, "")
        if new in removed:
            segment = {**segment, "folder": new, "first": f"{_WAS}{first}", "rows": segment["rows"] - removed[new]}
            count += removed[new]
        segments.append(segment)
    if count:
        rows.save(replace(dataset, state={**dataset.state, "segments": segments}))
    return count
