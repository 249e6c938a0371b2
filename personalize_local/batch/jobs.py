"""The two types of batch jobs, as whoever runs jobs knows them. Nothing heavy is loaded before the work begins."""

from __future__ import annotations

from personalize_local.batch import files, inference, segments
from personalize_local.batch.surroundings import let_go
from personalize_local.jobs.course import Stages
from personalize_local.jobs.runner import JobType
from personalize_local.jobs.workplace import Workplace
from personalize_local.store.records import Job
from personalize_local.store.sql import Rows


def _complete(rows: Rows, job: Job, workplace: Workplace) -> None:
    """Nothing is put in force; that there is this step makes what the job has left on disk swept away."""
    del rows, job, workplace
    let_go()


INFERENCE = JobType(
    run=files.write_outputs,
    complete=_complete,
    tell=files.tell,
    stages=Stages(prepare=files.prepare, part=inference.part, unit="lines"),
)
SEGMENTS = JobType(
    run=segments.finish,
    complete=_complete,
    tell=files.tell,
    stages=Stages(prepare=segments.prepare, part=segments.part, unit="users"),
)
