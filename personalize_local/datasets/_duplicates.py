"""Which interactions are the same event twice. Loads pyarrow and numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from personalize_local.datasets import _columns as columns
from personalize_local.datasets._arrow import Array, pa
from personalize_local.provenance import Rule

RULES = (
    Rule(
        says="Two interactions that are equal in timestamp, user, item and every other column count once.",
        known="documented",
        source="dg/recording-item-interaction-events.html",
    ),
)

Integers = NDArray[np.int64] | NDArray[np.int32]


def first_of_each(
    order: NDArray[np.int64],
    timestamp: NDArray[np.int64],
    user: NDArray[np.int32],
    item: NDArray[np.int32],
    others: Mapping[str, Array],
) -> NDArray[np.int64]:
    """``order`` without the rows that equal an earlier one in every column.

    A hash of the three main columns finds the rows in question: most data has few. Only these are hashed with all
    columns, brought beside each other and compared value by value.
    """
    suspects = _suspects(hashed([timestamp, user, item]))
    if not len(suspects):
        return order
    taken = pa.array(suspects)
    keys: list[Integers] = [timestamp[suspects], user[suspects], item[suspects]]
    keys += [_comparable(column.take(taken)) for column in others.values()]
    # Stable, so that within equal rows the first imported comes first.
    near = np.argsort(hashed(keys), kind="stable")
    same = np.ones(len(near) - 1, np.bool_)
    for key in keys:
        same &= key[near[1:]] == key[near[:-1]]
    dropped = np.zeros(len(order), np.bool_)
    dropped[suspects[near[1:][same]]] = True
    kept: NDArray[np.int64] = order[~dropped[order]]
    return kept


def hashed(keys: Sequence[Integers]) -> NDArray[np.uint64]:
    """A 64-bit mixture of the columns ``keys``, row by row."""
    mixed = np.zeros(len(keys[0]), np.uint64)
    for key in keys:
        mixed ^= key.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15) + (mixed >> np.uint64(29))
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
    return mixed


def _suspects(mixed: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The rows whose hash is that of another row, in ascending order."""
    ranked = np.sort(mixed)
    if not np.any(ranked[1:] == ranked[:-1]):
        return np.zeros(0, np.int64)
    near = np.argsort(mixed)
    equal = mixed[near[1:]] == mixed[near[:-1]]
    repeated = np.zeros(len(mixed), np.bool_)
    repeated[near[1:][equal]] = True
    repeated[near[:-1][equal]] = True
    return np.flatnonzero(repeated)


def _comparable(column: Array) -> NDArray[np.int32]:
    """Integers that are equal where the values of ``column`` are equal; null equals null."""
    return columns.codes(column if pa.types.is_dictionary(column.type) else column.dictionary_encode())
