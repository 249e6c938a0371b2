"""How many threads the linear algebra may use while a model is trained: one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def single_thread() -> Iterator[None]:
    """Hold every BLAS and OpenMP library of this process to one thread, and give the old number back at the end.

    Two BLAS threads on a busy machine of two cores are many times slower than one, and their sums are not
    reproducible to the bit. The libraries must be loaded before they can be held, hence the imports.
    """
    import scipy.linalg
    import scipy.sparse
    from threadpoolctl import threadpool_limits

    assert scipy.linalg and scipy.sparse  # loaded: each brings its own copy of the library
    with threadpool_limits(limits=1):
        yield
