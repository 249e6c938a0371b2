"""Loading: a snapshot is unpacked, checked and upgraded beside the state, and then takes its place at once."""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from personalize_local.provenance import Rule
from personalize_local.snapshots.archive import FOLDERS, STORE, Archive, Manifest, SnapshotError, damaged, opened
from personalize_local.snapshots.saving import staging
from personalize_local.store.database import Database
from personalize_local.store.upgrades import FORMAT

if TYPE_CHECKING:
    from personalize_local.emulator import Emulator

_BLOCK = 1 << 20
_NAMING = (("resources", "body"), ("resources", "state"), ("jobs", "payload"), ("jobs", "result"))
"""Where the tables name segments, models and kept files."""
RULES = (
    Rule(
        says="Loading a snapshot replaces the whole state of the emulator and ends its jobs; the companion's state "
        "stays as it is. A virtual clock is set to the time of the snapshot, also backwards; the machine's clock "
        "stays, and what is due by then happens.",
        known="chosen",
    ),
)


def load(emulator: Emulator, path: Path, name: str | None = None) -> Manifest:
    """Make the state that of a snapshot, which is called ``name`` in errors.

    Raises SnapshotError for a file that is damaged or of a version that is not known; the state is untouched then.
    """
    name = name or str(path)
    with opened(path, name) as archive, staging(emulator.root) as folder:
        _unpack(name, archive, folder)
        _check_store(name, folder / STORE, archive.manifest.store)
        _make_names_free(emulator.root, folder)
        try:
            with emulator.database.alone():
                emulator.database.become(folder / STORE, lambda: _move(folder, emulator.root))
                emulator.jobs.abandon()
        except (OSError, sqlite3.Error) as error:
            raise SnapshotError(f"{name} cannot be put in force: {error}") from None
        manifest = archive.manifest
    is_virtual = emulator.clock.is_virtual  # also one that was frozen, which is forgotten
    emulator.forget()
    emulator.jobs.end_abandoned()
    if is_virtual:
        emulator.clock.stand_at(manifest.clock)
        emulator.keep_time()
    emulator.ids.restore(manifest.ids)
    emulator.resume()
    return manifest


def _unpack(name: str, archive: Archive, folder: Path) -> None:
    size, stored = archive.manifest.size, archive.manifest.store
    if not 1 <= stored <= FORMAT:
        raise SnapshotError(f"{name} has a store of format {stored}; this version reads formats 1 to {FORMAT}")
    free = shutil.disk_usage(folder).free
    if size > free:
        raise SnapshotError(f"{name} takes {size:,} bytes; there are {free:,} free for the state")
    archive.unpack(folder)


def _check_store(name: str, store: Path, stored: int) -> None:
    """Check the tables and bring them to the format of this version. Raises SnapshotError."""
    try:
        with closing(sqlite3.connect(store)) as connection:
            if connection.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise damaged(name, "its store is not whole")
            found = connection.execute("SELECT value FROM facts WHERE name = 'format'").fetchone()
        if found != (str(stored),):
            raise damaged(name, "its store has another format than its manifest says")
        Database(store).close()
    except (sqlite3.Error, ValueError) as error:
        raise damaged(name, f"its store cannot be read: {error}") from None


def _make_names_free(root: Path, folder: Path) -> None:
    """Give another name to what is named as something else is here, which seeded ids may bring about."""
    with closing(sqlite3.connect(folder / STORE)) as connection:
        for path in _staged(folder):
            there = root / path.parent.name / path.name
            if there.exists() and _differ(there, path):
                new = str(uuid.uuid4())
                for table, column in _NAMING:
                    connection.execute(
                        f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (f'"{path.name}"', f'"{new}"')
                    )
                path.rename(path.with_name(new))
        connection.commit()


def _move(folder: Path, root: Path) -> None:
    for path in _staged(folder):
        place = root / path.parent.name
        place.mkdir(exist_ok=True)
        if not (place / path.name).exists():  # else it is the same
            path.rename(place / path.name)


def _staged(folder: Path) -> list[Path]:
    return [path for name in FOLDERS if (folder / name).is_dir() for path in sorted((folder / name).iterdir())]


def _differ(there: Path, path: Path) -> bool:
    try:
        return _digest(there) != _digest(path)
    except FileNotFoundError:  # what a job still works on here
        return True


def _digest(path: Path) -> str:
    """Of the names and bytes of a file, or of everything in a folder."""
    digest = sha256()
    for file in [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file()):
        digest.update(f"{file.relative_to(path)}\0{file.stat().st_size}\0".encode(errors="surrogateescape"))
        for block in _blocks(file):
            digest.update(block)
    return digest.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
