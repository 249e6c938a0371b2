"""The place in botocore where a mock answers calls to Personalize in the stead of a socket.

``docs/decisions/in-process-mock.md`` says why it is this place and no other.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore_shapes.http import Request, Response

SERVICES = frozenset({"personalize", "personalize-runtime", "personalize-events"})
_METHOD = "_do_get_response"
# Guards the class attribute of botocore that all layers share.
_LOCK = threading.Lock()


class Layer:
    """One answer to all calls to Personalize in this process, above those that were there before it.

    The layer that was entered last and has not been left answers. Layers may be left in any order.
    """

    def __init__(self, handle: Callable[[Request], Response]) -> None:
        from botocore_shapes.intercept import Interceptor

        self._answer = Interceptor(handle)
        self._active = False
        self._beneath: Callable[..., Any] | None = None

    def enter(self) -> None:
        """Answer from now on, whenever the clients were or will be made."""
        from botocore.endpoint import Endpoint

        with _LOCK:
            self._active = True
            self._beneath = getattr(Endpoint, _METHOD)
            setattr(Endpoint, _METHOD, self._method(self._beneath))

    def leave(self) -> None:
        """Answer no more; what was there before the layer is restored as soon as no younger layer stands on it."""
        from botocore.endpoint import Endpoint

        with _LOCK:
            self._active = False
            top = getattr(getattr(Endpoint, _METHOD), "layer", None)
            while isinstance(top, Layer) and not top._active:
                setattr(Endpoint, _METHOD, top._beneath)
                top = getattr(getattr(Endpoint, _METHOD), "layer", None)

    def _method(self, beneath: Callable[..., Any]) -> Callable[..., Any]:
        def do_get_response(endpoint: Any, request: Any, operation_model: Any, *args: Any, **kwargs: Any) -> Any:
            answered = isinstance(endpoint._event_emitter, _Emitter)
            if self._active and not answered and operation_model.service_model.service_name in SERVICES:
                endpoint = copy.copy(endpoint)
                endpoint._event_emitter = _Emitter(endpoint._event_emitter, self._answer)
            return beneath(endpoint, request, operation_model, *args, **kwargs)

        do_get_response.layer = self  # type: ignore[attr-defined] # functions take attributes; mypy does not model it
        return do_get_response


class _Emitter:
    """An event emitter whose ``before-send`` is answered here, and by no handler that is registered on the client."""

    def __init__(self, emitter: Any, answer: Callable[..., Any]) -> None:
        self._emitter = emitter
        self._answer = answer

    def emit(self, event_name: str, **kwargs: Any) -> Any:
        if event_name.startswith("before-send."):
            return [(self._answer, self._answer(event_name=event_name, **kwargs))]
        return self._emitter.emit(event_name, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._emitter, name)
