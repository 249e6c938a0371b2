"""The runtime service: recommendations, rankings and actions in real time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from personalize_local.context import Context
from personalize_local.runtime.actions import get_action_recommendations
from personalize_local.runtime.ranking import get_personalized_ranking
from personalize_local.runtime.recommendations import get_recommendations

__all__ = ["HANDLERS"]

Handler = Callable[[Context, dict[str, Any]], Mapping[str, Any] | None]


def _counted(handler: Handler) -> Handler:
    @wraps(handler)
    def answer(context: Context, params: dict[str, Any]) -> Mapping[str, Any] | None:
        answered = handler(context, params)
        context.emulator.requests.count(params.get("campaignArn") or params["recommenderArn"], context.now)
        return answered

    return answer


HANDLERS: dict[str, Handler] = {
    "GetActionRecommendations": _counted(get_action_recommendations),
    "GetRecommendations": _counted(get_recommendations),
    "GetPersonalizedRanking": _counted(get_personalized_ranking),
}
