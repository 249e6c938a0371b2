"""Price lists: the dated tables of ``prices/``, read into values. Money is Decimal throughout."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from personalize_local.provenance import Rule

_FOLDER = Path(__file__).with_name("prices")

INGESTION = "ingestion"
TRAINING_HOURS = "training-hours"
TRAINING_INTERACTIONS = "training-interactions"
REAL_TIME = "real-time"
REAL_TIME_V2 = "real-time-v2"
BATCH = "batch"
BATCH_V2 = "batch-v2"
THEMES = "themes"
SEGMENTS = "segments"
RECOMMENDER_HOURS = "recommender-hours"
RECOMMENDER_REQUESTS = "recommender-requests"


RULES = (
    Rule(
        says="An hour of a recommender costs the first 100,000 users at least; further ones count as fractions of "
        "100,000.",
        known="chosen",
        source="a worked estimate has 0.375 + 1.5 x 0.045 for 250,000 users; of the first 100,000 an estimate of AWS's "
        "calculator of 2023",
    ),
    Rule(
        says="A segment of more than 50 million users has the price of the last tier for all that is above.",
        known="chosen",
        source="the price page ends there",
    ),
)


class UnknownPrices(ValueError):
    """There is no price list of that name; the message says which there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """The price of a unit up to so many units of a month or segment, or of a block of users up to so many users; None:
    for all that is above. ``requests`` is what an hour of a recommender of that size has included."""

    up_to: Decimal | None
    price: Decimal
    requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What is counted, and what a ``unit``, which has ``size`` of it, costs. Without tiers there is no known price."""

    name: str
    says: str
    unit: str
    size: Decimal
    tiers: tuple[Tier, ...]
    known: str
    source: str

    def units(self, amount: Decimal) -> Decimal:
        """So much of what is counted, in units."""
        return amount / self.size

    def cost(self, units: Decimal, free: Decimal = Decimal(0)) -> Decimal | None:
        """What so many units of a month or segment cost, the first ``free`` nothing; None without a known price."""
        if not self.tiers:
            return None
        total, below = Decimal(0), Decimal(0)
        for tier in self.tiers:
            top = units if tier.up_to is None else min(units, tier.up_to)
            total += max(Decimal(0), top - max(below, free)) * tier.price
            below = max(below, top)
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommenderHours:
    """The price of an hour of a recommender: by the users of its dataset, in parts of a ``block`` beyond the first."""

    says: str
    unit: str
    block: int
    tiers: tuple[Tier, ...]
    known: str
    source: str

    def price(self, users: int) -> Decimal:
        """What an hour costs with so many users; there is a block of them at least."""
        total, below = Decimal(0), Decimal(0)
        blocks = max(Decimal(1), Decimal(users) / self.block)
        for tier in self.tiers:
            top = blocks if tier.up_to is None else min(blocks, tier.up_to / self.block)
            total += max(Decimal(0), top - below) * tier.price
            below = max(below, top)
        return total

    def included(self, users: int) -> int:
        """How many requests an hour includes."""
        return next(tier.requests for tier in self.tiers if tier.up_to is None or users <= tier.up_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """One dated list. ``free`` are the units a month that cost nothing in the first ``free_months`` of an account."""

    name: str
    as_of: str
    region: str
    currency: str
    page: str
    v2_recipes: frozenset[str]
    meters: Mapping[str, Meter]
    recommender_hours: RecommenderHours
    free: Mapping[str, Decimal]
    free_months: int

    def training(self, recipe: str) -> str:
        """The meter of trainings of a recipe."""
        return TRAINING_INTERACTIONS if recipe in self.v2_recipes else TRAINING_HOURS

    def real_time(self, recipe: str) -> str:
        """The meter of campaigns of a recipe."""
        return REAL_TIME_V2 if recipe in self.v2_recipes else REAL_TIME

    def batch(self, recipe: str) -> str:
        """The meter of batch inference with a recipe."""
        return BATCH_V2 if recipe in self.v2_recipes else BATCH


def names() -> list[str]:
    """The price lists that there are, the newest first."""
    return sorted((path.stem for path in _FOLDER.glob("*.toml")), reverse=True)


def checked_name(name: str) -> str:
    """``name``, if there is a price list of it. Raises UnknownPrices."""
    if name not in names():
        raise UnknownPrices(f"{name!r} is no price list; there are {', '.join(names())}")
    return name


@cache
def load(name: str) -> PriceList:
    """The price list of a name. Raises UnknownPrices."""
    with (_FOLDER / f"{checked_name(name)}.toml").open("rb") as file:
        # As they are written, not as the nearest binary fraction.
        table = tomllib.load(file, parse_float=Decimal)
    return read(table)


def read(table: Mapping[str, Any]) -> PriceList:
    """The price list of a table of TOML, its fractions read as Decimal."""
    free = table["free"]
    return PriceList(
        **{name: table[name] for name in ("name", "as_of", "region", "currency", "page")},
        v2_recipes=frozenset(table["v2_recipes"]),
        meters={name: _meter(name, row) for name, row in table["meters"].items()},
        recommender_hours=RecommenderHours(
            **{**table["recommender-hours"], "tiers": _tiers(table["recommender-hours"])}
        ),
        free={name: Decimal(units) for name, units in free["units"].items()},
        free_months=free["months"],
    )


def _meter(name: str, row: Mapping[str, Any]) -> Meter:
    return Meter(
        name=name,
        says=row["says"],
        unit=row["unit"],
        size=Decimal(row["size"]),
        tiers=_tiers(row),
        known=row["known"],
        source=row["source"],
    )


def _tiers(row: Mapping[str, Any]) -> tuple[Tier, ...]:
    return tuple(
        Tier(
            up_to=None if "up_to" not in tier else Decimal(tier["up_to"]),
            price=Decimal(tier["price"]),
            requests=tier.get("requests", 0),
        )
        for tier in row.get("tiers", ())
    )


def shares(costs: Decimal, parts: Sequence[Decimal]) -> Iterable[Decimal]:
    """A sum spread over its parts, by their size."""
    whole = sum(parts, Decimal(0))
    return (costs * part / whole if whole else Decimal(0) for part in parts)
