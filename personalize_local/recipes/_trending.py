"""The model of the trending recipes: what has grown lately first, one list for everyone, moved on by events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Int32, Int64, Interactions, TrainingData
from personalize_local.engine.evaluation import LIST_LENGTH
from personalize_local.engine.popularity import growth
from personalize_local.engine.scores import PopularityOrder, Scores
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.recipes._common import (
    Arrays,
    histories,
    in_order,
    measure_model,
    opened_order,
    prefixed,
    split_users,
    vocabulary,
)
from personalize_local.recipes.base import Query, Trained
from personalize_local.recipes.minimums import taken

LONGEST = 7200  # seconds after which a trend is looked at anew, whatever its interval (documented)
_SECONDS: Mapping[str, int] = {
    **dict.fromkeys(("30 minutes", "30 min"), 1800),
    **dict.fromkeys(("1 hour", "1h"), 3600),
    "2 hours": 7200,
    **dict.fromkeys(("3 hours", "3h"), 10_800),
    "1 day": 86_400,
}


@dataclass(frozen=True, kw_only=True)
class TrendingModel:
    """Items by their growth between the two latest intervals, then by their number of interactions.

    ``counts`` has all interactions of each item; ``recent_items`` and ``recent_times`` those that a later look may
    still need, each by itself. ``newest`` is the time of the newest interaction, ``arrived`` when that one became
    known (None: with the training). Times and the ``interval`` are in seconds. ``grown`` and ``order`` are those of
    the last look.
    """

    items: Vocabulary
    interval: int
    counts: Int64
    recent_items: Int32
    recent_times: Int64
    newest: int
    arrived: float | None = None
    grown: Int64
    order: PopularityOrder

    @property
    def every(self) -> float:
        """Seconds from one look to the next."""
        return min(self.interval, LONGEST)

    def scores(self, query: Query) -> Scores:
        """The same scores for every query."""
        del query  # the same for all (documented)
        rising = np.flatnonzero(self.grown).astype(np.int32)
        return Scores(np.log1p(self.grown[rising]), self.order, items=rising)

    def with_events(self, items: Sequence[str], times: Int64, arrived: Sequence[float | None]) -> TrendingModel:
        """The model that knows of further interactions, of new items too; it answers as before until a look."""
        if not items:
            return self
        names, places = _distinct(items)
        known = self.items.indexes(names)
        strangers = np.flatnonzero(known < 0)
        known[strangers] = len(self.items) + np.arange(len(strangers))
        vocabulary = self.items.extended([names[place] for place in strangers]) if len(strangers) else self.items
        item: Int32 = known[places]
        latest = int(times.argmax())
        newest, known_since = self.newest, self.arrived
        if int(times[latest]) >= newest:
            newest, known_since = int(times[latest]), arrived[latest]
        counts = np.bincount(item, minlength=len(vocabulary))
        counts[: len(self.counts)] += self.counts
        return replace(
            self,
            items=vocabulary,
            counts=counts,
            recent_items=np.concatenate((self.recent_items, item)),
            recent_times=np.concatenate((self.recent_times, times)),
            newest=newest,
            arrived=known_since,
        )

    def at(self, moment: float, trained: float) -> TrendingModel:
        """Look at what is known at ``moment``, with a training at ``trained``, both in epoch seconds."""
        known = trained if self.arrived is None else self.arrived
        # What happens in the second of a look counts at the next one, as what arrives in it does.
        second = int(moment) - 1
        # The newest one may be of a client whose clock is ahead.
        lately = (self.recent_times <= second) & (self.recent_times > second - 2 * self.interval)
        alive = abs(known - self.newest) <= 2 * self.interval or bool(lately.any())
        end = second if alive else self.newest
        needed = self.recent_times > min(self.newest, second) - 2 * self.interval
        return replace(
            self,
            recent_items=self.recent_items[needed],
            recent_times=self.recent_times[needed],
            grown=growth(self.recent_items, self.recent_times, len(self.items), self.interval, end),
            order=PopularityOrder.of(self.counts.astype(np.float64)),
        )

    def arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """Everything that :func:`load_trending` needs."""
        arrays: Arrays = {
            **prefixed("items", self.items.arrays()),
            "counts": self.counts,
            "recent.items": self.recent_items,
            "recent.times": self.recent_times,
            "grown": self.grown,
            "popularity.order": self.order.order,
            "popularity.rank": self.order.rank,
        }
        return arrays, {"interval": self.interval, "newest": self.newest}


def load_trending(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> TrendingModel:
    """Make a model of stored arrays; they may be memory-mapped and are not copied."""
    parts = cast("Mapping[str, Any]", arrays)
    return TrendingModel(
        items=vocabulary("items", arrays),
        interval=meta["interval"],
        counts=parts["counts"],
        recent_items=parts["recent.items"],
        recent_times=parts["recent.times"],
        newest=meta["newest"],
        grown=parts["grown"],
        order=opened_order(arrays),
    )


def train_trending(data: TrainingData, *, frequency: str, seed: int) -> Trained:
    """Look at all of ``data``, and measure the list of nine tenths of the users on the other tenth.

    It is measured also as a forecast of the items that rise fastest: what happened up to the last interval of the
    ``frequency`` makes the list, what happens in it is the truth.
    """
    interval = _SECONDS[frequency]
    history = histories(data)
    users = np.flatnonzero(history.lengths > 0).astype(np.int64)
    learned, test = split_users(users, history.lengths, seed)
    rows = np.flatnonzero(np.isin(data.interactions.user, learned))
    scores = _fit(data, taken(data.interactions, rows), interval).scores(Query())
    metrics = measure_model(lambda *_: scores, history, test, len(data.items))
    accuracy = _accuracy(data.interactions, len(data.items), interval)
    return Trained(
        model=_fit(data, data.interactions, interval),
        metrics=in_order({**metrics, "trend_prediction_accuracy": accuracy}),
    )


def _fit(data: TrainingData, interactions: Interactions, interval: int) -> TrendingModel:
    item, timestamp, n_items = interactions.item, interactions.timestamp, len(data.items)
    newest = int(timestamp.max(initial=0))
    # Two intervals before the newest and, should that be ahead of the clock, as much before the clock.
    recent = timestamp >= newest - 4 * interval
    counts = np.bincount(item, minlength=n_items).astype(np.int64)
    return TrendingModel(
        items=data.items,
        interval=interval,
        counts=counts,
        recent_items=item[recent],
        recent_times=timestamp[recent],
        newest=newest,
        grown=growth(item, timestamp, n_items, interval),
        order=PopularityOrder.of(counts.astype(np.float64)),
    )


def _accuracy(interactions: Interactions, n_items: int, interval: int) -> float:
    """The growth of the 25 items listed over that of the 25 that grew most; 0 when nothing grew."""
    item, timestamp = interactions.item, interactions.timestamp
    grown = growth(item, timestamp, n_items, interval)
    most = int(np.sort(grown)[::-1][:LIST_LENGTH].sum())
    if not most:
        return 0.0
    end = int(timestamp.max()) - interval
    before = timestamp <= end
    counts = np.bincount(item[before], minlength=n_items)
    rising = growth(item[before], timestamp[before], n_items, interval, end)
    listed = np.lexsort((-counts, -rising))[:LIST_LENGTH]
    listed = listed[counts[listed] > 0]  # what nobody had is on no list but by its number
    return int(grown[listed].sum()) / most


def _distinct(ids: Sequence[str]) -> tuple[list[str], Int32]:
    """The distinct ids, in order of first appearance, and which of them each one is."""
    numbers: dict[str, int] = {}
    places = np.fromiter((numbers.setdefault(id_, len(numbers)) for id_ in ids), np.int32, len(ids))
    return list(numbers), places
