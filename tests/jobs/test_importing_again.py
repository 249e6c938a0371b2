"""An import that runs a second time does nothing to what the first run has made."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from personalize_local.datasets.segments import open_segment
from personalize_local.jobs import importing
from personalize_local.jobs.workplace import JobFailure
from tests.datasets.helpers import interactions

from .ground import Ground

SCHEMA = interactions()
TWO = "USER_ID,ITEM_ID,TIMESTAMP\nann,i,1\nbob,i,2\n"


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = Ground(tmp_path)
    yield made
    made.database.close()


def payload() -> dict[str, Any]:
    return {
        "folder": str(uuid.uuid4()),
        "schema": SCHEMA.text,
        "domain": None,
        "location": "s3://bucket/in.csv",
        "mode": "FULL",
    }


def made(ground: Ground) -> list[str]:
    return [path.name for path in (ground.root / "datasets").iterdir()]


def test_a_segment_outlives_a_second_run_that_finds_no_files(ground: Ground) -> None:
    given, source = payload(), ground.bucket / "in.csv"
    source.write_text(TWO)
    assert importing.run(given, ground.workplace)["rows"] == 2
    source.unlink()
    with pytest.raises(JobFailure) as caught:
        importing.run(given, ground.workplace)
    assert caught.value.reason == "Invalid Data location."
    assert open_segment(ground.root / "datasets" / given["folder"]).table.num_rows == 2


def test_a_second_run_tells_what_the_first_one_has_made(ground: Ground) -> None:
    given, source = payload(), ground.bucket / "in.csv"
    source.write_text(TWO)
    first = importing.run(given, ground.workplace)
    mapped = open_segment(ground.root / "datasets" / given["folder"])
    source.write_text(f"{TWO}cem,i,3\n")
    again = importing.run(given, ground.workplace)
    assert (again["rows"], again["report"]) == (first["rows"], first["report"])
    assert made(ground) == [given["folder"]]
    mapped.verify()


def test_an_import_that_fails_leaves_nothing(ground: Ground) -> None:
    (ground.bucket / "in.csv").write_text("USER_ID,ITEM_ID,TIMESTAMP\nann,i,then\n")
    with pytest.raises(JobFailure):
        importing.run(payload(), ground.workplace)
    assert made(ground) == []
