"""Every constraint of the service model, broken once over the wire: also those that no client checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from botocore_shapes.service import Service
from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from tests.conftest import build_checked

from .ground import FOR_GOOD, Ground
from .program import new_account
from .raw import call
from .violations import cases, edges, sample, sentence, wrong_types

MODEL = botocore.session.get_session().get_service_model("personalize")
EVERY = pytest.mark.parametrize("operation", MODEL.operation_names)
PAGED = [name for name in MODEL.operation_names if name.startswith("List") and name != "ListTagsForResource"]
INVALID, UNREADABLE = (400, "ValidationException"), (400, "SerializationException")
ARN = "Member must satisfy regular expression pattern: arn:([a-z\\d-]+):personalize:.*:.*:.+"
NAME = "Member must satisfy regular expression pattern: ^[a-zA-Z0-9][a-zA-Z0-9\\-_]*"
TAG = "Member must satisfy regular expression pattern: ^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$"
NOT_JSON = (
    b"{",
    b" ",
    b"[]",
    b"null",
    b"7",
    b'"{}"',
    b'{"name": "\xff"}',
    b"{'name': 'a'}",
    b'{"name": NaN}',
    b"{} {}",
)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A server of its own, so that nothing happens on it but what these tests do."""
    settings = Settings(
        port=0,
        executor="inline",
        relaxed_minimums=True,
        companion=False,
        s3_root=tmp_path_factory.mktemp("buckets"),
        clock=1_700_200_000.0,
        quotas="off",
    )
    with BackgroundServer(settings, build_checked) as server:
        assert settings.s3_root is not None
        yield Ground(server, settings.s3_root, MODEL)


def input_of(operation: str) -> Any:
    return MODEL.operation_model(operation).input_shape


def control_plane(server: BackgroundServer) -> Service[Any]:
    return next(service for service in server.emulator.services if service.model.service_name == "personalize")


def brief(answer: tuple[int, Any]) -> tuple[int, str]:
    """Status and class of an answer."""
    return answer[0], str(answer[1].get("__type"))


@EVERY
def test_each_constraint_of_an_operation_is_enforced(ground: Ground, operation: str) -> None:
    wrong = []
    for case in cases(input_of(operation), ground.requests[operation]):
        status, answer = ground.call(operation, case.params)
        if (status, answer) != (400, {"__type": "ValidationException", "message": case.sentence}):
            wrong.append((case.path, case.kinds, case.sentence, status, answer))
    assert wrong == []
    ground.assert_untouched(operation)
    if not operation.startswith(FOR_GOOD):
        # Nothing but the violations was wrong with the requests.
        ground.does(operation)


def test_there_are_as_many_cases_as_the_model_has_constraints() -> None:
    counts = {name: Counter[str]() for name in MODEL.operation_names}
    for name, count in counts.items():
        for case in cases(input_of(name)):
            count.update(case.kinds)
    assert len(counts) == 71
    assert all(count.total() >= 3 for count in counts.values())
    total = sum(counts.values(), Counter[str]())
    least = {"required": 270, "max": 280, "pattern": 210, "min": 60, "enum": 12, "null": 45}
    assert {kind: total[kind] for kind in least if total[kind] < least[kind]} == {}


@EVERY
def test_a_value_at_the_edge_of_a_constraint_passes_it(server: BackgroundServer, operation: str) -> None:
    service, account, shape = control_plane(server), new_account(), input_of(operation)
    wrong = []
    for path, params in (("", sample(shape)), *edges(shape)):
        answer = call(server.url, service, operation, params, account)
        if answer[0] >= 500 or answer[1].get("__type") in ("ValidationException", "SerializationException"):
            wrong.append((path, params, answer))
    assert wrong == []


@EVERY
def test_a_value_of_another_json_type_cannot_be_read(ground: Ground, operation: str) -> None:
    wrong = []
    for path, params in wrong_types(input_of(operation), ground.requests[operation]):
        answer = ground.call(operation, params)
        if brief(answer) != UNREADABLE:
            wrong.append((path, params, answer))
    assert wrong == []
    ground.assert_untouched(operation)


@EVERY
def test_a_body_that_is_no_json_object_cannot_be_read(ground: Ground, operation: str) -> None:
    assert [body for body in NOT_JSON if brief(ground.call(operation, body)) != UNREADABLE] == []
    # No body at all says the same as an empty object.
    assert ground.call(operation, b"") == ground.call(operation, {})


def test_what_cannot_be_read_is_told_before_what_is_invalid(ground: Ground) -> None:
    assert brief(ground.call("CreateCampaign", {"name": "a b", "solutionVersionArn": 7})) == UNREADABLE


@pytest.mark.parametrize(
    ("operation", "given", "said"),
    [
        ("CreateSolution", {"name": "a b", "datasetGroupArn": "x"},
         [(" 'a b'", "name", NAME), (" 'x'", "datasetGroupArn", ARN)]),
        ("CreateSolution", {}, [(" null", "name", "Member must not be null"),
                                (" null", "datasetGroupArn", "Member must not be null")]),
        ("CreateCampaign", {"name": "", "solutionVersionArn": "x", "minProvisionedTPS": 0},
         [(" ''", "name", "Member must have length greater than or equal to 1"), (" ''", "name", NAME),
          (" 'x'", "solutionVersionArn", ARN),
          (" '0'", "minProvisionedTPS", "Member must have value greater than or equal to 1")]),
        ("CreateDatasetGroup", {"name": "g", "domain": "MUSIC", "tags": [{"tagKey": "k", "tagValue": "v"},
                                                                         {"tagKey": "!", "tagValue": "v" * 257}]},
         [(" 'MUSIC'", "domain", "Member must satisfy enum value set: [ECOMMERCE, VIDEO_ON_DEMAND]"),
          ("", "tags.2.member.tagKey", TAG),
          ("", "tags.2.member.tagValue", "Member must have length less than or equal to 256")]),
        ("ListSchemas", {"maxResults": 101, "nextToken": "é"},
         [(" 'é'", "nextToken", "Member must satisfy regular expression pattern: \\p{ASCII}{0,1500}"),
          (" '101'", "maxResults", "Member must have value less than or equal to 100")]),
    ],
    ids=["two", "all missing", "two of one member", "nested", "not in the order of the request"],
)  # fmt: skip
def test_all_violations_of_a_request_are_told_in_the_order_of_the_model(
    ground: Ground, operation: str, given: dict[str, Any], said: list[tuple[str, str, str]]
) -> None:
    message = sentence(*said)
    assert message.startswith(f"{len(said)} validation errors detected: Value")
    assert ground.call(operation, given) == (400, {"__type": "ValidationException", "message": message})
    ground.assert_untouched(operation)


@pytest.mark.parametrize(
    ("operation", "given", "message"),
    [
        ("TagResource", {"resourceArn": "arn:aws:personalize:us-east-1:111111111111:dataset-group/none",
                         "tags": [{"tagKey": "", "tagValue": "v"}]},
         "1 validation error detected: Value at 'tags.1.member.tagKey' failed to satisfy constraint: "
         "Member must have length greater than or equal to 1"),
        ("CreateCampaign", {"name": "c" * 64,
                            "solutionVersionArn": "arn:aws:personalize:us-east-1:111111111111:solution/none/00000000"},
         f"1 validation error detected: Value '{'c' * 64}' at 'name' failed to satisfy constraint: "
         "Member must have length less than or equal to 63"),
        ("ListCampaigns", {"solutionArn": "arn:aws:personalize:us-east-1:111111111111:solution/none", "maxResults": 0},
         "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: "
         "Member must have value greater than or equal to 1"),
        ("DescribeCampaign", {"campaignArn": "home"},
         "1 validation error detected: Value 'home' at 'campaignArn' failed to satisfy constraint: "
         "Member must satisfy regular expression pattern: arn:([a-z\\d-]+):personalize:.*:.*:.+"),
    ],
    ids=["TagResource", "CreateCampaign", "ListCampaigns", "DescribeCampaign"],
)  # fmt: skip
def test_a_request_is_validated_before_a_resource_is_looked_for(
    ground: Ground, operation: str, given: dict[str, Any], message: str
) -> None:
    assert ground.call(operation, given) == (400, {"__type": "ValidationException", "message": message})


@pytest.mark.parametrize("operation", PAGED)
def test_pages_and_tokens_are_of_a_size(ground: Ground, operation: str) -> None:
    said = (
        "1 validation error detected: Value '{}' at 'maxResults' failed to satisfy constraint: Member must have value "
    )
    for size, clause in ((0, "greater than or equal to 1"), (-1, "greater than or equal to 1"),
                         (101, "less than or equal to 100")):  # fmt: skip
        answer = ground.call(operation, {"maxResults": size})
        assert answer == (400, {"__type": "ValidationException", "message": said.format(size) + clause})
    long = "t" * 1501
    clauses = ("Member must have length less than or equal to 1500",
               "Member must satisfy regular expression pattern: \\p{ASCII}{0,1500}")  # fmt: skip
    message = sentence(*((f" '{long}'", "nextToken", clause) for clause in clauses))
    answer = ground.call(operation, {"nextToken": long})
    assert answer == (400, {"__type": "ValidationException", "message": message})
    assert ground.call(operation, {"nextToken": "t" * 1500})[1]["__type"] == "InvalidNextTokenException"


def test_pages_are_those_of_all_lists() -> None:
    assert len(PAGED) == 17
