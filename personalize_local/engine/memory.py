"""Memory that a training lets go of is kept for what it needs next."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -2, -3, -4  # the parameters of mallopt(3)
_MEGABYTE = 1024 * 1024
# While memory is kept: no mappings of their own for large arrays, and nothing given back; and the limits that glibc
# itself comes to when it adapts them.
_KEEPING = {_MMAP_MAX: 0, _TRIM_THRESHOLD: -1, _TOP_PAD: 64 * _MEGABYTE}
_USUAL = {_MMAP_MAX: 65_536, _MMAP_THRESHOLD: 32 * _MEGABYTE, _TRIM_THRESHOLD: 64 * _MEGABYTE, _TOP_PAD: 0}


@contextmanager
def kept_memory() -> Iterator[None]:
    """Reuse the memory of freed arrays until the end of the block, and give it back then.

    The C library hands each large array fresh pages, which the system must clear: a fifth of the processor time of a
    training with millions of interactions. It holds for the whole process, and does nothing where the library is not
    glibc.
    """
    library = ctypes.CDLL(None)
    if not (hasattr(library, "mallopt") and hasattr(library, "malloc_trim")):
        yield
        return
    for parameter, value in _KEEPING.items():
        library.mallopt(parameter, value)
    try:
        yield
    finally:
        for parameter, value in _USUAL.items():
            library.mallopt(parameter, value)
        library.malloc_trim(0)
