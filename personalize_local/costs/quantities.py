"""What was used of each meter by each resource and month, and what would be in a month like the last day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from personalize_local.costs import pricelist
from personalize_local.costs.estimates import training_hours
from personalize_local.costs.pricelist import PriceList
from personalize_local.costs.windows import (
    HOUR,
    WINDOW,
    Hour,
    Span,
    excess,
    hours,
    milliseconds,
    month_of,
    months,
    span_at,
    spans_of,
)
from personalize_local.provenance import Rule
from personalize_local.store.usage import Used

PROJECTED = "projected"
"""The month that has not been: what would be used in one like the last day."""
MONTH_HOURS = 730
_DAY_HOURS = 24
_MS_AN_HOUR = HOUR * 1000

RULES = (
    Rule(
        says=f"A month has {MONTH_HOURS} hours. Left running for one, what came in the last {_DAY_HOURS} hours comes "
        "each day, provisioned capacity stays as it is, and automatic trainings find new data whenever they are due; "
        "imports, batch jobs and trainings by hand do not come again.",
        known="chosen",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Automatic:
    """A solution that trains by itself every ``days``, and what its next training would be."""

    solution: str
    group: str
    days: int
    recipe: str
    interactions: int
    trainings: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """So much of what a meter counts. ``price`` is that of an hour of a recommender, which has no list of its own.

    ``parts`` are the equal parts of the amount that each begin at the first tier; None where tiers go by the month.
    """

    resource: str
    group: str
    meter: str
    month: str
    amount: Decimal
    price: Decimal | None = None
    parts: int | None = None
    estimated: bool = False
    seconds: float = 0.0
    """Of a training, the seconds of compute that it took on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A campaign or recommender of a dataset group: when it held what ready (once at least), and its requests by window
    (epoch seconds). One that is made anew under its name in another group is another one."""

    resource: str
    group: str
    spans: Sequence[Span]
    requests: Mapping[int, int]
    sizes: Sequence[tuple[float, int]] = field(default=())

    @property
    def is_recommender(self) -> bool:
        """Whether it is billed by hours."""
        return ":recommender/" in self.resource

    @property
    def running(self) -> Span | None:
        """The capacity that it holds ready, None when it serves no more."""
        return self.spans[-1] if self.spans[-1].lasts else None


def served(usage: Iterable[Used], now: float) -> list[Served]:
    """Every campaign and recommender that there has been, in each of the groups that it was in."""
    changes: dict[str, list[Used]] = defaultdict(list)
    requests: dict[str, dict[int, int]] = defaultdict(dict)
    sizes: dict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
    for used in usage:
        if used.kind == "capacity":
            changes[used.resource].append(used)
        elif used.kind == "requests":
            requests[used.resource][int(used.at)] = used.amount
        elif used.kind == "training":
            sizes[used.resource, used.group].append((used.at, used.facts.get("users") or 0))
    found = []
    for resource, known in changes.items():
        spans = spans_of(known, now)
        for group in dict.fromkeys(span.group for span in spans):
            found.append(
                Served(
                    resource=resource,
                    group=group,
                    spans=[span for span in spans if span.group == group],
                    requests=_of_group(group, requests[resource], spans),
                    sizes=sorted(sizes[resource, group]),
                )
            )
    return found


def _of_group(group: str, requests: Mapping[int, int], spans: Sequence[Span]) -> Mapping[int, int]:
    """The windows in which a resource was in a group; of one in which it moved to another, that at its beginning."""
    return {window: count for window, count in requests.items() if span_at(spans, window * 1000).group == group}


def quantities(usage: Sequence[Used], prices: PriceList, now: float) -> list[Quantity]:
    """What was used until ``now``."""
    found = [quantity for used in usage for quantity in _acts(used, prices)]
    for one in served(usage, now):
        found += _recommender(one, prices) if one.is_recommender else _campaign(one, prices)
    return found


def projected(
    usage: Sequence[Used], prices: PriceList, now: float, automatic: Iterable[Automatic] = ()
) -> list[Quantity]:
    """What a month of being left running would use."""
    since = now - _DAY_HOURS * HOUR
    day = Decimal(MONTH_HOURS) / _DAY_HOURS
    found = [
        replace(quantity, amount=quantity.amount * day, month=PROJECTED)
        for used in usage
        if used.kind == "stream" and used.at > since
        for quantity in _acts(used, prices)
    ]
    for one in served(usage, now):
        held = one.running
        if held is not None:
            make = _recommender_month if one.is_recommender else _campaign_month
            found += make(one, held, prices, since, day)
    for solution in automatic:
        found.append(_automatic(solution, prices))
    return found


def _acts(used: Used, prices: PriceList) -> Iterator[Quantity]:
    """What one row bills by itself; nothing for capacity, requests, and trainings that recommenders include."""
    of_row = Quantity(
        resource=used.resource,
        group=used.group,
        meter=pricelist.INGESTION,
        month=month_of(milliseconds(used.at)),
        amount=Decimal(used.amount),
    )
    recipe = used.facts.get("recipe", "")
    match used.kind:
        case "import" | "stream":
            yield of_row
        case "training" if ":recommender/" not in used.resource:
            yield _training(used, of_row, prices.training(recipe))
        case "batch":
            yield replace(of_row, meter=prices.batch(recipe))
            if used.facts.get("themes"):
                yield replace(of_row, meter=pricelist.THEMES)
        case "segments":
            yield _segments(used, of_row)


def _training(used: Used, of_row: Quantity, meter: str) -> Quantity:
    quantity = replace(of_row, meter=meter, seconds=used.facts.get("seconds") or 0.0)
    if meter != pricelist.TRAINING_HOURS:
        return quantity
    return replace(quantity, amount=Decimal(used.facts["hours"]), estimated=True)


def _segments(used: Used, of_row: Quantity) -> Quantity:
    segments = used.facts.get("segments")
    if segments is not None:
        return replace(of_row, meter=pricelist.SEGMENTS, parts=segments)
    # Rows of earlier versions have the segments, and in all the users whom they hold: of those there were as many at
    # least as an average segment has.
    known = -(-int(used.facts.get("users", 0)) // max(1, used.amount))
    return replace(of_row, meter=pricelist.SEGMENTS, amount=Decimal(known * used.amount), parts=used.amount)


def _campaign(one: Served, prices: PriceList) -> Iterator[Quantity]:
    thousandths: dict[tuple[str, str], int] = defaultdict(int)
    for span in one.spans:
        for month, start, end in months(span.start, span.end):
            thousandths[span.recipe, month] += span.rate * (end - start)
    for window, more in excess(one.spans, one.requests):
        thousandths[span_at(one.spans, window * 1000).recipe, month_of(window * 1000)] += more
    for (recipe, month), requests in thousandths.items():
        yield Quantity(
            resource=one.resource,
            group=one.group,
            meter=prices.real_time(recipe),
            month=month,
            amount=Decimal(requests) / 1000,
        )


def _campaign_month(one: Served, held: Span, prices: PriceList, since: float, day: Decimal) -> Iterator[Quantity]:
    # The window that is under way has its capacity still to come.
    spans = [*one.spans[:-1], replace(held, end=held.end + WINDOW * 1000)]
    more = sum(more for window, more in excess(spans, one.requests) if window >= since)
    yield Quantity(
        resource=one.resource,
        group=one.group,
        meter=prices.real_time(held.recipe),
        month=PROJECTED,
        amount=Decimal(held.rate) * MONTH_HOURS * HOUR + Decimal(more) / 1000 * day,
    )


def _hours(one: Served, prices: PriceList) -> list[Hour]:
    sizes = {0, *(users for _, users in one.sizes)}
    included = {users: prices.recommender_hours.included(users) for users in sizes}
    return list(hours(one.spans, one.requests, one.sizes, included))


def _recommender(one: Served, prices: PriceList) -> Iterator[Quantity]:
    active: dict[tuple[str, int], int] = defaultdict(int)
    further: dict[tuple[str, int], int] = defaultdict(int)
    for hour in _hours(one, prices):
        key = month_of(hour.start), hour.users
        active[key] += hour.active
        further[key] += hour.further
    for (month, users), held in active.items():
        amount = Decimal(held) / _MS_AN_HOUR
        yield from _of_hours(one, prices, month, users, amount, Decimal(further[month, users]))


def _of_hours(
    one: Served, prices: PriceList, month: str, users: int, amount: Decimal, further: Decimal
) -> Iterator[Quantity]:
    base = Quantity(
        resource=one.resource,
        group=one.group,
        meter=pricelist.RECOMMENDER_HOURS,
        month=month,
        amount=amount,
        price=prices.recommender_hours.price(users),
    )
    yield base
    if further:
        yield replace(base, meter=pricelist.RECOMMENDER_REQUESTS, amount=further, price=None)


def _recommender_month(one: Served, held: Span, prices: PriceList, since: float, day: Decimal) -> Iterator[Quantity]:
    users = one.sizes[-1][1] if one.sizes else 0
    idle = max(0, held.rate * HOUR - prices.recommender_hours.included(users))
    more = sum(hour.further - hour.idle for hour in _hours(one, prices) if hour.start >= since * 1000)
    further = Decimal(idle) * MONTH_HOURS + Decimal(more) * day
    yield from _of_hours(one, prices, PROJECTED, users, Decimal(MONTH_HOURS), further)


def _automatic(solution: Automatic, prices: PriceList) -> Quantity:
    meter = prices.training(solution.recipe)
    of_one = Decimal(solution.interactions * solution.trainings)
    if meter == pricelist.TRAINING_HOURS:
        of_one = training_hours(solution.interactions, solution.trainings)
    return Quantity(
        resource=solution.solution,
        group=solution.group,
        meter=meter,
        month=PROJECTED,
        amount=of_one * MONTH_HOURS / (_DAY_HOURS * solution.days),
        estimated=meter == pricelist.TRAINING_HOURS,
    )
