"""What the state machine stands on: an emulator called without a socket, and what must be true of it at any time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore_shapes.http import Request
from personalize_local.settings import Settings
from tests.conftest import build_checked

from .conformance.kinds import MODEL
from .conformance.table import PLAIN
from .conformance.watch import check_answer

ACCOUNT = "111111111111"
CASES = {case.kind: case for case in PLAIN}
QUOTAS = {
    "dataset-groups": 3,
    "schemas": 7,
    "solutions": 3,
    "campaigns": 2,
    "recommenders": 2,
    "recommenders-in-region": 3,
    "filters": 2,
    "moving-dataset-import-jobs": 1,
    "moving-solution-versions": 2,
    "moving-batch-inference-jobs": 1,
    "moving-batch-segment-jobs": 1,
    "moving-data-deletion-jobs": 1,
    "attribution-metrics": 2,
}
# Where the kinds are counted: kind, quota, and whether each dataset group has its own count.
STANDING = (
    ("datasetGroup", "dataset-groups", False),
    ("schema", "schemas", False),
    ("solution", "solutions", True),
    ("campaign", "campaigns", True),
    ("recommender", "recommenders", True),
    ("recommender", "recommenders-in-region", False),
    ("filter", "filters", True),
)
MOVING = (
    ("datasetImportJob", "moving-dataset-import-jobs", False),
    ("solutionVersion", "moving-solution-versions", False),
    ("batchInferenceJob", "moving-batch-inference-jobs", False),
    ("batchSegmentJob", "moving-batch-segment-jobs", False),
    ("dataDeletionJob", "moving-data-deletion-jobs", True),
)
FAILED = ("CREATE FAILED", "CREATE STOPPED", "FAILED")
ENDED = ("ACTIVE", "INACTIVE", "COMPLETED", "UPDATE FAILED", *FAILED)
PARENTS = ("datasetGroupArn", "datasetArn", "solutionArn", "solutionVersionArn")
_SCOPE = f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20240101/us-east-1/personalize/aws4_request, Signature=0"

Described = Mapping[str, Any]


class Refused(Exception):
    """An answer that is an error that the operation models."""

    @property
    def code(self) -> str:
        """The class of the error."""
        return str(self.args[0])


class Desk:
    """An emulator with a virtual clock, asked in this process; each answer is checked as on the wire."""

    def __init__(self, status: str, folder: Path) -> None:
        self.emulator = build_checked(
            Settings(
                port=0,
                status=status,
                executor="inline",
                relaxed_minimums=True,
                companion=False,
                s3_root=folder,
                clock=1_700_200_000.0,
                id_seed=1,
                quotas=",".join(f"{name}={most}" for name, most in QUOTAS.items()),
            )
        )

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """The answer to an operation. Raises Refused."""
        headers = {
            "authorization": _SCOPE,
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"AmazonPersonalize.{operation}",
        }
        body = json.dumps(params).encode()
        answer = self.emulator.handle(Request(method="POST", path="/", headers=headers, body=body))
        check_answer(MODEL.operation_model(operation), answer.status, answer.headers, answer.body)
        found: dict[str, Any] = json.loads(answer.body or b"{}")
        if answer.status != 200:
            raise Refused(found["__type"], found["message"])
        return found

    def describe(self, kind: str, arn: str) -> dict[str, Any] | None:
        """The description of a resource; None when it is gone."""
        case = CASES[kind]
        try:
            found: dict[str, Any] = self.call(f"Describe{case.title}", **{case.arn_member: arn})[kind]
        except Refused as refused:
            if refused.code != "ResourceNotFoundException":
                raise
            return None
        return found

    def list(self, kind: str) -> dict[str, dict[str, Any]]:
        """The summaries of a kind by ARN."""
        case = CASES[kind]
        found: dict[str, dict[str, Any]] = {}
        more: dict[str, Any] = {}
        while True:
            page = self.call(f"List{case.title}s", **more)
            found |= {summary[case.arn_member]: summary for summary in page[case.list_key]}
            if "nextToken" not in page:
                return found
            more = {"nextToken": page["nextToken"]}


class Sight:
    """All that is there at a moment. Describes count as polls, so it is taken once a step."""

    def __init__(self, desk: Desk, known: Mapping[str, Mapping[str, Any]]) -> None:
        self._desk = desk
        self.now = desk.emulator.clock.now()
        self.listed = {kind: desk.list(kind) for kind in CASES}
        self.described: dict[str, dict[str, Described]] = {kind: {} for kind in CASES}
        for kind in CASES:
            for arn in {**known[kind], **self.listed[kind]}:
                found = desk.describe(kind, arn)
                if found is not None:
                    self.described[kind][arn] = found
        self.every = {arn: found for kind in CASES for arn, found in self.described[kind].items()}

    def check(self) -> None:
        """Check all that must be true at any time."""
        for kind, described in self.described.items():
            self._check_lists(kind, described)
            for arn, found in described.items():
                assert found.get("failureReason") != "Internal error.", f"{arn}: see the log"
                if not _leaves(found):
                    self._check_references(arn, found)
                    self._check_times(found)
        self._check_readers()
        self._check_quotas()

    def _check_lists(self, kind: str, described: Mapping[str, Described]) -> None:
        listed = self.listed[kind]
        assert set(listed) <= set(described), f"listed and not there: {set(listed) - set(described)}"
        there = {arn for arn, found in described.items() if not _leaves(found)}
        assert there <= set(listed), f"there and not listed: {there - set(listed)}"
        for arn in there:
            if not _agrees(kind, listed[arn], described[arn]):
                # Looking makes time pass in some modes: then the list has moved on as well.
                again = self._desk.list(kind)[arn]
                assert _agrees(kind, again, described[arn]), f"{again} and {described[arn]}"

    def _check_references(self, arn: str, found: Described) -> None:
        for member, named in _references(found):
            if member == "filterArn" and found["status"] in ENDED and found is not self.described["filter"].get(arn):
                continue
            other = self.every.get(named)
            assert other is not None, f"{arn} names {named} under {member}, which is gone"
            if member in PARENTS and named != arn:
                assert not _leaves(other), f"{arn} is {found['status']} and its {member} is {other['status']}"

    def _check_readers(self) -> None:
        """Check that the datasets that filters and metric attributions read are there, as these keep them."""
        for found in self.described["filter"].values():
            if not _leaves(found):
                for name in re.findall(r"(Interactions|Items)\.", found["filterExpression"]):
                    self._check_dataset(found, name.upper())
        for found in self.described["metricAttribution"].values():
            if not _leaves(found):
                self._check_dataset(found, "INTERACTIONS")

    def _check_dataset(self, reader: Described, kind: str) -> None:
        arn = reader["datasetGroupArn"].replace(":dataset-group/", ":dataset/") + f"/{kind}"
        assert arn in self.every, f"{arn} is gone and {reader['name']} reads it"

    def _check_times(self, found: Described) -> None:
        for one in (found, *(value for name, value in found.items() if name.startswith("latest"))):
            assert one["creationDateTime"] <= one["lastUpdatedDateTime"] <= self.now, one

    def _check_quotas(self) -> None:
        for kind, quota, by_group in STANDING:
            self._check_quota(kind, quota, by_group, lambda word: word not in FAILED)
        for kind, quota, by_group in MOVING:
            self._check_quota(kind, quota, by_group, lambda word: word.endswith(("PENDING", "IN_PROGRESS")))
        for kind in ("eventTracker", "metricAttribution"):
            groups = [found["datasetGroupArn"] for found in self.described[kind].values() if not _leaves(found)]
            assert len(groups) == len(set(groups)), f"two of {kind} in a group"
        for arn in self.described["metricAttribution"]:
            metrics = self._desk.call("ListMetricAttributionMetrics", metricAttributionArn=arn)["metrics"]
            assert len(metrics) <= QUOTAS["attribution-metrics"]

    def _check_quota(self, kind: str, quota: str, by_group: bool, counts: Any) -> None:
        number: dict[str, int] = {}
        for found in self.described[kind].values():
            if not _leaves(found) and counts(found.get("status", "ACTIVE")):
                group = self.group_of(found) if by_group else ""
                number[group] = number.get(group, 0) + 1
        assert max(number.values(), default=0) <= QUOTAS[quota], f"{quota}: {number}"

    def group_of(self, found: Described) -> str:
        """The dataset group that a resource belongs to."""
        if "datasetGroupArn" in found:
            return str(found["datasetGroupArn"])
        return str(self.described["solutionVersion"][found["solutionVersionArn"]]["datasetGroupArn"])


def _agrees(kind: str, summary: Described, found: Described) -> bool:
    """Whether a summary is the part of a description that the model has in it."""
    shape: Any = MODEL.operation_model(f"List{CASES[kind].title}s").output_shape
    members = shape.members[CASES[kind].list_key].member.members
    return {name: value for name, value in found.items() if name in members} == summary


def _leaves(found: Described) -> bool:
    return str(found.get("status", "ACTIVE")).startswith("DELETE")


def moves(found: Described) -> bool:
    """Whether something about a resource is still going on."""
    latest = [value.get("status", "") for name, value in found.items() if name.startswith("latest")]
    return any(word.endswith(("PENDING", "IN_PROGRESS", "STOPPING")) for word in (found.get("status", ""), *latest))


def _references(value: Any) -> Iterator[tuple[str, str]]:
    """The members of a description that name a resource of an account, at any depth."""
    if isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, str) and re.match(r"arn:aws:personalize:us", item):
                yield name, item
            else:
                yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def moved_back(before: str, after: str) -> bool:
    """Whether no lawful change leads from one status to another."""
    if after == before:
        return False
    if before.startswith("DELETE") or before in ("CREATE STOPPED", "COMPLETED", "FAILED"):
        return not after.startswith("DELETE") or (before, after) == ("DELETE IN_PROGRESS", "DELETE PENDING")
    if after in ("CREATE PENDING", "PENDING"):
        return True
    if after in ("CREATE IN_PROGRESS", "IN_PROGRESS", "CREATE FAILED", "FAILED"):
        return not before.endswith("PENDING") and not (before.endswith("IN_PROGRESS") and after.endswith("FAILED"))
    return False
