"""What stands before a call is refused: two custom groups, one of a domain, and trained versions of each sort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.wire.program import INTERACTIONS, ROLE, USERS, Program, avro, interactions_csv

INVALID, UNKNOWN = "InvalidInputException", "ResourceNotFoundException"
TAKEN, IN_USE, LIMIT = "ResourceAlreadyExistsException", "ResourceInUseException", "LimitExceededException"

ITEMS = avro(
    "Items",
    ("ITEM_ID", "string"),
    {"name": "GENRE", "type": ["null", "string"], "categorical": True},
    ("PRICE", "float"),
    ("STOCK", ["null", "int"]),
    ("TITLE", "string"),
    {"name": "PLOT", "type": ["null", "string"], "textual": True},
    ("SOLD", ["null", "boolean"]),
)
ACTIONS = avro("Actions", ("ACTION_ID", "string"), {"name": "KIND", "type": "string", "categorical": True})
SHOP_INTERACTIONS = avro(
    "Interactions", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"), ("EVENT_TYPE", "string")
)


def recipe(name: str) -> str:
    """The ARN of a recipe."""
    return f"arn:aws:personalize:::recipe/aws-{name}"


def items_csv() -> str:
    """The catalogue of both tastes."""
    rows = [f"{taste}{item},{taste},{item}.5,1,title,plot {taste},true" for taste in "ab" for item in range(20)]
    return "\n".join(["ITEM_ID,GENRE,PRICE,STOCK,TITLE,PLOT,SOLD", *rows]) + "\n"


@dataclass(frozen=True, kw_only=True)
class World:
    """ARNs of an account. ``bare`` is a group without datasets, ``shop`` one of the domain ECOMMERCE."""

    program: Program
    group: str
    bare: str
    shop: str
    personal: str
    """A solution of aws-user-personalization."""
    versions: dict[str, str]
    """A trained version by the name of its recipe, without ``aws-``."""
    campaign: str
    recommender: str
    filters: dict[str, str]
    attribution: str

    def arn(self, tail: str) -> str:
        """An ARN of the account."""
        return self.program.arn(tail)


def build(program: Program) -> World:
    """Make it all."""
    client = program.personalize
    group = program.group("full")
    for kind, text, content in (
        ("INTERACTIONS", INTERACTIONS, interactions_csv()),
        ("ITEMS", ITEMS, items_csv()),
        ("USERS", USERS, None),
    ):
        dataset = program.dataset(group, kind, text)
        if content is not None:
            assert program.load(dataset, content, job=f"load-{kind}")["status"] == "ACTIVE"
    bare = program.group("bare")
    shop, recommender = _shop(program)
    solutions = {
        name: program.solution(group, name, recipe(name))
        for name in ("user-personalization", "popularity-count", "similar-items", "item-affinity")
    }
    versions = {name: program.version(arn) for name, arn in solutions.items()}
    metrics = [{"eventType": "watch", "metricName": "taken", "expression": "SAMPLECOUNT()"}]
    return World(
        program=program,
        group=group,
        bare=bare,
        shop=shop,
        personal=solutions["user-personalization"],
        versions=versions,
        campaign=program.campaign(versions["user-personalization"]),
        recommender=recommender,
        filters=_filters(program, group, shop),
        attribution=client.create_metric_attribution(
            name="figures", datasetGroupArn=group, metrics=metrics, metricsOutputConfig={"roleArn": ROLE}
        )["metricAttributionArn"],
    )


def _shop(program: Program) -> tuple[str, str]:
    client = program.personalize
    shop = client.create_dataset_group(name="shop", domain="ECOMMERCE")["datasetGroupArn"]
    schema = client.create_schema(name="shop", schema=SHOP_INTERACTIONS, domain="ECOMMERCE")["schemaArn"]
    dataset = client.create_dataset(name="d", schemaArn=schema, datasetGroupArn=shop, datasetType="INTERACTIONS")[
        "datasetArn"
    ]
    assert program.load(dataset, interactions_csv(kind="View"), job="load-shop")["status"] == "ACTIVE"
    made: dict[str, Any] = client.create_recommender(
        name="viewed", datasetGroupArn=shop, recipeArn=recipe("ecomm-popular-items-by-views")
    )
    return shop, made["recommenderArn"]


def _filters(program: Program, group: str, shop: str) -> dict[str, str]:
    given = {
        "items": (group, 'INCLUDE ItemID WHERE Items.GENRE IN ("a")'),
        "users": (group, 'INCLUDE UserID WHERE Users.AGE IN ("a")'),
        "foreign": (shop, 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("View")'),
    }
    return {
        name: program.personalize.create_filter(name=name, datasetGroupArn=owner, filterExpression=text)["filterArn"]
        for name, (owner, text) in given.items()
    }
