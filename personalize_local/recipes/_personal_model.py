"""The model of the personal recipes: a user's history read through item-to-item tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.blend import Settings, recency, repeats, softened, spread
from personalize_local.engine.candidates import Candidates
from personalize_local.engine.context import ContextColumn, Part, PersonColumn, context_parts, person_parts
from personalize_local.engine.data import Float32, Int32, Int64
from personalize_local.engine.ease import read_rows
from personalize_local.engine.histories import Histories
from personalize_local.engine.neighbours import NeighbourTable
from personalize_local.engine.scores import PopularityOrder, Scores
from personalize_local.engine.transitions import WINDOW
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.recipes._common import Arrays, opened_order, prefixed, stored_popularity, unprefixed, vocabulary
from personalize_local.recipes.base import Query

HISTORY = 100  # events kept per user (inferred: the service is taken to look at 32 to 100 recent events)
_NO_ITEMS: Int32 = np.zeros(0, np.int32)
_NO_ITEMS.setflags(write=False)
Noted = list[tuple[Int32 | None, Float32]]
"""What is added up to logits, in this order: values, and the items that they are of (None: the whole catalogue)."""

_POPULAR = 100  # items that are candidates of everyone in a catalogue too large to score as a whole


@dataclass(frozen=True, kw_only=True)
class PersonalModel:
    """Immutable arrays that answer for any user, known or not, from the items of his history.

    ``affinity`` is either the full EASE weights [items, items] or, for large catalogues, a neighbour table; with
    the former every item is scored, with the latter the neighbours of the history and the most popular items.
    ``companions`` has the items with the most common users and ``content`` those that are alike in metadata,
    ``persons`` what the columns of users say, ``periods`` what was liked when, of which ``last_times`` [users] (epoch
    seconds) tells each one's part; ``bonus`` is what an objective adds to each item's standardised
    relevance.
    """

    items: Vocabulary
    users: Vocabulary
    histories: Histories
    popularity: Float32
    order: PopularityOrder
    transitions: NeighbourTable
    affinity: Float32 | NeighbourTable
    context: Mapping[str, ContextColumn]
    settings: Settings
    window: int
    companions: NeighbourTable | None = None
    content: NeighbourTable | None = None
    persons: Mapping[str, PersonColumn] = field(default_factory=dict)
    periods: ContextColumn | None = None
    last_times: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    bonus: Float32 | None = None
    _popular: Float32 = field(init=False, repr=False)  # what popularity and the objective add to every answer
    _unknown: Float32 = field(init=False, repr=False)  # the answer where there is no history
    _near: Float32 = field(init=False, repr=False)  # strengths of the events read through transitions
    _far: Float32 = field(init=False, repr=False)  # and through affinity, oldest first
    _candidates: Candidates = field(init=False, repr=False)

    def __post_init__(self) -> None:
        large = isinstance(self.affinity, NeighbourTable)
        near = min(WINDOW, self.window)
        object.__setattr__(self, "_near", recency(near, self.settings.transition_decay))
        object.__setattr__(self, "_far", recency(near if large else self.window, self.settings.affinity_decay))
        mean, deviation = float(self.popularity.mean()), float(self.popularity.std())
        weight = self.settings.popularity_weight / (deviation if deviation > 1e-6 else np.inf)
        popular = (self.popularity - np.float32(mean)) * np.float32(weight * self.settings.temperature)
        unknown, always = self.popularity, self.order.order[:_POPULAR]
        if self.bonus is not None:
            popular = popular + self.bonus * np.float32(self.settings.temperature)
            # Here popularity is all the relevance there is, so that its own deviation is the measure.
            unknown = unknown + self.bonus * np.float32(deviation if deviation > 1e-6 else 1.0)
            always = np.union1d(always, np.argsort(-popular, kind="stable")[:_POPULAR].astype(np.int32))
        object.__setattr__(self, "_popular", popular)
        object.__setattr__(self, "_unknown", unknown)
        object.__setattr__(self, "_candidates", Candidates(len(self.items), always))

    def scores(self, query: Query) -> Scores:
        """Score the catalogue for the history of ``query``; without one by popularity, either under its context."""
        user = self._user(query)
        return self.scores_of(self.history(query), query.context, user, self._time(query, user))

    def noted(self, query: Query) -> Noted:
        """What :meth:`scores` adds up for ``query``, noted while it does."""
        user, noted = self._user(query), Noted()
        self.scores_of(self.history(query), query.context, user, self._time(query, user), noted=noted)
        return noted

    def _time(self, query: Query, user: int) -> float | None:
        """The time of the newest event that is known."""
        if query.time is None and 0 <= user < len(self.last_times):
            return int(self.last_times[user])
        return query.time

    def _user(self, query: Query) -> int:
        return -1 if query.user_id is None else self.users.get(query.user_id)

    def history(self, query: Query) -> Int32:
        """The newest known items of a user or session, oldest first, at most 100."""
        new = _NO_ITEMS
        if query.events:
            new = self.items.indexes(query.events[-HISTORY:])
            new = new[new >= 0]
        user = self._user(query)
        if user < 0:
            return new
        old = self.histories.of(user, HISTORY - len(new)) if len(new) < HISTORY else _NO_ITEMS
        return np.concatenate((old, new)) if len(new) else old

    def scores_of(
        self,
        history: Int32,
        context: Mapping[str, str] | None = None,
        user: int = -1,
        time: float | None = None,
        *,
        noted: Noted | None = None,
    ) -> Scores:
        """Score the catalogue for item indexes ``history``, oldest first, and what is known of the index ``user``.

        ``time`` (epoch seconds) is that of the newest event of the history. What is added up is written to ``noted``.
        """
        if not len(history):
            return self._scores_unknown(context or {}, user, noted)
        parts = context_parts(self.context, self.settings.context_weights, context or {})
        parts += person_parts(self.persons, self.settings.person_weights, user)
        if self.periods is not None and time is not None and self.settings.period_weight:
            parts.append((self.periods.logits[self.periods.part(time)], self.settings.period_weight))
        if isinstance(self.affinity, NeighbourTable):
            return self._sparse_scores(history, self.affinity, parts, noted)
        return self._dense_scores(history, self.affinity, parts, noted)

    def _scores_unknown(self, context: Mapping[str, str], user: int, noted: Noted | None) -> Scores:
        """Popularity, under what there is to know beside a history."""
        logits = self._unknown
        parts = context_parts(self.context, dict.fromkeys(self.context, 1.0), context)
        parts += person_parts(self.persons, dict.fromkeys(self.persons, 1.0), user)
        for row, _ in parts:
            logits = logits + row
        if noted is not None:
            noted += [(None, self._unknown), *((None, row) for row, _ in parts)]
        return Scores(logits, self.order)

    def _dense_scores(self, history: Int32, affinity: Float32, parts: list[Part], noted: Noted | None = None) -> Scores:
        settings = self.settings
        recent = history[-len(self._near) :]
        moves = self.transitions.dense(recent, self._near[-len(recent) :]).astype(np.float32)
        newest = history[-len(self._far) :]
        likes = read_rows(affinity, newest, self._far[-len(newest) :])
        # The means are left out: a constant on all items changes no order and no softmax.
        heat, share = settings.temperature, settings.transition_share
        signals = [(moves, share), (likes, 1 - share)]
        for table, weight in self._further():
            signals.append((table.dense(recent, self._far[-len(recent) :]).astype(np.float32), weight))
        logits = self._popular.astype(np.float32)
        addends = [self._standardised(signal) * np.float32(weight * heat) for signal, weight in signals]
        addends += [row * np.float32(weight * heat) for row, weight in parts]
        for addend in addends:
            logits += addend
        items, again = self._again(history)
        logits[items] += again
        if noted is not None:
            noted += [(None, self._popular), *((None, addend) for addend in addends), (items, again)]
        return Scores(logits, self.order)

    def _standardised(self, signal: Float32) -> Float32:
        """A signal over its deviation in the whole catalogue, softened."""
        return softened(signal / np.float32(spread(signal, len(self.items))[1]), self.settings.exponent)

    def _further(self) -> list[tuple[NeighbourTable, float]]:
        """The further tables that count, with their weights."""
        weights = self.settings.companion_weight, self.settings.content_weight
        tables = zip((self.companions, self.content), weights, strict=True)
        return [(table, weight) for table, weight in tables if table is not None and weight]

    def _again(self, history: Int32) -> tuple[Int32, Float32]:
        """What it adds to an item that it is in the history, often or lately."""
        settings = self.settings
        items, strengths = repeats(history, settings.repeat_decay)
        heat = np.float32(settings.temperature)
        return items, (np.float32(settings.seen_weight) + strengths * np.float32(settings.repeat_weight)) * heat

    def _sparse_scores(
        self, history: Int32, affinity: NeighbourTable, parts: list[Part], noted: Noted | None = None
    ) -> Scores:
        settings, heat = self.settings, self.settings.temperature
        recent = history[-len(self._near) :]
        far = self._far[-len(recent) :]
        tables = [
            (*self.transitions.cells(recent, self._near[-len(recent) :]), settings.transition_share),
            (*affinity.cells(recent, far), 1 - settings.transition_share),
        ]
        tables += [(*table.cells(recent, far), weight) for table, weight in self._further()]
        seen, again = self._again(history)
        candidates, signals = self._candidates.collect([(items, values) for items, values, _ in tables], seen)
        logits = self._popular[candidates].astype(np.float32)
        weights = [weight for _, _, weight in tables]
        addends = [
            self._standardised(signal) * np.float32(weight * heat)
            for signal, weight in zip(signals, weights, strict=True)
        ]
        addends += [row[candidates] * np.float32(weight * heat) for row, weight in parts]
        for addend in addends:
            logits += addend
        logits[: len(seen)] += again
        if noted is not None:
            noted.append((candidates, self._popular[candidates]))
            noted += [*((candidates, addend) for addend in addends), (seen, again)]
        # An item without any signal has 0 everywhere but in popularity, where it has the mean.
        return Scores(logits, self.order, items=candidates, floor=0.0)

    def arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """Everything that :func:`load_personal` needs."""
        arrays: Arrays = {
            **prefixed("items", self.items.arrays()),
            **prefixed("users", self.users.arrays()),
            "histories.indptr": self.histories.indptr,
            "histories.items": self.histories.items,
            **stored_popularity(self.popularity, self.order),
            "transitions.indexes": self.transitions.indexes,
            "transitions.values": self.transitions.values,
        }
        if isinstance(self.affinity, NeighbourTable):
            arrays["affinity.indexes"], arrays["affinity.values"] = self.affinity.indexes, self.affinity.values
        else:
            arrays["affinity.weights"] = self.affinity
        for name, table in (("companions", self.companions), ("content", self.content)):
            if table is not None:
                arrays |= prefixed(name, {"indexes": table.indexes, "values": table.values})
        if self.bonus is not None:
            arrays["objective.bonus"] = self.bonus
        if self.periods is not None:
            arrays |= {"periods.logits": self.periods.logits, "periods.last_times": self.last_times}
        for number, (_, person) in enumerate(sorted(self.persons.items())):
            arrays |= prefixed(
                f"person.{number}", {"logits": person.logits, "indptr": person.indptr, "codes": person.codes}
            )
        columns = []
        for number, (name, column) in enumerate(sorted(self.context.items())):
            arrays[f"context.{number}"] = column.logits
            columns.append({"name": name, "values": list(column.values), "edges": list(column.edges)})
        facts = {"settings": self.settings.facts(), "window": self.window, "context": columns}
        if self.periods is not None:
            facts["periods"] = list(self.periods.edges)
        return arrays, {**facts, "persons": sorted(self.persons)}


def load_personal(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> PersonalModel:
    """Make a model of stored arrays; they may be memory-mapped and are not copied."""
    parts = cast("Mapping[str, Any]", arrays)
    if "affinity.weights" in parts:
        affinity: Float32 | NeighbourTable = parts["affinity.weights"]
    else:
        affinity = NeighbourTable(indexes=parts["affinity.indexes"], values=parts["affinity.values"])
    context = {
        column["name"]: ContextColumn(
            logits=parts[f"context.{number}"], values=tuple(column["values"]), edges=tuple(column["edges"])
        )
        for number, column in enumerate(meta["context"])
    }
    persons = {
        name: PersonColumn(**cast("Mapping[str, Any]", unprefixed(f"person.{number}", arrays)))
        for number, name in enumerate(meta.get("persons", ()))
    }
    further: dict[str, Any] = {
        name: NeighbourTable(indexes=parts[f"{name}.indexes"], values=parts[f"{name}.values"])
        for name in ("companions", "content")
        if f"{name}.indexes" in parts
    }
    no_rows: Int64 = np.zeros(0, np.int64)
    if "periods.logits" in parts:
        periods = ContextColumn(logits=parts["periods.logits"], edges=tuple(meta["periods"]))
        further |= {"periods": periods, "last_times": parts["periods.last_times"]}
    return PersonalModel(
        items=vocabulary("items", arrays),
        users=vocabulary("users", arrays),
        histories=Histories(indptr=parts["histories.indptr"], items=parts["histories.items"], rows=no_rows),
        popularity=parts["popularity.logits"],
        order=opened_order(arrays),
        transitions=NeighbourTable(indexes=parts["transitions.indexes"], values=parts["transitions.values"]),
        affinity=affinity,
        context=context,
        settings=Settings.from_facts(meta["settings"]),
        window=int(meta["window"]),
        **further,
        persons=persons,
        bonus=parts.get("objective.bonus"),
    )
