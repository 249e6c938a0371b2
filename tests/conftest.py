from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from personalize_local.emulator import Emulator, build
from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from tests.machine import Machine
from tests.wire.program import (
    POPULARITY,
    RANKING,
    RECIPE,
    SIMILAR,
    UNEXPLORED,
    Program,
    interactions_csv,
    items_csv,
)

# A busy machine is no failure, and a suite that passes must pass again.
hypothesis.settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")


def build_checked(settings: Settings) -> Emulator:
    """An emulator whose answers are checked against the model."""
    return build(settings, check_output=True)


@pytest.fixture(scope="session")
def server() -> Iterator[BackgroundServer]:
    """A server for the session, companion included; each test is an account of its own on it."""
    settings = Settings(port=0, executor="inline", relaxed_minimums=True)
    with BackgroundServer(settings, build_checked) as running:
        yield running


@pytest.fixture
def program(server: BackgroundServer) -> Program:
    """A program of a new account."""
    return Program(server.url)


@dataclass(frozen=True, kw_only=True)
class Small:
    """A server of its own with a virtual clock and buckets in a folder, and a program of it."""

    server: BackgroundServer
    program: Program
    folder: Path

    def wait(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.server.emulator.advance(seconds)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Callable[..., Small]]:
    """Makes servers with settings of the test's choice."""
    running: list[BackgroundServer] = []

    def make(**settings: Any) -> Small:
        chosen = {"executor": "inline", "relaxed_minimums": True, "clock": 1_700_200_000.0, **settings}
        folder = tmp_path / "buckets"
        folder.mkdir(exist_ok=True)
        server = BackgroundServer(Settings(port=0, companion=False, s3_root=folder, **chosen), build_checked)
        server.start()
        running.append(server)
        return Small(server=server, program=Program(server.url, folder=folder), folder=folder)

    yield make
    for server in running:
        server.stop()


@dataclass(frozen=True, kw_only=True)
class World:
    """A trained group of two tastes: a campaign for each recipe, and a tracker."""

    program: Program
    group: str
    tracking: str
    personal: str
    ranking: str
    similar: str
    popular: str
    watched: str
    """A campaign whose solution learns from the event type ``watch`` alone."""


@pytest.fixture(scope="session")
def world(server: BackgroundServer) -> World:
    """Made once through the API; tests send events of users of their own."""
    program = Program(server.url)
    group = program.group()
    program.load(program.dataset(group), interactions_csv(), job="interactions")
    program.load(program.dataset(group, "ITEMS"), items_csv(), job="items")
    tracking = program.tracker(group)

    def campaign(name: str, recipe: str, **more: Any) -> str:
        # Nothing is explored here: an answer is what was learned.
        config = {"campaignConfig": UNEXPLORED} if recipe == RECIPE else {}
        return program.campaign(program.version(program.solution(group, name, recipe, **more)), name, **config)

    return World(
        program=program,
        group=group,
        tracking=tracking,
        personal=campaign("personal", RECIPE),
        ranking=campaign("ranking", RANKING),
        similar=campaign("similar", SIMILAR),
        popular=campaign("popular", POPULARITY),
        watched=campaign("watched", RECIPE, eventType="watch"),
    )


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A data folder and its servers, which may be killed."""
    made = Machine(tmp_path)
    yield made
    made.close()
