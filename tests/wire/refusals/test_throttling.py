"""Request rates, where they are asked for: which operations have one, and what a refused call leaves undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from tests.conftest import build_checked
from tests.wire.conformance.stage import Stage
from tests.wire.program import ITEMS
from tests.wire.violations import sample

from .asking import MODEL, operation, refused
from .declared import meets

THROTTLED = ("ThrottlingException", 400, "Rate exceeded")
# Once a second each (section 4.3 of the facts on the control plane).
RATED = (
    *(
        f"Create{name}"
        for name in ("Campaign", "Dataset", "DatasetGroup", "DatasetImportJob", "EventTracker", "Schema")
    ),
    *("CreateSolution", "CreateSolutionVersion", "UpdateCampaign", "UpdateDataset"),
    *(f"Delete{name}" for name in ("Campaign", "Dataset", "DatasetGroup", "EventTracker", "Schema", "Solution")),
    *(f"Describe{name}" for name in ("Algorithm", "Campaign", "Dataset", "DatasetGroup", "DatasetImportJob")),
    *(f"Describe{name}" for name in ("EventTracker", "FeatureTransformation", "Recipe", "Schema", "Solution")),
    "GetSolutionMetrics",
    *(f"List{name}" for name in ("Campaigns", "DatasetGroups", "DatasetImportJobs", "Datasets", "EventTrackers")),
    *(f"List{name}" for name in ("Recipes", "Schemas", "SolutionVersions", "Solutions")),
)


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server that holds the rates, on a clock that stands."""
    folder = tmp_path_factory.mktemp("buckets")
    settings = Settings(
        port=0, executor="inline", companion=False, s3_root=folder, clock=1_700_200_000.0, throttle=True
    )
    with BackgroundServer(settings, build_checked) as server:
        yield Stage(server, "instant", folder)


def code(stage: Stage, name: str, params: dict[str, Any]) -> str:
    """The class of what a call is answered with, empty for success."""
    try:
        operation(stage.program.personalize, name)(**params)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@pytest.mark.parametrize("name", RATED)
@meets("throttling.THROTTLED")
def test_a_second_call_within_a_second(hurried: Stage, name: str) -> None:
    params = sample(MODEL.operation_model(name).input_shape)
    hurried.wait(1)
    assert code(hurried, name, params) != "ThrottlingException"
    assert refused(operation(hurried.program.personalize, name), **params) == THROTTLED
    hurried.wait(0.5)
    assert refused(operation(hurried.program.personalize, name), **params) == THROTTLED
    hurried.wait(0.5)
    assert code(hurried, name, params) != "ThrottlingException"


@pytest.mark.parametrize("name", sorted(set(MODEL.operation_names) - set(RATED)))
def test_operations_without_a_rate(hurried: Stage, name: str) -> None:
    params = sample(MODEL.operation_model(name).input_shape)
    assert "ThrottlingException" not in [code(hurried, name, params) for _ in range(3)]


def test_accounts_and_regions_have_rates_of_their_own(hurried: Stage) -> None:
    hurried.wait(1)
    first = hurried.other()
    for stage in (first, hurried.other(), hurried.other(account=first.program.account, region="eu-west-1")):
        stage.call("ListSchemas")
        assert refused(stage.program.personalize.list_schemas) == THROTTLED
        stage.call("ListFilters")


def test_what_is_throttled_is_not_done(hurried: Stage) -> None:
    hurried.wait(1)
    stage = hurried.other()
    schema = stage.call("CreateSchema", name="a", schema=ITEMS)["schemaArn"]
    assert refused(stage.program.personalize.create_schema, name="b", schema=ITEMS) == THROTTLED
    assert code(stage, "DeleteSchema", {"schemaArn": f"{schema}x"}) == "ResourceNotFoundException"
    assert refused(stage.program.personalize.delete_schema, schemaArn=schema) == THROTTLED
    assert [found["schemaArn"] for found in stage.call("ListSchemas")["schemas"]] == [schema]


def test_nothing_is_throttled_unasked(still: Stage) -> None:
    for _ in range(5):
        still.call("ListSchemas")
        still.call("ListRecipes")
