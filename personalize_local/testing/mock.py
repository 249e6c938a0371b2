"""``mock_personalize``: Personalize inside the process of a test, for every boto3 client, without a socket."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from personalize_local.controls.handles import Handles
from personalize_local.testing._credentials import DUMMIES
from personalize_local.testing._decorating import decorate
from personalize_local.testing._interception import Layer

if TYPE_CHECKING:
    from personalize_local.emulator import Emulator

Target = TypeVar("Target", bound=Callable[..., Any])

# Jobs run within the call that starts them, so that a test needs neither child processes nor patience; nothing is
# kept; S3 is whatever boto3 finds in this process: moto's mock_aws, s3_root or an endpoint.
_SETTINGS: dict[str, Any] = {"executor": "inline", "companion": False, "data": None}


class MockPersonalize(Handles):
    """A mock that can be a decorator, a context manager, or be started and stopped by hand.

    Each start has an emulator of its own, empty at first. Mocks may be nested, one object in itself too: the one that
    was started last answers, to all threads.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._started: list[tuple[Emulator, ExitStack]] = []

    @property
    def emulator(self) -> Emulator:
        """The emulator that answers. Raises RuntimeError when the mock is not started."""
        if not self._started:
            raise RuntimeError("mock_personalize is not started")
        return self._started[-1][0]

    def start(self) -> MockPersonalize:
        """Answer calls to Personalize from now on. Raises SettingError for a setting that cannot be used."""
        from personalize_local.emulator import build
        from personalize_local.settings import Settings

        settings = Settings.load({**_SETTINGS, **self._settings}, os.environ)
        with ExitStack() as stack:
            emulator = build(settings)
            stack.callback(emulator.close)
            emulator.start()
            DUMMIES.enter(settings.region)
            stack.callback(DUMMIES.leave)
            layer = Layer(emulator.handle)
            stack.callback(layer.leave)
            layer.enter()
            self._started.append((emulator, stack.pop_all()))
        return self

    def stop(self) -> None:
        """Stop answering and forget everything. Raises RuntimeError when the mock is not started."""
        if not self._started:
            raise RuntimeError("mock_personalize is not started")
        self._started.pop()[1].close()

    def reset(self) -> None:
        """Forget everything, but go on answering."""
        self.emulator.reset()

    def __enter__(self) -> MockPersonalize:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __call__(self, target: Target) -> Target:
        return decorate(target, lambda: MockPersonalize(self._settings))


@overload
def mock_personalize(target: Target, /) -> Target: ...
@overload
def mock_personalize(target: None = None, /, **settings: Any) -> MockPersonalize: ...
def mock_personalize(target: Any = None, /, **settings: Any) -> Any:
    """Answer the personalize, personalize-runtime and personalize-events clients of this process.

    Use it as ``@mock_personalize``, ``@mock_personalize(...)`` (functions, coroutines, generators, test classes),
    ``with mock_personalize(...) as mock:`` or through ``start()`` and ``stop()``. ``settings`` are those of
    ``personalize_local.settings``, as in ``mock_personalize(status="polls:2", seed=1)``; variables of the environment
    count below them.

    Clients made before the start are answered too, also those with an endpoint of their own; clients of aiobotocore
    are not. Together with moto's ``mock_aws``, in either order, Personalize is answered here and its import jobs read
    moto's buckets. Where the environment has no access key or region, dummies are set until the stop.
    """
    mock = MockPersonalize(settings)
    return mock if target is None else mock(target)
