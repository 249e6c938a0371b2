"""What only the local server takes: pins and faults, through its admin routes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from personalize_local.chains.errors import ApplyError
from personalize_local.chains.model import Chain

_SECONDS = 30.0
_STANDING = ("id", "hits")
"""What the server adds to what was declared."""


def hand_over(chain: Chain, url: str) -> list[str]:
    """Declare to the server at ``url`` what it has not yet; the names of the sections that changed it.

    Faults that are used up are declared anew. Raises ApplyError.
    """
    return [
        name
        for name, declared in (("pins", chain.pins), ("faults", chain.faults))
        if declared and _declare(f"{url.rstrip('/')}/_personalize/{name}", name, declared)
    ]


def _declare(address: str, name: str, declared: Sequence[Any]) -> bool:
    standing = [
        {key: value for key, value in each.items() if key not in _STANDING} for each in _ask(address, name)[name]
    ]
    missing = [each for each in declared if each not in standing]
    if missing:
        _ask(address, name, missing)
    return bool(missing)


def _ask(address: str, name: str, body: Any = None) -> Any:
    from urllib.error import HTTPError
    from urllib.request import ProxyHandler, Request, build_opener

    sent = None if body is None else json.dumps(body).encode()
    request = Request(address, sent, {"Content-Type": "application/json"}, method="GET" if sent is None else "POST")
    try:
        # A proxy from the environment would answer for the server.
        with build_opener(ProxyHandler({})).open(request, timeout=_SECONDS) as answer:
            return json.loads(answer.read())
    except HTTPError as error:
        with error:
            try:
                message = json.loads(error.read(1 << 20))["message"]
            except (ValueError, KeyError, TypeError):
                message = str(error)
        raise ApplyError(f"{name}: the server at {address} refuses them: {message}") from None
    except (OSError, ValueError) as error:
        raise ApplyError(f"{name}: no server at {address}: {error}") from None
