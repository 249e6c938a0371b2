"""A dataset group behind the emulator's API: data in, campaigns and metrics out, as a boto3 program would do it."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
from _interactions import CUT, Int64, Log

from personalize_local.demo.aws import Aws
from personalize_local.demo.console import Console
from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings

_BUCKET = "quality"
_ROLE = "arn:aws:iam::123456789012:role/bench"
_EVENTS_A_CALL = 10
MOST = 500  # items of an answer
NO_EXPLORATION = {"itemExplorationConfig": {"explorationWeight": "0"}}
HARDLY_ANY = {"itemExplorationConfig": {"explorationWeight": "0.001"}}

Row = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a schema and how it is marked there."""

    name: str
    kind: str = "string"
    categorical: bool = False

    def as_avro(self) -> dict[str, Any]:
        """The field of the Avro record."""
        return {"name": self.name, "type": self.kind, **({"categorical": True} if self.categorical else {})}


USER, ITEM, TIME = Column(name="USER_ID"), Column(name="ITEM_ID"), Column(name="TIMESTAMP", kind="long")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What one dataset of a group holds."""

    kind: str
    columns: Sequence[Column]
    rows: Iterable[Row]


def interactions(log: Log) -> Table:
    """The dataset of a log; where rows are the same, the times of each user follow each other by a second at least."""
    users = map(log.users.__getitem__, log.user.tolist())
    items = map(log.items.__getitem__, log.item.tolist())
    rows = zip(users, items, told_apart(log).tolist(), strict=True)
    return Table(kind="Interactions", columns=(USER, ITEM, TIME), rows=rows)


def told_apart(log: Log) -> Int64:
    """The times of a log, moved where rows of one user, item and time would count once."""
    cells = np.stack((log.user, log.item, log.time))
    if len(np.unique(cells, axis=1).T) == len(log):
        return log.time
    order, starts = log.by_user()
    times = log.time.copy()
    for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        rows, steps = order[begin:end], np.arange(end - begin)
        times[rows] = np.maximum.accumulate(log.time[rows] - steps) + steps
    return times


def place_in_answer(answer: Sequence[str], wanted: str, had: Collection[str]) -> int:
    """Where ``wanted`` is in an answer without what the user had; CUT when it is not among the first."""
    shown = [item for item in answer if item == wanted or item not in had][:CUT]
    return shown.index(wanted) if wanted in shown else CUT


@dataclass(kw_only=True)
class Group:
    """A dataset group whose data are there. ``arn`` is its own; campaigns are made under names that count up."""

    aws: Aws
    arn: str
    datasets: Mapping[str, str] = field(default_factory=dict)
    """The ARNs of the datasets by what they hold."""
    _made: list[str] = field(default_factory=list)

    def version(self, recipe: str, **config: Any) -> str:
        """Train a recipe with default settings; ``config``: members of the solutionConfig. Gives the version."""
        return self.train(self.solution(recipe, **config))

    def solution(self, recipe: str, **config: Any) -> str:
        """Make a solution of a recipe; gives its ARN."""
        given = {"solutionConfig": config} if config else {}
        made = self.aws.call(
            "personalize",
            "create_solution",
            name=self._name(recipe),
            datasetGroupArn=self.arn,
            recipeArn=f"arn:aws:personalize:::recipe/{recipe}",
            performAutoTraining=False,
            **given,
        )
        return str(made["solutionArn"])

    def train(self, solution: str) -> str:
        """Make a version of a solution; gives its ARN when it is ACTIVE."""
        made = self.aws.call("personalize", "create_solution_version", solutionArn=solution)
        version = str(made["solutionVersionArn"])
        self.aws.wait_until_active("solution_version", [version])
        return version

    def campaign(self, version: str, config: Mapping[str, Any] | None = None) -> str:
        """Deploy a version; gives the campaign."""
        given = {"campaignConfig": dict(config)} if config else {}
        made = self.aws.call(
            "personalize", "create_campaign", name=self._name("campaign"), solutionVersionArn=version, **given
        )
        campaign = str(made["campaignArn"])
        self.aws.wait_until_active("campaign", [campaign])
        return campaign

    def metrics(self, version: str) -> Mapping[str, float]:
        """GetSolutionMetrics."""
        found: Mapping[str, float] = self.aws.call("personalize", "get_solution_metrics", solutionVersionArn=version)[
            "metrics"
        ]
        return found

    def filter(self, expression: str) -> str:
        """Make a filter; gives its ARN."""
        made = self.aws.call(
            "personalize",
            "create_filter",
            name=self._name("filter"),
            datasetGroupArn=self.arn,
            filterExpression=expression,
        )
        self.aws.wait_until_active("filter", [made["filterArn"]])
        return str(made["filterArn"])

    def tracker(self) -> str:
        """The tracking id of an event tracker."""
        made = self.aws.call(
            "personalize", "create_event_tracker", name=self._name("tracker"), datasetGroupArn=self.arn
        )
        return str(made["trackingId"])

    def stream(self, tracking: str, user: str, events: Sequence[tuple[str, int]]) -> None:
        """PutEvents of (item, time) for a user."""
        client = self.aws.client("personalize-events")
        sent = [{"eventType": "event", "itemId": item, "sentAt": time} for item, time in events]
        for begin in range(0, len(sent), _EVENTS_A_CALL):
            part = sent[begin : begin + _EVENTS_A_CALL]
            client.put_events(trackingId=tracking, sessionId=user, userId=user, eventList=part)

    def put_items(self, items: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """PutItems of (item, values by the camelCase names of their columns)."""
        client = self.aws.client("personalize-events")
        sent = [{"itemId": item, "properties": json.dumps(values)} for item, values in items]
        for begin in range(0, len(sent), _EVENTS_A_CALL):
            client.put_items(datasetArn=self.datasets["Items"], items=sent[begin : begin + _EVENTS_A_CALL])

    def recommend(self, campaign: str, most: int, **params: Any) -> list[str]:
        """GetRecommendations; the items in their order."""
        client = self.aws.client("personalize-runtime")
        answer = client.get_recommendations(campaignArn=campaign, numResults=most, **params)
        return [item["itemId"] for item in answer["itemList"]]

    def _name(self, of: str) -> str:
        self._made.append(of)
        # Names are of the account, not of the group.
        return f"{self.arn.rpartition('/')[2]}-{of}-{len(self._made)}"[:63]


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """A running emulator, where it answers and the folder of its buckets."""

    aws: Aws
    url: str
    storage: Path

    def group(self, name: str, tables: Sequence[Table]) -> Group:
        """Make a dataset group and import its tables."""
        arn = self.aws.call("personalize", "create_dataset_group", name=name)["datasetGroupArn"]
        datasets = {table.kind: self._import(name, str(arn), table) for table in tables}
        return Group(aws=self.aws, arn=str(arn), datasets=datasets)

    def wait(self, seconds: float) -> float:
        """Move the clock on, which has to be a virtual one; its time."""
        body = json.dumps({"advance": seconds}).encode()
        asked = Request(f"{self.url}/_personalize/clock", body, {"Content-Type": "application/json"})
        with urlopen(asked) as answer:
            return float(json.load(answer)["now"])

    def now(self) -> float:
        """The time of a virtual clock."""
        return self.wait(0)

    def _import(self, name: str, group: str, table: Table) -> str:
        """Import a table; gives the ARN of its dataset."""
        record = {
            "type": "record",
            "name": table.kind,
            "namespace": "com.amazonaws.personalize.schema",
            "fields": [column.as_avro() for column in table.columns],
            "version": "1.0",
        }
        called = f"{name}-{table.kind}"
        path = self.storage / _BUCKET / f"{called}.csv"
        path.parent.mkdir(exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([column.name for column in table.columns])
            writer.writerows(table.rows)
        schema = self.aws.call("personalize", "create_schema", name=called, schema=json.dumps(record))["schemaArn"]
        dataset = self.aws.call(
            "personalize",
            "create_dataset",
            name=called,
            datasetType=table.kind,
            datasetGroupArn=group,
            schemaArn=schema,
        )
        job = self.aws.call(
            "personalize",
            "create_dataset_import_job",
            jobName=called,
            datasetArn=dataset["datasetArn"],
            dataSource={"dataLocation": f"s3://{_BUCKET}/{path.name}"},
            roleArn=_ROLE,
        )
        self.aws.wait_until_active("dataset_import_job", [job["datasetImportJobArn"]])
        return str(dataset["datasetArn"])


@contextmanager
def emulator(clock: float | None = None, workers: int = 1) -> Iterator[Emulator]:
    """An emulator with default settings, but without quotas and other services.

    ``clock``: epoch seconds at which its clock stands until it is moved; the machine's clock without. ``workers`` are
    the processes that run jobs.
    """
    with tempfile.TemporaryDirectory() as folder:
        storage = Path(folder)
        settings = Settings(port=0, s3_root=storage, companion=False, quotas="off", clock=clock, workers=workers)
        with BackgroundServer(settings) as server:
            yield Emulator(aws=Aws(server.url, Console(io.StringIO())), url=server.url, storage=storage)
