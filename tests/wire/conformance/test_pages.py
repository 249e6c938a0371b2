"""Every paginator of botocore, a page for each resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader

from .kinds import MODEL
from .parameters import Params
from .stage import Stage
from .table import ATTRIBUTION, PLAIN
from .walking import GONE, create, refusal

PAGINATORS: dict[str, Any] = Loader().load_service_model("personalize", "paginators-1")["pagination"]
BY_LIST = {f"List{case.title}s": case for case in PLAIN}
ONE_BY_ONE = {"PageSize": 1}


class Crowd:
    """An account with three resources of each kind; ``made`` has their ARNs and parameters, oldest first."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.made = {case.kind: [self._make(case) for _ in range(3)] for case in PLAIN}

    def _make(self, case: Any) -> tuple[str, Params]:
        params = case.params(self.stage, self.stage.name(case.kind))
        return create(self.stage, case, params), params


@pytest.fixture(scope="module")
def crowd(stages: Callable[[str], Stage]) -> Crowd:
    return Crowd(stages("instant").other())


def pages(stage: Stage, operation: str, key: str, **given: Any) -> list[Any]:
    """What a paginator gives, one a page."""
    paginator = stage.program.personalize.get_paginator(xform_name(operation))
    found = list(paginator.paginate(PaginationConfig=ONE_BY_ONE, **given))
    assert all(len(page[key]) == 1 for page in found), operation
    assert all(set(page) - {"ResponseMetadata"} == {key, "nextToken"} for page in found[:-1]), operation
    assert set(found[-1]) - {"ResponseMetadata"} == {key}, operation
    return [page[key][0] for page in found]


def test_every_list_but_one_has_a_paginator() -> None:
    lists = {name for name in MODEL.operation_names if name.startswith("List")}
    assert lists - set(PAGINATORS) == {"ListDataDeletionJobs", "ListTagsForResource"}
    assert set(BY_LIST) <= lists


@pytest.mark.parametrize("operation", sorted(set(PAGINATORS) & set(BY_LIST)))
def test_a_paginator_gives_every_resource_once_newest_first(crowd: Crowd, operation: str) -> None:
    case, key = BY_LIST[operation], PAGINATORS[operation]["result_key"]
    assert key == case.list_key
    found = [summary[case.arn_member] for summary in pages(crowd.stage, operation, key)]
    made = [arn for arn, _ in crowd.made[case.kind]]
    assert len(found) == len(set(found))
    assert [arn for arn in found if arn in made] == made[::-1]
    everything = crowd.stage.call(operation)[key]
    assert [summary[case.arn_member] for summary in everything] == found
    assert [summary["creationDateTime"] for summary in everything] == sorted(
        (summary["creationDateTime"] for summary in everything), reverse=True
    )


@pytest.mark.parametrize("case", [case for case in PLAIN if case.list_filter is not None], ids=str)
def test_a_filtered_list_has_what_belongs_to_the_filter_alone(crowd: Crowd, case: Any) -> None:
    operation, stage = f"List{case.title}s", crowd.stage
    parents = {arn: case.parent(params) for arn, params in crowd.made[case.kind]}
    for parent in set(parents.values()):
        found = [
            summary[case.arn_member] for summary in stage.call(operation, **{case.list_filter: parent})[case.list_key]
        ]
        ours = [arn for arn in found if arn in parents]
        assert ours == [arn for arn, _ in crowd.made[case.kind] if parents[arn] == parent][::-1]
        if operation in PAGINATORS:
            paged = pages(stage, operation, case.list_key, **{case.list_filter: parent})
            assert [summary[case.arn_member] for summary in paged] == found
        unknown = {case.list_filter: parent[:-1] + ("0" if parent[-1] != "0" else "1")}
        if case.kind == "solutionVersion":
            assert refusal(stage, operation, **unknown) == GONE
        else:
            assert stage.call(operation, **unknown) == {case.list_key: []}
    assert refusal(stage, operation, **{case.list_filter: "no arn"}) == "ValidationException"


def test_data_deletion_jobs_are_paged_too(crowd: Crowd) -> None:
    found: list[str] = []
    more: dict[str, str] = {}
    for _ in range(3):
        page = crowd.stage.call("ListDataDeletionJobs", maxResults=1, **more)
        found += [job["dataDeletionJobArn"] for job in page["dataDeletionJobs"]]
        more = {"nextToken": page["nextToken"]} if "nextToken" in page else {}
    assert not more
    assert found == [arn for arn, _ in crowd.made["dataDeletionJob"]][::-1]


def test_recipes_come_one_by_one_in_alphabetical_order(crowd: Crowd) -> None:
    for given, count in (({}, 22), ({"domain": "ECOMMERCE"}, 5), ({"domain": "VIDEO_ON_DEMAND"}, 5)):
        names = [recipe["name"] for recipe in pages(crowd.stage, "ListRecipes", "recipes", **given)]
        assert names == sorted(set(names))
        assert len(names) == count


def test_metrics_come_one_by_one(crowd: Crowd) -> None:
    assert PAGINATORS["ListMetricAttributionMetrics"]["result_key"] == "metrics"
    for arn, params in crowd.made[ATTRIBUTION.kind]:
        found = pages(crowd.stage, "ListMetricAttributionMetrics", "metrics", metricAttributionArn=arn)
        assert found == params["metrics"]
    every = pages(crowd.stage, "ListMetricAttributionMetrics", "metrics")
    assert len(every) == 9


@pytest.mark.parametrize("operation", [*PAGINATORS, "ListDataDeletionJobs"])
def test_a_token_of_another_list_is_no_token(crowd: Crowd, operation: str) -> None:
    other = "ListSchemas" if operation != "ListSchemas" else "ListDatasets"
    token = crowd.stage.call(other, maxResults=1)["nextToken"]
    for bad in (token, "made-up"):
        assert refusal(crowd.stage, operation, nextToken=bad) == "InvalidNextTokenException", operation
