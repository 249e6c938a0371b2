"""How AWS's rest-json protocol carries requests, results and errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore_shapes.errors import (
    ServiceError,
    not_implemented,
    serialization_error,
    unknown_operation,
    unsupported_media_type,
)
from botocore_shapes.http import Request, Response
from botocore_shapes.model import ServiceModel, Shape
from botocore_shapes.protocols.base import REQUEST_ID, Protocol, Route
from botocore_shapes.protocols.bindings import header_reader, header_text, text_reader
from botocore_shapes.protocols.routes import RouteTable, parse_query
from botocore_shapes.protocols.values import (
    Convert,
    ParserFactory,
    SerializerFactory,
    decode_body,
    encode_body,
    wire_name,
)

__all__ = ["RestJsonProtocol"]

_JSON = "application/json"
_BODILESS = frozenset({204, 304})

_Bind = Callable[[dict[str, Any], Route, Request, dict[str, list[str]]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _RequestPlan:
    bindings: tuple[_Bind, ...]
    reads_query: bool
    body: Callable[[dict[str, Any], Request], None] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _ResponsePlan:
    status: int
    status_member: str | None
    headers: tuple[tuple[str, str, Callable[[Any], str]], ...]
    prefix_headers: tuple[tuple[str, str], ...]
    payload: str | None
    payload_type: str
    convert: Convert | None
    has_body: bool
    content_type: str | None


class RestJsonProtocol(Protocol):
    """Methods and paths name operations; members are bound to path, query, headers, status or the JSON body."""

    def __init__(self, model: ServiceModel) -> None:
        super().__init__(model)
        self._routes = RouteTable(model)
        self._parser_factory = ParserFactory()
        self._serializer_factory = SerializerFactory()
        self._requests: dict[str, _RequestPlan] = {}
        self._responses: dict[str, _ResponsePlan] = {}

    def route(self, request: Request) -> Route:
        route = self._routes.find(request)
        if route is None:
            # Class and status observed on services of this protocol; text chosen.
            message = f"No operation of {self.model.service_name} is at {request.method} {request.path}."
            raise unknown_operation(message, status=404)
        return route

    def accepts(self, request: Request) -> bool:
        return self._routes.find(request) is not None

    def parse(self, route: Route, request: Request) -> dict[str, Any]:
        plan = self._requests.get(route.operation)
        if plan is None:
            plan = self._requests[route.operation] = self._plan_request(route.operation)
        params: dict[str, Any] = {}
        query = parse_query(request.query) if plan.reads_query else {}
        for bind in plan.bindings:
            bind(params, route, request, query)
        if plan.body is not None:
            plan.body(params, request)
        return params

    def serialize(self, operation: str, result: Mapping[str, Any], request_id: str) -> Response:
        plan = self._responses.get(operation)
        if plan is None:
            plan = self._responses[operation] = self._plan_response(operation)
        headers = {REQUEST_ID: request_id}
        if plan.content_type is not None:
            headers["content-type"] = plan.content_type
        for member, name, write in plan.headers:
            if result.get(member) is not None:
                headers[name] = write(result[member])
        for member, prefix in plan.prefix_headers:
            for key, value in (result.get(member) or {}).items():
                headers[f"{prefix}{key}".lower()] = str(value)
        status = plan.status
        if plan.status_member is not None and result.get(plan.status_member) is not None:
            status = int(result[plan.status_member])
        body = _body(plan, result) if plan.has_body else b""
        if status in _BODILESS:
            # A few models give members to the body of an answer whose status allows none. An answer that has some of
            # them goes out as 200, for clients to see them; chosen.
            status, body = (200, body) if body not in (b"", b"{}") else (status, b"")
        headers["content-length"] = str(len(body))
        return Response(status=status, headers=headers, body=body, operation=operation)

    def serialize_error(self, error: ServiceError, operation: str | None, request_id: str) -> Response:
        answer = self.error_answer(error)
        headers = {REQUEST_ID: request_id, "x-amzn-errortype": answer.code, "content-type": _JSON}
        bound: set[str] = set()
        if answer.shape is not None:
            for name, member in answer.shape.members.items():
                if member.traits.get("location") == "header":
                    bound.add(wire_name(name, member))
                    header = wire_name(name, member).lower()
                    # Some models bind a member to the header that carries the code: the code wins.
                    if answer.members.get(name) is not None and header not in headers:
                        headers[header] = header_text(member)(answer.members[name])
        members = self.error_members(answer, self._serializer_factory)
        body = encode_body({name: value for name, value in members.items() if name not in bound})
        headers |= {"content-length": str(len(body)), **self.error_headers(answer)}
        return Response(status=answer.status, headers=headers, body=body, operation=operation, error=answer.code)

    def _plan_request(self, operation: str) -> _RequestPlan:
        model = self.model.operation_model(operation)
        shape = model.input_shape
        if shape is None:
            return _RequestPlan(bindings=(), reads_query=False, body=None)
        if shape.event_stream_name:
            raise not_implemented(f"{operation} (its input is an event stream)", self.model.service_name)
        taken = {
            wire_name(name, member) for name, member in shape.members.items() if _location(member) == "querystring"
        }
        taken |= set(parse_query(model.http["requestUri"].partition("?")[2]))
        bindings = tuple(
            _binding(name, member, taken) for name, member in shape.members.items() if "location" in member.traits
        )
        reads_query = any(_location(member) == "querystring" for member in shape.members.values())
        return _RequestPlan(bindings=bindings, reads_query=reads_query, body=self._body_reader(shape))

    def _body_reader(self, shape: Shape) -> Callable[[dict[str, Any], Request], None] | None:
        payload = shape.traits.get("payload")
        # Where the model gives the header to a member, its value is the caller's own.
        any_type = any(_header_name(name, member) == "content-type" for name, member in shape.members.items())
        if payload is not None:
            member = shape.members[payload]
            if member.type_name in ("blob", "string"):
                return _raw_reader(payload, member, required=payload in shape.required_members)
            read = self._parser_factory.make(member)

            def read_payload(params: dict[str, Any], request: Request) -> None:
                if request.body:
                    params[payload] = read(_decode(request, any_type=any_type))

            return read_payload
        if all("location" in member.traits for member in shape.members.values()):
            return None
        read = _without_bound(shape, self._parser_factory)

        def read_body(params: dict[str, Any], request: Request) -> None:
            if request.body:
                value = _decode(request, any_type=any_type)
                if type(value) is not dict:
                    raise serialization_error("The request body is not a JSON object.")  # text chosen
                params.update(read(value))

        return read_body

    def _plan_response(self, operation: str) -> _ResponsePlan:
        model = self.model.operation_model(operation)
        shape = model.output_shape
        members = {} if shape is None else shape.members
        if shape is not None and shape.event_stream_name:
            raise not_implemented(f"{operation} (its output is an event stream)", self.model.service_name)
        payload = None if shape is None else shape.traits.get("payload")
        payload_type = members[payload].type_name if payload else "structure"
        content_type: str | None = {"blob": "application/octet-stream", "string": "text/plain"}.get(payload_type, _JSON)
        if any(_header_name(name, member) == "content-type" for name, member in members.items()):
            # Where the model gives the header to a member, the result alone says what it is.
            content_type = None
        convert = None
        if shape is not None and payload_type not in ("blob", "string"):
            convert = self._serializer_factory.make(members[payload] if payload else _body_part(shape))
        return _ResponsePlan(
            status=int(model.http.get("responseCode", 200)),
            status_member=next((name for name, member in members.items() if _location(member) == "statusCode"), None),
            headers=tuple(
                (name, header, header_text(member))
                for name, member in members.items()
                if (header := _header_name(name, member)) is not None
            ),
            prefix_headers=tuple(
                (name, member.traits.get("locationName", ""))
                for name, member in members.items()
                if _location(member) == "headers"
            ),
            payload=payload,
            payload_type=payload_type,
            convert=convert,
            has_body=shape is not None and model.http["method"] != "HEAD",
            content_type=content_type,
        )


def _location(shape: Shape) -> str | None:
    return shape.traits.get("location")


def _header_name(name: str, shape: Shape) -> str | None:
    return wire_name(name, shape).lower() if _location(shape) == "header" else None


def _body_part(shape: Shape) -> Shape:
    """The members of a structure that travel in the body, as a structure of their own name."""
    unbound = {
        name: reference for name, reference in shape.traits.get("members", {}).items() if "location" not in reference
    }
    if len(unbound) == len(shape.members):
        return shape
    return shape.variant(f"{shape.name} (body)", members=unbound)


def _without_bound(shape: Shape, factory: ParserFactory) -> Convert:
    return factory.make(_body_part(shape))


def _decode(request: Request, *, any_type: bool) -> Any:
    content_type = request.headers.get("content-type")
    if content_type is not None and not any_type:
        media_type = content_type.partition(";")[0].strip().lower()
        if media_type != _JSON and not (media_type.startswith("application/") and media_type.endswith("json")):
            raise unsupported_media_type(content_type)
    return decode_body(request.body)


def _raw_reader(name: str, shape: Shape, *, required: bool) -> Callable[[dict[str, Any], Request], None]:
    text = shape.type_name == "string"

    def read(params: dict[str, Any], request: Request) -> None:
        # An empty body and none are one and the same in HTTP; only a required payload can be meant to be empty.
        if not request.body and not required:
            return
        try:
            params[name] = request.body.decode("utf-8") if text else request.body
        except UnicodeDecodeError:
            raise serialization_error("The request body is not UTF-8 text.") from None  # text chosen

    return read


def _binding(name: str, shape: Shape, taken: set[str]) -> _Bind:
    location, wire = _location(shape), wire_name(name, shape)
    if location == "querystring":
        return _query_binding(name, shape, taken)
    if location == "uri":
        read = text_reader(shape, "iso8601")

        def bind_label(params: dict[str, Any], route: Route, _request: Request, _query: dict[str, list[str]]) -> None:
            params[name] = read(route.labels[wire])

        return bind_label
    if location == "headers":
        prefix = wire.lower() if "locationName" in shape.traits else ""

        def bind_prefix(params: dict[str, Any], _route: Route, request: Request, _query: dict[str, list[str]]) -> None:
            found = {key[len(prefix) :]: value for key, value in request.headers.items() if key.startswith(prefix)}
            if found:
                params[name] = found

        return bind_prefix
    header, read_header = wire.lower(), header_reader(shape)

    def bind_header(params: dict[str, Any], _route: Route, request: Request, _query: dict[str, list[str]]) -> None:
        value = request.headers.get(header)
        if value is not None:
            params[name] = read_header(value)

    return bind_header


def _query_binding(name: str, shape: Shape, taken: set[str]) -> _Bind:
    wire = wire_name(name, shape)
    if shape.type_name == "map":
        several = shape.value.type_name == "list"

        def bind_rest(params: dict[str, Any], _route: Route, _request: Request, query: dict[str, list[str]]) -> None:
            found = {key: values if several else values[0] for key, values in query.items() if key not in taken}
            if found:
                params[name] = found

        # The map takes what no other member takes; the name it is modelled under never travels.
        taken = taken - {wire}
        return bind_rest
    several = shape.type_name == "list"
    read = text_reader(shape.member if several else shape, "iso8601")

    def bind(params: dict[str, Any], _route: Route, _request: Request, query: dict[str, list[str]]) -> None:
        values = query.get(wire)
        if values is not None:
            params[name] = [read(value) for value in values] if several else read(values[0])

    return bind


def _body(plan: _ResponsePlan, result: Mapping[str, Any]) -> bytes:
    value: Any = result if plan.payload is None else result.get(plan.payload)
    if plan.payload_type in ("blob", "string"):
        if value is None:
            return b""
        return value.encode() if isinstance(value, str) else bytes(value)
    if value is None:
        value = {}
    return encode_body(value if plan.convert is None else plan.convert(value))
