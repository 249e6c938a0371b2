"""Recommendations and rankings over the wire, on a world of two tastes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conftest import World
from tests.wire.program import Program, interactions_csv

Items = list[dict[str, Any]]


def share(items: Items, taste: str, top: int = 10) -> float:
    """Which part of the best items is of a taste."""
    return sum(item["itemId"].startswith(taste) for item in items[:top]) / top


def ask(world: World, user: str, **more: Any) -> Items:
    return world.program.recommend(world.personal, user, **more)


def test_users_get_items_of_their_taste(world: World) -> None:
    assert share(ask(world, "u0"), "a") == 1
    assert share(ask(world, "u1"), "b") == 1


def test_the_same_question_gets_the_same_items_under_a_new_id(world: World) -> None:
    runtime = world.program.runtime
    first, second = (runtime.get_recommendations(campaignArn=world.personal, userId="u0") for _ in range(2))
    assert first["itemList"] == second["itemList"]
    assert first["recommendationId"] != second["recommendationId"]


def test_a_recommendation_id_has_the_form_of_the_service(world: World) -> None:
    form = "RID-[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-CID-[0-9a-f]{6}"
    runtime = world.program.runtime
    tags = set()
    for campaign in (world.personal, world.popular):
        found = runtime.get_recommendations(campaignArn=campaign, userId="u0")["recommendationId"]
        assert re.fullmatch(form, found)
        assert len(found) <= 40
        tags.add(found[-6:])
    ranked = runtime.get_personalized_ranking(campaignArn=world.ranking, userId="u0", inputList=["a1"])
    assert re.fullmatch(form, ranked["recommendationId"])
    assert len(tags) == 2
    # It may come back with an event.
    world.program.events.put_events(
        trackingId=world.tracking,
        sessionId="back",
        eventList=[
            {"eventType": "watch", "sentAt": 1, "itemId": "a1", "recommendationId": found, "impression": ["a1", "a2"]}
        ],
    )


@pytest.mark.parametrize(("count", "answered"), [(None, 25), (0, 25), (1, 1), (7, 7), (40, 40), (500, 40)])
def test_as_many_items_come_as_are_asked_for_and_there_are(world: World, count: int | None, answered: int) -> None:
    items = ask(world, "u0", **({} if count is None else {"numResults": count}))
    assert len(items) == answered == len({item["itemId"] for item in items})


def test_scores_fall_have_seven_decimals_and_sum_to_one_over_the_catalogue(world: World) -> None:
    for user in ("u0", "nobody"):
        scores = [item["score"] for item in ask(world, user, numResults=500)]
        assert scores == sorted(scores, reverse=True)
        assert all(score == round(score, 7) and 0 <= score <= 1 for score in scores)
        assert sum(scores) == pytest.approx(1, abs=5e-6)


def test_only_personal_answers_have_scores(world: World) -> None:
    program = world.program
    assert all(set(item) == {"itemId", "score"} for item in ask(world, "u0"))
    assert all(set(item) == {"itemId"} for item in program.recommend(world.popular))
    assert all(set(item) == {"itemId"} for item in program.recommend(world.similar, itemId="a1"))


def test_without_a_history_the_most_popular_come_first(world: World) -> None:
    popular = [item["itemId"] for item in world.program.recommend(world.popular)]
    for stranger in ("nobody", "a session that nobody has"):
        found = [item["itemId"] for item in ask(world, stranger)]
        assert len(set(found[:10]) & set(popular[:15])) >= 6, (found, popular)


def test_popularity_is_the_same_for_everyone(world: World) -> None:
    program = world.program
    assert program.recommend(world.popular) == program.recommend(world.popular, "u0")
    program.send(world.tracking, "p", *["b19"] * 5, user="u2")
    assert program.recommend(world.popular) == program.recommend(world.popular, "u2")


def test_similar_items_are_of_the_same_taste_and_not_the_item_itself(world: World) -> None:
    for item in ("a3", "b3"):
        found = world.program.recommend(world.similar, itemId=item)
        assert share(found, item[0]) == 1
        assert item not in {one["itemId"] for one in found}
    unknown = world.program.recommend(world.similar, itemId="nothing like it")
    assert unknown[:5] == world.program.recommend(world.popular)[:5]


# Events


def test_an_event_moves_the_next_answer_of_its_user_and_of_nobody_else(world: World) -> None:
    before = {user: ask(world, user) for user in ("u4", "u5", "u6", "moved by nothing")}
    world.program.send(world.tracking, "s-u4", "b1", "b2", "b3", user="u4")
    after = ask(world, "u4")
    assert after != before["u4"]
    assert share(after, "b") > share(before["u4"], "b")
    for user in ("u5", "u6", "moved by nothing"):
        assert ask(world, user) == before[user]


def test_a_user_unknown_at_training_is_known_from_the_first_event_on(world: World) -> None:
    assert ask(world, "newcomer") == ask(world, "another newcomer")
    world.program.send(world.tracking, "s-new", "b4", user="newcomer")
    assert share(ask(world, "newcomer"), "b") >= 0.8
    assert share(ask(world, "another newcomer"), "b") < 0.8


def test_a_session_is_a_user_under_its_own_id(world: World) -> None:
    world.program.send(world.tracking, "session-7", "b4", "b5")
    assert share(ask(world, "session-7"), "b") >= 0.8


def test_events_of_a_named_user_do_not_move_the_session(world: World) -> None:
    before = ask(world, "session-8")
    world.program.send(world.tracking, "session-8", "b4", "b5", user="somebody")
    assert ask(world, "session-8") == before


def test_the_session_null_is_answered_and_has_no_effect(world: World) -> None:
    before = ask(world, "of null"), ask(world, "null")
    world.program.send(world.tracking, "null", "b4", user="of null")
    world.program.send(world.tracking, "null", "b4")
    assert (ask(world, "of null"), ask(world, "null")) == before


def test_an_event_of_an_unknown_item_or_of_none_is_taken_and_harmless(world: World) -> None:
    before = ask(world, "odd")
    world.program.send(world.tracking, "s-odd", "an item of tomorrow", user="odd")
    world.program.events.put_events(
        trackingId=world.tracking,
        sessionId="s-odd",
        userId="odd",
        eventList=[{"eventType": "search", "sentAt": 1_700_000_000}],
    )
    assert ask(world, "odd") == before


def test_an_item_may_stand_in_the_properties(world: World) -> None:
    event = {"eventType": "watch", "sentAt": 1_700_000_000, "properties": '{"itemId": "b4", "eventValue": "3", "x": 1}'}
    world.program.events.put_events(trackingId=world.tracking, sessionId="inside", eventList=[event])
    assert share(ask(world, "inside"), "b") >= 0.8


def test_rankings_follow_events_too(world: World) -> None:
    def ranked() -> list[str]:
        answer = world.program.runtime.get_personalized_ranking(
            campaignArn=world.ranking, userId="ranker", inputList=["a1", "b1", "a2", "b2"]
        )
        return [item["itemId"] for item in answer["personalizedRanking"]]

    for session, item, taste in (("r1", "b18", "b"), ("r2", "a18", "a")):
        world.program.send(world.tracking, session, *[item] * 3, user="ranker")
        if taste == "b":
            assert [name[0] for name in ranked()] == ["b", "b", "a", "a"]
    assert ranked()[0].startswith("a")


def test_only_events_of_the_solutions_type_move_its_answers(world: World) -> None:
    program = world.program
    before = program.recommend(world.watched, "typed")
    program.send(world.tracking, "s-typed", "b4", "b5", user="typed", kind="click")
    assert program.recommend(world.watched, "typed") == before
    assert share(ask(world, "typed"), "b") >= 0.8
    program.send(world.tracking, "s-typed", "b4", "b5", user="typed", kind="watch")
    assert share(program.recommend(world.watched, "typed"), "b") >= 0.8


def test_only_events_that_reach_the_threshold_move_the_answers(program: Program) -> None:
    group = program.stocked()
    tracking = program.tracker(group)
    solution = program.solution(group, solutionConfig={"eventValueThreshold": "1.5"})
    campaign = program.campaign(program.version(solution))
    before = program.recommend(campaign, "valued")

    def send(**value: float) -> None:
        event = {"eventType": "watch", "sentAt": 1, "itemId": "b4", **value}
        program.events.put_events(trackingId=tracking, sessionId="v", userId="valued", eventList=[event])

    send()
    send(eventValue=1.0)
    assert program.recommend(campaign, "valued") == before
    send(eventValue=1.5)
    assert program.recommend(campaign, "valued") != before


def test_streamed_events_are_learned_by_the_next_training(program: Program) -> None:
    group = program.stocked()
    tracking = program.tracker(group)
    solution = program.solution(group)
    old = program.campaign(program.version(solution), "old")
    for user in range(12):
        program.send(tracking, f"s{user}", "a1", "brand-new", "a2", user=f"n{user}")
    new = program.campaign(program.version(solution), "new")

    def catalogue(campaign: str) -> set[str]:
        return {item["itemId"] for item in program.recommend(campaign, "u0", numResults=500)}

    assert "brand-new" not in catalogue(old)
    assert "brand-new" in catalogue(new)


def test_a_group_may_learn_from_events_alone(program: Program) -> None:
    group = program.group()
    program.dataset(group)
    tracking = program.tracker(group)
    for line in interactions_csv(users=8, steps=5).splitlines()[1:]:
        user, item, *_ = line.split(",")
        program.send(tracking, f"s-{user}", item, user=user)
    campaign = program.campaign(program.version(program.solution(group)))
    assert share(program.recommend(campaign, "u0"), "a", top=5) >= 0.6


# Context


def test_context_moves_the_answer_of_who_has_no_history(world: World) -> None:
    tv = ask(world, "fresh", context={"DEVICE": "tv"})
    phone = ask(world, "fresh", context={"device": "phone"})
    assert share(tv, "b") > share(phone, "b")
    assert ask(world, "fresh", context={"DEVICE": "toaster"}) == ask(world, "fresh")


def test_context_is_taken_without_effect_where_the_recipe_has_no_use_for_it(world: World) -> None:
    popular = world.program.recommend(world.popular)
    assert world.program.recommend(world.popular, context={"DEVICE": "tv"}) == popular


# Rankings


def rank(world: World, items: list[str], user: str = "u0") -> Items:
    answer = world.program.runtime.get_personalized_ranking(campaignArn=world.ranking, userId=user, inputList=items)
    return list(answer["personalizedRanking"])


def test_a_ranking_scores_its_own_items_to_one(world: World) -> None:
    found = rank(world, ["b1", "a1", "b2", "a2"], user="u8")
    assert {item["itemId"] for item in found[:2]} == {"a1", "a2"}
    assert sum(item["score"] for item in found) == pytest.approx(1, abs=1e-6)
    assert all(item["score"] == round(item["score"], 7) for item in found)
    (only,) = rank(world, ["b7"])
    assert only == {"itemId": "b7", "score": 1.0}


def test_unknown_items_come_last_without_a_score_in_their_order(world: World) -> None:
    found = rank(world, ["x2", "b1", "x1", "a1", "x3"])
    assert [item["itemId"] for item in found[2:]] == ["x2", "x1", "x3"]
    assert all("score" not in item for item in found[2:])
    assert sum(item["score"] for item in found[:2]) == pytest.approx(1, abs=1e-6)
    assert rank(world, ["x2", "x1"]) == [{"itemId": "x2"}, {"itemId": "x1"}]


def test_an_item_given_twice_is_ranked_once(world: World) -> None:
    found = rank(world, ["a1", "x", "b1", "a1", "x"])
    assert sorted(item["itemId"] for item in found) == ["a1", "b1", "x"]
    assert len(rank(world, [f"x{n}" for n in range(500)])) == 500
