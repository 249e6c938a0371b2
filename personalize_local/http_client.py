"""Asks a running server over HTTP, JSON in and out, never through a proxy.

The standard library alone; its parts that speak HTTP are loaded when something is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from urllib.error import HTTPError

__all__ = ["ServerError", "ask", "failed_scripts", "health", "opened"]

_SECONDS = 60.0
_REFUSAL_BYTES = 1 << 20
_NOT_READY = 503


class ServerError(Exception):
    """The server is not there or refuses; the message says why, in one line."""


def ask(
    url: str,
    path: str,
    body: Any = None,
    *,
    content: Any = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = _SECONDS,
    accepted: int | None = None,
) -> Any:
    """The JSON that the server at ``url`` answers to a GET of ``path``, or to a POST of ``body`` as JSON.

    ``content``, bytes or an open file, is sent in place of a body. ``seconds`` is how long the server may be silent;
    ``accepted`` is a status of errors that is taken as an answer too. An empty answer is an empty object. Raises
    ServerError.
    """
    from http.client import HTTPException

    if body is not None:
        content = json.dumps(body).encode()
    given = {"Content-Type": "application/json", **(headers or {})}
    with opened(url, path, content, headers=given, seconds=seconds, accepted=accepted) as answer:
        try:
            return json.loads(answer.read() or b"{}")
        except ValueError:
            raise _no_server(url, "what answers there is no JSON") from None
        except (OSError, HTTPException) as error:
            raise _no_server(url, error) from None


def health(url: str, *, seconds: float = _SECONDS) -> dict[str, Any]:
    """What a server says of itself, also while it is not ready: its ``status`` tells. Raises ServerError."""
    facts = ask(url, "/_personalize/health", seconds=seconds, accepted=_NOT_READY)
    if not isinstance(facts, dict) or "status" not in facts:
        raise _no_server(url, "what answers there is another program")
    return facts


def failed_scripts(facts: Mapping[str, Any]) -> list[str]:
    """Of what a server says of itself, the init scripts that failed, and why."""
    return [f"{each['name']}: {each['message']}" for each in facts.get("init", ()) if "message" in each]


@contextmanager
def opened(
    url: str,
    path: str,
    content: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
    seconds: float = _SECONDS,
    accepted: int | None = None,
) -> Iterator[IO[bytes]]:
    """The answer to a GET of ``path``, or to a POST of ``content``, bytes or an open file, for the caller to read.

    Raises ServerError where there is none or it is a refusal, but not for what happens while it is read.
    """
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import ProxyHandler, Request, build_opener

    answer: IO[bytes]
    try:
        request = Request(url.rstrip("/") + path, content, dict(headers or {}))
        # A proxy from the environment would answer for the server.
        answer = build_opener(ProxyHandler({})).open(request, timeout=seconds)
    except HTTPError as error:
        if error.code != accepted:
            with error:
                raise ServerError(_refusal(url, error)) from None
        answer = error
    except (OSError, HTTPException, ValueError) as error:
        raise _no_server(url, error) from None
    with answer:
        yield answer


def _no_server(url: str, why: Exception | str) -> ServerError:
    cause = getattr(why, "reason", why)  # what urllib has caught
    text = (isinstance(cause, OSError) and cause.strerror) or str(cause) or type(cause).__name__
    return ServerError(f"No server at {url.rstrip('/')}: {_line(text)}.")


def _refusal(url: str, error: HTTPError) -> str:
    """What the server says: code and sentence of AWS's errors, the sentence of an admin page, or what it waits for."""
    from http.client import HTTPException

    try:
        told = json.loads(error.read(_REFUSAL_BYTES))
    except (OSError, HTTPException, ValueError):
        told = None
    facts: dict[str, Any] = told if isinstance(told, dict) else {}
    if message := facts.get("message") or facts.get("Message"):
        code = error.headers.get("x-amzn-errortype") or facts.get("__type") or facts.get("code")
        line = _line(message)
        return line if not code else f"{str(code).split(':')[0].rpartition('#')[2]}: {line}"
    server = f"The server at {url.rstrip('/')}"
    if "status" in facts:
        return f"{server} is not ready: {'; '.join([str(facts['status']), *failed_scripts(facts)])}"
    return f"{server} answers {error.code} {error.reason}."


def _line(text: object) -> str:
    return " ".join(str(text).split())
