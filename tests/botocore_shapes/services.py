"""Small services for the tests: a model written by hand for what real models rarely have, and plain contexts."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

from botocore_shapes.http import Request, Response
from botocore_shapes.model import ServiceModel, load_service_model
from botocore_shapes.service import Call, Handler, Service


def service(name: str, handlers: Mapping[str, Handler[Call]], **options: Any) -> Service[Call]:
    """A service of a real model whose contexts are the calls themselves and whose request ids count up."""
    return service_of(load_service_model(name), handlers, **options)


def service_of(model: ServiceModel, handlers: Mapping[str, Handler[Call]], **options: Any) -> Service[Call]:
    """As ``service``, for a model at hand."""
    numbers = itertools.count(1)
    return Service(
        model, handlers, make_context=lambda call: call, new_request_id=lambda: f"request-{next(numbers)}", **options
    )


def toy_model(shapes: Mapping[str, Any], *, protocol: str = "json", **metadata: Any) -> ServiceModel:
    """A model with one operation, ``Do`` (``POST /do`` in rest-json), from ``DoInput`` to ``DoOutput``."""
    description = {
        "metadata": {"protocol": protocol, "jsonVersion": "1.1", "targetPrefix": "Toy", **metadata},
        "operations": {
            "Do": {
                "name": "Do",
                "http": {"method": "POST", "requestUri": "/do" if protocol == "rest-json" else "/"},
                **({"input": {"shape": "DoInput"}} if "DoInput" in shapes else {}),
                **({"output": {"shape": "DoOutput"}} if "DoOutput" in shapes else {}),
                "errors": [{"shape": name} for name, shape in shapes.items() if shape.get("exception")],
            }
        },
        "shapes": {"String": {"type": "string"}, **shapes},
    }
    return ServiceModel(description, "toy")


def json_request(target: str, body: bytes | object, **headers: str) -> Request:
    """A request of the json protocol; anything but bytes becomes a JSON body."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"x-amz-target": target, "content-type": "application/x-amz-json-1.1"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method="POST", path="/", headers=named, body=content)


def rest_request(method: str, path: str, body: bytes | object = b"", query: str = "", **headers: str) -> Request:
    """A request of the rest-json protocol."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method=method, path=path, query=query, headers=named, body=content)


def error_of(response: Response) -> tuple[int, str | None, str]:
    """Status, code and message of an error, as a client reads them."""
    content = json.loads(response.body)
    code = response.headers.get("x-amzn-errortype", content.get("__type"))
    return response.status, code, content.get("message", content.get("Message"))
