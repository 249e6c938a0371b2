"""The price lists that come with the package."""

from __future__ import annotations

from decimal import Decimal

import pytest

from personalize_local.costs import pricelist
from personalize_local.costs.pricelist import Meter, Tier, UnknownPrices
from personalize_local.settings import Settings

KNOWN = {"quoted", "single", "inferred", "unverified"}


@pytest.mark.parametrize("name", pricelist.names())
class TestEachList:
    def test_is_named_as_its_file_and_dated(self, name: str) -> None:
        prices = pricelist.load(name)
        assert prices.name == name
        assert prices.as_of.startswith(name)
        assert (prices.currency, prices.region) == ("USD", "us-east-1")

    def test_says_of_each_price_where_it_is_from_and_how_sure_it_is(self, name: str) -> None:
        prices = pricelist.load(name)
        for meter in (*prices.meters.values(), prices.recommender_hours):
            assert meter.known in KNOWN, meter
            assert meter.source, meter

    def test_has_no_binary_fractions(self, name: str) -> None:
        prices = pricelist.load(name)
        tiers = [tier for meter in prices.meters.values() for tier in meter.tiers]
        for tier in (*tiers, *prices.recommender_hours.tiers):
            assert type(tier.price) is Decimal
            assert tier.price.as_tuple().exponent in range(-4, 1), tier

    def test_has_a_price_or_a_reason_for_everything_that_is_counted(self, name: str) -> None:
        prices = pricelist.load(name)
        for recipe in ("aws-user-personalization", "aws-user-personalization-v2", "aws-next-best-action"):
            for meter in (prices.training(recipe), prices.real_time(recipe), prices.batch(recipe)):
                assert prices.meters[meter].tiers, meter
        for meter in (pricelist.INGESTION, pricelist.RECOMMENDER_REQUESTS):
            assert prices.meters[meter].tiers, meter
        unpriced = {meter.name for meter in prices.meters.values() if not meter.tiers}
        assert unpriced == {pricelist.THEMES}

    def test_has_tiers_that_rise_to_one_without_an_end(self, name: str) -> None:
        prices = pricelist.load(name)
        for meter in (*prices.meters.values(), prices.recommender_hours):
            ends = [tier.up_to for tier in meter.tiers]
            if ends:
                assert ends[-1] is None, meter
                assert sorted(end for end in ends if end is not None) == ends[:-1], meter


def test_the_newest_list_is_the_default() -> None:
    assert pricelist.names() == ["2026", "2024"]
    assert Settings().prices == pricelist.names()[0]


@pytest.mark.parametrize("name", ["", "2019", "../2026", "2026.toml"])
def test_a_list_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(UnknownPrices) as caught:
        pricelist.load(name)
    assert str(caught.value) == f"{name!r} is no price list; there are 2026, 2024"


@pytest.mark.parametrize(
    ("units", "free", "cost"),
    [(0, 0, 0), (5, 0, 10), (10, 0, 20), (12, 0, 22), (30, 0, 35), (12, 4, 14), (12, 11, 1), (12, 12, 0), (5, 12, 0)],
)
def test_tiers_by_hand(units: int, free: int, cost: int) -> None:
    tiers = (
        Tier(up_to=Decimal(10), price=Decimal(2)),
        Tier(up_to=Decimal(20), price=Decimal(1)),
        Tier(up_to=None, price=Decimal("0.5")),
    )
    meter = Meter(name="m", says="", unit="", size=Decimal(1), tiers=tiers, known="", source="")
    assert meter.cost(Decimal(units), Decimal(free)) == cost


@pytest.mark.parametrize(
    ("users", "price", "included"),
    [
        (0, "0.375", 4000),
        (100_000, "0.375", 4000),
        (100_001, "0.37500045", 6000),
        (200_000, "0.420", 6000),
        (250_000, "0.4425", 6000),
        (1_000_000, "0.780", 6000),
        (1_000_001, "0.78000018", 9000),
        (10_100_000, "2.405", 14000),
    ],
)
def test_hours_of_recommenders_by_hand(users: int, price: str, included: int) -> None:
    hours = pricelist.load("2026").recommender_hours
    assert (hours.price(users), hours.included(users)) == (Decimal(price), included)
