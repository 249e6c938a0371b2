"""Trainings that are stopped."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Small
from tests.wire.program import POPULARITY, refused

from .making import popular_version
from .stage import MODES, Span, Stage
from .table import VERSION
from .walking import IN_USE, INVALID, check_members, create, refusal, summaries

STOPPED = "CREATE STOPPED"


@pytest.fixture(params=MODES[1:])
def stage(request: pytest.FixtureRequest, stages: object) -> Stage:
    """A stage on which trainings take time."""
    assert callable(stages)
    made: Stage = stages(request.param)
    made.once(popular_version)
    return made


def training(stage: Stage) -> str:
    return create(stage, VERSION, VERSION.params(stage, stage.name("version")))


def check_stopped(stage: Stage, arn: str) -> None:
    """Check that the training has ended for good, and left nothing that can be used."""
    this = {"solutionVersionArn": arn}
    found = stage.describe("solutionVersion", arn)
    assert found["status"] == STOPPED
    check_members(VERSION, found, STOPPED)
    assert summaries(stage, VERSION, solutionArn=arn.rpartition("/")[0])[arn]["status"] == STOPPED
    assert refusal(stage, "StopSolutionVersionCreation", **this) == INVALID
    assert refusal(stage, "GetSolutionMetrics", **this) == IN_USE
    assert refusal(stage, "CreateCampaign", name=stage.name("campaign"), **this) == INVALID
    stage.wait({"timed:100": 100, "real": 8000}.get(stage.mode, 0))
    assert stage.describe("solutionVersion", arn)["status"] == STOPPED


def test_one_that_waits_is_stopped_at_once(stage: Stage) -> None:
    arn = training(stage)
    assert stage.call("StopSolutionVersionCreation", solutionVersionArn=arn) == {}
    check_stopped(stage, arn)


def test_one_that_runs_is_stopping_first(stage: Stage) -> None:
    arn = training(stage)
    assert stage.describe("solutionVersion", arn)["status"] == "CREATE PENDING"
    stage.wait({"timed:100": 50, "real": 1000}.get(stage.mode, 0))
    assert stage.call("StopSolutionVersionCreation", solutionVersionArn=arn) == {}
    words = ("CREATE STOPPING", "CREATE STOPPING", STOPPED)
    span = Span(least=60, most=600)
    for found, word in stage.follow(lambda: stage.describe("solutionVersion", arn), words, span):
        assert found["status"] == word
        check_members(VERSION, found, word)
    check_stopped(stage, arn)


def test_one_that_is_stopping_is_still_under_way(small: Callable[..., Small]) -> None:
    room = small(status="instant,solution-version=timed:100", quotas="moving-solution-versions=1")
    program, client = room.program, room.program.personalize
    solution = program.solution(program.stocked(), recipe=POPULARITY)
    version = program.version(solution)
    room.wait(50)
    client.stop_solution_version_creation(solutionVersionArn=version)
    assert (
        client.describe_solution_version(solutionVersionArn=version)["solutionVersion"]["status"] == "CREATE STOPPING"
    )
    code, _, text = refused(client.delete_solution, solutionArn=solution)
    assert (code, version in text) == (IN_USE, True)
    code, _, text = refused(program.version, solution=solution)
    assert (code, text) == ("LimitExceededException", "More than 1 resources with PENDING or IN_PROGRESS status.")
    room.wait(100)
    program.version(solution)
