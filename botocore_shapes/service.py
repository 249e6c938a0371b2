"""How one request becomes one response: route, parse, validate, call the handler, serialize."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from botocore_shapes.check import OutputMismatch, check_output
from botocore_shapes.errors import (
    ServiceError,
    Unanswered,
    internal_failure,
    not_implemented,
    too_large,
    validation_error,
)
from botocore_shapes.http import Request, Response
from botocore_shapes.model import ServiceModel
from botocore_shapes.protocols.base import REQUEST_ID, Protocol
from botocore_shapes.protocols.json import JsonProtocol
from botocore_shapes.protocols.rest_json import RestJsonProtocol
from botocore_shapes.scope import Scope, read_scope
from botocore_shapes.validate import Validate, ValidatorFactory, Violation, violation_message

__all__ = ["DEFAULT_MAX_BODY", "Call", "Handler", "Lasting", "Repeatable", "Service"]

ContextT = TypeVar("ContextT")
Handler: TypeAlias = Callable[[ContextT, dict[str, Any]], "Mapping[str, Any] | None"]

Observe: TypeAlias = Callable[[Request, Response, "dict[str, Any] | None", "ContextT | None", str, float], None]

DEFAULT_MAX_BODY = 10 * 1024 * 1024
"""Bytes of the longest body that is read; chosen."""

_LOG = logging.getLogger(__name__)


class Lasting(dict[str, Any]):
    """A result that a handler gives again and again, unchanged: what it is on the wire is kept with it."""

    __slots__ = ("sent",)

    def __init__(self, result: Mapping[str, Any]) -> None:
        super().__init__(result)
        self.sent: Response | None = None


class Repetition(NamedTuple, Generic[ContextT]):
    """A result that was given again: under which request id and in which context. Its caller may change the result."""

    request_id: str
    context: ContextT
    result: dict[str, Any]


class Repeatable(dict[str, Any]):
    """A result that may be given again to the same request without asking its handler.

    ``again`` takes what makes a request id and repeats the result; it gives None, and makes no id, once the handler
    must be asked. Such a result has values that JSON has, under the names of the wire.
    """

    __slots__ = ("again",)

    def __init__(self, result: Mapping[str, Any], again: Callable[[Callable[[], str]], Repetition[Any] | None]) -> None:
        super().__init__(result)
        self.again = again


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is known of a request before its parameters are: enough to make a handler's context."""

    operation: str
    request_id: str
    scope: Scope | None
    request: Request


class Service(Generic[ContextT]):
    """One service: its model and the functions that answer its operations.

    ``handlers`` maps operation names to functions of a context and validated parameters, which give the result under
    the model's member names or raise ``ServiceError``. ``make_context`` makes the context of each call and may raise
    ``ServiceError`` too. Raises ``ValueError`` for handlers that the model does not know and for models that speak
    neither json nor rest-json. With ``check_output``, a result that breaks its shape raises ``OutputMismatch`` out of
    ``handle``: for tests. ``observe`` is told of each call: the request, the response, the parameters and the context
    (None where it did not come so far), the request id and the seconds that it took.
    """

    def __init__(
        self,
        model: ServiceModel,
        handlers: Mapping[str, Handler[ContextT]],
        *,
        make_context: Callable[[Call], ContextT],
        new_request_id: Callable[[], str],
        max_body: int = DEFAULT_MAX_BODY,
        check_output: bool = False,
        observe: Observe[ContextT] | None = None,
    ) -> None:
        unknown = sorted(set(handlers) - set(model.operation_names))
        if unknown:
            raise ValueError(f"{model.service_name} has no operation {', '.join(unknown)}")
        self.model = model
        self._handlers = dict(handlers)
        self._make_context = make_context
        self._new_request_id = new_request_id
        self._max_body = max_body
        self._check_output = check_output
        self._observe = observe
        self._protocol = _protocol_for(model)
        self._validator_factory = ValidatorFactory()
        self._validators: dict[str, Validate | None] = {}

    @property
    def operations(self) -> list[str]:
        """Names of the model's operations."""
        return self.model.operation_names

    @property
    def unserved(self) -> list[str]:
        """Names of the model's operations without a handler."""
        return [name for name in self.model.operation_names if name not in self._handlers]

    def accepts(self, request: Request) -> bool:
        """Whether a request belongs to this model, by its target prefix or by its method and path."""
        return self._protocol.accepts(request)

    def handle(self, request: Request) -> Response:
        """Answer a request. Raises nothing for whatever a client sends; see ``check_output`` for the one exception."""
        began = perf_counter()
        request_id = self._new_request_id()
        operation: str | None = None
        params: dict[str, Any] | None = None
        context: ContextT | None = None
        repeat: Callable[[], tuple[str, dict[str, Any]] | None] | None = None
        try:
            if len(request.body) > self._max_body:
                raise too_large(self._max_body)
            route = self._protocol.route(request)
            operation = route.operation
            handler = self._handlers.get(operation)
            if handler is None:
                raise not_implemented(operation, self.model.service_name)
            params = self._protocol.parse(route, request)
            self._validate(operation, params)
            context = self._make_context(
                Call(operation=operation, request_id=request_id, scope=read_scope(request), request=request)
            )
            result = handler(context, params)
            response = self._answer(operation, result, request_id)
            if isinstance(result, Repeatable):
                repeat = self._repeater(request, response, params, result.again)
        except ServiceError as error:
            response = self._answer_error(error, operation, request_id)
        except Unanswered as none:
            response = Response(status=0, operation=operation, error=none.kind)
        except OutputMismatch:
            raise
        except Exception:
            _LOG.exception("%s.%s failed (request %s)", self.model.service_name, operation, request_id)
            response = self._protocol.serialize_error(internal_failure(), operation, request_id)
        if self._observe is not None:
            self._observe(request, response, params, context, request_id, perf_counter() - began)
        # Only now: whoever observes may keep the response, but not all that is needed to give it again.
        return response if repeat is None else replace(response, repeat=repeat)

    def checked(self, operation: str, members: object) -> dict[str, Any]:
        """JSON values as parameters of an operation that takes them all in its body.

        Raises ValueError for what is no object and for members that the model does not have, ServiceError for values
        that the operation would refuse.
        """
        model = self.model.operation_model(operation)
        known: Any = model.input_shape.members if model.input_shape is not None else {}
        if not isinstance(members, dict):
            raise ValueError(f"send the parameters of {operation} as a JSON object")
        unknown = sorted(set(members) - set(known))
        if unknown:
            raise ValueError(f"{operation} has no parameter {unknown[0]}")
        http, body = model.http, json.dumps(members).encode()
        request = Request(
            method=http.get("method", "POST"),
            path=http.get("requestUri", "/"),
            query="",
            headers={"content-type": "application/json"},
            body=body,
        )
        params = self._protocol.parse(self._protocol.route(request), request)
        self._validate(operation, params)
        return params

    def _validate(self, operation: str, params: dict[str, Any]) -> None:
        if operation not in self._validators:
            shape = self.model.operation_model(operation).input_shape
            self._validators[operation] = None if shape is None else self._validator_factory.make(shape)
        validate = self._validators[operation]
        if validate is not None:
            found: list[Violation] = []
            validate(params, "", found)
            if found:
                raise validation_error(violation_message(found))

    def _answer(self, operation: str, result: Mapping[str, Any] | None, request_id: str) -> Response:
        result = {} if result is None else result
        if isinstance(result, Lasting):
            if result.sent is None:
                result.sent = self._serialized(operation, result, request_id)
            return replace(result.sent, headers={**result.sent.headers, REQUEST_ID: request_id})
        return self._serialized(operation, result, request_id)

    def _repeater(
        self,
        request: Request,
        response: Response,
        params: dict[str, Any],
        again: Callable[[Callable[[], str]], Repetition[ContextT] | None],
    ) -> Callable[[], tuple[str, dict[str, Any]] | None]:
        def repeat() -> tuple[str, dict[str, Any]] | None:
            began = perf_counter()
            repeated = again(self._new_request_id)
            if repeated is None:
                return None
            request_id, context, result = repeated
            if self._observe is not None:
                self._observe(request, response, params, context, request_id, perf_counter() - began)
            return request_id, result

        return repeat

    def _serialized(self, operation: str, result: Mapping[str, Any], request_id: str) -> Response:
        if self._check_output:
            shape = self.model.operation_model(operation).output_shape
            if shape is not None:
                check_output(result, shape, operation)
            elif result:
                raise OutputMismatch(f"{operation}: a result where the model has none")
        return self._protocol.serialize(operation, result, request_id)

    def _answer_error(self, error: ServiceError, operation: str | None, request_id: str) -> Response:
        try:
            return self._protocol.serialize_error(error, operation, request_id)
        except Exception:
            # Members of a ServiceError come from a handler and may be anything.
            _LOG.exception("%s.%s: %r cannot be sent", self.model.service_name, operation, error)
            return self._protocol.serialize_error(internal_failure(), operation, request_id)


def _protocol_for(model: ServiceModel) -> Protocol:
    """The protocol that is spoken here; a service that prefers another one but also speaks json is served in json."""
    if "json" in model.protocols:
        return JsonProtocol(model)
    if "rest-json" in model.protocols:
        return RestJsonProtocol(model)
    raise ValueError(f"{model.service_name} speaks {', '.join(model.protocols)}, neither json nor rest-json")
