"""The admin pages of what a test declares: pins, faults, the journal of calls, and the clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from flask import Blueprint, Response, jsonify, request

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from personalize_local.controls.control import Controls
    from personalize_local.controls.faults import Faults
    from personalize_local.controls.pins import Pins

__all__ = ["Controlled", "add_control_pages"]

_CLOCK = 'send one of {"advance": SECONDS}, {"set": EPOCH}, {"tick": SECONDS}, {"freeze": true} and {"freeze": false}'
_FILTERS = frozenset({"operation", "error", "account", "parameters", "format"})


class Controlled(Protocol):
    """What the pages need of the emulator."""

    controls: Controls

    def clock_facts(self) -> dict[str, Any]:
        """The time and how it moves, as JSON values."""
        ...

    def advance(self, seconds: float) -> float:
        """Move a virtual clock on; the new time. Raises ValueError."""
        ...

    def set_time(self, time: float) -> float:
        """Move the clock on to a time; the new time. Raises ValueError."""
        ...

    def tick(self, seconds: float) -> float:
        """Move a standing clock on with each call; the time. Raises ValueError."""
        ...

    def freeze(self) -> float:
        """Let the clock stand; the time."""
        ...

    def unfreeze(self) -> float:
        """Let it go on; the time."""
        ...


def add_control_pages(pages: Blueprint, emulator: Controlled) -> None:
    """Add ``/clock``, ``/pins``, ``/faults`` and ``/journal``."""
    _add_clock(pages, emulator)
    _add_declared(pages, "pins", lambda: emulator.controls.pins)
    _add_declared(pages, "faults", lambda: emulator.controls.faults)
    _add_journal(pages, emulator)


def _add_clock(pages: Blueprint, emulator: Controlled) -> None:
    @pages.get("/clock")
    def time() -> ResponseReturnValue:
        return jsonify(emulator.clock_facts())

    @pages.post("/clock")
    def clock() -> ResponseReturnValue:
        asked = request.get_json(silent=True) if request.is_json else None
        moves: dict[str, Callable[[float], float]] = {
            "advance": emulator.advance,
            "set": emulator.set_time,
            "tick": emulator.tick,
        }
        try:
            if not isinstance(asked, dict) or len(asked) != 1:
                raise ValueError(_CLOCK)
            ((name, value),) = asked.items()
            if name == "freeze" and isinstance(value, bool):
                return jsonify({"now": emulator.freeze() if value else emulator.unfreeze()})
            if name not in moves or isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(_CLOCK)
            return jsonify({"now": moves[name](value)})
        except ValueError as error:
            return _refused(error)


def _add_declared(pages: Blueprint, path: str, of: Callable[[], Pins | Faults]) -> None:
    @pages.get(f"/{path}", endpoint=f"list {path}")
    def listed() -> ResponseReturnValue:
        return jsonify({path: of().listed()})

    @pages.post(f"/{path}", endpoint=f"add {path}")
    def add() -> ResponseReturnValue:
        asked = request.get_json(silent=True) if request.is_json else None
        declared = asked if isinstance(asked, list) else [asked]
        added: list[str] = []
        try:
            if asked is None:
                raise ValueError(f"send one of {path} or a list of them, as application/json")
            for each in declared:
                added.append(of().add(each))
        except ValueError as error:
            for id_ in added:  # all of a list or nothing
                of().remove(id_)
            return _refused(error)
        return jsonify({"ids": added}), 201

    @pages.delete(f"/{path}", endpoint=f"clear {path}")
    def clear() -> ResponseReturnValue:
        of().clear()
        return jsonify({"status": "ok"})

    @pages.delete(f"/{path}/<id_>", endpoint=f"remove {path}")
    def remove(id_: str) -> ResponseReturnValue:
        if of().remove(id_):
            return jsonify({"status": "ok"})
        return jsonify({"status": "error", "message": f"there is no {path[:-1]} {id_}"}), 404


def _add_journal(pages: Blueprint, emulator: Controlled) -> None:
    @pages.get("/journal")
    def journal() -> ResponseReturnValue:
        asked = request.args
        try:
            unknown = sorted(set(asked) - _FILTERS)
            if unknown:
                raise ValueError(f"unknown parameter: {', '.join(unknown)}")
            if asked.get("format", "json") not in ("json", "jsonl"):
                raise ValueError("format must be json or jsonl")
            calls = emulator.controls.journal.calls(
                asked.get("operation"),
                _parameters(asked.get("parameters")),
                error=asked.get("error"),
                account=asked.get("account"),
            )
        except ValueError as error:
            return _refused(error)
        if asked.get("format") == "jsonl":
            return Response("".join(f"{call.line()}\n" for call in calls), mimetype="application/x-ndjson")
        return jsonify({"size": emulator.controls.journal.size, "calls": [call.facts() for call in calls]})

    @pages.delete("/journal")
    def forget() -> ResponseReturnValue:
        emulator.controls.journal.clear()
        return jsonify({"status": "ok"})


def _parameters(text: str | None) -> dict[str, Any]:
    try:
        found = {} if text is None else json.loads(text)
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise ValueError("parameters must be a JSON object")
    return found


def _refused(error: ValueError) -> ResponseReturnValue:
    return jsonify({"status": "error", "message": str(error)}), 400
