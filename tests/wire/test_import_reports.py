"""What is told of an import job beside the service's answers: over HTTP and in the log."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Small
from tests.wire.program import HEADER, interactions_csv


def told(one: Small, path: str = "") -> Any:
    with urllib.request.urlopen(f"{one.server.url}/_personalize/import-jobs{path}", timeout=30) as answer:
        return json.load(answer)


def test_an_import_that_failed_is_told_of_with_the_row(
    small: Callable[..., Small], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "personalize_local.jobs")
    one = small()
    dataset = one.program.dataset(one.program.group())
    one.program.load(dataset, f"{HEADER}\nu,i,1,watch,1.5,tv\nu,i,2,,1.5,tv\nu,,3,watch,1.5,tv\n", job="bad")
    arn = one.program.arn("dataset-import-job/bad")
    report = told(one, f"/{arn}")
    location = f"s3://{one.program.bucket}/bad.csv"
    assert report == {
        "arn": arn,
        "status": "CREATE FAILED",
        "rowsRead": 3,
        "rowsRejected": 2,
        "file": location,
        "row": 2,
        "column": "EVENT_TYPE",
        "problem": "a value is missing",
        "reason": one.program.personalize.describe_dataset_import_job(datasetImportJobArn=arn)["datasetImportJob"][
            "failureReason"
        ],
    }
    (line,) = [record.getMessage() for record in caplog.records if arn in record.getMessage()]
    assert line == (
        f"{arn} failed: {report['reason']}; a value is missing, file {location}, row 2, column EVENT_TYPE, "
        "3 rows read, 2 rejected"
    )


def test_an_import_that_went_well_is_told_of_with_its_rows_and_the_newest_comes_first(
    small: Callable[..., Small], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "personalize_local.jobs")
    one = small()
    dataset = one.program.dataset(one.program.group())
    for name in ("first", "second"):
        one.program.load(dataset, interactions_csv(), job=name)
    first, second = (one.program.arn(f"dataset-import-job/{name}") for name in ("first", "second"))
    assert told(one, f"/{first}") == {"arn": first, "status": "ACTIVE", "rowsRead": 360}
    assert [job["arn"] for job in told(one)["importJobs"]] == [second, first]
    assert [job["arn"] for job in told(one, "?limit=1")["importJobs"]] == [second]
    assert f"{first} is done: 360 rows read" in [record.getMessage() for record in caplog.records]


def test_a_job_tells_of_its_work_before_its_status_does(small: Callable[..., Small]) -> None:
    one = small(status="instant,dataset-import-job=timed:100")
    one.program.load(one.program.dataset(one.program.group()), interactions_csv())
    arn = one.program.arn("dataset-import-job/load")
    assert told(one, f"/{arn}") == {"arn": arn, "status": "CREATE PENDING", "rowsRead": 360}


@pytest.mark.parametrize("path", ["/arn:aws:personalize:us-east-1:123456789012:dataset-import-job/none", "/x"])
def test_what_is_no_import_job_is_not_found(small: Callable[..., Small], path: str) -> None:
    one = small()
    group = one.program.group()
    for each in (path, f"/{group}"):
        with pytest.raises(urllib.error.HTTPError, match="404") as caught:
            told(one, each)
        caught.value.close()
