"""From the place of a batch job's input to the lines of its parts, and from what came of them to its output files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personalize_local.jobs.importing import NO_PRIVILEGES
from personalize_local.jobs.partitions import Cutter, Folder, Plan, joined, told
from personalize_local.jobs.spooling import input_place
from personalize_local.jobs.workplace import JobFailure, Workplace
from personalize_local.provenance import Rule, Sentence
from personalize_local.resources.batch_rules import inputs
from personalize_local.resources.storage_rules import INPUT, OUTPUT
from personalize_local.store.objects import (
    AccessDenied,
    Location,
    NoSuchBucket,
    ObjectError,
    parse_location,
)

_SAID = "failureReason of batch jobs"
_LIMITS = "dg/limits.html"

INVALID_INPUT = Sentence(INPUT.text, rule="inferred", wording="documented", said=_SAID, source="dg/error-messages.html")
INVALID_OUTPUT = Sentence(
    OUTPUT.text, rule="inferred", wording="documented", said=_SAID, source="dg/error-messages.html"
)
NO_LINES = Sentence("The input of the job has no records.", rule="inferred", wording="chosen", said=_SAID)
TOO_MANY_FILES = Sentence(
    "The input of the job has more than {most} files.", rule="documented", wording="chosen", said=_SAID, source=_LIMITS
)
TOO_LARGE = Sentence(
    "The input of the job has more than {most} bytes.", rule="documented", wording="chosen", said=_SAID, source=_LIMITS
)
TOO_MANY_LINES = Sentence(
    "The input file {key} has more than {most} records.",
    rule="documented",
    wording="chosen",
    said=_SAID,
    source=f"{_LIMITS}; dg/themed-batch-recommendations.html",
)
RULES = (
    Rule(
        says="The input of a batch job is the object of its path or, where there is none, every object whose key "
        "begins with it, empty ones left out.",
        known="documented",
        source="dg/batch-data-upload.html; that the object of that very name is taken alone is chosen",
    ),
    Rule(
        says="The output of a batch job has a file for each file of the input: its name, and folders below that of the "
        "path, with .out behind.",
        known="observed",
        source="AWS's sample notebooks, of one file; of several inferred",
    ),
    Rule(
        says="The output of a batch job is written when all of it is there; a job that fails writes none.",
        known="chosen",
    ),
)


def folder_of(payload: Mapping[str, Any], workplace: Workplace) -> Folder:
    """Where the parts of a job are."""
    return Folder(workplace.spool / payload["work"])


def cut(payload: Mapping[str, Any], workplace: Workplace) -> Plan:
    """The plan of a job's parts, made of its input if that has not been done. Raises JobFailure."""
    folder = folder_of(payload, workplace)
    plan = folder.plan()
    if plan is None:
        folder.begin()
        plan = _cut(payload, workplace, folder)
        folder.keep(plan)
    return plan


def prepare(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    """Cut the input of a job into parts of lines. Raises JobFailure."""
    return told(folder_of(payload, workplace), cut(payload, workplace))


def _cut(payload: Mapping[str, Any], workplace: Workplace, folder: Folder) -> Plan:
    named = parse_location(payload["input"])
    objects, location = input_place(workplace, named, payload["folder"])
    limits: Mapping[str, int] = payload["limits"]
    cutter = Cutter(folder)
    try:
        found = inputs(objects, location)
        if not found:
            raise JobFailure(INVALID_INPUT())
        if len(found) > limits["files"]:
            raise JobFailure(TOO_MANY_FILES(most=limits["files"]))
        if sum(info.size for info in found) > limits["bytes"]:
            raise JobFailure(TOO_LARGE(most=limits["bytes"]))
        total = 0
        for info in found:
            with objects.open(location.bucket, info.key) as stream:
                count = cutter.add(f"{_below(named, info.key)}.out", stream)
            if count > limits["lines"]:
                raise JobFailure(TOO_MANY_LINES(key=info.key, most=limits["lines"]))
            total += count
    except (NoSuchBucket, AccessDenied):
        raise JobFailure(NO_PRIVILEGES(bucket=named.bucket)) from None
    except ObjectError as error:
        raise JobFailure(INVALID_INPUT(), {"problem": str(error)}) from None
    if not total:
        raise JobFailure(NO_LINES())
    return cutter.plan()


def _below(location: Location, key: str) -> str:
    return key.removeprefix(location.key[: location.key.rfind("/") + 1])


def write_outputs(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    """Write the output file of each input file; how many lines there are, and bad ones. Raises JobFailure."""
    folder = folder_of(payload, workplace)
    plan = folder.plan()
    assert plan is not None
    location, objects = parse_location(payload["output"]), workplace.objects()
    prefix = location.key.removesuffix("/")
    try:
        for file, name in enumerate(plan.names):
            key = f"{prefix}/{name}" if prefix else name
            with joined([folder.output(part.number) for part in plan.of_file(file)]) as stream:
                objects.put(location.bucket, key, stream)
    except (NoSuchBucket, AccessDenied):
        raise JobFailure(NO_PRIVILEGES(bucket=location.bucket)) from None
    except ObjectError as error:
        raise JobFailure(INVALID_OUTPUT(), {"problem": str(error)}) from None
    counted = [folder.facts(part.number) or {} for part in plan.parts]
    return {
        "files": len(plan.names),
        "lines": sum(part.lines for part in plan.parts),
        "errors": sum(facts.get("errors", 0) for facts in counted),
    }


def tell(result: Mapping[str, Any]) -> str:
    """What the log says of the end of a job, from its result."""
    if "reason" in result:
        problem = result.get("report", {}).get("problem")
        return result["reason"] if problem is None else f"{result['reason']} {problem}"
    return f"{result['lines']} lines, {result['errors']} of them bad, {result['files']} files"
