"""How usage is written down: once for each act, in sums where there are many, and what a kill can lose."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from personalize_local.costs import recording
from personalize_local.costs.counting import Counting
from personalize_local.store.database import Database
from tests.costs.books import CAMPAIGN, GB, GROUP, HOUR, INTERACTIONS, SOLUTION, START, V1, Books, line


def test_a_job_that_is_written_down_twice_counts_once(books: Books) -> None:
    job = books.job("batch-inference-job/mail")
    for _ in range(2):
        with books.writing() as rows:
            recording.batch_done(rows, job, group=GROUP, recipe=V1, lines=7)
            recording.segments_done(rows, job, group=GROUP, recipe=V1, lines=2, users=50)
            recording.imported(rows, job, dataset=INTERACTIONS, size=GB)
            recording.trained(rows, job, resource=SOLUTION, interactions=5, result={"recipe": V1}, at=START)
    assert [(used.kind, used.amount) for used in books.used()] == [
        ("batch", 7),
        ("segments", 100),
        ("import", GB),
        ("training", 5),
    ]


def test_a_later_job_of_the_same_arn_counts_too(books: Books) -> None:
    first = books.job("batch-inference-job/mail")
    for job in (first, replace(first, submitted=START + 1), replace(first, payload={**first.payload, "n": 2})):
        with books.writing() as rows:
            recording.batch_done(rows, job, group=GROUP, recipe=V1, lines=7)
    assert line(books.bill(), "batch").units * 1000 == 21


def test_what_is_undone_is_not_used(books: Books) -> None:
    def fail() -> None:
        with books.writing() as rows:
            recording.streamed(rows, resource=INTERACTIONS, group=GROUP, size=100, now=START)
            raise ValueError("undo it")

    with pytest.raises(ValueError, match="undo it"):
        fail()
    assert books.used() == []


def test_bytes_of_an_hour_are_one_row(books: Books) -> None:
    for moment in (0, 1, HOUR - 1, HOUR):
        books.streamed(10, START + moment)
    assert [(used.at - START, used.amount) for used in books.used()] == [(0, 30), (HOUR, 10)]


@pytest.mark.parametrize(
    ("trainings", "elapsed", "hours", "interactions"),
    [
        (1, 0, "0.000000", 0),
        (1, 7236, "2.010000", 501_246),
        (1, 1e6, "4.010000", 1_000_000),
        # Half of 4 x 4.01 hours and of 4 million interactions.
        (4, 8.02 * HOUR, "8.020000", 2_000_000),
    ],
)
def test_a_stopped_training_is_billed_by_its_share_of_all_that_it_would_have_trained(
    books: Books, trainings: int, elapsed: float, hours: str, interactions: int
) -> None:
    result = {"recipe": V1} if trainings == 1 else {"recipe": V1, "trainings": trainings}
    with books.writing() as rows:
        recording.trained(
            rows, books.job(), resource=SOLUTION, interactions=1_000_000, result=result, at=START, elapsed=elapsed
        )
    (used,) = books.used()
    # Of 4.01 hours for each model.
    assert (used.facts["hours"], used.amount) == (hours, interactions)


def test_the_group_of_a_dataset() -> None:
    assert recording.group_of(INTERACTIONS) == GROUP


class TestCounting:
    def test_requests_of_many_threads_are_all_counted(self, tmp_path: Path) -> None:
        counting, database = Counting(), Database(tmp_path / "store.sqlite3")

        def ask() -> None:
            for _ in range(500):
                counting.count(CAMPAIGN, START)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counting.write(database)
        with database.read() as rows:
            assert [(used.act, used.amount) for used in rows.used()] == [(str(int(START)), 4000)]
        database.close()

    def test_windows_are_rows_and_grow_with_each_write(self, books: Books) -> None:
        for moment in (0, 299.9, 300, 1):
            books.asked(2, START + moment)
        assert [(used.at - START, used.amount) for used in books.used()] == [(0, 6), (300, 2)]

    def test_nothing_new_writes_nothing(self, tmp_path: Path) -> None:
        counting, database = Counting(), Database(tmp_path / "store.sqlite3")
        before = database.appended
        counting.write(database)
        assert database.appended == before
        database.close()

    def test_what_could_not_be_written_is_kept(self, tmp_path: Path) -> None:
        counting, database = Counting(), Database(tmp_path / "store.sqlite3")
        counting.count(CAMPAIGN, START)
        database.close()
        with pytest.raises(sqlite3.ProgrammingError):
            counting.write(database)
        counting.count(CAMPAIGN, START)
        database = Database(tmp_path / "store.sqlite3")
        counting.write(database)
        with database.read() as rows:
            assert [used.amount for used in rows.used()] == [2]
        database.close()
