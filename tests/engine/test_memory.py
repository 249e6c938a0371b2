"""Memory that is kept while a training runs."""

from __future__ import annotations

import ctypes
import resource
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from personalize_local.engine.memory import kept_memory

GLIBC = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt")


def faults(rounds: int) -> int:
    """The pages that were fetched while an array of 64 MB was made again and again."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(rounds):
        np.ones(8_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(not GLIBC, reason="the C library is not glibc")
def test_arrays_made_again_get_the_same_pages() -> None:
    with kept_memory():
        faults(1)
        kept = faults(10)
    assert kept < faults(10) / 2


def test_the_block_runs_and_errors_pass_where_there_is_nothing_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    with pytest.raises(KeyError), kept_memory():
        raise KeyError
