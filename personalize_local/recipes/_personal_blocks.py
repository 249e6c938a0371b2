"""Answers of the personal model to many queries at a time: the same as one by one, in a few passes over all of them.

:meth:`PersonalModel.scores_of` says what is right; what is summed here in another order differs by rounding alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from personalize_local.engine.blend import recency, softened
from personalize_local.engine.context import context_parts, person_parts
from personalize_local.engine.data import Float32, Float64, Int32, Int64
from personalize_local.engine.histories import ranges
from personalize_local.engine.many_scores import Best, ManyScores
from personalize_local.engine.neighbours import NeighbourTable
from personalize_local.engine.scores import Bool, Scores
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.recipes._personal_model import HISTORY, PersonalModel
from personalize_local.recipes.base import Query

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from personalize_local.recipes._common import Arrays

_NO_ITEMS: Int32 = np.zeros(0, np.int32)
_Answer = TypeVar("_Answer")
_CELLS = 500_000
"""Cells of users times items that are worked on at a time: arrays of two megabytes, which caches still hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prescored:
    """A model that has the answers to some queries ready, and gives those alone."""

    trained: PersonalModel
    found: Mapping[int, Scores]

    @property
    def items(self) -> Vocabulary:
        """The items of the model."""
        return self.trained.items

    def scores(self, query: Query) -> Scores:
        """The scores of one of the queries; of any other one as the model gives them."""
        found = self.found.get(id(query))
        return self.trained.scores(query) if found is None else found

    def arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """Those of the model."""
        return self.trained.arrays()


def prescored(model: PersonalModel, queries: Sequence[Query]) -> Prescored:
    """``model`` with the answers to ``queries``, which must stay alive as long as this."""
    scores = scores_of_all(model, queries)
    return Prescored(trained=model, found={id(query): one for query, one in zip(queries, scores, strict=True)})


def scores_of_all(model: PersonalModel, queries: Sequence[Query]) -> list[Scores]:
    """The scores of each query, as ``model.scores`` gives them."""
    return _each(_Asked.of(model, queries), lambda answers: answers.scores())


def shares_of_groups(model: PersonalModel, users: Sequence[int], belongs: csr_array) -> Float64:
    """The probability of each group of items [items, groups] for each user, by index, without a context."""
    asked = _Asked(
        model=model,
        histories=[model.histories.of(user) for user in users],
        contexts=[{}] * len(users),
        users=users,
        times=[model._time(Query(), user) for user in users],
    )
    found = _each(asked, lambda answers: list(answers.shares_of(belongs)))
    return np.stack([np.zeros(belongs.shape[1]), *found])[1:]


def top_of_all(model: PersonalModel, queries: Sequence[Query], k: int, allowed: Bool | None = None) -> list[Best]:
    """The best ``k`` items of each query and their probabilities, as ``Scores.top`` gives them."""
    return _each(_Asked.of(model, queries), lambda answers: answers.top(k, allowed))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Histories, oldest first, what is known beside each, and the index of its user (-1: unknown).

    ``times`` are those of the newest events (epoch seconds; None: unknown).
    """

    model: PersonalModel
    histories: Sequence[Int32]
    contexts: Sequence[Mapping[str, str]]
    users: Sequence[int]
    times: Sequence[float | None]

    @classmethod
    def of(cls, model: PersonalModel, queries: Sequence[Query]) -> _Asked:
        users = _users(model, queries)
        histories = [
            model.histories.of(user, HISTORY) if user >= 0 and not query.events else model.history(query)
            for query, user in zip(queries, users, strict=True)
        ]
        return cls(
            model=model,
            histories=histories,
            contexts=[query.context for query in queries],
            users=users,
            times=[model._time(query, user) for query, user in zip(queries, users, strict=True)],
        )

    def __len__(self) -> int:
        return len(self.histories)

    def at(self, places: Sequence[int]) -> _Asked:
        """Some of them."""
        return _Asked(
            model=self.model,
            histories=[self.histories[place] for place in places],
            contexts=[self.contexts[place] for place in places],
            users=[self.users[place] for place in places],
            times=[self.times[place] for place in places],
        )


def _users(model: PersonalModel, queries: Sequence[Query]) -> list[int]:
    """The index of the user of each query, -1 for none: all are looked up in one step."""
    named = [place for place, query in enumerate(queries) if query.user_id is not None]
    found = np.full(len(queries), -1, np.int64)
    if named:
        found[named] = model.users.indexes([str(queries[place].user_id) for place in named])
    users: list[int] = found.tolist()
    return users


def _each(asked: _Asked, read: Callable[[_Alone | ManyScores], Sequence[_Answer]]) -> list[_Answer]:
    """What is read of the answers to all that is asked, in its order."""
    model = asked.model
    places = range(len(asked))
    alone = [place for place in places if not len(asked.histories[place])]
    together = [place for place in places if len(asked.histories[place])]
    found = dict(zip(alone, read(_Alone(asked=asked.at(alone))), strict=True))
    blocks = _Sparse(model) if isinstance(model.affinity, NeighbourTable) else _Dense(model)
    width = max(1, _CELLS // max(len(model.items), 1))
    for begin in range(0, len(together), width):
        part = together[begin : begin + width]
        found |= zip(part, read(blocks.answers(_Block.of(asked.at(part)))), strict=True)
    return [found[place] for place in places]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alone:
    """Answers one by one, for those without a history."""

    asked: _Asked

    def scores(self) -> list[Scores]:
        """All of them."""
        asked = self.asked
        given = zip(asked.histories, asked.contexts, asked.users, asked.times, strict=True)
        return [asked.model.scores_of(*one) for one in given]

    def top(self, k: int, allowed: Bool | None) -> list[Best]:
        """The best of each."""
        return [scores.top(k, allowed) for scores in self.scores()]

    def shares_of(self, belongs: csr_array) -> Float64:
        """The probabilities of groups; the same for all where nothing is known of anyone."""
        count = len(self.asked)
        told_apart = range(count) if self.asked.model.persons else range(min(count, 1))
        found = np.zeros((count, belongs.shape[1]))
        for place, scores in enumerate(_Alone(asked=self.asked.at(told_apart)).scores()):
            found[place:] = _shares(scores.dense(), belongs)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Histories of some users one after the other, none empty, oldest first; user i's end before ``ends[i]``."""

    items: Int32
    ends: Int64
    contexts: Sequence[Mapping[str, str]]
    users: Sequence[int]
    times: Sequence[float | None]

    @classmethod
    def of(cls, asked: _Asked) -> _Block:
        ends = np.cumsum([len(history) for history in asked.histories])
        return cls(
            items=np.concatenate(asked.histories),
            ends=ends,
            contexts=asked.contexts,
            users=asked.users,
            times=asked.times,
        )

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def begins(self) -> Int64:
        return np.concatenate((np.zeros(1, np.int64), self.ends[:-1]))

    def newest(self, strengths: Float32) -> tuple[Int64, Int32, Float32]:
        """(user, item, strength) of the newest events of each, as many as there are ``strengths``, oldest first."""
        begins = np.maximum(self.begins, self.ends - len(strengths))
        places = ranges(begins, self.ends)
        lengths = self.ends - begins
        owners = np.repeat(np.arange(len(self)), lengths)
        return owners, self.items[places], strengths[len(strengths) - (self.ends[owners] - places)]

    def had(self, n_items: int, decay: float) -> tuple[Int64, Float32]:
        """(user * ``n_items`` + item of each item that a user had, ascending; how often and lately he had it)."""
        lengths = self.ends - self.begins
        owners = np.repeat(np.arange(len(self)), lengths)
        longest = recency(int(lengths.max()), decay)
        strengths = longest[len(longest) - (self.ends[owners] - np.arange(len(self.items)))]
        keys, places = np.unique(owners * n_items + self.items, return_inverse=True)
        counts = np.bincount(places, strengths, minlength=len(keys))
        return keys, np.log1p(counts).astype(np.float32)


class _Parts:
    """What a model adds beside its tables."""

    def __init__(self, model: PersonalModel) -> None:
        self.model, self.n_items = model, len(model.items)

    def again(self, block: _Block) -> tuple[Int64, Float32]:
        """The cells of what each user had, and what that adds to them; a cell may come twice, with the same."""
        settings = self.model.settings
        heat, seen_weight = np.float32(settings.temperature), np.float32(settings.seen_weight)
        if not settings.repeat_weight:  # how often is not asked
            keys = np.repeat(np.arange(len(block)) * self.n_items, block.ends - block.begins) + block.items
            return keys, np.full(len(keys), seen_weight * heat)
        keys, strengths = block.had(self.n_items, settings.repeat_decay)
        return keys, (seen_weight + strengths * np.float32(settings.repeat_weight)) * heat

    def rows(self, block: _Block) -> Iterator[tuple[int, Float32, float]]:
        """User, logits of the catalogue and their weight, for what is known beside a history but for its time."""
        model = self.model
        if not model.persons and not any(block.contexts):
            return
        for place, (context, user) in enumerate(zip(block.contexts, block.users, strict=True)):
            parts = context_parts(model.context, model.settings.context_weights, context)
            parts += person_parts(model.persons, model.settings.person_weights, user)
            for row, weight in parts:
                yield place, row, weight

    @cached_property
    def bases(self) -> Float32:
        """The logit that each item has by its popularity and the part of time, and a last row without the latter."""
        popular = self.model._popular.astype(np.float32, copy=False)
        periods, settings = self.model.periods, self.model.settings
        if periods is None or not settings.period_weight:
            return popular[None]
        added = periods.logits * np.float32(settings.period_weight * settings.temperature)
        return np.concatenate((popular + added, popular[None]))

    def base_of(self, block: _Block) -> Int64:
        """The row of ``bases`` of each user."""
        last = len(self.bases) - 1
        if not last:
            return np.zeros(len(block), np.int64)
        assert self.model.periods is not None
        part = self.model.periods.part
        return np.array([last if time is None else part(time) for time in block.times], np.int64)


class _Dense(_Parts):
    """Every item of a small catalogue has a score."""

    def answers(self, block: _Block) -> ManyScores:
        """The logits of each user of a block."""
        model, settings = self.model, self.model.settings
        heat, share = settings.temperature, settings.transition_share
        near = block.newest(model._near)
        signals = [
            (self._sums(block, model.transitions, near).astype(np.float32), share),
            (self._product(block, block.newest(model._far)), 1 - share),
        ]
        owners, items, _ = near
        far = self._recent(block, model._far)
        for table, weight in model._further():
            signals.append((self._sums(block, table, (owners, items, far)).astype(np.float32), weight))
        logits = self.bases[self.base_of(block)]
        for signal, weight in signals:
            logits += softened(signal * self._scale(signal), settings.exponent) * np.float32(weight * heat)
        for place, row, weight in self.rows(block):
            logits[place] += row * np.float32(weight * heat)
        keys, added = self.again(block)
        logits.reshape(-1)[keys] += added
        return ManyScores(
            order=model.order,
            starts=np.arange(len(block) + 1) * self.n_items,
            cells=np.arange(len(block) * self.n_items),
            logits=logits.reshape(-1),
            floor=None,
        )

    def _recent(self, block: _Block, far: Float32) -> Float32:
        """The strengths of ``far`` for as many of the newest events as are read through transitions."""
        return block.newest(far[len(far) - len(self.model._near) :])[2]

    def _product(self, block: _Block, read: tuple[Int64, Int32, Float32]) -> Float32:
        from scipy.sparse import csr_array

        owners, items, strengths = read
        indptr = np.searchsorted(owners, np.arange(len(block) + 1)).astype(np.int32)
        table: Float32 = self.model.affinity  # type: ignore[assignment]  # dense in this class
        return np.asarray(csr_array((strengths, items, indptr), shape=(len(block), self.n_items)) @ table, np.float32)

    def _sums(self, block: _Block, table: NeighbourTable, read: tuple[Int64, Int32, Float32]) -> Float64:
        owners, items, strengths = read
        keys = (table.indexes[items] + (owners * self.n_items)[:, None]).reshape(-1)
        values = (table.values[items] * strengths[:, None]).reshape(-1)
        return _summed(keys, values, len(block) * self.n_items).reshape(len(block), self.n_items)

    def _scale(self, signal: Float32) -> Float32:
        """1 over the deviation of each row."""
        totals = signal.sum(axis=1, dtype=np.float64)
        squares = np.einsum("ij,ij->i", signal, signal).astype(np.float64)
        return _over_deviation(totals, squares, self.n_items)[:, None]


class _Sparse(_Parts):
    """The neighbours of the history and the most popular items have scores of their own."""

    def __init__(self, model: PersonalModel) -> None:
        super().__init__(model)
        self._always = model._candidates.always
        self._sums: Float32 = np.zeros(0, np.float32)  # kept from block to block, and zero between two uses
        self._marked: Bool = np.zeros(0, np.bool_)

    def answers(self, block: _Block) -> ManyScores:
        """The logits of each user of a block."""
        model, heat = self.model, self.model.settings.temperature
        seen, added = self.again(block)
        tables = list(self._tables(block))
        cells = self._candidates(block, [keys for keys, _, _ in tables], seen)
        firsts = np.arange(len(block) + 1) * self.n_items
        starts = np.searchsorted(cells, firsts)
        lengths = np.diff(starts)
        logits = self.bases.reshape(-1).take(
            cells + np.repeat(self.base_of(block) * self.n_items - firsts[:-1], lengths)
        )
        sums = self._sums
        for keys, values, weight in tables:
            np.add.at(sums, keys, values)
            signal = sums.take(cells)
            sums[cells] = 0.0
            scale, factor = self._scale(starts, signal), np.float32(weight * heat)
            if model.settings.exponent == 1.0:  # what is not softened needs one pass less
                signal *= np.repeat(scale * factor, lengths)
            else:
                signal *= np.repeat(scale, lengths)
                signal = softened(signal, model.settings.exponent)
                signal *= factor
            logits += signal
        for place, row, weight in self.rows(block):
            part = slice(starts[place], starts[place + 1])
            logits[part] += row[cells[part] - firsts[place]] * np.float32(weight * heat)
        logits[np.searchsorted(cells, seen)] += added
        # An item without any signal has 0 everywhere but in popularity, where it has the mean.
        return ManyScores(order=model.order, starts=starts, cells=cells, logits=logits, floor=0.0)

    def _tables(self, block: _Block) -> Iterator[tuple[Int64, Float32, float]]:
        """Cells, values and weight of each table; a cell may come twice."""
        model, share = self.model, self.model.settings.transition_share
        owners, items, near = block.newest(model._near)
        _, _, far = block.newest(model._far)
        firsts = (owners * self.n_items)[:, None]
        affinity: NeighbourTable = model.affinity  # type: ignore[assignment]  # sparse in this class
        read = [(model.transitions, near, share), (affinity, far, 1 - share)]
        for table, strengths, weight in [*read, *((table, far, weight) for table, weight in model._further())]:
            keys = (table.indexes[items] + firsts).reshape(-1)
            values = table.values[items]
            values *= strengths[:, None]
            yield keys, values.reshape(-1), weight

    def _candidates(self, block: _Block, found: list[Int64], seen: Int64) -> Int64:
        """The distinct cells of all tables, of what users had and of what is a candidate for everyone, ascending."""
        size = len(block) * self.n_items
        if len(self._marked) < size:
            self._marked, self._sums = np.zeros(size, np.bool_), np.zeros(size, np.float32)
        marked = self._marked[:size]
        for keys in (*found, seen):
            marked[keys] = True
        marked.reshape(len(block), self.n_items)[:, self._always] = True
        cells = np.flatnonzero(marked)
        marked[cells] = False
        return cells

    def _scale(self, starts: Int64, signal: Float32) -> Float32:
        """1 over the deviation of each user's signal."""
        totals = np.add.reduceat(signal, starts[:-1], dtype=np.float64)
        squares = np.add.reduceat(np.square(signal), starts[:-1], dtype=np.float64)
        return _over_deviation(totals, squares, self.n_items)


def _shares(logits: Float64, belongs: csr_array) -> Float64:
    chances = np.exp(logits - logits.max())
    found: Float64 = belongs.T @ (chances / chances.sum())
    return found


def _summed(places: Int64, values: Float32 | Float64, size: int) -> Float64:
    """The sum of the values at each place; zeros without any, which have another type in numpy."""
    return np.bincount(places, values, minlength=size).astype(np.float64, copy=False)


def _over_deviation(totals: Float64, squares: Float64, n_items: int) -> Float32:
    """1 over the deviations of signals with these sums; 0 where there is none. See :func:`blend.spread`."""
    mean = totals / n_items
    variance = squares / n_items - mean * mean
    return (1.0 / np.sqrt(np.where(variance > 1e-20, variance, np.inf))).astype(np.float32)
