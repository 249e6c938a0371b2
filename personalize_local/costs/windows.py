"""From changes of capacity and counted requests to what is billed: the service's windows, in whole milliseconds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from personalize_local.provenance import Rule
from personalize_local.store.usage import Used

WINDOW = 300
"""Seconds over which the service averages the requests of a campaign (documented)."""
HOUR = 3600
_MS = 1000

RULES = (
    Rule(
        says=f"A campaign is billed, in each window of {WINDOW} seconds, for the higher of its minProvisionedTPS and "
        "its requests on average, from ACTIVE until its deletion is asked for.",
        known="documented",
        source="dg/API_CreateCampaign.html of earlier editions; price page; of the moment of deletion chosen",
    ),
    Rule(
        says="Windows begin at whole multiples of five minutes of the clock; of a window in which a campaign is not "
        "ACTIVE throughout, the part counts.",
        known="chosen",
    ),
    Rule(
        says="A recommender is billed by the hours in which it is ACTIVE and the users of its latest training; in each "
        "hour of the clock, for what its requests, or minRecommendationRequestsPerSecond if that is higher, are more "
        "than the hour includes. One that is stopped is not billed.",
        known="inferred",
        source="price page; dg/creating-recommenders.html; dg/stopping-starting-recommender.html",
    ),
    Rule(
        says="Only requests that are answered count.",
        known="inferred",
        source="https://repost.aws/knowledge-center/personalize-optimize-campaign-costs verifies charges by the count "
        "of successful calls",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time, in epoch milliseconds, for which ``rate`` requests per second were held ready in a dataset group (by its
    ARN); ``lasts`` if they still are."""

    start: int
    end: int
    rate: int
    recipe: str
    group: str
    lasts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """An hour of a recommender: ``active`` milliseconds of it, and the requests that are billed beyond the included
    ones; ``idle`` of them would be without any."""

    start: int
    active: int
    users: int
    further: int
    idle: int


def milliseconds(moment: float) -> int:
    """Epoch seconds as whole epoch milliseconds."""
    return round(moment * _MS)


def spans_of(changes: Iterable[Used], now: float) -> list[Span]:
    """When how much capacity was held ready until ``now``, from the changes of one resource as they were written."""
    known: list[Used] = []
    for change in changes:
        # What is written later knows better, should it come before what was foreseen.
        while known and known[-1].at > change.at:
            known.pop()
        known.append(change)
    end = milliseconds(now)
    known = [change for change in known if milliseconds(change.at) <= end]
    bounds = [milliseconds(change.at) for change in known] + [end]
    spans = [
        Span(
            start=bounds[place],
            end=bounds[place + 1],
            rate=change.amount,
            recipe=change.facts.get("recipe", ""),
            group=change.group,
            lasts=change is known[-1],
        )
        for place, change in enumerate(known)
    ]
    return [span for span in spans if span.rate]


def provisioned(spans: Sequence[Span], start: int, end: int) -> int:
    """Thousandths of requests for which capacity was held ready between two moments."""
    return sum(span.rate * held for span, held in _within(spans, start, end))


def _within(spans: Sequence[Span], start: int, end: int) -> Iterator[tuple[Span, int]]:
    """Those of the spans, which follow each other, that lie between two moments, and for how many milliseconds."""
    for place in range(max(0, bisect_right(spans, start, key=_start) - 1), len(spans)):
        span = spans[place]
        if span.start >= end:
            break
        yield span, max(0, min(span.end, end) - max(span.start, start))


def _start(span: Span) -> int:
    return span.start


def excess(spans: Sequence[Span], requests: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """Of each window (epoch seconds) with more requests than it had capacity, thousandths of how many more."""
    for window, count in requests.items():
        start = window * _MS
        more = count * _MS - provisioned(spans, start, start + WINDOW * _MS)
        if more > 0:
            yield window, more


def span_at(spans: Sequence[Span], moment: int) -> Span:
    """The span of a moment, else the next before it, else the first."""
    return spans[max(0, bisect_right(spans, moment, key=_start) - 1)]


def peak(requests: Mapping[int, int], since: float) -> float:
    """The most requests per second on average over a window that began at ``since`` or later."""
    return max((count for window, count in requests.items() if window >= since), default=0) / WINDOW


def months(start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """The calendar months (UTC) between two moments: name, and from when to when."""
    while start < end:
        following = _month_after(start)
        yield month_of(start), start, min(end, following)
        start = following


def month_of(moment: int) -> str:
    """The calendar month of a moment, as ``2026-01``."""
    return datetime.fromtimestamp(moment / _MS, UTC).strftime("%Y-%m")


def _month_after(moment: int) -> int:
    date = datetime.fromtimestamp(moment / _MS, UTC)
    year, month = (date.year + 1, 1) if date.month == 12 else (date.year, date.month + 1)
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * _MS


def hours(
    spans: Sequence[Span], requests: Mapping[int, int], sizes: Sequence[tuple[float, int]], included: Mapping[int, int]
) -> Iterator[Hour]:
    """The hours in which a recommender was ACTIVE.

    ``sizes`` are the users from given moments on, oldest first; ``included`` the requests that an hour includes, by
    users.
    """
    counted: dict[int, int] = {}
    for window, count in requests.items():
        counted[window // HOUR] = counted.get(window // HOUR, 0) + count
    length = HOUR * _MS
    numbers = {number for span in spans for number in range(span.start // length, -(-span.end // length))}
    for number in sorted(numbers):
        start, end = number * length, (number + 1) * length
        users = users_at(sizes, number * HOUR)
        ready = provisioned(spans, start, end) // _MS
        yield Hour(
            start=start,
            active=sum(held for _, held in _within(spans, start, end)),
            users=users,
            further=max(0, max(ready, counted.get(number, 0)) - included[users]),
            idle=max(0, ready - included[users]),
        )


def users_at(sizes: Sequence[tuple[float, int]], moment: float) -> int:
    """The users at a moment; before the first training that of the first."""
    before = bisect_right(sizes, moment, key=_at)
    return sizes[max(0, before - 1)][1] if sizes else 0


def _at(size: tuple[float, int]) -> float:
    return size[0]
