"""What use cases of a domain leave out without being asked."""

from __future__ import annotations

from typing import Any

import pytest

from personalize_local.server.serving import BackgroundServer

from .program import Program, avro

INTERACTIONS = avro(
    "Interactions", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"), ("EVENT_TYPE", "string")
)
ITEMS = avro(
    "Items",
    ("ITEM_ID", "string"),
    ("PRICE", "float"),
    {"name": "CATEGORY_L1", "type": "string", "categorical": True},
)
ALL = {f"i{n}" for n in range(20)}


class Store:
    """An ECOMMERCE group in which user n has viewed ten items from item n on and bought the first two."""

    def __init__(self, program: Program) -> None:
        self.program = program
        control = program.personalize
        self.group = control.create_dataset_group(name="store", domain="ECOMMERCE")["datasetGroupArn"]
        events = [f"u{u},i{(u + s) % 20},{1_700_000_000 + s},View" for u in range(40) for s in range(10)]
        events += [f"u{u},i{(u + s) % 20},{1_700_001_000 + s},Purchase" for u in range(40) for s in range(2)]
        items = [f"i{n},{n}.5,{'dear' if n > 9 else 'cheap'}" for n in range(20)]
        self._load("INTERACTIONS", INTERACTIONS, ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE", *events])
        self._load("ITEMS", ITEMS, ["ITEM_ID,PRICE,CATEGORY_L1", *items])
        self.tracking = program.tracker(self.group)

    def _load(self, kind: str, text: str, lines: list[str]) -> None:
        control = self.program.personalize
        schema = control.create_schema(name=f"store-{kind}", schema=text, domain="ECOMMERCE")["schemaArn"]
        dataset = control.create_dataset(name=kind, schemaArn=schema, datasetGroupArn=self.group, datasetType=kind)[
            "datasetArn"
        ]
        assert self.program.load(dataset, "\n".join(lines) + "\n", job=f"store-{kind}")["status"] == "ACTIVE"

    def recommender(self, recipe: str) -> str:
        arn = f"arn:aws:personalize:::recipe/{recipe}"
        made = self.program.personalize.create_recommender(
            name=recipe, datasetGroupArn=self.group, recipeArn=arn, recommenderConfig={}
        )
        return str(made["recommenderArn"])

    def ids(self, recommender: str, **asked: Any) -> set[str]:
        found = self.program.runtime.get_recommendations(recommenderArn=recommender, numResults=100, **asked)
        return {item["itemId"] for item in found["itemList"]}


@pytest.fixture(scope="module")
def store(server: BackgroundServer) -> Store:
    return Store(Program(server.url))


def test_what_was_bought_is_not_recommended_again(store: Store) -> None:
    recommender = store.recommender("aws-ecomm-recommended-for-you")
    assert store.ids(recommender, userId="u3") == ALL - {"i3", "i4"}
    store.program.send(store.tracking, "s", "i9", user="u3", kind="purchase")
    assert store.ids(recommender, userId="u3") == ALL - {"i3", "i4", "i9"}
    assert store.ids(recommender, userId="nobody") == ALL
    # A filter comes on top, also over what is promoted.
    control = store.program.personalize
    cheap = control.create_filter(
        name="cheap",
        datasetGroupArn=store.group,
        filterExpression='INCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("cheap")',
    )["filterArn"]
    assert store.ids(recommender, userId="u5", filterArn=cheap) == {f"i{n}" for n in range(10)} - {"i5", "i6"}
    promotions = [{"name": "cheap", "percentPromotedItems": 50, "filterArn": cheap}]
    assert store.ids(recommender, userId="u5", promotions=promotions) == ALL - {"i5", "i6"}


def test_beside_an_item_the_user_s_purchases_are_left_out_when_he_is_named(store: Store) -> None:
    recommender = store.recommender("aws-ecomm-customers-who-viewed-x-also-viewed")
    found = store.ids(recommender, itemId="i5", userId="u7")
    assert found
    assert not found & {"i7", "i8"}
    # Without a user nobody's purchases matter.
    assert store.ids(recommender, itemId="i5", userId="nobody") & {"i7", "i8"}


def test_other_use_cases_hide_nothing(store: Store) -> None:
    recommender = store.recommender("aws-ecomm-popular-items-by-views")
    assert store.ids(recommender, userId="u3") == ALL
