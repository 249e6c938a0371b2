"""Writes down what is billed, in the transaction of the act itself."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from personalize_local.costs.estimates import training_hours
from personalize_local.provenance import Rule
from personalize_local.store.connection import dump
from personalize_local.store.usage import Used

if TYPE_CHECKING:
    from personalize_local.store.records import Job
    from personalize_local.store.sql import Rows

RULES = (
    Rule(
        says="Data ingested are the bytes of the files of imports that succeed and of the bodies of PutEvents, "
        "PutItems, PutUsers, PutActions and PutActionInteractions calls that are taken.",
        known="inferred",
        source="price page: GB of data uploaded, streamed and bulk; of what fails chosen",
    ),
    Rule(
        says="A training that fails is not billed; one that is stopped by the share of its estimated hours that has "
        "passed on the clock, with a search of those of all models that it would have trained.",
        known="chosen",
        source="dg/stop-solution-version.html: billed up to the stop",
    ),
    Rule(
        says="Trainings of recommenders are part of the price of their hours.",
        known="inferred",
        source="an estimate of AWS's calculator for a month with weekly trainings has none",
    ),
    Rule(
        says="A batch job that succeeds is billed by the lines of its input, those that fail left out.", known="chosen"
    ),
    Rule(
        says="A segment is billed by the users whom the Interactions and Users datasets have together, whatever number "
        "it holds itself.",
        known="documented",
        source="copies of the price page",
    ),
    Rule(
        says="Those users are counted as they were at the training of the job's solution version.",
        known="chosen",
        source="segments are made of them",
    ),
    Rule(says="Stored data and models are not billed.", known="inferred", source="price page: it has no such meter"),
)

_HOUR = 3600


def imported(rows: Rows, job: Job, *, dataset: str, size: int) -> None:
    """An import of ``size`` bytes into a dataset is done."""
    rows.use(
        Used(
            kind="import",
            resource=dataset,
            group=group_of(dataset),
            act=act_of(job),
            at=job.finished or job.submitted,
            amount=size,
        )
    )


def streamed(rows: Rows, *, resource: str, group: str, size: int, now: float) -> None:
    """A call has put ``size`` bytes into a dataset or through a tracker: added to the sum of its hour."""
    hour = int(now // _HOUR) * _HOUR
    rows.add_use([Used(kind="stream", resource=resource, group=group, act=str(hour), at=hour, amount=size)])


def trained(
    rows: Rows,
    job: Job,
    *,
    resource: str,
    interactions: int,
    result: Mapping[str, Any],
    at: float,
    elapsed: float | None = None,
) -> None:
    """A training is over, of a solution or recommender (``resource``); ``elapsed`` are the seconds until its stop.

    ``result`` has the recipe and the models that are trained, and of a training that is done its users and seconds.
    """
    trainings = result.get("trainings", 1)
    hours = training_hours(interactions, trainings)
    share = Decimal(1)
    if elapsed is not None:
        share = min(share, Decimal(str(round(elapsed, 3))) / _HOUR / hours)
    used = Used(
        kind="training",
        resource=resource,
        group=job.payload["datasetGroup"],
        act=act_of(job),
        at=at,
        amount=int(interactions * trainings * share),
        facts={
            "recipe": result["recipe"],
            "hours": str((hours * share).quantize(Decimal("0.000001"))),
            "seconds": result.get("seconds"),
            "users": result.get("users"),
        },
    )
    # Work that is done here may still show as under way, and be stopped.
    (rows.use if elapsed is None else rows.correct_use)(used)


def capacity(rows: Rows, *, resource: str, group: str, rate: int, at: float, recipe: str) -> None:
    """From ``at`` on a campaign or recommender holds ``rate`` requests per second ready; 0 when it serves no more."""
    rows.use(Used(kind="capacity", resource=resource, group=group, at=at, amount=rate, facts={"recipe": recipe}))


def batch_done(rows: Rows, job: Job, *, group: str, recipe: str, lines: int, themes: bool = False) -> None:
    """A batch inference job has answered ``lines`` lines; called again for the same job, it counts once."""
    facts = {"recipe": recipe, "themes": themes}
    rows.use(_batch("batch", job, group, lines, facts))


def segments_done(rows: Rows, job: Job, *, group: str, recipe: str, lines: int, users: int) -> None:
    """A batch segment job has made ``lines`` segments of the ``users`` users of the datasets; counts once."""
    rows.use(_batch("segments", job, group, lines * users, {"recipe": recipe, "segments": lines}))


def _batch(kind: Any, job: Job, group: str, amount: int, facts: Mapping[str, Any]) -> Used:
    return Used(
        kind=kind,
        resource=job.arn,
        group=group,
        act=act_of(job),
        at=job.finished or job.submitted,
        amount=amount,
        facts=facts,
    )


def act_of(job: Job) -> str:
    """By what a job is known again: its ARN may be that of a later one, its payload tells them apart."""
    told = f"{job.submitted}{dump(job.payload)}"
    return f"{job.arn} {blake2b(told.encode(), digest_size=8).hexdigest()}"


def group_of(dataset: str) -> str:
    """The ARN of the dataset group of a dataset's ARN."""
    head, _, tail = dataset.partition(":dataset/")
    return f"{head}:dataset-group/{tail.partition('/')[0]}"
