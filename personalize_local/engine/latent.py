"""Factors of items from who had them: a truncated singular value decomposition of the user-item matrix.

The decomposition is that of Halko, Martinsson and Tropp, "Finding structure with randomness" (SIAM Review 2011):
subspace iterations on a seeded random start, which need nothing but sparse products.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.data import Float32, Float64, Int32, Int64
from personalize_local.engine.histories import ranges

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_OVERSAMPLING = 8
_ITERATIONS = 5
_AT_A_TIME = 20_000
_SHRINKAGE = 3.0
"""Items' worth of a profile that says nothing."""


def item_factors(user: Int32, item: Int32, shape: tuple[int, int], width: int, seed: int) -> Float32:
    """Directions [items, width] of the items that users had in common, of about unit length; zeros for the others.

    ``shape`` is users by items. Popular items are damped by the root of their number of users.
    """
    factors = np.zeros((shape[1], width), np.float32)
    matrix = _damped(user, item, shape)
    size = min(width + _OVERSAMPLING, *shape)
    if not size or not matrix.nnz:
        return factors
    start = np.random.default_rng([seed, 3]).standard_normal((shape[1], size))
    for _ in range(_ITERATIONS):
        start = np.linalg.qr(matrix.T @ (matrix @ np.linalg.qr(start)[0]))[0]
    left, singular, _ = np.linalg.svd((matrix @ start).T @ (matrix @ start))
    kept = min(width, size)
    directions = (start @ left[:, :kept]) * singular[:kept] ** 0.25  # the singular values of the matrix, their root
    lengths = np.sqrt((directions**2).sum(axis=1))
    there = lengths > 0
    if there.any():
        # Items that the directions hardly touch stay short.
        lengths = np.maximum(lengths, lengths[there].mean())
        factors[:, :kept] = directions / lengths[:, None]
    return factors


def _damped(user: Int32, item: Int32, shape: tuple[int, int]) -> csr_array:
    from scipy.sparse import coo_array, csr_array

    matrix = csr_array(coo_array((np.ones(len(user)), (user, item)), shape=shape))
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    counts = np.bincount(matrix.indices, minlength=shape[1])
    matrix.data = 1.0 / np.sqrt(counts[matrix.indices])
    return matrix


def profiles(factors: Float32, items: Int32, begins: Int64, ends: Int64) -> Float64:
    """The profile of each of the histories ``items[begins[i]:ends[i]]``: the mean of its factors, drawn to zero where
    the history is short, and scaled so that entries are of the order of 1.
    """
    from scipy.sparse import csr_array

    width = factors.shape[1]
    found = np.zeros((len(begins), width))
    for at in range(0, len(begins), _AT_A_TIME):
        part = slice(at, at + _AT_A_TIME)
        indptr = np.concatenate([[0], np.cumsum(ends[part] - begins[part])])
        members = items[ranges(begins[part], ends[part])]
        ones = np.ones(len(members), np.float32)
        sums = csr_array((ones, members, indptr), shape=(len(indptr) - 1, len(factors))) @ factors
        found[part] = sums / (np.diff(indptr)[:, None] + _SHRINKAGE)
    found *= np.sqrt(width)
    return found
