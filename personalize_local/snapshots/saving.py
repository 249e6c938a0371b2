"""Saving: the state of one moment, gathered while calls are answered, as an archive in parts."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from personalize_local import __version__
from personalize_local.jobs.partitions import Folder
from personalize_local.provenance import Rule
from personalize_local.snapshots.archive import FOLDERS, GENERATED, STORE, Kept, Manifest, SnapshotError, packed
from personalize_local.store.database import Database
from personalize_local.store.upgrades import FORMAT

if TYPE_CHECKING:
    from personalize_local.emulator import Emulator

STAGING = ".personalize-local-snapshot-"
"""How the names of what is on its way begin; a start deletes what a killed process left of it."""
RULES = (
    Rule(
        says="A snapshot has the resources, jobs, events, rows and usage of all accounts and regions, the imported "
        "data, the trained models, the clock and the state of seeded ids. The companion's buckets, roles and other "
        "resources are moto's, in memory, and are in no snapshot; nor are folders given with --s3-root.",
        known="chosen",
    ),
    Rule(
        says="Jobs that are not finished are in a snapshot, and begin anew when it is loaded; an import that reads the "
        "companion finds its files then only where a data folder has kept a copy.",
        known="chosen",
    ),
)


def save(emulator: Emulator, path: Path) -> Manifest:
    """Write a snapshot to ``path``; a file that is there is replaced once the new one is whole.

    Calls are answered meanwhile. Raises SnapshotError.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            parts = stream(emulator)
            while True:
                try:
                    file.write(next(parts))
                except StopIteration as end:
                    manifest: Manifest = end.value
                    break
        partial.replace(path)
    except OSError as error:
        raise SnapshotError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def stream(emulator: Emulator) -> Generator[bytes, None, Manifest]:
    """The parts of a snapshot of the state as it is when the first one is asked for. Raises OSError."""
    described: list[Manifest] = []

    def describe(files: Mapping[str, Kept]) -> Manifest:
        manifest = Manifest(
            version=__version__,
            store=FORMAT,
            created=round(created, 3),
            clock=now,
            virtual=emulator.clock.is_virtual,
            ids=ids,
            files=files,
        )
        described.append(manifest)
        return manifest

    emulator.requests.write(emulator.database)
    with staging(emulator.root) as folder:
        created, now, ids = time.time(), emulator.clock.now(), emulator.ids.state()
        database, root = emulator.database, emulator.root
        database.copy_to(folder / STORE, while_still=lambda: _link(root, folder, _works(database)))
        yield from packed(folder, _names(folder), describe)
    return described[0]


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    """An empty folder on the file system of the state, which is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=STAGING, dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def drop_unfinished(root: Path) -> None:
    """Delete what a killed process has left of snapshots; nothing else may run on the folder."""
    for left in root.glob(f"{STAGING}*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:  # what was being received
            left.unlink(missing_ok=True)


def _works(database: Database) -> frozenset[str]:
    """The folders of the parts of jobs that are under way."""
    with database.read() as rows:
        return frozenset(job.payload["work"] for job in rows.unfinished_jobs() if "work" in job.payload)


def _link(root: Path, folder: Path, works: frozenset[str] = frozenset()) -> None:
    """Second names for the files of finished work, so that no sweep takes them before they are packed.

    What is being written has more than a generated name, but for the parts in ``works``; nothing that has it alone is
    changed in place.
    """
    for name in FOLDERS:
        if not (root / name).is_dir():
            continue
        (folder / name).mkdir()
        for path in (root / name).iterdir():
            if GENERATED.fullmatch(path.name) is None:
                continue
            if name == "spool" and path.name in works:
                Folder(path).keep_at(folder / name / path.name, _gather)
            else:
                _gather(path, folder / name / path.name)


def _gather(source: Path, target: Path) -> None:
    # What jobs that are not wanted any more have left may go at any time; what is needed stays.
    with suppress(FileNotFoundError):
        if source.is_dir():
            target.mkdir()
            for path in source.iterdir():
                _gather(path, target / path.name)
        else:
            _link_or_copy(source, target)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without links, or another file has taken its name just now
        shutil.copyfile(source, target)


def _names(folder: Path) -> list[str]:
    files = (path for name in FOLDERS for path in (folder / name).rglob("*") if path.is_file())
    return [STORE, *sorted(path.relative_to(folder).as_posix() for path in files)]
