"""Credentials for code under test that has none: dummies, for as long as a mock or a fixture is active."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping

ACCESS_KEY = "testing"
SECRET_KEY = "testing"
MISLEADING = (
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)
"""Variables that lead a client away from the endpoint that is set, or mix real credentials with dummies."""


def dummy_environment(region: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that ``environ`` lacks for a client to be made and to sign; empty when it has them."""
    missing: dict[str, str] = {}
    if "AWS_ACCESS_KEY_ID" not in environ:
        # A real secret or session token is never paired with the dummy key.
        missing |= {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
        if environ.get("AWS_SESSION_TOKEN"):
            missing["AWS_SESSION_TOKEN"] = ""
    if "AWS_DEFAULT_REGION" not in environ:
        missing["AWS_DEFAULT_REGION"] = region
    return missing


def set_environment(variables: Mapping[str, str]) -> Callable[[], None]:
    """Set ``variables`` in this process and give back what restores the former state.

    A variable that somebody else changed in the meantime is left as it is then.
    """
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)

    def restore() -> None:
        for name, value in before.items():
            if os.environ.get(name) != variables[name]:
                continue
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

    return restore


def fresh_default_session() -> Callable[[], None]:
    """Let boto3 make its default session anew, and give back what restores the former one.

    The default session keeps the credentials that it was made with; a dummy must not outlive its mock in it.
    """
    import boto3

    before = boto3.DEFAULT_SESSION
    boto3.DEFAULT_SESSION = None

    def restore() -> None:
        boto3.DEFAULT_SESSION = before

    return restore


class _Dummies:
    """The dummies of all mocks of this process: one that ends must not take them from another that goes on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._undo: list[Callable[[], None]] = []

    def enter(self, region: str) -> None:
        """Set what the environment lacks."""
        with self._lock:
            missing = dummy_environment(region, os.environ)
            self._undo.append(set_environment(missing))
            if missing:
                self._undo.append(fresh_default_session())
            self._users += 1

    def leave(self) -> None:
        """Restore the environment when nobody needs the dummies any more."""
        with self._lock:
            self._users -= 1
            while not self._users and self._undo:
                self._undo.pop()()


# The environment is the process's, and so is what was done to it.
DUMMIES = _Dummies()
