"""Semantic similarity over the wire: ranking influence, and items that change without a new training."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.conftest import Small

from .program import ROLE, avro

MINUTE = 60.0
CLOCK = 1_700_200_000.0
SEMANTIC = "arn:aws:personalize:::recipe/aws-semantic-similarity"
ITEMS = avro(
    "Items",
    ("ITEM_ID", "string"),
    {"name": "TITLE", "type": "string", "itemName": True},
    {"name": "ABOUT", "type": ["null", "string"], "textual": True},
    {"name": "GENRE", "type": ["null", "string"], "categorical": True},
    ("CREATION_TIMESTAMP", "long"),
)
TEXTS = {
    "asked": "salt sea ships harbour sailors",
    "near": "salt sea ships harbour bread",
    "new": "salt sea ships oven flour",
    "hit": "salt sea oven flour bread",
    "other": "garden flowers bees honey",
    "else": "garden flowers spade",
}
HEADER = "ITEM_ID,TITLE,ABOUT,GENRE,CREATION_TIMESTAMP"


def row(name: str, text: str, day: int = 0) -> str:
    return f"{name},The {name},{text},book,{1_600_000_000 + day * 86_400}"


class Shelf:
    """Books; "new" was made last, "hit" is had by most."""

    def __init__(self, small: Small) -> None:
        self.small, self.program = small, small.program
        self.control = self.program.personalize
        self.group = self.program.group("shelf")
        self.items = self.program.dataset(self.group, "ITEMS", ITEMS)
        self.load([row(name, text, 100 * (name == "new")) for name, text in TEXTS.items()])
        events = [f"u{user},{'hit' if user else 'near'},1600000000,watch,1,tv" for user in range(30)]
        interactions = self.program.dataset(self.group)
        header = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE"
        self.program.load(interactions, "\n".join([header, *events]) + "\n", job="events")

    def load(self, rows: list[str], job: str = "items", **more: Any) -> None:
        done = self.program.load(self.items, "\n".join([HEADER, *rows]) + "\n", job=job, **more)
        assert done["status"] == "ACTIVE", done

    def campaign(self, name: str, config: dict[str, Any] | None = None, **more: Any) -> str:
        solution = self.program.solution(self.group, name, SEMANTIC, **more)
        given = {} if config is None else {"campaignConfig": config}
        return self.program.campaign(self.program.version(solution), name, **given)

    def put(self, name: str, text: str, title: str | None = None) -> None:
        values = {"title": title or name, "about": text, "genre": "book", "creationTimestamp": int(CLOCK)}
        self.program.events.put_items(datasetArn=self.items, items=[{"itemId": name, "properties": json.dumps(values)}])

    def like(self, campaign: str, item: str = "asked", k: int = 3, **more: Any) -> list[str]:
        return [one["itemId"] for one in self.program.recommend(campaign, itemId=item, numResults=k, **more)]


def test_ranking_influence_counts_from_the_campaign_and_its_update(small: Callable[..., Small]) -> None:
    shelf = Shelf(small())
    plain = shelf.campaign("plain")
    fresh = shelf.campaign("fresh", {"rankingInfluence": {"FRESHNESS": 1.0}})
    assert shelf.like(plain) == ["near", "new", "hit"]
    assert shelf.like(fresh, k=1) == ["new"]
    shelf.control.update_campaign(campaignArn=plain, campaignConfig={"rankingInfluence": {"POPULARITY": 1.0}})
    assert shelf.like(plain, k=1) == ["hit"]
    shelf.control.update_campaign(campaignArn=plain, campaignConfig={"rankingInfluence": {"POPULARITY": 0.0}})
    assert shelf.like(plain) == ["near", "new", "hit"]


def test_items_that_change_are_taken_in_every_half_hour_where_that_is_asked_for(small: Callable[..., Small]) -> None:
    shelf = Shelf(small())
    moving = shelf.campaign("moving", performIncrementalUpdate=True)
    resting = shelf.campaign("resting")
    book = shelf.control.create_filter(
        name="books", datasetGroupArn=shelf.group, filterExpression='INCLUDE ItemID WHERE Items.GENRE IN ("book")'
    )["filterArn"]
    before = ["near", "new", "hit"]
    shelf.small.wait(10 * MINUTE)
    shelf.put("added", "harbour sailors salt sea ships")
    shelf.put("near", "garden spade")
    shelf.small.wait(20 * MINUTE - 1)
    assert shelf.like(moving) == before
    shelf.small.wait(1)
    # What comes after a look waits for the next one, whoever asks when.
    shelf.put("late", "sailors harbour ships sea salt")
    shelf.load([row("imported", "harbour bees ships")], "more", importMode="INCREMENTAL")
    assert shelf.like(moving) == ["added", "new", "hit"]
    assert shelf.like(moving, "added", 1) == ["asked"]
    assert shelf.like(moving, "near", 1) == ["else"]
    assert shelf.like(moving, filterArn=book) == ["added", "new", "hit"]
    titles = shelf.program.recommend(moving, itemId="asked", numResults=1, metadataColumns={"ITEMS": ["TITLE"]})
    assert titles == [{"itemId": "added", "metadata": {"title": "added"}}]
    shelf.small.wait(30 * MINUTE)
    assert shelf.like(moving) == ["added", "late", "imported"]
    # An import of all that was imported is a change too: what is not in it has gone.
    shelf.load([row(name, text) for name, text in TEXTS.items() if name != "new"], "whole")
    shelf.small.wait(30 * MINUTE)
    assert shelf.like(moving, k=4) == ["added", "late", "near", "hit"]
    assert shelf.like(resting) == before
    versions = shelf.control.list_solution_versions()["solutionVersions"]
    assert len(versions) == 2


def test_freshness_and_popularity_wait_for_a_training(small: Callable[..., Small]) -> None:
    shelf = Shelf(small())
    config = {"rankingInfluence": {"FRESHNESS": 1.0}}
    moving = shelf.campaign("moving", config, performIncrementalUpdate=True)
    shelf.put("added", "salt garden")
    shelf.small.wait(30 * MINUTE)
    assert shelf.like(moving, k=1) == ["new"]
    version = shelf.program.version(shelf.program.arn("solution/moving"))
    shelf.control.update_campaign(campaignArn=moving, solutionVersionArn=version)
    assert shelf.like(moving, k=1) == ["added"]


def test_the_names_of_items_say_what_they_are_like(small: Callable[..., Small]) -> None:
    shelf = Shelf(small())
    for number, name in enumerate(("Ringing bells", "Bells of spring")):
        shelf.put(f"named{number}", "", name)
    moving = shelf.campaign("moving", performIncrementalUpdate=True)
    assert shelf.like(moving, "named0", 1) == ["named1"]
    shelf.put("later", "", "Ringing spring")
    shelf.small.wait(30 * MINUTE)
    assert set(shelf.like(moving, "later", 2)) == {"named0", "named1"}


def test_ranking_influence_counts_in_batch_and_new_texts_do_not(small: Callable[..., Small]) -> None:
    shelf = Shelf(small())
    program = shelf.program
    version = program.version(program.solution(shelf.group, "batch", SEMANTIC))
    shelf.put("later", "salt sea ships harbour sailors")
    shelf.small.wait(31 * MINUTE)

    def like(**config: Any) -> list[str]:
        name = f"job-{len(config)}"
        source = program.put(f"{name}.json", '{"itemId": "asked"}\n')
        program.personalize.create_batch_inference_job(
            jobName=name,
            solutionVersionArn=version,
            jobInput={"s3DataSource": {"path": source}},
            jobOutput={"s3DataDestination": {"path": f"s3://{program.bucket}/out/"}},
            roleArn=ROLE,
            numResults=3,
            **({"batchInferenceJobConfig": config} if config else {}),
        )
        output = (shelf.small.folder / program.bucket / "out" / f"{name}.json.out").read_text()
        return list(json.loads(output)["output"]["recommendedItems"])

    assert like() == ["near", "new", "hit"]
    assert like(rankingInfluence={"FRESHNESS": 1.0})[0] == "new"
