"""The WSGI edge: turns the environment into a Request, finds who answers it, and writes the Response.

It stands before the Flask application instead of being a view of it; ``docs/decisions/edge-before-flask.md`` says why.
What is left over (the admin pages) falls through to Flask.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlsplit

from botocore_shapes.http import Request, Response
from botocore_shapes.scope import read_scope
from personalize_local.server.answers import not_served, too_large

if TYPE_CHECKING:
    from personalize_local.server.companion import Companion

StartResponse = Callable[..., Any]
Environ = dict[str, Any]

ADMIN = "/_personalize"
MOTO_RESET = "/moto-api/reset"
_SIGNING_NAME = "personalize"
# PEP 3333 wants a reason phrase; it is looked up for every answer.
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

log = logging.getLogger("personalize_local.access")


class Answering(Protocol):
    """What the edge needs of the emulator."""

    def accepts(self, request: Request) -> bool:
        """Whether the request is for one of the Personalize services."""
        ...

    def handle(self, request: Request) -> Response:
        """Answer it; never raises for what a client sends."""
        ...

    def reset(self) -> None:
        """Forget everything."""
        ...


class Edge:
    """The outermost WSGI application.

    ``pages`` answers the admin paths; ``companion`` answers the calls of other AWS services, None when it is off.
    ``max_body`` in bytes bounds what is read into memory for a Personalize call; the companion streams.
    """

    def __init__(
        self, emulator: Answering, pages: Callable[..., Iterable[bytes]], companion: Companion | None, max_body: int
    ) -> None:
        self._emulator = emulator
        self._pages = pages
        self._companion = companion
        self._max_body = max_body

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """PEP 3333."""
        began = perf_counter()
        head = read_head(environ)
        if self._emulator.accepts(head) and not _signed_for_another(head):
            return self._answer(head, environ, start_response, began)
        if head.path == ADMIN or head.path.startswith(ADMIN + "/"):
            return self._pages(environ, start_response)
        scope = read_scope(head)
        service = scope.service if scope else ""
        if service == _SIGNING_NAME:
            # Signed for Personalize, but no route of it: the emulator words the unknown operation.
            return self._answer(head, environ, start_response, began)
        if head.method == "POST" and head.path == MOTO_RESET and "origin" not in head.headers:
            self._emulator.reset()
        if self._companion is not None:
            return self._pass_on(head, environ, start_response, began, scope.access_key if scope else "", service)
        if head.path == MOTO_RESET:
            response = Response(status=200, headers={"content-type": "application/json"}, body=b'{"status": "ok"}')
        else:
            response = not_served(head, service)
        return _write(response, start_response, _printable(service) or "unsigned", head, began)

    def _answer(self, head: Request, environ: Environ, start_response: StartResponse, began: float) -> Iterable[bytes]:
        body = read_body(environ, self._max_body)
        if body is None:
            response = too_large(self._max_body)
        else:
            request = Request(method=head.method, path=head.path, query=head.query, headers=head.headers, body=body)
            response = self._emulator.handle(request)
        return _write(response, start_response, _SIGNING_NAME, head, began)

    def _pass_on(
        self,
        head: Request,
        environ: Environ,
        start_response: StartResponse,
        began: float,
        access_key: str,
        service: str,
    ) -> Iterable[bytes]:
        assert self._companion is not None
        status = "500"

        def noting(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status
            status = line.partition(" ")[0]
            return start_response(line, headers, exc_info)

        body = self._companion.answer(environ, noting, access_key)
        if log.isEnabledFor(logging.INFO):
            operation = _printable(head.headers.get("x-amz-target", "").rpartition(".")[2]) or _called(head)
            log.info(
                "%s %s %s %.1f ms",
                _printable(service) or "unsigned",
                operation,
                status,
                (perf_counter() - began) * 1000,
            )
        return body


def _signed_for_another(head: Request) -> bool:
    """Whether the signature names another service: ``POST /events?delete`` empties an S3 bucket of that name."""
    authorization = head.headers.get("authorization", "")
    return bool(authorization) and head.path != "/" and f"/{_SIGNING_NAME}/aws4_request" not in authorization


def read_head(environ: Environ) -> Request:
    """The request without its body. Path and query stay undecoded, header names become lower case."""
    headers = {
        _header_name(key): value
        for key, value in environ.items()
        if key.startswith("HTTP_") or key == "CONTENT_TYPE" or key == "CONTENT_LENGTH"
    }
    # Waitress and werkzeug keep the request line's target under this name; PEP 3333 alone has it only decoded.
    target: str | None = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if target is None:
        path = quote(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""), encoding="latin-1")
    elif target.startswith("/"):
        path = target.partition("?")[0]
    else:  # the absolute form, which clients send to proxies
        path = urlsplit(target).path
    return Request(
        method=environ["REQUEST_METHOD"],
        path=path or "/",
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
    )


def read_body(environ: Environ, limit: int) -> bytes | None:
    """The body, or None when it is longer than ``limit`` bytes; where its length is told, no memory is spent on it."""
    stated: str = environ.get("CONTENT_LENGTH") or ""
    if stated:
        if not stated.isascii() or not stated.isdigit() or int(stated) > limit:
            return None
        wanted = int(stated)
    elif environ.get("wsgi.input_terminated"):
        wanted = limit + 1
    else:
        return b""  # PEP 3333: without a length there is no body that could be read without blocking
    if not wanted:
        return b""
    body: bytes = environ["wsgi.input"].read(wanted)
    return body if len(body) <= limit else None


# Bounded, since the names come from the client.
@lru_cache(maxsize=512)
def _header_name(key: str) -> str:
    return key.removeprefix("HTTP_").replace("_", "-").lower()


def _called(head: Request) -> str:
    return f"{head.method} {_printable(head.path)}"


def _printable(text: str) -> str:
    """What a client sent, fit for a line of a log."""
    return (text if text.isprintable() else repr(text))[:300]


def _write(
    response: Response, start_response: StartResponse, service: str, head: Request, began: float
) -> Iterable[bytes]:
    if not response.status:
        from waitress.channel import ClientDisconnected

        log.info("%s %s no answer: %s", service, response.operation, response.error)
        raise ClientDisconnected  # what makes waitress close a connection without a word
    body = response.body
    fields = [*response.headers.items(), ("content-length", str(len(body)))]
    if "content-length" in response.headers:
        fields.pop()
    start_response(_STATUS_LINES.get(response.status) or f"{response.status} Unknown", fields)
    if log.isEnabledFor(logging.INFO):
        operation = response.operation or _called(head)
        outcome = f"{response.status} {response.error}" if response.error else str(response.status)
        log.info("%s %s %s %.1f ms", service, operation, outcome, (perf_counter() - began) * 1000)
    return [b""] if head.method == "HEAD" else [body]
