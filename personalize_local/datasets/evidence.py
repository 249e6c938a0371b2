"""What is known of each item, or action, without learning: how often it was had or shown in vain, and since when.

Loads pyarrow and numpy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personalize_local.datasets import _columns as columns
from personalize_local.datasets._arrow import Array, pa, pc
from personalize_local.datasets.catalogue import located
from personalize_local.datasets.held import Held
from personalize_local.provenance import Rule
from personalize_local.store.records import IMPLICIT

__all__ = ["Evidence", "evidence_of", "joined", "streamed_evidence"]

RULES = (
    Rule(
        says="An impression counts against the items in it that are not the one of its interaction.",
        known="documented",
        source="dg/interactions-datasets.html; that it counts once for each interaction is inferred",
    ),
    Rule(
        says="The impression of an event goes before what was shown under its recommendationId.",
        known="documented",
        source="dg/recording-events.html",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Aligned with the distinct ``ids``: interactions, impressions in vain, and the time of the oldest interaction
    (infinite without one). ``newest`` is the time of the newest interaction with any of them; epoch seconds."""

    ids: Array
    interactions: NDArray[np.int64]
    shown: NDArray[np.int64]
    oldest: NDArray[np.float64]
    newest: float

    def at(self, ids: Array) -> Evidence:
        """The same, aligned with other distinct ids."""
        places = located(ids, self.ids)
        return Evidence(
            ids=ids,
            interactions=np.append(self.interactions, 0)[places],
            shown=np.append(self.shown, 0)[places],
            oldest=np.append(self.oldest, np.inf)[places],
            newest=self.newest,
        )


_NO_IDS: Array = pa.array([], pa.large_string())
NOTHING = Evidence(
    ids=_NO_IDS,
    interactions=np.zeros(0, np.int64),
    shown=np.zeros(0, np.int64),
    oldest=np.zeros(0),
    newest=-np.inf,
)


def joined(parts: Sequence[Evidence]) -> Evidence:
    """What all ``parts`` know together."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return NOTHING
    coded = pa.concat_arrays([part.ids.cast(pa.large_string()) for part in parts]).dictionary_encode()
    places, count = columns.codes(coded), len(coded.dictionary)
    oldest = np.full(count, np.inf)
    np.minimum.at(oldest, places, np.concatenate([part.oldest for part in parts]))
    return Evidence(
        ids=coded.dictionary,
        interactions=_sums(places, np.concatenate([part.interactions for part in parts]), count),
        shown=_sums(places, np.concatenate([part.shown for part in parts]), count),
        oldest=oldest,
        newest=max(part.newest for part in parts),
    )


def evidence_of(held: Held) -> Evidence:
    """What interactions that were imported tell."""
    own = held.schema.id_fields[-1]
    coded = columns.join(_chunks(held, own), pa.dictionary(pa.int32(), pa.string()))
    times = columns.to_numpy(columns.join(_chunks(held, "TIMESTAMP"), pa.int64()), np.dtype(np.int64))
    items, count = columns.codes(coded), len(coded.dictionary)
    oldest = np.full(count, np.inf)
    np.minimum.at(oldest, items, times.astype(np.float64))
    had = Evidence(
        ids=coded.dictionary.cast(pa.large_string()),
        interactions=np.bincount(items, minlength=count).astype(np.int64),
        shown=np.zeros(count, np.int64),
        oldest=oldest,
        newest=float(times.max(initial=-(2**62))) if len(times) else -np.inf,
    )
    impressions = _chunks(held, "IMPRESSION")
    if not impressions:
        return had
    lists = columns.join(impressions, impressions[0].type)
    if not pa.types.is_dictionary(lists.type):
        lists = lists.dictionary_encode()
    return joined([had, _in_vain(lists, items, coded.dictionary)])


def _in_vain(lists: Array, items: NDArray[np.int32], ids: Array) -> Evidence:
    """The impressions without success among rows of lists with | and of codes of the item that was had."""
    kept = columns.codes(lists) >= 0
    rows, items = columns.codes(lists)[kept].astype(np.int64), items[kept].astype(np.int64)
    parts = pc.split_pattern(lists.dictionary, "|")
    members = pc.list_flatten(parts)
    named = pa.concat_arrays([ids.cast(pa.large_string()), members.cast(pa.large_string())]).dictionary_encode()
    count = len(named.dictionary)
    # Pairs of a list and an id in it, each once; the ids of items keep their codes.
    lists_of = columns.to_numpy(pc.list_parent_indices(parts), np.dtype(np.int64))
    pairs = np.unique(lists_of * count + columns.codes(named)[len(ids) :])
    shown = np.bincount(rows, minlength=len(lists.dictionary))[pairs // count]
    had, times = np.unique(rows * count + items, return_counts=True)
    successes = np.isin(had, pairs)
    total = _sums(pairs % count, shown, count) - _sums(had[successes] % count, times[successes], count)
    if len(empty := pc.index_in(pa.array([""], pa.large_string()), value_set=named.dictionary).drop_null()):
        total[empty[0].as_py()] = 0
    return _only_shown(named.dictionary, total)


def _only_shown(ids: Array, shown: NDArray[np.int64]) -> Evidence:
    kept = shown > 0
    return Evidence(
        ids=ids.filter(pa.array(kept)),
        interactions=np.zeros(np.count_nonzero(kept), np.int64),
        shown=shown[kept],
        oldest=np.full(np.count_nonzero(kept), np.inf),
        newest=-np.inf,
    )


def streamed_evidence(
    had: Iterable[tuple[str, int, float, float]], impressions: Iterable[tuple[str | None, Mapping[str, Any]]]
) -> Evidence:
    """What streamed events tell: of each item its number, oldest and newest time; of events with an impression their
    item and what they say beside."""
    rows = list(had)
    shown: Counter[str] = Counter()
    for item, extra in impressions:
        listed = dict.fromkeys(extra.get("impression", extra.get(IMPLICIT, ())))
        shown.update(id_ for id_ in listed if id_ != item)
    events = Evidence(
        ids=pa.array([row[0] for row in rows], pa.large_string()),
        interactions=np.array([row[1] for row in rows], np.int64),
        shown=np.zeros(len(rows), np.int64),
        oldest=np.array([int(row[2]) for row in rows], np.float64),
        newest=max((float(int(row[3])) for row in rows), default=-np.inf),
    )
    return joined(
        [events, _only_shown(pa.array(list(shown), pa.large_string()), np.array([*shown.values()], np.int64))]
    )


def _sums(places: NDArray[Any], values: NDArray[Any], count: int) -> NDArray[np.int64]:
    sums: NDArray[np.int64] = np.bincount(places, values, minlength=count).astype(np.int64)
    return sums


def _chunks(held: Held, name: str) -> list[Array]:
    item = held.schema.field(name)
    return [] if item is None else held.chunks(item)
