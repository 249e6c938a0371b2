"""From CSV files to campaigns: the calls of a Personalize workflow, in the order in which they are made on AWS."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personalize_local.demo.aws import Aws
from personalize_local.demo.material import Material

_RECIPES = "arn:aws:personalize:::recipe/"
# Campaign (or None) and recipe of each solution. Popularity is there to be compared with.
_SOLUTIONS: Mapping[str, tuple[str | None, str]] = {
    "recommender": ("article-recommender", "aws-user-personalization"),
    "similar": ("similar-articles", "aws-similar-items"),
    "ranking": ("article-ranking", "aws-personalized-ranking"),
    "popularity": (None, "aws-popularity-count"),
}
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "personalize.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
_NO_ROLE = "arn:aws:iam::123456789012:role/personalize-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What was made: campaigns and solution versions by short name, and where events go."""

    campaigns: Mapping[str, str]
    versions: Mapping[str, str]
    tracking_id: str


def upload(aws: Aws, material: Material, folder: Path | None) -> tuple[str, str]:
    """Put the CSV files into a bucket; gives the bucket's name and the role that may read it.

    ``folder`` stands for S3 where the server has none: the bucket is a folder in it then.
    """
    bucket = f"{material.name}-data"
    if folder is not None:
        (folder / bucket).mkdir(parents=True)
        for dataset in material.datasets:
            shutil.copyfile(dataset.file, folder / bucket / f"{dataset.label}.csv")
        aws.console.note("S3 is a folder here, since moto is not installed: pip install 'personalize-local[moto]'")
        return bucket, _NO_ROLE
    aws.call("s3", "create_bucket", Bucket=bucket)
    for dataset in material.datasets:
        aws.call("s3", "upload_file", Filename=str(dataset.file), Bucket=bucket, Key=f"{dataset.label}.csv")
    role = aws.call("iam", "create_role", RoleName="personalize-demo", AssumeRolePolicyDocument=json.dumps(_TRUST))
    return bucket, role["Role"]["Arn"]


def load(aws: Aws, material: Material, bucket: str, role: str) -> str:
    """Make the dataset group with its schemas and datasets, and import the files; gives the group's ARN."""
    group = aws.call("personalize", "create_dataset_group", name=material.name)["datasetGroupArn"]
    aws.wait_until_active("dataset_group", [group])
    jobs = []
    for dataset in material.datasets:
        name = f"{material.name}-{dataset.label}"
        schema = aws.call("personalize", "create_schema", name=name, schema=dataset.schema)["schemaArn"]
        made = aws.call(
            "personalize",
            "create_dataset",
            name=name,
            datasetType=dataset.kind,
            datasetGroupArn=group,
            schemaArn=schema,
        )
        aws.wait_until_active("dataset", [made["datasetArn"]])
        job = aws.call(
            "personalize",
            "create_dataset_import_job",
            jobName=name,
            dataSource={"dataLocation": f"s3://{bucket}/{dataset.label}.csv"},
            datasetArn=made["datasetArn"],
            roleArn=role,
        )
        jobs.append(job["datasetImportJobArn"])
    aws.wait_until_active("dataset_import_job", jobs)
    return str(group)


def train(aws: Aws, material: Material, group: str) -> dict[str, str]:
    """Make the solutions and train them at the same time; gives the ARNs of their versions."""
    versions: dict[str, str] = {}
    for short, (_, recipe) in _SOLUTIONS.items():
        solution = aws.call(
            "personalize",
            "create_solution",
            name=f"{material.name}-{short}",
            recipeArn=_RECIPES + recipe,
            datasetGroupArn=group,
        )
        version = aws.call("personalize", "create_solution_version", solutionArn=solution["solutionArn"])
        versions[short] = version["solutionVersionArn"]
    aws.wait_until_active("solution_version", list(versions.values()))
    return versions


def deploy(aws: Aws, material: Material, group: str, versions: Mapping[str, str]) -> Deployment:
    """Make the campaigns and the event tracker."""
    campaigns: dict[str, str] = {}
    for short, (name, _) in _SOLUTIONS.items():
        if name is None:
            continue
        # Without exploration, what changes between two answers is what was learned.
        config: dict[str, Any] = {"campaignConfig": {"itemExplorationConfig": {"explorationWeight": "0"}}}
        made = aws.call(
            "personalize",
            "create_campaign",
            name=name,
            solutionVersionArn=versions[short],
            minProvisionedTPS=1,
            **(config if short == "recommender" else {}),
        )
        campaigns[short] = made["campaignArn"]
    tracker = aws.call("personalize", "create_event_tracker", name=f"{material.name}-events", datasetGroupArn=group)
    aws.wait_until_active("campaign", list(campaigns.values()))
    aws.wait_until_active("event_tracker", [tracker["eventTrackerArn"]])
    return Deployment(campaigns=campaigns, versions=versions, tracking_id=tracker["trackingId"])
