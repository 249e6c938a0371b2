"""The events on which the blend of the personal recipes is chosen, and the signals for them.

Of each user only a pool of items is looked at: the strongest under each signal, the most popular, the history and the
held-out item. What is outside could not come first under any setting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine.blend import Settings, Validation, repeats, softened
from personalize_local.engine.context import ContextColumn, PersonColumn
from personalize_local.engine.data import Float32, Float64, Int32, Int64
from personalize_local.engine.histories import Histories, ranges
from personalize_local.engine.neighbours import NeighbourTable
from personalize_local.engine.transitions import WINDOW, Margins
from personalize_local.recipes._personal_sums import Affinity, Sums

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FEWEST_EVENTS = 50  # held-out events below which the defaults stand: fewer cannot tell settings apart
# Chosen: each held-out event costs a pass over its pool for every setting, which where there is much data takes longer
# than it tells.
_MOST_EVENTS, _MOST_EVENTS_LARGE, _LARGE = 1_500, 400, 300_000
_SHARE = 0.1  # of the interactions that may be held out
_POOL, _POPULAR = 200, 100  # strongest items of each signal, and most popular ones; where there is much data, half

Column = tuple[ContextColumn, Int32]
"""What a column says, and the code of its value for each held-out event (-1: none)."""


def choose_validation_users(users: Int64, lengths: Int64, seed: int) -> Int64:
    """Users whose last event is held out (sorted): a seeded choice among those with two events and more."""
    eligible = users[lengths[users] >= 2]
    events = int(lengths[users].sum())
    # Half of the users are enough; all of them where a last event is little of what they had.
    enough = max(len(eligible) // 2, min(len(eligible), int(_SHARE * events)))
    size = min(_MOST_EVENTS if events <= _LARGE else _MOST_EVENTS_LARGE, enough)
    if size < FEWEST_EVENTS:
        return np.zeros(0, np.int64)
    return np.sort(np.random.default_rng([seed, 1]).permutation(eligible)[:size])


@dataclass(frozen=True, kw_only=True)
class _Readings:
    """The events before the held-out ones: user row, item and age in events of each."""

    row: Int64
    item: Int32
    age: Int64
    n_rows: int
    n_items: int

    @classmethod
    def of(cls, histories: Histories, users: Int64, limit: int, n_items: int) -> _Readings:
        """The last ``limit`` events before the last one of each of ``users``."""
        ends = histories.indptr[users + 1] - 1
        starts = np.maximum(histories.indptr[users], ends - limit)
        positions = ranges(starts, ends)
        row = np.repeat(np.arange(len(users)), ends - starts)
        return cls(
            row=row,
            item=histories.items[positions],
            age=ends[row] - 1 - positions,
            n_rows=len(users),
            n_items=n_items,
        )

    def weighted(self, decay: float, window: int) -> csr_array:
        """Strengths [users, items] of the last ``window`` events."""
        from scipy.sparse import csr_array

        kept = self.age < window
        strengths = np.exp(-self.age[kept] / decay).astype(np.float32)
        return csr_array((strengths, (self.row[kept], self.item[kept])), shape=(self.n_rows, self.n_items))

    def repeated(self, pool: _Pool, decay: float) -> Float32:
        """How often and lately the item of each cell was had."""
        found = np.zeros(len(pool.row), np.float32)
        bounds = np.searchsorted(self.row, np.arange(self.n_rows + 1))
        for row in range(self.n_rows):
            items, strengths = repeats(self.item[bounds[row] : bounds[row + 1]], decay)
            found[pool.places(np.full(len(items), row), items.astype(np.int64))] = strengths
        return found


@dataclass(frozen=True, kw_only=True)
class _Pool:
    """The cells of :class:`Validation`: the user and the item of each, in the order of users and then of items."""

    row: Int32
    item: Int32
    n_rows: int
    n_items: int

    @classmethod
    def of(cls, parts: Sequence[tuple[Int64, Int64]], n_rows: int, n_items: int) -> _Pool:
        """The union of (rows, items) pairs."""
        keys = np.unique(np.concatenate([row.astype(np.int64) * n_items + item for row, item in parts]))
        row, item = np.divmod(keys, n_items)
        return cls(row=row.astype(np.int32), item=item.astype(np.int32), n_rows=n_rows, n_items=n_items)

    @cached_property
    def _keys(self) -> Int64:
        return self.row.astype(np.int64) * self.n_items + self.item

    @cached_property
    def starts(self) -> Int64:
        """The first cell of each user."""
        found: Int64 = np.searchsorted(self.row, np.arange(self.n_rows)).astype(np.int64)
        return found

    def places(self, row: Int64, item: Int64) -> Int64:
        """The cells of users and items that the pool has."""
        found: Int64 = np.searchsorted(self._keys, row.astype(np.int64) * self.n_items + item).astype(np.int64)
        return found

    def standardised(self, signal: Float32 | csr_array) -> Float32:
        """The cells of a whole signal [users, items] over each user's deviation; without variation it is silent."""
        if isinstance(signal, np.ndarray):
            sums = signal.sum(axis=1, dtype=np.float64)
            squares: Float64 = np.einsum("ij,ij->i", signal, signal).astype(np.float64)
            cells = signal[self.row, self.item]
        else:
            sums = np.asarray(signal.sum(axis=1), np.float64).ravel()
            filled = np.repeat(np.arange(self.n_rows), np.diff(signal.indptr))
            squares = np.bincount(filled, signal.data.astype(np.float64) ** 2, minlength=self.n_rows).astype(np.float64)
            cells = self.cells_of(signal, np.arange(self.n_rows))
        return self._over_deviation(cells, sums, squares)

    def scaled(self, cells: Float32) -> Float32:
        """The same of a signal that is known by its cells alone."""
        sums = np.add.reduceat(cells, self.starts, dtype=np.float64)
        return self._over_deviation(cells, sums, np.add.reduceat(cells * cells, self.starts, dtype=np.float64))

    def _over_deviation(self, cells: Float32, sums: Float64, squares: Float64) -> Float32:
        mean = sums / self.n_items
        variance = squares / self.n_items - mean * mean
        scale = np.where(variance > 1e-20, 1.0 / np.sqrt(np.maximum(variance, 1e-20)), 0.0)
        found: Float32 = cells * scale.astype(np.float32)[self.row]
        return found

    def cells_of(self, matrix: Float32 | csr_array, rows: Int64) -> Float32:
        """The cells of a matrix, of which row ``rows[u]`` is user u's; 0 for a row of -1."""
        if isinstance(matrix, np.ndarray):
            found: Float32 = matrix[rows[self.row], self.item]
            return np.where(rows[self.row] < 0, np.float32(0), found) if (rows < 0).any() else found
        whole, found = np.zeros(self.n_items, np.float32), np.empty(len(self.row), np.float32)
        bounds = np.append(self.starts, len(self.row)).tolist()
        for user, row in enumerate(rows.tolist()):
            filled = slice(matrix.indptr[row], matrix.indptr[row + 1]) if row >= 0 else slice(0, 0)
            whole[matrix.indices[filled]] = matrix.data[filled]
            cells = slice(bounds[user], bounds[user + 1])
            found[cells] = whole[self.item[cells]]
            whole[matrix.indices[filled]] = 0.0
        return found

    def column(self, column: Column) -> Float32:
        """What a column says of each cell."""
        known, codes = column
        padded = np.concatenate((known.logits, np.zeros((1, self.n_items), np.float32)))  # the last is for -1
        return padded[codes[self.row], self.item]

    def person(self, person: PersonColumn, users: Int64) -> Float32:
        """What a column of the user says of each cell."""
        found = np.zeros(len(self.row), np.float32)
        bounds = np.append(self.starts, len(self.row))
        for row, user in enumerate(users.tolist()):
            logits = person.of(user)
            if logits is not None:
                cells = slice(bounds[row], bounds[row + 1])
                found[cells] = logits[self.item[cells]]
        return found


class _Signals:
    """The signals of tables that were learned without the held-out events."""

    def __init__(
        self,
        readings: _Readings,
        sums: Sums,
        affinity: Callable[[float], Affinity],
        tables: Mapping[str, NeighbourTable],
        window: int,
    ) -> None:
        self._readings, self._sums = readings, sums
        self._near = min(WINDOW, window)
        self._far = self._near if isinstance(affinity(0.0), NeighbourTable) else window
        self._affinity = lru_cache(maxsize=1)(lambda share: _readable(affinity(share)))
        self._margins = Margins.of(sums.counts)
        self._tables = {name: table.sparse() for name, table in tables.items()}

    def transitions(self, settings: Settings) -> Float32 | csr_array:
        """The whole signal [users, items]."""
        counts, share = self._sums.counts, settings.reverse_share
        rows, columns = self._margins.scales(share, settings.damping)
        read = self._readings.weighted(settings.transition_decay, self._near)
        read.data *= rows[read.indices]
        total = read @ counts + (read @ self._sums.reverse) * np.float32(share)
        if isinstance(total, np.ndarray):
            return (total * columns).astype(np.float32, copy=False)
        found: csr_array = total  # type: ignore[assignment]  # the product of sparse ones is sparse
        found.data *= columns[found.indices]
        return found

    def affinity(self, decay: float, near_share: float) -> Float32 | csr_array:
        """The whole signal [users, items]."""
        found: Float32 | csr_array = self._readings.weighted(decay, self._far) @ self._affinity(near_share)
        return found

    def of_table(self, name: str, decay: float) -> csr_array:
        """The whole signal [users, items] of a further table."""
        found: csr_array = self._readings.weighted(decay, self._near) @ self._tables[name]
        return found

    def usual(self, tables: Iterable[str], *, nearness: bool) -> Iterator[Float32 | csr_array]:
        """The whole signals under the usual settings."""
        usual = Settings()
        yield self.transitions(usual)
        for share in (0.0, 1.0) if nearness else (0.0,):
            yield self.affinity(usual.affinity_decay, share)
        for name in tables:
            yield self.of_table(name, usual.affinity_decay)

    def steps(self, pool: _Pool) -> _Steps:
        """The transitions to the cells of a pool, event by event."""
        last = np.full((self._near, pool.n_rows), -1, np.int64)
        kept = self._readings.age < self._near
        last[self._readings.age[kept], self._readings.row[kept]] = self._readings.item[kept]
        ahead, behind = (
            np.stack([pool.cells_of(counts, rows) for rows in last])
            for counts in (self._sums.counts, self._sums.reverse)
        )
        return _Steps(pool=pool, margins=self._margins, last=last, ahead=ahead, behind=behind)


def _readable(affinity: Affinity) -> Any:
    return affinity.sparse() if isinstance(affinity, NeighbourTable) else affinity


@dataclass(frozen=True, kw_only=True)
class _Steps:
    """Counts of pairs that end at the cells of a pool: ``ahead`` and ``behind`` [ages, cells], from ``last``.

    ``last`` [ages, users] has the items of the newest events, -1 where there is none.
    """

    pool: _Pool
    margins: Margins
    last: Int64
    ahead: Float32
    behind: Float32

    def transitions(self, decay: float, share: float, damping: float) -> Float32:
        """The standardised signal of each cell; what lies outside the pool is too weak to change the deviation."""
        rows, columns = self.margins.scales(share, damping)
        strengths = np.exp(-np.arange(len(self.last)) / decay)[:, None] * np.append(rows, 0.0)[self.last]
        signal = np.zeros(len(self.pool.row), np.float32)
        for age, strength in enumerate(strengths.astype(np.float32)):
            counts = self.ahead[age] + np.float32(share) * self.behind[age] if share else self.ahead[age]
            signal += counts * strength[self.pool.row]
        signal *= columns[self.pool.item]
        return self.pool.scaled(signal)


def build_validation(
    histories: Histories,
    users: Int64,
    sums: Sums,
    affinity: Callable[[float], Affinity],
    tables: Mapping[str, NeighbourTable],
    popularity: Float32,
    *,
    window: int,
    history_limit: int,
    context: Mapping[str, Column],
    persons: Mapping[str, PersonColumn],
    period: Column | None,
    nearness: bool,
) -> Validation:
    """The signals of tables that were learned without the last event of each of ``users``.

    ``affinity`` is by its near_share; ``tables`` are further ones by their name in :class:`Validation`. The code in
    ``period`` is that of the newest event before the held-out one.
    """
    n_items, target = len(popularity), histories.items[histories.indptr[users + 1] - 1].astype(np.int64)
    readings = _Readings.of(histories, users, history_limit, n_items)
    signals = _Signals(readings, sums, affinity, tables, window)
    parts = 2 if len(histories.items) > _LARGE else 1
    popular = np.argsort(-popularity, kind="stable")[: _POPULAR // parts]
    pool = _pooled(readings, signals.usual(tables, nearness=nearness), target, popular, _POOL // parts)
    seen = np.zeros(len(pool.row), np.float32)
    seen[pool.places(readings.row, readings.item.astype(np.int64))] = 1.0
    of_tables = {name: _softened(partial(_cells_of_table, pool, signals, name)) for name in tables}
    deviation = float(popularity.std())
    spread = (popularity - popularity.mean()) / np.float32(deviation if deviation > 1e-6 else np.inf)
    return Validation(
        starts=pool.starts,
        row=pool.row,
        own=pool.places(np.arange(len(users)), target),
        rest=n_items - np.diff(np.append(pool.starts, len(pool.row))),
        transitions=_softened(signals.steps(pool).transitions),
        affinity=_softened(lambda *setting: pool.standardised(signals.affinity(*setting))),
        companions=of_tables.get("companions"),
        content=of_tables.get("content"),
        period=None if period is None else pool.column(period),
        nearness=nearness,
        popularity=spread.astype(np.float32)[pool.item],
        seen=seen,
        repeated=_kept(lambda decay: readings.repeated(pool, decay)),
        context={name: pool.column(column) for name, column in context.items()},
        persons={name: pool.person(column, users) for name, column in persons.items()},
    )


def _cells_of_table(pool: _Pool, signals: _Signals, name: str, decay: float) -> Float32:
    return pool.standardised(signals.of_table(name, decay))


def _kept(function: Callable[..., Float32]) -> Callable[..., Float32]:
    return lru_cache(maxsize=2)(function)


def _softened(signal: Callable[..., Float32]) -> Callable[..., Float32]:
    """``signal`` with an exponent before its own settings."""
    return _kept(lambda exponent, *settings: softened(signal(*settings), exponent))


def _pooled(
    readings: _Readings, wholes: Iterable[Float32 | csr_array], target: Int64, popular: Int64, width: int
) -> _Pool:
    """The ``width`` highest of each whole signal, the histories, ``popular`` ones and the held-out items."""
    rows = np.arange(readings.n_rows)
    parts = [
        (rows, target),
        (readings.row, readings.item.astype(np.int64)),
        (np.repeat(rows, len(popular)), np.tile(popular, len(rows))),
        *(_highest(signal, width) for signal in wholes),
    ]
    return _Pool.of(parts, readings.n_rows, readings.n_items)


def _highest(signal: Float32 | csr_array, width: int) -> tuple[Int64, Int64]:
    """(rows, items) of the ``width`` highest positive values of each row."""
    rows, items = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for row in range(signal.shape[0]):
        columns: Int32
        if isinstance(signal, np.ndarray):
            columns = np.flatnonzero(signal[row] > 0).astype(np.int32)
            values = signal[row, columns]
        else:
            filled = slice(signal.indptr[row], signal.indptr[row + 1])
            columns, values = signal.indices[filled], signal.data[filled]
        if len(values) > width:
            columns = columns[np.argpartition(values, len(values) - width)[len(values) - width :]]
        rows.append(np.full(len(columns), row, np.int64))
        items.append(columns.astype(np.int64))
    return np.concatenate(rows), np.concatenate(items)
