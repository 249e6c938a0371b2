"""The admin pages that compare: two strategies on held-out data, and the variants of an experiment on users."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from flask import Blueprint, Response, jsonify, request

from botocore_shapes.errors import ServiceError
from personalize_local.datasets.csv import MissingColumns
from personalize_local.experiments import defaults

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from personalize_local.datasets.csv import Source
    from personalize_local.experiments.comparison import Comparison

__all__ = ["Experimented", "add_experiment_pages"]

log = logging.getLogger("personalize_local.server")

_LINES = "application/x-ndjson"
_PARAMETERS = frozenset({"a", "b", "k", "seed", "file"})
_DEFAULTS = {"k": defaults.COUNT, "seed": defaults.SEED}


class Experimented(Protocol):
    """What the pages need of the emulator."""

    def compare(self, a: str, b: str, files: Sequence[Source], *, count: int, seed: int) -> Comparison:
        """A comparison that is ready to run. Raises ValueError, ServiceError and MissingColumns."""
        ...

    def experiment(self, asked: object) -> dict[str, Any]:
        """The report of an experiment, as JSON values. Raises ValueError and ServiceError."""
        ...


def add_experiment_pages(pages: Blueprint, emulator: Experimented) -> None:
    """Add ``POST /comparisons`` and ``POST /experiments``."""

    @pages.post("/comparisons")
    def comparisons() -> ResponseReturnValue:
        try:
            a, b, count, seed = _asked()
            body: Any = request.stream
            stream: BinaryIO = body
            files = [(request.args.get("file", "events"), lambda: stream)]
            comparison = emulator.compare(a, b, files, count=count, seed=seed)
        except (ValueError, MissingColumns, ServiceError) as error:
            return _refused(error)
        if request.accept_mimetypes.best_match(["application/json", _LINES]) == _LINES:
            return Response(_lines(comparison), mimetype=_LINES)
        *_, last = comparison.steps()
        return jsonify(last["result"])

    @pages.post("/experiments")
    def experiments() -> ResponseReturnValue:
        try:
            return jsonify(emulator.experiment(request.get_json(silent=True) if request.is_json else None))
        except (ValueError, ServiceError) as error:
            return _refused(error)


def _asked() -> tuple[str, str, int, int]:
    """What the query asks for. Raises ValueError."""
    given = request.args
    unknown = sorted(set(given) - _PARAMETERS)
    if unknown:
        raise ValueError(f"{unknown[0]} is not known; known are {', '.join(sorted(_PARAMETERS))}")
    for name in "ab":
        if not given.get(name):
            raise ValueError(f"{name} must be the ARN or the name of a campaign, recommender or solution version")
    numbers = []
    for name, default in _DEFAULTS.items():
        text = given.get(name, str(default))
        if not text.isascii() or not text.isdigit():
            raise ValueError(f"{name} must be a whole number, not {text!r}")
        numbers.append(int(text))
    return given["a"], given["b"], numbers[0], numbers[1]


def _lines(comparison: Comparison) -> Iterator[bytes]:
    """One JSON object a line: progress, and at the end the result or that it failed."""
    try:
        for step in comparison.steps():
            yield json.dumps(step).encode() + b"\n"
    except ServiceError as error:
        # What was there when it began may be deleted meanwhile.
        yield json.dumps({"error": str(error)}).encode() + b"\n"
    except Exception:
        log.exception("a comparison failed")
        yield b'{"error": "500 Internal Server Error"}\n'


def _refused(error: Exception) -> ResponseReturnValue:
    missing = isinstance(error, ServiceError) and error.code == "ResourceNotFoundException"
    return jsonify({"status": "error", "message": str(error)}), 404 if missing else 400
