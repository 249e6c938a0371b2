"""Segments: what one import leaves behind, immutable, in Arrow files that can be memory-mapped."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from personalize_local.datasets.schema import Schema, parse_schema

if TYPE_CHECKING:
    from personalize_local.datasets._arrow import Array, Batch, Table

__all__ = ["Segment", "SegmentError", "SegmentInfo", "SegmentRef", "open_segment", "read_info", "write_segment"]

# Where a segment lies is all that a job needs to be told of it.
SegmentRef: TypeAlias = Path

_FORMAT: Final = 1
_SIDECAR: Final = "segment.json"
_ROWS: Final = "rows.arrow"
_GROUP_BYTES: Final = 64 << 20


class SegmentError(Exception):
    """The directory holds no segment of a format that this version reads, or its files were changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentInfo:
    """What the sidecar says of a segment.

    ``distinct`` counts the different values of each coded column (ids, categorical, event types). ``sha256`` is by
    file name. ``size`` is in bytes, the sidecar left out.
    """

    path: Path
    schema: Schema
    rows: int
    distinct: Mapping[str, int]
    sha256: Mapping[str, str]
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """An open segment. ``table`` holds the columns of the schema; coded ones are Arrow dictionaries.

    The codes of a column index one dictionary for the whole segment, its values in the order in which they first
    appear. The table is backed by the mapped files, so opening costs next to nothing.
    """

    info: SegmentInfo
    table: Table

    def verify(self) -> None:
        """Compare the files with the checksums of the sidecar. Raises SegmentError."""
        for name, expected in self.info.sha256.items():
            if _sha256(self.info.path / name) != expected:
                raise SegmentError(f"The file {name} of the segment differs from what was written.")


def write_segment(batches: Iterable[Batch], schema: Schema, path: Path) -> SegmentInfo:
    """Write ``batches`` (columns of ``schema``, in its order) as a segment at ``path``, which must not exist.

    The directory appears at once and whole, or not at all: an error in ``batches`` leaves nothing behind. Files are
    not forced to the disk: they outlive the process, not a power failure.
    """
    with _appearing(path) as folder:
        rows, dictionaries = _write_rows(batches, schema, folder / _ROWS)
        for at, values in dictionaries.items():
            _write_values(values, folder / _values_file(at))
        files = sorted(folder.iterdir())
        sidecar = {
            "format": _FORMAT,
            "schema": schema.text,
            "domain": schema.domain,
            "rows": rows,
            "distinct": {schema.fields[at].name: len(values) for at, values in dictionaries.items()},
            "sha256": {file.name: _sha256(file) for file in files},
            "size": sum(file.stat().st_size for file in files),
        }
        (folder / _SIDECAR).write_text(json.dumps(sidecar, indent=1), encoding="utf-8")
    return read_info(path)


def read_info(path: Path) -> SegmentInfo:
    """The sidecar of the segment at ``path``, without pyarrow. Raises SegmentError."""
    try:
        sidecar: dict[str, Any] = json.loads((path / _SIDECAR).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SegmentError(f"There is no segment at {path.name}: {error}") from None
    if sidecar.get("format") != _FORMAT:
        raise SegmentError(f"The segment has format {sidecar.get('format')}; this version reads {_FORMAT}.")
    return SegmentInfo(
        path=path,
        schema=parse_schema(sidecar["schema"], sidecar["domain"]),
        rows=sidecar["rows"],
        distinct=sidecar["distinct"],
        sha256=sidecar["sha256"],
        size=sidecar["size"],
    )


def open_segment(path: Path) -> Segment:
    """Map the segment at ``path`` into memory. Raises SegmentError."""
    from personalize_local.datasets._arrow import pa

    info = read_info(path)
    rows = _mapped(path / _ROWS)
    columns = []
    for at, item in enumerate(info.schema.fields):
        column = rows.column(at)
        if item.name in info.distinct:
            values = _single(_mapped(path / _values_file(at)).column(0))
            coded = [pa.DictionaryArray.from_arrays(chunk, values, safe=False) for chunk in column.chunks]
            column = pa.chunked_array(coded, pa.dictionary(pa.int32(), pa.string()))
        columns.append(column)
    return Segment(info=info, table=pa.table(columns, names=[item.name for item in info.schema.fields]))


def _single(column: Array) -> Array:
    from personalize_local.datasets._arrow import pa

    return column.chunk(0) if column.num_chunks else pa.array([], column.type)


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """A directory beside ``path`` that takes its name when the block ends well and vanishes when it does not."""
    if path.exists():
        raise FileExistsError(str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    folder.mkdir()
    try:
        yield folder
        folder.rename(path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _write_rows(batches: Iterable[Batch], schema: Schema, path: Path) -> tuple[int, dict[int, Array]]:
    """Write the rows with codes in place of coded strings; return their count and the values of each coded column."""
    from personalize_local.datasets._arrow import ipc, pa
    from personalize_local.datasets._rows import arrow_type

    types = [arrow_type(item) for item in schema.fields]
    growing = {at: _GrowingDictionary() for at, type_ in enumerate(types) if pa.types.is_dictionary(type_)}
    stored = pa.schema(
        [(item.name, pa.int32() if at in growing else types[at]) for at, item in enumerate(schema.fields)]
    )
    rows = 0
    with ipc.new_file(str(path), stored) as writer:
        for group in _groups(batches):
            coded = {at: growing[at].codes([batch.column(at) for batch in group]) for at in growing}
            for number, batch in enumerate(group):
                columns = [coded[at][number] if at in coded else column for at, column in enumerate(batch.columns)]
                writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=stored))
                rows += batch.num_rows
    return rows, {at: dictionary.values for at, dictionary in growing.items()}


def _groups(batches: Iterable[Batch]) -> Iterator[list[Batch]]:
    """Several batches at a time: looking up values costs as much as there are so far, however few rows ask."""
    group: list[Batch] = []
    for batch in batches:
        group.append(batch)
        if sum(one.nbytes for one in group) >= _GROUP_BYTES:
            yield group
            group = []
    if group:
        yield group


class _GrowingDictionary:
    """The distinct values of a column so far, numbered in the order in which they first appear."""

    def __init__(self) -> None:
        from personalize_local.datasets._arrow import pa

        self.values: Array = pa.array([], pa.string())

    def codes(self, columns: Sequence[Array]) -> list[Array]:
        """The codes of dictionary arrays; their new values are taken in."""
        from personalize_local.datasets._arrow import pa, pc

        asked = pa.concat_arrays([column.dictionary for column in columns])
        known = pc.index_in(asked, value_set=self.values)
        missing = pc.is_null(known)
        unknown = asked.filter(missing)
        if len(unknown):
            coded = unknown.dictionary_encode()
            fresh = pc.add(coded.indices, pa.scalar(len(self.values), pa.int32()))
            known = pc.replace_with_mask(known, missing, fresh)
            self.values = pa.concat_arrays([self.values, coded.dictionary])
        found, start = [], 0
        for column in columns:
            found.append(known.slice(start, len(column.dictionary)).take(column.indices))
            start += len(column.dictionary)
        return found


def _write_values(values: Array, path: Path) -> None:
    from personalize_local.datasets._arrow import ipc, pa

    batch = pa.RecordBatch.from_arrays([values], names=["value"])
    with ipc.new_file(str(path), batch.schema) as writer:
        writer.write_batch(batch)


def _values_file(at: int) -> str:
    # By position: names that differ in case alone would be one file on some file systems.
    return f"values-{at}.arrow"


def _mapped(path: Path) -> Table:
    from personalize_local.datasets._arrow import ipc, pa

    try:
        return ipc.open_file(pa.memory_map(str(path))).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise SegmentError(f"The file {path.name} of the segment cannot be read: {error}") from None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
