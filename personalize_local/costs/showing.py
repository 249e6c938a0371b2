"""The bill for programs, as JSON values, and for people, as text made of those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personalize_local.costs.bill import Bill, Line

_SHOWN = Decimal("0.000000001")
"""The last decimal of amounts and quantities: a byte is a billionth of a GB."""
_CENT = Decimal("0.01")
_THOUSANDTH = Decimal("0.001")
_NO_PRICE = "no price known"


def as_json(bill: Bill, account: str | None = None) -> dict[str, Any]:
    """A bill as JSON values, of all accounts or of one; money and quantities are texts, in no binary fractions."""
    lines = [line for line in bill.lines if account is None or line.account == account]
    groups = {line.group: (line.account, line.region) for line in lines}
    resources = {line.resource for line in lines}
    prices = bill.prices
    return {
        "prices": {
            "name": prices.name,
            "asOf": prices.as_of,
            "region": prices.region,
            "currency": prices.currency,
            "page": prices.page,
        },
        "now": bill.now,
        "freeTier": bill.free,
        "cost": _money(_total(line.cost for line in lines)),
        "monthly": _money(_total(line.monthly for line in lines)),
        "datasetGroups": [
            {
                "datasetGroupArn": group,
                "account": owner,
                "region": region,
                "cost": _money(_total(line.cost for line in lines if line.group == group)),
                "monthly": _money(_total(line.monthly for line in lines if line.group == group)),
            }
            for group, (owner, region) in sorted(groups.items())
        ],
        "lines": [_line(bill, line) for line in lines],
        "hints": [
            {"kind": hint.kind, "resourceArn": hint.resource, "says": hint.says, "monthly": _money(hint.monthly)}
            for hint in bill.hints
            if hint.resource in resources
        ],
    }


def _line(bill: Bill, line: Line) -> dict[str, Any]:
    prices = bill.prices
    meter = prices.meters.get(line.meter) or prices.recommender_hours
    told = {
        "account": line.account,
        "region": line.region,
        "datasetGroupArn": line.group,
        "resourceArn": line.resource,
        "meter": line.meter,
        "says": meter.says,
        "quantity": _decimal(line.units),
        "unit": meter.unit,
        "cost": None if line.cost is None else _money(line.cost),
        "monthly": None if line.monthly is None else _money(line.monthly),
        "estimate": line.estimated,
        "priceKnown": meter.known,
        "priceSource": meter.source,
    }
    return {**told, "secondsHere": round(line.seconds, 3)} if line.meter.startswith("training-") else told


def _total(costs: Iterable[Decimal | None]) -> Decimal:
    return sum((cost for cost in costs if cost is not None), Decimal(0))


def _money(amount: Decimal) -> str:
    """An amount with its cents, and what there is below them."""
    text = _decimal(amount)
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(2, '0')}"


def _decimal(amount: Decimal) -> str:
    text = f"{amount.quantize(_SHOWN):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def as_text(told: Mapping[str, Any]) -> str:
    """A bill, as :func:`as_json` gives it, as tables for a terminal."""
    prices = told["prices"]
    pieces = [
        f"What this use would have cost on AWS, at the prices of {prices['name']} (as of {prices['asOf']}, "
        f"{prices['region']}, {prices['currency']}{', less the free tier' if told['freeTier'] else ''}).",
        "* is an estimate, ? a price that could not be verified. The last column is a month of being left running.",
    ]
    if not told["lines"]:
        return "\n".join([*pieces, "", "Nothing that is billed has happened yet."])
    for group in told["datasetGroups"]:
        lines = [line for line in told["lines"] if line["datasetGroupArn"] == group["datasetGroupArn"]]
        pieces += ["", group["datasetGroupArn"], *_table(lines, group)]
    pieces += ["", f"Total so far {_cents(told['cost'])}, per month if left running {_cents(told['monthly'])}."]
    if told["hints"]:
        pieces += ["", "What costs without need, per month:"]
        pieces += [
            f"  {_cents(hint['monthly']):>10}  {_tail(hint['resourceArn'])}: {hint['says']}" for hint in told["hints"]
        ]
    return "\n".join(pieces)


def _table(lines: Sequence[Mapping[str, Any]], group: Mapping[str, Any]) -> Iterator[str]:
    rows = [("resource", "what", "quantity", "", "so far", "per month")]
    rows += [
        (
            _tail(line["resourceArn"]),
            line["says"],
            _count(Decimal(line["quantity"])),
            line["unit"] + ("*" if line["estimate"] else ""),
            _cents(line["cost"]) + _mark(line),
            _cents(line["monthly"]) if line["cost"] is not None else "",
        )
        for line in lines
    ]
    rows.append(("together", "", "", "", _cents(group["cost"]), _cents(group["monthly"])))
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if place in (2, 4, 5) else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield f"  {'  '.join(cells)}".rstrip()


def _mark(line: Mapping[str, Any]) -> str:
    return "?" if line["priceKnown"] == "unverified" and line["cost"] is not None else ""


def _cents(amount: str | None) -> str:
    if amount is None:
        return _NO_PRICE
    value = Decimal(amount)
    return "<0.01" if 0 < value < _CENT else f"{value:,.2f}"


def _count(quantity: Decimal) -> str:
    return "<0.001" if 0 < quantity < _THOUSANDTH else f"{quantity:,.3f}"


def _tail(arn: str) -> str:
    return arn.split(":", 5)[-1]
