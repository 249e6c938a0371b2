"""New items and actions in answers: when they come, how often, and what is counted of them, on a virtual clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from tests.conftest import Small

from .program import RANKING, RECIPE, ROLE, Program, avro, interactions_csv, refused

V2 = "arn:aws:personalize:::recipe/aws-user-personalization-v2"
ITEMS = avro(
    "Items",
    ("ITEM_ID", "string"),
    {"name": "GENRE", "type": ["null", "string"], "categorical": True},
    ("CREATION_TIMESTAMP", "long"),
)
START = 1_700_000_000  # of the interactions, which end within a day
DAY, HOURS = 86_400, 7_200
NEW = [f"new-{taste}{number}" for taste in "ab" for number in range(4)]
MakeSmall = Callable[..., Small]


def items_csv() -> str:
    """The items of both tastes, a hundred days old."""
    rows = [f"{taste}{item},{taste},{START - 100 * DAY}" for taste in "ab" for item in range(20)]
    return "\n".join(["ITEM_ID,GENRE,CREATION_TIMESTAMP", *rows]) + "\n"


@dataclass(kw_only=True)
class Shop:
    """A group of two tastes without anything new."""

    room: Small
    group: str
    items: str
    tracking: str
    made: int = 0

    @property
    def program(self) -> Program:
        return self.room.program

    def version(self, recipe: str = RECIPE) -> tuple[str, str]:
        """A new solution and its version."""
        self.made += 1
        solution = self.program.solution(self.group, f"solution-{self.made}", recipe)
        return solution, self.program.version(solution)

    def campaign(self, version: str, weight: float | None = None, days: float | None = None, **more: Any) -> str:
        self.made += 1
        given = {"explorationWeight": weight, "explorationItemAgeCutOff": days}
        exploring = {name: str(value) for name, value in given.items() if value is not None}
        config = {**({"itemExplorationConfig": exploring} if exploring else {}), **more}
        return self.program.campaign(version, f"campaign-{self.made}", **({"campaignConfig": config} if config else {}))

    def deployed(self, weight: float | None = None, recipe: str = RECIPE, **more: Any) -> str:
        return self.campaign(self.version(recipe)[1], weight, **more)

    def put(self, *ids: str, **values: Any) -> None:
        """Put items whose genre is the letter after the dash of their id."""
        for id_ in ids:
            properties = json.dumps({"genre": id_.partition("-")[2][:1], "creationTimestamp": START, **values})
            self.program.events.put_items(datasetArn=self.items, items=[{"itemId": id_, "properties": properties}])

    def ids(self, campaign: str, user: str = "u0", **more: Any) -> list[str]:
        return [item["itemId"] for item in self.program.recommend(campaign, user, **more)]

    def answers(self, campaign: str, count: int = 10) -> list[list[str]]:
        return [self.ids(campaign, f"u{user}", numResults=count) for user in range(30)]

    def filtered(self, expression: str) -> str:
        """The ARN of a new filter."""
        self.made += 1
        answer = self.program.personalize.create_filter(
            name=f"filter-{self.made}", datasetGroupArn=self.group, filterExpression=expression
        )
        return str(answer["filterArn"])

    def share(self, campaign: str, count: int = 10) -> float:
        """How much of the answers of all users is new."""
        answers = self.answers(campaign, count)
        return sum(item in NEW for answer in answers for item in answer) / sum(map(len, answers))


def open_shop(room: Small) -> Shop:
    program = room.program
    group = program.group()
    program.load(program.dataset(group), interactions_csv(), job="interactions")
    items = program.dataset(group, "ITEMS", ITEMS)
    program.load(items, items_csv(), job="items")
    return Shop(room=room, group=group, items=items, tracking=program.tracker(group))


@pytest.fixture
def shop(small: MakeSmall) -> Shop:
    return open_shop(small())


# When


def test_new_items_come_two_hours_after_the_training_and_not_without_weight(shop: Shop) -> None:
    _, version = shop.version()
    most, none = shop.campaign(version, 1.0), shop.campaign(version, 0.0)
    before = shop.answers(most, 40), shop.answers(none, 40)
    shop.put(*NEW)
    shop.room.wait(HOURS - 1)
    assert (shop.answers(most, 40), shop.answers(none, 40)) == before
    assert shop.share(most) == 0
    shop.room.wait(1)
    assert shop.share(most) > 0.6
    assert shop.answers(none, 40) == before[1]


def test_what_comes_at_the_moment_of_an_update_waits_for_the_next(shop: Shop) -> None:
    campaign = shop.deployed(1.0)

    def add(number: int) -> set[str]:
        """Items that are put, imported and met in events."""
        put, imported, met = (f"new-{way}{number}" for way in "abc")
        shop.put(put)
        rows = f"ITEM_ID,GENRE,CREATION_TIMESTAMP\n{imported},a,{START}\n"
        shop.program.load(shop.items, rows, job=f"more-{number}", importMode="INCREMENTAL")
        shop.program.send(shop.tracking, "s", met, user="somebody")
        return {put, imported, met}

    first = add(1)
    shop.room.wait(HOURS)
    second = add(2)  # no answer has needed the update yet
    found = set(shop.ids(campaign, numResults=500))
    assert first <= found
    assert not second & found
    shop.room.wait(HOURS)
    assert first | second <= set(shop.ids(campaign, numResults=500))


def test_new_items_may_come_with_an_import_or_an_event(shop: Shop) -> None:
    campaign = shop.deployed(1.0)
    shop.program.load(
        shop.items, f"ITEM_ID,GENRE,CREATION_TIMESTAMP\nnew-a0,a,{START}\n", job="more", importMode="INCREMENTAL"
    )
    shop.program.send(shop.tracking, "s", "new-b0", user="somebody")
    assert not {"new-a0", "new-b0"} & set(shop.ids(campaign, numResults=500))
    shop.room.wait(HOURS)
    assert {"new-a0", "new-b0"} <= set(shop.ids(campaign, numResults=500))


def test_items_that_were_only_shown_do_not_come(shop: Shop) -> None:
    campaign = shop.deployed(1.0)
    event = {"eventType": "watch", "sentAt": START, "itemId": "a1", "impression": ["a1", "a ghost"]}
    shop.program.events.put_events(trackingId=shop.tracking, sessionId="s", eventList=[event])
    shop.room.wait(HOURS)
    assert "a ghost" not in shop.ids(campaign, numResults=500)


@pytest.mark.parametrize(("mode", "comes"), [("at-once", (True, True)), ("off", (False, False))])
def test_a_setting_says_when(small: MakeSmall, mode: str, comes: tuple[bool, bool]) -> None:
    shop = open_shop(small(automatic_updates=mode))
    campaign = shop.deployed(1.0)
    assert shop.share(campaign) == 0
    shop.put(*NEW)
    found = [shop.share(campaign) > 0]
    shop.room.wait(HOURS)
    found.append(shop.share(campaign) > 0)
    assert tuple(found) == comes


def test_only_the_latest_full_version_is_updated(shop: Shop) -> None:
    solution, first = shop.version()
    old = shop.campaign(first, 1.0)
    shop.put("new-a0")
    shop.room.wait(HOURS)
    second = shop.program.version(solution)
    new = shop.campaign(second, 1.0)
    update = shop.campaign(shop.program.version(solution, trainingMode="UPDATE"), 1.0)
    shop.put("new-a1")
    shop.room.wait(2 * HOURS)
    assert {"new-a0", "new-a1"} & set(shop.ids(old, numResults=500)) == {"new-a0"}
    assert "new-a1" in shop.ids(new, numResults=500)
    assert "new-a1" not in shop.ids(update, numResults=500)


def test_a_later_weight_takes_effect_like_any_other_change(shop: Shop) -> None:
    campaign = shop.deployed(0.0)
    shop.put(*NEW)
    shop.room.wait(HOURS)
    assert shop.share(campaign) == 0
    config = {"itemExplorationConfig": {"explorationWeight": "1"}}
    shop.program.personalize.update_campaign(campaignArn=campaign, campaignConfig=config)
    assert shop.share(campaign) > 0.6


# How much


def test_the_share_of_new_items_rises_with_the_weight(shop: Shop) -> None:
    _, version = shop.version()
    campaigns = [shop.campaign(version, weight) for weight in (0.0, 0.1, None, 0.6, 1.0)]
    shop.put(*NEW)
    shop.room.wait(HOURS)
    shares = [shop.share(campaign) for campaign in campaigns]
    assert all(less < more for less, more in pairwise(shares)), shares
    assert shares[0] == 0
    assert 0.05 <= shares[2] <= 0.5, shares  # a sixth of all items is new; the weight is 0.3
    assert shares[4] > 0.6, shares


def test_scores_are_one_softmax_over_all(shop: Shop) -> None:
    campaign = shop.deployed()
    shop.put(*NEW)
    shop.room.wait(HOURS)
    for user in ("u0", "nobody"):
        items = shop.program.recommend(campaign, user, numResults=500)
        scores = [item["score"] for item in items]
        assert len(items) == 48
        assert scores == sorted(scores, reverse=True)
        assert sum(scores) == pytest.approx(1, abs=5e-6)
        assert all(set(item) == {"itemId", "score"} for item in items)


def test_new_items_come_to_those_who_like_their_like(shop: Shop) -> None:
    campaign = shop.deployed(0.6)
    shop.put(*NEW)
    shop.room.wait(HOURS)
    answers = shop.answers(campaign)
    own = sum(f"new-{'ab'[user % 2]}" in item for user, answer in enumerate(answers) for item in answer)
    other = sum(f"new-{'ba'[user % 2]}" in item for user, answer in enumerate(answers) for item in answer)
    assert own > 1.5 * other > 0


def test_exposure_spreads_over_users_and_updates(shop: Shop) -> None:
    campaign = shop.deployed(0.3)
    shop.put(*NEW)
    shop.room.wait(HOURS)
    first = shop.answers(campaign)
    assert first == shop.answers(campaign)
    assert {item for answer in first for item in answer} >= set(NEW)
    seen = set()
    for _ in range(8):
        seen |= set(shop.ids(campaign, "u0", numResults=10)) & set(NEW)
        shop.room.wait(HOURS)
    assert len(seen) > len(set(first[0]) & set(NEW))


def test_items_beyond_the_cut_off_are_not_tried_out(shop: Shop) -> None:
    _, version = shop.version()
    short, long = shop.campaign(version, 1.0, days=5), shop.campaign(version, 1.0, days=20)
    for days in (1, 10, 40):
        shop.put(f"new-a{days}", creationTimestamp=START - days * DAY)
    shop.room.wait(HOURS)
    every = [f"new-a{days}" for days in (1, 10, 40)]
    for campaign, come in ((short, every[:1]), (long, every[:2])):
        assert [id_ for id_ in every if id_ in shop.ids(campaign, numResults=500)] == come


def test_age_goes_back_from_the_latest_interaction(shop: Shop) -> None:
    campaign = shop.deployed(1.0, days=5)
    shop.put("new-a0")
    shop.room.wait(HOURS)
    assert "new-a0" in shop.ids(campaign, numResults=500)
    event = {"eventType": "watch", "sentAt": START + 10 * DAY, "itemId": "a1"}
    shop.program.events.put_events(trackingId=shop.tracking, sessionId="s", userId="u5", eventList=[event])
    shop.room.wait(HOURS)
    assert "new-a0" not in shop.ids(campaign, numResults=500)


def test_what_was_in_the_training_with_little_data_is_tried_out_too(shop: Shop) -> None:
    shop.put("new-a0", "new-a1", creationTimestamp=START - 50 * DAY)
    shop.put("new-a2", "new-a3")
    _, version = shop.version()
    most, none = (shop.answers(shop.campaign(version, weight)) for weight in (1.0, 0.0))

    def seen(answers: list[list[str]], *items: str) -> int:
        return sum(item in answer for answer in answers for item in items)

    assert seen(most, "new-a2", "new-a3") > 20 > seen(most, "new-a0", "new-a1")
    assert seen(none, *NEW) == 0


def test_without_weight_items_without_interactions_come_by_promotion_alone(shop: Shop) -> None:
    shop.put("new-a0", "new-a1")
    solution, version = shop.version()
    campaign, some = shop.campaign(version, 0.0), shop.campaign(version, 0.01)
    every = set(shop.ids(some, numResults=500))
    assert every - set(shop.ids(campaign, numResults=500)) == {"new-a0", "new-a1"}
    only = shop.filtered('INCLUDE ItemID WHERE Items.ITEM_ID IN ("new-a0")')
    promoted = [{"name": "fresh", "percentPromotedItems": 10, "filterArn": only}]
    answer = shop.program.recommend(campaign, "u0", numResults=500, promotions=promoted)
    assert [item["itemId"] for item in answer if item["itemId"] in NEW] == ["new-a0"]
    shop.program.send(shop.tracking, "s", "new-a1", user="u1")
    shop.room.wait(HOURS)
    assert not {"new-a0", "new-a1"} & set(shop.ids(campaign, numResults=500))
    later = shop.campaign(shop.program.version(solution), 0.0)
    assert {"new-a0", "new-a1"} & set(shop.ids(later, numResults=500)) == {"new-a1"}


# Impressions


def shown(shop: Shop, times: int, **event: Any) -> None:
    for number in range(times):
        given = {"eventType": "watch", "sentAt": START + number, "itemId": "a1", **event}
        shop.program.events.put_events(trackingId=shop.tracking, sessionId=f"s{number}", eventList=[given])


def exposures(shop: Shop, campaign: str) -> dict[str, int]:
    answers = shop.answers(campaign, 5)
    return {item: sum(item in answer for answer in answers) for item in NEW}


def test_impressions_in_vain_lower_the_exposure_and_successes_do_not(shop: Shop) -> None:
    campaign = shop.deployed(0.5)
    shop.put(*NEW)
    shown(shop, 40, impression=["a1", *NEW[:2]])
    shop.room.wait(HOURS)
    seen = exposures(shop, campaign)
    assert sum(seen[item] for item in NEW[:2]) < 0.3 * sum(seen[item] for item in NEW[2:4])


def test_what_was_shown_counts_by_its_recommendation_id_unless_the_event_says_otherwise(shop: Shop) -> None:
    shop.put(*NEW)
    campaign = shop.deployed(1.0)
    runtime, database = shop.program.runtime, shop.room.server.emulator.database

    def kept(**event: Any) -> list[dict[str, Any]]:
        shown(shop, 1, **event)
        with database.read() as rows:
            last = rows.last_event(shop.group)
            return [extra for _, extra in rows.telling(shop.group, last - 1, last, ("implicit", "impression"))]

    def asked() -> tuple[str, list[str]]:
        answer = runtime.get_recommendations(campaignArn=campaign, userId="u0", numResults=3)
        return answer["recommendationId"], [item["itemId"] for item in answer["itemList"]]

    name, items = asked()
    assert kept(recommendationId=name) == [{"recommendationId": name, "implicit": items}]
    assert kept(recommendationId=name) == []  # once
    name, _ = asked()
    assert kept(recommendationId=name, impression=["b3"]) == [{"recommendationId": name, "impression": ["b3"]}]
    assert kept(recommendationId="RID-of-nobody") == []


def test_implicit_impressions_lower_the_exposure(shop: Shop) -> None:
    campaign = shop.deployed(0.5)
    shop.put(*NEW)
    shop.room.wait(HOURS)
    arn = shop.filtered('INCLUDE ItemID WHERE Items.GENRE IN ("a")')
    for number in range(40):
        answer = shop.program.runtime.get_recommendations(
            campaignArn=campaign, userId=f"x{number}", filterArn=arn, numResults=500
        )
        assert "new-a0" in [item["itemId"] for item in answer["itemList"]]
        event = {"eventType": "watch", "sentAt": START, "itemId": "a1", "recommendationId": answer["recommendationId"]}
        shop.program.events.put_events(trackingId=shop.tracking, sessionId=f"x{number}", eventList=[event])
    shop.room.wait(HOURS)
    seen = exposures(shop, campaign)
    assert sum(seen[item] for item in NEW[:4]) < 0.3 * sum(seen[item] for item in NEW[4:])


# Data that go


def test_what_replaces_the_interactions_of_the_training_counts_in_their_place(shop: Shop) -> None:
    campaign = shop.deployed(0.5)
    dataset = shop.program.arn("dataset/shop/INTERACTIONS")
    shop.put(*NEW)
    for wait in (HOURS, HOURS):
        # Before the first answer nothing is left of what the training saw.
        shop.program.load(dataset, interactions_csv(), job=f"again-{shop.room.server.emulator.clock.now():.0f}")
        shop.room.wait(wait)
        assert 0.1 < shop.share(campaign) < 0.7


def forget(shop: Shop, *users: str) -> None:
    shop.made += 1
    shop.program.personalize.create_data_deletion_job(
        jobName=f"forget-{shop.made}",
        datasetGroupArn=shop.group,
        roleArn=ROLE,
        dataSource={"dataLocation": shop.program.put("users.csv", "\n".join(["USER_ID", *users]) + "\n")},
    )


def test_what_only_a_deleted_user_had_comes_no_more(shop: Shop) -> None:
    campaign = shop.deployed(0.5)
    shop.put(*NEW)
    shop.program.send(shop.tracking, "s", "new-b9", user="u3")
    shop.room.wait(HOURS)
    assert "new-b9" in shop.ids(campaign, numResults=500)
    forget(shop, "u3")
    assert "new-b9" not in shop.ids(campaign, numResults=500)
    assert shop.share(campaign) > 0


def test_where_no_interaction_is_left_nothing_is_tried_out(shop: Shop) -> None:
    _, version = shop.version()
    campaign, none = shop.campaign(version, 0.5), shop.campaign(version, 0.0)
    shop.put(*NEW)
    shop.room.wait(HOURS)
    forget(shop, *(f"u{number}" for number in range(30)))
    for number in range(30):
        shop.program.send(shop.tracking, f"s{number}", "a1", "a2", "b3", user=f"u{number}")
    assert shop.answers(campaign) == shop.answers(none)


# With the rest


def test_filters_promotions_and_metadata_reach_new_items(shop: Shop) -> None:
    campaign = shop.deployed(1.0, enableMetadataWithRecommendations=True)
    shop.put(*NEW)
    shop.program.send(shop.tracking, "s", "new-b9", user="u0")  # of which nothing else is known
    shop.room.wait(HOURS)

    only = shop.filtered('INCLUDE ItemID WHERE Items.GENRE IN ("b")')
    found = set(shop.ids(campaign, filterArn=only, numResults=500))
    assert set(NEW[4:]) <= found
    assert not found & {*NEW[:4], "new-b9"}
    unseen = shop.filtered('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")')
    found = set(shop.ids(campaign, filterArn=unseen, numResults=500))
    assert set(NEW) <= found
    assert "new-b9" not in found
    promoted = [
        {
            "name": "fresh",
            "percentPromotedItems": 50,
            "filterArn": shop.filtered('INCLUDE ItemID WHERE Items.ITEM_ID IN ("new-a0", "new-b0")'),
        }
    ]
    answer = shop.program.recommend(
        campaign, "u0", numResults=6, promotions=promoted, metadataColumns={"ITEMS": ["GENRE"]}
    )
    assert {item["itemId"] for item in answer if "promotionName" in item} == {"new-a0", "new-b0"}
    assert all(item["metadata"]["genre"] in item["itemId"] for item in answer if item["itemId"] != "new-b9")


def test_rankings_explore_nothing(shop: Shop) -> None:
    campaign = shop.campaign(shop.version(RANKING)[1])
    shop.put(*NEW)
    shop.room.wait(HOURS)
    answer = shop.program.runtime.get_personalized_ranking(
        campaignArn=campaign, userId="u0", inputList=["new-a0", "a1"]
    )
    assert answer["personalizedRanking"][1] == {"itemId": "new-a0"}


def test_the_newer_recipe_tries_out_one_item_in_a_thousand_and_says_so(shop: Shop) -> None:
    campaign = shop.deployed(recipe=V2)
    shop.put(*NEW)
    shop.room.wait(HOURS)
    answers = [shop.program.recommend(campaign, f"x{user}", numResults=20) for user in range(400)]
    tried = [item for answer in answers for item in answer if item["itemId"] in NEW]
    assert 1 <= len(tried) <= 25  # 8 of 8000
    assert all(item["reason"] == ["Exploration"] and item["score"] > 0 for item in tried)
    assert not any("reason" in item for answer in answers for item in answer if item not in tried)
    for answer in answers:
        scores = [item["score"] for item in answer]
        assert scores == sorted(scores, reverse=True)
        assert sum(scores) <= 1.000001
        assert len(answer) == len({item["itemId"] for item in answer}) == 20


def test_the_newer_recipe_takes_no_settings(shop: Shop) -> None:
    _, version = shop.version(V2)
    assert refused(shop.campaign, version=version, weight=0.3) == (
        "InvalidInputException",
        400,
        f"itemExplorationConfig is not supported by recipe {V2}.",
    )


def test_the_same_data_clock_and_seed_give_the_same_answers_in_any_process(small: MakeSmall) -> None:
    def run(asking: bool) -> list[list[str]]:
        shop = open_shop(small())
        campaign = shop.deployed(0.4)
        for item in NEW:
            shop.put(item)
            shown(shop, 2, impression=["a1", "new-b0", "b5"])
            shop.room.wait(HOURS / 2)
            if asking:  # updates that are made one by one
                shop.ids(campaign)
        shop.room.wait(HOURS)
        return shop.answers(campaign, 40)

    assert run(asking=True) == run(asking=False)


def test_another_seed_tries_out_other_items(small: MakeSmall) -> None:
    found = []
    for seed in (0, 1):
        shop = open_shop(small(seed=seed))
        campaign = shop.deployed(0.4)
        shop.put(*NEW)
        shop.room.wait(HOURS)
        found.append([[item for item in answer if item in NEW] for answer in shop.answers(campaign)])
    assert found[0] != found[1]


def test_a_server_that_starts_again_answers_as_before(small: MakeSmall, tmp_path: Any) -> None:
    clock = 1_700_200_000.0
    shop = open_shop(small(data=tmp_path / "data", clock=clock))
    campaign = shop.deployed(0.4)
    shop.put(*NEW[:4])
    shop.room.wait(HOURS)
    shop.put(*NEW[4:])
    before = shop.answers(campaign, 40)
    shop.room.server.stop()
    account = shop.program.account
    again = small(data=tmp_path / "data", clock=clock + HOURS)
    program = Program(again.server.url, account=account, folder=again.folder)
    assert [
        [item["itemId"] for item in program.recommend(campaign, f"u{user}", numResults=40)] for user in range(30)
    ] == before


SHOP_INTERACTIONS = avro(
    "Interactions", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"), ("EVENT_TYPE", "string")
)


def test_a_use_case_explores_and_hides_what_was_bought(small: MakeSmall) -> None:
    room = small()
    personalize, program = room.program.personalize, room.program
    group = personalize.create_dataset_group(name="shop", domain="ECOMMERCE")["datasetGroupArn"]
    schema = personalize.create_schema(name="s", schema=SHOP_INTERACTIONS, domain="ECOMMERCE")["schemaArn"]
    given = {"datasetGroupArn": group, "datasetType": "INTERACTIONS"}
    dataset = personalize.create_dataset(name="d", schemaArn=schema, **given)["datasetArn"]
    rows = [line.rpartition(",")[0].rpartition(",")[0] for line in interactions_csv(kind="View").splitlines()]
    assert program.load(dataset, "\n".join(rows))["status"] == "ACTIVE"
    tracking = program.tracker(group)
    recommender = personalize.create_recommender(
        name="you",
        datasetGroupArn=group,
        recipeArn="arn:aws:personalize:::recipe/aws-ecomm-recommended-for-you",
        recommenderConfig={"itemExplorationConfig": {"explorationWeight": "1"}},
    )["recommenderArn"]

    def ids() -> set[str]:
        answer = program.runtime.get_recommendations(recommenderArn=recommender, userId="u0", numResults=500)
        assert all(set(item) == {"itemId"} for item in answer["itemList"])
        return {item["itemId"] for item in answer["itemList"]}

    program.send(tracking, "s", "new-a0", user="u0", kind="Purchase")
    program.send(tracking, "s", "new-a1", user="u1", kind="Purchase")
    room.wait(HOURS - 1)
    assert not ids() & {"new-a0", "new-a1"}
    room.wait(1)
    assert ids() & {"new-a0", "new-a1"} == {"new-a1"}
    config = {"itemExplorationConfig": {"explorationWeight": "0"}}
    personalize.update_recommender(recommenderArn=recommender, recommenderConfig=config)
    assert not ids() & {"new-a0", "new-a1"}
