"""Training hours from the size of the data: an estimate, as the service bills the compute of machines of its own."""

from __future__ import annotations

from decimal import Decimal

from personalize_local.provenance import Rule

_FIXED_HOURS = Decimal("1.93")
_HOURS_PER_MILLION = Decimal("2.08")
_MILLION = Decimal(1_000_000)

RULES = (
    Rule(
        says=f"Training hours are estimated: {_FIXED_HOURS} and {_HOURS_PER_MILLION} for each million of interactions "
        "in the dataset, before any are left out. The true seconds of this machine are told beside them.",
        known="chosen",
        source="the line through both points that aws-samples' cheat sheet tells of User-Personalization: 2.135 hours "
        "for 100 000 interactions, 53.9 for 25 million; other recipes are taken to need as long",
    ),
    Rule(
        says="A training with a search is billed as often as models were trained, in hours or interactions.",
        known="inferred",
        source="price page: training hours",
    ),
)


def training_hours(interactions: int, trainings: int = 1) -> Decimal:
    """The hours that the service is estimated to bill for ``trainings`` models of so many interactions."""
    return (_FIXED_HOURS + _HOURS_PER_MILLION * Decimal(interactions) / _MILLION) * trainings
