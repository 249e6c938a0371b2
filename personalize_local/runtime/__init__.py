"""The runtime service: recommendations and rankings in real time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from personalize_local.context import Context
from personalize_local.runtime.ranking import get_personalized_ranking
from personalize_local.runtime.recommendations import get_recommendations

__all__ = ["HANDLERS"]

HANDLERS: dict[str, Callable[[Context, dict[str, Any]], Mapping[str, Any] | None]] = {
    "GetRecommendations": get_recommendations,
    "GetPersonalizedRanking": get_personalized_ranking,
}
