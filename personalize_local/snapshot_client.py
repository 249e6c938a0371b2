"""The client of the two admin pages of snapshots, with what a terminal shows meanwhile."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any

import click

from personalize_local import http_client
from personalize_local.snapshots.archive import SnapshotError, opened

_SECONDS = 600.0
"""Without a byte: a large store is copied before the first, and unpacked after the last."""
_BLOCK = 1 << 18
_PAGE = "/_personalize/snapshot"


def save(url: str, path: Path, *, as_json: bool) -> None:
    """Write the snapshot of a server; a file that is there is replaced once the new one is whole.

    Raises ServerError, SnapshotError, and OSError for a file that cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file, http_client.opened(url, _PAGE, seconds=_SECONDS) as answer:
            _copy(url, answer, file)
        with opened(partial, "What the server sent") as archive:
            facts = archive.manifest.facts()
        size = partial.stat().st_size
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    _say(facts, f"Saved {path}: {size:,} bytes", as_json=as_json)
    if not as_json and _has_companion(url):
        click.echo(
            "The companion's buckets, roles and other resources are in memory alone and are not in it.", err=True
        )


def load(url: str, path: Path, *, as_json: bool) -> None:
    """Make the state of a server that of a snapshot. Raises ServerError, and OSError for a file that is not there."""
    size = path.stat().st_size
    with path.open("rb") as file, _bar(size, f"Sending {path.name}") as bar:
        reading: Any = file if bar is None else _Counted(file, bar.update)
        headers = {"Content-Length": str(size), "Content-Type": "application/zip"}
        facts = http_client.ask(url, _PAGE, content=reading, headers=headers, seconds=_SECONDS)
    _say(facts, f"Loaded {path}", as_json=as_json)


def _say(facts: dict[str, Any], what: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        click.echo(f"{what}, {facts['files']} files, a store of format {facts['store']}, from {facts['version']}.")


def _bar(size: int, label: str) -> AbstractContextManager[Any]:
    """A bar on a terminal; elsewhere None."""
    return click.progressbar(length=size, label=label, file=sys.stderr) if sys.stderr.isatty() else nullcontext()


def _copy(url: str, answer: IO[bytes], file: IO[bytes]) -> None:
    """Copy what comes, and show how much has; how much there will be nobody knows before it is packed."""
    shown, done = sys.stderr.isatty(), 0
    try:
        while block := answer.read(_BLOCK):
            file.write(block)
            done += len(block)
            if shown:
                click.echo(f"\rReceiving: {done / 1e6:,.1f} MB", nl=False, err=True)
    except HTTPException as error:
        raise SnapshotError(f"{url} sent half of a snapshot: {error}") from None
    finally:
        if shown:
            click.echo(err=True)


class _Counted:
    """A file that tells of the bytes that are read of it."""

    def __init__(self, file: IO[bytes], told: Callable[[int], object]) -> None:
        self._file, self._told = file, told

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self._told(len(block))
        return block


def _has_companion(url: str) -> bool:
    try:
        return http_client.health(url).get("companion") == "on"
    except http_client.ServerError:
        return False
