"""Answers that a mock gives again to a client that asks the same again, without building, signing, sending and parsing.

It is for clients to which only botocore listens: who hears of calls as they are made hears of them all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from botocore_shapes.protocols.base import REQUEST_ID

_MOST = 1024
"""Answers that are kept at a time (chosen)."""
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
    listeners: object


class Repeats:
    """The answers of one mock that may be given again, by the call."""

    def __init__(self) -> None:
        self._known: dict[Hashable, _Known] = {}
        self._unheard: dict[tuple[Any, str], object] = {}

    def key(self, client: Any, operation: str, params: object) -> Hashable:
        """What makes two calls the same: the client and whose it is, the operation, the parameters."""
        credentials = client._request_signer._credentials
        return client, operation, None if credentials is None else credentials.access_key, repr(params)

    def get(self, key: Hashable, client: Any) -> dict[str, Any] | None:
        """The answer as botocore gives it; None where the call must be made."""
        known = self._known.get(key)
        if known is None or known.listeners is not _listeners(client):
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

    def keep(self, key: Hashable, client: Any, operation: str, answer: Any, repeat: Repeat) -> None:
        """Keep what came of a call, where nobody would miss what does not happen when it is given again."""
        listeners = _listeners(client)
        if listeners is None or not self._is_unheard(client, operation, listeners):
            return
        if len(self._known) >= _MOST:
            self._known.clear()
            self._unheard.clear()
        self._known[key] = _Known(answer["ResponseMetadata"]["HTTPHeaders"], repeat, listeners)

    def _is_unheard(self, client: Any, operation: str, listeners: object) -> bool:
        if self._unheard.get((client, operation)) is not listeners:
            handlers, service = client.meta.events._emitter._handlers, client._service_model.service_id.hyphenize()
            for event in _UNHEARD:
                if not all(map(_is_botocores, handlers.prefix_search(f"{event}.{service}.{operation}"))):
                    return False
            self._unheard[client, operation] = listeners
        return True


def _listeners(client: Any) -> object:
    """Who listens to a client's events: an object that is another one as soon as somebody begins or ends to."""
    return getattr(getattr(client.meta.events, "_emitter", None), "_lookup_cache", None)


def _is_botocores(handler: Any) -> bool:
    module = str(getattr(handler, "__module__", ""))
    return module.partition(".")[0] == "botocore" and module != _STUBBER


def is_botocores(method: Callable[..., Any]) -> bool:
    """Whether a method of botocore's is as botocore has it, and no tracer or test stands before it."""
    import botocore

    code = getattr(method, "__code__", None)
    return code is not None and str(code.co_filename).startswith(botocore.__path__[0])
