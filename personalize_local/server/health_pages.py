"""How the server is: alive, ready or failed, on a page of its own and on the one that LocalStack's users ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from flask import Flask, jsonify

from personalize_local import __version__
from personalize_local.provenance import Rule
from personalize_local.server.edge import ADMIN, HEALTH_ALIAS

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from personalize_local.server.companion import Companion

Readiness = Callable[[], dict[str, Any]]

_COMPANIONS = ("cloudwatch", "iam", "s3", "sts")
"""Of the companion's services, those that a use of Personalize touches."""
RULES = (
    Rule(
        says="GET /_personalize/health answers 200 when the server is ready and 503 while it is starting (its init "
        "scripts run) and when it has failed (one of them did), so that probes need read no body.",
        known="chosen",
    ),
    Rule(
        says="GET /_localstack/health answers 200 in every state, as LocalStack's does: its services are running, or "
        "starting while init scripts run, or in error.",
        known="chosen",
    ),
)
_ALIASES = {"ready": "running", "starting": "starting", "failed": "error"}


class Healthy(Protocol):
    """What the pages need of the emulator."""

    def health(self) -> dict[str, Any]:
        """What it says of itself, as JSON values."""
        ...


def add_health_pages(
    application: Flask, emulator: Healthy, companion: Companion | None, readiness: Callable[[], dict[str, Any]]
) -> None:
    """``GET /_personalize/health`` and ``GET /_localstack/health``; ``readiness`` goes above the emulator's health."""

    def told() -> dict[str, Any]:
        return {**emulator.health(), **readiness(), "companion": "off" if companion is None else "on"}

    @application.get(f"{ADMIN}/health")
    def health() -> ResponseReturnValue:
        facts = told()
        return jsonify(facts), 200 if facts["status"] == "ready" else 503

    @application.get(HEALTH_ALIAS)
    def alias() -> ResponseReturnValue:
        facts = told()
        state = _ALIASES[facts["status"]]
        others = () if companion is None else _COMPANIONS
        services = dict.fromkeys(sorted([*facts.get("services", ()), *others]), state)
        return jsonify({"services": services, "edition": "personalize-local", "version": __version__})
