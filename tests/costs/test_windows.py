"""The windows against a clock that ticks second by second."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from personalize_local.costs import pricelist
from personalize_local.costs.quantities import quantities
from personalize_local.costs.windows import HOUR, WINDOW, months, spans_of
from personalize_local.store.usage import Used
from tests.costs.books import CAMPAIGN, GROUP, RECOMMENDER, START, V1, V2

_LENGTH = 3 * HOUR
# No two at one moment: what was held ready for no time at all is a case of its own.
_CHANGES = st.lists(
    st.tuples(st.integers(0, _LENGTH + 600), st.integers(0, 3), st.sampled_from([V1, V2])),
    min_size=1,
    max_size=8,
    unique_by=lambda change: change[0],
)
_REQUESTS = st.dictionaries(st.integers(0, _LENGTH // WINDOW - 1), st.integers(1, 2000), max_size=8)


def usage(changes: list[tuple[int, int, str]], requests: dict[int, int], resource: str) -> list[Used]:
    rows = [
        Used(kind="capacity", resource=resource, group=GROUP, at=START + at, amount=rate, facts={"recipe": recipe})
        for at, rate, recipe in changes
    ]
    return rows + [
        Used(kind="requests", resource=resource, act=str(window), at=START + window * WINDOW, amount=count)
        for window, count in requests.items()
    ]


def ticking(changes: list[tuple[int, int, str]]) -> list[int]:
    """The rate in each second: each change is in force from its time on, whatever was foreseen before."""
    rates = [0] * _LENGTH
    for at, rate, _ in changes:
        for second in range(at, _LENGTH):
            rates[second] = rate
    return rates


@given(changes=_CHANGES, requests=_REQUESTS)
def test_a_campaign_is_billed_the_higher_of_both_in_each_window(
    changes: list[tuple[int, int, str]], requests: dict[int, int]
) -> None:
    used = usage(changes, requests, CAMPAIGN)
    now = START + _LENGTH
    found = sum((each.amount for each in quantities(used, pricelist.load("2026"), now)), Decimal(0))
    if not spans_of(used[: len(changes)], now):
        assert found == 0
        return
    rates = ticking(changes)
    expected = sum(
        max(sum(rates[window * WINDOW : (window + 1) * WINDOW]), requests.get(window, 0))
        for window in range(_LENGTH // WINDOW)
    )
    assert found == expected


@given(changes=_CHANGES, requests=_REQUESTS)
def test_a_recommender_is_billed_its_seconds_and_what_an_hour_does_not_include(
    changes: list[tuple[int, int, str]], requests: dict[int, int]
) -> None:
    used = usage(changes, requests, RECOMMENDER)
    found = quantities(used, pricelist.load("2026"), START + _LENGTH)
    rates = ticking(changes)
    active = sum(each.amount for each in found if each.meter == pricelist.RECOMMENDER_HOURS)
    assert abs(active * HOUR - sum(rate > 0 for rate in rates)) < Decimal("1e-15")
    expected = 0
    for hour in range(_LENGTH // HOUR):
        held = rates[hour * HOUR : (hour + 1) * HOUR]
        asked = sum(count for window, count in requests.items() if window * WINDOW // HOUR == hour)
        if any(held):
            expected += max(0, max(sum(held), asked) - 4000)
    further = sum(each.amount for each in found if each.meter == pricelist.RECOMMENDER_REQUESTS)
    assert further == expected


@given(start=st.integers(0, 4_000_000_000), length=st.integers(0, 400 * 86400))
def test_months_are_whole_and_follow_each_other(start: int, length: int) -> None:
    pieces = list(months(start * 1000, (start + length) * 1000))
    assert sum(end - begin for _, begin, end in pieces) == length * 1000
    assert len({name for name, _, _ in pieces}) == len(pieces)
    assert all(end - begin <= 31 * 86400 * 1000 for _, begin, end in pieces)
    assert [end for _, _, end in pieces[:-1]] == [begin for _, begin, _ in pieces[1:]]
