"""A room in which a bill is run up, and what the command line says of it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from click.testing import CliRunner

from personalize_local.cli import main
from tests.conftest import Small

from .program import POPULARITY

JANUARY = 1_767_225_600.0
HOUR, DAY = 3600.0, 86400.0


def costs(room: Small, *options: str) -> dict[str, Any]:
    """What the command prints as JSON."""
    done = CliRunner().invoke(main, ["costs", "--url", room.server.url, "--json", *options])
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.output)
    return told


def lines(room: Small, meter: str, *options: str) -> dict[str, dict[str, Any]]:
    """The lines of a meter by the end of their ARN."""
    found = [line for line in costs(room, *options)["lines"] if line["meter"] == meter]
    return {line["resourceArn"].split(":", 5)[-1]: line for line in found}


def quantity(room: Small, meter: str, resource: str, *options: str) -> Decimal:
    found = lines(room, meter, *options).get(resource)
    return Decimal(0) if found is None else Decimal(found["quantity"])


def popular(room: Small, **more: Any) -> str:
    """A campaign of a new group."""
    group = room.program.stocked()
    version = room.program.version(room.program.solution(group, recipe=POPULARITY, performAutoTraining=False))
    return room.program.campaign(version, **more)


def sent(client: Any, operation: str, bodies: list[int]) -> None:
    """Keep the length of each request of an operation that a client sends."""
    client.meta.events.register(f"before-send.*.{operation}", lambda request, **_: bodies.append(len(request.body)))
