"""Answers a botocore client from a WSGI application of the same process, without a socket."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

from personalize_local.store.objects import WSGIApplication

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

BeforeSend = Callable[..., "AWSResponse"]


def answer_with(application: WSGIApplication) -> BeforeSend:
    """A handler for botocore's ``before-send`` event that asks ``application`` (PEP 3333)."""

    def before_send(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        from botocore.awsrequest import AWSResponse
        from botocore.compat import HTTPHeaders

        status, headers, chunks = _call(application, _environ(request))
        fields = HTTPHeaders()
        for name, value in headers:
            fields[name] = value
        return AWSResponse(request.url, status, fields, _Raw(b"".join(chunks)))

    return before_send


class _Raw(io.BytesIO):
    """The part of urllib3's response that botocore uses."""

    def stream(self, amt: int = 1 << 16, **_: object) -> Iterator[bytes]:
        while chunk := self.read(amt):
            yield chunk


def _call(application: WSGIApplication, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], list[bytes]]:
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        del exc_info  # nothing was sent yet, so a second start simply replaces the first (PEP 3333)
        started.append((status, headers))
        return written.append

    body = application(environ, start_response)
    try:
        written.extend(body)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    status, headers = started[-1]
    return int(status.partition(" ")[0]), headers, written


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    url = urlsplit(request.url)
    body: Any = request.body
    if not hasattr(body, "read"):
        body = io.BytesIO(body.encode() if isinstance(body, str) else body or b"")
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        # PEP 3333: the decoded bytes, carried as latin-1 text
        "PATH_INFO": unquote_to_bytes(url.path or "/").decode("latin-1"),
        "QUERY_STRING": url.query,
        "REQUEST_URI": target,
        "RAW_URI": target,
        "SERVER_NAME": url.hostname or "127.0.0.1",
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": url.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    headers: dict[str, str | bytes] = dict(request.headers.items())
    for name, value in headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = text
    environ.pop("HTTP_TRANSFER_ENCODING", None)  # the body here is not chunked, whatever the client meant to send
    environ.pop("HTTP_EXPECT", None)
    return environ
