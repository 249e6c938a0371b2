"""Generated ids: the service's forms, random or from a seed."""

from __future__ import annotations

import os
import random
import re
import threading
from hashlib import blake2b
from typing import Any

# RFC 9562: the version is the thirteenth digit, the two highest bits of the seventeenth are 10.
_FREE, _VERSION_4 = ~(0xF << 76 | 0x3 << 62), 0x4 << 76 | 0x2 << 62

_RECOMMENDATION = re.compile(r"RID-[0-9a-f-]+-CID-([0-9a-f]{6})", re.ASCII)


def resource_tag(arn: str) -> str:
    """The six digits that mark a campaign or recommender in the ids of its recommendations."""
    return blake2b(arn.encode(), digest_size=3).hexdigest()


def tag_in(recommendation_id: str) -> str | None:
    """The tag of whatever gave a recommendation; None for a text that is no recommendationId."""
    found = _RECOMMENDATION.fullmatch(recommendation_id)
    return None if found is None else found[1]


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

    def state(self) -> Any:
        """Where a seeded sequence is, as a JSON value; None for random ids."""
        if self._random is None:
            return None
        with self._lock:
            version, numbers, gauss = self._random.getstate()
        return [version, list(numbers), gauss]

    def restore(self, state: Any) -> None:
        """Go on where :meth:`state` was; nothing to do unless both sequences are seeded."""
        if self._random is None or state is None:
            return
        version, numbers, gauss = state
        with self._lock:
            self._random.setstate((version, tuple(numbers), gauss))

    def hex8(self) -> str:
        """Eight lower-case hexadecimal digits: the tail of solution version and event tracker ARNs (observed)."""
        return self._bytes(4).hex()

    def uuid(self) -> str:
        """A version-4 UUID: tracking ids and request ids (observed)."""
        digits = self._digits()
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def recommendation_id(self, resource_tag: str) -> str:
        """``RID-`` + the tail of a version-4 UUID + ``-CID-`` + six digits that mark the campaign (observed)."""
        digits = self._digits()
        return f"RID-{digits[10:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}-CID-{resource_tag}"

    def _digits(self) -> str:
        """The 32 digits of a version-4 UUID. uuid.UUID takes four times as long, and every answer needs one or two."""
        return f"{int.from_bytes(self._bytes(16)) & _FREE | _VERSION_4:032x}"
