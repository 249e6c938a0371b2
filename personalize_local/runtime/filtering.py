"""From the filterArn of a request to the items or actions that its answer may have."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from operator import is_
from typing import TYPE_CHECKING, Any

from personalize_local.context import Asking, Context
from personalize_local.errors import NOT_ACTIVE_INPUT
from personalize_local.filters import (
    Bound,
    Column,
    CurrentItemField,
    Filter,
    FilterValueError,
    bind,
    fields,
    parameters,
    parse,
)
from personalize_local.provenance import Rule, invalid
from personalize_local.resources import quotas
from personalize_local.resources.filter import KIND as FILTER
from personalize_local.resources.lookup import require
from personalize_local.resources.status import status_of
from personalize_local.runtime.filter_values import refusal_of
from personalize_local.runtime.models import Loaded
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from personalize_local.filters.evaluation import Prepared, Request, UserValue
    from personalize_local.filters.table import Mask
    from personalize_local.runtime.entities import Activity, Entities
    from personalize_local.runtime.views import View

__all__ = ["Choice", "Filters", "Kept", "Who", "choice", "choices_of_parts", "columns_of"]

OTHER_GROUP = invalid("Filter {arn} does not belong to the dataset group of {asked}.", "inferred")
OTHER_ENTITY = invalid(
    "Filter {arn} chooses by {entity}; {operation} takes filters by {expected}.",
    "documented",
    "dg/filter-expressions.html",
)
NEEDED_USER = invalid(
    "userId is required for filter {arn}, which looks at the user.", "documented", "dg/API_RS_GetRecommendations.html"
)
NO_CURRENT_ITEM = invalid(
    "Filter {arn} uses CurrentItem, which recipe {recipe} does not support.",
    "documented",
    "dg/filter-expression-guidelines-requirements.html",
)
RULES = (
    Rule(
        says="Filters look at the newest 100 interactions of a user for each event type, 300 action interactions, "
        "imported and streamed ones together, by their timestamps; quotas of the same names move the numbers.",
        known="documented",
        source="dg/filter-expression-guidelines-requirements.html, dg/limits.html",
    ),
    Rule(
        says="What a user did is out of sight of filters when nothing of his was imported or streamed for 3 months (90 "
        "days); anything of his that comes brings it back.",
        known="documented",
        source="dg/filter-expression-guidelines-requirements.html asks for the whole history again; that anything does "
        "and the number of days are chosen",
    ),
    Rule(
        says="What is imported or put is seen by filters at once.",
        known="chosen",
        source="the service promises 20 minutes, for events seconds",
    ),
    Rule(
        says="Four use cases leave out what the user has bought or watched, before any filter of the request and also "
        "among promoted items.",
        known="documented",
        source="dg/ECOMMERCE-use-cases.html, dg/VIDEO_ON_DEMAND-use-cases.html; of promoted items inferred",
    ),
    Rule(
        says="The event types of action interactions are compared in every spelling: Not Taken is NOT_TAKEN.",
        known="inferred",
        source="the guide writes them in several ways",
    ),
    Rule(says="A filter raises no score: the others keep those that they have without it.", known="inferred"),
)

_MEMORY_SECONDS = 90 * 86_400.0
_ENTITIES = {"ITEMS": "ItemID", "ACTIONS": "ActionID"}
_EVENTS = {"ITEMS": "INTERACTIONS", "ACTIONS": "ACTION_INTERACTIONS"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """What a request is about: the model that answers, the ARN that was asked, and the user and item it names."""

    loaded: Loaded
    asked: str
    user_id: str | None
    item_id: str | None
    operation: str
    kind: str = "ITEMS"
    """The dataset of what the answer consists of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The entities that an answer may have. ``kept`` has one entry for each of ``entities``."""

    entities: Entities
    kept: Mask
    strangers: Callable[[list[str]], Mask] | None = None
    """Which of some ids that nobody knows may be answered; None: all."""
    until: float = inf
    """Until when, in epoch seconds, it is the same unless something is written."""

    def of_model(self, count: int) -> Mask:
        """The part that is about the ``count`` entities of the model."""
        return self.kept[:count]

    def keeps(self, ids: list[str]) -> list[bool]:
        """Whether each of some ids may be answered."""
        indexes = [self.entities.get(id_) for id_ in ids]
        unknown = [id_ for id_, index in zip(ids, indexes, strict=True) if index < 0]
        others = iter([True] * len(unknown) if self.strangers is None else self.strangers(unknown).tolist())
        return [bool(self.kept[index]) if index >= 0 else next(others) for index in indexes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A choice that may be asked for again, often before anything of the user's has come.

    It is good while the store has the same ``stamp`` and the data the same ``view``, until the choice ends; after that
    still while all that it ``depends`` on is the same.
    """

    stamp: tuple[int, int]
    view: View
    depends: tuple[object, ...]
    choice: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A filter as far as no request changes it."""

    arn: str
    expression: str
    group: str
    entity: str
    parsed: Filter
    names: tuple[str, ...]
    """The columns of the entities that it reads."""
    current_item: bool
    on_user: bool
    on_events: bool


class Filters:
    """The filters of an emulator, parsed once."""

    def __init__(self) -> None:
        self._ready: dict[str, tuple[int, _Ready]] = {}
        self._lock = threading.Lock()

    def of(self, context: Asking, rows: Rows, arn: str) -> _Ready:
        """The filter of an ARN. Raises ResourceNotFoundException, and InvalidInputException when it is not ACTIVE."""
        generation = context.emulator.database.generation
        kept = self._ready.get(arn)
        if kept is not None and kept[0] == generation and _is_own(context, arn):
            return kept[1]
        record = require(context, rows, FILTER, arn)
        status = status_of(context, FILTER, record)
        if not status.is_active:
            raise NOT_ACTIVE_INPUT(arn=arn, status=status.word)
        expression = record.body["filterExpression"]
        if kept is None or (kept[1].expression, kept[1].group) != (expression, record.body["datasetGroupArn"]):
            ready = _ready(arn, record.body)
        else:
            ready = kept[1]
        with self._lock:
            self._ready[arn] = (generation, ready)
        return ready

    def forget(self, arn: str) -> None:
        """Let go of a deleted filter."""
        self._ready.pop(arn, None)

    def clear(self) -> None:
        """Let go of all."""
        self._ready.clear()


def _is_own(context: Asking, arn: str) -> bool:
    return arn.startswith(context.arn("filter/"))


def _ready(arn: str, body: Mapping[str, Any]) -> _Ready:
    parsed = parse(body["filterExpression"])
    used = fields(parsed)
    conditions = [condition for part in parsed.parts for condition in part.every_condition()]
    return _Ready(
        arn=arn,
        expression=body["filterExpression"],
        group=body["datasetGroupArn"],
        entity=str(parsed.parts[0].entity),
        parsed=parsed,
        names=tuple(sorted(name for dataset, name in used if dataset in _ENTITIES)),
        current_item=any(isinstance(condition.operand, CurrentItemField) for condition in conditions),
        on_user=any(part.user_conditions for part in parsed.parts),
        on_events=any(dataset in _EVENTS.values() for dataset, _ in used),
    )


def choice(context: Asking, rows: Rows, who: Who, filter_arn: str | None, values: Mapping[str, str]) -> Choice | None:
    """What an answer may have, by a filter of the request and by what the use case hides; None for everything.

    Raises ResourceNotFoundException and InvalidInputException.
    """
    hides = who.loaded.recipe.hides if who.user_id is not None else None
    ready = None
    if filter_arn is not None:
        ready = context.emulator.filters.of(context, rows, filter_arn)
        _check_use(ready, who)
    if ready is None and hides is None:
        return None
    views, group = context.emulator.views, who.loaded.dataset_group
    return views.reading(group, lambda: _chosen(context, rows, who, ready, hides, values))


def choices_of_parts(
    context: Context, rows: Rows, who: Who, filter_arn: str, values: Mapping[str, str]
) -> list[tuple[str, Choice]]:
    """The parts of a filter that a request was answered with, each by its text, and what it alone would let pass."""
    ready = context.emulator.filters.of(context, rows, filter_arn)
    starts = [part.position - 1 for part in ready.parsed.parts]
    views, group = context.emulator.views, who.loaded.dataset_group
    found = []
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        text = ready.expression[start:end].strip().removesuffix("|").strip()
        alone = _ready(f"{filter_arn}#{start}", {"filterExpression": text, "datasetGroupArn": ready.group})
        own = {name: values[name] for name in parameters(alone.parsed) if name in values}
        found.append((text, views.reading(group, partial(_chosen, context, rows, who, alone, None, own))))
    return found


def _check_use(ready: _Ready, who: Who) -> None:
    expected = _ENTITIES[who.kind]
    if ready.group != who.loaded.dataset_group:
        raise OTHER_GROUP(arn=ready.arn, asked=who.asked)
    if ready.entity != expected:
        raise OTHER_ENTITY(arn=ready.arn, entity=ready.entity, operation=who.operation, expected=expected)
    if ready.current_item and who.loaded.recipe.type != "RELATED_ITEMS":
        raise NO_CURRENT_ITEM(arn=ready.arn, recipe=who.loaded.recipe.arn)
    if who.user_id is None and (ready.on_user or ready.on_events):
        raise NEEDED_USER(arn=ready.arn)


def _chosen(
    context: Asking, rows: Rows, who: Who, ready: _Ready | None, hides: str | None, values: Mapping[str, str]
) -> Choice:
    loaded, database = who.loaded, context.emulator.database
    stamp = (database.generation, database.appended)  # before anything is read
    view = context.emulator.views.of(context, rows, loaded.dataset_group)
    entities = view.entities_of(rows, loaded.training, loaded.model.items, who.kind)
    on_user = hides is not None or (ready is not None and (ready.on_user or ready.on_events))
    item_id = who.item_id if ready is not None and ready.current_item else None
    asked = (ready and ready.arn, who.user_id if on_user else None, item_id, hides, *values.items())
    kept = entities.choices.get(asked)
    if kept is not None and kept.stamp == stamp and kept.view is view and context.now <= kept.choice.until:
        return kept.choice
    activity = None
    if who.user_id is not None and (hides is not None or (ready is not None and ready.on_events)):
        activity = _activity(context, rows, view, entities, who)
    prepared = None if ready is None else _prepared(view, entities, ready, values)
    depends = (prepared, activity, view.datasets.get("USERS") if ready and ready.on_user else None)
    if kept is not None and all(map(is_, kept.depends, depends)):
        chosen = kept.choice
    else:
        chosen = _made(rows, view, entities, who, ready, hides, prepared, activity)
    entities.choices.keep(asked, Kept(stamp=stamp, view=view, depends=depends, choice=chosen))
    return chosen


def _made(
    rows: Rows,
    view: View,
    entities: Entities,
    who: Who,
    ready: _Ready | None,
    hides: str | None,
    prepared: tuple[Bound, Prepared] | None,
    activity: Activity | None,
) -> Choice:
    until = inf if activity is None else activity.latest + _MEMORY_SECONDS
    if ready is None or prepared is None:
        return Choice(entities=entities, kept=_without(entities, None, hides, activity), until=until)
    bound, evaluated = prepared
    users = view.datasets.get("USERS") if ready.on_user and who.user_id is not None else None
    asking = _Asking(
        entities=entities,
        # An unknown user has no fields.
        user={} if users is None or who.user_id is None else users.catalogue(rows).values(who.user_id),
        item=entities.get(who.item_id) if ready.current_item and who.item_id is not None else -1,
        activity=activity,
    )
    kept = _without(entities, evaluated.select(asking.request()), hides, activity)
    return Choice(entities=entities, kept=kept, strangers=partial(asking.strangers, bound), until=until)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """What a request adds to a filter."""

    entities: Entities
    user: Mapping[str, UserValue]
    item: int
    activity: Activity | None

    def request(self, strangers: Sequence[str] | None = None) -> Request:
        """The request, about the entities or about ids that nobody knows."""
        from personalize_local.filters.evaluation import Request

        item = self.item if strangers is None else -1
        if self.activity is None:
            return Request(user=self.user, item=item)
        return Request(user=self.user, item=item, events=self.entities.events(self.activity, strangers))

    def strangers(self, bound: Bound, ids: Sequence[str]) -> Mask:
        """Which of some ids that nobody knows are kept."""
        from personalize_local.filters.evaluation import evaluate

        return evaluate(bound, self.entities.strangers(ids), self.request(ids))


def _without(entities: Entities, kept: Mask | None, hides: str | None, activity: Activity | None) -> Mask:
    """What is kept, less what the use case hides."""
    import numpy as np

    if kept is not None and (hides is None or activity is None):
        return kept
    left = np.ones(len(entities), np.bool_) if kept is None else kept.copy()
    if hides is not None and activity is not None:
        hidden = activity.of(frozenset((hides.casefold(),)))
        left[hidden[hidden >= 0]] = False
    return left


def _prepared(view: View, entities: Entities, ready: _Ready, values: Mapping[str, str]) -> tuple[Bound, Prepared]:
    """The filter with the request's values, and what the data alone decide of it."""
    key = (ready.arn, ready.expression, *sorted(values.items()))
    kept = entities.prepared.get(key)
    if kept is not None:
        return kept
    from personalize_local.filters.evaluation import prepare

    try:
        bound = bind(ready.parsed, values, columns_of(view))
    except FilterValueError as error:
        raise refusal_of(error) from None
    return entities.prepared.keep(key, (bound, prepare(bound, entities.table(ready.names))))


def columns_of(view: View) -> dict[str, dict[str, Column]]:
    """What filters must know of the columns of each dataset."""
    return {
        kind: {
            field.name.upper(): Column(type=field.type, categorical=field.categorical, textual=field.textual)
            for field in dataset.schema.fields
        }
        for kind, dataset in view.datasets.items()
    }


def _activity(context: Asking, rows: Rows, view: View, entities: Entities, who: Who) -> Activity | None:
    """What the user did lately; None when that is too long ago to count."""
    assert who.user_id is not None
    kind = _EVENTS[who.kind]
    dataset = view.datasets.get(kind)
    actions = kind == "ACTION_INTERACTIONS"
    stream = dataset.arn if actions and dataset is not None else who.loaded.dataset_group
    user_id = who.user_id
    appended = context.emulator.database.appended  # before events are read
    activity = entities.activity(
        user_id,
        None if dataset is None else dataset.past(rows),
        lambda after: rows.events_of(stream, user_id, after),
        () if dataset is None else dataset.times,
        context.emulator.quotas.of(quotas.FILTER_ACTION_EVENTS if actions else quotas.FILTER_EVENTS),
        appended,
    )
    return activity if context.now - activity.latest <= _MEMORY_SECONDS else None
