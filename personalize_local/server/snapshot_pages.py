"""The admin pages that give the whole state as one file and take it again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from flask import Blueprint, Response, jsonify, request

from personalize_local.snapshots.archive import SnapshotError
from personalize_local.snapshots.saving import STAGING

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

_BLOCK = 1 << 20


class Snapshotted(Protocol):
    """What the pages need of the emulator."""

    def stream_snapshot(self) -> Iterator[bytes]:
        """The parts of a snapshot."""
        ...

    def load_snapshot(self, path: str, name: str | None = None) -> dict[str, Any]:
        """Make the state that of a snapshot; what it says of itself, as JSON values. Raises SnapshotError."""
        ...

    @property
    def root(self) -> Path:
        """The folder of its state."""
        ...


def add_snapshot_pages(pages: Blueprint, emulator: Snapshotted) -> None:
    """``GET /snapshot`` and ``POST /snapshot``."""

    @pages.get("/snapshot")
    def save() -> ResponseReturnValue:
        parts = emulator.stream_snapshot()
        first = next(parts)  # what fails at once is an answer of its own and no half of a file
        named = {"Content-Disposition": 'attachment; filename="personalize-local.snapshot"'}
        return Response(chain([first], parts), mimetype="application/zip", headers=named)

    @pages.post("/snapshot")
    def load() -> ResponseReturnValue:
        with tempfile.NamedTemporaryFile(prefix=STAGING, dir=emulator.root) as file:
            shutil.copyfileobj(request.stream, file, _BLOCK)
            file.flush()
            try:
                return jsonify(emulator.load_snapshot(file.name, "The snapshot"))
            except SnapshotError as error:
                return jsonify({"status": "error", "message": str(error)}), 400
