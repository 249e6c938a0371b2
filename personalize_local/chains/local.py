"""What only the local server takes: pins and faults, through its admin routes."""

from __future__ import annotations

import json
from typing import Any

from personalize_local.chains.errors import ApplyError
from personalize_local.chains.model import Chain

_SECONDS = 30.0


def hand_over(chain: Chain, url: str) -> list[str]:
    """Send the sections to the server at ``url``; their names. Raises ApplyError."""
    sent = []
    for name, value in (("pins", chain.pins), ("faults", chain.faults)):
        if value is not None:
            _post(f"{url.rstrip('/')}/_personalize/{name}", name, {name: value})
            sent.append(name)
    return sent


def _post(address: str, name: str, body: dict[str, Any]) -> None:
    from urllib.error import HTTPError
    from urllib.request import ProxyHandler, Request, build_opener

    request = Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST")
    try:
        # A proxy from the environment would answer for the server.
        with build_opener(ProxyHandler({})).open(request, timeout=_SECONDS) as answer:
            answer.read()
    except HTTPError as error:
        try:
            message = json.loads(error.read(1 << 20))["message"]
        except (ValueError, KeyError, TypeError):
            message = str(error)
        raise ApplyError(f"{name}: the server at {address} refuses them: {message}") from None
    except OSError as error:
        raise ApplyError(f"{name}: no server at {address}: {error}") from None
