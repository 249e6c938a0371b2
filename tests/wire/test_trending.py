"""Trends over the wire: they move with the clock and the events, without a new training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Small

from .program import avro

CLOCK = 1_700_200_000.0
HOUR = 3600.0
TRENDING = "arn:aws:personalize:::recipe/aws-trending-now"
INTERACTIONS = avro(
    "Interactions",
    ("USER_ID", "string"),
    ("ITEM_ID", "string"),
    ("TIMESTAMP", "long"),
    ("EVENT_TYPE", "string"),
    ("EVENT_VALUE", ["float", "null"]),
)
ITEMS = avro("Items", ("ITEM_ID", "string"), {"name": "GENRE", "type": ["null", "string"], "categorical": True})


class Square:
    """A group whose items p0, p1, … have ever fewer interactions, of long ago but for one with each of p7 and p8."""

    def __init__(self, small: Small, domain: str | None = None) -> None:
        self.small, self.program = small, small.program
        self.control = self.program.personalize
        more = {} if domain is None else {"domain": domain}
        self.group = self.control.create_dataset_group(name="square", **more)["datasetGroupArn"]
        rows = [
            f"u{user},p{item},{CLOCK - 1_000_000 + user:.0f},watch,1"
            for user in range(30)
            for item in range(9 - user % 9)
        ]
        rows += [f"u1,p7,{CLOCK - 60:.0f},watch,1", f"u1,p8,{CLOCK - 60:.0f},watch,1"]
        self._load("INTERACTIONS", INTERACTIONS, ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE", *rows], more)
        self.tracking = self.program.tracker(self.group)

    def _load(self, kind: str, text: str, rows: list[str], more: dict[str, Any]) -> None:
        schema = self.control.create_schema(name=f"square-{kind}", schema=text, **more)["schemaArn"]
        dataset = self.control.create_dataset(name=kind, schemaArn=schema, datasetGroupArn=self.group, datasetType=kind)
        job = self.program.load(dataset["datasetArn"], "\n".join(rows) + "\n", job=f"square-{kind}")
        assert job["status"] == "ACTIVE", job

    def items(self, *rows: str) -> None:
        self._load("ITEMS", ITEMS, ["ITEM_ID,GENRE", *rows], {})

    def campaign(self, frequency: str = "1 hour", name: str = "trend", config: Any = None, **more: Any) -> str:
        features = {"featureTransformationParameters": {"trend_discovery_frequency": frequency}}
        solution = self.program.solution(
            self.group, name, TRENDING, solutionConfig={**features, **(config or {})}, **more
        )
        return self.program.campaign(self.program.version(solution), name)

    def send(self, item: str, count: int = 1, *, ago: float = 0.0, kind: str = "watch", **more: Any) -> None:
        now = self.small.server.emulator.clock.now()
        for number in range(count):
            event = {"eventType": kind, "itemId": item, "sentAt": now - ago, **more}
            self.program.events.put_events(
                trackingId=self.tracking, sessionId="s", userId=f"visitor{number}", eventList=[event]
            )

    def top(self, campaign: str, k: int = 3, **more: Any) -> list[str]:
        return [item["itemId"] for item in self.program.recommend(campaign, numResults=k, **more)]


def test_trends_follow_the_events_at_every_interval(small: Callable[..., Small]) -> None:
    square = Square(small())
    campaign = square.campaign()
    versions = square.control.list_solution_versions()["solutionVersions"]
    assert square.top(campaign) == ["p7", "p8", "p0"]
    square.send("p5", 3)
    square.send("brand new", 2)
    square.small.wait(HOUR - 1)
    assert square.top(campaign) == ["p7", "p8", "p0"], "not before the interval is over"
    square.small.wait(1)
    assert square.top(campaign) == ["p5", "brand new", "p0"]
    square.send("p6", 2)
    assert square.top(campaign) == ["p5", "brand new", "p0"]
    square.small.wait(HOUR)
    square.send("p3", 5, ago=600)
    square.send("p4", 5)
    assert square.top(campaign, 2) == ["p6", "p0"], "what comes after a look counts at the next, whoever asks when"
    square.small.wait(HOUR)
    assert square.top(campaign, 2) == ["p4", "p0"]
    square.small.wait(2 * HOUR)
    assert square.top(campaign, 2) == ["p0", "p1"], "nothing happened in two intervals"
    assert "brand new" in square.top(campaign, 500)
    assert square.top(campaign, userId="anybody") == square.top(campaign)
    assert square.control.list_solution_versions()["solutionVersions"] == versions


@pytest.mark.parametrize(("frequency", "wait"), [("30 minutes", 1800.0), ("1 day", 7200.0)])
def test_long_intervals_are_looked_at_every_two_hours(small: Callable[..., Small], frequency: str, wait: float) -> None:
    square = Square(small())
    campaign = square.campaign(frequency)
    square.send("p5", 3)
    square.small.wait(wait - 1)
    assert square.top(campaign, 1) == ["p7"]
    square.small.wait(1)
    assert square.top(campaign, 1) == ["p5"]


def test_what_the_solution_does_not_learn_from_and_what_is_repeated_makes_no_trend(small: Callable[..., Small]) -> None:
    square = Square(small())
    config = {"eventValueThreshold": "1"}
    campaign = square.campaign(config=config, eventType="watch")
    plain = square.campaign(name="plain")
    square.send("p1", 9, kind="click", properties='{"eventValue": 5}')
    square.send("p2", 8, properties='{"eventValue": 0.5}')
    square.send("p3", 6, properties='{"eventValue": 1}')
    square.send("p4", 7, eventId="said once", properties='{"eventValue": 1}')
    for _ in range(9):  # no id, but the same in all
        now = square.small.server.emulator.clock.now()
        square.program.events.put_events(
            trackingId=square.tracking,
            sessionId="s",
            userId="one",
            eventList=[{"eventType": "watch", "itemId": "p5", "sentAt": now}],
        )
    for number in range(9):  # nobody's
        now = square.small.server.emulator.clock.now()
        square.program.events.put_events(
            trackingId=square.tracking,
            sessionId="nobody",
            eventList=[{"eventType": "watch", "itemId": "p6", "sentAt": now + number}],
        )
    square.small.wait(HOUR)
    assert square.top(campaign, 2) == ["p3", "p4"]
    assert square.top(plain, 5) == ["p1", "p2", "p3", "p4", "p5"]


def test_filters_and_metadata_know_the_items_that_have_come_up(small: Callable[..., Small]) -> None:
    square = Square(small())
    campaign = square.campaign()
    square.items("p0,opera", "p5,crime", "later,opera", "late,crime")
    square.control.update_campaign(campaignArn=campaign, campaignConfig={"enableMetadataWithRecommendations": True})
    made = [
        square.control.create_filter(name=name, datasetGroupArn=square.group, filterExpression=expression)["filterArn"]
        for name, expression in (
            ("crime", 'INCLUDE ItemID WHERE Items.GENRE IN ("crime")'),
            ("no-crime", 'EXCLUDE ItemID WHERE Items.GENRE IN ("crime")'),
        )
    ]
    assert square.top(campaign, 9, filterArn=made[0]) == ["p5"]
    for item in ("late", "later"):
        square.send(item, 3)
        square.small.wait(HOUR)
        assert square.top(campaign, 1) == [item]
        crime, others = (square.top(campaign, 99, filterArn=arn) for arn in made)
        assert crime == (["late", "p5"] if item == "late" else ["p5", "late"])
        assert ("later" in others) is (item == "later")
        assert not {"late", "p5"} & set(others)
    described = square.program.recommend(campaign, metadataColumns={"ITEMS": ["GENRE"]}, numResults=1)
    assert described == [{"itemId": "later", "metadata": {"genre": "opera"}}]


def test_the_use_case_looks_every_two_hours(small: Callable[..., Small]) -> None:
    square = Square(small(), domain="VIDEO_ON_DEMAND")
    made = square.control.create_recommender(
        name="trend", datasetGroupArn=square.group, recipeArn="arn:aws:personalize:::recipe/aws-vod-trending-now"
    )["recommenderArn"]

    def top() -> list[str]:
        found = square.program.runtime.get_recommendations(recommenderArn=made, numResults=2)
        return [item["itemId"] for item in found["itemList"]]

    assert top() == ["p7", "p8"]
    square.send("p5", 3)
    square.send("unheard of", 2)
    square.small.wait(2 * HOUR - 1)
    assert top() == ["p7", "p8"]
    square.small.wait(1)
    assert top() == ["p5", "unheard of"]


def test_a_server_that_comes_back_knows_the_trend(small: Callable[..., Small]) -> None:
    square = Square(small())
    campaign = square.campaign()
    square.send("p5", 3)
    square.send("brand new", 2)
    square.small.wait(1.5 * HOUR)
    square.send("p6", 5)
    before = square.top(campaign, 100)
    square.small.server.emulator.models.clear()
    assert square.top(campaign, 100) == before
    assert before[:2] == ["p5", "brand new"]
