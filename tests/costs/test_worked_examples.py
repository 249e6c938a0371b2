"""Examples that others have calculated at AWS's prices, from usage as it is recorded."""

from __future__ import annotations

from decimal import Decimal

import pytest

from personalize_local.costs import pricelist
from tests.costs.books import CAMPAIGN, DAY, GB, HOUR, RECOMMENDER, START, V2, Books, arn, cents, line


def test_nine_requests_per_second_for_thirty_days_and_three_hundred_training_hours(books: Books) -> None:
    """300 training hours x $0.24 = $72.00; 24 hours x 30 days x 9 TPS = 6480 x $0.20 = $1296.00.

    Source: sample cost table of AWS's guidance "Personalized Product Recommendation System", prices of 7/15/24.
    """
    books.hours("300")
    books.holds(9)
    books.holds(0, START + 30 * DAY)
    bill = books.bill(prices="2024")
    assert (line(bill, "training-hours").units, cents(line(bill, "training-hours").cost)) == (300, "72.00")
    assert (line(bill, "real-time").units, cents(line(bill, "real-time").cost)) == (6480, "1296.00")
    assert cents(bill.cost()) == "1368.00"


def test_a_gigabyte_five_training_hours_and_requests_one_by_one(books: Books) -> None:
    """($0.05 x 1 GB) + (5 training hours x $0.24) + (7,500 requests x $0.000055555).

    Source: the same table in its later form, whose price of a request is that of a TPS-hour / 3600. (It prints 1.79 for
    the sum, which is 1.67.) 7,500 requests in one window of a campaign of a moment are billed as 7,500.
    """
    books.imported(GB)
    books.hours("5")
    books.holds(1)
    books.holds(0)
    books.asked(7500)
    old, new = books.bill(prices="2024"), books.bill(prices="2026")
    assert (cents(line(old, "ingestion").cost), cents(line(old, "training-hours").cost)) == ("0.05", "1.20")
    requests = line(old, "real-time").cost
    assert requests is not None
    assert abs(requests - 7500 * Decimal("0.000055555")) < Decimal("0.00001")
    assert line(new, "real-time").cost == Decimal("7.5") * Decimal("0.0556")
    assert cents(old.cost()) == cents(new.cost()) == "1.67"


@pytest.mark.parametrize(
    ("gigabytes", "ingestion", "together"), [(252, "12.60", "1524.60"), (1155, "57.75", "1569.75")]
)
def test_data_trainings_and_ten_requests_per_second_for_a_month(
    books: Books, gigabytes: int, ingestion: str, together: str
) -> None:
    """252 GB x 0.05 = 12.60, 300 training hours x 0.24 = 72, 10 TPS x 720 hours x 0.20 = 1,440: 1,524.60 in all; with
    1,155 GB 57.75 + 72 + 1,440 = 1,569.75.

    Source: examples of the price page's Spanish edition, of the older list.
    """
    books.imported(gigabytes * GB)
    books.hours("300")
    books.holds(10)
    books.holds(0, START + 720 * HOUR)
    bill = books.bill(days=31, prices="2024")
    found = [cents(line(bill, meter).cost) for meter in ("ingestion", "training-hours", "real-time")]
    assert found == [ingestion, "72.00", "1440.00"]
    assert cents(bill.cost()) == together


@pytest.mark.parametrize("prices", ["2024", "2026"])
def test_ten_segments_of_six_hundred_thousand_users(books: Books, prices: str) -> None:
    """Item-Affinity, 10 segments, 600,000 users in the dataset: 100 x 0.016 x 10 = $16 for the first 100,000 users and
    500 x 0.008 x 10 = $40 for the next, $56 in all.

    Source: an example of the price page.
    """
    books.segmented(10, 600_000)
    bill = books.bill(prices=prices)
    assert (line(bill, "segments").units, cents(bill.cost())) == (6000, "56.00")


@pytest.mark.parametrize("prices", ["2024", "2026"])
def test_tiers_of_batch_inference(books: Books, prices: str) -> None:
    """$0.067 per 1,000 for the first 20 million a month, $0.058 for the next 180 million, then $0.050.

    By hand, 25 million are 20,000 x 0.067 + 5,000 x 0.058 = 1,340 + 290; of two jobs in one month.
    """
    books.batch(15_000_000)
    books.batch(10_000_000)
    assert cents(books.bill(prices=prices).cost()) == "1630.00"


def test_an_idle_campaign_is_billed_86400_requests_a_day(books: Books) -> None:
    """1 x 24 x 60 x 60 = 86,400 billed recommendations per day.

    Source: https://repost.aws/knowledge-center/personalize-optimize-campaign-costs, and write-ups that go on to
    2,592,000 in 30 days, $144 a month at $0.0556 per 1000.
    """
    books.holds(1)
    day, month = line(books.bill(days=1), "real-time"), line(books.bill(days=30), "real-time")
    assert day.units * 1000 == 86_400
    assert (month.units * 1000, cents(month.cost)) == (2_592_000, "144.12")


def test_an_idle_campaign_of_a_v2_recipe(books: Books) -> None:
    """$0.15/1000 x 3,600 x 24 x 30, about $388 per month and TPS (write-ups of 2025 that quote the price page)."""
    books.holds(1, recipe=V2)
    assert cents(line(books.bill(), "real-time-v2").cost) == "388.80"


def test_an_idle_campaign_at_the_older_list(books: Books) -> None:
    """1 TPS x 24 hours x $0.20 = $4.80 a day, x 30.5 days = $146.40 (a write-up that quotes the price page)."""
    books.holds(1)
    assert cents(books.bill(days=1, prices="2024").cost()) == "4.80"
    assert cents(books.bill(days=30.5, prices="2024").cost()) == "146.40"


def test_twenty_requests_per_second_left_running_for_a_month(books: Books) -> None:
    """20 TPS-hours = $4.00 an hour = $2,920.00 a month of 730 hours (a write-up that quotes the price page)."""
    books.holds(20)
    bill = books.bill(days=1 / 24, prices="2024")
    assert (cents(bill.cost()), cents(bill.monthly())) == ("4.00", "2920.00")


def test_five_million_interactions_train_a_v2_recipe_for_ten_dollars(books: Books) -> None:
    """5M interactions = $10 per training run at $0.002 per 1,000 (write-ups of 2025 that quote the price page)."""
    books.trained(5_000_000, recipe=V2)
    assert cents(line(books.bill(), "training-interactions").cost) == "10.00"


def test_recommenders_for_six_thousand_users(books: Books) -> None:
    """1 GB a month, 6,000 users, 720 hours, no more than the included requests: USD 270.05 for one recommender, 540.10
    for two (their trainings every week included).

    Source: an estimate of AWS's calculator of April 2023,
    https://cevo.com.au/post/build-recommender-systems-the-easy-way-in-aws/
    """
    for name in ("picks", "popular"):
        resource = arn(f"recommender/{name}")
        for week in range(5):
            books.trained(50_000, at=START + week * 7 * DAY, resource=resource, users=6000)
        books.holds(1, resource=resource)
        books.imported(GB)
    bill = books.bill(days=30)
    assert [cents(each.cost) for each in bill.lines if each.resource != RECOMMENDER] == ["0.10", "270.00"]
    assert cents(line(books.bill(days=0), "ingestion").cost) == "0.10"
    assert cents(bill.cost()) == "540.10"


@pytest.mark.parametrize(("interactions", "hours"), [(100_000, "2.135"), (25_000_000, "53.9")])
def test_estimated_hours_are_those_that_were_told_of_a_public_data_set(interactions: int, hours: str) -> None:
    """2.135 hours for 100 000 interactions of MovieLens and 53.9 for 25 million.

    Source: PersonalizeCheatSheet2.0.md of aws-samples/amazon-personalize-samples.
    """
    from personalize_local.costs.estimates import training_hours

    assert abs(training_hours(interactions) - Decimal(hours)) / Decimal(hours) < Decimal("0.002")


def test_windows_of_five_minutes_are_summed(books: Books) -> None:
    """In each five minutes the maximum of the average requests and the minimum provisioned throughput counts; the
    TPS-hours of all of them are summed. (PersonalizeCheatSheet2.0.md of aws-samples/amazon-personalize-samples.)

    By hand, 2 TPS for an hour: 900 requests in one window are 3 a second, 300 in another 1 a second:
    (11 windows x 2 + 1 window x 3) / 12 = 25/12 TPS-hours.
    """
    books.holds(2)
    books.asked(900, START + 10)
    books.asked(300, START + 700)
    books.holds(0, START + HOUR)
    bill = books.bill(prices="2024")
    found = line(bill, "real-time")
    assert found.cost is not None
    assert abs(found.units * 12 - 25) < Decimal("1e-20")
    assert abs(found.cost * 12 - 5) < Decimal("1e-20")


def test_tiers_of_tps_hours(books: Books) -> None:
    """$0.20 up to 20,000 TPS-hours a month, $0.10 for the next 180,000, $0.05 above.

    By hand, 300 TPS for 30 days are 216,000: 4,000 + 18,000 + 800 dollars.
    """
    books.holds(300)
    books.holds(0, START + 30 * DAY)
    bill = books.bill(prices="2024")
    assert (line(bill, "real-time").units, cents(bill.cost())) == (216_000, "22800.00")


def test_tiers_of_requests(books: Books) -> None:
    """$0.0556 per 1,000 for the first 72 million requests a month, $0.0278 for the next 648 million, then $0.0139.

    By hand, 300 requests per second for 30 days are 777.6 million: 4,003.20 + 18,014.40 + 800.64.
    """
    books.holds(300)
    assert cents(books.bill().cost()) == "22818.24"


def test_the_lists_have_the_prices_that_they_are_named_for() -> None:
    older, newer = pricelist.load("2024"), pricelist.load("2026")
    first = {name: meter.tiers[0].price for name, meter in older.meters.items() if meter.tiers}
    assert first["ingestion"] == Decimal("0.05")
    assert first["training-hours"] == Decimal("0.24")
    assert first["real-time"] == Decimal("0.20")
    assert first["batch"] == Decimal("0.067")
    assert newer.meters["real-time"].tiers[0].price == Decimal("0.0556")


def test_a_thousand_users_of_a_batch_job(books: Books) -> None:
    """$0.067 per 1,000 users at the older list; $0.15 per 1,000 for v2 recipes at the newer."""
    books.batch(1_000_000)
    assert cents(books.bill(prices="2024").cost()) == "67.00"
    books.batch(2000, recipe=V2)
    assert cents(line(books.bill(), "batch-v2").cost) == "0.30"
    assert CAMPAIGN not in {each.resource for each in books.bill().lines}
