"""CSV files read under a schema: the header check, and a stream of typed batches in bounded memory."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from personalize_local.datasets.failures import (
    COMPRESSED,
    DIFFERENT_HEADERS,
    NONCONFORMING,
    NOT_UTF8,
    REPEATED_COLUMN,
    ImportFailure,
    ImportReport,
    MissingColumns,
    check_count,
)
from personalize_local.provenance import Rule

if TYPE_CHECKING:
    from personalize_local.datasets._arrow import Batch
    from personalize_local.datasets._rows import RowReader
    from personalize_local.datasets.schema import Schema

__all__ = [
    "BLOCK_BYTES",
    "HEAD_BYTES",
    "ImportFailure",
    "ImportReport",
    "MissingColumns",
    "Reading",
    "Source",
    "check_header",
    "read_batches",
]

Source = tuple[str, Callable[[], BinaryIO]]

HEAD_BYTES: Final = 64 * 1024
"""How much of a file is looked at for its header before an import job is made."""
_GZIP: Final = b"\x1f\x8b"
# Large enough to keep the parser's threads busy, small enough to bound memory.
BLOCK_BYTES: Final = 8 << 20
# A row of the most and longest values that the limits allow stays far below; more is not a CSV file.
_LONGEST_LINE: Final = 64 << 20

RULES = (
    Rule(
        says="Columns are found by their names in the header: their order is free, and columns that the schema lacks, "
        "even an unnamed first one, are passed over.",
        known="observed",
        source="AWS's sample notebooks import such files; the guide asks for the order of the schema",
    ),
    Rule(
        says="Where no column of a header has a field's name as it is written, one in another case is taken.",
        known="observed",
        source="a sample notebook imports creation_timestamp for CREATION_TIMESTAMP",
    ),
    Rule(says="The rows of several files are read one file after the other.", known="inferred"),
    Rule(says="A byte order mark at the beginning of a file is passed over.", known="inferred"),
    Rule(says="An empty cell is null.", known="documented", source="dg/preparing-training-data.html"),
    Rule(
        says="Lines may end as those of Unix, Windows or the old Macintosh do; empty ones are passed over.",
        known="chosen",
    ),
    Rule(says=f"A line of more than {_LONGEST_LINE >> 20} MiB does not conform to any schema.", known="chosen"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The header row: the names as written, and where each schema field stands."""

    names: tuple[str, ...]
    positions: tuple[int, ...]


def check_header(first_bytes: bytes, schema: Schema) -> None:
    """Check the first bytes of a file (at least its header row) before an import job is made.

    Raises MissingColumns, and ImportFailure for what is no CSV text or has a column twice.
    """
    _header(_first_line(first_bytes), schema, file=None)


def read_batches(files: Sequence[Source], schema: Schema, *, block_bytes: int = BLOCK_BYTES) -> Iterator[Batch]:
    """Read ``files`` one after the other; yield their rows as batches with the columns of ``schema`` in its order.

    Id, categorical, EVENT_TYPE and EVENT_ATTRIBUTION_SOURCE columns come as dictionaries (each batch its own), other
    strings as strings, int and long as int64, float and double as float64. Empty cells are null. Columns that the
    schema lacks are ignored. Raises ImportFailure at the first block with a bad row, and MissingColumns.
    """
    reading = Reading(schema, block_bytes=block_bytes)
    rows = 0
    for source in files:
        with closing(reading.blocks(source, rows_before=rows)) as blocks:
            for reader, block in blocks:
                batch = reader.read(block, rows_before=rows)
                rows += batch.num_rows
                if batch.num_rows:
                    yield batch
    check_count(rows, minimum=1)


class Reading:
    """Opens the files of one import in turn; the header of the first is the measure of the others."""

    def __init__(self, schema: Schema, *, block_bytes: int = BLOCK_BYTES) -> None:
        self._schema, self._block_bytes = schema, block_bytes
        self._header: Header | None = None

    def blocks(self, source: Source, *, rows_before: int) -> Generator[tuple[RowReader, bytearray], None, None]:
        """The blocks of a file, each with the reader that is to have it. Raises ImportFailure and MissingColumns."""
        # Loads pyarrow, which a header check does without.
        from personalize_local.datasets._rows import RowReader

        file, opened = source
        with closing(opened()) as stream:
            lines = _Lines(stream, file, self._block_bytes)
            own = _header(lines.first, self._schema, file=file)
            if self._header is not None and own.names != self._header.names:
                report = ImportReport(rows_read=rows_before, file=file, problem=_names(own))
                raise ImportFailure(DIFFERENT_HEADERS(), report)
            self._header = own
            reader = RowReader(self._schema, file=file, columns=len(own.names), positions=own.positions)
            for block in lines.blocks():
                yield reader, block


def _first_line(data: bytes) -> bytes:
    """The header row, without what ends it; all of ``data`` where no row ends."""
    for end in (b"\n", b"\r"):
        line, found, _ = data.partition(end)
        if found:
            return line.removesuffix(b"\r")
    return data


def _header(line: bytes, schema: Schema, *, file: str | None) -> Header:
    if line.startswith(_GZIP):
        raise ImportFailure(COMPRESSED(), ImportReport(file=file, problem="the file starts like a gzip file"))
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        # Not final: a first piece of a file may end within a character.
        text = decoder.decode(line)
    except UnicodeDecodeError as error:
        raise ImportFailure(NOT_UTF8(), ImportReport(file=file, problem=f"header row: {error.reason}")) from None
    try:
        cells = next(csv.reader([text.replace("\r", " ").replace("\n", " ")]), [])
    except csv.Error as error:
        raise ImportFailure(NONCONFORMING(), ImportReport(file=file, problem=f"header row: {error}")) from None
    names = tuple(cell.strip() for cell in cells)
    missing = []
    positions = []
    for item in schema.fields:
        found = [at for at, name in enumerate(names) if name == item.name]
        found = found or [at for at, name in enumerate(names) if name.casefold() == item.name.casefold()]
        if not found:
            missing.append(item.name)
        elif len(found) > 1:
            raise ImportFailure(REPEATED_COLUMN(column=item.name), ImportReport(file=file, column=item.name))
        else:
            positions.append(found[0])
    if missing:
        raise MissingColumns(missing, file)
    return Header(names=names, positions=tuple(positions))


def _names(header: Header) -> str:
    return "the header is " + ",".join(header.names)[:200]


class _Lines:
    """A byte stream cut into blocks of whole lines. ``first`` is the header row."""

    def __init__(self, stream: BinaryIO, file: str, block_bytes: int) -> None:
        self._stream, self._file, self._block_bytes = stream, file, block_bytes
        self._ended = False
        data = self._more(b"")
        while b"\n" not in data and not self._ended:
            data = self._more(data)
        self._end = b"\n" if b"\n" in data else b"\r"
        line, _, self._rest = data.partition(self._end)
        self.first = bytes(line).removesuffix(b"\r")

    def blocks(self) -> Iterator[bytearray]:
        """Blocks of whole lines after the header; the last may lack its line end."""
        data, self._rest = self._rest, bytearray()
        while True:
            cut = len(data) if self._ended else data.rfind(self._end) + 1
            held = data[cut:]
            del data[cut:]
            if data:
                yield data
            if self._ended:
                return
            data = self._more(held)

    def _more(self, held: bytes | bytearray) -> bytearray:
        """``held`` and about one block more; notes the end of the stream."""
        if len(held) > _LONGEST_LINE:
            raise ImportFailure(
                NONCONFORMING(), ImportReport(file=self._file, problem=f"a line is longer than {_LONGEST_LINE} bytes")
            )
        data = bytearray(len(held) + self._block_bytes)
        data[: len(held)] = held
        filled = len(held)
        with memoryview(data) as view:
            # A body from the network may give less than was asked for without being at its end.
            while filled < len(data):
                count = _read_into(self._stream, view[filled:])
                if not count:
                    self._ended = True
                    break
                filled += count
        del data[filled:]
        return data


def _read_into(stream: BinaryIO, view: memoryview) -> int:
    """Fill ``view`` from ``stream``, without a copy where it can be."""
    direct: Callable[[memoryview], int] | None = getattr(stream, "readinto", None)
    if direct is not None:
        return direct(view)
    piece = stream.read(len(view))
    view[: len(piece)] = piece
    return len(piece)
