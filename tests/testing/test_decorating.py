"""What is put around functions and classes: once for each test, and never left open."""

from __future__ import annotations

import asyncio
import unittest
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from personalize_local.testing._decorating import decorate


class Journal:
    """Counts what was opened and closed; ``open`` is how many are open now."""

    def __init__(self) -> None:
        self.open = 0
        self.opened = 0

    @contextmanager
    def around(self) -> Iterator[None]:
        self.open += 1
        self.opened += 1
        try:
            yield
        finally:
            self.open -= 1


@pytest.fixture
def journal() -> Journal:
    return Journal()


def test_a_function_keeps_its_name_arguments_and_result(journal: Journal) -> None:
    def double(number: int, *, plus: int = 0) -> int:
        """Doubles."""
        assert journal.open == 1
        return 2 * number + plus

    wrapped = decorate(double, journal.around)
    assert wrapped(4, plus=1) == 9
    assert (wrapped.__name__, wrapped.__doc__) == ("double", "Doubles.")
    assert (journal.opened, journal.open) == (1, 0)


def test_a_function_that_raises_closes_it(journal: Journal) -> None:
    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        decorate(fail, journal.around)()
    assert (journal.opened, journal.open) == (1, 0)


def test_a_coroutine_has_it_open_while_it_runs(journal: Journal) -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return journal.open

    wrapped = decorate(work, journal.around)
    pending = wrapped()
    assert journal.opened == 0
    assert asyncio.run(pending) == 1
    assert journal.open == 0


def test_generators_have_it_open_until_they_end(journal: Journal) -> None:
    def steps() -> Iterator[int]:
        yield journal.open
        yield journal.open

    async def asynchronous() -> AsyncIterator[int]:
        yield journal.open

    async def collect() -> list[int]:
        return [value async for value in decorate(asynchronous, journal.around)()]

    assert list(decorate(steps, journal.around)()) == [1, 1]
    assert asyncio.run(collect()) == [1]
    assert (journal.opened, journal.open) == (2, 0)


def test_a_test_case_has_it_from_set_up_to_clean_up(journal: Journal) -> None:
    seen: list[tuple[str, int, int]] = []

    class Case(unittest.TestCase):
        def setUp(self) -> None:
            seen.append(("setUp", journal.open, journal.opened))
            self.addCleanup(lambda: seen.append(("cleanup", journal.open, journal.opened)))

        def test_one(self) -> None:
            seen.append(("test", journal.open, journal.opened))

        def test_two(self) -> None:
            self.fail()

    decorate(Case, journal.around)
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
    assert (result.testsRun, len(result.failures), len(result.errors)) == (2, 1, 0)
    assert seen == [("setUp", 1, 1), ("test", 1, 1), ("cleanup", 1, 1), ("setUp", 1, 2), ("cleanup", 1, 2)]
    assert journal.open == 0


def test_an_asynchronous_test_case_has_it_too(journal: Journal) -> None:
    class Case(unittest.IsolatedAsyncioTestCase):
        async def test_one(self) -> None:
            assert journal.open == 1

    decorate(Case, journal.around)
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
    assert (result.testsRun, result.wasSuccessful(), journal.opened) == (1, True, 1)


def test_a_plain_class_shares_one_between_set_up_test_and_tear_down(journal: Journal) -> None:
    seen: list[tuple[str, int]] = []

    class Tests:
        def setup_method(self, method: Any) -> None:
            seen.append((method, journal.opened))

        def test_one(self) -> None:
            self.helper()

        def helper(self) -> None:
            seen.append(("helper", journal.opened))

        def teardown_method(self) -> None:
            seen.append(("down", journal.opened))

    decorate(Tests, journal.around)
    tests: Any = Tests()
    tests.setup_method("up")
    tests.test_one()
    tests.teardown_method("up")
    assert seen == [("up", 1), ("helper", 1), ("down", 1)]
    assert (journal.opened, journal.open) == (1, 0)


def test_a_plain_class_without_a_runner_has_one_for_each_call(journal: Journal) -> None:
    class Tests:
        def test_one(self) -> int:
            return journal.open

        async def test_two(self) -> int:
            return journal.open

        @staticmethod
        def untouched() -> int:
            return journal.open

    decorate(Tests, journal.around)
    assert Tests().test_one() == 1
    assert asyncio.run(Tests().test_two()) == 1
    assert Tests.untouched() == 0
    assert (journal.opened, journal.open) == (2, 0)


def test_a_set_up_that_fails_leaves_nothing_open(journal: Journal) -> None:
    class Tests:
        def setup_method(self) -> None:
            raise KeyError("x")

    decorate(Tests, journal.around)
    with pytest.raises(KeyError):
        Tests().setup_method()
    assert (journal.opened, journal.open) == (1, 0)


def test_what_is_neither_function_nor_class_is_refused(journal: Journal) -> None:
    with pytest.raises(TypeError, match="a function or a class can be decorated, not int"):
        decorate(3, journal.around)
