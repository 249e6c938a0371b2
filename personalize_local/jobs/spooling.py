"""Copies of the files that unfinished jobs read, for storage that may not outlive the process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

from personalize_local.store.objects import Objects, ObjectsConfig, open_objects

_INCOMING = "incoming-"


def spool_at(folder: Path) -> Objects:
    """Files of unfinished jobs; each job's name is a bucket."""
    return open_objects(ObjectsConfig(root=folder))


@contextmanager
def incoming(folder: Path, name: str, copy: Callable[[str], object]) -> Iterator[Callable[[], object]]:
    """``copy`` is told the bucket under ``folder`` to copy into; what this gives keeps the copy under ``name``.

    Until that is called, in the transaction that adds the job, it has a name that no sweep looks at: a sweep would
    delete what no job refers to.
    """
    bucket = folder / f"{_INCOMING}{name}"
    try:
        bucket.mkdir(parents=True)
        copy(bucket.name)
        yield lambda: bucket.rename(folder / name)
    finally:
        rmtree(bucket, ignore_errors=True)


def drop_incoming(folder: Path) -> None:
    """Delete copies for which a killed process has never made a job; nothing else may run on the folder."""
    for path in folder.glob(f"{_INCOMING}*"):
        rmtree(path, ignore_errors=True)
