"""Users taken out of data: which ids a file names, and a segment rewritten without their rows. Loads pyarrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from personalize_local.datasets._arrow import Array, Batch, Table, pa, pc
from personalize_local.datasets.csv import Source, read_batches
from personalize_local.datasets.schema import Field, Schema
from personalize_local.datasets.segments import Segment, SegmentRef, open_segment, write_segment

__all__ = ["read_users", "remove_users", "without_users"]

_USER_ID: Final = "USER_ID"
_LISTED: Final = Schema(dataset_type="USERS", domain=None, fields=(Field(name=_USER_ID, type="string"),), text="")
_ROWS_AT_ONCE: Final = 1 << 16


def read_users(files: Sequence[Source]) -> Array:
    """The different ids that ``files`` name, in the order of their first appearance, as an array of strings.

    Raises ImportFailure and MissingColumns, as imports do.
    """
    found = [batch.column(0).dictionary for batch in read_batches(files, _LISTED)]
    return pc.unique(pa.concat_arrays(found))


def remove_users(source: SegmentRef, users: Array, destination: Path) -> int:
    """Write the segment at ``source`` without the rows of ``users`` to ``destination``; how many rows that leaves out.

    Where it is none, nothing is written. Raises SegmentError.
    """
    segment = open_segment(source)
    chunks = segment.table.column(_USER_ID).chunks
    if not chunks:
        return 0
    named = pc.is_in(chunks[0].dictionary, value_set=users)
    if not pc.any(named).as_py():
        return 0
    removed = sum(pc.sum(named.take(chunk.indices)).as_py() or 0 for chunk in chunks)
    if removed:
        write_segment(_without(segment, named), segment.info.schema, destination)
    return removed


def without_users(table: Table, gone: Callable[[str], bool]) -> Table:
    """The rows of a table whose user is not ``gone``."""
    table = table.unify_dictionaries()
    chunks = table.column(_USER_ID).chunks
    ids = chunks[0].dictionary.to_pylist() if chunks else []
    kept = pa.array([not gone(id_) for id_ in ids], pa.bool_())
    if pc.all(kept).as_py():
        return table
    return table.filter(pa.chunked_array([kept.take(chunk.indices) for chunk in chunks]))


def _without(segment: Segment, named: Array) -> Iterator[Batch]:
    """The rows of a segment whose user is not ``named``, a mask over the dictionary of users.

    Their dictionaries are made anew: ids and values that only deleted rows had must not stay in the files.
    """
    for batch in segment.table.to_batches(max_chunksize=_ROWS_AT_ONCE):
        kept = batch.filter(pc.invert(named.take(batch.column(_USER_ID).indices)))
        if kept.num_rows:
            arrays = [
                column.dictionary_decode().dictionary_encode() if pa.types.is_dictionary(column.type) else column
                for column in kept.columns
            ]
            yield pa.RecordBatch.from_arrays(arrays, names=kept.schema.names)
