"""The commands ``snapshot save`` and ``snapshot load``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from personalize_local.commands.common import one_line_errors, server_url
from personalize_local.commands.options import json_option, url_option

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group(short_help="Save or load the whole state of a running server.")
def snapshot() -> None:
    """The whole state of a running server in one file: resources, data, models, events and clock.

    The buckets of the companion are not in it.
    """


def _options(command: Command) -> Command:
    """The argument and options that both have."""
    file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
    return file(url_option(json_option(command)))


@snapshot.command("save", short_help="Write the state to FILE.")
@_options
def save(file: Path, url: str | None, as_json: bool) -> None:
    """Write the state of a running server to FILE, of one moment, while it goes on answering.

    Exit code 0: saved. 1: no server answers, or the file cannot be written. 2: wrong usage.
    """
    from personalize_local import snapshot_client

    _in_one_line(snapshot_client.save, file, url, as_json)


@snapshot.command("load", short_help="Make the state that of FILE.")
@_options
def load(file: Path, url: str | None, as_json: bool) -> None:
    """Make the state of a running server that of FILE; what it had before is gone.

    Exit code 0: loaded. 1: no server answers, or it refuses the file and keeps its state. 2: wrong usage.
    """
    from personalize_local import snapshot_client

    _in_one_line(snapshot_client.load, file, url, as_json)


def _in_one_line(act: Callable[..., None], file: Path, url: str | None, as_json: bool) -> None:
    """Do it; what goes wrong is a line instead of a traceback."""
    from personalize_local.snapshots.archive import SnapshotError

    try:
        with one_line_errors():
            act(server_url(url), file, as_json=as_json)
    except SnapshotError as error:
        raise click.ClickException(str(error)) from None
