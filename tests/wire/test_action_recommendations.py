"""Actions over the wire: datasets, campaign, recommendations, filters, expiry and repetition, and every refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from personalize_local.server.serving import BackgroundServer
from tests.conftest import Small, World

from .program import RECIPE as PERSONAL
from .program import Program, Refusal, avro, refused

NEXT_BEST = "arn:aws:personalize:::recipe/aws-next-best-action"
INVALID = "InvalidInputException"
NOW = 1_700_200_000
DAY = 86_400
ACTIONS = avro(
    "Actions",
    ("ACTION_ID", "string"),
    ("VALUE", ["null", "long"]),
    {"name": "CATEGORY", "type": ["null", "string"], "categorical": True},
    {"name": "MEMBERSHIP_LEVEL", "type": ["null", "string"], "categorical": True},
    ("EXPIRATION_TIMESTAMP", ["null", "long"]),
    ("REPEAT_FREQUENCY", ["null", "long"]),
)
ACTION_INTERACTIONS = avro(
    "ActionInteractions",
    ("USER_ID", "string"),
    ("ACTION_ID", "string"),
    ("EVENT_TYPE", "string"),
    ("TIMESTAMP", "long"),
)
USERS = avro("Users", ("USER_ID", "string"), {"name": "MEMBERSHIP", "type": ["null", "string"], "categorical": True})
HEAD = "USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP\n"
ROWS = "ACTION_ID,VALUE,CATEGORY,MEMBERSHIP_LEVEL,EXPIRATION_TIMESTAMP,REPEAT_FREQUENCY\n"
ACTION_ROWS = f"{ROWS}app,3,install,Basic,,\ncard,8,offer,Premium,,\nclub,5,offer,Basic,,\nnew,10,offer,Premium,,\n"
IDS = {"app", "card", "club", "new"}


def items_csv() -> str:
    """Two tastes among 60 users."""
    rows = [
        f"u{user},{'ab'[user % 2]}{(user + step) % 12},{NOW - 90 * DAY + user * 100 + step}"
        for user in range(60)
        for step in range(6)
    ]
    return "\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *rows]) + "\n"


def acts_csv(users: int = 60) -> str:
    """Even users take app and refuse card, odd ones the other way round; half of all take club. All are asked twice."""
    rows = []
    for user in range(users):
        takes = {"app": user % 2 == 0, "card": user % 2 == 1, "club": user % 4 < 2}
        for place, (action, taken) in enumerate(takes.items()):
            for days in (80, 60):
                shown = NOW - (days - 4 * place) * DAY + user
                rows.append(f"u{user},{action},Viewed,{shown}")
                rows.append(f"u{user},{action},{'Taken' if taken else 'Not Taken'},{shown + 3600}")
    return HEAD + "\n".join(rows) + "\n"


@dataclass(kw_only=True)
class Offers:
    """A trained group with all that there is of actions."""

    program: Program
    group: str
    actions: str
    acts: str
    tracking: str
    acts_tracking: str
    campaign: str
    made: int = 0

    def ask(self, user: str = "u0", **more: Any) -> list[dict[str, Any]]:
        given = {"campaignArn": self.campaign, "userId": user, "numResults": 100, **more}
        return list(self.program.runtime.get_action_recommendations(**given)["actionList"])

    def ids(self, user: str = "u0", **more: Any) -> set[str]:
        return {action["actionId"] for action in self.ask(user, **more)}

    def scores(self, user: str = "u0", **more: Any) -> dict[str, float]:
        return {action["actionId"]: action["score"] for action in self.ask(user, **more)}

    def filter(self, expression: str) -> str:
        self.made += 1
        answer = self.program.personalize.create_filter(
            name=f"filter-{self.made}", datasetGroupArn=self.group, filterExpression=expression
        )
        return str(answer["filterArn"])

    def refusal(self, **params: Any) -> Refusal:
        return refused(self.program.runtime.get_action_recommendations, **params)

    def send(self, action: str, kind: str = "Taken", user: str | None = None, at: float = NOW, **more: Any) -> None:
        given = {"actionId": action, "sessionId": "visit", "timestamp": at, "eventType": kind, **more}
        given |= {} if user is None else {"userId": user}
        self.program.events.put_action_interactions(trackingId=self.acts_tracking, actionInteractions=[given])

    def put(self, action: str, **values: Any) -> None:
        record = {"actionId": action, "properties": json.dumps({"value": 1, **values})}
        self.program.events.put_actions(datasetArn=self.actions, actions=[record])


def offers(program: Program, acts: str | None = None) -> Offers:
    """Import, train and deploy."""
    group = program.group("offers")
    texts = {"ACTIONS": ACTIONS, "ACTION_INTERACTIONS": ACTION_INTERACTIONS, "USERS": USERS}
    plain = avro("Interactions", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"))
    datasets = {kind: program.dataset(group, kind, text) for kind, text in {"INTERACTIONS": plain, **texts}.items()}
    contents = {
        "INTERACTIONS": items_csv(),
        "ACTIONS": ACTION_ROWS,
        "ACTION_INTERACTIONS": acts_csv() if acts is None else acts,
        "USERS": "USER_ID,MEMBERSHIP\nu0,Gold\nu1,Silver\n",
    }
    for number, (kind, content) in enumerate(contents.items()):
        if content:
            job = program.load(datasets[kind], content, job=f"offers-{number}")
            assert job["status"] == "ACTIVE", job
    found = program.personalize.describe_dataset(datasetArn=datasets["ACTION_INTERACTIONS"])["dataset"]
    return Offers(
        program=program,
        group=group,
        actions=datasets["ACTIONS"],
        acts=datasets["ACTION_INTERACTIONS"],
        tracking=program.tracker(group),
        acts_tracking=found["trackingId"],
        campaign=program.campaign(program.version(program.solution(group, "next", NEXT_BEST)), "next"),
    )


@pytest.fixture(scope="module")
def shop(server: BackgroundServer) -> Offers:
    """For tests that change nothing, but for users of their own."""
    return offers(Program(server.url))


# Answers


def test_users_get_the_actions_they_are_likely_to_take(shop: Offers) -> None:
    even, odd = shop.scores("u0"), shop.scores("u1")
    assert set(even) == set(odd) == IDS
    assert even["app"] > 0.5 > even["card"]
    assert odd["card"] > 0.5 > odd["app"]
    for answer in (even, odd):
        assert answer["new"] == 0.0, "nobody has seen it"
        assert list(answer.values()) == sorted(answer.values(), reverse=True)
        assert all(score == round(score, 7) and 0 <= score <= 1 for score in answer.values())


def test_an_answer_has_ids_scores_and_a_recommendation_id(shop: Offers) -> None:
    answer = shop.program.runtime.get_action_recommendations(campaignArn=shop.campaign, userId="u0", numResults=2)
    assert [sorted(action) for action in answer["actionList"]] == [["actionId", "score"]] * 2
    assert answer["recommendationId"].startswith("RID-")
    again = shop.program.runtime.get_action_recommendations(campaignArn=shop.campaign, userId="u0", numResults=2)
    assert again["actionList"] == answer["actionList"]
    assert again["recommendationId"] != answer["recommendationId"]


def test_strangers_get_the_share_in_which_each_action_was_taken(shop: Offers) -> None:
    found = shop.scores("a stranger")
    assert [found[action] for action in ("app", "card", "club")] == pytest.approx([0.5] * 3, abs=0.02)
    assert list(found) == ["card", "club", "app", "new"], "of equals the one of higher value is first"


def test_metrics_are_those_of_actions(shop: Offers) -> None:
    version = shop.program.personalize.list_solution_versions()["solutionVersions"][0]["solutionVersionArn"]
    metrics = shop.program.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    gains = [f"normalized_discounted_cumulative_gain_at_{cut}" for cut in (5, 10, 25)]
    assert set(metrics) == {"area_under_the_curve", "coverage", "precision", "recall", *gains}


def test_events_with_items_and_with_actions_move_the_next_answer(shop: Offers) -> None:
    before = shop.scores("mover")
    shop.program.send(shop.tracking, "s1", *[f"a{2 * n}" for n in range(6)], user="mover")
    items = shop.scores("mover")
    assert items["app"] > before["app"]
    assert items["card"] < before["card"]
    shop.send("card", user="mover")
    acted = shop.scores("mover")
    assert acted != items
    assert shop.scores("a stranger") == before
    shop.send("card", sessionId="session-9")
    assert shop.scores("session-9") != before


@pytest.mark.parametrize(("given", "count"), [({}, 4), ({"numResults": 0}, 4), ({"numResults": 3}, 3)])
def test_as_many_as_asked_for(shop: Offers, given: dict[str, int], count: int) -> None:
    runtime = shop.program.runtime
    answer = runtime.get_action_recommendations(campaignArn=shop.campaign, userId="u0", **given)
    assert len(answer["actionList"]) == count


# Filters

CASES: list[tuple[str, dict[str, str], set[str]]] = [
    ("INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ($TYPE)", {"TYPE": '"taken"'}, {"app", "club"}),
    ("INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ($TYPE)", {"TYPE": '"Not Taken"'}, {"card"}),
    ('EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("NOT_TAKEN")', {}, IDS - {"card"}),
    ("EXCLUDE ActionID WHERE Actions.CATEGORY IN ($CATEGORY)", {"CATEGORY": '"offer"'}, {"app"}),
    ("EXCLUDE ActionID WHERE Actions.CATEGORY IN ($CATEGORY)", {}, IDS),
    ("INCLUDE ActionID WHERE Actions.VALUE > ($VALUE)", {"VALUE": "5"}, {"card", "new"}),
    (
        'INCLUDE ActionID WHERE Action.MEMBERSHIP_LEVEL IN ("Premium") IF CurrentUser.MEMBERSHIP = $PREMIUM',
        {"PREMIUM": '"Gold"'},
        {"card", "new"},
    ),
    (
        'INCLUDE ActionID WHERE Action.MEMBERSHIP_LEVEL IN ("Premium") IF CurrentUser.MEMBERSHIP = $PREMIUM',
        {"PREMIUM": '"Silver"'},
        IDS,
    ),
    (
        "EXCLUDE ActionID WHERE Actions.VALUE < ($VALUE) IF CurrentUser.MEMBERSHIP = $PREMIUM",
        {"VALUE": "6", "PREMIUM": '"Gold"'},
        {"card", "new"},
    ),
]


@pytest.mark.parametrize(("expression", "values", "kept"), CASES)
def test_filters_of_the_guide(shop: Offers, expression: str, values: dict[str, str], kept: set[str]) -> None:
    arn = shop.filter(expression)
    plain = shop.scores()
    found = shop.scores(filterArn=arn, filterValues=values)
    assert found == {action: plain[action] for action in plain if action in kept}
    shop.program.personalize.delete_filter(filterArn=arn)


def test_streamed_interactions_are_filtered_at_once(shop: Offers) -> None:
    arn = shop.filter('EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("Not Taken")')
    assert shop.ids("decliner", filterArn=arn) == IDS
    shop.send("club", "Not taken", user="decliner")
    assert shop.ids("decliner", filterArn=arn) == IDS - {"club"}
    shop.program.personalize.delete_filter(filterArn=arn)


# Actions as they change


def test_an_expired_action_is_not_recommended(small: Callable[..., Small]) -> None:
    made = small(clock=float(NOW))
    shop = offers(made.program)
    assert shop.ids() == IDS
    shop.put("app", expirationTimestamp=NOW + 3 * DAY)
    assert shop.ids() == IDS
    made.wait(4 * DAY)
    assert shop.ids() == shop.ids("a stranger") == IDS - {"app"}
    shop.put("app")
    shop.put("card", expirationTimestamp=NOW)
    assert shop.ids() == IDS - {"card"}
    made.program.load(shop.actions, f"{ROWS}club,1,,,{NOW},\n", job="later", importMode="INCREMENTAL")
    assert shop.ids() == IDS - {"card", "club"}


def test_an_action_comes_again_when_its_days_are_over(small: Callable[..., Small]) -> None:
    made = small(clock=float(NOW))
    shop = offers(made.program)
    shop.put("app", repeatFrequency=10)
    shop.put("club", repeatFrequency=30)
    assert shop.ids("u0") == shop.ids("another") == IDS, "what was imported is longer ago"
    for number, kind in enumerate(("Viewed", "Not Taken", "Taken")):
        shop.send("app", kind, user=f"another-{number}")
        assert shop.ids(f"another-{number}") == IDS - {"app"}
    shop.send("app", user="u0", at=NOW - 4 * DAY)
    shop.send("card", user="u0")
    assert shop.ids("u0") == IDS - {"app"}
    made.wait(5 * DAY)
    assert shop.ids("u0") == IDS - {"app"}
    made.wait(1 * DAY)
    assert shop.ids("u0") == IDS
    made.program.load(shop.acts, f"{HEAD}u0,club,Viewed,{NOW}\n", job="later", importMode="INCREMENTAL")
    assert shop.ids("u0") == IDS - {"club"}
    made.wait(25 * DAY)
    assert shop.ids("u0") == IDS


def test_a_new_action_waits_for_the_next_training_which_learns_what_was_streamed(small: Callable[..., Small]) -> None:
    made = small(clock=float(NOW))
    shop = offers(made.program)
    shop.put("gift")
    for user in range(6):
        shop.send("gift", "Taken" if user % 2 else "Not Taken", user=f"u{user}")
    assert shop.ids() == IDS
    before = shop.scores("u1")
    version = made.program.version(made.program.personalize.list_solutions()["solutions"][0]["solutionArn"])
    made.program.personalize.update_campaign(campaignArn=shop.campaign, solutionVersionArn=version)
    made.wait(DAY)
    after = shop.scores("u1")
    assert set(after) == {*IDS, "gift"}
    assert after["gift"] > 0
    assert before != {action: score for action, score in after.items() if action != "gift"}
    # What the new model was trained on does not count twice; what comes now does.
    shop.send("gift", "Not Taken", user="u1")
    assert shop.scores("u1")["gift"] < after["gift"]


def test_without_action_interactions_all_scores_are_zero_and_values_decide(program: Program) -> None:
    shop = offers(program, acts="")
    assert list(shop.scores().items()) == [("new", 0.0), ("card", 0.0), ("club", 0.0), ("app", 0.0)]
    shop.send("app", user="u0")
    assert set(shop.scores().values()) == {0.0}


# Refusals


def test_a_campaign_is_wanted_that_is_there(shop: Offers, program: Program) -> None:
    assert shop.refusal(userId="u0") == (INVALID, 400, "campaignArn is required.")
    for arn in (
        shop.program.arn("campaign/none"),
        shop.campaign.replace("us-east-1", "eu-west-1"),
        shop.campaign.replace(shop.program.account, program.account),
    ):
        unknown = ("ResourceNotFoundException", 404, f"Resource Arn {arn} does not exist.")
        assert shop.refusal(userId="u0", campaignArn=arn) == unknown
    wrong = shop.program.arn("recommender/none")
    text = f"Invalid ARN for campaignArn: {wrong}."
    assert shop.refusal(userId="u0", campaignArn=wrong) == (INVALID, 400, text)


@pytest.mark.parametrize("user", [{}, {"userId": ""}], ids=["missing", "empty"])
def test_a_user_is_wanted(shop: Offers, user: dict[str, str]) -> None:
    text = f"userId is required for recipe {NEXT_BEST}."
    assert shop.refusal(campaignArn=shop.campaign, **user) == (INVALID, 400, text)


def test_more_than_a_hundred_are_too_many(shop: Offers) -> None:
    found = shop.refusal(campaignArn=shop.campaign, userId="u0", numResults=101)
    assert found == (INVALID, 400, "numResults must be at most 100.")


def test_each_recipe_answers_its_own_operation(shop: Offers, world: World) -> None:
    found = refused(world.program.runtime.get_action_recommendations, campaignArn=world.personal, userId="u0")
    assert found == (INVALID, 400, f"Recipe {PERSONAL} does not support GetActionRecommendations.")
    found = refused(shop.program.runtime.get_recommendations, campaignArn=shop.campaign, userId="u0")
    assert found == (INVALID, 400, f"Recipe {NEXT_BEST} does not support GetRecommendations.")


def test_filters_that_a_request_may_not_use(shop: Offers) -> None:
    def refusal(arn: str, **more: Any) -> Refusal:
        return shop.refusal(campaignArn=shop.campaign, userId="u0", filterArn=arn, **more)

    missing = shop.program.arn("filter/none")
    unknown = ("ResourceNotFoundException", 404, f"Resource Arn {missing} does not exist.")
    assert refusal(missing) == unknown
    users = shop.filter('INCLUDE UserID WHERE Users.MEMBERSHIP IN ("Gold")')
    text = f"Filter {users} chooses by UserID; GetActionRecommendations takes filters by ActionID."
    assert refusal(users) == (INVALID, 400, text)
    valued = shop.filter("INCLUDE ActionID WHERE Actions.VALUE > $LEAST")
    assert refusal(valued) == (INVALID, 400, "Missing value for filter parameter LEAST.")
    assert refusal(valued, filterValues={"LEAST": '"much"'})[:2] == (INVALID, 400)
    for arn in (users, valued):
        shop.program.personalize.delete_filter(filterArn=arn)
