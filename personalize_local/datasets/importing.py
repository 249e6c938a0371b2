"""A dataset import from the bytes of CSV files to a segment: the whole pipeline, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from personalize_local.datasets.csv import read_batches
from personalize_local.datasets.failures import ImportFailure, ImportReport, MissingColumns, check_count
from personalize_local.datasets.segments import SegmentInfo, write_segment

if TYPE_CHECKING:
    from personalize_local.datasets._arrow import Batch
    from personalize_local.datasets.schema import Schema

__all__ = ["ImportFailure", "ImportReport", "ImportResult", "MissingColumns", "import_files"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What an import stored, and the files that it read, by the names that it was given."""

    segment: SegmentInfo
    files: tuple[str, ...]

    @property
    def rows(self) -> int:
        """How many rows were stored."""
        return self.segment.rows


def import_files(
    files: Sequence[tuple[str, Callable[[], BinaryIO]]],
    schema: Schema,
    destination: Path,
    *,
    minimum_rows: int,
    progress: Callable[[int], None] | None = None,
) -> ImportResult:
    """Read ``files`` (a name for messages, and what opens the stream), check every row, store them at ``destination``.

    ``minimum_rows`` is the least count of rows (1000 for an Interactions import); ``progress`` is called with the
    count of rows stored so far. Raises ImportFailure or MissingColumns, and then leaves nothing at ``destination``;
    what opening or reading a file raises passes through, with the same effect.
    """
    batches = _counted(read_batches(files, schema), minimum_rows, progress)
    return ImportResult(segment=write_segment(batches, schema, destination), files=tuple(name for name, _ in files))


def _counted(batches: Iterator[Batch], minimum: int, progress: Callable[[int], None] | None) -> Iterator[Batch]:
    rows = 0
    for batch in batches:
        yield batch
        rows += batch.num_rows
        if progress is not None:
            progress(rows)
    check_count(rows, minimum=minimum)
