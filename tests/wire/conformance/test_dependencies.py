"""What a resource needs before it can be made, what keeps it from being deleted, and what goes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Small
from tests.wire.program import INTERACTIONS, ITEMS, ROLE, avro, interactions_csv, refused

from . import making
from .making import MOST_VIEWED, POPULARITY
from .stage import Stage
from .table import (
    ATTRIBUTION,
    CAMPAIGN,
    DATA_DELETION,
    DATASET,
    FILTER,
    INFERENCE,
    RECOMMENDER,
    SEGMENT,
    SOLUTION,
    TRACKER,
    VERSION,
)
from .walking import GONE, IN_USE, INVALID, create, refusal

ORDER = (
    ("Campaign", "campaign"),
    ("Recommender", "recommender"),
    ("Solution", "solution"),
    ("EventTracker", "eventTracker"),
    ("MetricAttribution", "metricAttribution"),
    ("Filter", "filter"),
    ("Dataset", "items"),
    ("Dataset", "interactions"),
    ("DatasetGroup", "datasetGroup"),
    ("Schema", "schema"),
)
"""The order in which the guide deletes (section 3.1)."""


def whole(stage: Stage) -> dict[str, str]:
    """A domain group with one of everything, by what it is."""
    group = making.group(stage, "ECOMMERCE")
    interactions = making.dataset(stage, group, "INTERACTIONS", INTERACTIONS, "ECOMMERCE")
    making.load(stage, interactions, interactions_csv(kind="View"))
    items = making.dataset(stage, group, "ITEMS", _SHOP_ITEMS, "ECOMMERCE")
    making.load(stage, items, "ITEM_ID,PRICE,CATEGORY_L1\ni,1,a\n")
    solution = making.solution(stage, group, POPULARITY)
    version = making.version(stage, solution)
    named: dict[str, Any] = {"datasetGroupArn": group}
    metric = [{"eventType": "View", "metricName": "m", "expression": "SUM(Items.PRICE)"}]
    expression = 'INCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("a")'
    return {
        "datasetGroup": group,
        "interactions": interactions,
        "items": items,
        "schema": stage.describe("dataset", interactions)["schemaArn"],
        "solution": solution,
        "solutionVersion": version,
        "campaign": create(stage, CAMPAIGN, {"name": stage.name("c"), "solutionVersionArn": version}),
        "recommender": create(stage, RECOMMENDER, {"name": stage.name("r"), "recipeArn": MOST_VIEWED, **named}),
        "eventTracker": create(stage, TRACKER, {"name": stage.name("t"), **named}),
        "filter": create(stage, FILTER, {"name": stage.name("f"), "filterExpression": expression, **named}),
        "metricAttribution": create(
            stage,
            ATTRIBUTION,
            {"name": stage.name("m"), "metrics": metric, "metricsOutputConfig": {"roleArn": ROLE}, **named},
        ),
    }


_SHOP_ITEMS = avro(
    "Items",
    ("ITEM_ID", "string"),
    ("PRICE", "float"),
    {"name": "CATEGORY_L1", "type": "string", "categorical": True},
)
BLOCKED = {
    "datasetGroup": {"interactions", "items", "solution", "recommender", "eventTracker", "filter", "metricAttribution"},
    "interactions": {"campaign", "eventTracker", "filter", "metricAttribution"},
    "items": {"campaign", "filter", "metricAttribution"},
    "solution": {"campaign"},
    "schema": {"interactions"},
}
"""What keeps each from being deleted."""


def test_deletion_goes_in_the_order_of_the_guide_and_in_no_other(fresh: Stage) -> None:
    made = whole(fresh)
    left = set(made)
    for title, what in ORDER:
        for other, blocks in BLOCKED.items():
            if other in left and blocks & left:
                kind = "dataset" if other in ("interactions", "items") else other
                delete = f"Delete{kind[0].upper()}{kind[1:]}"
                code, _, text = refused(fresh.call, operation=delete, **{f"{kind}Arn": made[other]})
                assert code == IN_USE, f"{other} before {what}"
                named = set(text.rpartition(": ")[2].rstrip(".").split(", "))
                assert named == {made[block] for block in blocks & left}, f"{other} before {what}"
        assert fresh.call(f"Delete{title}", **{f"{title[0].lower()}{title[1:]}Arn": made[what]}) == {}, what
        left.discard(what)


def test_versions_and_jobs_vanish_with_what_they_belong_to(stage: Stage) -> None:
    solution = making.solution(stage, stage.once(making.shop), POPULARITY)
    version = making.version(stage, solution)
    group = making.group(stage)
    items = making.dataset(stage, group, "ITEMS", ITEMS)
    imported = making.load(stage, items, "ITEM_ID,GENRE\na,b\n")
    this = {"solutionVersionArn": version, **making.places(stage, stage.name("in"), '{"userId": "u1"}\n')}
    erasing = {**DATA_DELETION.params(stage, stage.name("d")), "datasetGroupArn": group}
    gone = {
        "solutionVersion": version,
        "batchInferenceJob": create(stage, INFERENCE, {"jobName": stage.name("i"), **this}),
        "datasetImportJob": imported,
        "dataDeletionJob": create(stage, DATA_DELETION, erasing),
    }
    for kind, arn in gone.items():
        stage.settle(kind, arn)
    for kind, arn in (("solution", solution), ("dataset", items), ("datasetGroup", group)):
        stage.call(f"Delete{kind[0].upper()}{kind[1:]}", **{f"{kind}Arn": arn})
        for seconds, _ in stage.leaving():
            stage.wait(seconds)
            assert stage.describe(kind, arn)["status"].startswith("DELETE")
        stage.wait({"timed:100": 100, "real": 600}.get(stage.mode, 0))
    for kind, arn in gone.items():
        title = f"{kind[0].upper()}{kind[1:]}"
        assert refusal(stage, f"Describe{title}", **{f"{kind}Arn": arn}) == GONE, kind


IN_GROUP = (DATASET, TRACKER, SOLUTION, RECOMMENDER, ATTRIBUTION, DATA_DELETION, FILTER)


@pytest.mark.parametrize("case", IN_GROUP, ids=str)
def test_nothing_is_made_in_a_group_that_is_not_active(stages: Callable[[str], Stage], case: Any) -> None:
    stage = stages("timed:100")
    params = case.params(stage, stage.name(case.kind))
    domain = {"domain": "ECOMMERCE"} if case is RECOMMENDER else {}
    group = stage.call("CreateDatasetGroup", name=stage.name("young"), **domain)["datasetGroupArn"]
    expected = INVALID if case is FILTER else IN_USE
    for _ in range(2):
        assert refusal(stage, f"Create{case.title}", **{**params, "datasetGroupArn": group}) == expected
        stage.wait(50)
    stage.call("DeleteDatasetGroup", datasetGroupArn=group)
    assert refusal(stage, f"Create{case.title}", **{**params, "datasetGroupArn": group}) == expected


@pytest.mark.parametrize("case", [CAMPAIGN, INFERENCE, SEGMENT], ids=str)
def test_nothing_is_made_of_a_version_that_trains(small: Callable[..., Small], case: Any) -> None:
    room = small(status="instant,solution-version=timed:100")
    stage = Stage(room.server, "timed:100", room.folder)
    params = case.params(stage, "early")
    version = create(stage, VERSION, {"solutionArn": params["solutionVersionArn"].rpartition("/")[0]})
    early = {**params, "solutionVersionArn": version}
    assert refusal(stage, f"Create{case.title}", **early) == IN_USE
    stage.wait(50)
    assert refusal(stage, f"Create{case.title}", **early) == IN_USE
    stage.wait(50)
    create(stage, case, early)


LEAVING = (
    (VERSION, {}),
    (SOLUTION, {"recipeArn": POPULARITY}),
    (FILTER, {"filterExpression": 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("View")'}),
    (
        ATTRIBUTION,
        {
            "metrics": [{"eventType": "View", "metricName": "m", "expression": "SAMPLECOUNT()"}],
            "metricsOutputConfig": {"roleArn": ROLE},
        },
    ),
)


@pytest.mark.parametrize(("case", "given"), LEAVING, ids=[str(case) for case, _ in LEAVING])
def test_nothing_is_made_of_a_dataset_in_deletion(stages: Callable[[str], Stage], case: Any, given: Any) -> None:
    stage = stages("timed:100").other()
    group = making.group(stage)
    dataset = making.dataset(stage, group, "INTERACTIONS", INTERACTIONS)
    making.load(stage, dataset, interactions_csv())
    parent = {"datasetGroupArn": group}
    if case is VERSION:
        parent = {"solutionArn": making.solution(stage, group, POPULARITY)}
    stage.call("DeleteDataset", datasetArn=dataset)
    name = {} if case is VERSION else {"name": "late"}
    assert refusal(stage, f"Create{case.title}", **name, **parent, **given) in (INVALID, IN_USE)
