"""Filters in recommendations and rankings, over the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from personalize_local.server.serving import BackgroundServer
from tests.conftest import Small

from .program import Program, refused
from .shop import Shop, open_shop

INVALID = "InvalidInputException"
ALL = {f"i{n}" for n in range(20)}


@pytest.fixture(scope="module")
def shop(server: BackgroundServer) -> Shop:
    return open_shop(Program(server.url))


def numbered(numbers: Iterable[int]) -> set[str]:
    return {f"i{n}" for n in numbers}


DRAMA = numbered(n for n in range(19) if n % 4 in (0, 1))
CRIME = numbered(n for n in range(19) if n % 4 == 1)
OPERA = numbered(n for n in range(19) if n % 4 == 2)
CLICKED = numbered(range(10))  # by u0
BOUGHT = numbered(range(2))


@pytest.mark.parametrize(
    ("expression", "kept"),
    [
        ('INCLUDE ItemID WHERE Items.GENRE IN ("drama")', DRAMA),
        ('EXCLUDE ItemID WHERE Items.GENRE IN ("drama")', ALL - DRAMA),
        ('INCLUDE ItemID WHERE Items.GENRE NOT IN ("drama")', ALL - DRAMA),
        ('INCLUDE ItemID WHERE Items.GENRE IN ("Drama")', set()),
        ('include itemid where items.genre in ("crime", "opera")', CRIME | OPERA),
        ("INCLUDE ItemID WHERE Items.PRICE <= 4.5", numbered(range(5))),
        ("INCLUDE ItemID WHERE Items.YEAR >= 2005 AND Items.YEAR < 2010", numbered(range(5, 10))),
        ("EXCLUDE ItemID WHERE Items.YEAR != 2003", {"i3"}),
        ('INCLUDE ItemID WHERE Items.OWNER IN ("in-house")', numbered(range(5))),
        ('INCLUDE ItemID WHERE Items.OWNER IN ("a")', set()),
        ('INCLUDE ItemID WHERE Items.OWNER IN ("a|b")', numbered(range(5, 19))),
        ('INCLUDE ItemID WHERE Items.ITEM_ID IN ("i3", "i19", "none")', {"i3", "i19"}),
        ('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase")', ALL - BOUGHT),
        ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("CLICK", "view")', CLICKED),
        ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")', CLICKED),
        ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE NOT IN ("click")', ALL - CLICKED),
        (
            'INCLUDE ItemID WHERE Items.GENRE IN ("opera") | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")',
            OPERA - CLICKED,
        ),
        (
            'INCLUDE ItemID WHERE Items.GENRE IN ("opera") | '
            'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase")',
            OPERA | BOUGHT,
        ),
        ('EXCLUDE ItemID WHERE Items.GENRE IN ("drama") IF CurrentUser.AGE < 12', ALL - DRAMA),
        ('EXCLUDE ItemID WHERE Items.GENRE IN ("drama") IF CurrentUser.AGE > 12', ALL),
        ('INCLUDE ItemID WHERE Items.GENRE IN ("drama") IF CurrentUser.TIER IN ("free")', DRAMA),
        ('INCLUDE ItemID WHERE Items.GENRE IN ("drama") IF CurrentUser.TIER IN ("gold")', ALL),
    ],
)
def test_an_expression_keeps_what_it_says(shop: Shop, expression: str, kept: set[str]) -> None:
    arn = shop.filter(expression)
    try:
        assert shop.ids(arn) == kept
    finally:
        shop.program.personalize.delete_filter(filterArn=arn)


def test_values_are_bound_for_each_request(shop: Shop) -> None:
    arn = shop.filter("INCLUDE ItemID WHERE Items.GENRE IN ($GENRE) | EXCLUDE ItemID WHERE Items.PRICE > $PRICE")
    assert shop.ids(arn, filterValues={"GENRE": '"opera"'}) == OPERA
    assert shop.ids(arn, filterValues={"GENRE": '"opera", "crime"', "PRICE": "9.5"}) == (OPERA | CRIME) & numbered(
        range(10)
    )
    assert shop.ids(arn, filterValues={"GENRE": '"opera"', "PRICE": '"2.5"'}) == {"i2"}
    assert shop.ids(arn, filterValues={"GENRE": '"nothing"'}) == set()

    def refusal(**values: str) -> tuple[str, int, str]:
        return refused(
            shop.program.runtime.get_recommendations,
            campaignArn=shop.personal,
            userId="u0",
            filterArn=arn,
            filterValues=values,
        )

    assert refusal() == (INVALID, 400, "Missing value for filter parameter GENRE.")
    assert refusal(GENRE='"x"', OTHER="1") == (
        INVALID,
        400,
        "OTHER is not a parameter of the filter. Its parameters are GENRE or PRICE.",
    )
    assert refusal(GENRE="drama") == (
        INVALID,
        400,
        "The value of filter parameter GENRE must be a value in double quotes or a number, found drama.",
    )
    assert refusal(GENRE='"drama') == (
        INVALID,
        400,
        'The value of filter parameter GENRE has a quote that is not closed: "drama.',
    )
    assert refusal(GENRE='"a" "b"')[2].startswith("The value of filter parameter GENRE cannot be read: found ")
    assert refusal(GENRE='"a"', PRICE="1,2") == (
        INVALID,
        400,
        "Filter parameter PRICE stands after > and takes one value, found 2.",
    )
    assert refusal(GENRE='"a"', PRICE='"much"') == (
        INVALID,
        400,
        "Filter parameter PRICE is compared with Items.PRICE and must be a number, found much.",
    )
    shop.program.personalize.delete_filter(filterArn=arn)
    plain = shop.filter('INCLUDE ItemID WHERE Items.GENRE IN ("drama")')
    found = refused(
        shop.program.runtime.get_recommendations,
        campaignArn=shop.personal,
        userId="u0",
        filterArn=plain,
        filterValues={"A": "1"},
    )
    assert found == (INVALID, 400, "A is not a parameter of the filter, which has none.")
    assert shop.program.recommend(shop.personal, "u0", filterValues={"A": "1"})  # without a filter they are passed over
    shop.program.personalize.delete_filter(filterArn=plain)


def test_the_current_item_is_compared_with(shop: Shop) -> None:
    arn = shop.filter("INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRE IN CurrentItem.GENRE")
    ask: Any = shop.program.recommend

    def ids(item: str) -> set[str]:
        return {one["itemId"] for one in ask(shop.similar, itemId=item, filterArn=arn, numResults=500)}

    assert ids("i6") == {"i2"}
    assert ids("i9") == {"i0", "i1", "i4", "i5", "i8"}
    assert ids("i19") == ids("nobody") == set()
    found = refused(shop.program.runtime.get_recommendations, campaignArn=shop.personal, userId="u0", filterArn=arn)
    recipe = "arn:aws:personalize:::recipe/aws-user-personalization"
    assert found == (INVALID, 400, f"Filter {arn} uses CurrentItem, which recipe {recipe} does not support.")
    shop.program.personalize.delete_filter(filterArn=arn)


def test_events_change_what_a_filter_keeps_at_once(shop: Shop) -> None:
    arn = shop.filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("hide")')
    assert shop.ids(arn, "fresh") == ALL
    shop.program.send(shop.tracking, "session", "i7", "i8", user="fresh", kind="Hide")
    assert shop.ids(arn, "fresh") == ALL - {"i7", "i8"}
    shop.program.send(shop.tracking, "session", "i9", kind="hide")
    assert shop.ids(arn, "session") == ALL - {"i9"}
    assert shop.ids(arn, "fresh") == ALL - {"i7", "i8"}
    # An import afterwards does not make the events of users forgotten.
    header = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n"
    job = shop.program.load(
        shop.interactions, f"{header}fresh,i1,1700000000,hide\n", job="hidden", importMode="INCREMENTAL"
    )
    assert job["status"] == "ACTIVE"
    assert shop.ids(arn, "fresh") == ALL - {"i1", "i7", "i8"}
    shop.program.personalize.delete_filter(filterArn=arn)


def test_rankings_leave_out_what_a_filter_drops(shop: Shop) -> None:
    arn = shop.filter('EXCLUDE ItemID WHERE Items.PRICE > 3 | EXCLUDE ItemID WHERE Items.ITEM_ID IN ("i1")')
    rank = shop.program.runtime.get_personalized_ranking
    listed = ["i1", "i9", "unknown", "i2", "i0"]
    plain = rank(campaignArn=shop.ranking, userId="u0", inputList=listed)["personalizedRanking"]
    filtered = rank(campaignArn=shop.ranking, userId="u0", inputList=listed, filterArn=arn)["personalizedRanking"]
    assert filtered == [item for item in plain if item["itemId"] not in ("i1", "i9")]
    assert {item["itemId"] for item in filtered} == {"i0", "i2", "unknown"}
    shop.program.personalize.delete_filter(filterArn=arn)


def test_scores_are_those_without_the_filter(shop: Shop) -> None:
    arn = shop.filter('INCLUDE ItemID WHERE Items.GENRE IN ("opera")')
    plain = {item["itemId"]: item["score"] for item in shop.program.recommend(shop.personal, "u0", numResults=500)}
    filtered = shop.program.recommend(shop.personal, "u0", numResults=3, filterArn=arn)
    assert len(filtered) == 3
    assert all(plain[item["itemId"]] == item["score"] for item in filtered)
    best = sorted(OPERA, key=lambda id_: -plain[id_])[:3]
    assert {item["itemId"] for item in filtered} == set(best)
    shop.program.personalize.delete_filter(filterArn=arn)


def test_filters_that_a_request_may_not_use(shop: Shop) -> None:
    runtime = shop.program.runtime

    def refusal(arn: str, campaign: str | None = None, **params: Any) -> tuple[str, int, str]:
        return refused(runtime.get_recommendations, campaignArn=campaign or shop.personal, filterArn=arn, **params)

    missing = shop.program.arn("filter/none")
    assert refusal(missing, userId="u0") == (
        "ResourceNotFoundException",
        404,
        f"Resource Arn {missing} does not exist.",
    )
    other = shop.program.personalize.create_dataset_group(name="other")["datasetGroupArn"]
    shop.program.dataset(other, "ITEMS")
    foreign = shop.program.personalize.create_filter(
        name="foreign", datasetGroupArn=other, filterExpression='INCLUDE ItemID WHERE Items.GENRE IN ("a")'
    )["filterArn"]
    text = f"Filter {foreign} does not belong to the dataset group of {shop.personal}."
    assert refusal(foreign, userId="u0") == (INVALID, 400, text)
    segments = shop.filter("INCLUDE UserID WHERE Users.AGE > 3")
    text = f"Filter {segments} chooses by UserID; GetRecommendations takes filters by ItemID."
    assert refusal(segments, userId="u0") == (INVALID, 400, text)
    seen = shop.filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")')
    text = f"userId is required for filter {seen}, which looks at the user."
    assert refusal(seen, shop.popular) == (INVALID, 400, text)
    assert refusal(seen, shop.similar, itemId="i1") == (INVALID, 400, text)
    assert shop.ids(seen, campaign=shop.popular) == ALL - CLICKED
    for arn in (segments, seen):
        shop.program.personalize.delete_filter(filterArn=arn)
    assert refusal(seen, userId="u0")[:2] in {("ResourceNotFoundException", 404), (INVALID, 400)}


def test_items_that_nobody_knows_are_told_apart(shop: Shop) -> None:
    watched = shop.filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")', "watched")
    named = shop.filter('EXCLUDE ItemID WHERE Items.ITEM_ID IN ("newZ")', "named")
    header = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n"
    shop.program.load(shop.interactions, f"{header}w1,late,1700000000,watch\n", job="late", importMode="INCREMENTAL")
    shop.program.send(shop.tracking, "s", "newA", user="w1", kind="watch")

    def ranked(arn: str, *items: str) -> list[str]:
        answer = shop.program.runtime.get_personalized_ranking(
            campaignArn=shop.ranking, userId="w1", inputList=list(items), filterArn=arn
        )
        return [item["itemId"] for item in answer["personalizedRanking"]]

    assert ranked(watched, "newA", "newB", "late", "i1") == ["i1", "newB"]
    assert ranked(named, "newZ", "newA", "i1") == ["i1", "newA"]
    only = shop.filter('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")', "only")
    assert ranked(only, "newA", "newB", "late", "i1") == ["newA", "late"]
    for arn in (watched, named, only):
        shop.program.personalize.delete_filter(filterArn=arn)


def test_a_filter_of_the_same_name_and_text_belongs_to_its_new_group(small: Callable[..., Small]) -> None:
    program = small().program
    groups = [program.stocked(name) for name in ("one", "two")]
    campaigns = [
        program.campaign(program.version(program.solution(group, f"s{n}")), f"c{n}") for n, group in enumerate(groups)
    ]
    text = 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'
    for group, campaign in zip(groups, campaigns, strict=True):
        arn = program.personalize.create_filter(name="same", datasetGroupArn=group, filterExpression=text)["filterArn"]
        assert program.recommend(campaign, "u0", filterArn=arn)
        program.personalize.delete_filter(filterArn=arn)
        with suppress(ClientError):  # its one DELETE PENDING, after which the name is free
            program.personalize.describe_filter(filterArn=arn)


def test_a_dataset_made_anew_knows_nothing_of_the_old_one(small: Callable[..., Small]) -> None:
    one = small()
    program = one.program
    group = program.group()
    interactions = program.dataset(group)
    tracking = program.tracker(group)
    for user in range(4):
        program.send(tracking, "s", *(f"i{item}" for item in range(8)), user=f"u{user}")
    campaign = program.campaign(program.version(program.solution(group)))
    arn = program.personalize.create_filter(
        name="unseen",
        datasetGroupArn=group,
        filterExpression='EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")',
    )["filterArn"]
    assert program.recommend(campaign, "u1", filterArn=arn) == []
    # As deleting the dataset and making it anew does; here the campaign stays, so that it can be asked.
    with one.server.emulator.database.write() as rows:
        rows.remove_events(group)
        record = rows.get(interactions)
        assert record is not None
        rows.remove(interactions)
        rows.insert(record)
    assert len(program.recommend(campaign, "u1", filterArn=arn)) == 8
