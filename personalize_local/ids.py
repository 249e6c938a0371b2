"""Generated ids: the service's forms, random or from a seed."""

from __future__ import annotations

import os
import random
import threading
import uuid


class Ids:
    """Ids of the service's forms. With a ``seed`` the sequence of ids is reproducible."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = None if seed is None else random.Random(seed)
        self._lock = threading.Lock()

    def _bytes(self, count: int) -> bytes:
        if self._random is None:
            return os.urandom(count)
        with self._lock:
            return self._random.randbytes(count)

    def hex8(self) -> str:
        """Eight lower-case hexadecimal digits: the tail of solution version and event tracker ARNs (observed)."""
        return self._bytes(4).hex()

    def uuid(self) -> str:
        """A version-4 UUID: tracking ids and request ids (observed)."""
        return str(uuid.UUID(bytes=self._bytes(16), version=4))

    def recommendation_id(self, resource_tag: str) -> str:
        """``RID-`` + the tail of a version-4 UUID + ``-CID-`` + six digits that mark the campaign (observed)."""
        return f"RID-{self.uuid()[11:]}-CID-{resource_tag}"
