"""A program as its author would write it for AWS: plain boto3, nothing but the environment says where it goes.

Run as ``python plain_program.py FOLDER`` with MovieLens' ``ratings.csv`` and ``movies.csv`` in FOLDER; prints JSON.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

INTERACTIONS = {
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
ITEMS = {
    **INTERACTIONS,
    "name": "Items",
    "fields": [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "GENRES", "type": ["null", "string"], "categorical": True},
    ],
}


def wait(describe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    for _ in range(600):
        found = describe()
        if found["status"] in ("ACTIVE", "CREATE FAILED"):
            return found
        time.sleep(0.1)
    raise SystemExit("it took longer than a minute")


def columns(path: Path, names: dict[str, str]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names.values())
    with path.open(newline="", encoding="utf-8") as file:
        writer.writerows([row[name] for name in names] for row in csv.DictReader(file))
    return text.getvalue().encode()


def main(folder: Path) -> dict[str, Any]:
    s3, iam, sts = boto3.client("s3"), boto3.client("iam"), boto3.client("sts")
    personalize, runtime = boto3.client("personalize"), boto3.client("personalize-runtime")
    events = boto3.client("personalize-events")
    s3.create_bucket(Bucket="movie-data")
    names = {"userId": "USER_ID", "movieId": "ITEM_ID", "timestamp": "TIMESTAMP"}
    s3.put_object(Bucket="movie-data", Key="ratings.csv", Body=columns(folder / "ratings.csv", names))
    names = {"movieId": "ITEM_ID", "genres": "GENRES"}
    s3.put_object(Bucket="movie-data", Key="items/movies.csv", Body=columns(folder / "movies.csv", names))
    role = iam.create_role(RoleName="personalize", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    group = personalize.create_dataset_group(name="movies")["datasetGroupArn"]
    for kind, schema, location in (
        ("Interactions", INTERACTIONS, "s3://movie-data/ratings.csv"),
        ("Items", ITEMS, "s3://movie-data/items/"),
    ):
        schema_arn = personalize.create_schema(name=f"movies-{kind}", schema=json.dumps(schema))["schemaArn"]
        dataset = personalize.create_dataset(
            name=f"movies-{kind}", datasetType=kind, datasetGroupArn=group, schemaArn=schema_arn
        )["datasetArn"]
        job = personalize.create_dataset_import_job(
            jobName=f"movies-{kind}", datasetArn=dataset, dataSource={"dataLocation": location}, roleArn=role
        )["datasetImportJobArn"]
        wait(lambda job=job: personalize.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"])
    campaigns, metrics = {}, {}
    for recipe in ("aws-user-personalization", "aws-similar-items"):
        solution = personalize.create_solution(
            name=recipe, datasetGroupArn=group, recipeArn=f"arn:aws:personalize:::recipe/{recipe}"
        )["solutionArn"]
        version = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
        wait(lambda arn=version: personalize.describe_solution_version(solutionVersionArn=arn)["solutionVersion"])
        metrics[recipe] = personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
        campaigns[recipe] = personalize.create_campaign(name=recipe, solutionVersionArn=version)["campaignArn"]
        wait(lambda arn=campaigns[recipe]: personalize.describe_campaign(campaignArn=arn)["campaign"])
    tracker = personalize.create_event_tracker(name="movies", datasetGroupArn=group)["trackingId"]

    def asked(**question: str) -> list[str]:
        return [item["itemId"] for item in runtime.get_recommendations(numResults=10, **question)["itemList"]]

    personal = campaigns["aws-user-personalization"]
    before = asked(campaignArn=personal, userId="somebody-new")
    watched = [{"itemId": item, "eventType": "watch", "sentAt": time.time()} for item in ("1", "2355", "4886")]
    events.put_events(trackingId=tracker, userId="somebody-new", sessionId="tonight", eventList=watched)
    return {
        "account": sts.get_caller_identity()["Account"],
        "group": group,
        "metrics": metrics,
        "known": asked(campaignArn=personal, userId="1"),
        "before": before,
        "after": asked(campaignArn=personal, userId="somebody-new"),
        "similar": asked(campaignArn=campaigns["aws-similar-items"], itemId="260"),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
