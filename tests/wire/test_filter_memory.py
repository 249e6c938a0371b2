"""How much of the past filters look at: the newest interactions of each type, and nothing of users long silent."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Small

from .shop import open_shop

DAY = 86_400.0
ALL = {f"i{n}" for n in range(20)}


def test_only_the_newest_interactions_of_a_type_count(small: Callable[..., Small]) -> None:
    one = small(quotas="filter-interactions=3")
    shop = open_shop(one.program)
    seen = shop.filter('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")')
    assert shop.ids(seen, "u0") == {"i7", "i8", "i9"}
    # Their own time decides, not their arrival, and types are counted apart.
    shop.program.events.put_events(
        trackingId=shop.tracking,
        userId="u0",
        sessionId="s",
        eventList=[
            {"eventType": "CLICK", "itemId": "i15", "sentAt": 1_700_100_000},
            {"eventType": "click", "itemId": "i16", "sentAt": 1_600_000_000},
            *({"eventType": "buy", "itemId": "i17", "sentAt": 1_700_100_001 + n} for n in range(5)),
        ],
    )
    assert shop.ids(seen, "u0") == {"i8", "i9", "i15"}


def test_a_user_of_whom_nothing_came_for_three_months_is_forgotten(small: Callable[..., Small]) -> None:
    one = small()
    shop = open_shop(one.program)
    unseen = shop.filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")')
    clicked = {f"i{n}" for n in range(10)}
    one.wait(60 * DAY)
    shop.program.send(shop.tracking, "s", "i15", user="u1", kind="click")
    assert shop.ids(unseen, "u0") == ALL - clicked
    one.wait(31 * DAY)
    assert shop.ids(unseen, "u0") == ALL
    assert shop.ids(unseen, "u1") == ALL - {f"i{n}" for n in range(1, 11)} - {"i15"}
    one.wait(60 * DAY)
    assert shop.ids(unseen, "u1") == ALL
    # An import of his history brings it back.
    header = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n"
    shop.program.load(shop.interactions, f"{header}u0,i3,1700000000,Click\n", job="again", importMode="INCREMENTAL")
    assert shop.ids(unseen, "u0") == ALL - clicked
    assert shop.ids(unseen, "u1") == ALL
