"""A campaign trained on the generated newsroom: made once in a folder, then brought onto an emulator in milliseconds."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personalize_local.demo.sample import SampleFiles
    from personalize_local.emulator import Emulator
    from personalize_local.settings import Settings

RECIPE = "arn:aws:personalize:::recipe/aws-user-personalization"
NAME = "personalize-local-sample"
_ROLE = "arn:aws:iam::123456789012:role/sample"
_BUCKET = "sample"
_KEPT = ("datasets", "artifacts")
_OFTEN = 10**9
"""More describes than any status mode asks for: what is restored has been created long since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleCampaign:
    """What tests ask for recommendations, and whom and what they may ask about.

    ``user_id`` is a reader of sports and technology, ``item_id`` the most read article; the events of ``tracking_id``
    are learned from at once. ``version_arn`` is of the recipe User-Personalization.
    """

    arn: str
    dataset_group_arn: str
    solution_arn: str
    version_arn: str
    tracking_id: str
    user_id: str
    item_id: str


def train(settings: Settings, folder: Path) -> SampleCampaign:
    """Generate the sample, import it, train and deploy, as an emulator of these settings would; its state is kept.

    ``folder`` is empty and gets the state in ``state``. Raises RuntimeError, with the service's answer, if a step is
    refused.
    """
    from personalize_local.demo.sample import generate
    from personalize_local.emulator import build

    files = generate(folder / "buckets" / _BUCKET, size="tiny")
    own = replace(
        settings,
        data=folder / "state",
        companion=False,
        s3_root=folder / "buckets",
        s3_endpoint=None,
        executor="inline",
        status="instant",
        throttle=False,
        quotas="on",
        relaxed_minimums=False,
    )
    emulator = build(own)
    try:
        emulator.start()
        return _deploy(emulator, files)
    finally:
        emulator.close()


def restore(emulator: Emulator, folder: Path) -> None:
    """Bring what :func:`train` kept in ``folder`` onto an emulator that is empty.

    The files are linked, not copied, where the file system can: nothing writes into them.
    """
    state = folder / "state"
    for name in _KEPT:
        shutil.copytree(state / name, emulator.root / name, copy_function=_link, dirs_exist_ok=True)
    with emulator.database.write() as rows:
        rows.take_over(database_path_of(state))


def database_path_of(state: Path) -> Path:
    """The database in a folder of state."""
    from personalize_local.jobs.workplace import database_path

    return database_path(state)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one that has no links
        shutil.copy2(source, target)


def _deploy(emulator: Emulator, files: SampleFiles) -> SampleCampaign:
    group = _call(emulator, "CreateDatasetGroup", name=NAME)["datasetGroupArn"]
    schema = files.interactions_schema.read_text(encoding="utf-8")
    dataset = _call(
        emulator,
        "CreateDataset",
        name=NAME,
        datasetType="Interactions",
        datasetGroupArn=group,
        schemaArn=_call(emulator, "CreateSchema", name=NAME, schema=schema)["schemaArn"],
    )["datasetArn"]
    job = _call(
        emulator,
        "CreateDatasetImportJob",
        jobName=NAME,
        datasetArn=dataset,
        dataSource={"dataLocation": f"s3://{_BUCKET}/{files.interactions.name}"},
        roleArn=_ROLE,
    )["datasetImportJobArn"]
    _must_be_active(_call(emulator, "DescribeDatasetImportJob", datasetImportJobArn=job)["datasetImportJob"])
    solution = _call(
        emulator, "CreateSolution", name=NAME, datasetGroupArn=group, recipeArn=RECIPE, performAutoTraining=False
    )["solutionArn"]
    version = _call(emulator, "CreateSolutionVersion", solutionArn=solution)["solutionVersionArn"]
    _must_be_active(_call(emulator, "DescribeSolutionVersion", solutionVersionArn=version)["solutionVersion"])
    # Without exploration an answer is what was learned, and the same on each day.
    campaign = _call(
        emulator,
        "CreateCampaign",
        name=NAME,
        solutionVersionArn=version,
        campaignConfig={"itemExplorationConfig": {"explorationWeight": "0"}},
    )["campaignArn"]
    tracker = _call(emulator, "CreateEventTracker", name=NAME, datasetGroupArn=group)
    return SampleCampaign(
        arn=campaign,
        dataset_group_arn=group,
        solution_arn=solution,
        version_arn=version,
        tracking_id=tracker["trackingId"],
        user_id="user-789",
        item_id=_most_read(files.interactions),
    )


def _call(emulator: Emulator, operation: str, /, **parameters: Any) -> dict[str, Any]:
    from botocore_shapes.http import Request

    headers = {"x-amz-target": f"AmazonPersonalize.{operation}", "content-type": "application/x-amz-json-1.1"}
    body = json.dumps(parameters).encode()
    response = emulator.handle(Request(method="POST", path="/", query="", headers=headers, body=body))
    if response.status != 200:
        raise RuntimeError(f"the sample campaign could not be made: {operation}: {response.body!r}")
    answer: dict[str, Any] = json.loads(response.body)
    return answer


def _must_be_active(described: Mapping[str, Any]) -> None:
    if described["status"] != "ACTIVE":
        raise RuntimeError(f"the sample campaign could not be made: {described.get('failureReason')}")


def _most_read(file: Path) -> str:
    import csv
    from collections import Counter

    with file.open(encoding="utf-8", newline="") as opened:
        counts = Counter(row["ITEM_ID"] for row in csv.DictReader(opened))
    # Of two that were read as often the one with the smaller name, so that the choice is no accident.
    return min(counts, key=lambda item: (-counts[item], item))
