"""A user's program: boto3 clients of one account and region, and the steps that most tests begin with."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/import"
RECIPE = "arn:aws:personalize:::recipe/aws-user-personalization"
RANKING = "arn:aws:personalize:::recipe/aws-personalized-ranking"
SIMILAR = "arn:aws:personalize:::recipe/aws-similar-items"
POPULARITY = "arn:aws:personalize:::recipe/aws-popularity-count"

UNEXPLORED = {"itemExplorationConfig": {"explorationWeight": "0"}}

Refusal = tuple[str, int, str]

# Reading the models anew takes most of the time in which a client is made, and each test is an account of its own.
_LOADER = botocore.loaders.create_loader()


def avro(name: str, *fields: tuple[str, Any] | dict[str, Any]) -> str:
    """The text of a schema."""
    given = [field if isinstance(field, dict) else {"name": field[0], "type": field[1]} for field in fields]
    record = {"type": "record", "name": name, "namespace": "com.amazonaws.personalize.schema", "fields": given}
    return json.dumps({**record, "version": "1.0"})


INTERACTIONS = avro(
    "Interactions",
    ("USER_ID", "string"),
    ("ITEM_ID", "string"),
    ("TIMESTAMP", "long"),
    ("EVENT_TYPE", "string"),
    ("EVENT_VALUE", ["float", "null"]),
    {"name": "DEVICE", "type": ["null", "string"], "categorical": True},
)
ITEMS = avro("Items", ("ITEM_ID", "string"), {"name": "GENRE", "type": ["null", "string"], "categorical": True})
USERS = avro("Users", ("USER_ID", "string"), {"name": "AGE", "type": ["null", "string"], "categorical": True})
SCHEMAS = {"INTERACTIONS": INTERACTIONS, "ITEMS": ITEMS, "USERS": USERS}
HEADER = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE"


def new_account() -> str:
    """Twelve digits that no other test uses."""
    return str(uuid.uuid4().int)[:12].zfill(12)


def interactions_csv(users: int = 30, steps: int = 12, catalogue: int = 20, kind: str = "watch") -> str:
    """Two tastes: even users go through items ``a…`` on a phone, odd ones through ``b…`` on a television."""
    rows = [HEADER]
    for user in range(users):
        taste, device = ("a", "phone") if user % 2 == 0 else ("b", "tv")
        start = user * 7 % catalogue
        rows += [
            f"u{user},{taste}{(start + step) % catalogue},{1_700_000_000 + user * 1000 + step},{kind},1.5,{device}"
            for step in range(steps)
        ]
    return "\n".join(rows) + "\n"


def items_csv(catalogue: int = 20) -> str:
    """The items of both tastes."""
    rows = [f"{taste}{item},{genre}" for taste, genre in (("a", "crime"), ("b", "opera")) for item in range(catalogue)]
    return "\n".join(["ITEM_ID,GENRE", *rows]) + "\n"


def refused(call: Callable[..., Any], **params: Any) -> Refusal:
    """Class, HTTP status and text of the refusal of a call."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"], error["Message"]


def until(read: Callable[[], Any], wanted: Callable[[Any], bool], seconds: float = 60.0) -> Any:
    """Read again and again until the answer is as ``wanted``; fail after ``seconds``."""
    import threading
    import time

    pause, end = threading.Event(), time.monotonic() + seconds
    while True:
        answer = read()
        if wanted(answer):
            return answer
        assert time.monotonic() < end, f"still {answer!r} after {seconds} seconds"
        pause.wait(0.05)


class Program:
    """What one account does. ``folder`` is where buckets are when they are folders rather than the companion's."""

    def __init__(
        self,
        url: str,
        *,
        account: str | None = None,
        region: str = "us-east-1",
        folder: Path | None = None,
    ) -> None:
        self.url, self.account, self.region = url, account or new_account(), region
        self._folder = folder
        self.bucket = f"bucket-{self.account}"

    def client(self, service: str) -> Any:
        shared = botocore.session.Session()
        shared.register_component("data_loader", _LOADER)
        session = boto3.session.Session(self.account, "secret", region_name=self.region, botocore_session=shared)
        make: Any = session.client
        return make(service, endpoint_url=self.url, config=Config(retries={"total_max_attempts": 1}, read_timeout=120))

    @cached_property
    def personalize(self) -> Any:
        return self.client("personalize")

    @cached_property
    def runtime(self) -> Any:
        return self.client("personalize-runtime")

    @cached_property
    def events(self) -> Any:
        return self.client("personalize-events")

    @cached_property
    def s3(self) -> Any:
        s3 = self.client("s3")
        s3.create_bucket(Bucket=self.bucket)
        return s3

    def arn(self, tail: str) -> str:
        return f"arn:aws:personalize:{self.region}:{self.account}:{tail}"

    # Steps

    def put(self, key: str, content: str | bytes) -> str:
        """Upload and return the location."""
        body = content.encode() if isinstance(content, str) else content
        if self._folder is None:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        else:
            path = self._folder / self.bucket / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        return f"s3://{self.bucket}/{key}"

    def group(self, name: str = "shop") -> str:
        return str(self.personalize.create_dataset_group(name=name)["datasetGroupArn"])

    def schema(self, name: str, text: str = INTERACTIONS) -> str:
        return str(self.personalize.create_schema(name=name, schema=text)["schemaArn"])

    def dataset(self, group: str, kind: str = "INTERACTIONS", text: str | None = None) -> str:
        schema = self.schema(f"{group.rpartition('/')[2]}-{kind}", text or SCHEMAS[kind])
        answer = self.personalize.create_dataset(
            name=f"{kind}-data", schemaArn=schema, datasetGroupArn=group, datasetType=kind
        )
        return str(answer["datasetArn"])

    def load(self, dataset: str, content: str | bytes, job: str = "load", **more: Any) -> dict[str, Any]:
        """Upload and import; the described job."""
        arn = self.personalize.create_dataset_import_job(
            jobName=job,
            datasetArn=dataset,
            dataSource={"dataLocation": self.put(f"{job}.csv", content)},
            roleArn=ROLE,
            **more,
        )["datasetImportJobArn"]
        found: dict[str, Any] = self.personalize.describe_dataset_import_job(datasetImportJobArn=arn)
        return dict(found["datasetImportJob"])

    def solution(self, group: str, name: str = "taste", recipe: str = RECIPE, **more: Any) -> str:
        answer = self.personalize.create_solution(name=name, datasetGroupArn=group, recipeArn=recipe, **more)
        return str(answer["solutionArn"])

    def version(self, solution: str, **more: Any) -> str:
        return str(self.personalize.create_solution_version(solutionArn=solution, **more)["solutionVersionArn"])

    def campaign(self, version: str, name: str = "home", **more: Any) -> str:
        answer = self.personalize.create_campaign(name=name, solutionVersionArn=version, **more)
        return str(answer["campaignArn"])

    def tracker(self, group: str, name: str = "clicks") -> str:
        return str(self.personalize.create_event_tracker(name=name, datasetGroupArn=group)["trackingId"])

    def send(self, tracking: str, session: str, *items: str, user: str | None = None, kind: str = "watch") -> None:
        self.events.put_events(
            trackingId=tracking,
            sessionId=session,
            **({"userId": user} if user is not None else {}),
            eventList=[{"eventType": kind, "itemId": item, "sentAt": 1_700_100_000} for item in items],
        )

    def stocked(self, name: str = "shop", content: str | None = None) -> str:
        """A dataset group whose interactions are imported."""
        group = self.group(name)
        job = self.load(self.dataset(group), content or interactions_csv(), job=f"{name}-load")
        assert job["status"] == "ACTIVE", job
        return group

    def deployed(self, name: str = "shop", recipe: str = RECIPE) -> str:
        """The campaign of a new group, trained on the two tastes."""
        group = self.stocked(name)
        return self.campaign(self.version(self.solution(group, f"{name}-taste", recipe)), f"{name}-home")

    def recommend(self, campaign: str, user: str | None = None, **more: Any) -> list[dict[str, Any]]:
        given = {} if user is None else {"userId": user}
        answer = self.runtime.get_recommendations(campaignArn=campaign, **given, **more)
        return list(answer["itemList"])
