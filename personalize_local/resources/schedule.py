"""What happens by itself as time goes on: automatic trainings of solutions, recommenders that train anew, and the end
of what was deleted or replaced.

The schedule is kept nowhere: when something is due follows from the records. ``run_due`` does what is due by now and
says when to look again.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from botocore_shapes.errors import ServiceError
from personalize_local.context import Context
from personalize_local.jobs.lifecycle import ended_at
from personalize_local.provenance import Rule
from personalize_local.resources import recommender, solution, solution_version
from personalize_local.resources.changes import purge
from personalize_local.resources.lookup import live_children
from personalize_local.resources.solution_rules import schedule_days
from personalize_local.resources.status import is_live, mode_of, status_of
from personalize_local.resources.training_jobs import has_new_data
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

_PAGE = "dg/solution-config-auto-training.html"
RULES = (
    Rule(
        says="The first automatic training of a solution begins one hour after the solution is ACTIVE or automatic "
        "training is switched on or rescheduled, unless a version was made within that hour.",
        known="documented",
        source=f"{_PAGE} says within one hour",
    ),
    Rule(
        says="Later ones are due a whole period after the newest version of the solution began.",
        known="documented",
        source=_PAGE,
    ),
    Rule(
        says="An automatic training that is due without new interactions since the last one is left out; the next one "
        "is due a period later. So is one that a quota or missing data prevents.",
        known="documented",
        source=f"{_PAGE}; of the later date chosen",
    ),
)

log = logging.getLogger("personalize_local.schedule")

_HOUR, _DAY = 3600.0, 86400.0
_RECOMMENDER_DAYS = 7


def run_due(context: Context) -> float | None:
    """Begin every training that is due at ``context.now``, in all accounts, and forget what is over.

    Gives when the next one is due, None for never.
    """
    begun: list[str] = []
    dates: list[float] = []
    with context.emulator.database.write() as rows:
        purge(context, rows, context.emulator.kinds)
        for record in rows.everywhere(solution.KIND.name):
            own = _context_of(context, record)
            due = _training_due(own, rows, record)
            if due is not None and due <= context.now:
                begun += _train(own, rows, record)
                due = _training_due(own, rows, rows.get(record.arn) or record)
            dates += [] if due is None else [due]
        for record in rows.everywhere(recommender.KIND.name):
            own = _context_of(context, record)
            record = recommender.release_replaced(own, rows, record)
            due = _retraining_due(own, record)
            if due is not None and due <= context.now:
                begun += _retrain(own, rows, record)
                due = _retraining_due(own, rows.get(record.arn) or record)
            dates += [] if due is None else [due]
    for key in begun:
        context.emulator.jobs.submit(key)
    return min(dates, default=None)


def _context_of(context: Context, record: Record) -> Context:
    return replace(context, account=record.account, region=record.region)


def _training_due(context: Context, rows: Rows, record: Record) -> float | None:
    """When a solution is to train by itself the next time, None for never."""
    status = status_of(context, solution.KIND, record)
    if not status.is_active or not is_live(context, solution.KIND, record) or not status.body["performAutoTraining"]:
        return None
    began, before = _schedule_began(context, record)
    since: list[float] = []
    versions = live_children(context, rows, solution_version.KIND, record.arn)
    if versions and versions[-1].arn != before and versions[-1].created >= began:
        since.append(versions[-1].created)
    if record.state.get("looked", began) > began:
        since.append(record.state["looked"])
    return max(since) + schedule_days(status.body["solutionConfig"]) * _DAY if since else began + _HOUR


def _schedule_began(context: Context, record: Record) -> tuple[float, str | None]:
    """When the schedule of a solution began, and the version that was its newest before."""
    anew, kind = record.state.get("rescheduled"), solution.KIND
    if anew is None or kind.lifecycle is None:
        return status_of(context, kind, replace(record, state={})).updated, None
    mode = mode_of(context, kind)
    return ended_at(mode, since=anew["since"], job=None, real_seconds=kind.lifecycle.update), anew["last"]


def _train(context: Context, rows: Rows, record: Record) -> list[str]:
    body = status_of(context, solution.KIND, record).body
    versions = live_children(context, rows, solution_version.KIND, record.arn)
    last = versions[-1].job if versions else None
    # Whatever comes of it, the next look is a period later.
    rows.save(replace(record, state={**record.state, "looked": context.now}))
    if last is not None and not has_new_data(context, rows, last.payload):
        log.info("%s: no new interactions, no automatic training", record.arn)
        return []
    try:
        version = solution_version.begin_training(
            context, rows, replace(record, body=body), mode="FULL", training_type="AUTOMATIC", params={}
        )
    except ServiceError as error:
        log.info("%s: no automatic training: %s", record.arn, error)
        return []
    log.info("automatic training of %s", version.arn)
    return [version.arn]


def _retraining_due(context: Context, record: Record) -> float | None:
    status = status_of(context, recommender.KIND, record)
    if not status.is_active or not status.is_resting or not is_live(context, recommender.KIND, record):
        return None
    return float(record.state["trained"]) + _RECOMMENDER_DAYS * _DAY


def _retrain(context: Context, rows: Rows, record: Record) -> list[str]:
    job = rows.job(recommender.training_of(record.arn, status_of(context, recommender.KIND, record).body))
    if job is not None and not has_new_data(context, rows, job.payload):
        rows.save(replace(record, state={**record.state, "trained": context.now}))
        return []
    return [recommender.retrain(context, rows, record)]
