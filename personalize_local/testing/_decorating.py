"""How something that starts and stops is put around functions, coroutines, generators and test classes."""

from __future__ import annotations

import functools
import inspect
import unittest
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractContextManager, ExitStack
from types import FunctionType
from typing import Any, TypeVar

Target = TypeVar("Target")
Around = Callable[[], AbstractContextManager[Any]]

_OPEN = "_personalize_local_open"


def decorate(target: Target, around: Around) -> Target:
    """Put ``around()`` around each call of a function, or each test of a class. Raises TypeError for anything else.

    A ``unittest.TestCase`` is wrapped test by test, ``setUp``, ``tearDown`` and clean-ups included. In other classes
    one ``around()`` spans ``setup_method``, a method and ``teardown_method``; called without a runner, each public
    method has its own.
    """
    if inspect.isclass(target):
        if issubclass(target, unittest.TestCase):
            _wrap_test_case(target, around)
        else:
            _wrap_plain_class(target, around)
        return target
    if not callable(target):
        raise TypeError(f"a function or a class can be decorated, not {type(target).__name__}")
    return _wrap_function(target, around)  # type: ignore[return-value] # the wrapper has the signature of its target


def _wrap_function(function: Callable[..., Any], around: Around) -> Callable[..., Any]:
    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def asynchronous_generator(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            with around():
                async for value in function(*args, **kwargs):
                    yield value

        return asynchronous_generator
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            with around():
                return await function(*args, **kwargs)

        return coroutine
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generator(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            with around():
                return (yield from function(*args, **kwargs))

        return generator

    @functools.wraps(function)
    def plain(*args: Any, **kwargs: Any) -> Any:
        with around():
            return function(*args, **kwargs)

    return plain


def _wrap_test_case(case: type[unittest.TestCase], around: Around) -> None:
    inherited = case.run

    @functools.wraps(inherited)
    def run(self: unittest.TestCase, result: Any = None) -> Any:
        with around():
            return inherited(self, result)

    case.run = run  # type: ignore[method-assign]


def _wrap_plain_class(owner: type, around: Around) -> None:
    set_up = getattr(owner, "setup_method", None)
    tear_down = getattr(owner, "teardown_method", None)

    def setup_method(self: Any, method: Any = None) -> None:
        with ExitStack() as stack:
            stack.enter_context(around())
            if set_up is not None:
                _call_with_optional(set_up, self, method)
            setattr(self, _OPEN, stack.pop_all())

    def teardown_method(self: Any, method: Any = None) -> None:
        stack = self.__dict__.pop(_OPEN, None)
        with stack if stack is not None else ExitStack():
            if tear_down is not None:
                _call_with_optional(tear_down, self, method)

    for name, value in list(vars(owner).items()):
        if name.startswith("_") or name in {"setup_method", "teardown_method"}:
            continue
        # A fixture of an older pytest is a function too, and is not to be called.
        if isinstance(value, FunctionType) and not hasattr(value, "_pytestfixturefunction"):
            setattr(owner, name, _wrap_method(value, around))
    owner.setup_method = setup_method  # type: ignore[attr-defined]
    owner.teardown_method = teardown_method  # type: ignore[attr-defined]


def _wrap_method(method: Callable[..., Any], around: Around) -> Callable[..., Any]:
    wrapped = _wrap_function(method, around)

    @functools.wraps(method)
    def plain(self: Any, *args: Any, **kwargs: Any) -> Any:
        return (method if _OPEN in vars(self) else wrapped)(self, *args, **kwargs)

    @functools.wraps(method)
    async def coroutine(self: Any, *args: Any, **kwargs: Any) -> Any:
        return await plain(self, *args, **kwargs)

    return coroutine if inspect.iscoroutinefunction(method) else plain


def _call_with_optional(function: Callable[..., Any], self: Any, method: Any) -> None:
    takes_method = len(inspect.signature(function).parameters) > 1
    if takes_method:
        function(self, method)
    else:
        function(self)
