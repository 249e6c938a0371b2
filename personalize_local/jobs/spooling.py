"""Copies of the files that unfinished jobs read, for storage that may not outlive the process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

from personalize_local.context import Context
from personalize_local.jobs.workplace import JobFailure, Workplace
from personalize_local.store.objects import Location, ObjectError, Objects, ObjectsConfig, open_objects

_INCOMING = "incoming-"


def spooled(
    context: Context, name: str, copy: Callable[[Objects, Path, str], object]
) -> AbstractContextManager[Callable[[], object]]:
    """As :func:`incoming`, where buckets end with the process: ``copy`` is told of the storage and the folder too.

    The companion keeps buckets in memory. A job that was acknowledged must find its files after a crash.
    """
    emulator = context.emulator
    if not emulator.spools:
        return nullcontext(lambda: None)
    folder = emulator.root / "spool"
    objects = emulator.objects_for(context.account)
    return incoming(folder, name, lambda bucket: copy(objects, folder, bucket))


@contextmanager
def incoming(folder: Path, name: str, copy: Callable[[str], object]) -> Iterator[Callable[[], object]]:
    """``copy`` is told the bucket under ``folder`` to copy into; what this gives keeps the copy under ``name``.

    Until that is called, in the transaction that adds the job, it has a name that no sweep looks at: a sweep would
    delete what no job refers to. Where ``copy`` raises ObjectError or JobFailure, nothing is kept: the job meets the
    same, and fails for it.
    """
    bucket = folder / f"{_INCOMING}{name}"
    try:
        bucket.mkdir(parents=True)
        try:
            copy(bucket.name)
        except (ObjectError, JobFailure):
            rmtree(bucket)
        yield lambda: bucket.is_dir() and bucket.rename(folder / name)
    finally:
        rmtree(bucket, ignore_errors=True)


def drop_incoming(folder: Path) -> None:
    """Delete copies for which a killed process has never made a job; nothing else may run on the folder."""
    for path in folder.glob(f"{_INCOMING}*"):
        rmtree(path, ignore_errors=True)


def copy_files(objects: Objects, source: str, keys: Iterable[str], folder: Path, bucket: str) -> None:
    """Copy files of the bucket ``source``, under the same keys, into one under ``folder``. Raises ObjectError."""
    copies = _spool_at(folder)
    for key in keys:
        with objects.open(source, key) as stream:
            copies.put(bucket, key, stream)


def input_place(workplace: Workplace, location: Location, name: str) -> tuple[Objects, Location]:
    """Where a job reads what is at ``location``: in the copy that was kept under ``name``, if one was."""
    if (workplace.spool / name).is_dir():
        return _spool_at(workplace.spool), replace(location, bucket=name)
    return workplace.objects(), location


def _spool_at(folder: Path) -> Objects:
    """Files of unfinished jobs; each job's name is a bucket."""
    return open_objects(ObjectsConfig(root=folder))
