"""GetActionRecommendations: the actions that a user is most likely to take, as far as they may come now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

from personalize_local.context import Context
from personalize_local.provenance import Rule
from personalize_local.runtime.answering import answer
from personalize_local.runtime.questions import RECENT_EVENTS, Question, question
from personalize_local.runtime.recommendations import SCORE_DECIMALS, TOO_MANY_RESULTS
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personalize_local.filters.table import Mask
    from personalize_local.runtime.entities import Entities
    from personalize_local.runtime.views import View

DEFAULT_RESULTS = 5
MAXIMUM_RESULTS = 100
_EXPIRATION = ("EXPIRATION_TIMESTAMP", "ACTION_EXPIRATION_TIMESTAMP")
_FREQUENCY = "REPEAT_FREQUENCY"
_DAY = 86_400.0
_PAGE = "dg/actions-datasets.html"

RULES = (
    Rule(
        says=f"Without numResults, {DEFAULT_RESULTS} actions are recommended, and {MAXIMUM_RESULTS} at most.",
        known="documented",
        source="dg/API_RS_GetActionRecommendations.html",
    ),
    Rule(
        says="An action is not recommended after its EXPIRATION_TIMESTAMP (or ACTION_EXPIRATION_TIMESTAMP; of both the "
        "earlier), at once and by the clock of the emulator.",
        known="documented",
        source=f"{_PAGE}; the service may take two hours",
    ),
    Rule(
        says="An action with a REPEAT_FREQUENCY is not recommended to a user until that many days (of 24 hours) have "
        "passed since the time of his last event with it of any type, imported or streamed.",
        known="documented",
        source=f"{_PAGE}; that every type counts is inferred from its words on interacting",
    ),
    Rule(
        says="Expiration and repetition are those of an action's newest row, whatever the model has learned from.",
        known="inferred",
    ),
)


def get_action_recommendations(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Answer GetActionRecommendations."""
    count = params.get("numResults") or DEFAULT_RESULTS
    if count > MAXIMUM_RESULTS:
        raise TOO_MANY_RESULTS(most=MAXIMUM_RESULTS)
    stamp = context.emulator.stamp
    with context.emulator.database.read() as rows:
        asked = question(context, rows, params, "GetActionRecommendations")
        group = asked.loaded.dataset_group
        action_list = context.emulator.views.reading(group, lambda: _best(context, rows, asked, count))
    # What has expired, and what is too soon, changes with the time: it is not given again.
    return answer(context, asked, action_list, member="actionList", stamp=stamp, until=-inf)


def _best(context: Context, rows: Rows, asked: Question, count: int) -> list[dict[str, Any]]:
    from personalize_local.runtime.exploring import best

    loaded, model = asked.loaded, asked.loaded.model
    view = context.emulator.views.of(context, rows, loaded.dataset_group)
    entities = view.entities_of(rows, loaded.training, model.items, "ACTIONS")
    allowed = _may_come(context, rows, asked, view, entities)[: len(model.items)]
    if asked.allowed is not None:
        allowed = allowed & asked.allowed
    query = replace(asked.query, actions=_recent(rows, asked, view))
    actions, scores, _ = best(model, query, count, allowed)
    return [
        {"actionId": id_, "score": score}
        for id_, score in zip(model.items.strings(actions), scores.round(SCORE_DECIMALS).tolist(), strict=True)
    ]


def _recent(rows: Rows, asked: Question, view: View) -> Sequence[tuple[str, str]]:
    """The user's newest action interactions since the training."""
    dataset = view.datasets.get("ACTION_INTERACTIONS")
    if dataset is None or asked.who.user_id is None:
        return ()
    recent = rows.recent_events(dataset.arn, asked.who.user_id, asked.loaded.actions_until, RECENT_EVENTS)
    return [(action, event_type) for action, event_type, *_ in recent]


def _may_come(context: Context, rows: Rows, asked: Question, view: View, entities: Entities) -> Mask:
    """Which actions are neither expired nor too soon for the user."""
    import numpy as np

    allowed = np.ones(len(entities), np.bool_)
    for name in _EXPIRATION:
        expires = _numbers(entities, name)
        if expires is not None:
            allowed &= ~(context.now > expires)  # null is NaN and never reached
    frequency = _numbers(entities, _FREQUENCY)
    if frequency is not None and asked.who.user_id is not None and not np.isnan(frequency).all():
        allowed &= ~(context.now - _last_times(rows, asked.who.user_id, view, entities) < frequency * _DAY)
    return allowed


def _numbers(entities: Entities, name: str) -> NDArray[np.float64] | None:
    from personalize_local.filters.table import Numbers

    column = entities.table((name,)).columns.get(name)
    return column.values if isinstance(column, Numbers) else None


def _last_times(rows: Rows, user_id: str, view: View, entities: Entities) -> NDArray[np.float64]:
    dataset = view.datasets.get("ACTION_INTERACTIONS")
    if dataset is None:
        return entities.last_times(user_id, None, ())
    return entities.last_times(user_id, dataset.past(rows), rows.events_of(dataset.arn, user_id, 0))
