"""Calls made of bytes: what no AWS client would send."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from botocore_shapes.service import Service


def post(url: str, body: bytes, headers: dict[str, str], method: str = "POST") -> tuple[int, Any]:
    """Status and decoded answer."""
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        with error:
            content = json.loads(error.read() or b"{}")
            name = error.headers.get("x-amzn-errortype")
            return error.code, {"__type": name, **content} if name else content


def call(url: str, service: Service[Any], operation: str, body: Any, account: str = "1" * 12) -> tuple[int, Any]:
    """Call ``operation`` with ``body``, bytes as they are and anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    scope = f"AWS4-HMAC-SHA256 Credential={account}/20240101/us-east-1/personalize/aws4_request, Signature=0"
    headers = {"Authorization": scope}
    protocol = service.model.metadata["protocol"]
    if protocol == "json":
        headers["Content-Type"] = "application/x-amz-json-1.1"
        headers["X-Amz-Target"] = f"{service.model.metadata['targetPrefix']}.{operation}"
        return post(url, content, headers)
    headers["Content-Type"] = "application/json"
    http = service.model.operation_model(operation).http
    return post(url + http["requestUri"], content, headers, http["method"])
