"""Waiters: every kind by its ARN, the reason of a failure, patience, and a pace that suits whoever is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from personalize_local import waiting
from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from personalize_local.testing import ResourceFailed, WaitTimeout, wait_until_active, wait_until_deleted
from tests.conftest import build_checked
from tests.wire.conformance.stage import Stage
from tests.wire.conformance.table import PLAIN
from tests.wire.program import POPULARITY, ROLE, interactions_csv

GROUP = "arn:aws:personalize:us-east-1:123456789012:dataset-group/shop"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server on which each change takes three describes."""
    folder = tmp_path_factory.mktemp("buckets")
    settings = Settings(
        port=0,
        executor="inline",
        relaxed_minimums=True,
        companion=False,
        s3_root=folder,
        status="polls:3",
        clock=1_700_200_000.0,
        quotas="off",
    )
    with BackgroundServer(settings, build_checked) as server:
        yield Stage(server, "polls:3", folder)


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.kind)
def test_each_kind_is_waited_for_by_its_arn(stage: Stage, case: Any) -> None:
    made = stage.call(f"Create{case.title}", **case.params(stage, stage.name(case.kind)))
    arn = made[case.arn_member]
    described = wait_until_active(stage.program.personalize, arn, poll=0, timeout=30)
    assert described[case.arn_member] == arn
    assert described.get("status", "ACTIVE") == ("COMPLETED" if case.kind == "dataDeletionJob" else "ACTIVE")


@pytest.mark.parametrize("kind", ["recipe", "algorithm", "featureTransformation"])
def test_what_the_service_owns_is_there_at_once(stage: Stage, kind: str) -> None:
    arn = stage.describe("recipe", POPULARITY)[f"{kind}Arn"]
    assert wait_until_active(stage.program.personalize, arn, timeout=0)[f"{kind}Arn"] == arn


def test_deletions_are_waited_for(stage: Stage) -> None:
    personalize = stage.program.personalize
    arn = stage.program.group("to-be-deleted")
    wait_until_active(personalize, arn, poll=0)
    personalize.delete_dataset_group(datasetGroupArn=arn)
    assert stage.describe("datasetGroup", arn)["status"] == "DELETE PENDING"
    wait_until_deleted(personalize, arn, poll=0)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        personalize.describe_dataset_group(datasetGroupArn=arn)
    wait_until_deleted(personalize, arn, timeout=0)


def test_a_failure_is_told_with_the_reason_of_the_service(stage: Stage) -> None:
    program = stage.program
    group = program.group("with-a-bad-file")
    wait_until_active(program.personalize, group, poll=0)
    dataset = program.dataset(group)
    wait_until_active(program.personalize, dataset, poll=0)
    program.put("bad.csv", "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE\nu1,i1,yesterday,watch,1.5,tv\n")
    job = program.personalize.create_dataset_import_job(
        jobName="bad",
        datasetArn=dataset,
        dataSource={"dataLocation": f"s3://{program.bucket}/bad.csv"},
        roleArn=ROLE,
    )["datasetImportJobArn"]
    with pytest.raises(ResourceFailed) as caught:
        wait_until_active(program.personalize, job, poll=0)
    described = stage.describe("datasetImportJob", job)
    assert described["failureReason"]
    assert (caught.value.arn, caught.value.status, caught.value.reason) == (
        job,
        "CREATE FAILED",
        described["failureReason"],
    )
    assert str(caught.value) == f"{job} is CREATE FAILED: {described['failureReason']}"


def test_what_is_being_deleted_will_not_be_active(stage: Stage) -> None:
    arn = stage.program.group("short-lived")
    wait_until_active(stage.program.personalize, arn, poll=0)
    stage.program.personalize.delete_dataset_group(datasetGroupArn=arn)
    with pytest.raises(ResourceFailed, match="is DELETE PENDING: the service gives no failureReason"):
        wait_until_active(stage.program.personalize, arn, poll=0)


def test_the_latest_update_is_waited_for_on_demand(stage: Stage) -> None:
    program = stage.other().program
    group = program.group("updated")
    wait_until_active(program.personalize, group, poll=0)
    dataset = program.dataset(group)
    wait_until_active(program.personalize, dataset, poll=0)
    job = program.load(dataset, interactions_csv(), job="updated")["datasetImportJobArn"]
    wait_until_active(program.personalize, job, poll=0)
    solution = program.solution(group, recipe=POPULARITY)
    wait_until_active(program.personalize, solution, poll=0)
    version = program.version(solution)
    wait_until_active(program.personalize, version, poll=0)
    campaign = program.campaign(version)
    wait_until_active(program.personalize, campaign, poll=0)
    program.personalize.update_campaign(campaignArn=campaign, minProvisionedTPS=3)
    seen = wait_until_active(program.personalize, campaign, timeout=0)["latestCampaignUpdate"]["status"]
    assert seen == "CREATE PENDING"
    described = wait_until_active(program.personalize, campaign, poll=0, latest_update=True)
    assert described["latestCampaignUpdate"]["status"] == "ACTIVE"
    assert described["minProvisionedTPS"] == 3


@pytest.mark.parametrize(
    "arn",
    ["", "shop", "arn:aws:s3:::bucket", "arn:aws:personalize:us-east-1:1:bucket/x", GROUP.replace("dataset-group", "")],
)
def test_what_is_no_arn_of_a_resource_is_refused(stage: Stage, arn: str) -> None:
    with pytest.raises(ValueError, match="is not the ARN of anything that Personalize describes"):
        wait_until_active(stage.program.personalize, arn)


def test_other_clients_and_bad_times_are_refused(stage: Stage) -> None:
    with pytest.raises(ValueError, match="a client of personalize is needed to wait, not one of personalize-runtime"):
        wait_until_deleted(stage.program.runtime, GROUP)
    with pytest.raises(ValueError, match="timeout is a number of seconds, not -1"):
        wait_until_active(stage.program.personalize, GROUP, timeout=-1)


def test_a_resource_that_is_not_there_is_the_clients_error(stage: Stage) -> None:
    with pytest.raises(ClientError) as caught:
        wait_until_active(stage.program.personalize, stage.program.arn("dataset-group/none"))
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


# Against AWS, of which botocore's own stub takes the place


class Hours:
    """A time that passes only in pauses, all of which are kept."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    made = Hours()
    monkeypatch.setattr(waiting, "time", made)
    return made


def aws(*answers: str, endpoint: str | None = None) -> Any:
    """A client of AWS whose describes are answered with these statuses, or errors."""
    make: Any = boto3.session.Session("key", "secret", region_name="eu-west-1").client
    client = make("personalize", endpoint_url=endpoint)
    stub = Stubber(client)
    for answer in answers:
        if answer.endswith("Exception"):
            stub.add_client_error("describe_dataset_group", answer, "for a reason")
        else:
            stub.add_response(
                "describe_dataset_group", {"datasetGroup": {"status": answer}}, {"datasetGroupArn": GROUP}
            )
    stub.activate()
    return client


def test_aws_is_asked_politely(hours: Hours) -> None:
    client = aws(*["CREATE IN_PROGRESS"] * 8, "ThrottlingException", "ACTIVE")
    assert wait_until_active(client, GROUP)["status"] == "ACTIVE"
    assert hours.pauses[0] == 5
    assert hours.pauses[-1] == 30
    assert hours.pauses == sorted(hours.pauses)


def test_this_machine_is_asked_quickly(hours: Hours) -> None:
    client = aws(*["CREATE IN_PROGRESS"] * 12, "ACTIVE", endpoint="http://localhost:4777")
    wait_until_active(client, GROUP)
    assert max(hours.pauses) == 0.25
    assert sum(hours.pauses) < 2


def test_patience_ends_with_the_last_status(hours: Hours) -> None:
    client = aws(*["CREATE PENDING"] * 3, "CREATE IN_PROGRESS")
    with pytest.raises(WaitTimeout) as caught:
        wait_until_active(client, GROUP, timeout=25, poll=10)
    assert isinstance(caught.value, TimeoutError)
    assert hours.pauses == [10, 10, 5]
    assert str(caught.value) == f"{GROUP} was not ACTIVE after 25 seconds: its last status is CREATE IN_PROGRESS"
    with pytest.raises(WaitTimeout, match="was not deleted after 0 seconds: its last status is ACTIVE"):
        wait_until_deleted(aws("ACTIVE"), GROUP, timeout=0)


def test_a_deletion_ends_where_there_is_nothing_any_more(hours: Hours) -> None:
    wait_until_deleted(aws("DELETE PENDING", "DELETE IN_PROGRESS", "ResourceNotFoundException"), GROUP)
    assert len(hours.pauses) == 2
    with pytest.raises(ClientError, match="AccessDeniedException"):
        wait_until_deleted(aws("AccessDeniedException"), GROUP)
