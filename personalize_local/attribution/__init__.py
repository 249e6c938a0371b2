"""What is counted of events, and for which source: plain functions of values, without a server or a store."""

from personalize_local.attribution.figures import Event, Figure, Metric, figures, in_order, metrics_of
from personalize_local.attribution.sources import UNDEFINED, Sources
from personalize_local.attribution.stored import event_of

__all__ = [
    "UNDEFINED",
    "Event",
    "Figure",
    "Metric",
    "Sources",
    "event_of",
    "figures",
    "in_order",
    "metrics_of",
]
