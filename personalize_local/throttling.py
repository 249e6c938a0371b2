"""Request rates: how many calls a second the service takes, enforced only when the setting asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from personalize_local.context import Context
from personalize_local.provenance import Refusal, Rule

Handler = Callable[[Context, dict[str, Any]], "Mapping[str, Any] | None"]

THROTTLED = Refusal(
    "ThrottlingException",
    "Rate exceeded",
    rule="documented",
    error="observed",
    wording="inferred",
    source="dg/limits.html; the class in programs that catch it",
    status=400,
)
RULES = (
    Rule(
        says="Request rates are enforced with the setting throttle alone; a second's worth of calls may come at once.",
        known="chosen",
        source="dg/limits.html has the rates",
    ),
)

_CONTROL = (
    *(f"Create{name}" for name in ("Campaign", "Dataset", "DatasetGroup", "DatasetImportJob", "EventTracker")),
    *("CreateSchema", "CreateSolution", "CreateSolutionVersion", "UpdateCampaign", "UpdateDataset"),
    *(f"Delete{name}" for name in ("Campaign", "Dataset", "DatasetGroup", "EventTracker", "Schema", "Solution")),
    *(f"Describe{name}" for name in ("Algorithm", "Campaign", "Dataset", "DatasetGroup", "DatasetImportJob")),
    *(f"Describe{name}" for name in ("EventTracker", "FeatureTransformation", "Recipe", "Schema", "Solution")),
    *("GetSolutionMetrics", "ListCampaigns", "ListDatasetGroups", "ListDatasetImportJobs", "ListDatasets"),
    *("ListEventTrackers", "ListRecipes", "ListSchemas", "ListSolutionVersions", "ListSolutions"),
)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls a second for each value of ``member``, or for each account and region when it is None."""

    limit: float
    member: str | None = None


_SERVING = (Rate(2500), Rate(500, "campaignArn"))
RATES: Mapping[str, tuple[Rate, ...]] = {
    **dict.fromkeys(_CONTROL, (Rate(1),)),
    "PutEvents": (Rate(1000, "trackingId"),),
    "PutActionInteractions": (Rate(1000, "trackingId"),),
    **dict.fromkeys(("PutItems", "PutUsers", "PutActions"), (Rate(10, "datasetArn"),)),
    **dict.fromkeys(("GetRecommendations", "GetPersonalizedRanking", "GetActionRecommendations"), _SERVING),
}
"""Calls a second by operation (documented); operations that are not here have no published rate."""


class Throttle:
    """Counts calls against :data:`RATES`, on the emulator's clock."""

    def __init__(self) -> None:
        self._left: dict[tuple[object, ...], tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wrap(self, operation: str, handler: Handler) -> Handler:
        """``handler`` behind the rates of ``operation``; itself where there are none."""
        rates = RATES.get(operation)
        if rates is None:
            return handler

        def throttled(context: Context, params: dict[str, Any]) -> Mapping[str, Any] | None:
            for rate in rates:
                value = None if rate.member is None else params.get(rate.member)
                self._take((context.account, context.region, operation, value, rate.limit), rate.limit, context.now)
            return handler(context, params)

        return throttled

    def _take(self, key: tuple[object, ...], limit: float, now: float) -> None:
        with self._lock:
            left, since = self._left.get(key, (limit, now))
            left = min(limit, left + (now - since) * limit)
            if left < 1:
                raise THROTTLED()
            self._left[key] = (left - 1, now)

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._left.clear()
