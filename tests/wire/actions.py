"""What random programs do. Each action takes two numbers, which choose among what there is, and a letter for names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from botocore_shapes.http import Request, Response
from botocore_shapes.intercept import intercept

from .conformance.making import ACTION_INTERACTIONS, MOST_VIEWED, POPULARITY, RECIPES
from .machine import ACCOUNT, CASES, Desk, Refused
from .program import HEADER, INTERACTIONS, ITEMS, ROLE, USERS, Program, avro, interactions_csv

BUCKET = "s3://bucket"
BOUGHT = f"{RECIPES}aws-ecomm-popular-items-by-purchases"
AFFINITY = f"{RECIPES}aws-item-affinity"
WIDER = avro(
    "Items",
    ("ITEM_ID", "string"),
    {"name": "GENRE", "type": ["null", "string"], "categorical": True},
    ("PRICE", ["null", "float"]),
)
TEXTS = {"items": ITEMS, "wider": WIDER, "interactions": INTERACTIONS, "users": USERS, "actions": ACTION_INTERACTIONS}
FILES = {
    "good": interactions_csv(users=8, steps=6, kind="View"),
    "bad": f"{HEADER}\n{'u' * 300},a1,1700000000,View,1.5,tv\n",
    "items": "ITEM_ID,GENRE\na1,crime\nb1,opera\n",
}
EXPRESSIONS = (
    'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("View")',
    'EXCLUDE ItemID WHERE Items.GENRE IN ("crime")',
    'INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("View")',
)


class Clients:
    """The clients of the other services, answered by the emulator of the moment."""

    def __init__(self) -> None:
        program = Program("http://localhost:1", account=ACCOUNT)
        self.runtime, self.events = program.runtime, program.events
        self.handle: Callable[[Request], Response] | None = None
        for client in (self.runtime, self.events):
            intercept(client, self._answer)

    def _answer(self, request: Request) -> Response:
        assert self.handle is not None
        return self.handle(request)

    def close(self) -> None:
        """Let go of the clients."""
        self.runtime.close()
        self.events.close()


class Actor:
    """A program at a desk. ``known`` are the ARNs that may still answer, by kind, in the order of their creation;
    ``made`` those that the latest action has made."""

    def __init__(self, desk: Desk, clients: Clients) -> None:
        self.desk, self._clients = desk, clients
        clients.handle = desk.emulator.handle
        self.known: dict[str, dict[str, str]] = {kind: {} for kind in CASES}
        self.made: set[str] = set()

    def attempt(self, operation: str, **params: Any) -> dict[str, Any] | None:
        """Call; None when it is refused, which the desk has checked."""
        try:
            answer = self.desk.call(operation, **{name: value for name, value in params.items() if value is not None})
        except Refused:
            return None
        kind = operation.removeprefix("Create")
        kind = kind[0].lower() + kind[1:]
        if operation.startswith("Create") and kind in CASES:
            arn = answer[CASES[kind].arn_member]
            self.known[kind][arn] = ""
            self.made.add(arn)
        return answer

    def pick(self, kind: str, number: int) -> str:
        """The ARN of a resource that was made, the newest ones first, or one that is not there."""
        made = list(self.known[kind])[::-1]
        if not made:
            tail = CASES[kind].tail.format(name="none", group="none", solution="none")
            return f"arn:aws:personalize:us-east-1:{ACCOUNT}:{tail.replace('[0-9a-f]{8}', '00000000')}"
        return made[number % len(made)]

    # Making

    def group(self, one: int, _: int, letter: str) -> None:
        self.attempt("CreateDatasetGroup", name=letter, domain=(None, "ECOMMERCE")[one % 2])

    def schema(self, one: int, _: int, __: str) -> None:
        name = list(TEXTS)[one % len(TEXTS)]
        self.attempt("CreateSchema", name=name, schema=TEXTS[name])

    def dataset(self, one: int, two: int, letter: str) -> None:
        schema = self.pick("schema", two)
        name = schema.rpartition("/")[2]
        kind = {"wider": "items", "actions": "action_interactions"}.get(name, name if name in TEXTS else "interactions")
        self.attempt(
            "CreateDataset",
            name=letter,
            datasetGroupArn=self.pick("datasetGroup", one),
            schemaArn=schema,
            datasetType=kind,
        )

    def load(self, dataset: str, name: str, file: str, mode: str = "FULL") -> None:
        self.attempt(
            "CreateDatasetImportJob",
            jobName=name,
            datasetArn=dataset,
            dataSource={"dataLocation": f"{BUCKET}/{file}.csv"},
            roleArn=ROLE,
            importMode=mode,
        )

    def import_(self, one: int, two: int, letter: str) -> None:
        dataset = self.pick("dataset", one)
        file = "items" if dataset.endswith("/ITEMS") else ("good", "good", "bad")[two % 3]
        self.load(dataset, letter, file, ("FULL", "INCREMENTAL")[two % 2])

    def export(self, one: int, _: int, letter: str) -> None:
        output = {"s3DataDestination": {"path": f"{BUCKET}/out/"}}
        dataset = self.pick("dataset", one)
        self.attempt("CreateDatasetExportJob", jobName=letter, datasetArn=dataset, roleArn=ROLE, jobOutput=output)

    def erase(self, one: int, _: int, letter: str) -> None:
        place = {"dataLocation": f"{BUCKET}/good.csv"}
        group = self.pick("datasetGroup", one)
        self.attempt("CreateDataDeletionJob", jobName=letter, datasetGroupArn=group, roleArn=ROLE, dataSource=place)

    def tracker(self, one: int, _: int, letter: str) -> None:
        self.attempt("CreateEventTracker", name=letter, datasetGroupArn=self.pick("datasetGroup", one))

    def filter_(self, one: int, two: int, letter: str) -> None:
        expression = EXPRESSIONS[two % len(EXPRESSIONS)]
        group = self.pick("datasetGroup", one)
        self.attempt("CreateFilter", name=letter, datasetGroupArn=group, filterExpression=expression)

    def attribution(self, one: int, two: int, letter: str) -> None:
        self.attempt(
            "CreateMetricAttribution",
            name=letter,
            datasetGroupArn=self.pick("datasetGroup", one),
            metrics=[_metric(number) for number in range(1 + two % 3)],
            metricsOutputConfig={"roleArn": ROLE},
        )

    def solution(self, one: int, two: int, letter: str) -> None:
        self.attempt(
            "CreateSolution",
            name=letter,
            datasetGroupArn=self.pick("datasetGroup", one),
            recipeArn=(POPULARITY, POPULARITY, AFFINITY)[two % 3],
            eventType="never" if two % 5 == 4 else None,
            performAutoTraining=two % 2 == 1,
        )

    def train(self, one: int, two: int, _: str) -> None:
        mode = "UPDATE" if two == 11 else "FULL"
        self.attempt("CreateSolutionVersion", solutionArn=self.pick("solution", one), trainingMode=mode)

    def campaign(self, one: int, two: int, letter: str) -> None:
        arn = self.pick("solutionVersion", one)
        latest = ("", "once", "follow")[two % 3]
        self.attempt(
            "CreateCampaign",
            name=letter,
            solutionVersionArn=_latest(arn) if latest else arn,
            campaignConfig={"syncWithLatestSolutionVersion": True} if latest == "follow" else None,
        )

    def recommender(self, one: int, two: int, letter: str) -> None:
        recipe = (MOST_VIEWED, MOST_VIEWED, BOUGHT)[two % 3]
        stores = [arn for arn in self.known["datasetGroup"] if arn.endswith(("/store", "/b"))]
        group = stores[one % len(stores)] if stores else self.pick("datasetGroup", one)
        self.attempt("CreateRecommender", name=letter, datasetGroupArn=group, recipeArn=recipe)

    def inference(self, one: int, two: int, letter: str) -> None:
        self._batch("Inference", one, two, letter)

    def segment(self, one: int, two: int, letter: str) -> None:
        self._batch("Segment", one, two, letter)

    def _batch(self, kind: str, one: int, two: int, letter: str) -> None:
        self.attempt(
            f"CreateBatch{kind}Job",
            jobName=letter,
            solutionVersionArn=self.pick("solutionVersion", one),
            filterArn=self.pick("filter", two // 2) if two % 2 and self.known["filter"] else None,
            jobInput={"s3DataSource": {"path": f"{BUCKET}/in.json"}},
            jobOutput={"s3DataDestination": {"path": f"{BUCKET}/out/"}},
            roleArn=ROLE,
        )

    # Changing

    def update_dataset(self, one: int, two: int, _: str) -> None:
        items = [arn for arn in self.known["dataset"] if arn.endswith("/ITEMS")]
        dataset = items[one % len(items)] if items else self.pick("dataset", one)
        schemas = [arn for arn in self.known["schema"] if arn.endswith(("/items", "/wider"))]
        schema = schemas[two % len(schemas)] if schemas else self.pick("schema", two)
        self.attempt("UpdateDataset", datasetArn=dataset, schemaArn=schema)

    def update_solution(self, one: int, two: int, _: str) -> None:
        self.attempt(
            "UpdateSolution",
            solutionArn=self.pick("solution", one),
            performAutoTraining=two % 2 == 0,
            solutionUpdateConfig={"autoTrainingConfig": {"schedulingExpression": f"rate({1 + two % 3} days)"}},
        )

    def update_campaign(self, one: int, two: int, _: str) -> None:
        arn = self.pick("solutionVersion", two // 3)
        latest = two % 3 == 2
        self.attempt(
            "UpdateCampaign",
            campaignArn=self.pick("campaign", one),
            solutionVersionArn=None if two % 3 == 0 else _latest(arn) if latest else arn,
            minProvisionedTPS=1 + two % 4,
            campaignConfig={"syncWithLatestSolutionVersion": True} if latest else None,
        )

    def update_recommender(self, one: int, two: int, _: str) -> None:
        excluded: list[str] = [[], ["DEVICE"], ["EVENT_VALUE"]][two % 3]
        columns = {"trainingDataConfig": {"excludedDatasetColumns": {"INTERACTIONS": excluded}}} if excluded else {}
        self.attempt(
            "UpdateRecommender",
            recommenderArn=self.pick("recommender", one),
            recommenderConfig={"minRecommendationRequestsPerSecond": 1 + two % 4, **columns},
        )

    def switch(self, one: int, two: int, _: str) -> None:
        self.attempt(f"{('Stop', 'Start')[two % 2]}Recommender", recommenderArn=self.pick("recommender", one))

    def stop_training(self, one: int, _: int, __: str) -> None:
        self.attempt("StopSolutionVersionCreation", solutionVersionArn=self.pick("solutionVersion", one))

    def update_attribution(self, one: int, two: int, _: str) -> None:
        self.attempt(
            "UpdateMetricAttribution",
            metricAttributionArn=self.pick("metricAttribution", one),
            addMetrics=[_metric(two % 4)],
            removeMetrics=[f"m{two % 3}"] if two % 2 else None,
        )

    # Using

    def tag(self, one: int, two: int, _: str) -> None:
        arn = self.pick(list(CASES)[one % len(CASES)], two)
        self.attempt("TagResource", resourceArn=arn, tags=[{"tagKey": "a", "tagValue": "b"}])
        self.attempt("ListTagsForResource", resourceArn=arn)
        self.attempt("UntagResource", resourceArn=arn, tagKeys=["a"])

    def measure(self, one: int, _: int, __: str) -> None:
        self.attempt("GetSolutionMetrics", solutionVersionArn=self.pick("solutionVersion", one))

    def recommend(self, one: int, two: int, _: str) -> None:
        kind = ("campaign", "recommender")[one % 2]
        try:
            self._clients.runtime.get_recommendations(**{f"{kind}Arn": self.pick(kind, two)}, userId="u1")
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("InvalidInputException", "ResourceNotFoundException"):
                raise

    def send(self, one: int, _: int, __: str) -> None:
        found = self.desk.describe("eventTracker", self.pick("eventTracker", one))
        tracking = "none" if found is None else found["trackingId"]
        event = {"eventType": "View", "itemId": "a1", "sentAt": self.desk.emulator.clock.now()}
        try:
            self._clients.events.put_events(trackingId=tracking, sessionId="s", userId="u1", eventList=[event])
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidInputException":
                raise


def _metric(number: int) -> dict[str, str]:
    return {"eventType": "View", "metricName": f"m{number}", "expression": "SAMPLECOUNT()"}


def _latest(version: str) -> str:
    return f"{version.rpartition('/')[0]}/$LATEST"


Action = Callable[[Actor, int, int, str], None]
MAKING: dict[Action, str] = {
    Actor.campaign: "solutionVersion",
    Actor.recommender: "datasetGroup",
    Actor.train: "solution",
    Actor.solution: "datasetGroup",
    Actor.dataset: "datasetGroup",
    Actor.import_: "dataset",
    Actor.filter_: "datasetGroup",
    Actor.tracker: "datasetGroup",
    Actor.attribution: "datasetGroup",
    Actor.inference: "solutionVersion",
    Actor.segment: "solutionVersion",
    Actor.group: "schema",
    Actor.schema: "datasetGroup",
    Actor.export: "dataset",
    Actor.erase: "datasetGroup",
}
CHANGING: dict[Action, str] = {
    Actor.update_campaign: "campaign",
    Actor.update_recommender: "recommender",
    Actor.switch: "recommender",
    Actor.update_solution: "solution",
    Actor.update_dataset: "dataset",
    Actor.stop_training: "solutionVersion",
    Actor.update_attribution: "metricAttribution",
}
USING: dict[Action, str] = {
    Actor.recommend: "campaign",
    Actor.send: "eventTracker",
    Actor.measure: "solutionVersion",
    Actor.tag: "datasetGroup",
}
"""Actions, each with the kind that it is of use for: without one of it, it can only be refused."""
