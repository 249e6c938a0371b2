"""Errors that the edge itself gives, in the form that the client's protocol reads."""

from __future__ import annotations

import json
from html import escape
from uuid import uuid4

from botocore_shapes.http import Request, Response


def too_large(limit: int) -> Response:
    """The body is longer than ``limit`` bytes (class, status and text chosen after HTTP's 413)."""
    message = f"Request body exceeds the maximum allowed length of {limit} bytes."
    return _json_error(413, "RequestEntityTooLargeException", message)


def not_served(request: Request, service: str) -> Response:
    """A call of another AWS service while no companion answers those (class, status and text chosen).

    501, since botocore does not retry it as it does the other 5xx.
    """
    if service:
        message = (
            f"This call is signed for the service '{service}'. Personalize Local itself serves personalize only; "
            "S3, IAM, STS and the rest are served by the companion: install the extra with "
            "`pip install 'personalize-local[moto]'` and start without `--no-companion`, or point "
            f"AWS_ENDPOINT_URL_{_variable(service)} at a server that has it."
        )
    else:
        message = (
            "This call is not signed and is no call of Amazon Personalize. Other AWS services are served by the "
            "companion: install the extra with `pip install 'personalize-local[moto]'` and start without "
            "`--no-companion`."
        )
    return _error(request, 501, "NotImplemented", message)


def companion_failed(request: Request) -> Response:
    """The companion raised (class and status as AWS's own)."""
    return _error(request, 500, "InternalFailure", "The companion failed on this call; the server's log says why.")


def _variable(service: str) -> str:
    return "".join(sign if sign.isalnum() and sign.isascii() else "_" for sign in service).upper()[:40]


def _error(request: Request, status: int, code: str, message: str) -> Response:
    content_type = request.headers.get("content-type", "")
    if "x-amz-target" in request.headers or "json" in content_type:
        return _json_error(status, code, message)
    request_id = str(uuid4())
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if content_type.startswith("application/x-www-form-urlencoded"):  # the query protocol: IAM, STS, SQS, ...
        text = f"<ErrorResponse><Error>{inner}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    else:  # S3's form of rest-xml
        text = f"<Error>{inner}<RequestId>{request_id}</RequestId></Error>"
    body = b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode()
    headers = {"content-type": "application/xml", "x-amzn-requestid": request_id}
    return Response(status=status, headers=headers, body=body, error=code)


def _json_error(status: int, code: str, message: str) -> Response:
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amzn-requestid": str(uuid4()),
        "x-amzn-errortype": code,
    }
    body = json.dumps({"__type": code, "message": message}).encode()
    return Response(status=status, headers=headers, body=body, error=code)
