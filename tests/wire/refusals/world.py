"""What stands before a call is refused: groups of every sort, and trained versions of each sort of recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.wire.program import INTERACTIONS, ROLE, USERS, Program, avro, interactions_csv

from .asking import operation

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
TEXTS = avro(
    "Items",
    ("ITEM_ID", "string"),
    {"name": "TITLE", "type": "string", "itemName": True},
    {"name": "PLOT", "type": "string", "textual": True},
)
PLOTS = avro("Items", ("ITEM_ID", "string"), {"name": "PLOT", "type": ["null", "string"], "textual": True})
GENRES = avro("Items", ("ITEM_ID", "string"), {"name": "GENRE", "type": ["null", "string"], "categorical": True})
ACTIONS = avro("Actions", ("ACTION_ID", "string"), {"name": "KIND", "type": "string", "categorical": True})
PLAIN_INTERACTIONS = avro("Interactions", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"))
SHOP_INTERACTIONS = avro(
    "Interactions", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"), ("EVENT_TYPE", "string")
)
VIEWED = "ecomm-popular-items-by-views"


def recipe(name: str) -> str:
    """The ARN of a recipe."""
    return f"arn:aws:personalize:::recipe/aws-{name}"


def items_csv() -> str:
    """The catalogue of both tastes."""
    rows = [f"{taste}{item},{taste},{item}.5,1,title,plot {taste},true" for taste in "ab" for item in range(20)]
    return "\n".join(["ITEM_ID,GENRE,PRICE,STOCK,TITLE,PLOT,SOLD", *rows]) + "\n"


@dataclass(frozen=True, kw_only=True)
class World:
    """ARNs of an account, by the names that tables use.

    Of ``groups``, ``full`` has interactions, items and users, ``bare`` no datasets; ``shop`` of the domain ECOMMERCE
    and ``video`` of VIDEO_ON_DEMAND have interactions, ``empty shop`` the dataset for them; ``texts`` has items with
    names and texts alone, ``acts`` interactions, items without texts and actions; in ``plain`` interactions have no
    event types and items nothing but a text. ``versions`` are trained ones by the names of their recipes, those of
    other groups than ``full`` with the group before it; the training of ``failed`` has failed.
    """

    program: Program
    groups: Mapping[str, str]
    versions: Mapping[str, str]
    campaign: str
    recommenders: Mapping[str, str]
    filters: Mapping[str, str]
    attribution: str

    @property
    def group(self) -> str:
        """The group that has everything."""
        return self.groups["full"]

    def arn(self, tail: str) -> str:
        """An ARN of the account."""
        return self.program.arn(tail)

    def ask(self, name: str, /, **params: Any) -> Any:
        """Call an operation by its name in the model."""
        return operation(self.program.personalize, name)(**params)


def build(program: Program) -> World:
    """Make it all."""
    groups = {
        **{name: _custom(program, name) for name in ("full", "acts", "texts")},
        "bare": program.group("bare"),
        "empty shop": _domain(program, "empty", "ECOMMERCE"),
        "plain": _plain(program),
        "shop": _domain(program, "shop", "ECOMMERCE", "View"),
        "video": _domain(program, "video", "VIDEO_ON_DEMAND", "Watch"),
    }
    program.personalize.tag_resource(
        resourceArn=groups["bare"], tags=[{"tagKey": f"t{number}", "tagValue": ""} for number in range(50)]
    )
    program.personalize.create_schema(name="users-of-a-shop", schema=USERS, domain="ECOMMERCE")
    versions = _versions(program, groups)
    metrics = [{"eventType": "watch", "metricName": "taken", "expression": "SAMPLECOUNT()"}]
    attribution = program.personalize.create_metric_attribution(
        name="figures", datasetGroupArn=groups["full"], metrics=metrics, metricsOutputConfig={"roleArn": ROLE}
    )
    return World(
        program=program,
        groups=groups,
        versions=versions,
        campaign=program.campaign(versions["user-personalization"]),
        recommenders=_recommenders(program, groups["shop"]),
        filters=_filters(program, groups),
        attribution=attribution["metricAttributionArn"],
    )


_CONTENTS: Mapping[str, tuple[tuple[str, str, str | None], ...]] = {
    "full": (
        ("INTERACTIONS", INTERACTIONS, interactions_csv()),
        ("ITEMS", ITEMS, items_csv()),
        ("USERS", USERS, None),
    ),
    "acts": (("INTERACTIONS", INTERACTIONS, interactions_csv()), ("ITEMS", GENRES, None), ("ACTIONS", ACTIONS, None)),
    "texts": (
        (
            "ITEMS",
            TEXTS,
            "ITEM_ID,TITLE,PLOT\n"
            + "".join(f"i{n},title {n},a plot of {'love' if n % 2 else 'war'} {n}\n" for n in range(30)),
        ),
    ),
}


def _custom(program: Program, name: str) -> str:
    group = program.group(name)
    for kind, text, content in _CONTENTS[name]:
        dataset = program.dataset(group, kind, text)
        if content is not None:
            assert program.load(dataset, content, job=f"load-{name}-{kind}")["status"] == "ACTIVE"
    return group


def _plain(program: Program) -> str:
    group = program.group("plain")
    program.dataset(group, "INTERACTIONS", PLAIN_INTERACTIONS)
    program.dataset(group, "ITEMS", PLOTS)
    program.send(program.tracker(group), "s", "a1", user="u1")
    return group


def _domain(program: Program, name: str, domain: str, kind: str | None = None) -> str:
    client = program.personalize
    group = str(client.create_dataset_group(name=name, domain=domain)["datasetGroupArn"])
    schema = client.create_schema(name=name, schema=SHOP_INTERACTIONS, domain=domain)["schemaArn"]
    dataset = client.create_dataset(name="d", schemaArn=schema, datasetGroupArn=group, datasetType="INTERACTIONS")
    if kind is not None:
        loaded = program.load(dataset["datasetArn"], interactions_csv(kind=kind), job=f"load-{name}")
        assert loaded["status"] == "ACTIVE"
    return group


def _versions(program: Program, groups: Mapping[str, str]) -> dict[str, str]:
    """Trained versions, each of a solution of the same name."""

    def trained(name: str, group: str, of: str, **more: Any) -> str:
        return program.version(program.solution(groups[group], name, recipe(of), performAutoTraining=False, **more))

    versions = {name: trained(name, "full", name) for name in (
        *("user-personalization", "popularity-count", "similar-items", "item-affinity", "trending-now"),
        *("user-personalization-v2", "personalized-ranking"),
    )}  # fmt: skip
    versions["acts-similar-items"] = trained("acts-similar-items", "acts", "similar-items")
    versions["texts-semantic-similarity"] = trained("texts-semantic-similarity", "texts", "semantic-similarity")
    versions["shop-popular"] = trained("shop-popular", "shop", "popularity-count")
    versions["failed"] = trained("failed", "full", "popularity-count", eventType="sell")
    for name, arn in versions.items():
        found = program.personalize.describe_solution_version(solutionVersionArn=arn)["solutionVersion"]
        assert (found["status"] == "ACTIVE") == (name != "failed"), found
    program.solution(groups["full"], "untrained", recipe("user-personalization"), performAutoTraining=False)
    program.solution(groups["acts"], "next-best-action", recipe("next-best-action"), performAutoTraining=False)
    program.solution(groups["texts"], "semantic-similarity", recipe("semantic-similarity"), performAutoTraining=False)
    program.personalize.create_solution(
        name="automl", datasetGroupArn=groups["full"], performAutoML=True, performAutoTraining=False
    )
    return versions


def _recommenders(program: Program, shop: str) -> dict[str, str]:
    client = program.personalize
    made = {
        name: client.create_recommender(name=name, datasetGroupArn=shop, recipeArn=recipe(VIEWED))["recommenderArn"]
        for name in ("active", "inactive")
    }
    client.stop_recommender(recommenderArn=made["inactive"])
    return made


def _filters(program: Program, groups: Mapping[str, str]) -> dict[str, str]:
    given = {
        "items": ("full", 'INCLUDE ItemID WHERE Items.GENRE IN ("a")'),
        "users": ("full", 'INCLUDE UserID WHERE Users.AGE IN ("a")'),
        "foreign": ("shop", 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("View")'),
    }
    return {
        name: program.personalize.create_filter(name=name, datasetGroupArn=groups[group], filterExpression=text)[
            "filterArn"
        ]
        for name, (group, text) in given.items()
    }
