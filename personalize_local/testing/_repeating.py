"""Answers that a mock gives again to a client that asks the same again, without building, signing, sending and parsing.

It is for clients to which only botocore listens: who hears of calls as they are made hears of them all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from botocore_shapes.protocols.base import REQUEST_ID

_MOST = 1024
"""Answers of a client that are kept at a time (chosen)."""
_PLAIN = frozenset({str, int, float, bool})
_UNHEARD = (
    *("provide-client-params", "before-parameter-build", "before-endpoint-resolution", "before-call"),
    *("request-created", "choose-signer", "before-sign", "before-parse", "response-received", "needs-retry"),
    "after-call",
)
"""The events of a call that do not come with an answer that is given again; before-send never comes in a mock."""
_STUBBER = "botocore.stub"

Repeat = Callable[[], "tuple[str, dict[str, Any]] | None"]


@dataclass(frozen=True, slots=True)
class _Known:
    headers: dict[str, str]
    repeat: Repeat


class _Answers:
    """Those of one client, while ``listeners`` listen to it."""

    def __init__(self, listeners: object) -> None:
        self.listeners = listeners
        self.known: dict[Hashable, _Known] = {}
        self.unheard: set[str] = set()
        """The operations whose events botocore alone hears."""


class Repeats:
    """The answers of one mock that may be given again, by the call; they keep no client alive."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[Any, _Answers] = WeakKeyDictionary()

    def key(self, client: Any, operation: str, params: object) -> Hashable | None:
        """What makes two calls of a client the same: whose it is, the operation, the parameters; None where values
        cannot be told by how they are written."""
        if not _is_plain(params):
            return None
        credentials = client._request_signer._credentials
        return operation, None if credentials is None else credentials.access_key, repr(params)

    def get(self, key: Hashable | None, client: Any) -> dict[str, Any] | None:
        """The answer as botocore gives it; None where the call must be made."""
        answers = self._of.get(client)
        known = None if answers is None or key is None else answers.known.get(key)
        if answers is None or known is None or answers.listeners is not _listeners(client):
            return None
        repeated = known.repeat()
        if repeated is None:
            return None
        request_id, result = repeated
        metadata = {
            "RequestId": request_id,
            "HTTPStatusCode": 200,
            "HTTPHeaders": {**known.headers, REQUEST_ID: request_id},
            "RetryAttempts": 0,
        }
        return {"ResponseMetadata": metadata, **result}

    def keep(self, key: Hashable | None, client: Any, operation: str, answer: Any, repeat: Repeat) -> None:
        """Keep what came of a call, where nobody would miss what does not happen when it is given again."""
        listeners = _listeners(client)
        if listeners is None or key is None:
            return
        answers = self._of.get(client)
        if answers is None or answers.listeners is not listeners:
            answers = self._of[client] = _Answers(listeners)
        if operation not in answers.unheard:
            if not _is_unheard(client, operation):
                return
            answers.unheard.add(operation)
        if len(answers.known) >= _MOST:
            answers.known.clear()
        answers.known[key] = _Known(dict(answer["ResponseMetadata"]["HTTPHeaders"]), repeat)


def _is_unheard(client: Any, operation: str) -> bool:
    handlers, service = client.meta.events._emitter._handlers, client._service_model.service_id.hyphenize()
    return all(all(map(_is_botocores, handlers.prefix_search(f"{event}.{service}.{operation}"))) for event in _UNHEARD)


def _is_plain(value: object) -> bool:
    kind = type(value)
    if kind is dict:
        return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))  # type: ignore[call-overload, attr-defined]
    if kind is list or kind is tuple:
        return all(map(_is_plain, value))  # type: ignore[call-overload]
    return kind in _PLAIN


def _listeners(client: Any) -> object:
    """Who listens to a client's events: an object that is another one as soon as somebody begins or ends to."""
    return getattr(getattr(client.meta.events, "_emitter", None), "_lookup_cache", None)


def _is_botocores(handler: Any) -> bool:
    module = str(getattr(handler, "__module__", ""))
    return module.partition(".")[0] == "botocore" and module != _STUBBER


def is_botocores(method: Callable[..., Any]) -> bool:
    """Whether a method of botocore's is as botocore has it, and no tracer or test stands before it."""
    import botocore

    # The proxies of tracers pass on whatever is asked of the function, but their own type.
    return type(method) is FunctionType and method.__code__.co_filename.startswith(botocore.__path__[0])
