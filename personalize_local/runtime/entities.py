"""The items or actions that an answer may be about, in one order, with their data: what filters are evaluated over.

Loads pyarrow and numpy.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from personalize_local.datasets import catalogue as data
from personalize_local.datasets._arrow import Array, pa, pc
from personalize_local.datasets.catalogue import Catalogue
from personalize_local.datasets.past_events import PastEvents
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.filters import Bound
from personalize_local.filters.evaluation import Prepared
from personalize_local.filters.table import Column, Ids, Table
from personalize_local.filters.tree import fold

if TYPE_CHECKING:
    from personalize_local.runtime.filtering import Kept

__all__ = ["Activity", "Entities"]

_Kept = TypeVar("_Kept")
_MOST_FILTERS = 64
_MOST_USERS = 10_000
_MASK_BYTES = 64 << 20
"""Memory for what filters keep for single users, a byte an entity."""
_NOBODY: NDArray[np.intp] = np.empty(0, np.intp)
_ACTION = "ACTION_ID"

Streamed = Sequence[tuple[int, str, str, float, float | None]]
"""Sequence, item, event type, time and arrival of events, in order of arrival."""


class Cache(OrderedDict[Hashable, _Kept]):
    """The last things made, at most ``most``; safe among threads, which may make one thing twice."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._lock = threading.Lock()

    def keep(self, key: Hashable, value: _Kept) -> _Kept:
        """Keep a value, and give it."""
        with self._lock:
            self[key] = value
            if len(self) > self._most:
                self.popitem(last=False)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What one user did, as indexes of entities by event type in its folded case: the newest of each type.

    ``strangers`` are the ids among them that no entity has. ``latest`` is when something of his last came, in epoch
    seconds; ``last`` the sequence of his newest streamed event.
    """

    by_type: dict[str, NDArray[np.intp]]
    strangers: dict[str, frozenset[str]]
    latest: float
    last: int

    def of(self, types: frozenset[str] | None) -> NDArray[np.intp]:
        """The entities with events of the types; None: with any event."""
        wanted = self.by_type.values() if types is None else [self.by_type.get(name, _NOBODY) for name in types]
        return np.concatenate([_NOBODY, *wanted])

    def strangers_of(self, types: frozenset[str] | None) -> frozenset[str]:
        """The ids that no entity has with events of the types; None: with any event."""
        wanted = self.strangers if types is None else types
        return frozenset[str]().union(*(self.strangers.get(name, ()) for name in wanted))


class Entities:
    """The entities that a model knows, then those that only the catalogue has, then one that neither knows."""

    def __init__(self, known: Vocabulary, catalogue: Catalogue | None, own: str) -> None:
        self._known, self._catalogue, self._own = known, catalogue, fold(own)
        ids: Array = data.strings_of(known)
        rows = np.full(len(known), -1, np.int32)
        others: Array = pa.array([], pa.large_string())
        other_rows = np.empty(0, np.int32)
        if catalogue is not None:
            rows = data.located(ids, catalogue.ids)
            unknown = pc.invert(pc.is_in(catalogue.ids.cast(pa.large_string()), value_set=ids))
            others = catalogue.ids.filter(unknown).cast(pa.large_string())
            other_rows = np.flatnonzero(unknown.to_numpy(zero_copy_only=False)).astype(np.int32)
        self._others = Vocabulary.from_strings(others.to_pylist())
        self._ids = pa.concat_arrays([ids, others])
        self.rows = np.concatenate([rows, other_rows, np.array([-1], np.int32)])
        """The row of each entity in the catalogue; -1 without one."""
        self.prepared: Cache[tuple[Bound, Prepared]] = Cache(_MOST_FILTERS)
        """Filters with the values of requests, as far as they are evaluated, by what was asked for."""
        self.choices: Cache[Kept] = Cache(min(_MOST_USERS, max(1, _MASK_BYTES // len(self.rows))))
        """What filters keep for single requests, by what was asked for."""
        self._placed: dict[str, Column | None] = {}
        self._activities: Cache[tuple[PastEvents | None, int, Activity]] = Cache(_MOST_USERS)
        self._past: tuple[PastEvents, tuple[NDArray[np.int32], list[str]]] | None = None

    # As identifiers of a filter's table

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> str:
        return str(self._ids[index])

    def get(self, id_: str) -> int:
        """The index of an entity, -1 for one that nobody knows."""
        index = self._known.get(id_)
        if index >= 0 or not len(self._others):
            return index
        other = self._others.get(id_)
        return other if other < 0 else len(self._known) + other

    def strangers(self, ids: Sequence[str]) -> Table:
        """Entities that nobody knows, as a table of their own: nothing is known of them but their ids."""
        return Table(count=len(ids), columns={self._own: Ids(ids=Vocabulary.from_strings(ids))})

    def indexes(self, ids: Iterable[str]) -> NDArray[np.intp]:
        """The index of each entity; those that nobody knows share the last one."""
        found = np.fromiter((self.get(id_) for id_ in ids), np.intp)
        return np.where(found < 0, len(self.rows) - 1, found)

    # Data

    def table(self, names: Iterable[str]) -> Table:
        """The columns of these names, as far as filters may use them."""
        columns = {name: self._column(name) for name in names}
        return Table(
            count=len(self.rows), columns={name: column for name, column in columns.items() if column is not None}
        )

    def _column(self, name: str) -> Column | None:
        if fold(name) == self._own:
            return Ids(ids=self)
        if name not in self._placed:
            column = None if self._catalogue is None else self._catalogue.column(name)
            self._placed[name] = None if column is None else data.placed(column, self.rows)
        return self._placed[name]

    # Events

    def _type(self, name: str) -> str:
        """An event type as it is compared."""
        folded = name.casefold()
        return folded.replace(" ", "_") if self._own == fold(_ACTION) else folded

    def events(
        self, activity: Activity, strangers: Sequence[str] | None = None
    ) -> Callable[[frozenset[str] | None], NDArray[np.intp]]:
        """What a user did, for filters to ask by event types: indexes of entities, or of ``strangers``."""

        def having(types: frozenset[str] | None) -> NDArray[np.intp]:
            wanted = None if types is None else frozenset(map(self._type, types))
            if strangers is None:
                return activity.of(wanted)
            found = activity.strangers_of(wanted)
            return np.array([at for at, id_ in enumerate(strangers) if id_ in found], np.intp)

        return having

    def last_times(self, user: str, past: PastEvents | None, streamed: Streamed) -> NDArray[np.float64]:
        """When a user last had an event with each entity, in epoch seconds; -inf for those that he had none with."""
        found = np.full(len(self.rows), -np.inf)
        if past is not None:
            did = past.of(user)
            np.maximum.at(found, self._places(past)[did.items], did.times)
        np.maximum.at(found, self.indexes(item for _, item, *_ in streamed), [when for *_, when, _ in streamed])
        found[-1] = -np.inf
        return found

    def activity(
        self,
        user: str,
        past: PastEvents | None,
        streamed: Callable[[int], Streamed],
        times: Sequence[float],
        most: int,
        appended: int,
    ) -> Activity:
        """What a user did: the ``most`` newest events of each type, imported and streamed ones together.

        ``streamed`` gives his events past a sequence, ``times`` says when each table of the imported ones came;
        ``appended`` changes when anybody's event has come.
        """
        kept = self._activities.get(user)
        if kept is not None and kept[0] is past:
            if kept[1] == appended:
                return kept[2]
            if not streamed(kept[2].last):
                return self._activities.keep(user, (past, appended, kept[2]))[2]
        return self._activities.keep(user, (past, appended, self._activity(user, past, streamed(0), times, most)))[2]

    def _activity(
        self, user: str, past: PastEvents | None, streamed: Streamed, times: Sequence[float], most: int
    ) -> Activity:
        # Plain lists: of as many events as most users have, numpy would be the slower by far.
        found: list[int] = []
        moments: list[float] = []
        kinds: list[str] = []
        latest = -np.inf
        did = None if past is None else past.of(user)
        if past is not None and did is not None and len(did.items):
            places, names = self._coded(past)
            found, moments = places[did.items].tolist(), did.times.tolist()
            kinds = [names[code] for code in did.types.tolist()]
            latest = max(times[at] for at in set(did.tables.tolist()))
        imported = len(found)
        for _, item, kind, when, arrived in streamed:
            found.append(self.get(item))
            moments.append(when)
            kinds.append(self._type(kind))
            latest = max(latest, np.inf if arrived is None else arrived)
        newest: dict[str, list[int]] = {}
        for place in sorted(range(len(found)), key=moments.__getitem__)[::-1]:  # of equals the later one is newer
            listed = newest.setdefault(kinds[place], [])
            if len(listed) < most:
                listed.append(place)

        def id_of(place: int) -> str:
            if place >= imported:
                return streamed[place - imported][1]
            assert past is not None
            assert did is not None
            return str(past.items[int(did.items[place])])

        return Activity(
            by_type={
                name: np.array([found[at] for at in reversed(listed)], np.intp) for name, listed in newest.items()
            },
            strangers={
                name: frozenset(id_of(place) for place in listed if found[place] < 0) for name, listed in newest.items()
            },
            latest=latest,
            last=streamed[-1][0] if streamed else 0,
        )

    def _places(self, past: PastEvents) -> NDArray[np.int32]:
        return self._coded(past)[0]

    def _coded(self, past: PastEvents) -> tuple[NDArray[np.int32], list[str]]:
        """The entities that codes of imported items mean, and the names of event types; a code of -1 means none."""
        kept = self._past
        if kept is None or kept[0] is not past:
            names = [*map(self._type, past.types), ""]
            kept = self._past = (past, (data.located(past.items, self._ids), names))
        return kept[1]
