"""Requests and responses as values, without sockets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request.

    ``path`` is the undecoded path (percent escapes kept), ``query`` the undecoded query string without ``?``,
    ``headers`` has lower-case names.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP response, and what an access log wants to know about it.

    ``operation`` is the modelled operation that answered, if the request named one; ``error`` the error code.
    ``repeat`` answers the same request once more: with a request id and a result that the caller may change, or with
    None where the request must be handled again; None where it always must. None of them travels on the wire. A
    ``status`` of 0 is no answer: the connection is closed without one, and ``error`` says what the client is to take
    it for.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    operation: str | None = None
    error: str | None = None
    repeat: Callable[[], tuple[str, dict[str, Any]] | None] | None = None
