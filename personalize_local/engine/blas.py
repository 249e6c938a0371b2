"""How many threads the linear algebra may use while a model is trained: one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module


@contextmanager
def single_thread() -> Iterator[None]:
    """Hold every BLAS and OpenMP library of this process to one thread, and give the old number back at the end.

    Two BLAS threads on a busy machine of two cores are many times slower than one, and their sums are not
    reproducible to the bit. The libraries must be loaded before they can be held, hence the imports.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it carries no types

    for library in ("numpy", "scipy.linalg"):  # each brings its own copy of the library
        import_module(library)
    with threadpool_limits(limits=1):
        yield
