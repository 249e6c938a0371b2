"""Looks from time to time for what is due by itself, on a server whose clock is the machine's."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger("personalize_local.server")

SECONDS = 30.0
"""Between two looks: what is due has a grain of hours."""


class Ticker:
    """Calls ``look`` every ``seconds`` in a thread of its own, from :meth:`start` to :meth:`stop`."""

    def __init__(self, look: Callable[[], object], seconds: float = SECONDS) -> None:
        self._look, self._seconds = look, seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="personalize-local-ticker", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End it; a look that is under way is waited for. Harmless when it was not started."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._seconds):
            try:
                self._look()
            except Exception:
                log.exception("what is due could not be begun")
