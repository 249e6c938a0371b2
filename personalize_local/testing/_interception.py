"""The place in botocore where a mock answers calls to Personalize in the stead of a socket.

``docs/decisions/in-process-mock.md`` says why it is this place and no other.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any

from botocore_shapes.intercept import Interceptor
from personalize_local.testing._repeating import Repeats, is_botocores

if TYPE_CHECKING:
    from botocore_shapes.http import Request, Response

SERVICES = frozenset({"personalize", "personalize-runtime", "personalize-events"})
# Guards the class attributes of botocore that all layers share, and the list of those that stand.
_LOCK = threading.Lock()
_standing: list[Layer] = []


class Layer:
    """One answer to all calls to Personalize in this process, above those that were there before it.

    The layer that was entered last and has not been left answers. Layers may be left in any order.
    """

    def __init__(self, handle: Callable[[Request], Response]) -> None:
        self._answer = Interceptor(self._handled)
        self._handle = handle
        self._repeats = Repeats()
        self._call = threading.local()
        self._seams: list[_Seam] = []

    def enter(self) -> None:
        """Answer from now on, whenever the clients were or will be made."""
        from botocore.client import BaseClient
        from botocore.endpoint import Endpoint

        with _LOCK:
            _standing.append(self)
            self._seams = [
                _Seam(self, BaseClient, "_make_api_call", self._make_api_call),
                _Seam(self, Endpoint, "_do_get_response", self._do_get_response),
            ]

    def leave(self) -> None:
        """Answer no more; what was there before the layer is restored as soon as no younger layer stands on it."""
        with _LOCK:
            if self in _standing:
                _standing.remove(self)
            for seam in self._seams:
                seam.restore()

    def _answers(self, service_model: Any) -> bool:
        """Whether calls to a service are this layer's."""
        # A slice, as another thread may just leave the last layer.
        return service_model.service_name in SERVICES and _standing[-1:] == [self]

    def _make_api_call(self, beneath: Callable[..., Any], client: Any, operation: str, params: Any) -> Any:
        if not self._answers(client._service_model):
            return beneath(client, operation, params)
        key = self._repeats.key(client, operation, params)
        if (repeated := self._repeats.get(key, client)) is not None:
            return repeated
        self._call.repeat = None
        answer = beneath(client, operation, params)
        if self._call.repeat is not None and _is_bare(beneath):
            self._repeats.keep(key, client, operation, answer, self._call.repeat)
        return answer

    def _do_get_response(
        self, beneath: Callable[..., Any], endpoint: Any, request: Any, operation_model: Any, *more: Any
    ) -> Any:
        if self._answers(operation_model.service_model):
            endpoint = copy.copy(endpoint)
            endpoint._event_emitter = _Emitter(endpoint._event_emitter, self._answer)
        return beneath(endpoint, request, operation_model, *more)

    def _handled(self, request: Request) -> Response:
        response = self._handle(request)
        self._call.repeat = response.repeat
        return response


class _Seam:
    """A method of botocore's before which a layer stands, and before which another one stood earlier."""

    def __init__(self, layer: Layer, owner: type, name: str, method: Callable[..., Any]) -> None:
        self._layer, self._owner, self._name = layer, owner, name
        self._beneath = beneath = getattr(owner, name)

        def patched(*args: Any) -> Any:
            return method(beneath, *args)

        patched.seam = self  # type: ignore[attr-defined] # functions take attributes; mypy does not model it
        setattr(owner, name, patched)

    def restore(self) -> None:
        """Put back what was there before the topmost layers that have been left."""
        while (top := _seam_of(getattr(self._owner, self._name))) is not None:
            if top._layer in _standing:
                break
            setattr(self._owner, self._name, top._beneath)


def _is_bare(method: Callable[..., Any]) -> bool:
    """Whether nobody but layers stands before a method of botocore's."""
    while (seam := _seam_of(method)) is not None:
        method = seam._beneath
    return is_botocores(method)


def _seam_of(method: Any) -> _Seam | None:
    """The seam that a method is; not what a proxy of it passes on."""
    return getattr(method, "seam", None) if type(method) is FunctionType else None


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
