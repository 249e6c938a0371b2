"""A shop whose events are measured: a campaign, items with prices, a tracker and the companion's S3 and CloudWatch."""

from __future__ import annotations

import csv
import io
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from tests.conftest import Small, build_checked
from tests.events.ground import Ground, stand
from tests.wire.program import POPULARITY, ROLE, Program

NOW = 1_700_200_000
"""When the virtual clock stands at first: 100 seconds into a quarter of an hour."""
QUARTER = NOW - 100
HEADER = (
    "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,IMPRESSION,RECOMMENDATION_ID,EVENT_ATTRIBUTION_SOURCE,DWELL_TIME"
)
WATCHED = {"eventType": "watch", "metricName": "watched", "expression": "SAMPLECOUNT()"}
DWELT = {"eventType": "Watch", "metricName": "dwelt", "expression": "SUM(Interactions.DWELL_TIME)"}
EARNED = {"eventType": "buy", "metricName": "earned", "expression": "SUM(Items.PRICE)"}
METRICS = [WATCHED, DWELT, EARNED]
UNDEFINED = "SOURCE_NAME_UNDEFINED"

Row = tuple[str, str, float, str, str, int]
"""Metric, event type, value, function, source and window."""


def csv_of(*rows: tuple[Any, ...]) -> str:
    """Rows of the columns of HEADER; None is empty."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return f"{HEADER}\n{text.getvalue()}"


TAUGHT = csv_of(*((f"u{n % 30}", f"i{n % 7}", NOW - 90_000 + n, "watch", *[None] * 5) for n in range(60)))


@dataclass(frozen=True, kw_only=True)
class Shop:
    """``campaign`` recommends; ``bucket`` is there and empty but for what was imported."""

    ground: Ground
    campaign: str

    @property
    def program(self) -> Program:
        return self.ground.program

    @property
    def group(self) -> str:
        return self.ground.group

    @property
    def bucket(self) -> str:
        return self.program.bucket

    def attribute(self, *metrics: dict[str, str], path: str | None = "reports/") -> str:
        """A metric attribution; without a ``path`` it has no output in S3."""
        output: dict[str, Any] = {"roleArn": ROLE}
        if path is not None:
            output["s3DataDestination"] = {"path": f"s3://{self.bucket}/{path}"}
        answer = self.program.personalize.create_metric_attribution(
            name="impact", datasetGroupArn=self.group, metrics=list(metrics or METRICS), metricsOutputConfig=output
        )
        return str(answer["metricAttributionArn"])

    def recommended(self, campaign: str | None = None) -> str:
        """The id of an answer."""
        answer = self.program.runtime.get_recommendations(campaignArn=campaign or self.campaign, userId="u1")
        return str(answer["recommendationId"])

    def event(self, kind: str = "watch", at: int = NOW, **more: Any) -> None:
        self.ground.event(eventType=kind, sentAt=at, **more)

    def post(self, path: str, **given: Any) -> Any:
        request = urllib.request.Request(
            f"{self.ground.small.server.url}/_personalize/{path}",
            data=json.dumps(given).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def figures(self, attribution: str) -> list[Row]:
        """What the admin page has of an attribution."""
        with urllib.request.urlopen(
            f"{self.ground.small.server.url}/_personalize/metric-attributions", timeout=30
        ) as answer:
            told = {one["arn"]: one for one in json.load(answer)["metricAttributions"]}
        names = ("metricName", "eventType", "value", "mathFunction", "eventAttributionSource", "timestamp")
        return sorted(tuple(one[name] for name in names) for one in told[attribution]["figures"])

    def sums(self, metric: str, source: str) -> dict[int, float]:
        """The sums that CloudWatch has of a metric for a source, by the beginning of their quarter of an hour."""
        found = self.program.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Personalize",
            MetricName=metric,
            Dimensions=[
                {"Name": "DatasetGroupArn", "Value": self.group},
                {"Name": "EventAttributionSource", "Value": source},
            ],
            StartTime=datetime.fromtimestamp(QUARTER - 30 * 86_400, UTC),
            EndTime=datetime.fromtimestamp(QUARTER + 86_400, UTC),
            Period=900,
            Statistics=["Sum"],
        )
        return {int(one["Timestamp"].timestamp()): one["Sum"] for one in found["Datapoints"]}

    def reports(self) -> dict[str, str]:
        """The texts below ``reports/`` by their names."""
        listed = self.program.s3.list_objects_v2(Bucket=self.bucket, Prefix="reports/").get("Contents", ())
        return {
            one["Key"].removeprefix("reports/"): self.program.s3.get_object(Bucket=self.bucket, Key=one["Key"])["Body"]
            .read()
            .decode()
            for one in listed
        }


@contextmanager
def shop(folder: Path, **settings: Any) -> Iterator[Shop]:
    """A shop on a server of its own, with the companion unless ``settings`` are against it."""
    chosen = {"executor": "inline", "relaxed_minimums": True, "clock": float(NOW), **settings}
    companion = chosen.get("companion", True)
    if not companion:
        folder.mkdir(exist_ok=True)
        chosen["s3_root"] = folder
    with BackgroundServer(Settings(port=0, **chosen), build_checked) as server:
        program = Program(server.url, folder=None if companion else folder)
        yield open_shop(Small(server=server, program=program, folder=folder))


def open_shop(small: Small) -> Shop:
    ground = stand(small)
    program = small.program
    program.load(ground.datasets["INTERACTIONS"], TAUGHT, job="taught")
    for number, price in enumerate((1.5, 2.0, 4.25)):
        ground.item(f"i{number}", price=price)
    version = program.version(program.solution(ground.group, recipe=POPULARITY, performAutoTraining=False))
    return Shop(ground=ground, campaign=program.campaign(version))
