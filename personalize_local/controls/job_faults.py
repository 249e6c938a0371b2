"""Jobs that are made to fail: which kinds each name stands for, the service's own reasons, and a job of campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from personalize_local.batch import files, surroundings
from personalize_local.context import Context
from personalize_local.controls.declaring import DeclarationError
from personalize_local.datasets import failures
from personalize_local.jobs import importing, runner
from personalize_local.jobs.runner import JobType
from personalize_local.jobs.workplace import JobFailure, Workplace
from personalize_local.provenance import Rule, Sentence
from personalize_local.recipes import sentences
from personalize_local.resources import campaign
from personalize_local.store.records import Job

if TYPE_CHECKING:
    from types import ModuleType

JOBS: Mapping[str, tuple[str, ...]] = {
    "import": ("datasetImportJob",),
    "training": ("solutionVersion", "recommender"),
    "campaign": ("campaign",),
    "batch": ("batchInferenceJob", "batchSegmentJob"),
}
"""The kinds of resources whose jobs a fault can end, by the name that it has in a declaration."""

_REASONS: Mapping[str, tuple[ModuleType, ...]] = {
    "import": (failures, importing),
    "training": (sentences,),
    "campaign": (),
    "batch": (files, surroundings),
}
RULES = (
    Rule(
        says="A campaign whose creation was made to fail is CREATE FAILED, answers as if it were not there, and costs "
        "nothing.",
        known="chosen",
    ),
)


def named(job: str) -> dict[str, Sentence]:
    """The reasons that jobs of this name can have, by name; FAULT, an internal error, is one of all."""
    found = {
        name: value
        for module in _REASONS[job]
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, Sentence)
    }
    return {**found, "FAULT": runner.FAULT}


def sentence(job: str, name: str | None, facts: object) -> str:
    """A reason by its name with its fields filled in; that of an internal error without a name.

    Raises DeclarationError for a name that these jobs do not have and for fields that are not given.
    """
    known = named(job)
    found = known.get(name or "FAULT")
    if found is None:
        raise DeclarationError(f"{name} is no sentence of {job} jobs; known are {', '.join(sorted(known))}")
    if not isinstance(facts, Mapping):
        raise DeclarationError("facts of a fault are a mapping")
    try:
        return found(**{str(key): value for key, value in facts.items()})
    except KeyError as missing:
        raise DeclarationError(f"sentence {name} needs the fact {missing.args[0]}") from None


def fail_campaign(context: Context, arn: str, reason: str) -> None:
    """Give a campaign that was just made a job, which fails."""
    with context.emulator.database.write() as rows:
        record = rows.get(arn)
        if record is None:
            return
        rows.add_job(Job(arn=arn, kind=campaign.KIND.name, payload={"reason": reason}, submitted=context.now))
        if campaign.KIND.removed is not None:
            campaign.KIND.removed(context, rows, record)
    context.emulator.jobs.submit(arn)


def _fail(payload: Mapping[str, Any], _: Workplace) -> dict[str, Any]:
    raise JobFailure(payload["reason"])


CAMPAIGN = JobType(run=_fail)
"""The one job that campaigns can have: one that fails."""
