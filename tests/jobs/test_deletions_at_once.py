"""Deletion jobs that overlap: all their users are taken out, whichever begins and ends first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from personalize_local.jobs import deleting
from personalize_local.jobs.sweeping import sweep
from personalize_local.jobs.workplace import RunAgain
from personalize_local.store.records import Job

from .deletions import EVENTS, Deletions


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Deletions]:
    made = Deletions(tmp_path)
    yield made
    made.database.close()


def named(ground: Deletions, *users: str) -> list[Job]:
    """A job for each user, all there before one of them runs."""
    return [ground.job((f"{user}.csv", f"USER_ID\n{user}\n"), location=f"s3://bucket/{user}.csv") for user in users]


@pytest.mark.parametrize("run_first", [*permutations(range(2))])
@pytest.mark.parametrize("end_first", [*permutations(range(2))])
def test_deletions_that_overlap_take_out_all_their_users(
    ground: Deletions, run_first: tuple[int, ...], end_first: tuple[int, ...]
) -> None:
    ground.stock()
    jobs = named(ground, "ann", "bob")
    found = {number: deleting.run(jobs[number].payload, ground.workplace) for number in run_first}
    first, second = end_first
    counts = {first: ground.complete(jobs[first], found[first])}
    middle = ground.in_force(), ground.everything()
    new = ground.load(ground.interactions, EVENTS, "USER_ID,ITEM_ID,TIMESTAMP\nann,new,1\nbob,new,1\n")
    with pytest.raises(RunAgain):
        ground.complete(jobs[second], found[second])
    with ground.database.read() as rows:
        assert [job.arn for job in rows.unfinished_jobs()] == [jobs[second].arn]
    assert ground.in_force() == middle[0] | {new}
    counts[second] = ground.complete(jobs[second], deleting.run(jobs[second].payload, ground.workplace))
    assert counts == {0: 9, 1: 6}
    left = ground.everything()
    assert left.pop("interactions") == ["ann", "bob"]
    assert left == {"users": [], "actions": [], "events": [(None, "s3", "y")], "action events": []}
    assert ground.folders() == ground.in_force()


def test_a_deletion_that_begins_after_the_end_of_another_reads_what_that_left(ground: Deletions) -> None:
    ground.stock()
    counts = [
        ground.complete(job, deleting.run(job.payload, ground.workplace)) for job in named(ground, "ann", "bob", "ann")
    ]
    assert counts == [9, 6, 0]
    assert ground.everything()["interactions"] == []
    assert ground.folders() == ground.in_force()


def test_a_deletion_does_not_mind_that_what_it_reads_is_swept_away(
    ground: Deletions, monkeypatch: pytest.MonkeyPatch
) -> None:
    from personalize_local.datasets import deletion

    ground.stock()
    ground.load(ground.interactions, EVENTS, "USER_ID,ITEM_ID,TIMESTAMP\nann,i,1\nbob,i,1\ncem,i,1\n")
    first, second, third = named(ground, "ann", "bob", "cem")
    ground.complete(first, deleting.run(first.payload, ground.workplace))
    other = deleting.run(third.payload, ground.workplace)
    real, ended = deletion.remove_users, list[int]()

    def meanwhile(*given: Any) -> int:
        if not ended:
            ended.append(ground.complete(third, other))
            with ground.database.write() as rows:
                users = rows.get(ground.users)
                assert users is not None
                rows.save(replace(users, deleted=3.0))
            sweep(ground.database, ground.workplace)
        return real(*given)

    monkeypatch.setattr(deletion, "remove_users", meanwhile)
    result = deleting.run(second.payload, ground.workplace)
    assert ended == [1]
    # Three imported interactions and an event; of action interactions one; the users are not in reach any more.
    assert ground.complete(second, result) == 5
    assert [row[0] for row in ground.imported(ground.interactions)] == []


def test_what_a_deletion_has_put_in_force_outlives_a_second_run(ground: Deletions) -> None:
    ground.stock()
    (job,) = named(ground, "ann")
    ground.complete(job, deleting.run(job.payload, ground.workplace))
    before = ground.everything()
    deleting.run(job.payload, ground.workplace)
    assert ground.everything() == before
