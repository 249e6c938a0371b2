"""Exports and data deletions as a program sees them: files in S3, statuses and counts."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from tests.conftest import Small, World, build_checked

from .program import HEADER, ITEMS, ROLE, USERS, Program, interactions_csv, items_csv

PEOPLE = "USER_ID,AGE\nu1,20s\nu2,30s\n"


def export(program: Program, dataset: str, name: str, **more: Any) -> dict[str, Any]:
    """Export below ``exports/``; the described job."""
    _ = program.s3
    arn = program.personalize.create_dataset_export_job(
        jobName=name,
        datasetArn=dataset,
        roleArn=ROLE,
        jobOutput={"s3DataDestination": {"path": f"s3://{program.bucket}/exports"}},
        **more,
    )["datasetExportJobArn"]
    found: dict[str, Any] = program.personalize.describe_dataset_export_job(datasetExportJobArn=arn)
    return dict(found["datasetExportJob"])


def exported(program: Program, dataset: str, mode: str) -> list[str]:
    """The lines of an export, read back by plain boto3."""
    name = f"{dataset.rpartition('/')[2]}-{mode}".lower()
    job = export(program, dataset, name, ingestionMode=mode)
    assert (job["status"], job["ingestionMode"]) == ("ACTIVE", mode), job
    keys = [found["Key"] for found in program.s3.list_objects_v2(Bucket=program.bucket, Prefix="exports/")["Contents"]]
    assert f"exports/{name}/part-00000.csv" in keys
    body = program.s3.get_object(Bucket=program.bucket, Key=f"exports/{name}/part-00000.csv")["Body"].read()
    return str(body.decode()).splitlines()


def delete(program: Program, group: str, location: str, job: str = "forget") -> dict[str, Any]:
    arn = program.personalize.create_data_deletion_job(
        jobName=job, datasetGroupArn=group, dataSource={"dataLocation": location}, roleArn=ROLE
    )["dataDeletionJobArn"]
    found: dict[str, Any] = program.personalize.describe_data_deletion_job(dataDeletionJobArn=arn)
    return dict(found["dataDeletionJob"])


def test_what_was_imported_and_what_was_sent_are_exported_apart_and_together(program: Program) -> None:
    group = program.group()
    dataset = program.dataset(group)
    bulk = interactions_csv(users=4, steps=3).splitlines()
    program.load(dataset, "\n".join(bulk))
    program.send(program.tracker(group), "s1", "a1", "a2", user="u1")
    sent = [f"u1,{item},1700100000,watch,," for item in ("a1", "a2")]
    assert exported(program, dataset, "BULK") == bulk
    assert exported(program, dataset, "PUT") == [HEADER, *sent]
    assert exported(program, dataset, "ALL") == [*bulk, *sent]
    assert export(program, dataset, "plain")["ingestionMode"] == "PUT"
    items = program.dataset(group, "ITEMS")
    assert exported(program, items, "ALL") == ["ITEM_ID,GENRE"]
    awkward = 'ITEM_ID,GENRE\n"a,1","say ""hi"""\nb,x|y\nc,\n'
    program.load(items, awkward, job="awkward")
    lines = exported(program, items, "BULK")
    assert "\n".join(lines) + "\n" == awkward
    assert list(csv.reader(lines))[1] == ["a,1", 'say "hi"']
    assert program.load(items, "\n".join(lines), job="again")["status"] == "ACTIVE"


def test_an_export_to_a_bucket_that_is_not_there_fails_and_says_so(program: Program) -> None:
    dataset = program.dataset(program.group(), "ITEMS")
    arn = program.personalize.create_dataset_export_job(
        jobName="lost",
        datasetArn=dataset,
        roleArn=ROLE,
        jobOutput={"s3DataDestination": {"path": f"s3://none-{program.account}/out/"}},
    )["datasetExportJobArn"]
    job = program.personalize.describe_dataset_export_job(datasetExportJobArn=arn)["datasetExportJob"]
    assert job["status"] == "CREATE FAILED"
    assert job["failureReason"].startswith("Insufficient privileges for accessing data in S3.")


def test_deleted_users_are_in_no_export_and_are_counted(program: Program) -> None:
    group = program.group()
    interactions, users = program.dataset(group), program.dataset(group, "USERS", USERS)
    program.load(interactions, interactions_csv(users=4, steps=3))
    program.load(users, PEOPLE, job="people")
    tracking = program.tracker(group)
    program.send(tracking, "s1", "a7")
    program.send(tracking, "s1", "a8", user="u1")
    program.send(tracking, "s2", "a9", user="u2")
    program.put("gone/one.csv", "USER_ID\nu1\n")
    program.put("gone/deep/two.csv", "USER_ID\nu3\nnobody\n")
    program.put("gone/notes.txt", "USER_ID\nu2\n")
    job = delete(program, group, f"s3://{program.bucket}/gone/")
    # Three imported interactions of each of two users, one row of Users, one event and one of its session.
    assert (job["status"], job["numDeleted"]) == ("COMPLETED", 9)
    left = exported(program, interactions, "ALL")
    assert {line.partition(",")[0] for line in left[1:]} == {"u0", "u2"}
    assert len(left) == 1 + 6 + 1
    assert exported(program, users, "ALL") == ["USER_ID,AGE", "u2,30s"]
    assert delete(program, group, f"s3://{program.bucket}/gone/", "again")["numDeleted"] == 0
    listed = program.personalize.list_data_deletion_jobs(datasetGroupArn=group)["dataDeletionJobs"]
    assert [one["jobName"] for one in listed] == ["again", "forget"]


def test_a_deletion_that_cannot_be_done_fails_and_deletes_nothing(program: Program) -> None:
    group = program.stocked()
    bad = delete(program, group, program.put("bad.csv", "ID\nu1\n"), "bad")
    missing = "Input CSV is missing the following columns:[USER_ID]."
    assert (bad["status"], bad["failureReason"]) == ("FAILED", missing)
    assert "numDeleted" not in bad
    lost = delete(program, group, f"s3://{program.bucket}/none/", "lost")
    assert (lost["status"], lost["failureReason"]) == ("FAILED", "Invalid Data location.")
    dataset = group.replace(":dataset-group/", ":dataset/") + "/INTERACTIONS"
    assert len(exported(program, dataset, "BULK")) == 1 + 30 * 12


def test_a_group_goes_on_after_a_deletion(small: Callable[..., Small]) -> None:
    room = small()
    program = room.program
    group = program.stocked()
    program.load(program.dataset(group, "ITEMS", ITEMS), items_csv(), job="items")
    solution = program.solution(group)
    campaign = program.campaign(program.version(solution))
    assert program.recommend(campaign, "u1")
    assert delete(program, group, program.put("gone.csv", "USER_ID\nu1\n"))["numDeleted"] == 12
    # What was in memory is read again.
    assert program.recommend(campaign, "u2")
    version = program.version(solution)
    described = program.personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert described["status"] == "ACTIVE"


def test_models_are_let_go_of_when_users_are_deleted(world: World, server: BackgroundServer) -> None:
    program = Program(server.url)
    world.program.recommend(world.personal, "u2")
    assert server.emulator.models._loaded
    delete(program, program.group(), program.put("gone.csv", "USER_ID\nu1\n"))
    assert not server.emulator.models._loaded


@pytest.mark.parametrize("place", ["gone/", "gone/list.csv"])
def test_the_list_is_copied_where_its_bucket_ends_with_the_process(tmp_path: Path, place: str) -> None:
    pytest.importorskip("moto", reason="the companion needs it")
    settings = Settings(port=0, executor="inline", relaxed_minimums=True, data=tmp_path / "data")
    with BackgroundServer(settings, build_checked) as server:
        program = Program(server.url)
        group = program.stocked()
        program.put("gone/list.csv", "USER_ID\nu1\n")
        job = delete(program, group, f"s3://{program.bucket}/{place}")
        assert (job["status"], job["numDeleted"]) == ("COMPLETED", 12)
        lost = delete(program, group, f"s3://{program.bucket}/none.csv", "lost")
        assert (lost["status"], lost["failureReason"]) == ("FAILED", "Invalid Data location.")
        server.emulator.jobs.sweep()
        assert list((tmp_path / "data/spool").iterdir()) == []
        assert len(list((tmp_path / "data/datasets").iterdir())) == 1
