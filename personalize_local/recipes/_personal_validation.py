"""The events on which the blend of the personal recipes is chosen, and the signals for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine.blend import Validation, standardised_rows
from personalize_local.engine.context import fit_context
from personalize_local.engine.data import Categorical, Float32, Float64, Int32, Int64, Interactions, Numeric
from personalize_local.engine.histories import Histories, ranges
from personalize_local.engine.neighbours import NeighbourTable
from personalize_local.engine.transitions import WINDOW, PairCounts, backward, scales

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FEWEST_EVENTS = 25  # held-out events below which the defaults stand: fewer cannot tell settings apart
_MOST_EVENTS = 600  # chosen: each costs a pass over the catalogue for every setting that is tried
_CELLS = 4_000_000  # users x items of one signal: 16 MB


def choose_validation_users(users: Int64, lengths: Int64, n_items: int, seed: int) -> Int64:
    """Users whose last event is held out (sorted): a seeded choice among those with three events and more."""
    eligible = users[lengths[users] >= 3]
    size = min(_MOST_EVENTS, max(200, _CELLS // max(n_items, 1)), len(eligible) // 2)
    if size < FEWEST_EVENTS:
        return np.zeros(0, np.int64)
    return np.sort(np.random.default_rng([seed, 1]).permutation(eligible)[:size])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Readings:
    """The events before the held-out ones: user row, item and age in events of each."""

    row: Int64
    item: Int32
    age: Int64
    n_rows: int
    n_items: int

    def weighted(self, decay: float, window: int) -> csr_array:
        """Strengths [users, items] of the last ``window`` events."""
        from scipy.sparse import csr_array

        kept = self.age < window
        strengths = np.exp(-self.age[kept] / decay).astype(np.float32)
        return csr_array((strengths, (self.row[kept], self.item[kept])), shape=(self.n_rows, self.n_items))


def build_validation(
    histories: Histories,
    users: Int64,
    counts: PairCounts,
    affinity: Float32 | NeighbourTable,
    popularity: Float32,
    window: int,
    history_limit: int,
    context: Mapping[str, Float32],
) -> Validation:
    """The signals of tables that were learned without the last event of each of ``users``."""
    from scipy.sparse import csr_array

    ends = histories.indptr[users + 1] - 1
    starts = np.maximum(histories.indptr[users], ends - history_limit)
    positions = ranges(starts, ends)
    row = np.repeat(np.arange(len(users)), ends - starts)
    readings = _Readings(
        row=row,
        item=histories.items[positions],
        age=ends[row] - 1 - positions,
        n_rows=len(users),
        n_items=len(popularity),
    )
    reverse = backward(counts)
    near = min(WINDOW, window)
    weights = affinity.sparse() if isinstance(affinity, NeighbourTable) else affinity
    far = near if isinstance(affinity, NeighbourTable) else window

    @lru_cache(maxsize=2)
    def raw_transitions(share: float, decay: float) -> Float32:
        from scipy.sparse import diags_array

        read = readings.weighted(decay, near) @ diags_array(scales(counts, share, 0.0)[0])
        total = _full(read @ counts)
        return total + np.float32(share) * _full(read @ reverse) if share else total

    @lru_cache(maxsize=2)
    def transitions(share: float, damping: float, decay: float) -> Float32:
        return standardised_rows(raw_transitions(share, decay) * scales(counts, share, damping)[1])

    @lru_cache(maxsize=2)
    def likes(decay: float) -> Float32:
        read: Any = readings.weighted(decay, far) @ weights  # sparse or dense, as the weights are
        return standardised_rows(_full(read))

    deviation = float(popularity.std())
    seen = csr_array((np.ones(len(row), bool), (row, readings.item)), shape=(len(users), len(popularity))).tocoo()
    return Validation(
        target=histories.items[ends],
        transitions=transitions,
        affinity=likes,
        popularity=((popularity - popularity.mean()) / (deviation if deviation > 1e-6 else np.inf)).astype(np.float32),
        seen_rows=seen.row.astype(np.int64),
        seen_items=seen.col.astype(np.int32),
        context=context,
    )


def context_of_events(interactions: Interactions, learned: Int64, held: Int64, n_items: int) -> dict[str, Float32]:
    """The context logits [held, items] of the interactions ``held``, learned from the interactions ``learned``."""
    columns = {name: take(column, learned) for name, column in interactions.context.items()}
    fitted = fit_context(columns, interactions.item[learned], n_items)
    result = {}
    for name, column in fitted.items():
        padded = np.concatenate((column.logits, np.zeros((1, n_items), np.float32)))
        asked = take(interactions.context[name], held)
        if isinstance(asked, Numeric):
            codes = np.array([column.code(str(value)) for value in asked.values], np.int64)
        else:
            known = np.array([column.code(value) for value in asked.values] + [-1], np.int64)
            codes = known[asked.codes]
        result[name] = padded[codes]
    return result


def take(column: Categorical | Numeric, rows: Int64) -> Categorical | Numeric:
    """The column at ``rows``."""
    if isinstance(column, Numeric):
        return Numeric(values=column.values[rows])
    return Categorical(codes=column.codes[rows], values=column.values)


def _full(matrix: Float32 | Float64 | csr_array) -> Float32:
    dense = matrix if isinstance(matrix, np.ndarray) else matrix.toarray()
    return dense.astype(np.float32, copy=False)
