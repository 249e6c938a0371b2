"""Snapshots that are not as they were written."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

Files = dict[str, bytes]


def rewritten(
    source: Path,
    target: Path,
    *,
    manifest: Callable[[dict[str, Any]], object] = lambda _: None,
    files: Callable[[Files], object] = lambda _: None,
    honest: bool = False,
) -> Path:
    """A copy with another manifest or other files; with ``honest`` the manifest has their sizes and digests."""
    with zipfile.ZipFile(source) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(contents.pop("manifest.json"))
    files(contents)
    if honest:
        told["files"] = {
            name: {"size": len(content), "sha256": sha256(content).hexdigest()} for name, content in contents.items()
        }
    manifest(told)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
        archive.writestr("manifest.json", json.dumps(told))
    return target


def aged(source: Path, target: Path, folder: Path) -> Path:
    """A copy as the version before this one wrote it: its store has format 5, which kept no usage."""

    def age(contents: Files) -> None:
        store = folder / "aged.sqlite3"
        store.write_bytes(contents["personalize.sqlite3"])
        with closing(sqlite3.connect(store)) as connection:
            connection.execute("UPDATE facts SET value = '5' WHERE name = 'format'")
            connection.execute("DROP TABLE usage")
            connection.commit()
        contents["personalize.sqlite3"] = store.read_bytes()

    return rewritten(source, target, files=age, manifest=lambda told: told.update(store=5), honest=True)
