from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from tests.conftest import build_checked

from .stage import MODES, Stage


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Stage]]:
    """The stage of each status mode, its server started when it is first asked for."""
    made: dict[str, Stage] = {}

    def of(mode: str) -> Stage:
        if mode not in made:
            folder = tmp_path_factory.mktemp("buckets")
            settings = Settings(
                port=0,
                status=mode,
                executor="inline",
                relaxed_minimums=True,
                companion=False,
                s3_root=folder,
                clock=1_700_200_000.0,
                quotas="off",
            )
            server = BackgroundServer(settings, build_checked)
            server.start()
            made[mode] = Stage(server, mode, folder)
        return made[mode]

    yield of
    for stage in made.values():
        stage.server.stop()


@pytest.fixture(params=MODES)
def stage(request: pytest.FixtureRequest, stages: Callable[[str], Stage]) -> Stage:
    """A stage of each status mode in turn."""
    return stages(request.param)


@pytest.fixture
def fresh(stages: Callable[[str], Stage]) -> Stage:
    """A new account on the server where all is done at once."""
    return stages("instant").other()
