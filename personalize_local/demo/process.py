"""The server of the demonstration: a process of its own on a free port, gone when the demonstration is."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import IO

from personalize_local.demo.console import DemoError

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")


class ServerProcess:
    """``python -m personalize_local serve --port 0 OPTIONS`` as a context manager; ``url`` is where it answers.

    Entering raises DemoError when the server does not get ready. Leaving stops it and whatever it has started.
    """

    def __init__(self, options: Sequence[str] = ()) -> None:
        self._command = [sys.executable, "-m", "personalize_local", "serve", "--port", "0", *options]
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[str] | None = None
        self.url = ""

    def __enter__(self) -> ServerProcess:
        # A file takes whatever the server logs; a pipe that nobody empties would stop it.
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                env=_environment(),
                # Ctrl-C at the terminal is for the demonstration, which then stops the server in good order.
                start_new_session=True,
            )
            self.url = self._first_url(self._process)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _first_url(self, process: subprocess.Popen[str]) -> str:
        lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

        def drain() -> None:
            assert process.stdout is not None
            with suppress(ValueError), process.stdout as output:
                for line in output:
                    lines.put(line)
            lines.put(None)

        threading.Thread(target=drain, name="demo-server-output", daemon=True).start()
        deadline = time.monotonic() + _START_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = lines.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                raise DemoError(f"The server did not start: {self._last_error() or 'it ended without a word'}")
            if found := _URL.search(line):
                return found.group()
        raise DemoError(f"The server was not ready within {_START_SECONDS:.0f} seconds.")

    def _last_error(self) -> str:
        if self._errors is None:
            return ""
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors.read().splitlines() if line.strip()]
        return lines[-1] if lines else ""

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
            # The session that it leads holds its child processes too.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
        if self._errors is not None:
            self._errors.close()
            self._errors = None


def _environment() -> dict[str, str]:
    # Settings and endpoints of the user's own server must not reach the one of the demonstration.
    foreign = ("PERSONALIZE_LOCAL_", "AWS_ENDPOINT_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
