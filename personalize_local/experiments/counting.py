"""The experiments of a dataset group, counted in the events that came one by one and in the imported ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from math import inf
from typing import TYPE_CHECKING, Any

from personalize_local.arns import parse_arn
from personalize_local.attribution.sources import UNDEFINED, Sources
from personalize_local.context import Context
from personalize_local.experiments.online import Deed, Design, count, report
from personalize_local.experiments.split import is_double
from personalize_local.resources import dataset_group
from personalize_local.resources.lookup import require
from personalize_local.runtime.contenders import context_of
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from personalize_local.datasets.held import Held

__all__ = ["counted_report", "design_of"]

_AT_ONCE = 50_000
"""Imported rows that are in memory at a time."""
_MARKS = ("RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE")
_COLUMNS = ("USER_ID", "TIMESTAMP", "EVENT_TYPE", *_MARKS)
_MEMBERS = frozenset(
    {"experiment", "variants", "sources", "datasetGroup", "outcome", "exposure", "everyOutcome", "since", "until"}
)


def design_of(asked: object) -> tuple[str, Design]:
    """The dataset group and the design in the JSON of a request. Raises ValueError that says what is wrong."""
    if not isinstance(asked, Mapping):
        raise ValueError("send a JSON object with experiment, variants, datasetGroup and outcome")
    unknown = sorted(set(asked) - _MEMBERS)
    if unknown:
        raise ValueError(f"{unknown[0]} is not known; known are {', '.join(sorted(_MEMBERS))}")
    group = asked.get("datasetGroup")
    if not isinstance(group, str) or not group:
        raise ValueError("datasetGroup must be the ARN or the name of a dataset group")
    exposure = asked.get("exposure")
    if exposure is not None and (not isinstance(exposure, str) or not exposure):
        raise ValueError(f"exposure must be an event type, not {exposure!r}")
    every = asked.get("everyOutcome", False)
    if not isinstance(every, bool):
        raise ValueError(f"everyOutcome must be true or false, not {every!r}")
    times = {name: _time(asked, name) for name in ("since", "until") if name in asked}
    design = Design(
        experiment=asked.get("experiment", ""),
        weights=_weights(asked.get("variants")),
        outcome=asked.get("outcome", ""),
        exposure=exposure,
        sources=_sources(asked.get("sources", {})),
        every_outcome=every,
        since=times.get("since", -inf),
        until=times.get("until", inf),
    )
    return group, design


def _weights(given: object) -> dict[str, float]:
    # A list, as the order says which is the control and objects have none in every language.
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise ValueError('variants must be a list like [{"name": "a", "weight": 0.5}, {"name": "b", "weight": 0.5}]')
    weights: dict[str, float] = {}
    for one in given:
        if not isinstance(one, Mapping) or set(one) != {"name", "weight"}:
            raise ValueError(f"a variant must have name and weight and nothing else, unlike {one!r}")
        if not isinstance(one["name"], str):
            raise ValueError(f"the name of a variant must be a text, not {one['name']!r}")
        if one["name"] in weights:
            raise ValueError(f"variant {one['name']!r} is given twice")
        weights[one["name"]] = one["weight"]
    return weights


def _sources(given: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(given, Mapping):
        raise ValueError('sources must be an object like {"a": "LABEL or ARN"}')
    found = {}
    for name, one in given.items():
        listed = (one,) if isinstance(one, str) else tuple(one) if isinstance(one, Sequence) else ()
        if not listed or not all(isinstance(source, str) and source for source in listed):
            raise ValueError(f"the sources of {name!r} must be a text or a list of texts, not {one!r}")
        found[name] = listed
    return found


def _time(asked: Mapping[str, Any], name: str) -> float:
    value = asked[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not is_double(value):
        raise ValueError(f"{name} must be epoch seconds, not {value!r}")
    return float(value)


def counted_report(context: Context, group: str, design: Design) -> dict[str, Any]:
    """The report of an experiment in a dataset group, by its ARN or name. Raises ServiceError when it is not there."""
    own = context_of(context, group)
    arn = group if parse_arn(group) is not None else own.arn(f"dataset-group/{group}")
    with own.emulator.database.read() as rows:
        require(own, rows, dataset_group.KIND, arn, "datasetGroup")
        deeds = _Deeds(own, rows, arn, every=design.every_outcome)
        counts = own.emulator.views.reading(arn, lambda: count(deeds.all(), design))
    return {**report(counts, design), "datasetGroupArn": arn}


class _Deeds:
    """What users did, with what it is to be counted for."""

    def __init__(self, context: Context, rows: Rows, group: str, *, every: bool) -> None:
        self._context, self._rows, self._group, self._every = context, rows, group, every
        self._sources = Sources(rows.recommendation_sources(group))

    def all(self) -> Iterator[Deed]:
        """Streamed ones, then imported ones."""
        yield from self._streamed()
        dataset = self._context.emulator.views.of(self._context, self._rows, self._group).datasets.get("INTERACTIONS")
        if dataset is not None and dataset.known["segments"]:
            yield from self._imported(self._context.emulator.views.open(self._rows, dataset.known, put=False))

    def _streamed(self) -> Iterator[Deed]:
        """The events of PutEvents; those of a session belong to the user who is named in it."""
        named = {session: user for user, session, *_ in self._rows.deeds(self._group) if user is not None}
        for user, session, kind, time, extra in self._rows.deeds(self._group):
            yield Deed(
                user=user if user is not None else named.get(session),
                type=kind,
                time=time,
                label=extra.get("metricAttribution", {}).get("eventAttributionSource"),
                recommender=self._recommender(extra.get("recommendationId")),
            )

    def _imported(self, held: Held) -> Iterator[Deed]:
        from personalize_local.datasets._arrow import pc

        columns = {name: item.name for name in _COLUMNS if (item := held.schema.field(name)) is not None}
        for table in held.tables:
            there = {name: own for name, own in columns.items() if own in table.column_names}
            marks = [own for name, own in there.items() if name in _MARKS]
            if not marks and not self._every:
                continue
            for batch in table.select(list(there.values())).to_batches(max_chunksize=_AT_ONCE):
                if not self._every:
                    batch = batch.filter(reduce(pc.or_, (pc.is_valid(batch.column(own)) for own in marks)))
                for row in batch.rename_columns(list(there)).to_pylist():
                    yield Deed(
                        user=row["USER_ID"],
                        type=row.get("EVENT_TYPE") or "",
                        time=row["TIMESTAMP"],
                        label=row.get("EVENT_ATTRIBUTION_SOURCE"),
                        recommender=self._recommender(row.get("RECOMMENDATION_ID")),
                    )

    def _recommender(self, recommendation_id: str | None) -> str | None:
        """The ARN of what gave a recommendation; None for nobody's."""
        source = self._sources.of(recommendation_id, None)
        return None if source == UNDEFINED else source
