"""Object storage in a folder: each bucket is a sub-folder, each key a path below it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO, cast

from personalize_local.store.objects import AccessDenied, NoSuchBucket, NoSuchObject, ObjectError, ObjectInfo

# Files that are still being written; never listed.
_UNFINISHED = ".personalize-local-upload-"


class FolderObjects:
    """Buckets below ``root``. No name leads out of its bucket by ``..``; links that the owner laid are followed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self, bucket: str, prefix: str = "") -> Iterator[ObjectInfo]:
        """Every object below ``prefix``; see :class:`~personalize_local.store.objects.Objects`."""
        folder = self._bucket(bucket)
        # The deepest folder that all keys with this prefix share, so that a narrow prefix walks little.
        start = self._path(bucket, prefix.rpartition("/")[0]) if "/" in prefix else folder
        found = []
        for parent, _, names in os.walk(start, onerror=_refuse_walk(bucket, prefix)):
            for name in names:
                path = Path(parent, name)
                key = path.relative_to(folder).as_posix()
                if key.startswith(prefix) and not name.startswith(_UNFINISHED) and path.is_file():
                    found.append(ObjectInfo(key=key, size=path.stat().st_size))
        yield from sorted(found, key=lambda info: os.fsencode(info.key))

    def open(self, bucket: str, key: str) -> BinaryIO:
        """The file itself."""
        path = self._object(bucket, key)
        try:
            return path.open("rb")
        except FileNotFoundError:
            raise NoSuchObject(bucket, key) from None
        except OSError:
            raise AccessDenied(bucket, key) from None

    def read_start(self, bucket: str, key: str, size: int) -> bytes:
        """The first ``size`` bytes."""
        with self.open(bucket, key) as stream:
            return stream.read(size)

    def exists(self, bucket: str, key: str) -> bool:
        """Whether the file is there."""
        try:
            self._object(bucket, key)
        except (NoSuchBucket, NoSuchObject, AccessDenied):
            return False
        return True

    def put(self, bucket: str, key: str, data: bytes | BinaryIO) -> None:
        """Write beside the target and rename over it."""
        path = self._path(bucket, key)
        try:
            if key.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, data)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            # S3 may hold both `a` and `a/b`; a file system may not.
            raise ObjectError(f"A folder and a file of one name are in the way of s3://{bucket}/{key}") from None
        except PermissionError:
            raise AccessDenied(bucket, key) from None
        except OSError as error:
            raise ObjectError(f"s3://{bucket}/{key} cannot be written: {error.strerror}") from None

    def _bucket(self, bucket: str) -> Path:
        if not _is_plain(bucket):
            raise NoSuchBucket(bucket)
        folder = self._root / bucket
        if not folder.is_dir():
            raise NoSuchBucket(bucket)
        return folder

    def _path(self, bucket: str, key: str) -> Path:
        folder = self._bucket(bucket)
        parts = key.removesuffix("/").split("/") if key else []
        if not all(_is_plain(part) for part in parts):
            raise AccessDenied(bucket, key)
        return folder.joinpath(*parts)

    def _object(self, bucket: str, key: str) -> Path:
        path = self._path(bucket, key)
        try:
            if not key or key.endswith("/") or not path.is_file():
                raise NoSuchObject(bucket, key)
        except OSError:  # a name that the file system cannot hold
            raise NoSuchObject(bucket, key) from None
        return path


def _is_plain(name: str) -> bool:
    return name not in {"", ".", ".."} and not any(sign in name for sign in "/\\\0")


def _write_whole(path: Path, data: bytes | BinaryIO) -> None:
    if path.is_dir():
        raise IsADirectoryError
    descriptor, unfinished = tempfile.mkstemp(prefix=_UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as target:
            if isinstance(data, bytes):
                target.write(data)
            else:
                copyfileobj(data, cast(BinaryIO, target), 1 << 20)
        # mkstemp makes files that only their owner reads; outputs are meant for other programs too.
        Path(unfinished).chmod(0o644)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def _refuse_walk(bucket: str, prefix: str) -> Callable[[OSError], None]:
    def refuse(error: OSError) -> None:
        if isinstance(error, PermissionError):
            raise AccessDenied(bucket, prefix)

    return refuse
