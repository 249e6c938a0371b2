"""Explanations of answers: they are those of the service's own calls, and their parts add up, over the wire."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from personalize_local.server.serving import BackgroundServer
from tests.conftest import Small, World

from .program import POPULARITY, RECIPE, Program
from .raw import post
from .shop import Shop, open_shop
from .test_hidden_items import Store

V2 = "arn:aws:personalize:::recipe/aws-user-personalization-v2"


@pytest.fixture(scope="module")
def shop(server: BackgroundServer) -> Shop:
    return open_shop(Program(server.url), "explained")


def asked(url: str, **params: Any) -> tuple[int, Any]:
    return post(f"{url}/_personalize/explain", json.dumps(params).encode(), {"Content-Type": "application/json"})


def explained(url: str, **params: Any) -> dict[str, Any]:
    status, answer = asked(url, **params)
    assert status == 200, answer
    found: dict[str, Any] = answer
    return found


def assert_adds_up(item: dict[str, Any]) -> None:
    """The parts make the logit, and the logit the score that was served."""
    assert item["parts"]
    assert sum(item["parts"].values()) == pytest.approx(item["logit"], abs=2e-4)
    assert math.exp(item["logit"] - item["logTotal"]) == pytest.approx(item["score"], abs=2e-6)


@pytest.mark.parametrize("user", ["u0", "u7", "nobody"])
def test_the_items_are_those_of_get_recommendations_and_their_parts_add_up(
    server: BackgroundServer, shop: Shop, user: str
) -> None:
    told = explained(server.url, campaignArn=shop.personal, userId=user)
    served = shop.program.recommend(shop.personal, user)
    assert [(item["itemId"], item["score"]) for item in told["items"]] == [
        (item["itemId"], item["score"]) for item in served
    ]
    assert served
    for item in told["items"]:
        assert_adds_up(item)


def test_the_parts_are_those_of_the_history(server: BackgroundServer, shop: Shop) -> None:
    told = explained(server.url, campaignArn=shop.personal, userId="u0")
    assert set(told["history"]) == {f"i{n}" for n in range(10)}
    names = {name for item in told["items"] for name in item["parts"]}
    assert {"transitions", "affinity"} <= names
    assert told["notes"] == []


def test_a_new_event_is_read_and_moves_the_parts(server: BackgroundServer, shop: Shop) -> None:
    before = explained(server.url, campaignArn=shop.personal, userId="fresh")
    assert before["history"] == []
    assert before["notes"] == ["User fresh is not known and has no events that count: the popular items come."]
    assert all(set(item["parts"]) <= {"popularity", "exploration"} for item in before["items"])
    shop.program.send(shop.tracking, "session-fresh", "i3", user="fresh", kind="Click")
    after = explained(server.url, campaignArn=shop.personal, userId="fresh")
    assert (after["newEvents"], after["history"], after["notes"]) == (["i3"], ["i3"], [])
    for item in after["items"]:
        assert_adds_up(item)


def test_what_the_filter_dropped_is_named_with_its_expression(server: BackgroundServer, shop: Shop) -> None:
    expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Click")'
    filter_arn = shop.filter(expression)
    told = explained(server.url, campaignArn=shop.personal, userId="u0", filterArn=filter_arn, numResults=20)
    served = shop.program.recommend(shop.personal, "u0", filterArn=filter_arn, numResults=20)
    assert [item["itemId"] for item in told["items"]] == [item["itemId"] for item in served]
    dropped = {each["itemId"]: each["why"] for each in told["filter"]["dropped"]}
    assert set(dropped) == {f"i{n}" for n in range(10)}
    assert set(dropped.values()) == {f"filter: {expression}"}
    assert (told["filter"]["allowed"], told["filter"]["of"]) == (10, 20)


def test_the_part_of_an_expression_that_dropped_an_item_is_named(server: BackgroundServer, shop: Shop) -> None:
    include = "INCLUDE ItemID WHERE Items.GENRE IN ($GENRES)"
    exclude = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Click")'
    filter_arn = shop.filter(f"{include} | {exclude}")
    asking = {"filterArn": filter_arn, "filterValues": {"GENRES": '"opera"'}, "numResults": 20}
    told = explained(server.url, campaignArn=shop.personal, userId="u0", **asking)
    served = shop.program.recommend(shop.personal, "u0", **asking)
    assert [item["itemId"] for item in told["items"]] == [item["itemId"] for item in served]
    clicked = {f"i{n}" for n in range(10)}
    opera = {f"i{n}" for n in range(19) if n % 4 == 2}
    everything = {f"i{n}" for n in range(20)}
    assert {each["itemId"]: each["why"] for each in told["filter"]["dropped"]} == {
        **dict.fromkeys(everything - opera, f"filter: {include}"),
        **dict.fromkeys(clicked, f"filter: {exclude}"),
    }


def test_what_a_use_case_hides_is_told_apart_from_the_filter(server: BackgroundServer) -> None:
    store = Store(Program(server.url))
    recommender = store.recommender("aws-ecomm-recommended-for-you")
    expression = 'INCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("cheap")'
    made = store.program.personalize.create_filter(
        name="cheap", datasetGroupArn=store.group, filterExpression=expression
    )
    asking = {"recommenderArn": recommender, "userId": "u3", "numResults": 100}
    hidden = explained(server.url, **asking)["filter"]["dropped"]
    why = "the use case hides what has a Purchase event"
    assert {each["itemId"]: each["why"] for each in hidden} == {"i3": why, "i4": why}
    told = explained(server.url, filterArn=made["filterArn"], **asking)
    assert {item["itemId"] for item in told["items"]} == store.ids(
        recommender, userId="u3", filterArn=made["filterArn"]
    )
    dear = {f"i{n}": f"filter: {expression}" for n in range(10, 20)}
    assert {each["itemId"]: each["why"] for each in told["filter"]["dropped"]} == {**dear, "i3": why, "i4": why}


def test_a_ranking_tells_what_its_filter_dropped(server: BackgroundServer, shop: Shop) -> None:
    expression = 'EXCLUDE ItemID WHERE Items.GENRE IN ("opera")'
    asking = {"campaignArn": shop.ranking, "userId": "u2", "filterArn": shop.filter(expression)}
    told = explained(server.url, inputList=["i2", "i3", "i6"], **asking)
    assert [item["itemId"] for item in told["items"]] == ["i3"]
    assert {each["itemId"]: each["why"] for each in told["filter"]["dropped"]} == {
        "i2": f"filter: {expression}",
        "i6": f"filter: {expression}",
    }
    none = explained(server.url, inputList=["i2", "i6"], **asking)
    assert (none["items"], none["empty"]) == (
        [],
        f"The filter {expression} lets none of the 2 items of the list pass.",
    )


def test_an_empty_answer_says_why(server: BackgroundServer, shop: Shop) -> None:
    expression = 'INCLUDE ItemID WHERE Items.GENRE IN ("none such")'
    told = explained(server.url, campaignArn=shop.personal, userId="u0", filterArn=shop.filter(expression))
    assert told["items"] == []
    assert told["empty"] == f"The filter {expression} lets none of 20 items pass."


def test_promotions_are_told(server: BackgroundServer, shop: Shop) -> None:
    filter_arn = shop.filter('INCLUDE ItemID WHERE Items.GENRE IN ("opera")')
    promotions = [{"name": "opera-week", "percentPromotedItems": 40, "filterArn": filter_arn}]
    told = explained(server.url, campaignArn=shop.personal, userId="u1", numResults=10, promotions=promotions)
    served = shop.program.recommend(shop.personal, "u1", numResults=10, promotions=promotions)
    assert [item["itemId"] for item in told["items"]] == [item["itemId"] for item in served]
    promoted = [item["itemId"] for item in served if "promotionName" in item]
    assert (told["promotion"]["places"], told["promotion"]["items"]) == (4, promoted)
    for item in told["items"]:
        assert_adds_up(item)


def test_a_ranking_is_explained_over_its_list(server: BackgroundServer, shop: Shop) -> None:
    listed = ["i15", "i2", "stranger", "i9"]
    told = explained(server.url, campaignArn=shop.ranking, userId="u2", inputList=listed)
    served = shop.program.runtime.get_personalized_ranking(campaignArn=shop.ranking, userId="u2", inputList=listed)
    assert [item["itemId"] for item in told["items"]] == [item["itemId"] for item in served["personalizedRanking"]]
    for item in told["items"][:-1]:
        assert_adds_up(item)
    assert told["items"][-1]["logit"] is None
    assert told["notes"] == ["The model does not know stranger: they come last, without a score."]


@pytest.mark.parametrize(
    ("campaign", "part", "more"),
    [("popular", "popularity", {"userId": "u0"}), ("similar", "neighbours", {"itemId": "i3"})],
)
def test_other_recipes_tell_what_they_can(
    server: BackgroundServer, shop: Shop, campaign: str, part: str, more: dict[str, str]
) -> None:
    arn = getattr(shop, campaign)
    told = explained(server.url, campaignArn=arn, numResults=5, **more)
    served = shop.program.runtime.get_recommendations(campaignArn=arn, numResults=5, **more)["itemList"]
    assert [item["itemId"] for item in told["items"]] == [item["itemId"] for item in served]
    assert [set(item["parts"]) for item in told["items"]] == [{part}] * 5
    assert told["exploration"] is None


@pytest.mark.parametrize("recipe", [RECIPE, V2])
def test_the_parts_add_up_where_the_model_explores(small: Callable[..., Small], recipe: str) -> None:
    box = small(automatic_updates="at-once")
    program = box.program
    group = program.stocked()
    version = program.version(program.solution(group, recipe=recipe))
    weights = {"itemExplorationConfig": {"explorationWeight": "1", "explorationItemAgeCutOff": "1000"}}
    config = {"campaignConfig": weights} if recipe == RECIPE else {}
    campaign = program.campaign(version, **config)
    told = explained(box.server.url, campaignArn=campaign, userId="u1", numResults=10)
    served = program.recommend(campaign, "u1", numResults=10)
    assert [(item["itemId"], item["score"]) for item in told["items"]] == [
        (item["itemId"], item["score"]) for item in served
    ]
    for item in told["items"]:
        assert_adds_up(item)
    lifted = [place for place, item in enumerate(told["items"], 1) if item["parts"].get("exploration", 0) > 0]
    assert told["exploration"]["places"] == lifted
    assert bool(lifted) == (recipe == RECIPE)


def test_explaining_leaves_no_trace(small: Callable[..., Small]) -> None:
    box = small()
    campaign = box.program.deployed(recipe=POPULARITY)
    before = box.server.emulator.requests
    counted = box.server.emulator.costs()
    explained(box.server.url, campaignArn=campaign, userId="u1")
    assert before is box.server.emulator.requests
    assert box.server.emulator.costs() == counted


def test_refusals_are_those_of_the_service(server: BackgroundServer, world: World) -> None:
    missing = world.personal.rpartition("/")[0] + "/none"
    status, answer = asked(server.url, campaignArn=missing, userId="u1")
    assert (status, answer["code"]) == (404, "ResourceNotFoundException")
    assert missing in answer["message"]
    status, answer = asked(server.url, campaignArn=world.personal, user="u1")
    assert (status, answer["message"]) == (400, "GetRecommendations has no parameter user")
    status, answer = asked(server.url, campaignArn=world.personal, userId=["u1"])
    assert status == 400
    assert answer["code"] == "SerializationException"
    status, answer = post(f"{server.url}/_personalize/explain", b"[]", {"Content-Type": "application/json"})
    assert (status, answer["message"]) == (400, "send the parameters of GetRecommendations as a JSON object")


def test_names_stand_for_arns_in_the_account_of_the_server(small: Callable[..., Small]) -> None:
    box = small()
    program = Program(box.server.url, account=box.server.emulator.settings.account, folder=box.folder)
    campaign = program.deployed()
    told = explained(box.server.url, campaignArn="shop-home", userId="u1")
    assert told["arn"] == campaign


def test_a_pin_that_answers_is_told(server: BackgroundServer, shop: Shop) -> None:
    pin = server.emulator.pin(campaign=shop.personal, userId="u3", items=["a1"])
    try:
        told = explained(server.url, campaignArn=shop.personal, userId="u3")
        other = explained(server.url, campaignArn=shop.personal, userId="u4")
    finally:
        server.emulator.unpin(pin)
    assert told["pin"] == {"id": pin, "campaign": shop.personal, "userId": "u3", "items": ["a1"]}
    assert told["notes"][0].startswith(f"{pin} answers this call")
    assert other["pin"] is None
