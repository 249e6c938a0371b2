"""What only the local server takes: pins and faults, through its admin routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from personalize_local.chains.errors import ApplyError
from personalize_local.chains.model import Chain
from personalize_local.http_client import ServerError, ask

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
        if declared and _declare(url, name, declared)
    ]


def _declare(url: str, name: str, declared: Sequence[Any]) -> bool:
    page = f"/_personalize/{name}"
    try:
        known = ask(url, page, seconds=_SECONDS)[name]
        standing = [{key: value for key, value in each.items() if key not in _STANDING} for each in known]
        missing = [each for each in declared if each not in standing]
        if missing:
            ask(url, page, missing, seconds=_SECONDS)
    except ServerError as error:
        raise ApplyError(f"{name}: {error}") from None
    return bool(missing)
