"""Every constraint of the service model, broken once over the wire: also those that no client checks."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from personalize_local.server.serving import BackgroundServer

from .program import Program, new_account
from .raw import call
from .violations import Case, cases, sample

MODEL = botocore.session.get_session().get_service_model("personalize")
ACCOUNT = new_account()


def control_plane(server: BackgroundServer) -> Any:
    return next(service for service in server.emulator.services if service.model.service_name == "personalize")


def expected(case: Case) -> str:
    """The sentence of a violation, in the words of the framework that AWS uses."""
    shown = {None: "", "null": " null"}.get(case.value, f" '{case.value}'")
    clauses = [f"Value{shown} at '{case.path}' failed to satisfy constraint: {clause}" for clause in case.clauses]
    noun = "error" if len(clauses) == 1 else "errors"
    return f"{len(clauses)} validation {noun} detected: {'; '.join(clauses)}"


@pytest.mark.parametrize("operation", MODEL.operation_names)
def test_each_constraint_of_an_operation_is_enforced(server: BackgroundServer, operation: str) -> None:
    shape = MODEL.operation_model(operation).input_shape
    service = control_plane(server)
    wrong = []
    for case in cases(shape):
        status, answer = call(server.url, service, operation, case.params, ACCOUNT)
        text = str(answer.get("message"))
        said = text == expected(case)
        if case.in_collection:
            said = all(part in text for part in (*case.clauses, f"at '{case.path}'"))
        if (status, answer.get("__type"), said) != (400, "ValidationException", True):
            wrong.append((case.path, case.clauses, status, answer))
    assert wrong == []


def test_there_are_as_many_cases_as_the_model_has_constraints() -> None:
    counts = [sum(1 for _ in cases(MODEL.operation_model(name).input_shape)) for name in MODEL.operation_names]
    assert len(counts) == 71
    assert min(counts) >= 2
    assert sum(counts) >= 600


@pytest.mark.parametrize("operation", MODEL.operation_names)
def test_a_request_that_breaks_nothing_is_not_refused_as_invalid(server: BackgroundServer, operation: str) -> None:
    params = sample(MODEL.operation_model(operation).input_shape)
    _, answer = call(server.url, control_plane(server), operation, params, new_account())
    assert answer.get("__type") not in ("ValidationException", "SerializationException", "InternalFailure")


def test_all_violations_of_a_request_are_told_at_once(program: Program, server: BackgroundServer) -> None:
    given = {"name": "a b", "datasetGroupArn": "x", "tags": [{"tagKey": "", "tagValue": "v"}]}
    status, answer = call(server.url, control_plane(server), "CreateEventTracker", given, program.account)
    assert (status, answer["__type"]) == (400, "ValidationException")
    assert answer["message"].startswith("3 validation errors detected: ")
    for path in ("name", "datasetGroupArn", "tags.1.member.tagKey"):
        assert f"at '{path}' failed to satisfy constraint: " in answer["message"]
    assert program.personalize.list_event_trackers()["eventTrackers"] == []


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("ListSchemas", b"{"),
        ("ListSchemas", b"[]"),
        ("ListSchemas", {"maxResults": "many"}),
        ("ListSchemas", {"nextToken": 7}),
        ("CreateSolution", {"name": "a", "datasetGroupArn": "b", "performHPO": "yes"}),
        ("TagResource", {"resourceArn": "a", "tags": {"tagKey": "a"}}),
        ("CreateCampaign", {"name": ["a"], "solutionVersionArn": "b"}),
    ],
)
def test_what_cannot_be_read_is_a_serialization_exception(server: BackgroundServer, operation: str, body: Any) -> None:
    status, answer = call(server.url, control_plane(server), operation, body)
    assert (status, answer["__type"]) == (400, "SerializationException")
