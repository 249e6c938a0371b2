"""The WSGI application of a server: AWS calls answered at its edge, the admin pages by Flask behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from personalize_local.server.edge import Answering, Edge

if TYPE_CHECKING:
    from personalize_local.server.admin import Administered
    from personalize_local.server.companion import Companion
    from personalize_local.server.health_pages import Readiness
    from personalize_local.settings import Settings

    class Served(Answering, Administered, Protocol):
        """What a server needs of the emulator."""


def create_app(
    emulator: Served, settings: Settings, companion: Companion | None = None, readiness: Readiness = dict
) -> Edge:
    """A WSGI application over ``emulator``; ``companion`` answers other AWS services, None when it is off.

    ``readiness`` says what the server's health adds to that of the emulator.
    """

    def make_pages() -> Callable[..., Iterable[bytes]]:
        from personalize_local.server.admin import create_pages

        return create_pages(emulator, companion, readiness)

    return Edge(emulator, _Lazy(make_pages), companion, settings.max_body)


class _Lazy:
    """A WSGI application that is made at its first call: Flask takes a quarter of the server's start."""

    def __init__(self, make: Callable[[], Callable[..., Iterable[bytes]]]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: Callable[..., Iterable[bytes]] | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self._lock:
            if self._made is None:
                self._made = self._make()
        return self._made(environ, start_response)
