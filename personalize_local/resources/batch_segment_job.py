"""Batch segment jobs: the users who are likely to want an item, or items with an attribute."""

from __future__ import annotations

from typing import Any

from personalize_local.context import Context
from personalize_local.provenance import invalid
from personalize_local.resources import quotas
from personalize_local.resources.batch_rules import active_version, copied, job_body, work_of
from personalize_local.resources.changes import insert
from personalize_local.resources.kind import Kind, Lifecycle
from personalize_local.resources.solution_version import recipe_of_version

NOT_FOR_SEGMENTS = invalid(
    "Recipe {arn} does not support batch segment jobs.", "documented", "dg/getting-user-segments.html"
)
MOST_USERS = 5_000_000
"""Users of one segment (documented)."""

KIND = Kind(
    name="batchSegmentJob",
    arn_type="batch-segment-job",
    lifecycle=Lifecycle(create=480),
    parent_member="solutionVersionArn",
    quotas=(quotas.SEGMENT_JOBS,),
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateBatchSegmentJob."""
    arn = context.arn(f"batch-segment-job/{params['jobName']}")
    folder = context.emulator.ids.uuid()
    copying = copied(context, params["jobInput"]["s3DataSource"]["path"], folder)
    with copying as keep, context.emulator.database.write() as rows:
        version = active_version(context, rows, params["solutionVersionArn"])
        recipe = recipe_of_version(version)
        if not recipe.segments:
            raise NOT_FOR_SEGMENTS(arn=recipe.arn)
        body = job_body(context, rows, params, version, entity="UserID", most=MOST_USERS)
        lines = quotas.ATTRIBUTE_SEGMENT_LINES if recipe.item_attributes else quotas.ITEM_SEGMENT_LINES
        job = work_of(context, rows, body, folder, lines=lines, recipe=recipe.name)
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=version.arn, job=job)
        keep()
    context.emulator.jobs.submit(arn)
    return {"batchSegmentJobArn": arn}


HANDLERS = {"CreateBatchSegmentJob": create}
