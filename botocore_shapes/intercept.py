"""How a botocore client is answered inside the process, without a socket: through its ``before-send`` event."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from botocore_shapes.http import Request, Response

__all__ = ["Interceptor", "intercept"]

Handle = Callable[[Request], Response]
Accepts = Callable[[Request], bool]


class _RawBody(io.BytesIO):
    """What botocore reads a body from: a file that also has urllib3's ``stream``."""

    def stream(self, amt: int = 65536, decode_content: bool | None = None) -> Iterator[bytes]:  # noqa: ARG002
        while chunk := self.read(amt):
            yield chunk


class Interceptor:
    """Answers ``before-send`` events from ``handle``; register it on a client or on a session's event emitter.

    Takes an ``AWSPreparedRequest`` and gives an ``AWSResponse``. With ``accepts``, a request for which it is false
    gets no answer here and goes the way it would have gone without the interceptor.
    """

    def __init__(self, handle: Handle, *, accepts: Accepts | None = None) -> None:
        self._handle = handle
        self._accepts = accepts

    def __call__(self, request: Any, **_event: object) -> Any:
        from botocore.awsrequest import AWSResponse

        plain = request_of(request)
        if self._accepts is not None and not self._accepts(plain):
            return None
        response = self._handle(plain)
        if not response.status:
            raise _no_answer(response, request.url)
        headers: Any = dict(response.headers)
        return AWSResponse(request.url, response.status, headers, _RawBody(response.body))


def _no_answer(response: Response, url: str) -> Exception:
    """What botocore raises where a socket gives no answer."""
    from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

    if response.error == "Timeout":
        return ReadTimeoutError(endpoint_url=url)
    return ConnectionClosedError(endpoint_url=url)


def intercept(client: Any, handle: Handle, *, accepts: Accepts | None = None) -> Callable[[], None]:
    """Answer every call of one botocore client from ``handle``; gives the function that undoes it."""
    interceptor = Interceptor(handle, accepts=accepts)
    client.meta.events.register("before-send", interceptor)

    def undo() -> None:
        client.meta.events.unregister("before-send", interceptor)

    return undo


def request_of(prepared: Any) -> Request:
    """The ``Request`` value of botocore's ``AWSPreparedRequest``; a file-like body is read to its end."""
    url = urlsplit(prepared.url)
    headers = {
        name.lower(): value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for name, value in prepared.headers.items()
    }
    return Request(
        method=prepared.method, path=url.path or "/", query=url.query, headers=headers, body=_body_of(prepared.body)
    )


def _body_of(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    content = body.read()
    return content.encode() if isinstance(content, str) else bytes(content)
