"""The runtime service: recommendations, rankings and actions in real time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from personalize_local.context import Context
from personalize_local.runtime.actions import get_action_recommendations
from personalize_local.runtime.ranking import get_personalized_ranking
from personalize_local.runtime.recommendations import get_recommendations

__all__ = ["HANDLERS"]

HANDLERS: dict[str, Callable[[Context, dict[str, Any]], Mapping[str, Any]]] = {
    "GetActionRecommendations": get_action_recommendations,
    "GetRecommendations": get_recommendations,
    "GetPersonalizedRanking": get_personalized_ranking,
}
