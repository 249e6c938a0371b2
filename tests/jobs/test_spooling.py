"""Copies of input files, from the first byte to the job that reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from personalize_local.jobs.spooling import drop_incoming, incoming


def copied(folder: Path, bucket: str) -> None:
    (folder / bucket / "file").write_text("x")


def test_a_copy_that_is_kept_has_its_job_s_name(tmp_path: Path) -> None:
    with incoming(tmp_path, "job", lambda bucket: copied(tmp_path, bucket)) as keep:
        assert [path.name for path in tmp_path.iterdir()] == ["incoming-job"]
        keep()
    assert (tmp_path / "job" / "file").read_text() == "x"
    assert [path.name for path in tmp_path.iterdir()] == ["job"]


@pytest.mark.parametrize("fails", [True, False])
def test_nothing_stays_of_a_copy_without_a_job(tmp_path: Path, fails: bool) -> None:
    def use() -> None:
        with incoming(tmp_path, "job", lambda bucket: copied(tmp_path, bucket)):
            if fails:
                raise KeyError

    if fails:
        with pytest.raises(KeyError):
            use()
    else:
        use()
    assert list(tmp_path.iterdir()) == []


def test_a_start_deletes_what_a_killed_process_was_copying(tmp_path: Path) -> None:
    for name in ("incoming-a", "b"):
        (tmp_path / name).mkdir()
        copied(tmp_path, name)
    drop_incoming(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    drop_incoming(tmp_path / "none")
