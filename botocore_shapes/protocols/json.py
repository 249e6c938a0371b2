"""How AWS's json 1.0 and 1.1 protocols carry requests, results and errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore_shapes.errors import ServiceError, not_implemented, serialization_error, unknown_operation
from botocore_shapes.http import Request, Response
from botocore_shapes.model import ServiceModel
from botocore_shapes.protocols.base import REQUEST_ID, Protocol, Route
from botocore_shapes.protocols.values import Convert, ParserFactory, SerializerFactory, decode_body, encode_body

__all__ = ["JsonProtocol"]

_MEDIA_TYPES = frozenset({"application/x-amz-json-1.0", "application/x-amz-json-1.1", "application/json"})


class JsonProtocol(Protocol):
    """``POST /`` with the operation in ``X-Amz-Target`` and everything else in a JSON body."""

    def __init__(self, model: ServiceModel) -> None:
        super().__init__(model)
        self._content_type = f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.0')}"
        self._prefix = f"{model.metadata['targetPrefix']}."
        self._routes = {self._prefix + name: Route(operation=name, labels={}) for name in model.operation_names}
        self._parser_factory = ParserFactory()
        self._serializer_factory = SerializerFactory()
        self._parsers: dict[str, Convert] = {}
        self._serializers: dict[str, Convert | None] = {}

    def accepts(self, request: Request) -> bool:
        return request.headers.get("x-amz-target", "").startswith(self._prefix)

    def route(self, request: Request) -> Route:
        target = request.headers.get("x-amz-target", "")
        content_type = request.headers.get("content-type")
        if content_type is not None and content_type.partition(";")[0].strip().lower() not in _MEDIA_TYPES:
            # Class and status observed on DynamoDB, which then does not see a call of its protocol at all; text chosen.
            message = f"The media type {content_type!r} is not supported; send {self._content_type}."
            raise unknown_operation(message, status=404)
        route = self._routes.get(target)
        if route is None or request.method != "POST":
            # Status observed on services of this protocol, whose message is empty; text chosen.
            message = f"No operation of {self.model.service_name} has the target {target!r}."
            raise unknown_operation(message if target else "The header X-Amz-Target is missing.", status=400)
        return route

    def parse(self, route: Route, request: Request) -> dict[str, Any]:
        parser = self._parsers.get(route.operation)
        if parser is None:
            parser = self._parsers[route.operation] = self._make_parser(route.operation)
        # Clients send {} for no parameters; an empty body says the same.
        value = decode_body(request.body) if request.body else {}
        if type(value) is not dict:
            raise serialization_error("The request body is not a JSON object.")  # text chosen
        params: dict[str, Any] = parser(value)
        return params

    def serialize(self, operation: str, result: Mapping[str, Any], request_id: str) -> Response:
        if operation not in self._serializers:
            self._serializers[operation] = self._make_serializer(operation)
        serializer = self._serializers[operation]
        body = b"" if serializer is None else encode_body(serializer(result))
        headers = {
            REQUEST_ID: request_id,
            "content-type": self._content_type,
            "content-length": str(len(body)),
        }
        return Response(status=200, headers=headers, body=body, operation=operation)

    def serialize_error(self, error: ServiceError, operation: str | None, request_id: str) -> Response:
        answer = self.error_answer(error)
        body = encode_body({"__type": answer.code, **self.error_members(answer, self._serializer_factory)})
        headers = {
            REQUEST_ID: request_id,
            "content-type": self._content_type,
            "content-length": str(len(body)),
            **self.error_headers(answer),
        }
        return Response(status=answer.status, headers=headers, body=body, operation=operation, error=answer.code)

    def _make_parser(self, operation: str) -> Convert:
        shape = self.model.operation_model(operation).input_shape
        if shape is None:
            return lambda value: {}  # noqa: ARG005
        if shape.event_stream_name:
            raise not_implemented(f"{operation} (its input is an event stream)", self.model.service_name)
        return self._parser_factory.make(shape)

    def _make_serializer(self, operation: str) -> Convert | None:
        shape = self.model.operation_model(operation).output_shape
        if shape is None:
            return None
        if shape.event_stream_name:
            raise not_implemented(f"{operation} (its output is an event stream)", self.model.service_name)
        return self._serializer_factory.make(shape)
