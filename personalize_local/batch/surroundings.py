"""What the runtime's functions need of an emulator, in a process that has none: a worker's, for one batch job."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from threading import Timer
from typing import TYPE_CHECKING, Any

from botocore_shapes.errors import ServiceError
from personalize_local.batch.lines import as_json
from personalize_local.context import Asking
from personalize_local.jobs.lifecycle import Modes
from personalize_local.jobs.workplace import JobFailure, Workplace
from personalize_local.provenance import Rule, Sentence
from personalize_local.resources import KINDS
from personalize_local.resources.quotas import Quotas
from personalize_local.runtime.filtering import Filters
from personalize_local.runtime.models import Loaded, Models
from personalize_local.runtime.views import Dataset, View, Views
from personalize_local.settings import Settings
from personalize_local.store.database import reading
from personalize_local.store.past import Past
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from personalize_local.engine.vocabulary import Vocabulary

KEPT_SECONDS = 30.0
"""For which a worker that is given no further part keeps what it knows of a job (chosen): parts take about one."""
GONE = Sentence(
    "The solution version of the job is not there any more.",
    rule="chosen",
    wording="chosen",
    said="failureReason of batch jobs",
)
RULES = (
    Rule(
        says="A batch job sees the data and events that there were when it was made, whenever it runs; a user or item "
        "that has come since the training counts as far as the runtime would count it then.",
        known="chosen",
        source="dg/how-new-data-influences-batch-recommendations.html: what was there 15 minutes before the job",
    ),
    Rule(
        says="Streamed events count in batch for personal recommendations and rankings, of users whom the training "
        "knew.",
        known="documented",
        source="dg/how-new-data-influences-batch-recommendations.html",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Still:
    """The counters of a store in which nothing changes."""

    generation: int = 0
    appended: int = 0


class _Fixed(Views):
    """The one view of a job: the datasets of its group as they were."""

    def __init__(self, workplace: Workplace, held: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__(workplace)
        datasets = {kind: Dataset(kind, known, workplace) for kind, known in held.items()}
        self._view = View(datasets=datasets, entities={})

    def of(self, context: Asking, rows: Rows, group: str) -> View:
        """The view."""
        del context, rows, group
        return self._view


class Surroundings:
    """One batch job as a worker sees it. It has what the runtime asks of an emulator, and no more."""

    def __init__(self, payload: Mapping[str, Any], workplace: Workplace) -> None:
        self.payload, self.workplace = payload, workplace
        told: Mapping[str, Any] = payload["settings"]
        self.settings = Settings(**told, seed=workplace.seed)
        self.modes = Modes.parse(self.settings.status, frozenset(kind.mode_key for kind in KINDS.values()))
        self.quotas = Quotas.parse(self.settings.quotas)
        self.database = _Still()
        self.filters = Filters()
        self.views = _Fixed(workplace, payload["held"])
        self._models = Models(workplace.artifacts)
        self._names: tuple[Vocabulary, Sequence[str]] | None = None

    @cached_property
    def context(self) -> Asking:
        """A context whose time is that of the job's creation."""
        return Asking(
            account=self.payload["account"],
            region=self.payload["region"],
            request_id="",
            now=self.payload["now"],
            emulator=self,
        )

    def names_of(self, ids: Vocabulary) -> Sequence[str]:
        """The JSON of each id, made once for all parts of the job."""
        import numpy as np

        if self._names is None or self._names[0] is not ids:
            self._names = ids, [as_json(id_) for id_ in ids.strings(np.arange(len(ids)))]
        return self._names[1]

    @contextmanager
    def rows(self) -> Iterator[Past]:
        """The store as it was."""
        with reading(self.workplace.database) as rows:
            yield Past.of(rows, self.payload["until"])

    def loaded(self, rows: Rows) -> Loaded:
        """The solution version's model, as it was trained. Raises JobFailure where it has been deleted."""
        try:
            return self._models.of(rows, self.payload["version"], 0)
        except ServiceError:
            raise JobFailure(GONE()) from None


class _Kept:
    """The surroundings of the last job that asked for them, until nobody has asked for a while.

    A worker cannot tell which part of a job is the last that it is given, and a job that fails has no last step.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given: tuple[str, Workplace] | None = None
        self._surroundings: Surroundings | None = None
        self._end: Timer | None = None

    def of(self, payload: Mapping[str, Any], workplace: Workplace) -> Surroundings:
        given = json.dumps(payload, sort_keys=True), workplace
        with self._lock:
            if self._surroundings is None or self._given != given:
                self._surroundings, self._given = Surroundings(payload, workplace), given
            if self._end is not None:
                self._end.cancel()
            self._end = Timer(KEPT_SECONDS, self.let_go)
            self._end.daemon = True  # a worker that ends does not wait for it
            self._end.start()
            return self._surroundings

    def let_go(self) -> None:
        with self._lock:
            self._surroundings = self._given = None
            if self._end is not None:
                self._end.cancel()
                self._end = None


_KEPT = _Kept()


def surroundings_of(payload: Mapping[str, Any], workplace: Workplace) -> Surroundings:
    """The surroundings of a job. A worker keeps those of the last one, whose parts it is given one after the other."""
    return _KEPT.of(payload, workplace)


def let_go() -> None:
    """Forget what this process keeps: the job has ended. Other workers that had parts of it forget it by themselves."""
    _KEPT.let_go()
