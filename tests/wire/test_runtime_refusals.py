"""Class, status and text of each refusal of the runtime and of events."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import World

from .program import RANKING, RECIPE, SIMILAR, Program, Refusal, refused

INVALID = "InvalidInputException"


def recommend(world: World, **params: Any) -> Refusal:
    return refused(world.program.runtime.get_recommendations, **params)


def rank(world: World, **params: Any) -> Refusal:
    return refused(world.program.runtime.get_personalized_ranking, **params)


def test_exactly_one_of_campaign_and_recommender_is_wanted(world: World) -> None:
    text = "Provide exactly one of campaignArn and recommenderArn."
    recommender = world.program.arn("recommender/none")
    assert recommend(world, userId="u0") == (INVALID, 400, text)
    assert recommend(world, userId="u0", campaignArn=world.personal, recommenderArn=recommender) == (INVALID, 400, text)
    unknown = ("ResourceNotFoundException", 404, f"Resource Arn {recommender} does not exist.")
    assert recommend(world, userId="u0", recommenderArn=recommender) == unknown


def test_campaigns_that_are_not_there(world: World, program: Program) -> None:
    for arn in (
        world.program.arn("campaign/none"),
        world.personal.replace("us-east-1", "eu-west-1"),
        world.personal.replace(world.program.account, program.account),
    ):
        unknown = ("ResourceNotFoundException", 404, f"Resource Arn {arn} does not exist.")
        assert recommend(world, userId="u0", campaignArn=arn) == unknown
        assert rank(world, userId="u0", campaignArn=arn, inputList=["a1"]) == unknown
    wrong = world.program.arn("solution/personal")
    assert recommend(world, userId="u0", campaignArn=wrong) == (INVALID, 400, f"Invalid ARN for campaignArn: {wrong}.")
    code, status, _ = refused(program.recommend, campaign=world.personal, user="u0")
    assert (code, status) == ("ResourceNotFoundException", 404)


def test_a_deleted_campaign_answers_no_more(program: Program) -> None:
    campaign = program.deployed()
    assert program.recommend(campaign, "u0")
    program.personalize.delete_campaign(campaignArn=campaign)
    assert refused(program.recommend, campaign=campaign, user="u0") == (
        "ResourceNotFoundException",
        404,
        f"Resource Arn {campaign} does not exist.",
    )


@pytest.mark.parametrize("user", [{}, {"userId": ""}], ids=["missing", "empty"])
def test_a_user_is_wanted_by_personal_recipes(world: World, user: dict[str, str]) -> None:
    found = recommend(world, campaignArn=world.personal, **user)
    assert found == (INVALID, 400, f"userId is required for recipe {RECIPE}.")
    assert world.program.runtime.get_recommendations(campaignArn=world.popular)["itemList"]


@pytest.mark.parametrize("item", [{}, {"itemId": ""}], ids=["missing", "empty"])
def test_an_item_is_wanted_by_related_items(world: World, item: dict[str, str]) -> None:
    found = recommend(world, campaignArn=world.similar, userId="u0", **item)
    assert found == (INVALID, 400, f"itemId is required for recipe {SIMILAR}.")


def test_an_empty_user_of_a_ranking(world: World) -> None:
    # The path of the operation has no user in it, so the empty id reaches the emulator.
    found = rank(world, campaignArn=world.ranking, userId="", inputList=["a1"])
    assert found == (INVALID, 400, f"userId is required for recipe {RANKING}.")


def test_a_recipe_answers_its_own_operation_only(world: World) -> None:
    found = recommend(world, campaignArn=world.ranking, userId="u0")
    assert found == (INVALID, 400, f"Recipe {RANKING} does not support GetRecommendations.")
    found = rank(world, campaignArn=world.personal, userId="u0", inputList=["a1"])
    assert found == (INVALID, 400, f"Recipe {RECIPE} does not support GetPersonalizedRanking.")


def test_counts_beyond_the_limits(world: World) -> None:
    found = recommend(world, campaignArn=world.personal, userId="u0", numResults=501)
    assert found == (INVALID, 400, "numResults must be at most 500.")
    text = "inputList must contain between 1 and 500 items."
    for items in ([], [f"i{n}" for n in range(501)]):
        assert rank(world, campaignArn=world.ranking, userId="u0", inputList=items) == (INVALID, 400, text)
    code, status, _ = recommend(world, campaignArn=world.personal, userId="u" * 257)
    assert (code, status) == ("ValidationException", 400)


def test_context_of_columns_that_are_not_there(world: World) -> None:
    for key in ("WEATHER", "EVENT_TYPE", "USER_ID"):
        text = f"Context key {key} is not a column of the Item interactions dataset."
        found = recommend(world, campaignArn=world.personal, userId="u0", context={key: "x"})
        assert found == (INVALID, 400, text)


# Events


def put(program: Program, tracking: str, *events: dict[str, Any], session: str = "s") -> Refusal:
    given = [{"eventType": "watch", "sentAt": 1_700_000_000, **event} for event in events]
    return refused(program.events.put_events, trackingId=tracking, sessionId=session, eventList=given)


def test_a_tracking_id_that_nobody_has(world: World, program: Program) -> None:
    def unknown(tracking: str) -> Refusal:
        return INVALID, 400, f"The trackingId {tracking} does not belong to an ACTIVE event tracker."

    assert put(world.program, "none", {"itemId": "a1"}) == unknown("none")
    assert put(program, world.tracking, {"itemId": "a1"}) == unknown(world.tracking)
    tracking = program.tracker(program.group())
    (tracker,) = program.personalize.list_event_trackers()["eventTrackers"]
    program.personalize.delete_event_tracker(eventTrackerArn=tracker["eventTrackerArn"])
    assert put(program, tracking, {"itemId": "a1"}) == unknown(tracking)


@pytest.mark.parametrize("text", ["watch", "[]", '"{}"', "{", "7", "null"])
def test_properties_that_are_no_json_object(world: World, text: str) -> None:
    assert put(world.program, world.tracking, {"properties": text}) == (INVALID, 400, "Error parsing properties json")


@pytest.mark.parametrize("name", ["userId", "SESSION_ID", "eventType", "timestamp", "recommendationId", "IMPRESSION"])
def test_properties_that_travel_elsewhere(world: World, name: str) -> None:
    code, status, text = put(world.program, world.tracking, {"properties": f'{{"{name}": "x"}}'})
    assert (code, status) == (INVALID, 400)
    assert text.startswith("The properties may not contain ")


def test_a_property_of_the_wrong_type(world: World) -> None:
    found = put(world.program, world.tracking, {"properties": '{"eventValue": "much"}'})
    assert found == (INVALID, 400, "The property EVENT_VALUE must be of type float.")


def test_more_than_ten_events_and_none(world: World) -> None:
    eleven = put(world.program, world.tracking, *({"itemId": "a1"} for _ in range(11)))
    assert eleven[:2] == ("ValidationException", 400)
    assert "'eventList' failed to satisfy constraint: Member must have length less than or equal to 10" in eleven[2]


def test_one_bad_event_keeps_all_of_its_call_out(world: World) -> None:
    before = world.program.recommend(world.personal, "halves")
    found = refused(
        world.program.events.put_events,
        trackingId=world.tracking,
        sessionId="halves",
        userId="halves",
        eventList=[
            {"eventType": "watch", "sentAt": 1_700_000_000, "itemId": "b3"},
            {"eventType": "watch", "sentAt": 1_700_000_000, "properties": "{"},
        ],
    )
    assert found[0] == INVALID
    assert world.program.recommend(world.personal, "halves") == before
