"""What each answer of the runtime leaves behind, and which may be given again without asking the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from botocore_shapes.service import Repeatable, Repetition
from personalize_local.context import Context

if TYPE_CHECKING:
    from personalize_local.runtime.questions import Question

__all__ = ["answer", "leave_traces"]

Stamp = tuple[int, int, int]

_PLAIN = (str, float, int)


def leave_traces(context: Context, arn: str, tag: str, *, group: str | None = None, shown: Sequence[str] = ()) -> str:
    """Count an answer of a campaign or recommender, remember what it showed to users of ``group``; its
    recommendationId."""
    emulator = context.emulator
    emulator.requests.count(arn, context.now)
    recommendation_id = emulator.ids.recommendation_id(tag)
    if group is not None:
        emulator.shown.remember(recommendation_id, group, shown)
    return recommendation_id


def answer(
    context: Context,
    asked: Question,
    listed: list[dict[str, Any]],
    *,
    member: str,
    stamp: Stamp,
    shows: bool = False,
    until: float = inf,
) -> dict[str, Any]:
    """The result of a request with what was ``listed`` under ``member``.

    ``stamp`` is that of the emulator before anything was read. Before ``until`` on the clock, and before the question
    has another answer, the result may be given again while the stamp is the same and nothing is declared for tests.
    With ``shows``, its items are what the user was shown.
    """
    arn, tag, until = asked.who.asked, asked.tag, min(until, asked.until)
    group = asked.loaded.dataset_group if shows else None
    shown = [item["itemId"] for item in listed] if shows else ()

    def told(now: Context, items: list[dict[str, Any]]) -> dict[str, Any]:
        return {member: items, "recommendationId": leave_traces(now, arn, tag, group=group, shown=shown)}

    result = told(context, listed)
    if until <= context.now or not context.emulator.views.rests(asked.loaded.dataset_group):
        return result
    return Repeatable(result, _repetition(context, stamp, until, lambda now: told(now, _copied(listed))))


def _repetition(
    first: Context, stamp: Stamp, until: float, told: Callable[[Context], dict[str, Any]]
) -> Callable[[Callable[[], str]], Repetition[Context] | None]:
    emulator = first.emulator

    def again(new_request_id: Callable[[], str]) -> Repetition[Context] | None:
        now = round(emulator.clock.now(), 3)
        if emulator.stamp != stamp or now >= until or not emulator.may_repeat:
            return None
        request_id = new_request_id()
        context = Context(
            account=first.account,
            region=first.region,
            request_id=request_id,
            now=now,
            emulator=emulator,
            size=first.size,
        )
        return Repetition(request_id, context, told(context))

    return again


def _copied(value: Any) -> Any:
    """A copy that its owner may change."""
    if type(value) is dict:
        return {name: inner if type(inner) in _PLAIN else _copied(inner) for name, inner in value.items()}
    if type(value) is list:
        return [inner if type(inner) in _PLAIN else _copied(inner) for inner in value]
    return value
