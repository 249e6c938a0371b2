"""Object storage: where import files are read and job outputs are written, whatever keeps the buckets.

One port, :class:`Objects`, and one factory, :func:`open_objects`. Buckets are sub-folders of a folder, or live behind
an S3 endpoint, or in a WSGI application of this process (the companion). :class:`ObjectsConfig` is a plain value, so
that a child process opens the same storage as its parent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class ObjectError(Exception):
    """The storage cannot do what was asked; the message says why in one sentence."""


class NoSuchBucket(ObjectError):
    """The bucket does not exist."""

    def __init__(self, bucket: str) -> None:
        super().__init__(f"The bucket does not exist: {bucket}")


class NoSuchObject(ObjectError):
    """The bucket exists, the key does not."""

    def __init__(self, bucket: str, key: str) -> None:
        super().__init__(f"The object does not exist: s3://{bucket}/{key}")


class AccessDenied(ObjectError):
    """The storage refuses the credentials, or a name would leave the storage's folder."""

    def __init__(self, bucket: str, key: str = "") -> None:
        super().__init__(f"Access is denied: s3://{bucket}/{key}")


class InvalidLocation(ObjectError):
    """The text is not of the form ``s3://bucket/key``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    """One object of a listing; ``size`` in bytes."""

    key: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A parsed ``s3://`` location; ``is_folder`` when the key is empty or ends with a slash."""

    bucket: str
    key: str

    @property
    def is_folder(self) -> bool:
        """Whether the location names everything below a prefix instead of one object."""
        return not self.key or self.key.endswith("/")


class Objects(Protocol):
    """What the jobs need of S3. Every method raises a kind of :class:`ObjectError` and nothing else."""

    def list(self, bucket: str, prefix: str = "") -> Iterator[ObjectInfo]:
        """Every object whose key starts with ``prefix``, at any depth, in the order of the keys' UTF-8 bytes."""
        ...

    def open(self, bucket: str, key: str) -> BinaryIO:
        """The object's bytes as a stream; the caller closes it."""
        ...

    def read_start(self, bucket: str, key: str, size: int) -> bytes:
        """The first ``size`` bytes, or fewer where the object is shorter."""
        ...

    def exists(self, bucket: str, key: str) -> bool:
        """Whether the object is there; false as well when the bucket is not."""
        ...

    def put(self, bucket: str, key: str, data: bytes | BinaryIO) -> None:
        """Write the object whole: a reader sees the old bytes or the new ones, never a part.

        A stream is read to its end, and may be closed then.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectsConfig:
    """Which storage to open, by value (it travels to child processes).

    ``root``: folder whose sub-folders are the buckets; excludes the rest. ``endpoint_url``: an S3 endpoint; without it
    the AWS endpoint, which moto's ``mock_aws`` answers while it is active. ``access_key`` and ``secret_key``: without
    them the credentials of the environment's default chain, and where there are none, dummy ones.
    """

    root: Path | None = None
    endpoint_url: str | None = None
    region: str = "us-east-1"
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)


def open_objects(config: ObjectsConfig, application: WSGIApplication | None = None) -> Objects:
    """The storage that ``config`` describes.

    With ``application`` (and no ``root``), calls go to that WSGI application in this process and never over a socket:
    a request thread that waited for another request thread of the same server could starve it.
    """
    if config.root is not None:
        from personalize_local.store.objects_folder import FolderObjects

        return FolderObjects(config.root)
    from personalize_local.store.objects_s3 import S3Objects

    return S3Objects(config, application)


def parse_location(text: str) -> Location:
    """Bucket and key of ``s3://bucket/key``.

    Raises InvalidLocation for every other form. The service model also allows ``http://`` and ``https://`` in this
    place; no program was seen that uses them, so they are refused (chosen).
    """
    scheme, separator, rest = text.partition("://")
    if scheme.lower() != "s3" or not separator:
        raise InvalidLocation(f"The location is not of the form s3://bucket/key: {text}")
    bucket, _, key = rest.partition("/")
    if not bucket:
        raise InvalidLocation(f"The location names no bucket: {text}")
    return Location(bucket=bucket, key=key)
