"""Export jobs: which rows each mode has, where the file is, and what is said when it cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from personalize_local.jobs import exporting
from personalize_local.jobs.workplace import JobFailure
from personalize_local.store.records import user_mark
from tests.datasets.helpers import DEVICE, EVENT, ITEM, USER, interactions, schema

from .ground import GROUP, Ground

AGE = {"name": "AGE", "type": ["null", "int"]}
USERS = schema("Users", USER, AGE)
ITEMS = schema("Items", ITEM, {"name": "GENRE", "type": ["null", "string"], "categorical": True})
OPTIONAL = {"type": ["null", "string"]}
EVENTS = interactions(
    EVENT,
    {"name": "EVENT_VALUE", "type": ["null", "float"]},
    {"name": "IMPRESSION", **OPTIONAL},
    {"name": "RECOMMENDATION_ID", **OPTIONAL},
    {"name": "EVENT_ATTRIBUTION_SOURCE", **OPTIONAL},
    DEVICE,
)
HEADER = (
    "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,IMPRESSION,RECOMMENDATION_ID,EVENT_ATTRIBUTION_SOURCE,DEVICE\n"
)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = Ground(tmp_path)
    yield made
    made.database.close()


def payload(ground: Ground, dataset: str, mode: str, location: str = "s3://bucket/out/") -> dict[str, Any]:
    with ground.database.read() as rows:
        until, forgotten = rows.last_event(GROUP), rows.last_forgotten(GROUP)
    return {
        "account": "123456789012",
        "held": ground.reference(dataset),
        "stream": GROUP,
        "until": until,
        "forgotten": forgotten,
        "mode": mode,
        "location": location,
        "name": "job",
    }


def exported(ground: Ground, dataset: str, mode: str) -> str:
    assert exporting.run(payload(ground, dataset, mode), ground.workplace) == {"key": "out/job/part-00000.csv"}
    return (ground.bucket / "out/job/part-00000.csv").read_bytes().decode()


def test_users_by_mode(ground: Ground) -> None:
    dataset = ground.dataset(USERS, "USER_ID,AGE\na,1\nb,1\nb,1\nb,2\n")
    ground.put(dataset, ("b", {"AGE": 3}), ("c", {"AGE": 3}), ("c", {"AGE": 3}), ("c", {"AGE": 4}))
    ground.load(dataset, USERS, "USER_ID,AGE\nd,5\na,6\n")
    assert exported(ground, dataset, "BULK") == "USER_ID,AGE\na,1\nb,1\nb,2\nd,5\na,6\n"
    assert exported(ground, dataset, "PUT") == "USER_ID,AGE\nb,3\nc,3\nc,4\n"
    assert exported(ground, dataset, "ALL") == "USER_ID,AGE\nb,3\nc,4\nd,5\na,6\n"


def test_items_by_mode(ground: Ground) -> None:
    dataset = ground.dataset(ITEMS, "ITEM_ID,GENRE\na,\nb,x|y\n")
    ground.put(dataset, ("b", {"GENRE": "z"}), ("b", {}))
    assert exported(ground, dataset, "BULK") == "ITEM_ID,GENRE\na,\nb,x|y\n"
    assert exported(ground, dataset, "PUT") == "ITEM_ID,GENRE\nb,z\nb,\n"
    assert exported(ground, dataset, "ALL") == "ITEM_ID,GENRE\na,\nb,\n"


def test_interactions_by_mode(ground: Ground) -> None:
    bulk = "u1,i1,7,watch,,,,,\nu1,i1,7,watch,,,,,tv\n"
    dataset = ground.dataset(EVENTS, HEADER + bulk + bulk)
    ground.send(("u1", "s", "i1"), ("u1", "s", "i1"))
    ground.send(("u1", "s", "i1"), extra={"properties": {"device": "tv", "unknown": 1}})
    assert exported(ground, dataset, "BULK") == HEADER + bulk
    assert exported(ground, dataset, "PUT") == HEADER + bulk
    assert exported(ground, dataset, "ALL") == HEADER + bulk
    ground.send(("u2", "s2", "i2"), value=0.5)
    assert exported(ground, dataset, "BULK") == HEADER + bulk
    assert (
        exported(ground, dataset, "PUT")
        == exported(ground, dataset, "ALL")
        == (f"{HEADER}{bulk}u2,i2,7,watch,0.5,,,,\n")
    )


def test_an_event_says_what_was_shown_and_where_it_came_from(ground: Ground) -> None:
    dataset = ground.dataset(EVENTS)
    extra = {
        "impression": ["i1", "i2"],
        "recommendationId": "RID-1",
        "metricAttribution": {"eventAttributionSource": "mail"},
        "properties": {"device": "tv"},
    }
    ground.send(("u1", "s", "i1"), extra=extra)
    assert exported(ground, dataset, "PUT") == f"{HEADER}u1,i1,7,watch,,i1|i2,RID-1,mail,tv\n"
    plain = interactions()
    with ground.database.write() as rows:
        rows.remove(dataset)
        rows.remove(f"{dataset}-schema")
    dataset = ground.dataset(plain)
    assert exported(ground, dataset, "PUT") == "USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,7\n"


def test_events_of_a_session_are_of_the_user_who_is_named_in_it(ground: Ground) -> None:
    dataset = ground.dataset(interactions())
    ground.send((None, "s1", "before"), (None, "s2", "nameless"), ("u1", "s1", "with"), ("u1", "s1", None))
    ground.send(("u1", "s3", "once"), ("u1", "s3", "again"), event_id="e")
    lines = "u1,before,7\nu1,with,7\nu1,once,7\n"
    assert exported(ground, dataset, "PUT") == f"USER_ID,ITEM_ID,TIMESTAMP\n{lines}"


def test_what_comes_after_the_job_was_made_is_not_in_its_file(ground: Ground) -> None:
    dataset = ground.dataset(interactions(), "USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,1\n")
    ground.send(("u1", "s", "i2"))
    users = ground.dataset(USERS)
    ground.put(users, ("u1", {"AGE": 1}))
    before, people = payload(ground, dataset, "ALL"), payload(ground, users, "ALL", "s3://bucket")
    ground.load(dataset, interactions(), "USER_ID,ITEM_ID,TIMESTAMP\nu2,i1,1\n")
    ground.send(("u2", "s", "i2"))
    ground.put(users, ("u2", {"AGE": 1}))
    exporting.run(before, ground.workplace)
    exporting.run(people, ground.workplace)
    found = (ground.bucket / "out/job/part-00000.csv").read_text()
    assert found == "USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,1\nu1,i2,7\n"
    assert (ground.bucket / "job/part-00000.csv").read_text() == "USER_ID,AGE\nu1,1\n"


@pytest.mark.parametrize("mode", ["BULK", "ALL"])
def test_who_is_deleted_before_the_job_runs_is_not_in_its_file(ground: Ground, mode: str) -> None:
    text = "USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,1\nu2,i1,1\nu1,i2,2\n"
    dataset, items = ground.dataset(interactions(), text), ground.dataset(ITEMS, "ITEM_ID,GENRE\nu1,\n")
    ground.send(("u1", "s", "i2"))
    before, others = payload(ground, dataset, mode), payload(ground, items, mode, "s3://bucket/items")
    with ground.database.write() as rows:
        rows.forget(GROUP, [(user_mark("u1"), "u1")], streams=[GROUP], datasets=[])
    exporting.run(before, ground.workplace)
    assert (ground.bucket / "out/job/part-00000.csv").read_text() == "USER_ID,ITEM_ID,TIMESTAMP\nu2,i1,1\n"
    exporting.run(others, ground.workplace)
    assert (ground.bucket / "items/job/part-00000.csv").read_text() == "ITEM_ID,GENRE\nu1,\n"
    # Who comes after that is not meant.
    assert exported(ground, dataset, mode) == text


@pytest.mark.parametrize("mode", ["BULK", "PUT", "ALL"])
def test_an_export_of_nothing_has_a_header(ground: Ground, mode: str) -> None:
    assert exported(ground, ground.dataset(interactions()), mode) == "USER_ID,ITEM_ID,TIMESTAMP\n"


def test_a_job_that_runs_twice_leaves_one_file(ground: Ground) -> None:
    dataset = ground.dataset(USERS, "USER_ID,AGE\nu1,1\n")
    assert exported(ground, dataset, "BULK") == exported(ground, dataset, "BULK") == "USER_ID,AGE\nu1,1\n"
    assert [path.name for path in ground.bucket.rglob("*") if path.is_file()] == ["part-00000.csv"]


def test_what_cannot_be_written_fails_and_says_so(ground: Ground) -> None:
    dataset = ground.dataset(USERS, "USER_ID,AGE\nu1,1\n")
    with pytest.raises(JobFailure) as caught:
        exporting.run(payload(ground, dataset, "ALL", "s3://elsewhere/out"), ground.workplace)
    assert caught.value.reason.startswith("Insufficient privileges for accessing data in S3.")
    assert caught.value.reason.endswith("fix bucket policy on elsewhere.")
    (ground.bucket / "out").write_text("in the way")
    with pytest.raises(JobFailure) as caught:
        exporting.run(payload(ground, dataset, "ALL"), ground.workplace)
    assert caught.value.reason == "Invalid S3 output path"
