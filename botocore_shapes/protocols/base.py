"""What every protocol offers the service, and how errors are looked up in the model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore_shapes.errors import ServiceError
from botocore_shapes.http import Request, Response
from botocore_shapes.model import ServiceModel, Shape
from botocore_shapes.protocols.values import SerializerFactory

__all__ = ["REQUEST_ID", "ErrorAnswer", "Protocol", "Route"]

REQUEST_ID = "x-amzn-requestid"
"""The header that names the request in its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The operation that a request names, with the still encoded labels of its path."""

    operation: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """An error with what its shape says: the code on the wire, the status and the members."""

    code: str
    status: int
    members: Mapping[str, Any]
    shape: Shape | None


class Protocol(ABC):
    """Reads requests and writes responses of one service. Plans are made at the first use of each operation."""

    def __init__(self, model: ServiceModel) -> None:
        self.model = model
        self._errors: dict[str, Shape] | None = None

    @abstractmethod
    def route(self, request: Request) -> Route:
        """The operation of a request; raises UnknownOperationException."""

    @abstractmethod
    def parse(self, route: Route, request: Request) -> dict[str, Any]:
        """The parameters of a request, not yet validated; raises SerializationException."""

    @abstractmethod
    def serialize(self, operation: str, result: Mapping[str, Any], request_id: str) -> Response:
        """The response that carries a result."""

    @abstractmethod
    def serialize_error(self, error: ServiceError, operation: str | None, request_id: str) -> Response:
        """The response that carries an error."""

    def accepts(self, request: Request) -> bool:
        """Whether a request names an operation of this model."""
        try:
            self.route(request)
        except ServiceError:
            return False
        return True

    def error_answer(self, error: ServiceError) -> ErrorAnswer:
        """Look an error up in the model: by shape name, else by modelled code."""
        if self._errors is None:
            shapes = self.model.error_shapes
            self._errors = {_code_of(shape): shape for shape in shapes.values()} | dict(shapes)
        shape = self._errors.get(error.code)
        if shape is None:
            members = {"message": error.message, **error.members}
            return ErrorAnswer(code=error.code, status=error.status or 400, members=members, shape=None)
        members = {_message_member(shape): error.message, **error.members}
        status = error.status or _status_of(shape)
        # Clients look modelled errors up by their code. Where a former query service is spoken to in JSON, the shape's
        # name is the code and the old one goes into a header of its own.
        code = shape.name if self.model.is_query_compatible else _code_of(shape)
        return ErrorAnswer(code=code, status=status, members=members, shape=shape)

    def error_members(self, answer: ErrorAnswer, factory: SerializerFactory) -> dict[str, Any]:
        """The members of an error as its body carries them; a message always, also where the shape has none."""
        if answer.shape is None:
            return {name: value for name, value in answer.members.items() if value is not None}
        convert = factory.make(answer.shape)
        members: dict[str, Any] = dict(answer.members if convert is None else convert(answer.members))
        if _message_member(answer.shape) not in answer.shape.members:
            members["message"] = answer.members["message"]
        return members

    def error_headers(self, answer: ErrorAnswer) -> dict[str, str]:
        """The header that names the old code and the party at fault, for services that were query services."""
        if not self.model.is_query_compatible:
            return {}
        fault = "Sender" if answer.status < 500 else "Receiver"
        code = answer.code if answer.shape is None else _code_of(answer.shape)
        return {"x-amzn-query-error": f"{code};{fault}"}


def _code_of(shape: Shape) -> str:
    return str(shape.traits.get("error", {}).get("code", shape.name))


def _status_of(shape: Shape) -> int:
    fallback = 500 if shape.traits.get("fault") else 400
    return int(shape.traits.get("error", {}).get("httpStatusCode", fallback))


def _message_member(shape: Shape) -> str:
    return next((name for name in shape.members if name.lower() == "message"), "message")
