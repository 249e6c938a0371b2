from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from tests.conftest import build_checked
from tests.wire.conformance.stage import Stage

from .world import World, build

# Tests share accounts, so there may be more of what counts for long; all else has the service's own numbers.
_ROOM = ",".join(
    f"{name}=1000"
    for name in ("dataset-groups", "solutions", "campaigns", "filters", "recommenders", "recommenders-in-region")
)


@contextmanager
def _stage(mode: str, factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = factory.mktemp("buckets")
    settings = Settings(
        port=0,
        status=mode,
        executor="inline",
        relaxed_minimums=True,
        companion=False,
        s3_root=folder,
        clock=1_700_200_000.0,
        quotas=_ROOM,
    )
    with BackgroundServer(settings, build_checked) as server:
        yield Stage(server, mode, folder)


@pytest.fixture(scope="session")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server where all is done at once."""
    with _stage("instant", tmp_path_factory) as stage:
        yield stage


@pytest.fixture(scope="session")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server where every change takes a hundred seconds of a virtual clock."""
    with _stage("timed:100", tmp_path_factory) as stage:
        yield stage


@pytest.fixture(scope="session")
def world(still: Stage) -> World:
    """An account of its own in which nothing may change: each call to it is refused."""
    return build(still.other().program)
