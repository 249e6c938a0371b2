"""Months, tiers, shares, projections and the free tier, by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from personalize_local.costs.bill import Bill
from personalize_local.costs.quantities import Automatic
from personalize_local.store.usage import Used
from tests.costs.books import (
    AFFINITY,
    CAMPAIGN,
    DAY,
    GB,
    GROUP,
    HOUR,
    RECOMMENDER,
    SOLUTION,
    START,
    V1,
    V2,
    Books,
    arn,
    cents,
    line,
)

OTHER_ACCOUNT = arn("campaign/home", account="210987654321")


def costs(bill: Bill) -> dict[str, str]:
    """The cost of each resource."""
    return {each.resource: cents(each.cost) for each in bill.lines}


def test_nothing_used_costs_nothing(books: Books) -> None:
    bill = books.bill()
    assert (bill.lines, bill.hints, bill.cost(), bill.monthly()) == ([], [], 0, 0)


def test_tiers_begin_anew_each_month(books: Books) -> None:
    # January has 36 x 744 = 26,784 TPS-hours: 4,000 + 678.40; nine days of February 36 x 216 = 7,776: 1,555.20.
    books.holds(36)
    assert cents(books.bill(days=40, prices="2024").cost()) == "6233.60"


def test_campaigns_of_an_account_and_region_share_their_tiers_by_use(books: Books) -> None:
    # 30,000 TPS-hours together cost 4,000 + 1,000; a quarter of them a quarter.
    small, large = arn("campaign/small"), arn("campaign/large")
    for resource, rate in ((small, 10), (large, 30)):
        books.holds(rate, resource=resource)
        books.holds(0, START + 750 * HOUR, resource=resource)
    # 744 of the 750 hours are in January: 29,760 TPS-hours for 4,976.00; the rest are 240 for 48.00.
    assert costs(books.bill(days=40, prices="2024")) == {small: "1256.00", large: "3768.00"}


@pytest.mark.parametrize("elsewhere", [OTHER_ACCOUNT, arn("campaign/home", region="eu-west-1")])
def test_other_accounts_and_regions_have_tiers_of_their_own(books: Books, elsewhere: str) -> None:
    for resource in (CAMPAIGN, elsewhere):
        books.holds(25, resource=resource)
        books.holds(0, START + 30 * DAY, resource=resource)
    # 18,000 TPS-hours each.
    assert costs(books.bill(prices="2024")) == {CAMPAIGN: "3600.00", elsewhere: "3600.00"}


def test_a_deleted_campaign_stays_in_the_bill_of_what_was(books: Books) -> None:
    books.holds(1)
    books.holds(0, START + DAY)
    for days in (1, 100):
        bill = books.bill(days=days, prices="2024")
        assert (cents(bill.cost()), cents(bill.monthly())) == ("4.80", "0.00")


def test_more_capacity_counts_from_when_it_is_there(books: Books) -> None:
    books.holds(1)
    books.holds(5, START + DAY)
    assert line(books.bill(days=1, prices="2024"), "real-time").units == 24
    assert line(books.bill(days=2, prices="2024"), "real-time").units == 24 + 120
    assert cents(books.bill(days=2, prices="2024").monthly()) == "730.00"


def test_a_change_that_is_foreseen_counts_when_its_time_has_come(books: Books) -> None:
    books.holds(4, START + HOUR)
    assert books.bill(days=0.5 / 24).lines == []
    assert line(books.bill(days=3 / 24, prices="2024"), "real-time").units == 8


def test_a_campaign_that_moves_to_a_v2_recipe_has_the_meters_of_both(books: Books) -> None:
    books.holds(1)
    books.holds(1, START + DAY, recipe=V2)
    books.asked(900, START + DAY)
    bill = books.bill(days=2)
    assert line(bill, "real-time").units * 1000 == 86_400
    assert line(bill, "real-time-v2").units * 1000 == 86_400 + 600


def test_requests_of_a_window_that_a_campaign_shares_with_no_capacity(books: Books) -> None:
    # ACTIVE from the middle of the window: capacity for 150 requests, 250 more came.
    books.holds(1, START + 150)
    books.asked(400, START + 200)
    books.holds(0, START + 300)
    assert line(books.bill(), "real-time").units * 1000 == 400


class TestOneMadeAnewInAnotherGroup:
    OTHER = arn("dataset-group/other")

    def test_of_campaigns_has_hours_and_requests_in_each(self, books: Books) -> None:
        books.holds(1)
        books.asked(400, START + 10)
        books.holds(0, START + HOUR)
        books.holds(3, START + 2 * HOUR, group=self.OTHER)
        books.asked(1000, START + 2 * HOUR + 10)
        bill = books.bill(days=4 / 24)
        found = {each.group: each.units * 1000 for each in bill.lines}
        assert found == {GROUP: 3600 + 100, self.OTHER: 2 * 3 * 3600 + 100}
        # 3 x 730 x 3,600 requests, and 100 more on each of 730 / 24 days.
        assert (bill.monthly(GROUP), cents(bill.monthly(self.OTHER))) == (0, "438.52")

    def test_of_recommenders_has_users_of_each(self, books: Books) -> None:
        books.trained(10, resource=RECOMMENDER, users=200_000)
        books.holds(1, resource=RECOMMENDER)
        books.asked(7000, START + 10, resource=RECOMMENDER)
        books.holds(0, START + 0.5 * HOUR, resource=RECOMMENDER)
        books.trained(10, resource=RECOMMENDER, users=10, group=self.OTHER)
        books.holds(1, START + 0.5 * HOUR, resource=RECOMMENDER, group=self.OTHER)
        books.asked(5000, START + HOUR, resource=RECOMMENDER)
        bill = books.bill(days=2 / 24)
        found = {(each.group, each.meter): each.units for each in bill.lines}
        assert found == {
            (GROUP, "recommender-hours"): Decimal("0.5"),
            (GROUP, "recommender-requests"): 1,
            (self.OTHER, "recommender-hours"): Decimal("1.5"),
            (self.OTHER, "recommender-requests"): 1,
        }
        assert (bill.cost(GROUP), bill.cost(self.OTHER)) == (
            Decimal("0.42") / 2 + Decimal("0.0833"),
            Decimal("0.375") * Decimal("1.5") + Decimal("0.0833"),
        )


def test_data_are_billed_by_the_byte(books: Books) -> None:
    books.imported(3 * GB)
    books.streamed(GB // 2, START + 5)
    books.streamed(GB // 2, START + 10)
    bill = books.bill(days=0)
    assert (line(bill, "ingestion").units, line(bill, "ingestion").cost) == (4, Decimal("0.20"))
    assert len(books.used()) == 2


def test_what_was_streamed_in_the_last_day_is_streamed_each_day_of_a_month(books: Books) -> None:
    books.imported(7 * GB)
    books.streamed(5 * GB, START + 1)
    books.streamed(GB, START + 2 * DAY)
    # 1 GB a day: 730/24 x 0.05.
    assert cents(books.bill(days=2.5).monthly()) == "1.52"


def test_requests_beyond_capacity_go_on_too(books: Books) -> None:
    books.holds(1)
    books.asked(3900, START + DAY + 60)
    # 730 hours of 3600 and 730/24 times 3600 more.
    assert cents(books.bill(days=1.5).monthly()) == cents(Decimal(730 * 3600 + 730 * 150) / 1000 * Decimal("0.0556"))


def test_trainings_by_themselves_are_projected(books: Books) -> None:
    weekly = Automatic(solution=SOLUTION, group=GROUP, days=7, recipe=V1, interactions=1_000_000)
    # 1.93 + 2.08 hours, 730 / 168 times.
    assert cents(books.bill(automatic=(weekly,)).monthly()) == cents(Decimal("4.01") * 730 / 168 * Decimal("0.24"))
    daily = Automatic(solution=SOLUTION, group=GROUP, days=1, recipe=V2, interactions=1_000_000)
    assert cents(books.bill(automatic=(daily,)).monthly()) == cents(Decimal(2) * 730 / 24)


def test_a_training_tells_its_seconds_here_and_that_it_is_estimated(books: Books) -> None:
    books.trained(1_000_000)
    books.trained(1_000_000, trainings=11)
    found = line(books.bill(), "training-hours")
    assert (found.units, found.estimated, found.seconds) == (Decimal("4.01") * 12, True, 3.0)


def test_a_search_trains_a_v2_recipe_as_often(books: Books) -> None:
    books.trained(1_000_000, recipe=V2, trainings=3)
    assert cents(line(books.bill(), "training-interactions").cost) == "6.00"
    weekly = Automatic(solution=SOLUTION, group=GROUP, days=7, recipe=V2, interactions=1_000_000, trainings=3)
    assert cents(books.bill(automatic=(weekly,)).monthly()) == cents(Decimal(6) * 730 / 168)


def test_a_recommender_with_many_users_and_requests(books: Books) -> None:
    books.trained(1000, resource=RECOMMENDER, users=250_000)
    books.holds(1, resource=RECOMMENDER)
    books.asked(8000, START + HOUR + 5, resource=RECOMMENDER)
    bill = books.bill(days=1)
    # 0.375 + 1.5 x 0.045 an hour; 8,000 requests in an hour that has 6,000.
    assert (line(bill, "recommender-hours").units, cents(line(bill, "recommender-hours").cost)) == (24, "10.62")
    assert line(bill, "recommender-requests").cost == 2 * Decimal("0.0833")
    assert cents(bill.monthly()) == cents(730 * Decimal("0.4425") + 2 * Decimal("0.0833") * 730 / 24)


def test_a_recommender_that_holds_more_ready_than_is_included_pays_for_it(books: Books) -> None:
    books.trained(1000, resource=RECOMMENDER, users=10)
    books.holds(2, resource=RECOMMENDER)
    books.holds(0, START + 10 * HOUR, resource=RECOMMENDER)
    # 7,200 an hour, 4,000 of them included.
    assert line(books.bill(), "recommender-requests").units == 32


def test_users_count_from_the_training_that_knows_them(books: Books) -> None:
    books.trained(1000, resource=RECOMMENDER, users=10)
    books.trained(1000, at=START + DAY, resource=RECOMMENDER, users=200_000)
    books.holds(1, resource=RECOMMENDER)
    # A day at 0.375, a day at 0.42.
    assert cents(books.bill(days=2).cost()) == "19.08"


def test_what_has_no_price_is_told_and_not_summed(books: Books) -> None:
    books.batch(1000, themes=True)
    bill = books.bill()
    assert (line(bill, "themes").units, line(bill, "themes").cost) == (1, None)
    assert cents(bill.cost()) == "0.07"


def test_jobs_of_a_month_do_not_share_the_tiers_of_segments(books: Books) -> None:
    # 100 x 0.016 + 100 x 0.008 each.
    books.segmented(1, 200_000)
    books.segmented(2, 200_000)
    bill = books.bill()
    assert (line(bill, "segments").units, cents(bill.cost())) == (600, "7.20")


def test_segments_beyond_the_last_tier_and_of_nobody(books: Books) -> None:
    # 1.60 + 7.20 + 36 + 50 for 60 million users.
    books.segmented(1, 60_000_000)
    books.segmented(3, 0)
    books.segmented(0, 100)
    assert cents(books.bill().cost()) == "94.80"


def test_segments_of_earlier_versions_have_their_own_users_for_those_of_the_datasets(books: Books) -> None:
    facts = {"recipe": AFFINITY, "users": 250_000}
    row = Used(
        kind="segments", resource=arn("batch-segment-job/old"), group=GROUP, act="1", at=START, amount=2, facts=facts
    )
    with books.writing() as rows:
        rows.use(row)
    # Twice 100 x 0.016 + 25 x 0.008.
    assert cents(books.bill().cost()) == "3.60"


def test_the_free_tier_is_of_the_first_two_months(books: Books) -> None:
    for month in (1, 2, 3):
        books.imported(21 * GB, datetime(2026, month, 2, tzinfo=UTC).timestamp())
    assert cents(books.bill(days=100).cost()) == "3.15"
    assert cents(books.bill(days=100, free=True).cost()) == "1.15"


def test_the_free_tier_lies_below_the_first_tier(books: Books) -> None:
    books.holds(36)
    books.holds(0, START + 30 * DAY)
    # 25,920 TPS-hours: 50 free, 19,950 at 0.20, 5,920 at 0.10.
    assert cents(books.bill(prices="2024", free=True).cost()) == "4582.00"
