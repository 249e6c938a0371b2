"""How many there may be: each quota by the service's number, by a number of the setting's, and lifted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from personalize_local.resources.quotas import ATTRIBUTION_SOURCES, FILTER_ACTION_EVENTS, FILTER_EVENTS, QUOTAS
from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from tests.conftest import build_checked
from tests.wire.conformance.stage import Stage
from tests.wire.program import POPULARITY, Program

from .asking import refused, too_many_moving, too_many_standing
from .declared import MET, listening
from .limits import LIMITS, Limit

Rooms = Callable[..., Stage]
MET.update(limit.declared for limit in LIMITS)
each = pytest.mark.parametrize("limit", LIMITS, ids=str)


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    """A server for each value of the setting and each kind that is to take its time."""
    made: dict[tuple[str, str], Stage] = {}

    def of(quotas: str, slow: str = "") -> Stage:
        if (quotas, slow) not in made:
            folder = tmp_path_factory.mktemp("buckets")
            settings = Settings(
                port=0,
                executor="inline",
                relaxed_minimums=True,
                companion=False,
                s3_root=folder,
                clock=1_700_200_000.0,
                quotas=quotas,
                status=f"instant,{slow}=timed:100" if slow else "instant",
            )
            server = BackgroundServer(settings, build_checked)
            server.start()
            made[quotas, slow] = Stage(server, "instant", folder)
        return made[quotas, slow].other()

    yield of
    for stage in made.values():
        stage.server.stop()


def fill(limit: Limit, make: Callable[[int], Any], most: int) -> None:
    """Make as many as there may be."""
    for number in (most,) if limit.at_once else range(most):
        make(number)


def check(limit: Limit, program: Program, most: int) -> None:
    """Check that there may be ``most`` and no more."""
    make = limit.prepare(program)
    fill(limit, make, most)
    one_more = most + 1 if limit.at_once else most
    for _ in range(2):
        with listening() as heard:
            assert refused(lambda: make(one_more)) == limit.said(most)
        assert heard == {limit.declared}


@each
def test_the_service_s_number_holds_without_a_setting(rooms: Rooms, limit: Limit) -> None:
    check(limit, rooms("on", limit.slow).program, limit.default)


@each
def test_the_setting_s_number_holds_instead(rooms: Rooms, limit: Limit) -> None:
    check(limit, rooms(f"{limit.quota}=2", limit.slow).program, 2)


@each
def test_a_quota_that_is_lifted_holds_nobody(rooms: Rooms, limit: Limit) -> None:
    fill(limit, limit.prepare(rooms("off", limit.slow).program), limit.default + 1)


def test_every_quota_is_in_the_table() -> None:
    # These refuse nothing: they say how far filters look back, for whom events are measured, and what fails a batch job
    # that was taken.
    others = {FILTER_EVENTS, FILTER_ACTION_EVENTS, ATTRIBUTION_SOURCES}
    others |= {quota for quota in QUOTAS if quota.name.startswith("batch-")}
    assert {limit.quota: limit.default for limit in LIMITS} == {
        quota.name: quota.default for quota in QUOTAS if quota not in others
    }


def test_one_quota_of_many_that_are_lifted(rooms: Rooms) -> None:
    program = rooms("off,dataset-groups=6").program
    for number in range(6):
        program.group(f"g{number}")
    assert refused(program.group, name="g6") == too_many_standing(6)


def test_what_is_in_deletion_makes_room_at_once(rooms: Rooms) -> None:
    stage = rooms("dataset-groups=1,campaigns=1", "campaign")
    program, client = stage.program, stage.program.personalize
    version = program.version(program.solution(program.stocked(), recipe=POPULARITY))
    campaign = program.campaign(version, "a")
    assert refused(program.campaign, version=version, name="b") == too_many_standing(1)
    stage.wait(100)
    client.delete_campaign(campaignArn=campaign)
    assert client.describe_campaign(campaignArn=campaign)["campaign"]["status"] == "DELETE PENDING"
    program.campaign(version, "b")


def test_what_has_come_to_be_makes_room(rooms: Rooms) -> None:
    stage = rooms("moving-solution-versions=1", "solution-version")
    program = stage.program
    group = program.stocked()
    first, second = (program.solution(group, name, POPULARITY, performAutoTraining=False) for name in "ab")
    program.version(first)
    for seconds in (50, 49, 1):
        assert refused(program.version, solution=second) == too_many_moving(1)
        stage.wait(seconds)
    program.version(second)


def test_other_accounts_regions_and_groups_have_quotas_of_their_own(rooms: Rooms) -> None:
    stage = rooms("dataset-groups=2,solutions=1")
    for whose in (stage, stage.other(), stage.other(account=stage.program.account, region="eu-west-1")):
        program = whose.program
        groups = [program.stocked(name) for name in "ab"]
        assert refused(program.group, name="c") == too_many_standing(2)
        for group, name in zip(groups, "ab", strict=True):
            program.solution(group, name, POPULARITY)
            assert refused(program.solution, group=group, name="c", recipe=POPULARITY) == too_many_standing(1)
