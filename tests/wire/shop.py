"""A shop of which everything is known: what filters, promotions and metadata are tested on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .program import POPULARITY, RANKING, RECIPE, SIMILAR, Program, avro

ITEMS = avro(
    "Items",
    ("ITEM_ID", "string"),
    {"name": "GENRE", "type": ["null", "string"], "categorical": True},
    ("PRICE", ["null", "float"]),
    ("YEAR", ["null", "int"]),
    ("OWNER", ["null", "string"]),
    {"name": "PLOT", "type": ["null", "string"], "textual": True},
    ("ADULT", ["null", "boolean"]),
)
USERS = avro(
    "Users", ("USER_ID", "string"), ("AGE", ["null", "int"]), {"name": "TIER", "type": "string", "categorical": True}
)
INTERACTIONS = avro(
    "Interactions", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"), ("EVENT_TYPE", "string")
)
GENRES = ("drama", "crime|drama", "opera", "")


def items_csv() -> str:
    """Items i0 to i19: four genres in turn, price and year as their number; i19 is in no row."""
    rows = [
        f"i{n},{GENRES[n % 4]},{n}.5,{2000 + n},{'in-house' if n < 5 else 'a|b'},Plot {n},{str(n % 2 > 0).lower()}"
        for n in range(19)
    ]
    return "\n".join(["ITEM_ID,GENRE,PRICE,YEAR,OWNER,PLOT,ADULT", *rows]) + "\n"


def users_csv() -> str:
    """Users u0 to u9; u9 has no age."""
    rows = [f"u{n},{'' if n == 9 else 10 + n},{'gold' if n % 2 else 'free'}" for n in range(10)]
    return "\n".join(["USER_ID,AGE,TIER", *rows]) + "\n"


def interactions_csv() -> str:
    """Each of 40 users clicks on ten items in a row and buys the first two of them."""
    rows = []
    for user in range(40):
        for step in range(10):
            rows.append(f"u{user},i{(user + step) % 20},{1_700_000_000 + user * 100 + step},Click")
        rows += [f"u{user},i{(user + step) % 20},{1_700_050_000 + user},Purchase" for step in range(2)]
    return "\n".join(["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE", *rows]) + "\n"


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A trained group with Items and Users, and a campaign for each recipe."""

    program: Program
    group: str
    tracking: str
    items: str
    users: str
    interactions: str
    personal: str
    ranking: str
    similar: str
    popular: str

    def filter(self, expression: str, name: str | None = None) -> str:
        """The ARN of a new filter."""
        self.program.made = getattr(self.program, "made", 0) + 1
        answer = self.program.personalize.create_filter(
            name=name or f"filter-{self.program.made}", datasetGroupArn=self.group, filterExpression=expression
        )
        return str(answer["filterArn"])

    def ids(self, filter_arn: str, user: str = "u0", campaign: str | None = None, **more: Any) -> set[str]:
        """The items of an answer that has room for all."""
        found = self.program.recommend(campaign or self.personal, user, filterArn=filter_arn, numResults=500, **more)
        return {item["itemId"] for item in found}


def open_shop(program: Program, name: str = "shop") -> Shop:
    """Import, train and deploy."""
    group = program.group(name)
    interactions = program.dataset(group, "INTERACTIONS", INTERACTIONS)
    items, users = program.dataset(group, "ITEMS", ITEMS), program.dataset(group, "USERS", USERS)
    texts = {interactions: interactions_csv(), items: items_csv(), users: users_csv()}
    for number, (dataset, text) in enumerate(texts.items()):
        job = program.load(dataset, text, job=f"{name}-{number}")
        assert job["status"] == "ACTIVE", job

    def campaign(kind: str, recipe: str) -> str:
        solution = program.solution(group, f"{name}-{kind}", recipe)
        config = {"campaignConfig": {"enableMetadataWithRecommendations": True}}
        return program.campaign(program.version(solution), f"{name}-{kind}", **config)

    return Shop(
        program=program,
        group=group,
        tracking=program.tracker(group),
        items=items,
        users=users,
        interactions=interactions,
        personal=campaign("personal", RECIPE),
        ranking=campaign("ranking", RANKING),
        similar=campaign("similar", SIMILAR),
        popular=campaign("popular", POPULARITY),
    )


def properties(**values: Any) -> str:
    """Properties as they travel."""
    return json.dumps(values)
