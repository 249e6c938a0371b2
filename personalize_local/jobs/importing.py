"""Dataset import jobs: what is checked before one is made, the reading, and putting the data in force."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from personalize_local.costs import recording
from personalize_local.datasets.csv import HEAD_BYTES, ImportFailure, ImportReport, MissingColumns, check_header
from personalize_local.datasets.failures import shortened
from personalize_local.datasets.schema import Schema, parse_schema
from personalize_local.jobs.spooling import copy_files, input_place
from personalize_local.jobs.workplace import JobFailure, Workplace
from personalize_local.provenance import Rule, Sentence
from personalize_local.store.objects import (
    AccessDenied,
    Location,
    NoSuchBucket,
    ObjectError,
    Objects,
    parse_location,
)
from personalize_local.store.records import Job
from personalize_local.store.sql import Rows

_MINIMUM_ROWS = 1000
"""Interactions in one import job, whichever its mode."""
_SAID = "InvalidInputException of CreateDatasetImportJob; failureReason where the place has changed since"

INVALID_LOCATION = Sentence(
    "Invalid Data location.",
    rule="documented",
    wording="documented",
    said=_SAID,
    source="dg/error-messages.html",
)
NO_PRIVILEGES = Sentence(
    "Insufficient privileges for accessing data in S3. Please look at "
    "https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-s3-access.html#attach-bucket-policy "
    "and fix bucket policy on {bucket}.",
    rule="documented",
    wording="observed",
    said=_SAID,
    source="dg/error-messages.html has a shorter form",
)
RULES = (
    Rule(
        says="A missing object and an empty folder are invalid data locations, a missing bucket is one without "
        "privileges.",
        known="chosen",
    ),
    Rule(
        says="A location that ends in / is a folder: the files at its first level are read, the empty ones left out.",
        known="documented",
        source="dg/API_CreateDatasetImportJob.html; that empty files are left out is inferred",
    ),
    Rule(
        says="A location without the / at the end is a folder when there is no object of that name.",
        known="observed",
        source="an AWS solution that imports so",
    ),
    Rule(
        says="Imports of action interactions have no least number of rows, in either mode.",
        known="chosen",
        source="dg/limits.html has none for action interactions, another page of the guide 1000 in INCREMENTAL mode",
    ),
    Rule(
        says="FULL replaces what was imported before and leaves what was streamed; INCREMENTAL adds.",
        known="documented",
        source="dg/updating-existing-bulk-data.html",
    ),
    Rule(
        says="Imports of one dataset count in the order in which they were asked for, whichever ends first.",
        known="chosen",
    ),
    Rule(says="An import that fails leaves the data of its dataset as they were.", known="inferred"),
)


class ProbeFailure(Exception):
    """The job cannot be made; the message is the service's."""


class Probe:
    """Looks at the place and the header before a job is made, as the service does."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def check(self, data_location: str, schema: Schema) -> None:
        """Raise ProbeFailure when nothing can be read there or a file lacks a column of the schema."""
        try:
            location = parse_location(data_location)
        except ObjectError:
            raise ProbeFailure(INVALID_LOCATION()) from None
        try:
            keys = list(files_at(self._objects, location))
            if not keys:
                raise ProbeFailure(INVALID_LOCATION())
            for key in keys:
                check_header(self._objects.read_start(location.bucket, key, HEAD_BYTES), schema)
        except ObjectError as error:
            raise ProbeFailure(unreadable(error, location.bucket).reason) from None
        except (MissingColumns, ImportFailure) as failure:
            raise ProbeFailure(str(failure)) from None


def unreadable(error: ObjectError, bucket: str) -> JobFailure:
    """What is said when the input of a job cannot be read."""
    if isinstance(error, NoSuchBucket | AccessDenied):
        return JobFailure(NO_PRIVILEGES(bucket=bucket))
    return JobFailure(INVALID_LOCATION(), {"problem": str(error)})


def minimum_rows(schema: Schema, *, relaxed: bool) -> int:
    """The least number of rows that an import under ``schema`` may have; ``relaxed`` as the setting of minimums."""
    return _MINIMUM_ROWS if schema.dataset_type == "INTERACTIONS" and not relaxed else 1


def files_at(objects: Objects, location: Location) -> Iterator[str]:
    """The keys that a location means: one object, or the files at the first level of a folder."""
    if not location.is_folder and objects.exists(location.bucket, location.key):
        yield location.key
        return
    prefix = location.key if location.is_folder else f"{location.key}/"
    for info in objects.list(location.bucket, prefix):
        rest = info.key.removeprefix(prefix)
        if info.size and rest and "/" not in rest:
            yield info.key


def _size_of(objects: Objects, location: Location, keys: Iterable[str]) -> int:
    """The bytes of objects of a location."""
    wanted = set(keys)
    return sum(info.size for info in objects.list(location.bucket, location.key) if info.key in wanted)


def spool(data_location: str, objects: Objects, folder: Path, bucket: str) -> None:
    """Copy the files that a location means into a bucket under ``folder``. Raises ObjectError."""
    location = parse_location(data_location)
    copy_files(objects, location.bucket, files_at(objects, location), folder, bucket)


def run(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    """Read the files of an import job into one new segment. Raises JobFailure."""
    from personalize_local.datasets.importing import import_files
    from personalize_local.jobs import attributing

    schema = parse_schema(payload["schema"], payload["domain"])
    named = parse_location(payload["location"])
    objects, location = input_place(workplace, named, payload["folder"])
    destination = workplace.datasets / payload["folder"]
    made = destination.with_name(f"{destination.name}.{secrets.token_hex(4)}")
    try:
        keys = list(files_at(objects, location))
        size = _size_of(objects, location, keys)
        opened: list[tuple[str, Callable[[], BinaryIO]]] = [
            (f"s3://{named.bucket}/{key}", partial(objects.open, location.bucket, key)) for key in keys
        ]
        if not opened:
            raise JobFailure(INVALID_LOCATION())
        import_files(
            opened,
            schema,
            made,
            minimum_rows=minimum_rows(schema, relaxed=workplace.relaxed_minimums),
        )
        if "attribution" in payload:
            attributing.measure(payload, workplace, schema, made)
        rows = _named(made, destination)
    except ImportFailure as failure:
        raise JobFailure(failure.reason, asdict(failure.report)) from None
    except MissingColumns as failure:
        raise JobFailure(str(failure), asdict(ImportReport(file=failure.file))) from None
    except ObjectError as error:
        raise unreadable(error, named.bucket) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return {"rows": rows, "bytes": size, "report": asdict(ImportReport(rows_read=rows))}


def _named(made: Path, destination: Path) -> int:
    """Give a segment its name; how many rows there are under it.

    What has the name already is whole, of a run whose outcome was never written down or is in force: it stays.
    """
    from personalize_local.datasets.segments import read_info

    try:
        made.rename(destination)
    except OSError:
        if not destination.is_dir():
            raise
    return read_info(destination).rows


def tell(result: Mapping[str, Any]) -> str:
    """What the log says of the end of an import, from the job's result."""
    report: Mapping[str, Any] = result.get("report", {})
    places = (("file", report.get("file")), ("row", report.get("row")), ("column", report.get("column")))
    counts = (("rows read", report.get("rows_read")), ("rejected", report.get("rows_rejected")))
    facts = [f"{name} {shortened(str(value), 300)}" for name, value in places if value is not None]
    facts += [f"{value} {name}" for name, value in counts if value]
    if report.get("problem"):
        facts.insert(0, shortened(report["problem"], 300))
    return "; ".join([result["reason"], ", ".join(facts)] if "reason" in result else facts)


def complete(rows: Rows, job: Job, workplace: Workplace) -> None:
    """Put an import in force, as if the imports of a dataset ended in the order in which they were asked for."""
    from personalize_local.jobs import attributing

    if job.state == "DONE":
        recording.imported(rows, job, dataset=job.payload["dataset"], size=job.result.get("bytes", 0))
    dataset, own = rows.get(job.payload["dataset"]), rows.get(job.arn)
    if job.state != "DONE" or dataset is None or dataset.deleted is not None or own is None:
        return
    attributing.complete(rows, job, workplace)
    replaced_until = dataset.state.get("replaced", 0)
    if own.sequence < replaced_until:
        return  # a later FULL import is in force
    full = job.payload["mode"] == "FULL"
    segment = {
        "folder": job.payload["folder"],
        "rows": job.result["rows"],
        # Rows that were put before are older than the import.
        "after": rows.last_row(dataset.arn),
        "at": job.finished,
        "order": own.sequence,
    }
    others = [one for one in dataset.state.get("segments", ()) if not full or one.get("order", 0) > own.sequence]
    segments = sorted([*others, segment], key=lambda one: one.get("order", 0))
    replaced = own.sequence if full else replaced_until
    rows.save(replace(dataset, state={**dataset.state, "segments": segments, "replaced": replaced}))
