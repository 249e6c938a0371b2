"""Answers that are kept until the next write."""

from __future__ import annotations

from pathlib import Path

from personalize_local.store.answers import Answers
from personalize_local.store.database import Database
from personalize_local.store.records import Job


def test_an_answer_is_kept_for_one_generation() -> None:
    answers: Answers[str] = Answers()
    assert answers.get("a", 1) is None
    answers.keep("a", 1, "one")
    assert (answers.get("a", 1), answers.get("a", 2), answers.get("b", 1)) == ("one", None, None)


def test_the_oldest_make_room() -> None:
    answers: Answers[int] = Answers()
    for number in range(300):
        answers.keep(number, 1, number)
    assert answers.get(0, 1) is None
    assert answers.get(299, 1) == 299


def test_every_write_is_a_new_generation_and_an_undone_one_is_none(tmp_path: Path) -> None:
    database = Database(tmp_path / "store.sqlite3")
    before = database.generation
    with database.write() as rows:
        rows.add_job(Job(arn="a", kind="k", submitted=1.0))
    assert database.generation == before + 1
    try:
        with database.write():
            raise KeyError
    except KeyError:
        pass
    assert database.generation == before + 1
    with database.read() as rows:
        assert rows.job("a") is not None
    assert database.generation == before + 1
    database.close()
