"""Deletion jobs: what is taken out, what is counted, and that a job that is cut off leaves nothing half done."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.jobs import deleting
from personalize_local.jobs.spooling import incoming
from personalize_local.jobs.sweeping import sweep
from personalize_local.jobs.workplace import JobFailure
from personalize_local.store.records import user_mark

from .deletions import EVENTS, USERS, Deletions

PEOPLE = ["ann", "bob", "cem", "dan"]


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Deletions]:
    made = Deletions(tmp_path)
    yield made
    made.database.close()


def test_a_user_vanishes_from_all_data_and_what_he_left_is_counted(ground: Deletions) -> None:
    ground.stock()
    untouched = ground.segments(ground.interactions)[1]
    # Imported: 1 user, 2 interactions, 1 action interaction. By itself: 2 rows, 2 events, 1 action interaction.
    assert ground.delete("ann", "nobody") == 9
    assert ground.everything() == {
        "users": ["bob", "bob"],
        "interactions": ["bob", "bob"],
        "actions": [],
        "events": [("bob", "s2", "x"), (None, "s3", "y")],
        "action events": [("bob", "s2", "a")],
    }
    assert ground.segments(ground.interactions)[1] == untouched
    assert ground.marks() == {user_mark("ann"), user_mark("nobody")}
    assert ground.folders() == ground.in_force()
    assert not any(b"ann" in path.read_bytes() for path in (ground.root / "datasets").rglob("*") if path.is_file())


def test_a_second_deletion_finds_nothing(ground: Deletions) -> None:
    ground.stock()
    assert ground.delete("ann") == 9
    before = ground.everything(), ground.in_force()
    assert ground.delete("ann") == 0
    assert (ground.everything(), ground.in_force()) == before


def test_a_dataset_keeps_the_order_in_which_rows_came(ground: Deletions) -> None:
    ground.load(ground.users, USERS, "USER_ID,AGE\nann,1\nbob,1\n")
    ground.put(ground.users, ("ann", {"AGE": 2}), ("bob", {"AGE": 2}))
    ground.load(ground.users, USERS, "USER_ID,AGE\nann,3\nbob,3\n")
    after = [segment["after"] for segment in ground.segments(ground.users)]
    assert ground.delete("ann") == 3
    assert [segment["after"] for segment in ground.segments(ground.users)] == after
    assert after[1] > after[0]


def test_a_group_without_data_has_nothing_to_delete(tmp_path: Path) -> None:
    ground = Deletions(tmp_path)
    assert ground.delete("ann") == 0
    ground.send(("ann", "s", "x"))
    job = ground.job()
    result = deleting.run(job.payload, ground.workplace)
    with ground.database.write() as rows:
        for arn in (ground.users, ground.interactions, ground.actions):
            rows.remove(arn)
    assert ground.complete(job, result) == 1
    ground.database.close()


def test_the_end_of_a_deletion_does_not_ask_for_each_user(ground: Deletions) -> None:
    ground.stock()
    job = ground.job(("in/a.csv", "\n".join(["USER_ID", "ann", *map(str, range(5000))])))
    result = deleting.run(job.payload, ground.workplace)
    statements: list[str] = []
    ground.database._writer.set_trace_callback(statements.append)
    assert ground.complete(job, result) == 9
    assert len(statements) < 200
    assert len(ground.marks()) == 5001


# Cut off


def test_nothing_is_in_force_before_the_end(ground: Deletions) -> None:
    ground.stock()
    before, segments = ground.everything(), ground.in_force()
    job = ground.job(("in/a.csv", "USER_ID\nann\n"))
    deleting.run(job.payload, ground.workplace)
    # A server that starts again sweeps before it takes up its jobs.
    sweep(ground.database, ground.workplace)
    assert (ground.everything(), ground.in_force()) == (before, segments)
    assert ground.marks() == frozenset()
    again = deleting.run(job.payload, ground.workplace)
    assert again == deleting.run(job.payload, ground.workplace)
    assert ground.complete(job, again) == 9
    assert ground.folders() == ground.in_force()


@pytest.mark.parametrize("at", ["the list", "the first segment", "the last segment"])
def test_a_run_that_was_cut_off_is_taken_up(ground: Deletions, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    from personalize_local.datasets import deletion

    ground.stock()
    job = ground.job(("in/a.csv", "USER_ID\nann\n"))
    real, most = deletion.remove_users, {"the list": 0, "the first segment": 1, "the last segment": 3}[at]
    calls: list[Any] = []

    def cut_off(*given: Any) -> int:
        if len(calls) == most:
            raise KeyboardInterrupt
        calls.append(given)
        return real(*given)

    monkeypatch.setattr(deletion, "remove_users", cut_off)
    with pytest.raises(KeyboardInterrupt):
        deleting.run(job.payload, ground.workplace)
    monkeypatch.undo()
    sweep(ground.database, ground.workplace)
    assert ground.complete(job, deleting.run(job.payload, ground.workplace)) == 9
    assert ground.folders() == ground.in_force()


def test_an_end_that_fails_changes_nothing(ground: Deletions, monkeypatch: pytest.MonkeyPatch) -> None:
    from personalize_local.store.sql import Rows

    ground.stock()
    before = ground.everything()
    job = ground.job(("in/a.csv", "USER_ID\nann\n"))
    result = deleting.run(job.payload, ground.workplace)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Rows, "forget", fail)
    with pytest.raises(OSError, match="full"):
        ground.complete(job, result)
    monkeypatch.undo()
    assert ground.everything() == before
    assert ground.complete(job, result) == 9


def test_what_is_imported_meanwhile_stays(ground: Deletions) -> None:
    ground.stock()
    job = ground.job(("in/a.csv", "USER_ID\nann\n"))
    result = deleting.run(job.payload, ground.workplace)
    new = ground.load(ground.interactions, EVENTS, "USER_ID,ITEM_ID,TIMESTAMP\nann,new,1\n")
    # And a FULL import has taken the place of the users.
    with ground.database.write() as rows:
        record = rows.get(ground.users)
        assert record is not None
        rows.save(replace(record, state={"segments": []}))
    ground.send(("ann", "late", "z"))
    assert ground.complete(job, result) == 9
    assert ground.imported(ground.interactions) == [("bob", "i", 1), ("bob", "i", 3), ("ann", "new", 1)]
    assert ground.segments(ground.interactions)[-1]["folder"] == new
    assert ground.imported(ground.users) == []
    assert ground.folders() == ground.in_force()


# Any data


EVENT_ROWS = st.lists(
    st.tuples(st.none() | st.sampled_from(PEOPLE), st.sampled_from(["s1", "s2", "s3", "ann"]), st.just("i")), max_size=8
)


@settings(max_examples=25)
@given(
    st.lists(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=6), max_size=3),
    st.lists(st.sampled_from(PEOPLE), max_size=5),
    EVENT_ROWS,
    EVENT_ROWS,
    st.sets(st.sampled_from(PEOPLE), min_size=1),
)
def test_all_of_the_named_and_nothing_else_is_taken_out(
    tmp_path_factory: pytest.TempPathFactory,
    segments: list[list[str]],
    put: list[str],
    events: list[tuple[str | None, str, str]],
    action_events: list[tuple[str | None, str, str]],
    gone: set[str],
) -> None:
    ground = Deletions(tmp_path_factory.mktemp("ground"))
    for users in segments:
        ground.load(ground.interactions, EVENTS, "\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *(f"{u},i,1" for u in users)]))
    ground.put(ground.users, *((user, {"AGE": 1}) for user in put))
    ground.send(*events)
    ground.send(*action_events, stream=ground.actions)

    def left(given: list[tuple[str | None, str, str]]) -> list[tuple[str | None, str, str]]:
        sessions = {session for user, session, _ in given if user in gone} | gone
        return [event for event in given if event[0] not in gone and (event[0] is not None or event[1] not in sessions)]

    before = ground.everything()
    count = ground.delete(*gone)
    after = ground.everything()
    assert after["interactions"] == [user for user in before["interactions"] if user not in gone]
    assert after["users"] == [user for user in put if user not in gone]
    assert after["events"] == left(events)
    assert after["action events"] == left(action_events)
    assert count == sum(map(len, before.values())) - sum(map(len, after.values()))
    ground.database.close()


# Input


def test_a_folder_is_read_to_its_depth(ground: Deletions) -> None:
    ground.stock()
    job = ground.job(
        ("in/a.csv", "USER_ID\nann\n"),
        ("in/deep/er/b.CSV", "USER_ID\r\nbob\r\n"),
        ("in/notes.txt", "anything"),
        ("in/empty.csv", ""),
        ("in.csv", "USER_ID\ncem\n"),
        ("inner/c.csv", "USER_ID\ndan\n"),
    )
    ground.complete(job, deleting.run(job.payload, ground.workplace))
    assert ground.marks() == {user_mark("ann"), user_mark("bob")}


@pytest.mark.parametrize("location", ["s3://bucket/in/a.csv", "s3://bucket/in/list", "s3://bucket/in"])
def test_a_place_without_a_slash_is_a_file_or_else_a_folder(ground: Deletions, location: str) -> None:
    content = "USER_ID\nann\n"
    job = ground.job(("in/list" if location.endswith("list") else "in/a.csv", content), location=location)
    ground.complete(job, deleting.run(job.payload, ground.workplace))
    assert ground.marks() == {user_mark("ann")}


@pytest.mark.parametrize(
    ("files", "location", "reason"),
    [
        ((), "s3://bucket/in/", "Invalid Data location."),
        ((), "s3://bucket/in/a.csv", "Invalid Data location."),
        ((("in/a.txt", "USER_ID\nann\n"),), "s3://bucket/in/", "Invalid Data location."),
        ((), "s3://elsewhere/in/", "Insufficient privileges for accessing data in S3."),
        ((("in/a.csv", "ID\nann\n"),), "s3://bucket/in/", "Input CSV is missing the following columns:[USER_ID]."),
        ((("in/a.csv", "USER_ID\n"),), "s3://bucket/in/", "Input csv has no data rows."),
    ],
)
def test_a_file_that_cannot_be_used_fails_the_job(
    ground: Deletions, files: tuple[tuple[str, str], ...], location: str, reason: str
) -> None:
    job = ground.job(*files, location=location)
    with pytest.raises(JobFailure) as caught:
        deleting.run(job.payload, ground.workplace)
    assert caught.value.reason.startswith(reason)
    with ground.database.write() as rows:
        deleting.complete(rows, replace(job, state="FAILED", result={"reason": reason}), ground.workplace)
    assert "numDeleted" not in ground.state(job.arn)


def test_files_of_more_than_a_hundred_megabytes_fail_the_job(ground: Deletions) -> None:
    job = ground.job(("in/a.csv", "USER_ID\nann\n"), ("in/b/b.csv", ""))
    with (ground.bucket / "in/b/b.csv").open("wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(JobFailure, match="cannot be larger than 100 MB"):
        deleting.run(job.payload, ground.workplace)


def test_a_copy_is_read_where_the_bucket_may_be_gone(ground: Deletions) -> None:
    ground.stock()
    job = ground.job(("in/a.csv", "USER_ID\nann\n"), ("in/deep/b.csv", "USER_ID\nbob\n"), ("in/c.txt", "c"))
    objects, spool = ground.workplace.objects(), ground.workplace.spool
    (spool / job.payload["input"]).mkdir(parents=True)
    deleting.spool(job.payload["location"], objects, spool, job.payload["input"])
    for name in ("in/a.csv", "in/deep/b.csv"):
        (ground.bucket / name).unlink()
    ground.complete(job, deleting.run(job.payload, ground.workplace))
    assert ground.marks() == {user_mark("ann"), user_mark("bob")}
    assert ground.folders() == ground.in_force()


@pytest.mark.parametrize("location", ["s3://bucket/none/", "s3://elsewhere/in/"])
def test_what_cannot_be_copied_is_left_for_the_job_to_fail_on(ground: Deletions, location: str) -> None:
    spool, name = ground.workplace.spool, str(uuid.uuid4())
    objects = ground.workplace.objects()
    with incoming(spool, name, partial(deleting.spool, location, objects, spool)) as keep:
        keep()
    assert list(spool.iterdir()) == []
