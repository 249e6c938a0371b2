"""The expressions of the guide, and of AWS samples that run against the service, mean what they say."""

from __future__ import annotations

import pytest

from personalize_local.filters import Filter, Part, Problem, check, parse
from tests.filters.helpers import (
    COLUMNS,
    current,
    event,
    exclude,
    include,
    items,
    placeholder,
    refusal,
    user,
    values,
    where,
    whole,
)

SOLD = exclude(event(values("Purchase")))
FOOD = values("cold dispensed", "hot dispensed", "salty snacks", "food service")
SAME_CATEGORY = include(items("CATEGORY_L1", "IN", current("CATEGORY_L1")))
OVER_18 = (user("AGE", ">", values(18)),)
PREMIUM = (user("MEMBERSHIP", "=", placeholder("PREMIUM")),)

ITEMS_BY_EVENT: list[tuple[str, tuple[Part, ...]]] = [
    (
        "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($EVENT_TYPE)",
        (exclude(event(placeholder("EVENT_TYPE"))),),
    ),
    (
        'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "stream")',
        (exclude(event(values("click", "stream"))),),
    ),
    ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")', (include(event(values("click"))),)),
    ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")', (include(event(values("*"))),)),
]

ITEMS_BY_FIELD: list[tuple[str, tuple[Part, ...]]] = [
    (
        "EXCLUDE ItemID WHERE Items.CATEGORY IN ($CATEGORY)",
        (exclude(items("CATEGORY", "IN", placeholder("CATEGORY"))),),
    ),
    (
        'EXCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("shoe") AND Items.CATEGORY_L2 NOT IN ("boot")',
        (exclude((items("CATEGORY_L1", "IN", values("shoe")), items("CATEGORY_L2", "NOT IN", values("boot")))),),
    ),
    (
        'EXCLUDE ItemID WHERE Items.CATEGORY IN ("shoe") AND Items.DESCRIPTION NOT IN ("boot")',
        (exclude((items("CATEGORY", "IN", values("shoe")), items("DESCRIPTION", "NOT IN", values("boot")))),),
    ),
    ("INCLUDE ItemID WHERE Items.PRICE <= $PRICE", (include(items("PRICE", "<=", placeholder("PRICE"))),)),
    (
        "INCLUDE ItemID WHERE Items.CREATION_TIMESTAMP < $DATE",
        (include(items("CREATION_TIMESTAMP", "<", placeholder("DATE"))),),
    ),
    (
        "INCLUDE ItemID WHERE Items.CREATION_TIMESTAMP > $DATE",
        (include(items("CREATION_TIMESTAMP", ">", placeholder("DATE"))),),
    ),
    ("INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)", (include(items("GENRE", "IN", placeholder("GENRE"))),)),
    ("EXCLUDE ItemID WHERE Items.GENRE IN ($GENRE)", (exclude(items("GENRE", "IN", placeholder("GENRE"))),)),
    ('INCLUDE ItemID WHERE Items.OWNER IN ("in-house")', (include(items("OWNER", "IN", values("in-house"))),)),
    (
        'INCLUDE ItemID WHERE Items.CATEGORY IN ("clothing") AND Items.AVAILABLE IN ("True")',
        (include((items("CATEGORY", "IN", values("clothing")), items("AVAILABLE", "IN", values("True")))),),
    ),
    (
        'INCLUDE ItemID WHERE Items.CATEGORY IN ("clothing") OR Items.CREATION_TIMESTAMP > $DATE',
        (include(items("CATEGORY", "IN", values("clothing")), items("CREATION_TIMESTAMP", ">", placeholder("DATE"))),),
    ),
    (
        "INCLUDE ItemID WHERE Items.DOWNLOADS = $NUMBER_OF_DOWNLOADS",
        (include(items("DOWNLOADS", "=", placeholder("NUMBER_OF_DOWNLOADS"))),),
    ),
]

ITEMS_BY_CURRENT_ITEM_OR_USER: list[tuple[str, tuple[Part, ...]]] = [
    (
        "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRE IN CurrentItem.GENRE",
        (include((items("PRICE", "<", current("PRICE")), items("GENRE", "IN", current("GENRE")))),),
    ),
    (
        "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.CREATION_TIMESTAMP > $DATE",
        (
            include(
                (items("PRICE", "<", current("PRICE")), items("CREATION_TIMESTAMP", ">", placeholder("DATE"))),
            ),
        ),
    ),
    (
        "EXCLUDE ItemID WHERE Items.GENRE IN ($GENRE) IF CurrentUser.AGE = $AGE",
        (exclude(items("GENRE", "IN", placeholder("GENRE")), given=(user("AGE", "=", placeholder("AGE")),)),),
    ),
    (
        'INCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("watch") AND Items.CATEGORY_L2 IN ("luxury")'
        " IF CurrentUser.AGE > 18",
        (
            include(
                (items("CATEGORY_L1", "IN", values("watch")), items("CATEGORY_L2", "IN", values("luxury"))),
                given=OVER_18,
            ),
        ),
    ),
    (
        'INCLUDE ItemID WHERE Items.CATEGORY IN ("watch") AND Items.DESCRIPTION IN ("luxury") IF CurrentUser.AGE > 18',
        (
            include(
                (items("CATEGORY", "IN", values("watch")), items("DESCRIPTION", "IN", values("luxury"))),
                given=OVER_18,
            ),
        ),
    ),
]

SEVERAL_PARTS: list[tuple[str, tuple[Part, ...]]] = [
    (
        "INCLUDE ItemID WHERE Items.CATEGORY IN ($CATEGORY)"
        ' | INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("favorite")',
        (include(items("CATEGORY", "IN", placeholder("CATEGORY"))), include(event(values("favorite")))),
    ),
    (
        "INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)"
        ' | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "stream")',
        (include(items("GENRE", "IN", placeholder("GENRE"))), exclude(event(values("click", "stream")))),
    ),
    (
        "EXCLUDE ItemID WHERE Items.GENRES IN ($GENRES)"
        " | EXCLUDE ItemID WHERE Items.DOWNLOAD_COUNT > 200 IF CurrentUser.AGE > 17",
        (
            exclude(items("GENRES", "IN", placeholder("GENRES"))),
            exclude(items("DOWNLOAD_COUNT", ">", values(200)), given=(user("AGE", ">", values(17)),)),
        ),
    ),
]

ACTIONS: list[tuple[str, tuple[Part, ...]]] = [
    (
        "INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ($EVENT_TYPE)",
        (
            include(
                where("ACTION_INTERACTIONS", "EVENT_TYPE", "IN", placeholder("EVENT_TYPE")),
                entity="ActionID",
            ),
        ),
    ),
    (
        'EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("NOT_TAKEN")',
        (exclude(where("ACTION_INTERACTIONS", "EVENT_TYPE", "IN", values("NOT_TAKEN")), entity="ActionID"),),
    ),
    (
        "EXCLUDE ActionID WHERE Actions.CATEGORY IN ($CATEGORY)",
        (exclude(where("ACTIONS", "CATEGORY", "IN", placeholder("CATEGORY")), entity="ActionID"),),
    ),
    (
        "INCLUDE ActionID WHERE Actions.VALUE > ($VALUE)",
        (include(where("ACTIONS", "VALUE", ">", placeholder("VALUE")), entity="ActionID"),),
    ),
    (
        'INCLUDE ActionID WHERE Action.MEMBERSHIP_LEVEL IN ("Premium") IF CurrentUser.MEMBERSHIP = $PREMIUM',
        (
            include(
                where("ACTIONS", "MEMBERSHIP_LEVEL", "IN", values("Premium")),
                entity="ActionID",
                given=PREMIUM,
            ),
        ),
    ),
    (
        "EXCLUDE ActionID WHERE Actions.VALUE < ($VALUE) IF CurrentUser.MEMBERSHIP = $PREMIUM",
        (exclude(where("ACTIONS", "VALUE", "<", placeholder("VALUE")), entity="ActionID", given=PREMIUM),),
    ),
]

USERS: list[tuple[str, tuple[Part, ...]]] = [
    (
        "INCLUDE UserID WHERE Users.MEMBERSHIP_STATUS IN ($MEMBERSHIP)",
        (include(user("MEMBERSHIP_STATUS", "IN", placeholder("MEMBERSHIP")), entity="UserID"),),
    ),
    ("EXCLUDE UserID WHERE Users.AGE < $AGE", (exclude(user("AGE", "<", placeholder("AGE")), entity="UserID"),)),
    (
        'INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("click", "rating")',
        (include(event(values("click", "rating")), entity="UserID"),),
    ),
    (
        'INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("click, rating")',
        (include(event(values("click, rating")), entity="UserID"),),
    ),
    (
        "EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ($EVENT_TYPE)",
        (exclude(event(placeholder("EVENT_TYPE")), entity="UserID"),),
    ),
]

SAMPLES: list[tuple[str, tuple[Part, ...]]] = [
    ('EXCLUDE itemId WHERE INTERACTIONS.event_type in ("Purchase")', (SOLD,)),
    (
        'EXCLUDE ItemID WHERE INTERACTIONS.event_type IN ("Purchase") | EXCLUDE ItemID WHERE ITEMS.CATEGORY_L1 IN'
        ' ("cold dispensed", "hot dispensed", "salty snacks", "food service")',
        (SOLD, exclude(items("CATEGORY_L1", "IN", FOOD))),
    ),
    (
        "EXCLUDE ItemID WHERE ITEMS.CATEGORY_L1 NOT IN"
        ' ("cold dispensed", "hot dispensed", "salty snacks", "food service")',
        (exclude(items("CATEGORY_L1", "NOT IN", FOOD)),),
    ),
    (
        'EXCLUDE ItemID WHERE INTERACTIONS.event_type IN ("Purchase") | INCLUDE ItemID WHERE ITEMS.PROMOTED IN ("Y")',
        (SOLD, include(items("PROMOTED", "IN", values("Y")))),
    ),
    (
        'EXCLUDE ItemID WHERE INTERACTIONS.event_type IN ("Purchase") | INCLUDE ItemID WHERE ITEMS.PROMOTED IN ("Y")'
        ' AND ITEMS.CATEGORY_L1 NOT IN ("cold dispensed", "food service")',
        (
            SOLD,
            include(
                (
                    items("PROMOTED", "IN", values("Y")),
                    items("CATEGORY_L1", "NOT IN", values("cold dispensed", "food service")),
                )
            ),
        ),
    ),
    ("INCLUDE ItemID WHERE ITEMS.CATEGORY_L1 IN CurrentItem.CATEGORY_L1", (SAME_CATEGORY,)),
    (
        'EXCLUDE ItemID WHERE INTERACTIONS.event_type IN ("Purchase")'
        " | INCLUDE ItemID WHERE ITEMS.CATEGORY_L1 IN CurrentItem.CATEGORY_L1",
        (SOLD, SAME_CATEGORY),
    ),
    (
        "INCLUDE ItemID WHERE Items.YEAR >= 1970 AND Items.YEAR < 1980",
        (include((items("YEAR", ">=", values(1970)), items("YEAR", "<", values(1980)))),),
    ),
    (
        "INCLUDE ItemID WHERE Items.YEAR >= $YEAR1 AND Items.YEAR < $YEAR2",
        (include((items("YEAR", ">=", placeholder("YEAR1")), items("YEAR", "<", placeholder("YEAR2")))),),
    ),
    (
        "INCLUDE ItemID WHERE Items.ARTICLE_GENRE IN ($GENRELIST) AND Items.CREATION_TIMESTAMP > $CUTOFF"
        ' | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
        (
            include(
                (
                    items("ARTICLE_GENRE", "IN", placeholder("GENRELIST")),
                    items("CREATION_TIMESTAMP", ">", placeholder("CUTOFF")),
                )
            ),
            exclude(event(values("*"))),
        ),
    ),
    ('INCLUDE ItemID WHERE Items.PROMOTION IN ("true")', (include(items("PROMOTION", "IN", values("true"))),)),
    (
        "INCLUDE ItemID WHERE Items.ALLOWED_COUNTRIES IN ($CONTEXT_COUNTRY)",
        (include(items("ALLOWED_COUNTRIES", "IN", placeholder("CONTEXT_COUNTRY"))),),
    ),
    (
        "INCLUDE ItemID WHERE Items.creation_timestamp > 1633240824",
        (include(items("CREATION_TIMESTAMP", ">", values(1633240824))),),
    ),
    (
        "INCLUDE ItemID WHERE Interactions.EVENT_TYPE in ('click', 'stream')",
        (include(event(values("click", "stream"))),),
    ),
    (
        'exclude UserId where users.country in ("England", "Japan購入")',
        (exclude(user("COUNTRY", "IN", values("England", "Japan購入")), entity="UserID"),),
    ),
    (
        "INCLUDE ItemID WHERE ITEMS.CATEGORY_L1 IN ($CATEGORIES)",
        (include(items("CATEGORY_L1", "IN", placeholder("CATEGORIES"))),),
    ),
]

EXPRESSIONS = [
    *ITEMS_BY_EVENT,
    *ITEMS_BY_FIELD,
    *ITEMS_BY_CURRENT_ITEM_OR_USER,
    *SEVERAL_PARTS,
    *ACTIONS,
    *USERS,
    *SAMPLES,
]


def test_all_expressions_but_the_refused_one_are_here() -> None:
    assert len(EXPRESSIONS) == len({text for text, _ in EXPRESSIONS}) == 51


@pytest.mark.parametrize(("text", "parts"), EXPRESSIONS)
def test_an_expression_is_read_and_fits_the_schemas_it_was_written_for(text: str, parts: tuple[Part, ...]) -> None:
    read = parse(text)
    assert read == whole(*parts)
    assert isinstance(read, Filter)
    check(read, COLUMNS)


def test_a_placeholder_with_not_in_is_refused() -> None:
    error = refusal("INCLUDE ItemID WHERE Items.GENRE NOT IN ($GENRE)")
    assert error.problem is Problem.PLACEHOLDER_WITH_NOT_IN
    assert (error.position, error.details) == (42, {"name": "GENRE", "field": "Items.GENRE"})
