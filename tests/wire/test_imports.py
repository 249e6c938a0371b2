"""Imports and trainings that fail: what the caller is told, and that nothing has changed."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest

from tests.conftest import Small

from .program import HEADER, ITEMS, ROLE, Program, interactions_csv, items_csv, refused

MakeSmall = Callable[..., Small]

INVALID = "InvalidInputException"
NONCONFORMING = (
    "Input csv has rows that do not conform to the dataset schema. Please ensure all required data fields are "
    "present and that they are of the type specified in the schema."
)
GOOD = "u1,a1,1700000000,watch,1.0,phone\n"


EVERY_COLUMN = f"Input CSV is missing the following columns:[{HEADER.replace(',', ', ')}]."


def grant(bucket: str) -> str:
    return (
        "Insufficient privileges for accessing data in S3. Please look at https://docs.aws.amazon.com/personalize/"
        f"latest/dg/granting-personalize-s3-access.html#attach-bucket-policy and fix bucket policy on {bucket}."
    )


@pytest.fixture
def dataset(program: Program) -> str:
    return program.dataset(program.group())


# Refused at once


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            "USER_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE\nu1,1,watch,1.0,phone\n",
            "Input CSV is missing the following columns:[ITEM_ID].",
        ),
        ("A,B\n1,2\n", "Input CSV is missing the following columns:[USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE"),
        (gzip.compress(f"{HEADER}\n{GOOD}".encode()), "Input csv is compressed with gzip."),
        (b"\xff\xfe\xff\n", "Input csv is not encoded in UTF-8."),
    ],
    ids=["a missing column", "no known column", "gzip", "a header that is not UTF-8"],
)
def test_a_file_whose_header_cannot_be_used_is_refused(
    program: Program, dataset: str, content: str | bytes, text: str
) -> None:
    code, status, message = refused(program.load, dataset=dataset, content=content)
    assert (code, status) == (INVALID, 400)
    assert message.startswith(text)
    assert program.personalize.list_dataset_import_jobs()["datasetImportJobs"] == []


def test_places_that_cannot_be_read_are_refused(program: Program, dataset: str) -> None:
    program.put("there.csv", "x")
    missing = grant(f"none-{program.account}")

    def create(location: str) -> tuple[str, int, str]:
        return refused(
            program.personalize.create_dataset_import_job,
            jobName="job",
            datasetArn=dataset,
            dataSource={"dataLocation": location},
            roleArn=ROLE,
        )

    assert create(f"s3://none-{program.account}/a.csv") == (INVALID, 400, missing)
    for location in (
        f"s3://{program.bucket}/none.csv",
        f"s3://{program.bucket}/none/",
        "https://example.com/a.csv",
        "s3://",
        "s3:///a.csv",
    ):
        code, status, message = create(location)
        assert (code, status) in {(INVALID, 400), ("ValidationException", 400)}, location
        assert code != INVALID or message == "Invalid Data location.", location


def test_an_empty_file_is_refused_or_fails(program: Program, dataset: str) -> None:
    found = refused(program.load, dataset=dataset, content="", job="empty")
    assert found == (INVALID, 400, EVERY_COLUMN)
    job = program.load(dataset, f"{HEADER}\n", job="only-header")
    assert (job["status"], job["failureReason"]) == ("CREATE FAILED", "Input csv has no data rows.")


def test_a_job_without_a_role_or_a_place_is_refused(program: Program, dataset: str) -> None:
    create = program.personalize.create_dataset_import_job
    place = {"dataLocation": program.put("a.csv", interactions_csv())}
    found = refused(create, jobName="j", datasetArn=dataset, dataSource=place)
    assert found == (INVALID, 400, "roleArn is required.")
    found = refused(create, jobName="j", datasetArn=dataset, dataSource={}, roleArn=ROLE)
    assert found == (INVALID, 400, "Invalid Data location.")


def test_the_first_import_cannot_be_incremental(program: Program, dataset: str) -> None:
    first = refused(program.load, dataset=dataset, content=interactions_csv(), importMode="INCREMENTAL")
    assert first == (INVALID, 400, "importMode INCREMENTAL requires an earlier bulk import. Use FULL.")
    assert program.load(dataset, interactions_csv(), job="full")["status"] == "ACTIVE"
    assert program.load(dataset, interactions_csv(users=3), job="more", importMode="INCREMENTAL")["status"] == "ACTIVE"


# Failed afterwards


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("u1,a1,yesterday,watch,1.0,phone\n", NONCONFORMING),
        ("u1,a1,1700000000,watch,much,phone\n", NONCONFORMING),
        (",a1,1700000000,watch,1.0,phone\n", NONCONFORMING),
        ("u1,a1,,watch,1.0,phone\n", NONCONFORMING),
        (f"u1,{'i' * 300},1700000000,watch,1.0,phone\n", "Length cannot be more than 256 characters for ITEM_ID."),
        (f"u1,a1,1700000000,watch,1.0,{'d' * 1001}\n", "Length cannot be more than 1000 characters for DEVICE."),
    ],
    ids=["a time", "a number", "an empty id", "an empty time", "a long id", "a long value"],
)
def test_a_row_that_does_not_fit_fails_the_import(program: Program, dataset: str, row: str, reason: str) -> None:
    job = program.load(dataset, f"{HEADER}\n{GOOD * 3}{row}{GOOD}")
    assert job["status"] == "CREATE FAILED"
    assert job["failureReason"].startswith(reason)
    (summary,) = program.personalize.list_dataset_import_jobs(datasetArn=dataset)["datasetImportJobs"]
    assert (summary["status"], summary["failureReason"]) == ("CREATE FAILED", job["failureReason"])


def test_a_row_that_is_not_utf_8_fails_the_import(program: Program, dataset: str) -> None:
    job = program.load(dataset, f"{HEADER}\n{GOOD}".encode() + b"u1,caf\xe9,1700000000,watch,1.0,phone\n")
    assert (job["status"], job["failureReason"]) == ("CREATE FAILED", "Input csv is not encoded in UTF-8.")


def test_a_failed_import_changes_no_data(program: Program) -> None:
    campaign = program.deployed()
    dataset = program.arn("dataset/shop/INTERACTIONS")
    before = program.recommend(campaign, "u0")
    bad = f"{HEADER}\n{GOOD}u1,a1,never,watch,1.0,phone\n"
    for mode in ("FULL", "INCREMENTAL"):
        assert program.load(dataset, bad, job=f"bad-{mode}", importMode=mode)["status"] == "CREATE FAILED"
    again = program.version(program.solution(program.arn("dataset-group/shop"), "again"))
    assert program.recommend(program.campaign(again, "again"), "u0") == before


def test_a_failed_first_import_is_no_data_to_train_on(program: Program, dataset: str) -> None:
    program.load(dataset, f"{HEADER}\nbad\n")
    code, _, text = refused(program.solution, group=program.arn("dataset-group/shop"))
    assert (code, "successfully completed dataset import job" in text) == (INVALID, True)


def test_what_is_harmless_is_imported(program: Program, dataset: str) -> None:
    shuffled = "Unnamed: 0,device,TIMESTAMP,EXTRA,item_id,USER_ID,EVENT_VALUE,EVENT_TYPE\n"
    rows = '0,phone,1700000000,x,a1,u1,,watch\n1,,1700000001,"y, z",a2,u1,2,watch\n'
    assert program.load(dataset, f"\ufeff{shuffled}{rows}".replace("\n", "\r\n").rstrip())["status"] == "ACTIVE"


def test_a_folder_is_read_at_its_first_level_with_and_without_the_slash(program: Program) -> None:
    items = program.dataset(program.group(), "ITEMS")
    program.put("items/1.csv", "ITEM_ID,GENRE\nx1,crime\n")
    program.put("items/2.csv", "ITEM_ID,GENRE\nx2,opera\n")
    program.put("items/deeper/3.csv", "NOTHING\n")
    for number, key in enumerate(("items/", "items")):
        arn = program.personalize.create_dataset_import_job(
            jobName=f"folder-{number}",
            datasetArn=items,
            dataSource={"dataLocation": f"s3://{program.bucket}/{key}"},
            roleArn=ROLE,
        )["datasetImportJobArn"]
        job = program.personalize.describe_dataset_import_job(datasetImportJobArn=arn)["datasetImportJob"]
        assert job["status"] == "ACTIVE"


def test_a_full_import_replaces_and_an_incremental_one_adds(program: Program) -> None:
    group = program.group()
    dataset = program.dataset(group)
    old = "".join(f"u{n},old{n % 3},{n},watch,1,phone\n" for n in range(30))
    new = "".join(f"u{n},new{n % 3},{n},watch,1,phone\n" for n in range(30))
    added = "".join(f"u{n},add{n % 3},{n},watch,1,phone\n" for n in range(30))
    program.load(dataset, f"{HEADER}\n{old}", job="one")
    program.load(dataset, f"{HEADER}\n{new}", job="two")
    program.load(dataset, f"{HEADER}\n{added}", job="three", importMode="INCREMENTAL")
    popular = program.solution(group, "popular", "arn:aws:personalize:::recipe/aws-popularity-count")
    found = program.recommend(program.campaign(program.version(popular)))
    assert {item["itemId"] for item in found} == {f"{kind}{n}" for kind in ("new", "add") for n in range(3)}


# The service's minimums


def test_an_import_of_fewer_than_1000_interactions_fails(small: MakeSmall) -> None:
    program = small(relaxed_minimums=False).program
    group = program.group()
    dataset = program.dataset(group)
    job = program.load(dataset, interactions_csv(users=30, steps=33), job="few")
    assert (job["status"], job["failureReason"]) == (
        "CREATE FAILED",
        "Input csv has 990 rows. An import of this dataset type needs at least 1000 rows.",
    )
    assert program.load(dataset, interactions_csv(users=30, steps=34), job="enough")["status"] == "ACTIVE"
    assert program.load(program.dataset(group, "ITEMS"), items_csv(3), job="items")["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("content", "more", "reason"),
    [
        (
            interactions_csv(users=20, steps=60, catalogue=80),
            {},
            "Dataset has fewer than 25 users with at least 2 interactions each.",
        ),
        (
            interactions_csv(users=30, steps=40, catalogue=50, kind="click"),
            {"eventType": "watch"},
            "Dataset has fewer than 1000 interactions after filtering by event type: watch",
        ),
        (
            interactions_csv(users=30, steps=40, catalogue=50),
            {"solutionConfig": {"eventValueThreshold": "2"}},
            "Dataset has fewer than 1000 interactions",
        ),
    ],
    ids=["users", "event type", "event value"],
)
def test_a_training_on_too_little_data_fails_with_the_reason(
    small: MakeSmall, content: str, more: dict[str, object], reason: str
) -> None:
    program = small(relaxed_minimums=False).program
    group = program.group()
    assert program.load(program.dataset(group), content)["status"] == "ACTIVE"
    solution = program.solution(group, **more)
    version = program.version(solution)
    found = program.personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert (found["status"], found["failureReason"]) == ("CREATE FAILED", reason)
    assert "trainingHours" not in found
    latest = program.personalize.describe_solution(solutionArn=solution)["solution"]["latestSolutionVersion"]
    assert (latest["status"], latest["failureReason"]) == ("CREATE FAILED", reason)
    assert refused(program.campaign, version=version) == (
        INVALID,
        400,
        f"Solution version {version} failed to train and cannot be used.",
    )
    assert refused(program.personalize.get_solution_metrics, solutionVersionArn=version)[0] == "ResourceInUseException"
    program.personalize.delete_solution(solutionArn=solution)


def test_a_job_whose_bucket_vanishes_meanwhile_fails_cleanly(small: MakeSmall) -> None:
    program = small().program
    group = program.group()
    items = program.dataset(group, "ITEMS")
    assert program.load(items, items_csv())["status"] == "ACTIVE"
    code, _, _ = refused(
        program.personalize.create_dataset_import_job,
        jobName="gone",
        datasetArn=items,
        dataSource={"dataLocation": f"s3://{program.bucket}/gone.csv"},
        roleArn=ROLE,
    )
    assert code == INVALID
    assert program.schema("still-working", ITEMS)
