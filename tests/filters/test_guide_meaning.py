"""The expressions of the guide and of AWS samples keep what their words say, over a small catalogue."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from personalize_local.filters import bind, check, parse
from personalize_local.filters.evaluation import Request, evaluate
from tests.filters import tables
from tests.filters.helpers import COLUMNS
from tests.filters.tables import Row
from tests.filters.test_guide import EXPRESSIONS

OLD, MIDDLE, NEW = 1600000000, 1650000000, 1700000000
DATE = {"DATE": str(MIDDLE)}

ITEMS: dict[str, Row] = {
    "boot": {
        "CATEGORY": "shoe|winter",
        "CATEGORY_L1": "shoe",
        "CATEGORY_L2": "boot",
        "DESCRIPTION": "boot",
        "PRICE": 120,
        "CREATION_TIMESTAMP": OLD,
        "OWNER": "in-house",
        "PROMOTED": "Y",
        "PROMOTION": "true",
    },
    "sandal": {
        "CATEGORY": "shoe",
        "CATEGORY_L1": "shoe",
        "CATEGORY_L2": "sandal",
        "DESCRIPTION": "boot|sandal",
        "PRICE": 30,
        "CREATION_TIMESTAMP": MIDDLE,
        "OWNER": "elsewhere",
        "PROMOTED": "N",
        "PROMOTION": "false",
    },
    "coat": {
        "CATEGORY": "clothing|winter",
        "CATEGORY_L1": "clothing",
        "PRICE": 200,
        "CREATION_TIMESTAMP": OLD,
        "OWNER": "in-house",
        "AVAILABLE": "True",
        "PROMOTED": "Y",
    },
    "shirt": {
        "CATEGORY": "clothing",
        "CATEGORY_L1": "clothing",
        "PRICE": 30,
        "CREATION_TIMESTAMP": NEW,
        "AVAILABLE": "False",
    },
    "rolex": {
        "CATEGORY": "watch",
        "CATEGORY_L1": "watch",
        "CATEGORY_L2": "luxury",
        "DESCRIPTION": "luxury",
        "PRICE": 9000,
        "CREATION_TIMESTAMP": OLD - 1,
    },
    "casio": {
        "CATEGORY": "watch",
        "CATEGORY_L1": "watch",
        "CATEGORY_L2": "digital",
        "DESCRIPTION": "luxury for all",
        "PRICE": 20,
        "CREATION_TIMESTAMP": NEW,
    },
    "soup": {"CATEGORY_L1": "hot dispensed", "PRICE": 4, "PROMOTED": "Y"},
    "milk": {"CATEGORY_L1": "cold dispensed", "PRICE": 2, "PROMOTED": "Y"},
    "film": {
        "GENRE": "comedy|drama",
        "GENRES": "comedy|drama",
        "ARTICLE_GENRE": "comedy",
        "YEAR": 1975,
        "DOWNLOADS": 10,
        "DOWNLOAD_COUNT": 300,
        "ALLOWED_COUNTRIES": "DE|FR",
        "PRICE": 10,
        "CREATION_TIMESTAMP": MIDDLE,
    },
    "song": {
        "GENRE": "Comedy",
        "GENRES": "Comedy",
        "ARTICLE_GENRE": "comedy",
        "YEAR": 1935,
        "DOWNLOADS": 20,
        "DOWNLOAD_COUNT": 100,
        "ALLOWED_COUNTRIES": "FR",
        "PRICE": 1,
        "CREATION_TIMESTAMP": NEW,
    },
    "opera": {
        "GENRE": "drama",
        "GENRES": "horror|drama",
        "ARTICLE_GENRE": "drama",
        "YEAR": 1980,
        "DOWNLOADS": 10,
        "DOWNLOAD_COUNT": 200,
        "PRICE": 12,
        "CREATION_TIMESTAMP": NEW,
        "PROMOTION": "true",
    },
    "ghost": {},
}
USERS: dict[str, Row] = {
    "ann": {"AGE": 30, "MEMBERSHIP": "gold", "MEMBERSHIP_STATUS": "gold", "COUNTRY": "England"},
    "bob": {"AGE": 17, "MEMBERSHIP": "silver", "MEMBERSHIP_STATUS": "silver", "COUNTRY": "Japan購入"},
    "cid": {"MEMBERSHIP_STATUS": "gold", "COUNTRY": "Japan"},
    "dot": {},
}
ACTIONS: dict[str, Row] = {
    "discount": {"VALUE": 5, "CATEGORY": "offer", "MEMBERSHIP_LEVEL": "Premium"},
    "upgrade": {"VALUE": 20, "CATEGORY": "offer|plan", "MEMBERSHIP_LEVEL": "Premium|Basic"},
    "survey": {"VALUE": 1, "CATEGORY": "ask", "MEMBERSHIP_LEVEL": "Basic"},
    "call": {},
}
# Of items and actions the events of ann, who asks; of users their own.
EVENTS: dict[str, frozenset[str | None]] = {
    "boot": frozenset(("Purchase",)),
    "sandal": frozenset(("Click",)),
    "casio": frozenset(("favorite",)),
    "soup": frozenset(("PURCHASE",)),
    "film": frozenset(("stream", "click")),
    "ghost": frozenset(("purchase", None)),
    "discount": frozenset(("NOT_TAKEN",)),
    "upgrade": frozenset(("TAKEN", "VIEWED")),
    "ann": frozenset(("Click",)),
    "bob": frozenset(("rating",)),
    "cid": frozenset(("Click, Rating",)),
}
ENTITIES = {"ItemID": ("ITEMS", ITEMS), "UserID": ("USERS", USERS), "ActionID": ("ACTIONS", ACTIONS)}


def keeps(text: str, given: Mapping[str, str], item: str | None = None, user: str = "ann") -> str:
    """The entities that stay, in words."""
    read = parse(text)
    check(read, COLUMNS)
    bound = bind(read, given, COLUMNS)
    dataset, rows = ENTITIES[bound.entity]
    names = list(rows)
    key = f"{dataset.removesuffix('S')}_ID"
    data = tables.table([{key: name, **row} for name, row in rows.items()], COLUMNS[dataset])
    request = Request(
        user=tables.user(USERS[user], COLUMNS["USERS"]),
        item=-1 if item is None else names.index(item),
        events=tables.events([EVENTS.get(name, frozenset()) for name in names]),
    )
    return " ".join(name for name, stays in zip(names, evaluate(bound, data, request), strict=True) if stays)


def but(*dropped: str) -> str:
    return " ".join(name for name in ITEMS if name not in dropped)


SOLD = 'EXCLUDE ItemID WHERE INTERACTIONS.event_type IN ("Purchase")'
FOOD = '("cold dispensed", "hot dispensed", "salty snacks", "food service")'

MEANINGS: list[tuple[str, dict[str, str], str]] = [
    (
        "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($EVENT_TYPE)",
        {"EVENT_TYPE": '"click","favorite"'},
        but("sandal", "film", "casio"),
    ),
    ('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "stream")', {}, but("sandal", "film")),
    ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")', {}, "sandal film"),
    ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")', {}, "boot sandal casio soup film ghost"),
    (
        "EXCLUDE ItemID WHERE Items.CATEGORY IN ($CATEGORY)",
        {"CATEGORY": '"winter", "watch"'},
        "sandal shirt soup milk film song opera ghost",
    ),
    (
        'EXCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("shoe") AND Items.CATEGORY_L2 NOT IN ("boot")',
        {},
        but("sandal"),
    ),
    (
        'EXCLUDE ItemID WHERE Items.CATEGORY IN ("shoe") AND Items.DESCRIPTION NOT IN ("boot")',
        {},
        but("sandal"),
    ),
    ("INCLUDE ItemID WHERE Items.PRICE <= $PRICE", {"PRICE": "12"}, "soup milk film song opera"),
    ("INCLUDE ItemID WHERE Items.CREATION_TIMESTAMP < $DATE", DATE, "boot coat rolex"),
    ("INCLUDE ItemID WHERE Items.CREATION_TIMESTAMP > $DATE", DATE, "shirt casio song opera"),
    ("INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)", {"GENRE": '"comedy"'}, "film"),
    ("EXCLUDE ItemID WHERE Items.GENRE IN ($GENRE)", {"GENRE": '"comedy","drama"'}, but("film", "opera")),
    ('INCLUDE ItemID WHERE Items.OWNER IN ("in-house")', {}, "boot coat"),
    ('INCLUDE ItemID WHERE Items.CATEGORY IN ("clothing") AND Items.AVAILABLE IN ("True")', {}, "coat"),
    (
        'INCLUDE ItemID WHERE Items.CATEGORY IN ("clothing") OR Items.CREATION_TIMESTAMP > $DATE',
        DATE,
        "coat shirt casio song opera",
    ),
    (
        "INCLUDE ItemID WHERE Items.DOWNLOADS = $NUMBER_OF_DOWNLOADS",
        {"NUMBER_OF_DOWNLOADS": '"10"'},
        "film opera",
    ),
    (
        "EXCLUDE ItemID WHERE Items.GENRE IN ($GENRE) IF CurrentUser.AGE = $AGE",
        {"GENRE": '"drama"', "AGE": "30"},
        but("film", "opera"),
    ),
    (
        'INCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("watch") AND Items.CATEGORY_L2 IN ("luxury")'
        " IF CurrentUser.AGE > 18",
        {},
        "rolex",
    ),
    (
        'INCLUDE ItemID WHERE Items.CATEGORY IN ("watch") AND Items.DESCRIPTION IN ("luxury") IF CurrentUser.AGE > 18',
        {},
        "rolex",
    ),
    (
        "INCLUDE ItemID WHERE Items.CATEGORY IN ($CATEGORY)"
        ' | INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("favorite")',
        {"CATEGORY": '"shoe"'},
        "boot sandal casio",
    ),
    (
        "INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)"
        ' | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "stream")',
        {"GENRE": '"drama"'},
        "opera",
    ),
    (
        "EXCLUDE ItemID WHERE Items.GENRES IN ($GENRES)"
        " | EXCLUDE ItemID WHERE Items.DOWNLOAD_COUNT > 200 IF CurrentUser.AGE > 17",
        {"GENRES": '"horror","Comedy"'},
        but("song", "opera", "film"),
    ),
    (
        "INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ($EVENT_TYPE)",
        {"EVENT_TYPE": '"taken","ignored"'},
        "upgrade",
    ),
    (
        'EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("NOT_TAKEN")',
        {},
        "upgrade survey call",
    ),
    ("EXCLUDE ActionID WHERE Actions.CATEGORY IN ($CATEGORY)", {"CATEGORY": '"plan"'}, "discount survey call"),
    ("INCLUDE ActionID WHERE Actions.VALUE > ($VALUE)", {"VALUE": "5"}, "upgrade"),
    (
        'INCLUDE ActionID WHERE Action.MEMBERSHIP_LEVEL IN ("Premium") IF CurrentUser.MEMBERSHIP = $PREMIUM',
        {"PREMIUM": '"gold"'},
        "discount upgrade",
    ),
    (
        "EXCLUDE ActionID WHERE Actions.VALUE < ($VALUE) IF CurrentUser.MEMBERSHIP = $PREMIUM",
        {"VALUE": "5", "PREMIUM": '"gold"'},
        "discount upgrade call",
    ),
    ("INCLUDE UserID WHERE Users.MEMBERSHIP_STATUS IN ($MEMBERSHIP)", {"MEMBERSHIP": '"gold"'}, "ann cid"),
    ("EXCLUDE UserID WHERE Users.AGE < $AGE", {"AGE": "18"}, "ann cid dot"),
    ('INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("click", "rating")', {}, "ann bob"),
    ('INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("click, rating")', {}, "cid"),
    (
        "EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ($EVENT_TYPE)",
        {"EVENT_TYPE": '"rating"'},
        "ann cid dot",
    ),
    ('EXCLUDE itemId WHERE INTERACTIONS.event_type in ("Purchase")', {}, but("boot", "soup", "ghost")),
    (
        f"{SOLD} | EXCLUDE ItemID WHERE ITEMS.CATEGORY_L1 IN {FOOD}",
        {},
        "sandal coat shirt rolex casio film song opera",
    ),
    (f"EXCLUDE ItemID WHERE ITEMS.CATEGORY_L1 NOT IN {FOOD}", {}, "soup milk"),
    (f'{SOLD} | INCLUDE ItemID WHERE ITEMS.PROMOTED IN ("Y")', {}, "coat milk"),
    (
        f'{SOLD} | INCLUDE ItemID WHERE ITEMS.PROMOTED IN ("Y")'
        ' AND ITEMS.CATEGORY_L1 NOT IN ("cold dispensed", "food service")',
        {},
        "coat",
    ),
    ("INCLUDE ItemID WHERE Items.YEAR >= 1970 AND Items.YEAR < 1980", {}, "film"),
    (
        "INCLUDE ItemID WHERE Items.YEAR >= $YEAR1 AND Items.YEAR < $YEAR2",
        {"YEAR1": "1930", "YEAR2": "1940"},
        "song",
    ),
    (
        "INCLUDE ItemID WHERE Items.ARTICLE_GENRE IN ($GENRELIST) AND Items.CREATION_TIMESTAMP > $CUTOFF"
        ' | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
        {"GENRELIST": '"comedy","drama"', "CUTOFF": str(OLD)},
        "song opera",
    ),
    ('INCLUDE ItemID WHERE Items.PROMOTION IN ("true")', {}, "boot opera"),
    (
        "INCLUDE ItemID WHERE Items.ALLOWED_COUNTRIES IN ($CONTEXT_COUNTRY)",
        {"CONTEXT_COUNTRY": '"DE"'},
        "film",
    ),
    (
        "INCLUDE ItemID WHERE Items.creation_timestamp > 1633240824",
        {},
        "sandal shirt casio film song opera",
    ),
    ("INCLUDE ItemID WHERE Interactions.EVENT_TYPE in ('click', 'stream')", {}, "sandal film"),
    ('exclude UserId where users.country in ("England", "Japan購入")', {}, "cid dot"),
    (
        "INCLUDE ItemID WHERE ITEMS.CATEGORY_L1 IN ($CATEGORIES)",
        {"CATEGORIES": '"watch","clothing"'},
        "coat shirt rolex casio",
    ),
]

ABOUT_AN_ITEM: list[tuple[str, dict[str, str], str, str]] = [
    (
        "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRE IN CurrentItem.GENRE",
        {},
        "opera",
        "film",
    ),
    (
        "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.CREATION_TIMESTAMP > $DATE",
        {"DATE": str(OLD)},
        "sandal",
        "casio film song opera",
    ),
    ("INCLUDE ItemID WHERE ITEMS.CATEGORY_L1 IN CurrentItem.CATEGORY_L1", {}, "rolex", "rolex casio"),
    (f"{SOLD} | INCLUDE ItemID WHERE ITEMS.CATEGORY_L1 IN CurrentItem.CATEGORY_L1", {}, "boot", "sandal"),
]


def test_every_expression_that_is_read_has_its_meaning_here() -> None:
    here = [text for text, *_ in MEANINGS] + [text for text, *_ in ABOUT_AN_ITEM]
    assert sorted(here) == sorted(text for text, _ in EXPRESSIONS)


@pytest.mark.parametrize(("text", "given", "kept"), MEANINGS)
def test_an_expression_keeps_what_it_says(text: str, given: dict[str, str], kept: str) -> None:
    assert keeps(text, given) == kept


@pytest.mark.parametrize(("text", "given", "item", "kept"), ABOUT_AN_ITEM)
def test_an_expression_about_an_item_keeps_what_it_says(text: str, given: dict[str, str], item: str, kept: str) -> None:
    assert keeps(text, given, item) == kept
    assert keeps(text, given, "ghost") == keeps(text, given) == ""


@pytest.mark.parametrize(
    ("text", "user", "kept"),
    [
        ("INCLUDE ItemID WHERE Items.GENRE IN ('drama') IF CurrentUser.AGE > 18", "ann", "film opera"),
        ("INCLUDE ItemID WHERE Items.GENRE IN ('drama') IF CurrentUser.AGE > 18", "bob", but()),
        ("INCLUDE ItemID WHERE Items.GENRE IN ('drama') IF CurrentUser.AGE > 18", "cid", but()),
        ("EXCLUDE ItemID WHERE Items.GENRE IN ('drama') IF CurrentUser.AGE != 5", "ann", but("film", "opera")),
        ("EXCLUDE ItemID WHERE Items.GENRE IN ('drama') IF CurrentUser.AGE != 5", "cid", but()),
        ("EXCLUDE ItemID WHERE Items.GENRE IN ('drama') IF CurrentUser.AGE NOT IN (5, '6')", "dot", but()),
        (
            "INCLUDE ItemID WHERE Items.GENRE IN ('drama') IF CurrentUser.AGE > 18 AND CurrentUser.COUNTRY = 'england'",
            "ann",
            but(),
        ),
        (
            "INCLUDE ItemID WHERE Items.GENRE IN ('drama') IF CurrentUser.AGE > 18 AND CurrentUser.COUNTRY = 'England'",
            "ann",
            "film opera",
        ),
        (
            "INCLUDE ItemID WHERE Items.GENRE IN ('drama') IF CurrentUser.AGE > 18 | INCLUDE ItemID WHERE"
            " Items.PRICE = 2",
            "bob",
            "milk",
        ),
        (
            "INCLUDE ItemID WHERE Items.GENRE IN ('drama') IF CurrentUser.AGE > 18 | EXCLUDE ItemID WHERE"
            " Items.PRICE > 4",
            "bob",
            "soup milk song ghost",
        ),
    ],
)
def test_a_part_whose_if_is_not_true_of_the_user_is_as_if_it_were_not_there(text: str, user: str, kept: str) -> None:
    assert keeps(text, {}, user=user) == kept
