"""The bill: quantities at the prices of a list, by resource and dataset group, so far and for a month left running."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from personalize_local.arns import parse_arn
from personalize_local.costs import pricelist
from personalize_local.costs.hints import Hint, hints
from personalize_local.costs.pricelist import Meter, PriceList, shares
from personalize_local.costs.quantities import PROJECTED, Automatic, Quantity, projected, quantities, served
from personalize_local.provenance import Rule
from personalize_local.store.usage import Used

RULES = (
    Rule(
        says="Tiers count per account, region and calendar month (UTC); resources that share one have the same price "
        "on average. Those of user segments begin anew for each segment.",
        known="documented",
        source="copies of the price page; of accounts and UTC inferred, of the shares chosen",
    ),
    Rule(says="Prices of us-east-1 count in all regions.", known="chosen"),
    Rule(
        says="Nothing is rounded but what is shown, TPS-hours neither.",
        known="chosen",
        source="a copy of the older price page rounds TPS-hours to the nearest hour and does not say of what: of the "
        "sum of a month and region that is $0.10 at most, of every window nearly all of it",
    ),
    Rule(
        says="The free tier counts only where it is asked for, in the first months in which an account used anything.",
        known="chosen",
        source="dg/what-is-personalize.html and copies of the price page have it",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a resource used of one meter: ``units`` and their cost so far, and ``monthly`` if it is left running.

    Costs are None where the list has no price.
    """

    account: str
    region: str
    group: str
    resource: str
    meter: str
    units: Decimal
    cost: Decimal | None
    monthly: Decimal | None
    estimated: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Everything that was used until ``now`` at the prices of a list. Sums leave out what has no price."""

    prices: PriceList
    now: float
    lines: Sequence[Line]
    hints: Sequence[Hint]
    free: bool

    def cost(self, group: str | None = None) -> Decimal:
        """What everything, or a dataset group, has cost so far."""
        return sum((line.cost or Decimal(0) for line in self._of(group)), Decimal(0))

    def monthly(self, group: str | None = None) -> Decimal:
        """What everything, or a dataset group, costs in a month of being left running."""
        return sum((line.monthly or Decimal(0) for line in self._of(group)), Decimal(0))

    @property
    def groups(self) -> list[str]:
        """The ARNs of the dataset groups, in order."""
        return sorted({line.group for line in self.lines})

    def _of(self, group: str | None) -> Iterable[Line]:
        return (line for line in self.lines if group is None or line.group == group)


def bill(
    usage: Sequence[Used],
    prices: PriceList,
    now: float,
    automatic: Sequence[Automatic] = (),
    *,
    free: bool = False,
) -> Bill:
    """The bill of all usage.

    ``automatic`` are the solutions that train by themselves, ``free`` counts the free tier.
    """
    found = [*quantities(usage, prices, now), *projected(usage, prices, now, automatic)]
    costs = _costs(found, prices, free=free)
    lines = _lines(found, costs, prices)
    monthly: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        monthly[line.resource] += line.monthly or Decimal(0)
    advice = hints(served(usage, now), automatic, monthly, now)
    return Bill(prices=prices, now=now, lines=lines, hints=advice, free=free)


def _costs(found: Sequence[Quantity], prices: PriceList, *, free: bool) -> list[Decimal | None]:
    """The cost of each quantity: tiers are those of all that an account uses of a meter in a region and month."""
    costs: list[Decimal | None] = [None] * len(found)
    together: dict[tuple[str, str, str, str], list[int]] = defaultdict(list)
    for place, quantity in enumerate(found):
        if quantity.meter == pricelist.RECOMMENDER_HOURS:
            assert quantity.price is not None
            costs[place] = quantity.amount * quantity.price
            continue
        if quantity.parts is not None:
            costs[place] = _of_parts(quantity, prices.meters[quantity.meter])
            continue
        account, region = owner(quantity.resource)
        together[account, region, quantity.month, quantity.meter].append(place)
    free_months = _free_months(found, prices) if free else {}
    for (account, _, month, name), places in together.items():
        meter = prices.meters[name]
        amounts = [found[place].amount for place in places]
        without = prices.free.get(name, Decimal(0)) if month in free_months.get(account, ()) else Decimal(0)
        cost = meter.cost(meter.units(sum(amounts, Decimal(0))), without)
        if cost is not None:
            for place, share in zip(places, shares(cost, amounts), strict=True):
                costs[place] = share
    return costs


def _of_parts(quantity: Quantity, meter: Meter) -> Decimal | None:
    """The cost of a quantity each of whose equal parts begins at the first tier."""
    assert quantity.parts is not None
    parts = max(1, quantity.parts)
    of_one = meter.cost(meter.units(quantity.amount / parts))
    return None if of_one is None else of_one * parts


def _free_months(found: Sequence[Quantity], prices: PriceList) -> Mapping[str, Sequence[str]]:
    """The months of each account in which the free tier counts."""
    first: dict[str, str] = {}
    for quantity in found:
        if quantity.month != PROJECTED:
            account = owner(quantity.resource)[0]
            first[account] = min(first.get(account, quantity.month), quantity.month)
    return {account: _following(month, prices.free_months) for account, month in first.items()}


def _following(month: str, count: int) -> list[str]:
    year, number = (int(part) for part in month.split("-"))
    return [f"{year + (number - 1 + step) // 12:04}-{(number - 1 + step) % 12 + 1:02}" for step in range(count)]


def _lines(found: Sequence[Quantity], costs: Sequence[Decimal | None], prices: PriceList) -> list[Line]:
    together: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for place, quantity in enumerate(found):
        together[quantity.group, quantity.resource, quantity.meter].append(place)
    lines = []
    for (group, resource, name), places in sorted(together.items()):
        before = [place for place in places if found[place].month != PROJECTED]
        after = [place for place in places if found[place].month == PROJECTED]
        amount = sum((found[place].amount for place in before), Decimal(0))
        priced = name == pricelist.RECOMMENDER_HOURS or bool(prices.meters[name].tiers)
        account, region = owner(resource)
        lines.append(
            Line(
                account=account,
                region=region,
                group=group,
                resource=resource,
                meter=name,
                units=amount if name == pricelist.RECOMMENDER_HOURS else prices.meters[name].units(amount),
                cost=_sum(costs, before) if priced else None,
                monthly=_sum(costs, after) if priced else None,
                estimated=any(found[place].estimated for place in places),
                seconds=sum(found[place].seconds for place in places),
            )
        )
    return lines


def _sum(costs: Sequence[Decimal | None], places: Iterable[int]) -> Decimal:
    return sum((costs[place] or Decimal(0) for place in places), Decimal(0))


def owner(resource: str) -> tuple[str, str]:
    """Account and region of an ARN."""
    parsed = parse_arn(resource)
    assert parsed is not None, resource
    return parsed.account, parsed.region
