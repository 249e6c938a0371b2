"""The companion: moto's server application, which answers S3, IAM, STS and the rest of AWS on the same port.

moto is imported at the first call that needs it: importing it costs about half a second and twenty megabytes, which
a server that only answers Personalize calls should not pay. Its state is global to the process; two servers in one
process see the same buckets.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import Any

from botocore_shapes.http import Request
from botocore_shapes.scope import read_scope
from personalize_local.arns import account_of
from personalize_local.server.answers import companion_failed

# RFC 9110, 7.6.1; a WSGI application must not send them (PEP 3333), moto's sometimes does.
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "te", "trailers", "transfer-encoding", "upgrade"})

log = logging.getLogger("personalize_local.companion")


def is_installed() -> bool:
    """Whether moto and what its server needs are there; looks without importing."""
    return find_spec("moto") is not None and find_spec("flask_cors") is not None


class Companion:
    """moto's server as a WSGI application. ``account`` owns what calls make whose access key is no account itself."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._lock = threading.Lock()
        self._application: Callable[..., Iterable[bytes]] | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """PEP 3333, for callers that have no parsed scope at hand."""
        head = _signature_of(environ)
        scope = read_scope(head)
        return self.answer(environ, start_response, scope.access_key if scope else "")

    def answer(self, environ: dict[str, Any], start_response: Callable[..., Any], access_key: str) -> Iterable[bytes]:
        """Answer the call of ``access_key`` (empty when unsigned); an error of moto's becomes a plain 500."""
        # moto reads the raw path from this name only.
        environ.setdefault("RAW_URI", environ.get("REQUEST_URI", ""))
        # moto takes the account from this header before anything else; so STS names the account of our ARNs.
        environ.setdefault("HTTP_X_MOTO_ACCOUNT_ID", account_of(access_key, self._account))

        def start_plain(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            kept = [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
            return start_response(status, kept, exc_info)

        try:
            return self._loaded()(environ, start_plain)
        except Exception:
            log.exception("moto failed on %s %s", environ["REQUEST_METHOD"], environ.get("PATH_INFO"))
            response = companion_failed(_signature_of(environ))
            start_response("500 Internal Server Error", [*response.headers.items()])
            return [response.body]

    def reset(self) -> None:
        """Forget all of moto's state; nothing to do while it was never asked."""
        if self._application is None:
            return
        from moto.moto_api._internal.models import moto_api_backend

        moto_api_backend.reset()

    def _loaded(self) -> Callable[..., Iterable[bytes]]:
        if self._application is None:
            with self._lock:
                if self._application is None:
                    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

                    self._application = DomainDispatcherApplication(create_backend_app)
        return self._application


def _signature_of(environ: dict[str, Any]) -> Request:
    headers = {
        "authorization": environ.get("HTTP_AUTHORIZATION", ""),
        "content-type": environ.get("CONTENT_TYPE", ""),
    }
    if "HTTP_X_AMZ_TARGET" in environ:
        headers["x-amz-target"] = environ["HTTP_X_AMZ_TARGET"]
    return Request(method=environ["REQUEST_METHOD"], path="/", query=environ.get("QUERY_STRING", ""), headers=headers)
