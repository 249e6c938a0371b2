"""A dry run of an import: what would be said of the files, and everything that is wrong in them, nothing stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from personalize_local.datasets.csv import BLOCK_BYTES, HEAD_BYTES, Reading, Source, check_header
from personalize_local.datasets.failures import ImportFailure, MissingColumns, Offence, check_count, shortened

if TYPE_CHECKING:
    from personalize_local.datasets._rows import RowReader
    from personalize_local.datasets.schema import Schema

__all__ = ["Finding", "check_files"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of a dry run.

    ``reason`` is None where the import would succeed. ``at_once`` says that a header shows it, so that the call is
    refused and no job is made. ``offences`` are the first ones, in the order of the files and their rows; ``rejected``
    counts all rows that have any.
    """

    reason: str | None
    at_once: bool
    rows: int
    rejected: int
    offences: Sequence[Offence]


def check_files(
    files: Sequence[Source],
    schema: Schema,
    *,
    minimum_rows: int,
    limit: int = 20,
    progress: Callable[[int], None] | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> Finding:
    """Read ``files`` as an import would, but to their end; tell up to ``limit`` offences.

    ``progress`` is called with the bytes of each block that is done. Memory does not grow with the files. What opening
    or reading a file raises passes through.
    """
    refusal = next(_refusals(files, schema), None)
    check = _Check(Reading(schema, block_bytes=block_bytes), limit, progress)
    for source in files:
        check.read(source)
    if check.reason is None:
        try:
            check_count(check.rows, minimum=minimum_rows)
        except ImportFailure as failure:
            check.reason = failure.reason
    return Finding(
        reason=refusal or check.reason,
        at_once=refusal is not None,
        rows=check.rows,
        rejected=check.rejected,
        offences=tuple(check.offences),
    )


def _refusals(files: Sequence[Source], schema: Schema) -> Iterator[str]:
    """What is said of the headers before a job is made."""
    for _, opened in files:
        with closing(opened()) as stream:
            try:
                check_header(stream.read(HEAD_BYTES), schema)
            except (ImportFailure, MissingColumns) as failure:
                yield str(failure)


class _Check:
    """The files so far. ``reason`` is what the import would have failed for: its first failure."""

    def __init__(self, reading: Reading, limit: int, progress: Callable[[int], None] | None) -> None:
        self._reading, self._limit, self._progress = reading, limit, progress
        self.reason: str | None = None
        self.rows = 0
        self.rejected = 0
        self.offences: list[Offence] = []

    def read(self, source: Source) -> None:
        """One more file, to its end or to what makes it unreadable from there on."""
        try:
            self._read(source)
        except (ImportFailure, MissingColumns) as failure:
            self._fail(failure)
            if len(self.offences) < self._limit:
                told = failure.report if isinstance(failure, ImportFailure) else None
                problem = shortened((told.problem if told else "") or str(failure), 300)
                self.offences.append(Offence(file=source[0], column=told.column if told else None, problem=problem))

    def _read(self, source: Source) -> None:
        with closing(self._reading.blocks(source, rows_before=self.rows)) as blocks:
            for reader, block in blocks:
                self._block(reader, block)
                if self._progress is not None:
                    self._progress(len(block))

    def _block(self, reader: RowReader, block: bytearray) -> None:
        if self.reason is None:
            try:
                self.rows += reader.read(block, rows_before=self.rows).num_rows
            except ImportFailure as failure:
                self._fail(failure)
            else:
                return
        found = reader.examine(block, most=self._limit - len(self.offences))
        self.rows += found.rows
        self.rejected += found.rejected
        self.offences += found.offences

    def _fail(self, failure: ImportFailure | MissingColumns) -> None:
        if self.reason is None:
            self.reason = str(failure)
