"""Asks a running server for comparisons and reports. Standard library only."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from personalize_local.experiments import defaults
from personalize_local.experiments.split import check_weights

__all__ = ["ServerError", "compare", "report"]

_SECONDS = 600.0
"""How long the server may be silent: while it reads a file of many million rows it is."""


class ServerError(Exception):
    """The server is not there or refuses; the message says why."""


def compare(
    a: str,
    b: str,
    events: str | Path,
    *,
    k: int = defaults.COUNT,
    seed: int = defaults.SEED,
    url: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Replay the held-out interactions of a CSV file against two strategies of a running server.

    ``a`` and ``b`` are ARNs or names of campaigns, recommenders or solution versions. ``progress`` is called with the
    events that are done and all of them. Raises ServerError and OSError.
    """
    path = Path(events)
    query = urlencode({"a": a, "b": b, "k": k, "seed": seed, "file": path.name})
    with path.open("rb") as file:
        headers = {
            "Content-Type": "text/csv",
            "Content-Length": str(os.fstat(file.fileno()).st_size),
            "Accept": "application/x-ndjson",
        }
        with _asked(url, f"comparisons?{query}", file, headers) as answer:
            for line in answer:
                told: dict[str, Any] = json.loads(line)
                if "error" in told:
                    raise ServerError(told["error"])
                if "result" in told:
                    result: dict[str, Any] = told["result"]
                    return result
                if progress is not None:
                    progress(told["done"], told["of"])
    raise ServerError("The server stopped in the middle of the comparison.")


def report(
    experiment: str,
    variants: Mapping[str, float],
    *,
    group: str,
    outcome: str,
    exposure: str | None = None,
    sources: Mapping[str, str | Sequence[str]] | None = None,
    every_outcome: bool = False,
    since: float | None = None,
    until: float | None = None,
    url: str | None = None,
) -> dict[str, Any]:
    """Count an experiment in the events of a dataset group of a running server, and say what can be told.

    ``variants`` are those given to :func:`personalize_local.experiments.variant`, the first of them the control.
    docs/experiments.md has the meaning of the others. Raises ServerError, and ValueError for weights that are none.
    """
    check_weights(variants)
    asked = {
        "experiment": experiment,
        "variants": [{"name": name, "weight": weight} for name, weight in variants.items()],
        "sources": dict(sources or {}),
        "datasetGroup": group,
        "outcome": outcome,
        "exposure": exposure,
        "everyOutcome": every_outcome,
        "since": since,
        "until": until,
    }
    body = json.dumps({name: value for name, value in asked.items() if value is not None}).encode()
    with _asked(url, "experiments", body, {"Content-Type": "application/json"}) as answer:
        found: dict[str, Any] = json.loads(answer.read())
        return found


@contextmanager
def _asked(url: str | None, tail: str, body: Any, headers: Mapping[str, str]) -> Iterator[HTTPResponse]:
    """The answer to a POST. Raises ServerError, also for what breaks off while it is read."""
    base = (url or _default_url()).rstrip("/")
    request = Request(f"{base}/_personalize/{tail}", data=body, headers=dict(headers), method="POST")
    try:
        # A proxy from the environment would answer for the server.
        with build_opener(ProxyHandler({})).open(request, timeout=_SECONDS) as answer:
            yield answer
    except HTTPError as error:
        raise ServerError(_message(error)) from None
    except (OSError, HTTPException) as error:
        raise ServerError(f"No answer from a server at {base}: {error}") from None
    except ValueError as error:
        raise ServerError(f"What answers at {base} is no server of this kind: {error}") from None


def _message(error: HTTPError) -> str:
    try:
        return str(json.loads(error.read())["message"])
    except (ValueError, KeyError, TypeError, OSError):
        return str(error)


def _default_url() -> str:
    from personalize_local.settings import Settings

    return Settings.load({}, os.environ).url
