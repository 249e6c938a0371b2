"""The store: transactions, pages, jobs and events."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from personalize_local.store.database import Database, reading
from personalize_local.store.records import Job, Record, StreamedEvent
from personalize_local.store.sql import Rows


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "store.sqlite3")
    yield database
    database.close()


def record(name: str, **changes: object) -> Record:
    plain = Record(arn=f"arn:{name}", kind="campaign", account="1", region="r", created=1.5, body={"name": name})
    return replace(plain, **changes)  # type: ignore[arg-type]  # names of fields


def event(item: str | None, *, user: str | None = "u", session: str = "s") -> StreamedEvent:
    return StreamedEvent(
        stream="g",
        user_id=user,
        session_id=session,
        item_id=item,
        event_type="click",
        event_value=None,
        sent_at=1.0,
        event_id=None,
        extra={"impression": ["a"]},
    )


def test_a_record_comes_back_as_it_went_in(database: Database) -> None:
    job = Job(arn="arn:a", kind="campaign", payload={"x": 1}, submitted=2.0)
    given = record("a", parent="arn:p", alias="alias", state={"polls": 1})
    with database.write() as rows:
        rows.insert(given)
        rows.add_job(job)
    with database.read() as rows:
        assert rows.get("arn:a") == replace(given, sequence=1, job=job)
        assert rows.find("alias") == rows.get("arn:a")
        assert rows.get("arn:b") is None


def test_an_exception_undoes_the_whole_transaction(database: Database) -> None:
    def half(rows: Rows) -> None:
        rows.insert(record("a"))
        raise KeyError("half way")

    with pytest.raises(KeyError), database.write() as rows:
        half(rows)
    with database.read() as rows:
        assert rows.get("arn:a") is None


def test_an_arn_is_there_once(database: Database) -> None:
    with database.write() as rows:
        rows.insert(record("a"))
    with pytest.raises(sqlite3.IntegrityError), database.write() as rows:
        rows.insert(record("a"))


def test_pages_go_from_new_to_old_and_keep_to_their_owner(database: Database) -> None:
    with database.write() as rows:
        for name in "abcde":
            rows.insert(record(name, parent="p" if name in "ace" else None))
        rows.insert(record("x", account="2"))
        rows.insert(record("y", region="q"))
    with database.read() as rows:
        first = rows.page("1", "r", "campaign", parent=None, before=None, limit=3)
        rest = rows.page("1", "r", "campaign", parent=None, before=first[-1].sequence, limit=3)
        under = rows.page("1", "r", "campaign", parent="p", before=None, limit=9)
    assert [[item.body["name"] for item in page] for page in (first, rest, under)] == [
        ["e", "d", "c"],
        ["b", "a"],
        ["e", "c", "a"],
    ]


def test_a_sequence_is_never_given_twice(database: Database) -> None:
    with database.write() as rows:
        rows.insert(record("a"))
        rows.remove("arn:a")
        rows.insert(record("b"))
        found = rows.get("arn:b")
    assert found is not None
    assert found.sequence == 2


def test_a_job_ends_once(database: Database) -> None:
    job = Job(arn="arn:a", kind="campaign", submitted=2.0)
    with database.write() as rows:
        rows.add_job(job)
        assert rows.unfinished_jobs() == [job]
        done = replace(job, state="DONE", result={"n": 1}, finished=3.0)
        assert rows.finish_job(done)
        assert not rows.finish_job(replace(done, state="FAILED"))
        assert rows.job("arn:a") == done
        assert rows.unfinished_jobs() == []


def test_recent_events_are_the_newest_of_one_actor_oldest_first(database: Database) -> None:
    with database.write() as rows:
        rows.add_events([event(item) for item in "abc"])
        rows.add_events([event("d", user=None, session="s2"), event(None), event("e")])
    with database.read() as rows:
        assert [item for item, *_ in rows.recent_events("g", "u", 0, 3)] == ["b", "c", "e"]
        assert [item for item, *_ in rows.recent_events("g", "s2", 0, 3)] == ["d"]
        assert [item for item, *_ in rows.recent_events("g", "u", 3, 3)] == ["e"]
        assert rows.recent_events("other", "u", 0, 3) == []
        assert rows.last_event("g") == 6
        assert rows.last_event("other") == 0


def test_another_process_reads_what_was_committed(database: Database) -> None:
    with database.write() as rows:
        rows.add_events([event("a"), event("b")])
    with reading(database.path) as rows:
        assert [row[2] for row in rows.events("g", until=1)] == ["a"]


def test_a_folder_of_another_format_is_refused(database: Database) -> None:
    connection = sqlite3.connect(database.path)
    connection.execute("UPDATE facts SET value = '99'")
    connection.commit()
    connection.close()
    with pytest.raises(ValueError, match="has format 99, this version reads format 6"):
        Database(database.path)


def test_writers_in_many_threads_lose_nothing(database: Database) -> None:
    def write(worker: int) -> None:
        for number in range(20):
            with database.write() as rows:
                rows.insert(record(f"{worker}-{number}"))
            with database.read() as rows:
                assert rows.get(f"arn:{worker}-{number}") is not None

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as rows:
        assert len(rows.all("1", "r", "campaign")) == 80
