"""Asks for a refusal, and checks that the service could give it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.wire.program import Refusal

MODEL = botocore.session.get_session().get_service_model("personalize")
INVALID, UNKNOWN = "InvalidInputException", "ResourceNotFoundException"
TAKEN, IN_USE, LIMIT = "ResourceAlreadyExistsException", "ResourceInUseException", "LimitExceededException"
# What any operation may answer, though no model lists it.
_UNMODELLED = {"ValidationException", "ThrottlingException"}


def refused(call: Callable[..., Any], **params: Any) -> Refusal:
    """Class, HTTP status and text of the refusal of a call, whose class must be one that the operation has."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error, answer = caught.value.response["Error"], caught.value.response["ResponseMetadata"]
    modelled = {shape.name for shape in MODEL.operation_model(caught.value.operation_name).error_shapes}
    assert error["Code"] in modelled | _UNMODELLED, f"{caught.value.operation_name}: {error}"
    return error["Code"], answer["HTTPStatusCode"], error["Message"]


def operation(client: Any, name: str) -> Callable[..., Any]:
    """The client's method for an operation by its name in the model."""
    method: Callable[..., Any] = getattr(client, xform_name(name))
    return method


# The sentences that are the same everywhere.


def invalid(text: str) -> Refusal:
    return INVALID, 400, text


def unknown(arn: str) -> Refusal:
    if ":dataset-group/" in arn:
        return UNKNOWN, 400, f"The given dataset group does not exist: {arn}"
    return UNKNOWN, 400, f"Resource Arn {arn} does not exist."


def foreign(member: str, arn: str) -> Refusal:
    return invalid(f"Invalid ARN for {member}: {arn}.")


def taken(arn: str) -> Refusal:
    return TAKEN, 400, f"Another resource with Arn {arn} already exists."


def moving(arn: str, status: str) -> Refusal:
    return IN_USE, 400, f"Resource {arn} is in status {status} and cannot be modified."


def not_active(arn: str, status: str, code: str = IN_USE) -> Refusal:
    return code, 400, f"Resource {arn} is not ACTIVE. Current status: {status}."


def kept(arn: str, *dependants: str) -> Refusal:
    listed = ", ".join(dependants)
    return IN_USE, 400, f"Resource {arn} has dependent resources that must be deleted first: {listed}."


def too_many_standing(most: int) -> Refusal:
    return LIMIT, 400, f"More than {most} resources in ACTIVE state. Please delete some and try again."


def too_many_moving(most: int) -> Refusal:
    return LIMIT, 400, f"More than {most} resources with PENDING or IN_PROGRESS status."
