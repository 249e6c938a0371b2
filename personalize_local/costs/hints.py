"""What costs without need: campaigns that nobody asks, capacity that is not used, trainings that nobody began."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from personalize_local.costs.quantities import Automatic, Served
from personalize_local.costs.windows import HOUR, Span, peak
from personalize_local.provenance import Rule

IDLE_HOURS = 24
NEARLY_NONE = 10
"""Requests in :data:`IDLE_HOURS` that do not make a campaign a used one."""
PEAK_DAYS = 7
_DAY_HOURS = 24

RULES = (
    Rule(
        says=f"A campaign or recommender is idle after {IDLE_HOURS} hours with at most {NEARLY_NONE} requests. "
        f"Capacity is too high where the busiest five minutes of the last {PEAK_DAYS} days needed less, after "
        f"{IDLE_HOURS} hours at least.",
        known="chosen",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One piece of advice: what it is about, in words, and what it would save (``monthly``)."""

    kind: Literal["idle", "over-provisioned", "automatic-training"]
    resource: str
    says: str
    monthly: Decimal


def hints(
    served: Iterable[Served], automatic: Iterable[Automatic], monthly: Mapping[str, Decimal], now: float
) -> list[Hint]:
    """All advice, what saves most first; ``monthly`` is the cost of each resource in a month left running."""
    found = [hint for one in served for hint in _of_served(one, monthly.get(one.resource, Decimal(0)), now)]
    found += [_of_training(solution, monthly.get(solution.solution, Decimal(0))) for solution in automatic]
    return sorted(found, key=lambda hint: (-hint.monthly, hint.resource, hint.kind))


def _of_served(one: Served, monthly: Decimal, now: float) -> Iterator[Hint]:
    held = one.running
    began = _began(one.spans)
    if held is None or now - began < IDLE_HOURS * HOUR:
        return
    since = now - IDLE_HOURS * HOUR
    recent = sum(count for window, count in one.requests.items() if window >= since)
    if recent <= NEARLY_NONE:
        what = "stop or delete it" if one.is_recommender else "delete it"
        yield Hint(kind="idle", resource=one.resource, says=f"{_quiet(one, began, now)}; {what}", monthly=monthly)
        return
    highest = peak(one.requests, max(began, now - PEAK_DAYS * _DAY_HOURS * HOUR))
    needed = max(1, math.ceil(highest))
    if needed < held.rate and not one.is_recommender:
        says = (
            f"minProvisionedTPS is {held.rate}; the busiest five minutes needed {highest:.2f} requests per second: "
            f"{needed} would do"
        )
        saved = monthly * (held.rate - needed) / held.rate
        yield Hint(kind="over-provisioned", resource=one.resource, says=says, monthly=saved)


def _began(spans: Sequence[Span]) -> float:
    """Since when, in epoch seconds, something has been held ready without a pause."""
    start = spans[-1].start if spans else 0
    for span in reversed(spans):
        if span.end < start:
            break
        start = span.start
    return start / 1000


def _quiet(one: Served, began: float, now: float) -> str:
    last = max((window for window in one.requests if window >= began), default=None)
    if last is None:
        return f"no request in {_hours(now - began)}, as long as it has been ACTIVE"
    if last < now - IDLE_HOURS * HOUR:
        return f"no request for {_hours(now - last)}"
    return f"at most {NEARLY_NONE} requests in the last {IDLE_HOURS} hours"


def _hours(seconds: float) -> str:
    return f"{int(seconds // HOUR)} hours"


def _of_training(solution: Automatic, monthly: Decimal) -> Hint:
    often = "every day" if solution.days == 1 else f"every {solution.days} days"
    says = f"trains by itself {often} where new interactions have come (performAutoTraining)"
    return Hint(kind="automatic-training", resource=solution.solution, says=says, monthly=monthly)
