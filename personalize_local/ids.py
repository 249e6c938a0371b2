"""Generated ids: the service's forms, random or from a seed."""

from __future__ import annotations

import os
import random
import threading

# RFC 9562: the two highest bits of this digit are 10.
_VARIANTS = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


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
        # Spelled out here: uuid.UUID takes four times as long, and every answer needs one or two.
        digits = self._bytes(16).hex()
        variant = _VARIANTS[digits[16]]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    def recommendation_id(self, resource_tag: str) -> str:
        """``RID-`` + the tail of a version-4 UUID + ``-CID-`` + six digits that mark the campaign (observed)."""
        return f"RID-{self.uuid()[11:]}-CID-{resource_tag}"
