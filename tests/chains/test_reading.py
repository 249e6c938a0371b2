from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from personalize_local.chains import ChainError, check_target, read

ROWS = "USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,1700000000\n"
AVRO = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "version": "1.0",
}
YAML = """
role: arn:aws:iam::123456789012:role/import
bucket: shop-data
schemas:
  clicks: {infer: clicks.csv, type: INTERACTIONS}
datasetGroups:
  shop:
    tags: {team: web}
    datasets:
      interactions: {schema: clicks, data: clicks.csv}
    solutions:
      taste:
        recipe: aws-user-personalization
        train: onNewData
        campaigns:
          home:
            campaignConfig: {itemExplorationConfig: {explorationWeight: 0.3}}
    filters:
      seen: EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")
    eventTrackers: [clicks]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "clicks.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "personalize.yaml").write_text(YAML, encoding="utf-8")
    return tmp_path


def group(**sections: Any) -> dict[str, Any]:
    return {"schemas": {"clicks": AVRO}, "datasetGroups": {"shop": sections}}


def test_a_folder_is_read_in_the_order_in_which_it_is_made(folder: Path) -> None:
    chain = read(folder)
    assert [resource.key for resource in chain.resources] == [
        ("schema", "clicks"),
        ("datasetGroup", "shop"),
        ("dataset", "shop/interactions"),
        ("datasetImportJob", "shop/interactions"),
        ("solution", "taste"),
        ("solutionVersion", "taste"),
        ("campaign", "home"),
        ("filter", "seen"),
        ("eventTracker", "clicks"),
    ]
    assert (chain.role, chain.bucket) == ("arn:aws:iam::123456789012:role/import", "shop-data")


def test_values_become_those_of_the_api(folder: Path) -> None:
    made = {resource.key: resource for resource in read(folder / "personalize.yaml").resources}
    assert made["datasetGroup", "shop"].params == {"tags": [{"tagKey": "team", "tagValue": "web"}]}
    assert made["dataset", "shop/interactions"].params == {"datasetType": "INTERACTIONS"}
    assert made["solution", "taste"].params == {"recipeArn": "arn:aws:personalize:::recipe/aws-user-personalization"}
    assert made["solutionVersion", "taste"].again
    # YAML writes a number where the API wants its text.
    assert made["campaign", "home"].params == {
        "campaignConfig": {"itemExplorationConfig": {"explorationWeight": "0.3"}}
    }
    assert json.loads(made["schema", "clicks"].params["schema"])["name"] == "Interactions"


def test_relative_paths_of_a_mapping_begin_at_the_base(folder: Path) -> None:
    chain = read(group(datasets={"interactions": {"schema": "clicks", "data": "clicks.csv"}}), base=folder)
    assert chain.resources[-1].files == (folder / "clicks.csv",)


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ({"schema": {}}, "chain: unknown key 'schema'; did you mean schemas?"),
        (group(solution={}), "datasetGroups.shop: unknown key 'solution'; did you mean solutions?"),
        (
            group(solutions={"taste": {"recipe": "r", "solutionConfg": {}}}),
            "datasetGroups.shop.solutions.taste: unknown key 'solutionConfg'; did you mean solutionConfig?",
        ),
        (
            group(solutions={"taste": {"recipe": "r", "performHPO": "maybe"}}),
            "datasetGroups.shop.solutions.taste.performHPO: a value of type boolean is needed, not 'maybe'",
        ),
        (
            group(datasets={"interactions": {"schema": "clocks"}}),
            "datasetGroups.shop.datasets.interactions.schema: 'clocks' is not declared; the schemas are clicks",
        ),
        (
            group(datasets={"interactions": {"schema": "clicks", "data": "gone.csv"}}),
            "datasetGroups.shop.datasets.interactions.data: there is no file gone.csv",
        ),
        (
            group(datasets={"interactions": {"schema": "clicks", "importMode": "FULL"}}),
            "datasetGroups.shop.datasets.interactions.importMode: it belongs to data, which is not given",
        ),
        (
            group(datasets={"interactions": {"schema": "clicks", "data": ["s3://a/b", "s3://a/c"]}}),
            "datasetGroups.shop.datasets.interactions.data: one s3:// location (a file or a folder) or local files",
        ),
        (
            group(solutions={"taste": {"recipe": "r", "train": "daily"}}),
            "datasetGroups.shop.solutions.taste.train: 'daily' is not known; there is once and onNewData",
        ),
        (
            group(solutions={"taste": {"recipe": "r", "train": False, "campaigns": {"home": {}}}}),
            "datasetGroups.shop.solutions.taste.train: campaigns need a training",
        ),
        (
            group(filters={"seen": {}}),
            'datasetGroups.shop.filters.seen: Missing required parameter in input: "filterExpression"',
        ),
        (
            group(solutions={"a": {"campaigns": {"home": {}}}, "b": {"campaigns": {"home": {}}}}),
            "home: two of the kind campaign have this name",
        ),
        ({"schemas": {"a": {"domain": "ECOMMERCE"}}}, "schemas.a: either schema or infer is needed"),
        ({"schemas": {"a": "gone.avsc"}}, "schemas.a.schema: gone.avsc cannot be read: No such file or directory"),
        ({"datasetGroups": ["shop"]}, "datasetGroups: a mapping is needed, not ['shop']"),
    ],
)
def test_what_cannot_be_made_is_refused_with_its_place(chain: dict[str, Any], message: str) -> None:
    with pytest.raises(ChainError) as caught:
        read(chain)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schemas: {a: 1, a: 2}", ", line 1, column 17: the key a stands twice"),
        ("schemas: [", ", line 1, column 11: expected the node content, but found '<stream end>'"),
        ("!!python/object/apply:os.system [ls]", "could not determine a constructor"),
        ("- 1", ": a mapping is needed at the top"),
    ],
)
def test_a_broken_file_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "personalize.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ChainError) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(str(file))
    assert message in str(caught.value)


def test_aws_needs_a_role_and_a_bucket_and_takes_no_pins(folder: Path) -> None:
    datasets = {"interactions": {"schema": "clicks", "data": "clicks.csv"}}
    chain = read(group(datasets=datasets), base=folder)
    with pytest.raises(ChainError, match=r"^role: the target aws needs"):
        check_target(chain, "aws", None, None)
    with pytest.raises(ChainError, match=r"^bucket: the target aws needs"):
        check_target(chain, "aws", "arn:aws:iam::123456789012:role/import", None)
    assert check_target(chain, "aws", "r", "b") == ("r", "b")
    with pytest.raises(ChainError, match=r"^pins: only a local server has them"):
        check_target(read({"pins": []}), "aws", None, None)
