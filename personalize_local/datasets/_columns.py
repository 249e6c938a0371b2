"""Arrow columns turned into the engine's: codes, numbers and texts in numpy arrays. Loads pyarrow and numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from personalize_local.datasets._arrow import Array, pa, pc
from personalize_local.datasets.schema import Field
from personalize_local.engine.data import Categorical, Column, MultiCategorical, Numeric, Text
from personalize_local.provenance import Rule

RULES = (
    Rule(
        says="Training does not use plain strings and booleans.",
        known="documented",
        source="dg/how-it-works-dataset-schema.html",
    ),
    Rule(
        says="A categorical column of items or users has several values in a cell when any of its cells has a |; empty "
        "and repeated ones are dropped.",
        known="chosen",
        source="the | is documented in dg/items-datasets.html",
    ),
)

_Scalar = TypeVar("_Scalar", bound=np.generic)


def read_only(array: NDArray[_Scalar]) -> NDArray[_Scalar]:
    """``array``, closed to writing."""
    array.flags.writeable = False
    return array


def join(chunks: Sequence[Array], type_: Array) -> Array:
    """One array of all ``chunks``; dictionaries become one, values in the order of first appearance."""
    if not chunks:
        return pa.array([], pa.string()).dictionary_encode() if pa.types.is_dictionary(type_) else pa.array([], type_)
    if len(chunks) == 1:
        return chunks[0]
    column = pa.chunked_array(chunks)
    if pa.types.is_dictionary(type_):
        column = column.unify_dictionaries()
    return pa.concat_arrays(column.chunks)


def codes(column: Array) -> NDArray[np.int32]:
    """The codes of a dictionary array; -1 is null."""
    indices = column.indices
    return to_numpy(indices.fill_null(-1) if indices.null_count else indices, np.dtype(np.int32))


def newest(ids: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """The last row of each of ``count`` ids, given the id of every row; -1 for an id without rows."""
    found = np.full(count, -1, np.int64)
    # Of several values for one place the last one stays.
    found[ids] = np.arange(len(ids))
    return found


def numbers(column: Array) -> NDArray[np.float64]:
    """A number column as doubles; null is NaN."""
    return to_numpy(pc.cast(column, pa.float64(), safe=False).fill_null(float("nan")), np.dtype(np.float64))


def to_numpy(column: Array, dtype: np.dtype[_Scalar]) -> NDArray[_Scalar]:
    """A column without nulls."""
    values: NDArray[_Scalar] = column.to_numpy(zero_copy_only=False).astype(dtype, copy=False)
    return values


def strings(values: Array) -> tuple[str, ...]:
    """The values of a string array, as Python strings."""
    return tuple(values.to_pylist())


def categorical(column: Array, order: NDArray[np.int64] | None = None) -> Categorical:
    """A dictionary array, its rows picked by ``order``."""
    coded = codes(column)
    return Categorical(
        codes=read_only(coded.copy() if order is None else coded[order]), values=strings(column.dictionary)
    )


def text(column: Array) -> Text:
    """A string column as text; null is empty."""
    return Text(values=strings(pc.cast(column, pa.string()).fill_null("")))


def metadata_column(column: Array, item: Field) -> Column | None:
    """An Items or Users column as the engine takes it; None for what training leaves out."""
    if item.numeric:
        return Numeric(values=read_only(numbers(column)))
    if item.textual:
        return text(column)
    if not item.categorical:
        return None
    # Encoded afresh: rows that were replaced may have left values that no row has any more.
    compact = column.dictionary_decode().dictionary_encode()
    if pc.any(pc.match_substring(compact.dictionary, "|")).as_py():
        return _split(compact)
    return categorical(compact)


def _split(column: Array) -> MultiCategorical:
    """Cells like ``a|b|c`` as compressed rows, without empty and repeated members."""
    parts = pc.split_pattern(column.dictionary, "|")
    of_cell = to_numpy(pc.list_parent_indices(parts), np.dtype(np.int64))
    members = pc.list_flatten(parts)
    kept = to_numpy(pc.not_equal(members, ""), np.dtype(np.bool_))
    members, of_cell = members.filter(pa.array(kept)).dictionary_encode(), of_cell[kept]
    values = strings(members.dictionary)
    coded = codes(members)
    _, first = np.unique(of_cell * max(len(values), 1) + coded, return_index=True)
    first.sort()
    coded, of_cell = coded[first], of_cell[first]
    sizes = np.bincount(of_cell, minlength=len(column.dictionary))
    starts = np.cumsum(sizes) - sizes
    rows = codes(column)
    lengths = np.where(rows < 0, 0, sizes[rows] if len(sizes) else 0)
    indptr = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(lengths, out=indptr[1:])
    # Position k of row i is member k - indptr[i] of its cell.
    at = np.arange(indptr[-1]) + np.repeat((starts[rows] if len(sizes) else 0) - indptr[:-1], lengths)
    return MultiCategorical(indptr=read_only(indptr), codes=read_only(coded[at]), values=values)
