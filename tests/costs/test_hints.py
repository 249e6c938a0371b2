"""What is pointed out, and what each would save."""

from __future__ import annotations

from personalize_local.costs.quantities import Automatic
from tests.costs.books import CAMPAIGN, DAY, GROUP, HOUR, RECOMMENDER, SOLUTION, START, V1, Books, cents


def told(books: Books, days: float, **more: object) -> list[tuple[str, str, str, str]]:
    bill = books.bill(days=days, prices="2024", **more)  # type: ignore[arg-type]
    return [(hint.kind, hint.resource, hint.says, cents(hint.monthly)) for hint in bill.hints]


def test_a_campaign_that_nobody_asks(books: Books) -> None:
    books.holds(2)
    assert told(books, 23 / 24) == []
    says = "no request in 24 hours, as long as it has been ACTIVE; delete it"
    assert told(books, 1) == [("idle", CAMPAIGN, says, "292.00")]


def test_a_campaign_that_nobody_asks_any_more(books: Books) -> None:
    books.holds(1)
    books.asked(1000, START)
    assert told(books, 1) == []
    assert told(books, 3) == [("idle", CAMPAIGN, "no request for 72 hours; delete it", "146.00")]


def test_hardly_any_requests_are_as_good_as_none(books: Books) -> None:
    books.holds(1)
    books.asked(10, START + 2 * DAY)
    says = "at most 10 requests in the last 24 hours; delete it"
    assert told(books, 2.5) == [("idle", CAMPAIGN, says, "146.00")]
    books.asked(1, START + 2 * DAY)
    assert told(books, 2.5) == []


def test_one_that_is_deleted_is_not_told_of(books: Books) -> None:
    books.holds(1)
    books.holds(0, START + 2 * DAY)
    assert told(books, 2) == []


def test_an_update_of_capacity_is_no_new_beginning(books: Books) -> None:
    books.holds(1)
    books.holds(2, START + 20 * HOUR)
    assert [hint[:2] for hint in told(books, 1)] == [("idle", CAMPAIGN)]


def test_more_capacity_than_the_busiest_window_needed(books: Books) -> None:
    books.holds(10)
    books.asked(750, START + DAY)
    says = "minProvisionedTPS is 10; the busiest five minutes needed 2.50 requests per second: 3 would do"
    # 7 of 10 requests per second: 0.7 x 1460.
    assert told(books, 1.5) == [("over-provisioned", CAMPAIGN, says, "1022.00")]


def test_capacity_that_is_needed_is_not_told_of(books: Books) -> None:
    books.holds(3)
    books.asked(750, START + DAY)
    assert told(books, 1.5) == []


def test_a_recommender_can_be_stopped(books: Books) -> None:
    books.trained(10, resource=RECOMMENDER, users=10)
    books.holds(1, resource=RECOMMENDER)
    (hint,) = told(books, 2)
    assert hint[2] == "no request in 48 hours, as long as it has been ACTIVE; stop or delete it"
    assert hint[3] == "273.75"


def test_trainings_that_come_by_themselves(books: Books) -> None:
    solutions = tuple(
        Automatic(solution=f"{SOLUTION}{days}", group=GROUP, days=days, recipe=V1, interactions=0) for days in (1, 7)
    )
    found = told(books, 0, automatic=solutions)
    # 1.93 hours at 0.24, every day and every week; what saves most comes first.
    assert [(hint[0], hint[1][-1], hint[3]) for hint in found] == [
        ("automatic-training", "1", "14.09"),
        ("automatic-training", "7", "2.01"),
    ]
    assert found[0][2] == "trains by itself every day where new interactions have come (performAutoTraining)"
    assert "every 7 days" in found[1][2]
