"""Asks a running server for comparisons and reports. Standard library only."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

from personalize_local.experiments import defaults
from personalize_local.experiments.split import check_weights
from personalize_local.http_client import ServerError, ask, opened

__all__ = ["ServerError", "compare", "report"]

_SECONDS = 600.0
"""How long the server may be silent: while it reads a file of many million rows it is."""


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
        page = f"/_personalize/comparisons?{query}"
        with opened(url or _default_url(), page, file, headers=headers, seconds=_SECONDS) as answer:
            for told in _lines(answer):
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
    body = {name: value for name, value in asked.items() if value is not None}
    found: dict[str, Any] = ask(url or _default_url(), "/_personalize/experiments", body, seconds=_SECONDS)
    return found


def _lines(answer: IO[bytes]) -> Iterator[dict[str, Any]]:
    """The JSON values that come, a line each. Raises ServerError for what breaks off."""
    try:
        for line in answer:
            yield json.loads(line)
    except (OSError, HTTPException, ValueError) as error:
        raise ServerError(f"The server stopped in the middle of the comparison: {error}") from None


def _default_url() -> str:
    from personalize_local.settings import Settings

    return Settings.load({}, os.environ).url
