"""The bill as people see it."""

from __future__ import annotations

from personalize_local.costs.showing import as_json, as_text
from tests.costs.books import DAY, GB, START, Books, arn


def test_a_bill_in_words(books: Books) -> None:
    books.holds(1)
    books.imported(GB)
    books.trained(1_000_000)
    books.batch(1000, themes=True)
    books.streamed(1, START + 29.9 * DAY)
    text = as_text(as_json(books.bill()))
    assert (
        text
        == """\
What this use would have cost on AWS, at the prices of 2026 (as of 2026, us-east-1, USD).
* is an estimate, ? a price that could not be verified. The last column is a month of being left running.

arn:aws:personalize:us-east-1:123456789012:dataset-group/shop
  resource                   what              quantity                          so far  per month
  batch-inference-job/mail   batch inference      1.000  1000 lines                0.07       0.00
  batch-inference-job/mail   themes               1.000  1000 lines      no price known
  campaign/home              recommendations  2,592.000  1000 requests           144.12     146.12
  dataset/shop/INTERACTIONS  data ingested        1.000  GB                        0.05      <0.01
  solution/taste             training             4.010  training hour*            0.96       0.00
  together                                                                       145.19     146.12

Total so far 145.19, per month if left running 146.12.

What costs without need, per month:
      146.12  campaign/home: no request in 720 hours, as long as it has been ACTIVE; delete it"""
    )


def test_a_bill_of_nothing_in_words(books: Books) -> None:
    text = as_text(as_json(books.bill(free=True)))
    assert "us-east-1, USD, less the free tier)." in text
    assert text.endswith("\n\nNothing that is billed has happened yet.")


def test_a_bill_of_one_account_has_nothing_of_others(books: Books) -> None:
    other = arn("campaign/theirs", account="210987654321")
    books.holds(1)
    books.holds(2, resource=other)
    told = as_json(books.bill(prices="2024"), "123456789012")
    assert other not in str(told)
    assert (told["cost"], told["monthly"]) == ("144.00", "146.00")
    assert as_json(books.bill(), "000000000000")["lines"] == []


def test_a_byte_is_not_lost_in_json(books: Books) -> None:
    books.imported(1)
    told = as_json(books.bill())
    assert told["lines"][0]["quantity"] == "0.000000001"
    assert told["lines"][0]["cost"] == "0.00"
