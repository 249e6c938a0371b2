from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path

import pytest

from .bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Callable[[Callable[[], Executor]], Bench]]:
    made: list[Bench] = []

    def make(executor: Callable[[], Executor]) -> Bench:
        made.append(Bench(tmp_path, executor))
        return made[-1]

    yield make
    for one in made:
        one.runner.close()
        one.database.close()
