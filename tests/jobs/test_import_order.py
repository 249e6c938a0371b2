"""Imports of one dataset count in the order in which they were asked for, whichever ends first."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from personalize_local.jobs import importing
from personalize_local.jobs.workplace import Workplace
from personalize_local.store.database import Database
from personalize_local.store.objects import ObjectsConfig
from personalize_local.store.records import Job, Record

DATASET = Record(arn="dataset", kind="dataset", account="1", region="r", created=1.0, body={})


def in_force(folder: Path, modes: list[str], ending: tuple[int, ...]) -> list[str]:
    """The segments after imports that were asked for in the order of ``modes`` and end in the order ``ending``."""
    database = Database(folder / "store.sqlite3")
    workplace = Workplace(root=folder, storage=ObjectsConfig(), seed=0, relaxed_minimums=True)
    jobs: list[Job] = []
    with database.write() as rows:
        rows.insert(DATASET)
        for number, mode in enumerate(modes):
            payload: dict[str, Any] = {"dataset": "dataset", "folder": f"{mode}-{number}", "mode": mode}
            arn = f"import-{number}"
            rows.insert(Record(arn=arn, kind="datasetImportJob", account="1", region="r", created=1.0, body={}))
            jobs.append(
                Job(arn=arn, kind="datasetImportJob", state="DONE", payload=payload, submitted=1.0, finished=2.0)
            )
    for number in ending:
        with database.write() as rows:
            done = Job(**{name: getattr(jobs[number], name) for name in Job.__slots__} | {"result": {"rows": 1}})
            importing.complete(rows, done, workplace)
    with database.read() as rows:
        dataset = rows.get("dataset")
    database.close()
    assert dataset is not None
    return [segment["folder"] for segment in dataset.state["segments"]]


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        (["FULL", "INCREMENTAL", "INCREMENTAL"], ["FULL-0", "INCREMENTAL-1", "INCREMENTAL-2"]),
        (["FULL", "FULL", "INCREMENTAL"], ["FULL-1", "INCREMENTAL-2"]),
        (["FULL", "INCREMENTAL", "FULL"], ["FULL-2"]),
    ],
)
def test_the_order_of_endings_does_not_matter(tmp_path: Path, modes: list[str], expected: list[str]) -> None:
    for number, ending in enumerate(permutations(range(3))):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert in_force(folder, modes, ending) == expected, ending
