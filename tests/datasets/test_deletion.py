"""Users taken out of a segment: all that is left is what others did."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.datasets._arrow import pa
from personalize_local.datasets.deletion import read_users, remove_users
from personalize_local.datasets.failures import ImportFailure, MissingColumns
from personalize_local.datasets.segments import open_segment

from .helpers import DEVICE, interactions, sources
from .test_export import as_csv, imported, rows_at

READ = interactions(DEVICE)
USERS = st.sampled_from(["ann", "bob", "cem", "dan", "é,|", '"'])
ROWS = st.lists(
    st.tuples(USERS, st.sampled_from(["i1", "i2", "i3"]), st.integers(0, 9), st.sampled_from(["tv", None])),
    min_size=1,
    max_size=15,
)


@settings(max_examples=40)
@given(ROWS, st.sets(USERS | st.just("nobody")))
def test_a_segment_keeps_the_rows_of_all_others(rows: list[tuple[str, str, int, str | None]], users: set[str]) -> None:
    kept = [row for row in rows if row[0] not in users]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = imported(READ, as_csv(READ, rows), folder)
        removed = remove_users(before, pa.array(sorted(users), pa.string()), folder / "after")
        assert removed == len(rows) - len(kept)
        assert rows_at(before) == rows
        assert (folder / "after").exists() is (removed > 0)
        if removed:
            after = open_segment(folder / "after")
            after.verify()
            assert rows_at(folder / "after") == kept
            assert after.info.schema == READ
            assert after.info.rows == len(kept)
            assert after.info.distinct["USER_ID"] == len({row[0] for row in kept})
            assert remove_users(folder / "after", pa.array(sorted(users), pa.string()), folder / "again") == 0


def test_nothing_of_a_deleted_user_stays_in_the_files(tmp_path: Path) -> None:
    text = "USER_ID,ITEM_ID,TIMESTAMP,DEVICE\nsecret-one,only-his,1,his-phone\nother,common,2,tv\n"
    before = imported(READ, text, tmp_path)
    assert remove_users(before, pa.array(["secret-one"]), tmp_path / "after") == 1
    written = b"".join(path.read_bytes() for path in (tmp_path / "after").iterdir())
    for gone in (b"secret-one", b"only-his", b"his-phone"):
        assert gone not in written
    assert b"other" in written


def test_the_ids_of_files_are_read_as_imports_read_them() -> None:
    found = read_users(sources("USER_ID\nu1\n\n" + '"a,b"\n', "USER_ID\r\nu1\r\nü\\\\\r\n"))
    assert found.to_pylist() == ["u1", "a,b", "ü\\"]


def test_files_without_ids_are_refused_as_imports_refuse_them() -> None:
    with pytest.raises(MissingColumns, match=r"missing the following columns:\[USER_ID\]"):
        read_users(sources("ID\nu1\n"))
    with pytest.raises(ImportFailure, match="has no data rows"):
        read_users(sources("USER_ID\n"))
    with pytest.raises(ImportFailure, match="Length cannot be more than 256 characters for USER_ID"):
        read_users(sources(f"USER_ID\n{'x' * 257}\n"))
