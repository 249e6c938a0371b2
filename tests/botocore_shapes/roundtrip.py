"""The proof against botocore: what its serializer sends is read back, what is written its parsers read back.

``prove_service`` goes over every operation of a service and gives one ``Verdict`` for each direction of each. The
suite runs it over a sample, ``benchmarks/protocol_roundtrip.py`` over everything.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize
from botocore.awsrequest import HeadersDict, create_request_object, prepare_request_dict
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from botocore_shapes.errors import ServiceError
from botocore_shapes.http import Request, Response
from botocore_shapes.intercept import request_of
from botocore_shapes.model import ServiceModel, Shape, available_services, load_service_model
from botocore_shapes.protocols.base import Protocol
from botocore_shapes.protocols.json import JsonProtocol
from botocore_shapes.protocols.rest_json import RestJsonProtocol
from botocore_shapes.validate import ValidatorFactory, Violation
from tests.botocore_shapes.shape_values import parameters_of, results_of

REQUEST, RESPONSE, ERROR = "request", "response", "error"
EVENT_STREAM = "event stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found for one direction of one operation; ``reason`` is empty when it passed."""

    service: str
    protocol: str
    operation: str
    direction: str
    reason: str = ""


class Mismatch(AssertionError):
    """What came back is not what went in."""


def provable_services() -> Iterator[tuple[str, str]]:
    """Names of the services that speak json or rest-json, with the protocol as it is counted."""
    for name in available_services():
        protocol = protocol_of(load_service_model(name))
        if protocol is not None:
            yield name, protocol


def protocol_of(model: ServiceModel) -> str | None:
    """``json 1.0``, ``json 1.1`` or ``rest-json``; None for a service that speaks neither."""
    if "json" in model.protocols:
        return f"json {model.metadata.get('jsonVersion', '1.0')}"
    return "rest-json" if "rest-json" in model.protocols else None


def prove_service(name: str, *, examples: int, operations: Iterable[str] | None = None) -> list[Verdict]:
    """The verdicts over a service's operations (or the named ones) and over its errors."""
    bench = _Bench(name)
    verdicts = []
    for operation in bench.ours.operation_names if operations is None else operations:
        verdicts.append(bench.verdict(operation, REQUEST, lambda: bench.prove_request(operation, examples)))  # noqa: B023
        verdicts.append(bench.verdict(operation, RESPONSE, lambda: bench.prove_response(operation, examples)))  # noqa: B023
        verdicts.append(bench.verdict(operation, ERROR, lambda: bench.prove_errors(operation)))  # noqa: B023
    return verdicts


class _Bench:
    """Both sides of the proof for one service."""

    def __init__(self, name: str) -> None:
        self.ours = load_service_model(name)
        protocol = protocol_of(self.ours)
        if protocol is None:
            raise ValueError(f"{name} speaks neither json nor rest-json")
        self.label = protocol
        self.wire = protocol.partition(" ")[0]
        self.protocol: Protocol = JsonProtocol(self.ours) if self.wire == "json" else RestJsonProtocol(self.ours)
        description = _loader().load_service_model(name, "service-2")
        self.theirs = botocore.model.ServiceModel(description, name)
        self.serializer = botocore.serialize.create_serializer(self.wire)
        self.parser = botocore.parsers.create_parser(self.wire)
        self.validators = ValidatorFactory()
        self._proved_errors: set[str] = set()

    def verdict(self, operation: str, direction: str, prove: Callable[[], None]) -> Verdict:
        reason = ""
        try:
            prove()
        except Exception as error:
            refused = isinstance(error, ServiceError) and EVENT_STREAM in error.message
            reason = EVENT_STREAM if refused else f"{type(error).__name__}: {error}".splitlines()[0][:300]
        return Verdict(
            service=self.ours.service_name,
            protocol=self.label,
            operation=operation,
            direction=direction,
            reason=reason,
        )

    def prove_request(self, operation: str, examples: int) -> None:
        theirs = self.theirs.operation_model(operation)
        shape = self.ours.operation_model(operation).input_shape
        values = st.just({}) if shape is None else parameters_of(shape)
        validate = None if shape is None else self.validators.make(shape)

        def check(params: dict[str, Any]) -> None:
            request = request_of(_prepare(self.serializer.serialize_to_request(params, theirs)))
            route = self.protocol.route(request)
            if route.operation != operation:
                raise Mismatch(f"{request.method} {request.path} was taken for {route.operation}")
            found = self.protocol.parse(route, request)
            expected = _as_read(params, shape, request)
            if not same(found, expected):
                raise Mismatch(f"sent {expected!r}, read {found!r}")
            broken: list[Violation] = []
            if validate is not None:
                validate(found, "", broken)
            # Strings are made to fit their pattern only where one of some well-known strings does.
            kept = [violation for violation in broken if "regular expression" not in violation.clause]
            if kept:
                raise Mismatch(f"refused {params!r}: {kept}")

        _run(values, check, examples)

    def prove_response(self, operation: str, examples: int) -> None:
        theirs = self.theirs.operation_model(operation)
        shape = self.ours.operation_model(operation).output_shape
        # botocore's json parser leaves the names of the special numbers as they are.
        special = self.wire == "rest-json"
        values = st.just({}) if shape is None else results_of(shape, special_floats=special)

        def check(result: dict[str, Any]) -> None:
            response = self.protocol.serialize(operation, result, "an-id")
            parsed = self._parse(response, theirs.output_shape, streaming=theirs.has_streaming_output)
            metadata = parsed.pop("ResponseMetadata")
            if metadata.get("RequestId") != "an-id":
                raise Mismatch("the request id was lost")
            expected = _as_parsed(result, shape, response)
            if not same(parsed, expected):
                raise Mismatch(f"wrote {expected!r} as {response.body!r}, parsed {parsed!r}")

        _run(values, check, examples)

    def prove_errors(self, operation: str) -> None:
        for shape in self.ours.operation_model(operation).error_shapes:
            if shape.name not in self._proved_errors:
                self._prove_error(operation, shape)
                self._proved_errors.add(shape.name)
        if "" not in self._proved_errors:
            self._check_error(operation, ServiceError("SomethingUnmodelled", "said so"), {}, None)
            self._proved_errors.add("")

    def _prove_error(self, operation: str, shape: Shape) -> None:
        message = next((name for name in shape.members if name.lower() == "message"), None)

        def check(members: dict[str, Any]) -> None:
            members = {name: value for name, value in members.items() if name != message}
            error = ServiceError(shape.name, "said so")
            error.members.update(members)
            for name, member in shape.members.items():
                if str(member.traits.get("locationName", name)).lower() == "x-amzn-errortype":
                    # A member that is bound to the header of the code holds the code.
                    members[name] = shape.name
            self._check_error(operation, error, members, shape)

        _run(results_of(shape, special_floats=self.wire == "rest-json"), check, 2)

    def _check_error(
        self, operation: str, error: ServiceError, members: Mapping[str, Any], shape: Shape | None
    ) -> None:
        response = self.protocol.serialize_error(error, operation, "an-id")
        parsed = self._parse(response, self.theirs.operation_model(operation).output_shape)
        code = parsed["Error"]["Code"]
        if shape is None and code != error.code:
            raise Mismatch(f"error {error.code} came back as {code}")
        if parsed["Error"]["Message"] != "said so" or parsed["ResponseMetadata"].get("RequestId") != "an-id":
            raise Mismatch(f"the message or the request id was lost: {parsed}")
        if shape is None:
            return
        modelled = self.theirs.shape_for_error_code(code)
        if modelled is None or modelled.error_code != (shape.traits.get("error", {}).get("code") or shape.name):
            raise Mismatch(f"error {shape.name} came back as {code}")
        again = self._parse(response, modelled)
        found = {name: value for name, value in again.items() if name.lower() != "message"}
        found.pop("ResponseMetadata", None)
        if not same(found, dict(members)):
            raise Mismatch(f"error {shape.name} of {members!r} came back as {found!r}")

    def _parse(self, response: Response, shape: Any, *, streaming: bool = False) -> dict[str, Any]:
        raw = {
            "status_code": response.status,
            "headers": HeadersDict(response.headers),
            # botocore hands a streaming body on unread; its parser then does not touch it.
            "body": _Stream(response.body) if streaming and response.status < 301 else response.body,
            "context": {"operation_name": "x"},
        }
        parsed: dict[str, Any] = self.parser.parse(raw, shape)
        return {key: value.content if isinstance(value, _Stream) else value for key, value in parsed.items()}


class _Stream:
    def __init__(self, content: bytes) -> None:
        self.content = content


def same(found: Any, expected: Any) -> bool:
    """Equality in which NaN equals itself and True is not 1."""
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and found.keys() == expected.keys()
            and all(same(found[key], value) for key, value in expected.items())
        )
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, float) and math.isnan(expected):
        return isinstance(found, float) and math.isnan(found)
    if isinstance(expected, bool) or isinstance(found, bool):
        return found is expected
    return bool(found == expected)


def _as_read(params: dict[str, Any], shape: Shape | None, request: Request) -> dict[str, Any]:
    """What a server reads of parameters that were carried perfectly."""
    expected = dict(params)
    for name, member in ({} if shape is None else shape.members).items():
        bound = member.traits.get("location") == "header" and member.traits.get("locationName", name).lower()
        # Every body has a media type, also where the caller left its member out.
        if bound == "content-type" and "content-type" in request.headers:
            expected.setdefault(name, request.headers["content-type"])
    return expected


def _as_parsed(result: dict[str, Any], shape: Shape | None, response: Response) -> dict[str, Any]:
    """What botocore's parser makes of a result that was carried perfectly."""
    expected = dict(result)
    for name, member in ({} if shape is None else shape.members).items():
        location, wire = member.traits.get("location"), member.traits.get("locationName", name)
        if location == "headers":
            # It hands out an empty map for no headers, and for an empty prefix every header of the transport.
            transport = dict(response.headers) if not wire or "locationName" not in member.traits else {}
            expected[name] = transport | expected.get(name, {})
        elif location == "header" and wire.lower() == "content-length":
            # The length of a body is what it is; nothing else may be said of it.
            expected[name] = int(response.headers["content-length"])
    return expected


def _run(values: st.SearchStrategy[Any], check: Callable[[Any], None], examples: int) -> None:
    configured = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    configured(given(values)(check))()


def _prepare(serialized: dict[str, Any]) -> Any:
    serialized.setdefault("headers", {})
    prepare_request_dict(serialized, endpoint_url="https://service.example", context={"is_presign_request": False})
    return create_request_object(serialized).prepare()


@functools.cache
def _loader() -> Any:
    return botocore.loaders.Loader()


def as_request(serialized: dict[str, Any]) -> Request:
    """The request that botocore would send for what its serializer made."""
    return request_of(_prepare(serialized))
