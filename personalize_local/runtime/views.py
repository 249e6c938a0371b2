"""The data of dataset groups as requests see them: opened once for each state of the data, shared by all requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from personalize_local.context import Asking
from personalize_local.datasets.segments import SegmentError
from personalize_local.jobs.holdings import ROW_TYPES, open_held, reference, schema_of
from personalize_local.jobs.workplace import Workplace
from personalize_local.resources.dataset import KIND as DATASET
from personalize_local.resources.dataset import live_datasets
from personalize_local.resources.status import status_of
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from personalize_local.datasets.catalogue import Catalogue
    from personalize_local.datasets.held import Held
    from personalize_local.datasets.past_events import PastEvents
    from personalize_local.datasets.schema import Schema
    from personalize_local.engine.vocabulary import Vocabulary
    from personalize_local.runtime.entities import Entities

__all__ = ["Dataset", "View", "Views"]

Answer = TypeVar("Answer")
_State = tuple[int, Mapping[str, Mapping[str, Any]]]
"""The last deletion of a user, and what each dataset holds."""

_MOST_MODELS = 16
"""Models whose items are kept in order beside the data of one dataset."""


class Dataset:
    """One dataset in one state of its data, read when it is first needed."""

    def __init__(self, kind: str, known: Mapping[str, Any], workplace: Workplace) -> None:
        self.kind, self.known = kind, known
        self._workplace = workplace
        self._catalogue: Catalogue | None = None
        self._past: PastEvents | None = None
        self._entities: dict[str, Entities] = {}
        self._lock = threading.Lock()

    @property
    def arn(self) -> str:
        """The dataset's ARN."""
        return str(self.known["dataset"])

    @property
    def schema(self) -> Schema:
        """The schema in use."""
        return schema_of(self.known)

    @property
    def times(self) -> list[float]:
        """When each import came into force, in epoch seconds."""
        return [segment.get("at", float("inf")) for segment in self.known["segments"]]

    def _held(self, rows: Rows) -> Held:
        return open_held(rows, self._workplace, self.known, put=self.kind in ROW_TYPES)

    def catalogue(self, rows: Rows) -> Catalogue:
        """The items, users or actions. Raises SegmentError."""
        with self._lock:
            if self._catalogue is None:
                from personalize_local.datasets.catalogue import Catalogue

                self._catalogue = Catalogue(self._held(rows))
            return self._catalogue

    def past(self, rows: Rows) -> PastEvents:
        """The imported interactions. Raises SegmentError."""
        with self._lock:
            if self._past is None:
                from personalize_local.datasets.past_events import PastEvents

                self._past = PastEvents(self._held(rows))
            return self._past


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The datasets of one group by their type, in one state of their data."""

    datasets: Mapping[str, Dataset]
    entities: dict[tuple[str, str], Entities]
    """The entities of models, by the key of the training and the type of their dataset."""

    def entities_of(self, rows: Rows, training: str, known: Vocabulary, kind: str) -> Entities:
        """The items or actions of a model and of the dataset ``kind``. Raises SegmentError."""
        found = self.entities.get((training, kind))
        if found is None:
            from personalize_local.runtime.entities import Entities

            dataset = self.datasets.get(kind)
            own = "ACTION_ID" if kind == "ACTIONS" else "ITEM_ID"
            found = Entities(known, None if dataset is None else dataset.catalogue(rows), own)
            while len(self.entities) >= _MOST_MODELS:
                self.entities.pop(next(iter(self.entities)), None)
            self.entities[training, kind] = found
        return found


def _resting(known: dict[str, Any]) -> dict[str, Any]:
    """A reference without the events that came one by one: requests read these themselves."""
    return known if schema_of(known).dataset_type in ROW_TYPES else {**known, "until": 0}


class Views:
    """The views of an emulator, by dataset group."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._kept: dict[str, tuple[int, _State, View]] = {}

    def of(self, context: Asking, rows: Rows, group: str) -> View:
        """The view of a group as its data are now."""
        generation = context.emulator.database.generation
        kept = self._kept.get(group)
        if kept is not None and kept[0] == generation:
            return kept[2]
        datasets = live_datasets(context, rows, group)
        # A dataset that was made anew may hold as little as the one before.
        known = {
            kind: {**_resting(reference(rows, record)), "sequence": record.sequence}
            for kind, record in datasets.items()
        }
        state = (rows.last_forgotten(group), known)
        view = kept[2] if kept is not None and kept[1] == state else self._made(kept, state)
        # What an update of a dataset brings comes with time alone.
        settled = all(status_of(context, DATASET, record).settled for record in rows.children(group, DATASET.name))
        self._kept[group] = (generation if settled else -1, state, view)
        return view

    def rests(self, group: str) -> bool:
        """Whether only a write can change what was last seen of a group, and not the time alone."""
        kept = self._kept.get(group)
        return kept is None or kept[0] >= 0

    def _made(self, kept: tuple[int, _State, View] | None, state: _State) -> View:
        """The view of a state, with what is open already and has not changed."""
        forgotten, known = state
        before = None if kept is None or kept[1][0] != forgotten else kept[2]
        datasets = {}
        for kind, one in known.items():
            open_ = None if before is None else before.datasets.get(kind)
            datasets[kind] = open_ if open_ is not None and open_.known == one else Dataset(kind, one, self._workplace)
        view = View(datasets=datasets, entities={})
        for (training, kind), entities in () if before is None else list(before.entities.items()):
            if before is not None and before.datasets.get(kind) is datasets.get(kind):
                view.entities[training, kind] = entities
        return view

    def open(self, rows: Rows, known: Mapping[str, Any], *, put: bool = True) -> Held:
        """The data of a reference, with or without the rows that came one by one. Raises SegmentError."""
        return open_held(rows, self._workplace, known, put=put)

    def reading(self, group: str, work: Callable[[], Answer]) -> Answer:
        """What ``work`` gives, which reads the data of a group."""
        try:
            return work()
        except SegmentError:
            # An import came into force in between and its forerunner's files are gone.
            self.renew(group)
            return work()

    def renew(self, group: str) -> None:
        """Look at a group's data anew."""
        self._kept.pop(group, None)

    def clear(self) -> None:
        """Let go of everything."""
        self._kept.clear()
