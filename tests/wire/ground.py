"""An account with one resource of every kind: a request that is valid but for one value would be done but for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.model import ServiceModel

from botocore_shapes.service import Service
from personalize_local.server.serving import BackgroundServer

from .conformance import making
from .conformance.stage import Stage
from .conformance.table import PLAIN
from .raw import call
from .violations import sample

Params = dict[str, Any]

CASES = {case.kind: case for case in PLAIN}
FOR_GOOD = ("Delete", "Start", "Stop")
"""The beginnings of operations that take away what the others stand on."""
READS = ("Describe", "Get", "List")


class Ground:
    """``requests`` is a valid request of each operation."""

    def __init__(self, server: BackgroundServer, folder: Path, model: ServiceModel) -> None:
        self._server, self._model = server, model
        self._stage = Stage(server, "instant", folder)
        self._service: Service[Any] = next(
            service for service in server.emulator.services if service.model.service_name == "personalize"
        )
        self._standing = self._make_all()
        self.requests: Mapping[str, Params] = {name: self._request(name) for name in model.operation_names}
        self._seen = self._looks()

    def call(self, operation: str, body: Any) -> tuple[int, Any]:
        """Status and answer of a call by this account."""
        return call(self._server.url, self._service, operation, body, self._stage.program.account)

    def does(self, operation: str) -> None:
        """Call an operation with its valid request, which it takes."""
        status, answer = self.call(operation, self.requests[operation])
        assert status == 200, answer
        if not operation.startswith(READS):
            self._seen = self._looks()

    def assert_untouched(self, operation: str) -> None:
        """Nothing that ``operation`` could have changed is other than it was."""
        if not operation.startswith(READS):
            # What one operation has changed is not held against the next one.
            before, self._seen = self._seen, self._looks()
            assert self._seen == before

    def _looks(self) -> dict[str, Any]:
        """The answers of everything that lists, and of everything that describes a resource that stands here."""
        looking = (name for name in self._model.operation_names if name.startswith(("List", "Describe")))
        answers = {name: self.call(name, self.requests[name]) for name in looking}
        assert {status for status, _ in answers.values()} == {200}, answers
        return answers

    def _make_all(self) -> Params:
        stage, standing = self._stage, {}
        for kind, case in CASES.items():
            member = case.arn_member
            standing[member] = stage.call(f"Create{case.title}", **case.params(stage, stage.name(kind)))[member]
        recipe = stage.call("DescribeRecipe", recipeArn=making.POPULARITY)["recipe"]
        standing |= {name: recipe[name] for name in ("recipeArn", "algorithmArn", "featureTransformationArn")}
        return standing | {"resourceArn": standing["datasetGroupArn"]}

    def _request(self, operation: str) -> Params:
        stage, standing = self._stage, self._standing
        if operation.startswith("Create"):
            kind = operation.removeprefix("Create")
            case = CASES[kind[0].lower() + kind[1:]]
            return case.params(stage, stage.name(case.kind))
        if operation.startswith("Update"):
            member, change = self._change(operation.removeprefix("Update"))
            return {member: standing[member], **change}
        shape: Any = self._model.operation_model(operation).input_shape
        given: Params = sample(shape)
        return given | {name: standing[name] for name in given if name in standing}

    def _change(self, title: str) -> tuple[str, Params]:
        member = f"{title[0].lower()}{title[1:]}Arn"
        changes: dict[str, Params] = {
            "Campaign": {"minProvisionedTPS": 5},
            "Dataset": {"schemaArn": making.schema(self._stage, making.WIDER_ITEMS)},
            "MetricAttribution": {"removeMetrics": ["watched0"]},
            "Recommender": {"recommenderConfig": {"minRecommendationRequestsPerSecond": 5}},
            "Solution": {"performAutoTraining": False},
        }
        return member, changes[title]
