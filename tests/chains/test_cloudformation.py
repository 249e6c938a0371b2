from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from personalize_local.chains import ChainError, read

from .test_reading import AVRO

TEMPLATE = f"""
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Clicks:
    Type: AWS::Personalize::Schema
    Properties:
      Name: clicks
      Schema: '{json.dumps(AVRO)}'
  Shop:
    Type: AWS::Personalize::DatasetGroup
    Properties: {{Name: shop}}
  Interactions:
    Type: AWS::Personalize::Dataset
    DependsOn: Shop
    Properties:
      Name: interactions
      DatasetType: Interactions
      DatasetGroupArn: !GetAtt Shop.DatasetGroupArn
      SchemaArn: !Ref Clicks
      DatasetImportJob:
        JobName: first
        DataSource: {{DataLocation: 's3://shop-data/clicks.csv'}}
        RoleArn: arn:aws:iam::123456789012:role/import
  Taste:
    Type: AWS::Personalize::Solution
    Properties:
      Name: taste
      DatasetGroupArn: !Sub '${{Shop.DatasetGroupArn}}'
      RecipeArn: arn:aws:personalize:::recipe/aws-user-personalization
      SolutionConfig:
        EventValueThreshold: '0.5'
        AlgorithmHyperParameters: {{hidden_dimension: '64'}}
Outputs:
  Group: {{Value: !Ref Shop}}
"""


def template(type_: str = "Solution", **properties: Any) -> dict[str, Any]:
    resources = {
        "Shop": {"Type": "AWS::Personalize::DatasetGroup", "Properties": {"Name": "shop"}},
        "It": {"Type": f"AWS::Personalize::{type_}", "Properties": {"Name": "it", **properties}},
    }
    return {"Resources": resources}


def test_a_template_is_the_chain_that_it_stands_for(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    made = {resource.key: resource for resource in read(tmp_path / "template.yaml").resources}
    assert list(made) == [
        ("schema", "clicks"),
        ("datasetGroup", "shop"),
        ("dataset", "shop/interactions"),
        ("datasetImportJob", "shop/interactions"),
        ("solution", "taste"),
    ]
    assert made["datasetImportJob", "shop/interactions"].params == {
        "dataSource": {"dataLocation": "s3://shop-data/clicks.csv"},
        "jobName": "first",
        "roleArn": "arn:aws:iam::123456789012:role/import",
    }
    assert made["solution", "taste"].params["solutionConfig"] == {
        "eventValueThreshold": "0.5",
        "algorithmHyperParameters": {"hidden_dimension": "64"},
    }


def test_json_says_the_same() -> None:
    chain = template(DatasetGroupArn={"Fn::GetAtt": ["Shop", "DatasetGroupArn"]}, RecipeArn="arn:r")
    assert [resource.key for resource in read(json.loads(json.dumps(chain))).resources][-1] == ("solution", "it")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}},
            "Bucket: the type AWS::S3::Bucket is not read; there is AWS::Personalize::Schema, "
            "AWS::Personalize::DatasetGroup, AWS::Personalize::Dataset, AWS::Personalize::Solution",
        ),
        (
            template(DatasetGroupArn={"Ref": "Mall"}),
            "It.DatasetGroupArn: Mall is no resource of the template; AWS::Personalize::DatasetGroup is needed",
        ),
        (
            template(DatasetGroupArn={"Fn::ImportValue": "x"}),
            "It.DatasetGroupArn: Fn::ImportValue of 'x' is not read; there is Ref, Fn::GetAtt, and Fn::Sub of one ARN",
        ),
        (
            template(DatasetGroupArn={"Fn::GetAtt": "Shop.Name"}),
            "It.DatasetGroupArn: the attribute Name is not read; there is DatasetGroupArn",
        ),
        (
            template(DatasetGroupArn={"Ref": "Shop"}, RecipeArn={"Ref": "Recipe"}),
            "It.RecipeArn: Ref is not read here; only references to schemas, groups and datasets are",
        ),
        (
            template(DatasetGroupArn={"Ref": "Shop"}, RecipeArm="x"),
            "It: unknown key 'RecipeArm'; did you mean RecipeArn?",
        ),
        (
            template(DatasetGroupArn={"Ref": "Shop"}, SolutionConfig={"EventValueTreshold": "1"}),
            "It.SolutionConfig: unknown key 'EventValueTreshold'; did you mean EventValueThreshold?",
        ),
        ({"Parameters": {}, "Resources": {}}, "template: unknown key 'Parameters'; there is"),
    ],
)
def test_what_is_not_read_is_refused_by_name(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ChainError) as caught:
        read(document)
    assert str(caught.value).startswith(message)
