"""The file of a snapshot: a zip archive of plain files, and a manifest with the size and digest of each."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import IO, Any

from personalize_local.ids import Ids

FORM = 1
"""Version of the archive's form; that of the tables inside is the store's own."""
STORE = "personalize.sqlite3"
FOLDERS = ("datasets", "artifacts", "spool")
MANIFEST = "manifest.json"
GENERATED = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
"""The names below the folders: everything there is named by a generated id."""

_BLOCK = 1 << 20
_LEVEL = 1
"""Of deflate: the higher ones take several times as long for a tenth less."""
_LARGEST_MANIFEST = 64 << 20
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, UnicodeError)


class SnapshotError(Exception):
    """A snapshot cannot be saved or loaded; the message says why in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One file of a snapshot: its size in bytes and its SHA-256 in hexadecimal digits."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a snapshot says of itself; times in epoch seconds.

    ``version`` of the emulator that saved it, ``store`` the format of its tables, ``clock`` the emulator's time, and
    ``ids`` the state of its seeded ids (None: they were random).
    """

    version: str
    store: int
    created: float
    clock: float
    virtual: bool
    ids: Any = None
    files: Mapping[str, Kept]

    @property
    def size(self) -> int:
        """Bytes of all files, unpacked."""
        return sum(kept.size for kept in self.files.values())

    def facts(self) -> dict[str, Any]:
        """What is shown of it, as JSON values."""
        clock = {"now": self.clock, "virtual": self.virtual}
        about = {"snapshot": FORM, "version": self.version, "store": self.store, "created": self.created}
        return {**about, "clock": clock, "files": len(self.files), "bytes": self.size}


class _Outlet:
    """What an archive is written into that is passed on as it grows."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """There is nothing to let go of."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def packed(folder: Path, names: Iterable[str], describe: Callable[[Mapping[str, Kept]], Manifest]) -> Iterator[bytes]:
    """The archive of the files ``names`` under ``folder``, in parts of about a megabyte.

    ``describe`` makes the manifest of what was packed, which comes last.
    """
    outlet, files = _Outlet(), {}
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name in names:
            digest, size = sha256(), 0
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with (folder / name).open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while block := source.read(_BLOCK):
                    digest.update(block)
                    size += len(block)
                    target.write(block)
                    yield outlet.taken()
            files[name] = Kept(size=size, sha256=digest.hexdigest())
        archive.writestr(MANIFEST, _written(describe(files)))
    yield outlet.taken()


def _written(manifest: Manifest) -> str:
    facts = {key: value for key, value in manifest.facts().items() if key != "bytes"}
    files = {name: {"size": kept.size, "sha256": kept.sha256} for name, kept in manifest.files.items()}
    return json.dumps({**facts, "ids": manifest.ids, "files": files}, indent=1)


class Archive:
    """A snapshot that is open: its manifest holds, its files are checked as they are unpacked."""

    def __init__(self, name: str, archive: zipfile.ZipFile) -> None:
        self._name, self._archive = name, archive
        self.manifest = _manifest(name, archive)
        entries = archive.infolist()
        files = {entry.filename for entry in entries} - {MANIFEST}
        if len(entries) != len(files) + 1 or files != set(self.manifest.files) or STORE not in files:
            raise damaged(name, "its files are not those of its manifest")
        for file in files:
            if not _is_own(file):
                raise damaged(name, f"{file!r} is no name of a file of a snapshot")
        for entry in entries:
            if entry.filename != MANIFEST and entry.file_size != self.manifest.files[entry.filename].size:
                raise damaged(name, f"{entry.filename} has another size than its manifest says")

    def unpack(self, folder: Path) -> None:
        """Write all files below ``folder`` and check their digests. Raises SnapshotError."""
        for file, kept in self.manifest.files.items():
            target = folder / file
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with self._archive.open(file) as source, target.open("xb") as copy:
                    digest = _copied(source, copy)
            except _DAMAGE as error:
                raise damaged(self._name, f"{file}: {error}") from None
            except OSError as error:
                raise SnapshotError(f"{self._name} cannot be unpacked: {file}: {error.strerror or error}") from None
            if digest != kept.sha256:
                raise damaged(self._name, f"{file} does not have the digest of its manifest")


def _copied(source: IO[bytes], target: IO[bytes]) -> str:
    digest = sha256()
    # zipfile reads no more than the size of the entry, which is that of the manifest.
    while block := source.read(_BLOCK):
        digest.update(block)
        target.write(block)
    return digest.hexdigest()


@contextmanager
def opened(path: Path, name: str | None = None) -> Iterator[Archive]:
    """A snapshot to read, which is called ``name`` in errors.

    Raises SnapshotError for what is none, is damaged, or is of a form that is not known.
    """
    name = name or str(path)
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise SnapshotError(f"{name} cannot be read: {error.strerror or error}") from None
    except (*_DAMAGE, ValueError):
        raise SnapshotError(f"{name} is no snapshot, or is damaged") from None
    with archive:
        yield Archive(name, archive)


def damaged(name: str, what: str) -> SnapshotError:
    """The error of a file that is not as it was written."""
    return SnapshotError(f"{name} is damaged: {what}")


def _manifest(name: str, archive: zipfile.ZipFile) -> Manifest:
    try:
        if archive.getinfo(MANIFEST).file_size > _LARGEST_MANIFEST:
            raise damaged(name, "its manifest is too large")
        told = json.loads(archive.read(MANIFEST))
        form = told["snapshot"]
    except KeyError:
        raise SnapshotError(f"{name} is no snapshot: it has no manifest") from None
    except (*_DAMAGE, OSError, ValueError, TypeError) as error:
        raise damaged(name, f"its manifest cannot be read: {error}") from None
    if form != FORM:
        raise SnapshotError(f"{name} is a snapshot of form {form}; this version reads form {FORM}")
    try:
        made = Manifest(
            version=str(told["version"]),
            store=int(told["store"]),
            created=float(told["created"]),
            clock=float(told["clock"]["now"]),
            virtual=bool(told["clock"]["virtual"]),
            ids=told["ids"],
            files={
                file: Kept(size=int(kept["size"]), sha256=str(kept["sha256"])) for file, kept in told["files"].items()
            },
        )
        Ids(0).restore(made.ids)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise damaged(name, f"its manifest is not complete: {error}") from None
    if not isfinite(made.clock):
        raise damaged(name, "its manifest has no time")
    return made


def _is_own(name: str) -> bool:
    """Whether a name is one that a snapshot may have; none that leads elsewhere is."""
    if name == STORE:
        return True
    folder, *parts = name.split("/")
    if folder not in FOLDERS or not parts or GENERATED.fullmatch(parts[0]) is None:
        return False
    return all(part not in {"", ".", ".."} and not any(sign in part for sign in "\\\0") for part in parts)
