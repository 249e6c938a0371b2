"""A campaign trained on the generated newsroom: made once in a folder, then brought onto an emulator at once."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personalize_local.demo.sample import SampleFiles
    from personalize_local.emulator import Emulator
    from personalize_local.settings import Settings
    from personalize_local.store.records import Job, Record
    from personalize_local.testing._servers import PersonalizeServer

    Call = Callable[..., dict[str, Any]]

RECIPE = "arn:aws:personalize:::recipe/aws-user-personalization"
NAME = "personalize-local-sample"
BUCKET = "personalize-local-sample"
_ROLE = "arn:aws:iam::123456789012:role/sample"
# Enough for the recipe's minimum of 1,000 interactions and to learn a taste; little enough to be trained at once.
_SCALE = {"users": 300, "items": 150, "interactions": 2_000}
_MADE_AT = 1_751_328_000.0
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The sample campaign with all that belongs to it, to be restored: rows of the store, and files below ``state``."""

    campaign: SampleCampaign
    records: tuple[Record, ...]
    jobs: tuple[Job, ...]
    state: Path


def train(settings: Settings, folder: Path) -> Kept:
    """Generate the sample, import it, train and deploy, as an emulator of these settings would.

    The time is the first of July 2025, when the last event is a day old, and ids come from a seed: each session has
    the same campaign. ``folder`` is empty and keeps the files. Raises RuntimeError, with the service's answer, if a
    step is refused.
    """
    from personalize_local.demo.sample import Scale, generate
    from personalize_local.emulator import build
    from personalize_local.settings import Settings

    buckets = folder / "buckets"
    files = generate(buckets / BUCKET, size=Scale(**_SCALE))
    own = Settings(
        data=folder / "state",
        companion=False,
        s3_root=buckets,
        executor="inline",
        account=settings.account,
        region=settings.region,
        seed=settings.seed,
        id_seed=0,
        clock=_MADE_AT,
    )
    emulator = build(own)
    try:
        emulator.start()
        campaign = deploy(partial(_call, emulator), files, wait=_must_be_active)
        with emulator.database.read() as rows:
            records = [record for kind in emulator.kinds for record in rows.everywhere(kind)]
            jobs = rows.newest_jobs(len(records))
    finally:
        emulator.close()
    records.sort(key=lambda record: record.sequence)
    return Kept(campaign=campaign, records=tuple(map(_settled, records)), jobs=tuple(jobs), state=folder / "state")


def restore(emulator: Emulator, kept: Kept) -> None:
    """Bring what :func:`train` kept onto an emulator that is empty.

    The files are linked, not copied, where the file system can: nothing writes into them.
    """
    for name in ("datasets", "artifacts"):
        shutil.copytree(kept.state / name, emulator.root / name, copy_function=_link, dirs_exist_ok=True)
    with emulator.database.write() as rows:
        for record in kept.records:
            rows.insert(record)
        for job in kept.jobs:
            rows.add_job(job)


def _settled(record: Record) -> Record:
    """The record as one whose creation is over in the status modes that count describes too."""
    return replace(record, state={**record.state, "polls": _OFTEN})


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one that has no links
        shutil.copy2(source, target)


def deploy(call: Call, files: SampleFiles, *, wait: Callable[[Call, str, str], None]) -> SampleCampaign:
    """Make everything from the group to the tracker by ``call(operation, **parameters)``.

    The interactions are in the bucket ``BUCKET``; ``wait(call, kind, arn)`` comes back when a resource is ACTIVE.
    """

    def make(kind: str, **parameters: Any) -> str:
        arn: str = call(f"Create{kind[0].upper()}{kind[1:]}", **parameters)[f"{kind}Arn"]
        wait(call, kind, arn)
        return arn

    group = make("datasetGroup", name=NAME)
    schema = call("CreateSchema", name=NAME, schema=files.interactions_schema.read_text(encoding="utf-8"))["schemaArn"]
    dataset = make("dataset", name=NAME, datasetType="Interactions", datasetGroupArn=group, schemaArn=schema)
    source = {"dataLocation": f"s3://{BUCKET}/{files.interactions.name}"}
    make("datasetImportJob", jobName=NAME, datasetArn=dataset, dataSource=source, roleArn=_ROLE)
    solution = make("solution", name=NAME, datasetGroupArn=group, recipeArn=RECIPE, performAutoTraining=False)
    version = make("solutionVersion", solutionArn=solution)
    # Without exploration an answer is what was learned, and the same on each day.
    config = {"itemExplorationConfig": {"explorationWeight": "0"}}
    campaign = make("campaign", name=NAME, solutionVersionArn=version, campaignConfig=config)
    tracker = call("CreateEventTracker", name=NAME, datasetGroupArn=group)
    wait(call, "eventTracker", tracker["eventTrackerArn"])
    return SampleCampaign(
        arn=campaign,
        dataset_group_arn=group,
        solution_arn=solution,
        version_arn=version,
        tracking_id=tracker["trackingId"],
        user_id="user-789",
        item_id=_most_read(files.interactions),
    )


def deploy_on(server: PersonalizeServer, folder: Path) -> SampleCampaign:
    """The same on a running server, through its API; takes as long as that takes, each time."""
    from botocore import xform_name

    from personalize_local.demo.sample import Scale, generate
    from personalize_local.waiting import wait_until_active

    files = generate(folder, size=Scale(**_SCALE))
    s3, personalize = server.client("s3"), server.client("personalize")
    s3.create_bucket(Bucket=BUCKET)
    s3.upload_file(str(files.interactions), BUCKET, files.interactions.name)

    def call(operation: str, /, **parameters: Any) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(personalize, xform_name(operation))(**parameters)
        return answer

    def wait(_call: Call, _kind: str, arn: str) -> None:
        wait_until_active(personalize, arn)

    return deploy(call, files, wait=wait)


def _call(emulator: Emulator, operation: str, /, **parameters: Any) -> dict[str, Any]:
    from botocore_shapes.http import Request

    headers = {"x-amz-target": f"AmazonPersonalize.{operation}", "content-type": "application/x-amz-json-1.1"}
    body = json.dumps(parameters).encode()
    response = emulator.handle(Request(method="POST", path="/", query="", headers=headers, body=body))
    if response.status != 200:
        raise RuntimeError(f"the sample campaign could not be made: {operation}: {response.body!r}")
    answer: dict[str, Any] = json.loads(response.body)
    return answer


def _must_be_active(call: Call, kind: str, arn: str) -> None:
    described = call(f"Describe{kind[0].upper()}{kind[1:]}", **{f"{kind}Arn": arn})[kind]
    if described["status"] != "ACTIVE":
        raise RuntimeError(f"the sample campaign could not be made: {arn}: {described.get('failureReason')}")


def _most_read(file: Path) -> str:
    import csv
    from collections import Counter

    with file.open(encoding="utf-8", newline="") as opened:
        counts = Counter(row["ITEM_ID"] for row in csv.DictReader(opened))
    # Of two that were read as often the one with the smaller name, so that the choice is no accident.
    return min(counts, key=lambda item: (-counts[item], item))
