"""Answers that only a write can change, kept until the next one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")

_MOST = 256
"""Answers that are kept; each is as large as a page of a list."""


class Answers(Generic[Answer]):
    """Answers by what was asked, each of one ``generation`` of the store."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[int, Answer]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, asked: Hashable, generation: int) -> Answer | None:
        """The answer to ``asked``, if nothing has been written since it was kept."""
        with self._lock:
            found = self._kept.get(asked)
            return found[1] if found is not None and found[0] == generation else None

    def keep(self, asked: Hashable, generation: int, answer: Answer) -> None:
        """Keep an answer; ``generation`` was read before anything that it is made of."""
        with self._lock:
            self._kept[asked] = (generation, answer)
            self._kept.move_to_end(asked)
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)
