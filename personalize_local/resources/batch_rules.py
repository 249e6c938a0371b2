"""What batch inference and batch segment jobs have in common: the version, the filter, the places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personalize_local.context import Context
from personalize_local.errors import NOT_ACTIVE_INPUT
from personalize_local.provenance import Rule, invalid
from personalize_local.resources import solution_version
from personalize_local.resources.kind import Kind
from personalize_local.resources.lookup import require_active
from personalize_local.resources.status import status_of
from personalize_local.resources.storage_rules import check_apart
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

NOT_TRAINED = invalid("Solution version {arn} failed to train and cannot answer a job.", "inferred", error="chosen")
TOO_MANY_RESULTS = invalid("numResults must be between 1 and {most}.", "inferred")
OTHER_GROUP = invalid("Filter {arn} belongs to another dataset group.", "inferred")
OTHER_ENTITY = invalid("Filter {arn} is for {entity} and cannot be used in this job.", "inferred")
RULES = (
    Rule(says="numResults of a batch job is 25 when it is not given, and is shown.", known="documented",
         source="console text"),
    Rule(says="A batch job is listed until its solution is deleted; its name is free then.", known="chosen"),
)  # fmt: skip

DEFAULT_RESULTS = 25


def active_version(context: Context, rows: Rows, arn: str) -> Record:
    """The solution version that a job is to ask.

    Raises ResourceInUseException while it trains, InvalidInputException when its training failed.
    """
    return solution_version.require_trained(context, rows, arn, NOT_TRAINED)


def job_body(
    context: Context, rows: Rows, params: Mapping[str, Any], version: Record, *, entity: str, most: int
) -> dict[str, Any]:
    """Check what both kinds of job are given, and make the members that both show. Raises InvalidInputException.

    ``entity`` is what a filter of the job must be for, ``most`` the largest numResults.
    """
    check_apart(params["jobInput"]["s3DataSource"]["path"], params["jobOutput"]["s3DataDestination"]["path"])
    count = params.get("numResults", DEFAULT_RESULTS)
    if not 1 <= count <= most:
        raise TOO_MANY_RESULTS(most=most)
    if "filterArn" in params:
        filter_ = require_active(
            context, rows, context.emulator.kinds["filter"], params["filterArn"], refusal=NOT_ACTIVE_INPUT
        )
        if filter_.body["datasetGroupArn"] != version.body["datasetGroupArn"]:
            raise OTHER_GROUP(arn=filter_.arn)
        if filter_.state["entity"] != entity:
            raise OTHER_ENTITY(arn=filter_.arn, entity=filter_.state["entity"])
    shown = ("jobName", "solutionVersionArn", "filterArn", "jobInput", "jobOutput", "roleArn")
    return {
        **{name: params.get(name) for name in shown},
        "numResults": count,
        "datasetGroupArn": version.body["datasetGroupArn"],
    }


def jobs_with_filter(context: Context, rows: Rows, kind: Kind, filter_arn: str) -> list[str]:
    """The jobs of a kind that are not done and use a filter."""
    return [
        job.arn
        for job in rows.all(context.account, context.region, kind.name)
        if job.body.get("filterArn") == filter_arn
        and status_of(context, kind, job).word.endswith(("PENDING", "IN_PROGRESS"))
    ]
