"""Which items go together: the users who had both, and how near each other they had them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.data import Float32, Float64, Int32, Int64
from personalize_local.engine.evaluation import LIST_LENGTH
from personalize_local.engine.histories import Bool, Histories
from personalize_local.engine.neighbours import common_users, discounted
from personalize_local.engine.transitions import DENSE_ITEMS, LARGE_WINDOW, WINDOW, add_pairs, no_pairs

if TYPE_CHECKING:
    from scipy.sparse import csr_array, csr_matrix

_QUESTIONS = 1_000  # that a mixture is chosen by, at most
_ENOUGH = 50  # below which the first mixture is taken: fewer tell chance, not data
_MOST_CELLS = 2e8  # pairs of items that are looked at for them: a second or two
_AT_ONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """How much two items go together: their users in common, and ``nearness`` for each pair of neighbouring events.

    Events further apart count 1 / distance of that. All of it is divided by the other item's users ^ ``discount``.
    """

    nearness: float
    discount: float


def companions(
    history: Histories, users: Int64, n_items: int, mixture: Mixture, width: int, near: csr_array | None = None
) -> csr_array:
    """What goes with each item in the histories of ``users``, the ``width`` strongest of those and others; not itself.

    Values are those of ``mixture``. ``near`` is :func:`near_pairs` of the users, where it is known.
    """
    positions = history.positions_of(users)
    user, item = history.owners()[positions], history.items[positions]
    size = len(history.lengths)
    table, users_of = common_users(user, item, size, n_items, discount=mixture.discount, width=width)
    if mixture.nearness:
        near = near_pairs(history, users, n_items) if near is None else near
        table = table + near * np.float32(mixture.nearness)
    return discounted(table, users_of, mixture.discount)


def near_pairs(history: Histories, users: Int64, n_items: int) -> csr_array:
    """1 / distance summed over the pairs of events of ``users`` that lie near each other, both ways.

    The diagonal is empty.
    """
    from scipy.sparse import csr_array

    positions = history.positions_of(users)
    starts = np.repeat(history.indptr[:-1], history.lengths)[positions]
    both: csr_array = csr_array(add_pairs(no_pairs(n_items), history.items, positions, starts, _window(n_items)))
    both = (both + both.T).tocsr()
    both.data[np.repeat(np.arange(n_items), np.diff(both.indptr)) == both.indices] = 0.0
    both.eliminate_zeros()
    return both


def _window(n_items: int) -> int:
    return WINDOW if n_items <= DENSE_ITEMS else LARGE_WINDOW


def chosen_mixture(
    history: Histories, users: Int64, near: csr_array, candidates: Sequence[Mixture], seed: int
) -> Mixture:
    """The candidate that finds the newest item of ``users`` best when it is asked with the one before (NDCG at 25).

    The first one where there is too little to choose by, and among equals. ``near`` is :func:`near_pairs` of the users.
    """
    asked = _asked(history, users, seed)
    if len(asked) < _ENOUGH:
        return candidates[0]
    n_items = near.shape[0]
    matrix = _had(history, users, n_items)
    users_of = np.bincount(matrix.indices, minlength=n_items).astype(np.float64)
    gains = np.zeros(len(candidates))
    for begin in range(0, len(asked), _AT_ONCE):
        held = history.indptr[asked[begin : begin + _AT_ONCE] + 1] - 1
        truth, query, rows = history.items[held], history.items[held - 1], np.arange(len(held))
        together, nearby = (matrix[:, query].T @ matrix).toarray().astype(np.float32), near[query].toarray()
        # What is asked for was learned from as well: that is all that it adds.
        again, own = _earlier(history, held, _window(n_items))
        together[rows, truth] -= ~again
        nearby[rows, truth] -= own
        for number, mixture in enumerate(candidates):
            scores = together + np.float32(mixture.nearness) * nearby
            scores /= (np.maximum(users_of, 1.0) ** mixture.discount).astype(np.float32)
            fewer = np.maximum(users_of[truth] - ~again, 1.0) / np.maximum(users_of[truth], 1.0)
            scores[rows, truth] /= (fewer**mixture.discount).astype(np.float32)
            gains[number] += _gain(scores, query, truth, users_of)
    return candidates[int(gains.argmax())]


def _earlier(history: Histories, held: Int64, window: int) -> tuple[Bool, Float32]:
    """Of the events at ``held``: whether their users had the items before, and how near them they had the one before.

    The latter is what :func:`near_pairs` has of it, in one direction.
    """
    owners = history.owners()[held]
    again, own = np.zeros(len(held), np.bool_), np.zeros(len(held), np.float32)
    for row, (place, start) in enumerate(zip(held.tolist(), history.indptr[owners].tolist(), strict=True)):
        items = history.items[start : place + 1]
        again[row] = (items[:-1] == items[-1]).any()
        near = items[-2 : -window - 2 : -1]
        own[row] = (1.0 / (np.flatnonzero(near == items[-2]) + 1)).sum()
    return again, own


def _asked(history: Histories, users: Int64, seed: int) -> Int64:
    """Users whose two newest items differ, by chance, as many as may be asked at a bearable cost."""
    longer = users[history.lengths[users] >= 2]
    last = history.indptr[longer + 1] - 1
    longer = longer[history.items[last] != history.items[last - 1]]
    longer = np.random.default_rng([seed, 7]).permutation(longer)[:_QUESTIONS]
    # An item is compared with all that its users had.
    sizes = np.bincount(history.items, np.repeat(history.lengths, history.lengths))
    cost = np.cumsum(sizes[history.items[history.indptr[longer + 1] - 2]])
    return longer[cost <= _MOST_CELLS]


def _had(history: Histories, users: Int64, n_items: int) -> csr_matrix:
    from scipy.sparse import coo_array, csr_matrix

    positions = history.positions_of(users)
    cells = (np.ones(len(positions)), (history.owners()[positions], history.items[positions]))
    matrix = csr_matrix(coo_array(cells, shape=(len(history.lengths), n_items)))
    matrix.data[:] = 1.0  # having had an item twice counts once
    return matrix


def _gain(scores: Float32, query: Int32, truth: Int32, popularity: Float64) -> float:
    """The sum of NDCG over rows of ``scores``, in each of which one item is the truth and the query is left out."""
    rows = np.arange(len(query))
    scores[rows, query] = -1.0
    found = scores[rows, truth][:, None]
    ahead = scores > found
    ahead |= (scores == found) & (popularity > popularity[truth][:, None])
    places = np.count_nonzero(ahead, axis=1)
    return float(np.where(places < LIST_LENGTH, 1.0 / np.log2(places + 2.0), 0.0).sum())
