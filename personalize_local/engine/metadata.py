"""Which items have like metadata: weighted overlap of categories, words and number ranges."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.context import code_column
from personalize_local.engine.data import Categorical, Column, Float64, Int32, Int64, MultiCategorical, Numeric, Text
from personalize_local.engine.neighbours import NeighbourTable, strongest_of_sparse

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_WORD = re.compile(r"\w{2,}")
_WORDS = 20_000  # most frequent words kept of a text column
_ROWS_AT_A_TIME = 512
_MOST_CELLS = 4e8  # pairs of items with a feature in common that are looked at: some seconds
_UNTRAINED = ("CREATION_TIMESTAMP",)  # says when, not what


def item_features(columns: Mapping[str, Column], n_items: int) -> csr_array | None:
    """Features [items, features]: each column's rows have length 1, rare values weigh more; None without any.

    A value that every item has says nothing and is left out.
    """
    from scipy.sparse import coo_array, csr_array, hstack

    blocks = []
    for name in sorted(columns):
        if name in _UNTRAINED:
            continue
        rows, codes, size = _cells(columns[name], n_items)
        if not len(rows):
            continue
        block = csr_array(coo_array((np.ones(len(rows)), (rows, codes)), shape=(n_items, size)))
        block.data[:] = 1.0
        frequency = np.bincount(block.indices, minlength=size)
        weights = np.log(n_items / np.maximum(frequency, 1))
        block.data = weights[block.indices]
        block.eliminate_zeros()
        lengths = np.sqrt(np.bincount(np.repeat(np.arange(n_items), np.diff(block.indptr)), block.data**2, n_items))
        block.data /= np.repeat(np.where(lengths > 0, lengths, 1.0), np.diff(block.indptr))
        blocks.append(block)
    return csr_array(hstack(blocks)) if blocks else None


def text_features(texts: Mapping[str, Text], n_items: int) -> csr_array | None:
    """Features [items, words] of all ``texts`` together, rows of length 1, rare words weigh more; None without a word.

    A text counts by the root of its length: of a name and a long description neither drowns the other. Words of one
    item alone are part of its length; they and those of all items have no feature.
    """
    from scipy.sparse import csr_array, diags_array

    numbers: dict[str, int] = {}
    bags = [_bag(texts[name].values, numbers) for name in sorted(texts)]
    if not numbers:
        return None
    cells = [csr_array((np.ones(len(codes)), codes, ends), (n_items, len(numbers))) for codes, ends in bags]
    had = sum(cells[1:], start=cells[0])
    had.sum_duplicates()
    frequency = np.bincount(had.indices, minlength=len(numbers))
    weights = np.log(n_items / frequency)
    whole = csr_array(had.shape)
    for block in cells:
        block.sum_duplicates()
        block.data = (1.0 + np.log(block.data)) * weights[block.indices]
        whole = whole + diags_array(_lengths(block) ** -0.5) @ block
    kept = np.flatnonzero((frequency > 1) & (weights > 0))
    return csr_array(diags_array(1.0 / _lengths(whole)) @ whole)[:, kept]


def _lengths(rows: csr_array) -> Float64:
    """The length of each row, 1 for one without any."""
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    found: Float64 = np.where(lengths > 0, lengths, 1.0)
    return found


def _bag(texts: tuple[str, ...], numbers: dict[str, int]) -> tuple[Int32, Int64]:
    """The words of each text in compressed rows, by ``numbers``, in which new ones are entered."""
    codes, ends = array("i"), [0]
    for text in texts:
        codes.extend(numbers.setdefault(word, len(numbers)) for word in _WORD.findall(text.lower()))
        ends.append(len(codes))
    return np.frombuffer(codes, np.int32) if codes else np.zeros(0, np.int32), np.array(ends, np.int64)


def searchable(features: csr_array) -> csr_array:
    """``features`` without those so common that looking for what shares them would cost too much; they say least."""
    from scipy.sparse import csr_array

    frequency = np.bincount(features.indices, minlength=features.shape[1]).astype(np.float64)
    order = np.argsort(frequency, kind="stable")
    kept = np.zeros(features.shape[1])
    kept[order[np.cumsum(frequency[order] ** 2) <= _MOST_CELLS]] = 1.0
    found = csr_array(features.copy())
    found.data *= kept[found.indices]
    found.eliminate_zeros()
    return found


def metadata_neighbours(features: csr_array, items: Int64, width: int) -> NeighbourTable:
    """The ``width`` items most like each of ``items`` (rows in their order), itself left out; values in 0..1."""
    from scipy.sparse import csr_array

    parts = []
    scale = 1.0 / max(float(features.multiply(features).sum(axis=1).max()), 1e-12)
    for begin in range(0, len(items), _ROWS_AT_A_TIME):
        part = items[begin : begin + _ROWS_AT_A_TIME]
        found = csr_array(features[part] @ features.T)
        found.data *= scale
        found.data[found.indices == np.repeat(part, np.diff(found.indptr))] = 0.0
        found.eliminate_zeros()
        parts.append(strongest_of_sparse(found, width))
    if not parts:
        empty = np.zeros((0, max(1, min(width, features.shape[0]))))
        return NeighbourTable(indexes=empty.astype(np.int32), values=empty.astype(np.float32))
    return NeighbourTable(
        indexes=np.concatenate([part.indexes for part in parts]), values=np.concatenate([part.values for part in parts])
    )


def _cells(column: Column, n_items: int) -> tuple[Int64, Int64, int]:
    """(item, feature) pairs of a column and its number of features."""
    if isinstance(column, MultiCategorical):
        rows = np.repeat(np.arange(n_items), np.diff(column.indptr))
        return rows, column.codes.astype(np.int64), max(len(column.values), 1)
    if isinstance(column, Text):
        return _word_cells(column.values)
    if isinstance(column, Numeric):
        codes, _, edges = code_column(column, n_items)
        size = len(edges) + 1
    else:
        assert isinstance(column, Categorical)
        codes, size = column.codes, max(len(column.values), 1)
    rows = np.flatnonzero(codes >= 0)
    return rows, codes[rows].astype(np.int64), size


def _word_cells(texts: tuple[str, ...]) -> tuple[Int64, Int64, int]:
    counts = Counter(word for words in _words(texts) for word in words)
    kept = sorted(counts, key=lambda word: (-counts[word], word))[:_WORDS]
    number = {word: index for index, word in enumerate(kept)}
    pairs = [(row, number[word]) for row, words in enumerate(_words(texts)) for word in sorted(words) if word in number]
    cells = np.array(pairs, np.int64).reshape(-1, 2)
    return cells[:, 0], cells[:, 1], max(len(kept), 1)


def _words(texts: tuple[str, ...]) -> Iterator[set[str]]:
    return (set(_WORD.findall(text.lower())) for text in texts)
