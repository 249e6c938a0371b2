"""What becomes of a trained model as the clock goes on, where its recipe takes in data without a new training."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any, cast

from personalize_local.clock import tick
from personalize_local.context import Context
from personalize_local.provenance import Rule
from personalize_local.recipes import RECIPES
from personalize_local.recipes.base import Model, Renewable, Trend
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personalize_local.datasets.held import Held
    from personalize_local.engine.data import TrainingData
    from personalize_local.runtime.models import Loaded

__all__ = ["Refresher"]

log = logging.getLogger("personalize_local.serving")

RULES = (
    Rule(
        says="With performIncrementalUpdate, Semantic-Similarity looks at the items every 30 minutes of the clock, "
        "counted from the training: those that were new, changed or removed by then count. Freshness and popularity "
        "stay those of the training; new items have none.",
        known="documented",
        source="dg/native-recipe-semantic-similarity.html; that the minutes count from the training is chosen",
    ),
    Rule(
        says="A refresh after more than 20,000 further events, of whatever group, or of more than 5,000 items is made "
        "beside the requests: they are answered as before until it is done.",
        known="chosen",
    ),
)

_ITEMS_SECONDS = 1800.0
_MOST_EVENTS = 20_000
_MOST_ITEMS = 5_000
_AT_ONCE = 10_000
"""Events that are in memory at a time."""
_IN_A_PART = 100_000
_REMEMBERED = 1_000_000
"""Events that are known again when they are repeated, at least; 8 bytes each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """The model as of one tick. ``source`` tells the data that it has taken in: how far, or which."""

    number: int
    loaded: Loaded
    source: object
    seen: tuple[NDArray[np.int64], ...] = ()
    """Sorted keys of the events that were taken in last."""


class Refresher:
    """The refreshes of one training, which began at ``since`` on the clock with the data that its ``payload`` names."""

    def __init__(self, since: float, payload: Mapping[str, Any]) -> None:
        self._since, self._payload = since, payload
        self._state: _State | None = None
        self._lock = threading.Lock()

    def of(self, context: Context, rows: Rows, loaded: Loaded) -> Loaded:
        """The model that answers now; its ``training`` is another where its items are."""
        kind = loaded.recipe.refreshes
        if kind is None or (kind == "items" and not self._payload.get("incremental")):
            return loaded
        every = cast("Trend", loaded.model).every if kind == "events" else _ITEMS_SECONDS
        number = tick(context.now, self._since, every)
        state = self._state
        if state is not None and state.number >= number:
            return state.loaded
        before = loaded if state is None else state.loaded
        is_long = self._is_long(rows, loaded)
        if not self._lock.acquire(blocking=False):
            return before
        if is_long:
            self._start(context, loaded, number, every)
            return before
        try:
            return self._refresh(context, rows, loaded, number, every)
        finally:
            self._lock.release()

    def _start(self, context: Context, loaded: Loaded, number: int, every: float) -> None:
        """Move on beside the requests: one thread answers them all. The caller has the lock and gives it away."""
        try:
            threading.Thread(target=self._beside, args=(context, loaded, number, every), daemon=True).start()
        except BaseException:
            self._lock.release()
            raise

    def _is_long(self, rows: Rows, loaded: Loaded) -> bool:
        if loaded.recipe.refreshes == "items":
            return len(loaded.model.items) > _MOST_ITEMS
        last = loaded.until if self._state is None else cast("int", self._state.source)
        # Those of other groups have to be passed over.
        return rows.newest_event() - last > _MOST_EVENTS

    def _beside(self, context: Context, loaded: Loaded, number: int, every: float) -> None:
        try:
            with context.emulator.database.read() as rows:
                self._refresh(context, rows, loaded, number, every)
        except Exception:
            # The next request tries again.
            log.exception("the refresh of %s failed", loaded.training)
        finally:
            self._lock.release()

    def _refresh(self, context: Context, rows: Rows, loaded: Loaded, number: int, every: float) -> Loaded:
        """Move on to a tick. The caller has the lock."""
        state = self._state
        if state is None or state.number < number:
            moment = self._since + number * every
            if loaded.recipe.refreshes == "events":
                state = self._with_events(rows, loaded, number, moment)
            else:
                state = self._with_items(context, rows, loaded, number, moment)
            self._state = state
        return state.loaded

    def _with_events(self, rows: Rows, trained: Loaded, number: int, moment: float) -> _State:
        before = self._state or _State(number=-1, loaded=trained, source=trained.until)
        model, seen = cast("Trend", before.loaded.model), before.seen
        last, newest = cast("int", before.source), rows.newest_event()
        while part := rows.events_past(trained.dataset_group, last, _AT_ONCE):
            due = list(takewhile(_before(moment), part))
            events, seen = _first_ones([event for event in due if trained.moves(event[3], event[4])], seen)
            model = model.with_events(*_columns(events))
            last = due[-1][0] if due else last
            if len(due) < len(part):
                break
        else:  # so that the next look does not pass over the events of other groups again
            last = max(last, newest)
        loaded = _serving(before.loaded, model.at(moment, self._since), number)
        return _State(number=number, loaded=loaded, source=last, seen=seen)

    def _with_items(self, context: Context, rows: Rows, trained: Loaded, number: int, moment: float) -> _State:
        learned = self._payload["held"].get("ITEMS")
        before = self._state or _State(number=0, loaded=trained, source=learned)
        if number == 0:
            return before
        views = context.emulator.views

        def look() -> _State:
            dataset = views.of(context, rows, trained.dataset_group).datasets.get("ITEMS")
            source = None if dataset is None or learned is None else _as_of(rows, dataset.known, learned, moment)
            if source is None or source == before.source:
                return replace(before, number=number)
            model = cast("Renewable", trained.model).with_items(self._items(views.open(rows, source)))
            return _State(number=number, loaded=_serving(before.loaded, model, number), source=source)

        return views.reading(trained.dataset_group, look)

    def _items(self, held: Held) -> TrainingData:
        from personalize_local.datasets.snapshot import training_data

        excluded = self._payload["solutionConfig"].get("trainingDataConfig", {}).get("excludedDatasetColumns", {})
        return training_data({"ITEMS": held}, excluded=excluded, names=RECIPES[self._payload["recipe"]].item_names)


def _as_of(rows: Rows, known: Mapping[str, Any], learned: Mapping[str, Any], moment: float) -> dict[str, Any]:
    """What a dataset held at a moment after a training that ``learned`` from it, of what it still holds."""
    segments = [segment for segment in known["segments"] if segment.get("at", 0.0) < moment]
    return {
        **{name: value for name, value in known.items() if name != "sequence"},
        "segments": segments or known["segments"][:1],
        "until": max(learned["until"], rows.last_row_before(known["dataset"], moment)),
    }


def _serving(before: Loaded, model: Model, number: int) -> Loaded:
    # What is kept for a model, by its training, is about its items.
    training = before.training
    if model.items is not before.model.items:
        training = f"{training.partition('@')[0]}@{number}"
    return replace(before, model=model, training=training)


_Event = Sequence[Any]
"""Sequence, user, item, type, value, time, event id, extra, arrival."""


def _before(moment: float) -> Callable[[_Event], bool]:
    return lambda event: event[8] is None or event[8] < moment


def _first_ones(
    events: list[_Event], seen: tuple[NDArray[np.int64], ...]
) -> tuple[list[_Event], tuple[NDArray[np.int64], ...]]:
    """The events that repeat no other one, by their id or else in all that they say, and what has been seen then."""
    import numpy as np

    keys = np.fromiter(
        (hash(event[6] if event[6] is not None else (*event[1:5], int(event[5]), event[7])) for event in events),
        np.int64,
        len(events),
    )
    known, firsts = np.unique(keys, return_index=True)
    new = np.ones(len(known), np.bool_)
    for part in seen:
        places = np.minimum(part.searchsorted(known), len(part) - 1)
        new &= part[places] != known
    kept = np.sort(firsts[new]).tolist()
    if seen and len(seen[-1]) < _IN_A_PART:
        seen = (*seen[:-1], np.sort(np.concatenate((seen[-1], known[new]))))
    elif kept:
        seen = (*seen, known[new])
    while len(seen) > 1 and sum(map(len, seen[1:])) >= _REMEMBERED:
        seen = seen[1:]
    return [events[place] for place in kept], seen


def _columns(events: Sequence[_Event]) -> tuple[list[str], NDArray[np.int64], list[float | None]]:
    import numpy as np

    times = np.fromiter((int(event[5]) for event in events), np.int64, len(events))
    return [event[2] for event in events], times, [event[8] for event in events]
