"""Promotions and metadataColumns, over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from personalize_local.server.serving import BackgroundServer

from .program import RECIPE, Program, refused
from .shop import Shop, open_shop, properties

INVALID = "InvalidInputException"
V2 = f"{RECIPE}-v2"


@pytest.fixture(scope="module")
def shop(server: BackgroundServer) -> Shop:
    return open_shop(Program(server.url))


@pytest.fixture(scope="module")
def cheap(shop: Shop) -> str:
    return shop.filter("INCLUDE ItemID WHERE Items.PRICE < $PRICE", "cheap")


@pytest.fixture(scope="module")
def opera(shop: Shop) -> str:
    return shop.filter('INCLUDE ItemID WHERE Items.GENRE IN ("opera")', "opera")


def promoting(arn: str, percent: int, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "sale", "percentPromotedItems": percent, "filterArn": arn, **more}]


@pytest.mark.parametrize(
    ("results", "percent", "promoted"), [(15, 30, 4), (5, 60, 3), (10, 1, 0), (10, 100, 5), (20, 25, 5), (3, 33, 0)]
)
def test_a_share_of_the_answer_is_promoted(shop: Shop, opera: str, results: int, percent: int, promoted: int) -> None:
    found = shop.program.recommend(shop.personal, "u3", numResults=results, promotions=promoting(opera, percent))
    assert len(found) == results == len({item["itemId"] for item in found})
    plain = {item["itemId"]: item["score"] for item in shop.program.recommend(shop.personal, "u3", numResults=500)}
    own = [item for item in found if "promotionName" in item]
    rest = [item for item in found if "promotionName" not in item]
    assert len(own) == promoted
    assert {item["promotionName"] for item in own} <= {"sale"}
    assert all("reason" not in item for item in found)
    for part in (own, rest):
        scores = [item["score"] for item in part]
        assert scores == sorted(scores, reverse=True)
        assert scores == [plain[item["itemId"]] for item in part]
    # The five operas are i2, i6, ... i18; the best of them are taken, and the best others.
    operas = sorted((f"i{n}" for n in range(2, 19, 4)), key=lambda id_: -plain[id_])
    assert [item["itemId"] for item in own] == operas[:promoted]
    others = [id_ for id_ in plain if id_ not in operas[:promoted]]
    assert [item["itemId"] for item in rest] == others[: results - promoted]


def test_filters_of_the_request_and_of_the_promotion_are_apart(shop: Shop, opera: str, cheap: str) -> None:
    found = shop.program.recommend(
        shop.personal,
        "u3",
        numResults=10,
        filterArn=opera,
        promotions=promoting(cheap, 50, filterValues={"PRICE": "2"}),
    )
    assert {item["itemId"] for item in found if "promotionName" in item} == {"i0", "i1"}
    assert {item["itemId"] for item in found if "promotionName" not in item} == {"i2", "i6", "i10", "i14", "i18"}


def test_promoted_items_stand_among_the_others_in_places_that_stay(shop: Shop, opera: str) -> None:
    def places(user: str) -> list[int]:
        found = shop.program.recommend(shop.personal, user, numResults=20, promotions=promoting(opera, 25))
        return [place for place, item in enumerate(found) if "promotionName" in item]

    assert places("u3") == places("u3")
    several = {tuple(places(f"u{n}")) for n in range(10)}
    assert len(several) > 5
    assert len({place for chosen in several for place in chosen}) > 10


def test_v2_gives_a_reason_and_popularity_no_scores(shop: Shop, opera: str) -> None:
    version = shop.program.version(shop.program.solution(shop.group, "v2", V2))
    campaign = shop.program.campaign(version, "v2")
    found = shop.program.recommend(campaign, "u3", numResults=10, promotions=promoting(opera, 20))
    assert [item["reason"] for item in found if "promotionName" in item] == [["Promoted item"]] * 2
    assert all("reason" not in item for item in found if "promotionName" not in item)
    # Its metadata come without a configuration.
    (first,) = shop.program.recommend(campaign, "u3", numResults=1, metadataColumns={"ITEMS": ["YEAR"]})
    assert first["metadata"] == {"year": str(2000 + int(first["itemId"][1:]))}
    shop.program.personalize.delete_campaign(campaignArn=campaign)
    popular = shop.program.recommend(shop.popular, "u3", numResults=10, promotions=promoting(opera, 20))
    assert all(set(item) <= {"itemId", "promotionName"} for item in popular)


def test_promotions_that_are_refused(shop: Shop, opera: str, cheap: str) -> None:
    def refusal(promotion: dict[str, Any]) -> tuple[str, int, str]:
        call = shop.program.runtime.get_recommendations
        return refused(call, campaignArn=shop.personal, userId="u0", promotions=[promotion])

    whole = promoting(opera, 20)[0]
    for member in whole:
        left = {name: value for name, value in whole.items() if name != member}
        assert refusal(left) == (INVALID, 400, f"A promotion requires {member}.")
    assert refusal({**whole, "filterArn": cheap}) == (INVALID, 400, "Missing value for filter parameter PRICE.")
    missing = shop.program.arn("filter/none")
    found = refusal({**whole, "filterArn": missing})
    assert found == ("ResourceNotFoundException", 404, f"Resource Arn {missing} does not exist.")
    code, status, _ = refusal({**whole, "percentPromotedItems": 101})
    assert (code, status) == ("ValidationException", 400)


def asked(shop: Shop, *columns: str, results: int = 20) -> dict[str, dict[str, str]]:
    found = shop.program.recommend(shop.personal, "u3", numResults=results, metadataColumns={"ITEMS": list(columns)})
    return {item["itemId"]: item.get("metadata", {}) for item in found}


def test_metadata_are_the_texts_of_the_cells(shop: Shop) -> None:
    found = asked(shop, "GENRE", "price", "Year", "OWNER", "PLOT", "ADULT")
    assert found["i1"] == {
        "genre": "crime|drama",
        "price": "1.5",
        "year": "2001",
        "owner": "in-house",
        "plot": "Plot 1",
        "adult": "true",
    }
    assert "genre" not in found["i3"]
    assert found["i19"] == {}


def test_no_columns_are_no_metadata(shop: Shop) -> None:
    assert set(asked(shop)) == {f"i{n}" for n in range(20)}
    assert not any(asked(shop).values())


def test_metadata_are_those_of_now(shop: Shop) -> None:
    assert asked(shop, "YEAR")["i4"] == {"year": "2004"}
    shop.program.events.put_items(
        datasetArn=shop.items, items=[{"itemId": "i4", "properties": properties(year=1950, genre="noir")}]
    )
    assert asked(shop, "YEAR", "OWNER")["i4"] == {"year": "1950"}
    old = shop.filter("INCLUDE ItemID WHERE Items.YEAR < 1960", "old")
    assert shop.ids(old) == {"i4"}


def test_rankings_carry_metadata(shop: Shop) -> None:
    ranked = shop.program.runtime.get_personalized_ranking(
        campaignArn=shop.ranking, userId="u0", inputList=["i1", "i19", "nobody"], metadataColumns={"ITEMS": ["YEAR"]}
    )["personalizedRanking"]
    assert {item["itemId"]: item.get("metadata") for item in ranked} == {
        "i1": {"year": "2001"},
        "i19": None,
        "nobody": None,
    }


def test_metadata_that_are_refused(shop: Shop) -> None:
    runtime = shop.program.runtime

    def refusal(campaign: str = shop.personal, columns: Any = None, **more: Any) -> tuple[str, int, str]:
        columns = {"ITEMS": ["YEAR"]} if columns is None else columns
        params = {"userId": "u0", "metadataColumns": columns, **more}
        return refused(runtime.get_recommendations, campaignArn=campaign, **params)

    assert refusal(columns={"USERS": ["AGE"]}) == (
        INVALID,
        400,
        "metadataColumns can only be given for dataset type ITEMS, not USERS.",
    )
    assert refusal(columns={"ITEMS": ["NOTHING"]}) == (
        INVALID,
        400,
        "Column NOTHING does not exist in the Items dataset.",
    )
    many = {"ITEMS": [f"C{n}" for n in range(11)]}
    assert refusal(columns=many) == (INVALID, 400, "At most 10 metadata columns can be requested.")
    text = "numResults must be at most 50 when metadataColumns are requested."
    assert refusal(numResults=51) == (INVALID, 400, text)
    found = refused(
        runtime.get_personalized_ranking,
        campaignArn=shop.ranking,
        userId="u0",
        inputList=[f"i{n}" for n in range(51)],
        metadataColumns={"ITEMS": ["YEAR"]},
    )
    text = "The length of inputList must be at most 50 when metadataColumns are requested."
    assert found == (INVALID, 400, text)
    version = shop.program.version(shop.program.solution(shop.group, "bare"))
    bare = shop.program.campaign(version, "bare")
    assert refusal(bare) == (INVALID, 400, f"Metadata is not enabled for {bare}.")
    shop.program.personalize.delete_campaign(campaignArn=bare)
