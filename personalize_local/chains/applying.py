"""A chain made so: what is missing is created, what differs is updated, what fits is left alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from personalize_local.chains import data
from personalize_local.chains.differences import differing, updatable, update_params
from personalize_local.chains.errors import ApplyError
from personalize_local.chains.model import Chain, Declared, Key, create_shape, words
from personalize_local.chains.remote import Remote, state
from personalize_local.chains.report import Action, Report, Step

REPLACEABLE = frozenset({"solution", "filter", "eventTracker", "recommender", "metricAttribution", "campaign"})
"""What --replace deletes and makes anew. Chosen: what holds data stays, and schemas are given new names."""
_FAILED = ("FAILED", "STOPPED")


class Applying:
    """One run over a chain. ``s3`` may be None where no local file is to be uploaded."""

    def __init__(
        self,
        chain: Chain,
        remote: Remote,
        s3: Any,
        *,
        role: str | None,
        bucket: str | None,
        make_bucket: bool,
        replace: bool,
        say: Callable[[str], object],
    ) -> None:
        self._chain, self._remote, self._s3 = chain, remote, s3
        self._role, self._bucket, self._make_bucket = role, bucket, make_bucket
        self._replace, self._say = replace, say
        self._arns: dict[Key, str] = {}
        self._active: set[Key] = set()
        self._steps: list[Step] = []
        self._new_data: set[str] = set()
        """The dataset groups to which this run imported."""
        self._tracking: dict[str, str] = {}
        self._tagged: list[str] = []

    def run(self, *, wait: bool) -> Report:
        """Go over all resources in order, then wait for what nothing waited for. Raises ApplyError."""
        for resource in self._chain.resources:
            for key in resource.after:
                self._await(key)
            step = self._step(resource)
            self._arns[resource.key] = step.arn
            if step.action in ("unchanged", "updated") and resource.kind != "datasetImportJob":
                self._tag(resource, step.arn)
            self._steps.append(step)
            self._say(str(step))
        if wait:
            for resource in self._chain.resources:
                self._await(resource.key)
        return Report(steps=tuple(self._steps), tracking_ids=self._tracking, tagged=tuple(self._tagged))

    def _await(self, key: Key) -> None:
        kind, label = key
        if key in self._active or kind == "schema":
            return
        self._remote.wait(kind, label, self._arns[key])
        self._active.add(key)

    def _step(self, resource: Declared) -> Step:
        if resource.kind == "datasetImportJob":
            return self._imported(resource)
        if resource.kind == "solutionVersion":
            return self._trained(resource)
        wanted = self._wanted(resource)
        arn = self._find(resource, wanted)
        if arn is None:
            return self._created(resource, wanted, "created")
        step = self._compared(resource, wanted, arn)
        if resource.kind == "eventTracker":
            described = self._remote.describe(resource.kind, resource.label, step.arn)
            self._tracking[resource.name] = described["trackingId"]
        return step

    def _wanted(self, resource: Declared) -> dict[str, Any]:
        wanted = {**resource.params, **{name: self._arns[key] for name, key in resource.references.items()}}
        # A campaign that follows the solution names it, not a version.
        follows = wanted.get("campaignConfig", {}).get("syncWithLatestSolutionVersion")
        if resource.kind == "campaign" and follows:
            wanted["solutionVersionArn"] = (
                self._arns["solution", resource.references["solutionVersionArn"][1]] + "/$LATEST"
            )
        if resource.kind == "metricAttribution":
            wanted["metricsOutputConfig"] = {"roleArn": self._role, **wanted["metricsOutputConfig"]}
        return wanted

    def _find(self, resource: Declared, wanted: Mapping[str, Any]) -> str | None:
        kind = resource.kind
        parent = {"datasetGroupArn": wanted["datasetGroupArn"]} if kind == "dataset" else {}
        for each in self._remote.listed(kind, **parent):
            # A group has one dataset of each type, whatever its name.
            name, value = ("datasetType", wanted["datasetType"]) if kind == "dataset" else ("name", resource.name)
            if each.get(name, "").casefold() == value.casefold():
                return str(each[f"{kind}Arn"])
        return None

    def _created(self, resource: Declared, wanted: Mapping[str, Any], action: Action, detail: str = "") -> Step:
        kind = resource.kind
        given = {"name": resource.name} if "name" in create_shape(kind).required_members else {}
        answer = self._remote.call("create", kind, resource.label, **given, **wanted)
        if kind == "eventTracker":
            self._tracking[resource.name] = answer["trackingId"]
        return Step(kind=kind, label=resource.label, arn=answer[f"{kind}Arn"], action=action, detail=detail)

    def _compared(self, resource: Declared, wanted: dict[str, Any], arn: str) -> Step:
        kind, label = resource.kind, resource.label
        described = self._remote.describe(kind, label, arn)
        compared = {**wanted, "name": resource.name}
        if str(wanted.get("solutionVersionArn", "")).endswith("/$LATEST"):
            del compared["solutionVersionArn"]
        names = differing(kind, compared, described)
        status, reason = state(kind, described)
        if described.get("status", "ACTIVE").endswith(_FAILED):
            return self._replaced(resource, wanted, arn, f"it is {status}: {reason or 'without a reason'}")
        metrics = self._metric_changes(wanted, arn) if kind == "metricAttribution" else {}
        if not names and not metrics:
            return Step(kind=kind, label=label, arn=arn, action="unchanged")
        if not updatable(kind, names, compared, described):
            return self._replaced(resource, wanted, arn, f"{', '.join(names)} cannot be changed")
        params = {f"{kind}Arn": arn, **update_params(kind, names, compared), **metrics}
        self._remote.wait(kind, label, arn)
        self._remote.call("update", kind, label, **params)
        return Step(kind=kind, label=label, arn=arn, action="updated", detail=", ".join([*names, *metrics]))

    def _metric_changes(self, wanted: Mapping[str, Any], arn: str) -> dict[str, Any]:
        metrics = self._remote.listed("metricAttributionMetric", metricAttributionArn=arn)
        missing = [metric for metric in wanted["metrics"] if metric not in metrics]
        extra = [metric["metricName"] for metric in metrics if metric not in wanted["metrics"]]
        changes: dict[str, Any] = {"addMetrics": missing, "removeMetrics": extra}
        return {name: value for name, value in changes.items() if value}

    def _replaced(self, resource: Declared, wanted: Mapping[str, Any], arn: str, why: str) -> Step:
        kind, label = resource.kind, resource.label
        what = f"{words(kind)} {label}: {why}"
        if kind == "schema":
            raise ApplyError(f"{what}; give the changed schema a new name, and its datasets are updated to it")
        if kind not in REPLACEABLE:
            raise ApplyError(f"{what}, and it is not replaced, as data would be lost; use another name or delete it")
        if not self._replace:
            raise ApplyError(f"{what}; --replace deletes it and makes it anew")
        if kind == "solution":
            for campaign in self._remote.listed("campaign", solutionArn=arn):
                self._remote.delete("campaign", campaign["name"], campaign["campaignArn"])
        self._remote.delete(kind, label, arn)
        return self._created(resource, wanted, "replaced", why)

    def _tag(self, resource: Declared, arn: str) -> None:
        wanted = resource.params.get("tags")
        if not wanted:
            return
        there = self._remote.tags(resource.label, arn)
        if changed := [tag for tag in wanted if tag not in there]:
            self._remote.tag(resource.label, arn, changed)
            self._tagged.append(resource.label)
            self._say(f"tagged    {words(resource.kind)} {resource.label}")

    def _imported(self, resource: Declared) -> Step:
        dataset = self._arns[resource.references["datasetArn"]]
        where = resource.params["dataSource"]["dataLocation"]
        if resource.files:
            assert self._bucket is not None  # checked before the first call
            where = data.location(resource.files, self._bucket, self._chain.prefix)
        jobs = sorted(
            self._remote.listed("datasetImportJob", datasetArn=dataset), key=lambda job: job["creationDateTime"]
        )
        kept = [job for job in jobs if not str(job["status"]).endswith(_FAILED)]
        for job in kept[-1:]:
            arn = job["datasetImportJobArn"]
            newest = self._remote.describe("datasetImportJob", resource.label, arn)
            if newest["dataSource"].get("dataLocation") == where:
                return Step(kind=resource.kind, label=resource.label, arn=arn, action="unchanged")
        if resource.files:
            data.upload(self._s3, resource.files, where, make_bucket=self._make_bucket)
        # Failed jobs keep their names, so that each attempt has one of its own.
        digest = hashlib.sha256(f"{dataset} {where} {len(jobs)}".encode()).hexdigest()[:12]
        name = resource.params.get("jobName", resource.label.rpartition("/")[2])
        if "jobName" not in resource.params or any(job.get("jobName") == name for job in jobs):
            name = f"{name[:50]}-{digest}"
        params = {"roleArn": self._role, **resource.params, "dataSource": {"dataLocation": where}, "jobName": name}
        answer = self._remote.call("create", resource.kind, resource.label, datasetArn=dataset, **params)
        self._new_data.add(resource.label.partition("/")[0])
        return Step(
            kind=resource.kind, label=resource.label, arn=answer["datasetImportJobArn"], action="created", detail=where
        )

    def _trained(self, resource: Declared) -> Step:
        solution = self._arns["solution", resource.name]
        versions = sorted(
            (
                version
                for version in self._remote.listed("solutionVersion", solutionArn=solution)
                if not str(version["status"]).endswith(_FAILED)
            ),
            key=lambda version: version["creationDateTime"],
        )
        if versions and not (resource.again and self._outdated(resource, versions[-1])):
            arn = versions[-1]["solutionVersionArn"]
            return Step(kind=resource.kind, label=resource.label, arn=arn, action="unchanged")
        detail = "the data is newer" if versions else ""
        return self._created(resource, {**resource.params, "solutionArn": solution}, "created", detail)

    def _outdated(self, resource: Declared, version: Mapping[str, Any]) -> bool:
        """Whether data came after a version was begun, by this run or by one that was interrupted."""
        imports = [key for key in resource.after if key[0] == "datasetImportJob"]
        if any(label.partition("/")[0] in self._new_data for _, label in imports):
            return True
        jobs = (self._remote.describe(*key, self._arns[key]) for key in imports)
        return any(job["creationDateTime"] > version["creationDateTime"] for job in jobs)
