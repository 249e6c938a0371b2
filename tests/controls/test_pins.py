"""Declared answers: exact lists, scores and errors, for all requests or for one user."""

from __future__ import annotations

import pytest

from personalize_local.controls.declaring import DeclarationError

from .conftest import Shop, error_of


def ids(answer: dict[str, object]) -> list[str]:
    listed = answer["itemList"]
    assert isinstance(listed, list)
    return [item["itemId"] for item in listed]


def test_a_pinned_list_is_answered_with_its_scores_and_an_id(shop: Shop) -> None:
    learned = shop.recommend(userId="u1")
    pin = shop.emulator.pin(campaign=shop.campaign, items=["a", "b", "c"], scores=[0.5, None, 0.25])
    answer = shop.recommend(userId="u1")
    assert answer["itemList"] == [{"itemId": "a", "score": 0.5}, {"itemId": "b"}, {"itemId": "c", "score": 0.25}]
    assert answer["recommendationId"].rpartition("-")[2] == learned["recommendationId"].rpartition("-")[2]
    assert ids(shop.recommend(userId="u1", numResults=2)) == ["a", "b"]
    shop.emulator.unpin(pin)
    assert shop.recommend(userId="u1")["itemList"] == learned["itemList"]
    with pytest.raises(LookupError, match=f"there is no pin {pin}"):
        shop.emulator.unpin(pin)


def test_the_pin_that_names_most_of_a_call_answers_it(shop: Shop) -> None:
    shop.emulator.pin(campaign="top", items=["everyone"])
    shop.emulator.pin(campaign="top", userId="u1", items=[{"itemId": "mine", "score": 1}])
    shop.emulator.pin(campaign="top", userId="u1", itemId="i", items=["both"])
    assert ids(shop.recommend(userId="u2")) == ["everyone"]
    assert ids(shop.recommend(userId="u1")) == ["mine"]
    assert ids(shop.recommend(userId="u1", itemId="i")) == ["both"]
    shop.emulator.pin(campaign="top", items=["instead"])
    assert ids(shop.recommend(userId="u2")) == ["instead"]
    assert len(shop.emulator.controls.pins.listed()) == 3


def test_a_pinned_error_is_the_modelled_one(shop: Shop) -> None:
    shop.emulator.pin({"campaign": "top", "userId": "u1", "error": "InvalidInputException", "message": "No."})
    runtime = shop.small.program.runtime
    assert error_of(lambda: shop.recommend(userId="u1")) == (
        "InvalidInputException",
        "No.",
        400,
        "InvalidInputException",
    )
    assert runtime.exceptions.InvalidInputException.__name__ == "InvalidInputException"
    assert ids(shop.recommend(userId="u2"))


def test_the_campaign_must_exist_unless_the_pin_says_otherwise(shop: Shop) -> None:
    missing = shop.small.program.arn("campaign/none")
    shop.emulator.pin(campaign="none", items=["a"])
    assert error_of(lambda: shop.recommend(missing, userId="u"))[:2] == (
        "ResourceNotFoundException",
        f"Resource Arn {missing} does not exist.",
    )
    shop.emulator.pin(campaign="none", items=["a", "b"], mustExist=False)
    assert ids(shop.recommend(missing, userId="u")) == ["a", "b"]
    ranked = shop.small.program.runtime.get_personalized_ranking(
        campaignArn=missing, userId="u", inputList=["x", "b", "y", "a"]
    )
    assert [item["itemId"] for item in ranked["personalizedRanking"]] == ["a", "b", "x", "y"]
    shop.emulator.pin(campaign="none", actions=[{"actionId": "call", "score": 0.75}], mustExist=False)
    answer = shop.small.program.runtime.get_action_recommendations(campaignArn=missing, userId="u")
    assert answer["actionList"] == [{"actionId": "call", "score": 0.75}]


def test_a_pinned_campaign_still_refuses_what_the_service_refuses(shop: Shop) -> None:
    shop.emulator.pin(campaign="top", items=["a"])
    assert error_of(lambda: shop.recommend(userId="u", numResults=501))[1] == "numResults must be at most 500."
    code, words, *_ = error_of(
        lambda: shop.small.program.runtime.get_personalized_ranking(
            campaignArn=shop.campaign, userId="u", inputList=["a"]
        )
    )
    assert (code, words.endswith("does not support GetPersonalizedRanking.")) == ("InvalidInputException", True)


def test_a_pinned_answer_counts_as_a_request_and_a_reset_forgets_the_pins(shop: Shop) -> None:
    shop.emulator.pin(campaign="gone", items=["a"], mustExist=False)
    arn = shop.small.program.arn("campaign/gone")
    shop.recommend(arn, userId="u")
    shop.emulator.reset()
    assert shop.emulator.controls.pins.listed() == []
    assert error_of(lambda: shop.recommend(arn, userId="u"))[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ([], "a pin is a mapping, not list"),
        ({"campaign": "c", "item": []}, "unknown member of a pin: item; known are actions, campaign,"),
        ({"items": []}, "a pin has exactly one of campaign and recommender, by ARN or name"),
        ({"campaign": "c"}, "a pin has exactly one of items, actions and error"),
        ({"campaign": "arn:aws:personalize:r:1:solution/s", "items": []}, "campaign of a pin is no ARN of a campaign"),
        ({"campaign": "c", "items": ["a", "a"]}, "items of a pin must differ from each other"),
        ({"campaign": "c", "items": ["a"], "scores": []}, "scores of a pin must be a list as long as items"),
        ({"campaign": "c", "items": [""]}, "each itemId of a pin must be a text of 1 to 256 characters"),
        ({"campaign": "c", "items": [{"itemId": "a", "score": "x"}]}, "each score of a pin must be a number"),
        ({"campaign": "c", "items": [f"i{n}" for n in range(501)]}, "a pin for GetRecommendations has at most 500"),
        ({"campaign": "c", "error": "LimitExceededException"}, "LimitExceededException is no error of GetRecommend"),
        ({"campaign": "c", "items": [], "message": "m"}, "message of a pin goes with error"),
        ({"campaign": "c", "items": [], "mustExist": 1}, "mustExist of a pin must be true or false"),
        (
            {"campaign": "c", "items": [], "operation": "GetActionRecommendations"},
            "operation of a pin with items must be one of GetRecommendations, GetPersonalizedRanking, not GetAction",
        ),
        ({"recommender": "r", "actions": []}, "operation of a pin with actions must be one of none, not None"),
    ],
)
def test_what_cannot_be_declared_is_refused_by_name(shop: Shop, declared: object, message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        shop.emulator.controls.pin(declared)
    assert str(caught.value).startswith(message)
    assert shop.emulator.controls.pins.listed() == []
