"""What commands share: settings from the environment, the variables of clients, errors in one line, exit codes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from personalize_local.http_client import ServerError
from personalize_local.settings import SettingError, Settings

__all__ = [
    "EXIT_CODES",
    "client_variables",
    "environment_settings",
    "exit_codes",
    "one_line_errors",
    "server_errors",
    "server_url",
    "settings_with",
]

EXIT_CODES = {
    "0": "done",
    "1": "failed: no server, a refusal, a file that cannot be used",
    "2": "wrong usage, or a setting that cannot be used",
    "126": "exec, aws: the program cannot be run",
    "127": "exec, aws: there is no such program",
    "130": "interrupted",
    "other": "exec, aws: the code of the program; 128 and the number of the signal that ended it",
}
"""What each exit code says (ours; those above 125 as shells have them)."""


def exit_codes() -> str:
    """The exit codes in one paragraph for help."""
    return "\b\nExit codes:\n" + "\n".join(f"  {code:<6} {meaning}" for code, meaning in EXIT_CODES.items())


def settings_with(overrides: dict[str, object]) -> Settings:
    """The settings of the environment under those of flags. Raises UsageError."""
    try:
        return Settings.load(overrides, os.environ)
    except SettingError as error:
        raise click.UsageError(str(error)) from None


def environment_settings() -> Settings:
    """The settings of the environment. Raises UsageError."""
    return settings_with({})


def client_variables(url: str, region: str) -> dict[str, str]:
    """The environment variables that send AWS clients to a server."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": region,
        # The SDKs for JavaScript, Java and Go read no other.
        "AWS_REGION": region,
    }


def server_url(url: str | None) -> str:
    """The address of the server that a command asks: that of ``--url``, or by the environment. Raises UsageError."""
    return url or environment_settings().url


@contextmanager
def server_errors() -> Iterator[None]:
    """That no server answers, or that it refuses, in a line instead of a traceback."""
    try:
        yield
    except ServerError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def one_line_errors() -> Iterator[None]:
    """What is wrong with a server, settings, files or the store in a line instead of a traceback."""
    import sqlite3

    try:
        yield
    except SettingError as error:
        raise click.UsageError(str(error)) from None
    except sqlite3.Error as error:
        raise click.ClickException(f"The data folder cannot be used: {error}") from None
    except (ServerError, OSError) as error:
        raise click.ClickException(str(error)) from None
