"""The two types of batch jobs, as whoever runs jobs knows them. Nothing heavy is loaded before the work begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personalize_local.batch import files, inference, segments
from personalize_local.batch.surroundings import let_go
from personalize_local.costs.recording import batch_done, segments_done
from personalize_local.jobs.course import Stages
from personalize_local.jobs.runner import JobType
from personalize_local.jobs.workplace import Workplace
from personalize_local.store.records import Job
from personalize_local.store.sql import Rows


def _write_inferred(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    """The last step, in the worker that it is given to. Raises JobFailure."""
    let_go()
    return files.write_outputs(payload, workplace)


def _write_segments(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    """As of inference, but for what is needed once more."""
    try:
        return segments.finish(payload, workplace)
    finally:
        let_go()


def _inferred(rows: Rows, job: Job, workplace: Workplace) -> None:
    """What was answered costs; that there is this step makes what the job has left on disk swept away too."""
    del workplace
    if job.state == "DONE":
        payload = job.payload
        batch_done(
            rows,
            job,
            group=payload["datasetGroup"],
            recipe=payload["recipe"],
            lines=job.result["lines"] - job.result["errors"],
            themes=payload["itemName"] is not None,
        )


def _segmented(rows: Rows, job: Job, workplace: Workplace) -> None:
    """As of inference."""
    del workplace
    if job.state == "DONE":
        segments_done(
            rows,
            job,
            group=job.payload["datasetGroup"],
            recipe=job.payload["recipe"],
            lines=job.result["lines"] - job.result["errors"],
            users=job.result["users"],
        )


INFERENCE = JobType(
    run=_write_inferred,
    complete=_inferred,
    tell=files.tell,
    stages=Stages(prepare=files.prepare, part=inference.part, unit="lines"),
)
SEGMENTS = JobType(
    run=_write_segments,
    complete=_segmented,
    tell=files.tell,
    stages=Stages(prepare=segments.prepare, part=segments.part, unit="users"),
)
