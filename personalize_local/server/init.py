"""Runs what a folder of init scripts has, in name order, once the server answers, and says how far it is."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personalize_local.commands.running import program_environment
from personalize_local.provenance import Rule
from personalize_local.settings import PREFIX, Settings

log = logging.getLogger("personalize_local.init")

_CHAINS = frozenset({".yaml", ".yml"})
_KINDS = _CHAINS | {".py", ".sh"}
_SERVICES = ("PERSONALIZE", "PERSONALIZE_RUNTIME", "PERSONALIZE_EVENTS")
_OWN = frozenset({f"{PREFIX}DATA", f"{PREFIX}INIT"})
_TOLD = 300
"""Characters of what a script said last that health repeats."""
_END_SECONDS = 5.0
RULES = (
    Rule(
        says="Init scripts run one after the other in the order of their names; after one that fails the others do not "
        "run, since they build on it. Folders, hidden files and other kinds of files are left alone, and the log says "
        "so.",
        known="chosen",
    ),
    Rule(
        says="Scripts run at every start; those of a server with a data folder meet what they made before.",
        known="chosen",
    ),
)


@dataclass(slots=True, kw_only=True)
class _Script:
    path: Path
    state: str = "waiting"
    seconds: float = 0.0
    message: str | None = None

    def facts(self) -> dict[str, Any]:
        told = {"name": self.path.name, "state": self.state, "seconds": round(self.seconds, 3)}
        return told if self.message is None else {**told, "message": self.message}


class _Failed(Exception):
    """A script did not do its work; the message says why in one line."""


class Init:
    """The scripts of ``settings.init`` for a server at ``settings.url``; nothing to do without the setting.

    ``state`` of a script: waiting, running, done, failed or skipped.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._scripts = [] if settings.init is None else _found(settings.init)
        self._thread = threading.Thread(target=self._run, name="personalize-local-init", daemon=True)
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def start(self) -> None:
        """Begin to run the scripts in a thread of its own."""
        if self.facts()["status"] == "starting":
            self._thread.start()

    def stop(self) -> None:
        """End what runs; harmless when nothing does."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is not None:
            _end(process)
        if self._thread.is_alive():
            self._thread.join(_END_SECONDS)

    def facts(self) -> dict[str, Any]:
        """Whether the server is starting, ready or failed, and how each script is, as JSON values."""
        states = {script.state for script in self._scripts}
        status = "failed" if "failed" in states else "starting" if states & {"waiting", "running"} else "ready"
        if self._settings.init is None:
            return {"status": status}
        return {"status": status, "init": [script.facts() for script in self._scripts]}

    def _run(self) -> None:
        for number, script in enumerate(self._scripts):
            began = time.monotonic()
            script.state = "running"
            log.info("init script %s begins", script.path.name)
            try:
                self._do(script.path)
            except Exception as error:
                script.seconds = time.monotonic() - began
                script.message = str(error) if isinstance(error, _Failed) else f"{type(error).__name__}: {error}"
                for other in self._scripts[number + 1 :]:
                    other.state = "skipped"
                script.state = "failed"
                if not self._stopped:
                    log.error("init script %s failed: %s", script.path.name, script.message)
                return
            script.seconds = time.monotonic() - began
            script.state = "done"
            log.info("init script %s is done after %.1f s", script.path.name, script.seconds)

    def _do(self, path: Path) -> None:
        if path.suffix in _CHAINS:
            _apply(path, self._settings)
            return
        if path.suffix == ".py":
            command = [sys.executable, str(path)]
        else:
            command = [str(path)] if os.access(path, os.X_OK) else [shutil.which("sh") or "sh", str(path)]
        self._call(path, command)

    def _call(self, path: Path, command: list[str]) -> None:
        with self._lock:
            if self._stopped:
                raise _Failed("the server was stopped")
            try:
                process = subprocess.Popen(
                    command,
                    cwd=path.parent,
                    env=_environment(self._settings, os.environ),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    start_new_session=True,  # so that what it started can be ended with it
                )
            except OSError as error:
                raise _Failed(f"it cannot be run: {error.strerror or error}") from None
            self._process = process
        last = ""
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                log.info("%s: %s", path.name, line.rstrip())
                last = line.strip() or last
        self._process = None
        if process.returncode:
            raise _Failed(f"exit code {process.returncode}{': ' if last else ''}{last[:_TOLD]}")


def _apply(path: Path, settings: Settings) -> None:
    import boto3

    from personalize_local import chains

    session = boto3.session.Session(settings.account, "local", region_name=settings.region)
    clients = {
        "personalize": session.client("personalize", endpoint_url=settings.url),
        "s3": session.client("s3", endpoint_url=settings.s3_endpoint or settings.url),
        "url": settings.url,
    }
    try:
        chains.apply(path, clients, say=lambda line: log.info("%s: %s", path.name, line))
    except (chains.ChainError, chains.ApplyError) as error:
        raise _Failed(str(error)) from None


def _found(folder: Path) -> list[_Script]:
    """The scripts of a folder; one that is not there is a failure that health shows."""
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        message = f"the folder cannot be read: {error.strerror or error}"
        log.error("init: %s", message)
        return [_Script(path=folder, state="failed", message=message)]
    scripts = []
    for path in paths:
        if path.name.startswith(".") or path.suffix not in _KINDS or not path.is_file():
            log.info("init: %s is left alone", path.name)
        else:
            scripts.append(_Script(path=path))
    return scripts


def _environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """What a script finds: AWS clients and the command line of this project reach the server.

    A server that a script starts has folders of its own.
    """
    kept = {name: value for name, value in environ.items() if name not in _OWN}
    services = {f"AWS_ENDPOINT_URL_{service}": settings.url for service in _SERVICES}
    environment = program_environment(kept, settings.url, settings.region) | services
    elsewhere = {} if settings.s3_endpoint is None else {"AWS_ENDPOINT_URL_S3": settings.s3_endpoint}
    return environment | elsewhere | {"AWS_ACCESS_KEY_ID": settings.account}


def _end(process: subprocess.Popen[str]) -> None:
    """End a script and what it has started."""
    if sys.platform == "win32":
        process.terminate()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
