"""Which thread of waitress answers a call: the one that read it where the answer is only computed, a worker else.

Handing a call over costs more than such an answer does: two threads then take the interpreter from each other at every
step that releases it (each look into the store, each sum over the catalogue), and eight connections were answered at
half the rate of one. Events are of this kind too: their commit is a write to memory, which the system brings to the
disk later. What waits for a disk or for another server goes to the workers, as ever.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import ThreadedTaskDispatcher

_COMPUTED_PATHS = frozenset(
    {"/recommendations", "/personalize-ranking", "/action-recommendations", "/events", "/action-interactions"}
)
_COMPUTED_TARGETS = ("AmazonPersonalize.Describe", "AmazonPersonalize.List", "AmazonPersonalize.Get")
_LONGEST_BODY = 65_536
"""Bytes; a longer body may take long to read, and the workers have time."""


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress carries no types
    """Keeps the calls that are only computed for :meth:`read_and_answer`, unless ``waits`` says that they may wait."""

    def __init__(self, threads: int, waits: Callable[[], bool] = lambda: False) -> None:
        super().__init__()
        self._waits = waits
        self._kept: deque[HTTPChannel] = deque()
        self._reader: int | None = None
        self.set_thread_count(threads)

    def add_task(self, task: HTTPChannel) -> None:
        """Called with the channel's lock held by the reading thread, or by a worker whose client sent on."""
        if threading.get_ident() == self._reader and _is_quick(task.requests[0]) and not self._waits():
            self._kept.append(task)
        else:
            super().add_task(task)

    def read_and_answer(self, read: Any) -> None:
        """Call ``read``, then answer what was kept meanwhile, in the calling thread."""
        self._reader = threading.get_ident()
        read()
        while self._kept:
            channel = self._kept.popleft()
            try:
                channel.answer_at_once()
            except Exception:
                # As a worker does: the loop goes on for the others.
                self.logger.exception("Exception when servicing %r", channel)


def _is_quick(request: Any) -> bool:
    """Whether the answer comes from memory and the store alone, waiting for no disk and no other server."""
    if request.error is not None or request.content_length > _LONGEST_BODY:
        return False
    target: str = request.headers.get("X_AMZ_TARGET", "")
    return request.path in _COMPUTED_PATHS or target.startswith(_COMPUTED_TARGETS)
