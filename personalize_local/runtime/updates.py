"""The automatic update: what answers that explore know of items and actions that have come since the training."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING, Any

from personalize_local.clock import tick
from personalize_local.context import Asking
from personalize_local.provenance import Rule
from personalize_local.resources import solution_version
from personalize_local.resources.serving_rules import Exploration
from personalize_local.resources.status import status_of
from personalize_local.store.records import IMPLICIT, Job
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from personalize_local.datasets.catalogue import Catalogue
    from personalize_local.datasets.evidence import Evidence
    from personalize_local.runtime.exploring import Plan
    from personalize_local.runtime.models import Loaded

__all__ = ["Updates"]

_PAGE = "dg/use-case-recipe-features.html"
RULES = (
    Rule(
        says="Every two hours of the clock after a training, recipes that explore take in the items and actions that "
        "are new, and count interactions and impressions anew; what was learned stays. Before the first time, answers "
        "are about what the training knew.",
        known="documented",
        source=f"{_PAGE}; that the hours count from the training is chosen",
    ),
    Rule(
        says="An update takes in what arrived before it was due, and is made when an answer first needs it.",
        known="chosen",
    ),
    Rule(
        says="Only the latest version of a solution that was trained with mode FULL is updated; a version trained with "
        "mode UPDATE never is.",
        known="documented",
        source=_PAGE,
    ),
    Rule(
        says="Where no interaction is left in the data, answers explore nothing.",
        known="chosen",
        source=f"{_PAGE}: updates need the datasets",
    ),
    Rule(
        says="Data that a later FULL import has replaced count no more, and what replaced them counts at once.",
        known="chosen",
    ),
    Rule(
        says="The setting automatic-updates takes new data in at once, or never.",
        known="chosen",
    ),
)

SECONDS = 7200.0
_TRAINING = -1.0
"""In place of a moment: what the training saw."""
_NOW = inf
_NAMES = ("impression", IMPLICIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    """Which data an update knows: references of the two datasets, and the sequence of the stream's last event."""

    catalogue: Mapping[str, Any] | None
    events: Mapping[str, Any] | None
    stream: str
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Update:
    """One state of what is known; good before ``ends`` and, where that is asked for, for the ``stamp`` of the store."""

    number: int
    ends: float
    stamp: tuple[int, int]
    data: _Data
    evidence: Evidence
    catalogue: Catalogue | None
    plans: dict[float, Plan | None] = field(default_factory=dict)
    """By the age to which they go."""
    answers: dict[Exploration, Loaded] = field(default_factory=dict)


class Updates:
    """The updates of one training, made when they are first needed."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._kept: _Update | None = None
        self._relevant: Loaded | None = None
        self._segments: dict[str, Evidence] = {}
        self._streamed: tuple[str, int, Evidence] | None = None
        self._lock = threading.Lock()

    def of(self, context: Asking, rows: Rows, loaded: Loaded, config: Mapping[str, Any]) -> Loaded:
        """The model as it answers now under the configuration of a campaign or recommender.

        Its ``training`` is another where its items are.
        """
        recipe = loaded.recipe
        if not recipe.exploration:
            return loaded
        wanted = Exploration.of(config) if recipe.exploration_settings else Exploration()
        if not wanted.weight:
            if self._relevant is None:
                self._relevant = _relevant(loaded)
            return self._relevant
        update = self._update(context, rows, loaded)
        answer = update.answers.get(wanted)
        if answer is None:
            answer = update.answers[wanted] = self._exploring(context, update, loaded, wanted)
        return answer

    def _update(self, context: Asking, rows: Rows, loaded: Loaded) -> _Update:
        kept, database = self._kept, context.emulator.database
        at_once = context.emulator.settings.automatic_updates == "at-once"
        stamp = (database.generation, database.appended) if at_once else (0, 0)  # before anything is read
        if kept is not None and context.now < kept.ends and kept.stamp == stamp:
            return kept
        if not self._lock.acquire(blocking=kept is None):
            assert kept is not None
            return replace(kept, ends=-inf, answers={})  # another one is being made: it must not be given again
        try:
            if self._kept is kept:  # else another request has made it meanwhile
                views = context.emulator.views
                self._kept = views.reading(loaded.dataset_group, lambda: self._made(context, rows, loaded, stamp))
            assert self._kept is not None
            return self._kept
        finally:
            self._lock.release()

    # When

    def _made(self, context: Asking, rows: Rows, loaded: Loaded, stamp: tuple[int, int]) -> _Update:
        mode, since = context.emulator.settings.automatic_updates, self._job.submitted
        last = since if mode == "off" else _last_moment(context, rows, self._job.arn)
        number = tick(min(context.now, last), since, SECONDS)
        ends = since + (number + 1) * SECONDS if context.now < last else inf
        moment = since + number * SECONDS if number else _TRAINING
        if mode == "at-once" and last > since:
            moment = min(last, _NOW)
        data = self._data(context, rows, loaded, moment)
        kept = self._kept
        if kept is not None and kept.data == data:
            plans = kept.plans
            answers = kept.answers if (kept.number, kept.ends) == (number, ends) else {}
            return replace(kept, number=number, ends=ends, stamp=stamp, plans=plans, answers=answers)
        return _Update(
            number=number,
            ends=ends,
            stamp=stamp,
            data=data,
            evidence=self._evidence(context, rows, data),
            catalogue=_catalogue(context, rows, data),
        )

    # What is known

    def _data(self, context: Asking, rows: Rows, loaded: Loaded, moment: float) -> _Data:
        datasets = context.emulator.views.of(context, rows, loaded.dataset_group).datasets
        actions = loaded.recipe.operation == "GetActionRecommendations"
        held = self._job.payload["held"]
        things, deeds = ("ACTIONS", "ACTION_INTERACTIONS") if actions else ("ITEMS", "INTERACTIONS")
        catalogue, events = (
            None if kind not in datasets else _as_of(rows, datasets[kind].known, held.get(kind), moment)
            for kind in (things, deeds)
        )
        stream = loaded.dataset_group if not actions else "" if events is None else events["dataset"]
        if moment == _TRAINING:
            until = loaded.actions_until if actions else loaded.until
        else:
            until = rows.last_event(stream) if moment == _NOW else rows.last_event_before(stream, moment)
        if events is not None:
            events = {**events, "until": 0}  # of the stream, see until
        return _Data(catalogue=catalogue, events=events, stream=stream, until=until)

    def _evidence(self, context: Asking, rows: Rows, data: _Data) -> Evidence:
        from personalize_local.datasets.evidence import evidence_of, joined

        parts = []
        segments = {} if data.events is None else {one["folder"]: one for one in data.events["segments"]}
        for folder, segment in segments.items():
            if folder not in self._segments:
                known = {**(data.events or {}), "segments": [segment]}
                self._segments[folder] = evidence_of(context.emulator.views.open(rows, known, put=False))
            parts.append(self._segments[folder])
        self._segments = {folder: self._segments[folder] for folder in segments}
        return joined([*parts, self._of_stream(rows, data)])

    def _of_stream(self, rows: Rows, data: _Data) -> Evidence:
        from personalize_local.datasets.evidence import NOTHING, joined, streamed_evidence

        stream, until, evidence = self._streamed or (data.stream, 0, NOTHING)
        if stream != data.stream or until > data.until:
            until, evidence = 0, NOTHING
        if until < data.until:
            had = rows.tally(data.stream, until, data.until)
            impressions = rows.telling(data.stream, until, data.until, _NAMES)
            evidence = joined([evidence, streamed_evidence(had, impressions)])
        self._streamed = (data.stream, data.until, evidence)
        return evidence

    # What it makes of answers

    def _exploring(self, context: Asking, update: _Update, loaded: Loaded, wanted: Exploration) -> Loaded:
        from personalize_local.runtime.exploring import Exploring, MixingActions, MixingItems

        if wanted.days not in update.plans:
            update.plans[wanted.days] = self._plan(update, loaded, wanted.days)
        plan = update.plans[wanted.days]
        if plan is None:
            return replace(loaded, ends=update.ends)
        chance = f"{context.emulator.settings.seed}/{update.number}"
        model: Exploring | MixingActions | MixingItems
        if loaded.recipe.operation == "GetActionRecommendations":
            model = MixingActions(trained=loaded.model, plan=plan, chance=chance)
        elif loaded.recipe.exploration_settings:
            model = Exploring(trained=loaded.model, plan=plan, chance=chance, weight=wanted.weight)
        else:
            model = MixingItems(trained=loaded.model, plan=plan, chance=chance)
        return replace(loaded, model=model, training=plan.name, ends=update.ends)

    def _plan(self, update: _Update, loaded: Loaded, days: float) -> Plan | None:
        from personalize_local.runtime.exploring import plan_actions, plan_items

        evidence, catalogue = update.evidence, update.catalogue
        if loaded.recipe.operation == "GetActionRecommendations":
            return plan_actions(loaded.model, loaded.training, evidence=evidence, catalogue=catalogue)
        assert loaded.learned is not None
        if not evidence.interactions.any():
            return None
        training = self._job.payload["solutionConfig"].get("trainingDataConfig", {})
        plan = plan_items(
            loaded.model,
            loaded.training,
            learned=loaded.learned,
            evidence=evidence,
            catalogue=catalogue,
            excluded=training.get("excludedDatasetColumns", {}).get("ITEMS", ()),
            days=days,
            impressions=loaded.recipe.impressions,
        )
        return plan if len(plan.candidates) else None


def _relevant(loaded: Loaded) -> Loaded:
    """What answers without exploration."""
    from personalize_local.runtime.exploring import Relevant

    assert loaded.learned is not None
    known = loaded.learned.interactions > 0
    return loaded if known.all() else replace(loaded, model=Relevant(trained=loaded.model, known=known))


def _last_moment(context: Asking, rows: Rows, key: str) -> float:
    """When the version of a training was last updated: the moment at which a later one took its place."""
    record = rows.get(key)
    if record is None or record.kind != solution_version.KIND.name:
        return inf  # a recommender trains in its own place
    if record.body["trainingMode"] != "FULL":
        return record.created
    later = (
        status.updated
        for version in rows.children(str(record.parent), solution_version.KIND.name)
        if version.sequence > record.sequence and version.body["trainingMode"] == "FULL"
        if (status := status_of(context, solution_version.KIND, version)).is_active
    )
    return min(later, default=inf)


def _as_of(rows: Rows, known: Mapping[str, Any], trained: Mapping[str, Any] | None, moment: float) -> dict[str, Any]:
    """The reference ``known`` of a dataset without what has come to it since a moment."""
    if moment == _NOW:
        return dict(known)
    if moment == _TRAINING:
        until = 0 if trained is None else trained["until"]
    else:
        until = min(known["until"], rows.last_row_before(known["dataset"], moment)) if known["until"] else 0
    return {**known, "segments": list(_segments(known, trained, moment)), "until": until}


def _segments(
    known: Mapping[str, Any], trained: Mapping[str, Any] | None, moment: float
) -> Iterator[Mapping[str, Any]]:
    """The imports before a moment or, where all that the training saw were replaced, the one that did it."""
    learned = () if trained is None else trained["segments"]
    places = {segment.get("order", segment["folder"]) for segment in learned}
    kept = [
        segment
        for segment in known["segments"]
        if (
            segment.get("order", segment["folder"]) in places
            if moment == _TRAINING
            else segment.get("at", -inf) < moment
        )
    ]
    yield from kept or (known["segments"][:1] if learned else ())


def _catalogue(context: Asking, rows: Rows, data: _Data) -> Catalogue | None:
    from personalize_local.datasets.catalogue import Catalogue

    if data.catalogue is None:
        return None
    return Catalogue(context.emulator.views.open(rows, data.catalogue))
