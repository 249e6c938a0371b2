"""Where jobs run: in the caller, or in child processes that die with their parent."""

from __future__ import annotations

import os
import signal
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
    # Ctrl-C in a terminal reaches the whole group; the server decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
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


def stop(executor: Executor, *, busy: bool) -> None:
    """End an executor, and what it runs when it is ``busy``; unfinished jobs are resumed by whoever starts next.

    Idle workers leave by themselves, which lets the libraries in them release what they hold.
    """
    if busy:
        # Only from Python 3.14 on can an executor end its processes; until then this is where it keeps them.
        workers: dict[int, Any] = getattr(executor, "_processes", None) or {}
        for worker in list(workers.values()):
            worker.terminate()
    executor.shutdown(wait=True, cancel_futures=True)
