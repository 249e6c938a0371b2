"""What an import leaves behind, and what a failed one does not."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path
from typing import BinaryIO

import pytest

from personalize_local.datasets.csv import read_batches
from personalize_local.datasets.importing import ImportFailure, MissingColumns, import_files
from personalize_local.datasets.segments import (
    Segment,
    SegmentError,
    open_segment,
    read_info,
    write_segment,
)
from tests.datasets.helpers import DEVICE, EVENT, interactions, source, sources

SCHEMA = interactions(EVENT, DEVICE, {"name": "NOTE", "type": ["null", "string"]}, {"name": "X", "type": "float"})
HEAD = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,DEVICE,NOTE,X\n"
TEXT = HEAD + "".join(
    f"u{n % 7},i{n * n % 11},{n},{'view' if n % 3 else 'buy'},{'' if n % 5 else 'tv'},note {n},{n / 2}\n"
    for n in range(200)
)


def segment(path: Path, *, block_bytes: int = 300) -> Segment:
    write_segment(read_batches([source(TEXT)], SCHEMA, block_bytes=block_bytes), SCHEMA, path)
    return open_segment(path)


def test_a_segment_gives_back_the_rows(tmp_path: Path) -> None:
    rows = segment(tmp_path / "s").table.to_pylist()
    assert len(rows) == 200
    assert rows[5] == {
        "USER_ID": "u5",
        "ITEM_ID": "i3",
        "TIMESTAMP": 5,
        "EVENT_TYPE": "view",
        "DEVICE": "tv",
        "NOTE": "note 5",
        "X": 2.5,
    }
    assert rows[6]["DEVICE"] is None


def test_codes_follow_first_appearance_and_one_dictionary_holds_for_all_blocks(tmp_path: Path) -> None:
    table = segment(tmp_path / "s").table
    assert table.column("USER_ID").num_chunks > 1
    dictionaries = [chunk.dictionary.to_pylist() for chunk in table.column("USER_ID").chunks]
    assert dictionaries[0] == [f"u{n}" for n in range(7)]
    assert all(dictionary == dictionaries[0] for dictionary in dictionaries)
    assert table.column("EVENT_TYPE").chunk(0).dictionary.to_pylist() == ["buy", "view"]


def test_the_size_of_blocks_changes_no_row(tmp_path: Path) -> None:
    small, large = segment(tmp_path / "small", block_bytes=64), segment(tmp_path / "large", block_bytes=1 << 20)
    assert small.table.to_pylist() == large.table.to_pylist()
    assert small.info.distinct == large.info.distinct


def test_the_sidecar_tells_schema_rows_and_distinct_values(tmp_path: Path) -> None:
    info = segment(tmp_path / "s").info
    assert read_info(tmp_path / "s") == info
    assert (info.rows, info.schema, info.path) == (200, SCHEMA, tmp_path / "s")
    assert info.distinct == {"USER_ID": 7, "ITEM_ID": 6, "EVENT_TYPE": 2, "DEVICE": 1}
    assert info.size == sum((tmp_path / "s" / name).stat().st_size for name in info.sha256)
    assert pickle.loads(pickle.dumps(info)) == info


def test_verification_notices_a_changed_file(tmp_path: Path) -> None:
    opened = segment(tmp_path / "s")
    opened.verify()
    values = tmp_path / "s" / "values-0.arrow"
    values.write_bytes(values.read_bytes().replace(b"u0u1", b"u9u1"))
    with pytest.raises(SegmentError, match=r"values-0\.arrow"):
        opened.verify()


def test_a_segment_is_not_written_over(tmp_path: Path) -> None:
    segment(tmp_path / "s")
    with pytest.raises(FileExistsError):
        segment(tmp_path / "s")
    assert read_info(tmp_path / "s").rows == 200


def test_what_is_no_segment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SegmentError, match="no segment at nowhere"):
        open_segment(tmp_path / "nowhere")
    segment(tmp_path / "s")
    sidecar = tmp_path / "s" / "segment.json"
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), "format": 2}))
    with pytest.raises(SegmentError, match="format 2"):
        open_segment(tmp_path / "s")


def test_a_segment_with_a_broken_file_is_refused(tmp_path: Path) -> None:
    segment(tmp_path / "s")
    (tmp_path / "s" / "rows.arrow").write_bytes(b"ARROW1 no more")
    with pytest.raises(SegmentError, match=r"rows\.arrow"):
        open_segment(tmp_path / "s")


def test_an_import_reports_rows_files_and_progress(tmp_path: Path) -> None:
    seen: list[int] = []
    result = import_files(sources(TEXT, TEXT), SCHEMA, tmp_path / "a" / "b", minimum_rows=400, progress=seen.append)
    assert (result.rows, result.files) == (400, ("part-0.csv", "part-1.csv"))
    assert result.segment.path == tmp_path / "a" / "b"
    assert seen == [200, 400]
    assert open_segment(tmp_path / "a" / "b").table.num_rows == 400


def broken() -> BinaryIO:
    raise ConnectionError("gone")


class Breaking(io.BytesIO):
    def readinto(self, *_: object) -> int:
        raise ConnectionError("gone")


@pytest.mark.parametrize(
    ("files", "minimum", "error"),
    [
        ([source(TEXT)], 201, ImportFailure),
        ([source(TEXT), source(HEAD + "u,i,x,view,,,1\n")], 0, ImportFailure),
        ([source(TEXT), source("USER_ID\nu\n")], 0, MissingColumns),
        ([source("")], 0, MissingColumns),
        ([source(HEAD)], 0, ImportFailure),
        ([source(TEXT), ("broken", broken)], 0, ConnectionError),
        ([source(TEXT), ("breaking", Breaking)], 0, ConnectionError),
    ],
)
def test_a_failed_import_leaves_nothing_behind(
    tmp_path: Path, files: list[tuple[str, object]], minimum: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        import_files(files, SCHEMA, tmp_path / "s", minimum_rows=minimum)  # type: ignore[arg-type]  # any callable
    assert list(tmp_path.iterdir()) == []


def test_too_few_rows_are_named(tmp_path: Path) -> None:
    with pytest.raises(ImportFailure, match="has 200 rows") as caught:
        import_files([source(TEXT)], SCHEMA, tmp_path / "s", minimum_rows=1000)
    assert "at least 1000 rows" in caught.value.reason
    assert caught.value.report.rows_read == 200
