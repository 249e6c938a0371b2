"""Where jobs run: in the caller, or in child processes that die with their parent."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_NICENESS = 10
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class InlineExecutor(Executor):
    """Runs a task in ``submit``: the future is done when it is returned."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run ``fn`` now; its exception is the future's."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def process_executor(workers: int) -> ProcessPoolExecutor:
    """Child processes, made when they are first needed.

    Training in a thread of the server would stall its answers (one native call may hold the interpreter for half a
    second), so jobs get processes of their own, and lower priority than the answering one.
    """
    import multiprocessing

    # Forking a process that runs threads can copy a held lock; a fresh interpreter cannot.
    method = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=method, initializer=_begin_worker)


def _begin_worker() -> None:
    for variable in _THREAD_VARIABLES:
        os.environ[variable] = "1"
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()


def _end_with_parent() -> None:
    """A killed server cannot tell its workers to stop, and a worker waiting for its next task would wait for ever."""
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def stop(executor: Executor) -> None:
    """End an executor without waiting for what it runs; unfinished jobs are resumed by whoever starts next."""
    workers: dict[int, Any] = dict(getattr(executor, "_processes", None) or {})
    executor.shutdown(wait=False, cancel_futures=True)
    for worker in workers.values():
        worker.terminate()
    for worker in workers.values():
        worker.join()
