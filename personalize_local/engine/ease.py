"""EASE^R: the linear item-to-item model with a closed form (Steck, "Embarrassingly Shallow Autoencoders", WWW 2019)."""

from __future__ import annotations

import numpy as np

from personalize_local.engine.data import Float32, Int32, Int64
from personalize_local.engine.histories import Histories
from personalize_local.engine.neighbours import NeighbourTable, strongest

_USERS_AT_A_TIME = 1024
_NEARNESS, _NEAR_STEPS = 15.0, 60  # steps after which two events are 1/e as near, and after which they count no more


def add_gram(gram: Float32, histories: Histories, users: Int64, weights: Float32 | None = None) -> None:
    """Add, for each pair of items, the number of ``users`` who had both, to the lower triangle of ``gram``.

    ``gram`` is float32 [items, items] in Fortran order and is changed in place. With ``weights`` (by position) a pair
    counts for the root of the product of what its items weigh, and an item for its heaviest event.
    """
    from scipy.linalg.blas import ssyrk

    n_items = gram.shape[0]
    for begin in range(0, len(users), _USERS_AT_A_TIME):
        part = users[begin : begin + _USERS_AT_A_TIME]
        block = np.zeros((len(part), n_items), np.float32)
        rows = np.repeat(np.arange(len(part)), histories.lengths[part])
        positions = histories.positions_of(part)
        if weights is None:
            block[rows, histories.items[positions]] = 1.0
        else:
            np.maximum.at(block, (rows, histories.items[positions]), np.sqrt(weights[positions]))
        updated = ssyrk(1.0, block.T, beta=1.0, c=gram, lower=1, overwrite_c=1)
        if updated is not gram and not np.shares_memory(updated, gram):
            gram[...] = updated


def shift_gram(
    gram: Float32, histories: Histories, users: Int64, amount: float, weights: Float32 | None = None
) -> None:
    """Add ``amount`` times what the last event of each of ``users`` gives to the Gram matrix, in place.

    An item that the user had before his last event, with no less weight, gives nothing.
    """
    if weights is not None:
        _shift_weighted_gram(gram, histories, users, amount, weights)
        return
    for user in users:
        history = histories.of(int(user))
        last, had = int(history[-1]), np.zeros(len(gram), bool)
        had[history[:-1]] = True
        if had[last]:
            continue
        before = np.flatnonzero(had)
        gram[np.maximum(before, last), np.minimum(before, last)] += np.float32(amount)
        gram[last, last] += np.float32(amount)


def _shift_weighted_gram(gram: Float32, histories: Histories, users: Int64, amount: float, weights: Float32) -> None:
    for user in users:
        positions = slice(int(histories.indptr[user]), int(histories.indptr[user + 1]))
        history, roots = histories.items[positions], np.sqrt(weights[positions])
        before, last = np.zeros(len(gram), np.float32), int(history[-1])
        np.maximum.at(before, history[:-1], roots[:-1])
        old, new = before[last], max(before[last], roots[-1])
        if new == old:
            continue
        others = np.flatnonzero(before)
        others = others[others != last]
        gram[np.maximum(others, last), np.minimum(others, last)] += np.float32(amount) * (new - old) * before[others]
        gram[last, last] += np.float32(amount) * (new * new - old * old)


def add_near(gram: Float32, items: Int32, targets: Int64, starts: Int64, weights: Float32 | None = None) -> None:
    """Add what stands near each other in histories to ``gram`` [items, items], in place: its lower triangle counts.

    It is in Fortran order.

    Two events of a history give exp(-steps between them / 15), one with itself 1: a kernel, so that the matrix can be
    inverted as counts of common users can. Added are the pairs that end at positions ``targets`` of ``items``, whose
    histories begin at ``starts``; with ``weights`` (by position) times the root of the product of theirs.
    """
    roots = None if weights is None else np.sqrt(weights)
    cells = gram.reshape(-1, order="F")  # a view; adding to cells of one axis is faster than of two
    for distance in range(_NEAR_STEPS + 1):
        inside = targets - distance >= starts
        targets, starts = targets[inside], starts[inside]
        if not len(targets):
            return
        first, second = items[targets - distance], items[targets]
        amount = np.float32(np.exp(-distance / _NEARNESS))
        given = np.full(len(targets), amount) if roots is None else amount * roots[targets - distance] * roots[targets]
        # A pair of one item with itself stands on both sides of the diagonal.
        given[(first == second) & (distance > 0)] *= 2
        np.add.at(cells, np.maximum(first, second) + np.minimum(first, second).astype(np.int64) * len(gram), given)


def item_weights(gram: Float32, regularization: float) -> Float32:
    """The weights B [items, items]: a history's scores are the sum of the rows of its items.

    ``gram`` (lower triangle, Fortran order) is not changed. The diagonal of B is zero.
    """
    from scipy.linalg.lapack import spotrf, spotri

    if not len(gram):
        return gram
    work = gram.copy(order="F")
    work.reshape(-1, order="F")[:: len(work) + 1] += np.float32(regularization)
    work, info = spotrf(work, lower=1, overwrite_a=1, clean=0)
    if info == 0:
        work, info = spotri(work, lower=1, overwrite_c=1)
    if info != 0:
        raise ArithmeticError(f"the Gram matrix with regularization {regularization} is not positive definite")
    # The transpose of a Fortran-ordered lower triangle is a C-ordered upper one: row i holds columns i and above.
    inverse: Float32 = work.T
    diagonal = -1.0 / inverse.diagonal()
    _mirror(inverse)
    inverse *= diagonal[None, :].astype(np.float32)
    np.fill_diagonal(inverse, 0.0)
    return inverse


def cosine_table(gram: Float32, width: int) -> NeighbourTable:
    """The ``width`` items with the most users in common of each, over the roots of their numbers; itself left out.

    ``gram`` is a lower triangle as :func:`add_gram` leaves it.
    """
    roots = np.sqrt(np.maximum(gram.diagonal(), 1.0))
    upper = gram.T  # in rows

    def rows(begin: int, end: int) -> Float32:
        block = np.array(upper[begin:end])
        block[:, :end] = gram[begin:end, :end]
        block[:, begin:end] += np.triu(upper[begin:end, begin:end], 1)
        block /= roots
        block /= roots[begin:end, None]
        block[np.arange(end - begin), np.arange(begin, end)] = 0.0
        return block

    return strongest(len(gram), width, rows)


def _mirror(matrix: Float32, block: int = 512) -> None:
    """Copy the upper triangle onto the lower one, a block at a time so that the reads stay near each other."""
    n = len(matrix)
    for top in range(0, n, block):
        bottom = min(top + block, n)
        corner = matrix[top:bottom, top:bottom]
        corner[...] = np.triu(corner) + np.triu(corner, 1).T
        matrix[bottom:, top:bottom] = matrix[top:bottom, bottom:].T


def read_rows(weights: Float32, items: Int32, strengths: Float32) -> Float32:
    """The sum of the rows of ``items`` times ``strengths``, without BLAS: reproducible beside other threads."""
    result: Float32 = np.einsum("i,ij->j", strengths, weights[items])
    return result
