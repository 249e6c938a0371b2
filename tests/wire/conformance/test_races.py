"""The same thing done eight times at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from .kinds import Case
from .stage import Stage
from .table import PLAIN, VARIANTS, VERSION
from .walking import GONE, come_to_be

THREADS = 8
NAMED = [case for case in PLAIN if case is not VERSION] + [case for case in VARIANTS if str(case).endswith("-named")]


class Racers:
    """Eight clients of one account that set off at the same moment."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._clients = [stage.program.client("personalize") for _ in range(THREADS)]
        self._barrier = Barrier(THREADS)
        self._pool = ThreadPoolExecutor(THREADS)

    def run(self, operation: str, **params: Any) -> list[str]:
        """``ok`` or the class of the error of each call."""

        def one(client: Any) -> str:
            self._barrier.wait(timeout=60)
            try:
                getattr(client, xform_name(operation))(**params)
            except ClientError as error:
                return str(error.response["Error"]["Code"])
            return "ok"

        return sorted(self._pool.map(one, self._clients))

    def close(self) -> None:
        self._pool.shutdown()
        for client in self._clients:
            client.close()


@pytest.fixture(scope="module")
def racers(stages: Callable[[str], Stage]) -> Iterator[Racers]:
    made = Racers(stages("instant").other())
    yield made
    made.close()


@pytest.mark.parametrize("case", NAMED, ids=str)
def test_exactly_one_creation_and_one_deletion_succeeds(racers: Racers, case: Case) -> None:
    stage = racers.stage
    params = case.params(stage, stage.name(case.kind))
    found = racers.run(f"Create{case.title}", **params)
    assert found == ["ResourceAlreadyExistsException"] * (THREADS - 1) + ["ok"]
    listed = stage.call(f"List{case.title}s")[case.list_key]
    named = stage.describe(case.kind, listed[0][case.arn_member])
    assert named[case.name_member] == params[case.name_member]
    come_to_be(stage, case, params, listed[0][case.arn_member])
    if case.is_deletable:
        found = racers.run(f"Delete{case.title}", **{case.arn_member: listed[0][case.arn_member]})
        assert found == [GONE] * (THREADS - 1) + ["ok"]
