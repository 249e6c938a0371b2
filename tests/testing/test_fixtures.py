"""The fixtures for a trained campaign, the time, seeds and a running server, each in a session of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from personalize_local.testing._seeding import seed
from personalize_local.testing._servers import PersonalizeClients, PersonalizeServer
from tests.testing.test_plugin import ROOT, run

pytest_plugins = ["pytester"]

ONE_SESSION = """
import datetime
import pytest

asked = {}

@pytest.mark.parametrize("turn", [1, 2])
def test_a_campaign_for_each_test_to_spoil(personalize_campaign, personalize_clients, turn):
    campaign, clients = personalize_campaign, personalize_clients
    described = clients.personalize.describe_campaign(campaignArn=campaign.arn)["campaign"]
    assert described["status"] == "ACTIVE"
    groups = clients.personalize.list_dataset_groups()["datasetGroups"]
    assert [group["datasetGroupArn"] for group in groups] == [campaign.dataset_group_arn]

    def ask():
        answer = clients.personalize_runtime.get_recommendations(
            campaignArn=campaign.arn, userId=campaign.user_id, numResults=5)
        return [item["itemId"] for item in answer["itemList"]]

    before = ask()
    assert asked.setdefault("before", before) == before
    assert len(set(before)) == 5
    clients.personalize_events.put_events(
        trackingId=campaign.tracking_id, userId=campaign.user_id, sessionId="s",
        eventList=[{"eventType": "read", "itemId": item, "sentAt": 1751328000} for item in before])
    assert ask() != before
    version = clients.personalize.create_solution_version(solutionArn=campaign.solution_arn)["solutionVersionArn"]
    described = clients.personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert described["status"] == "ACTIVE"
    clients.personalize.delete_campaign(campaignArn=campaign.arn)

def test_without_it_the_server_is_empty(personalize_clients):
    assert personalize_clients.personalize.list_dataset_groups()["datasetGroups"] == []

def test_the_environment_leads_to_it(personalize_campaign, personalize_env):
    import boto3
    runtime = boto3.client("personalize-runtime")
    assert runtime.get_recommendations(campaignArn=personalize_campaign.arn, itemId=personalize_campaign.item_id,
                                       userId="nobody", numResults=3)["itemList"]

def created(clients):
    return clients.personalize.list_dataset_groups()["datasetGroups"][0]["creationDateTime"].timestamp()

def test_time_stands_moves_and_runs(personalize_clock, personalize_clients):
    began = personalize_clock.freeze("2024-01-01T00:00:00")
    assert began == personalize_clock.now == 1704067200
    personalize_clients.personalize.create_dataset_group(name="x")
    assert personalize_clock.advance(datetime.timedelta(hours=1)) == began + 3600
    assert created(personalize_clients) == began
    personalize_clock.tick(10)
    personalize_clients.personalize.list_schemas()
    assert personalize_clock.tick(0) == began + 3610
    with pytest.raises(ValueError, match="is before the newest resource was made"):
        personalize_clock.freeze(began - 1)
    with pytest.raises(ValueError, match="a clock cannot go back"):
        personalize_clock.advance(-1)
    assert personalize_clock.unfreeze() >= began + 3610
    with pytest.raises(ValueError, match="the clock goes by itself"):
        personalize_clock.tick()
    moved = personalize_clock.advance(100)
    assert moved >= began + 3710
    assert personalize_clock.now == moved
    personalize_clock.unfreeze()
    assert personalize_clock.freeze(moved + 100) == moved + 100 == personalize_clock.now

def test_afterwards_it_is_now_again(personalize_clients):
    import time
    personalize_clients.personalize.create_dataset_group(name="x")
    assert abs(created(personalize_clients) - time.time()) < 600
"""


def test_one_session_with_campaign_and_clock(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(ONE_SESSION)
    run(pytester, monkeypatch, "-p", "no:xdist").assert_outcomes(passed=6)


@pytest.mark.parametrize("mode", ["polls:3", "timed:100"])
def test_statuses_follow_the_clock_and_the_campaign_is_active_in_every_mode(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    pytester.makepyfile(
        """
        def test_it(personalize_campaign, personalize_clients, personalize_clock, personalize):
            describe = personalize_clients.personalize.describe_campaign
            assert describe(campaignArn=personalize_campaign.arn)["campaign"]["status"] == "ACTIVE"
            assert personalize.emulator.settings.relaxed_minimums
            group = personalize_clients.personalize.create_dataset_group(name="x")["datasetGroupArn"]
            describe = personalize_clients.personalize.describe_dataset_group
            status = lambda: describe(datasetGroupArn=group)["datasetGroup"]["status"]
            assert status() == "CREATE PENDING"
            if personalize.emulator.settings.status == "timed:100":
                personalize_clock.freeze()
                personalize_clock.advance(50)
                assert status() == "CREATE IN_PROGRESS"
                personalize_clock.advance(50)
                assert status() == "ACTIVE"
        """
    )
    pytester.makeini(f"[pytest]\npersonalize_status_mode = {mode}\npersonalize_settings =\n  relaxed_minimums=true\n")
    run(pytester, monkeypatch, "-p", "no:xdist").assert_outcomes(passed=1)


# A server elsewhere


@contextmanager
def elsewhere(*options: str) -> Iterator[str]:
    """The address of a server in a process of its own.

    What pytester's tests import is forgotten after each, and numpy cannot be imported twice.
    """
    command = [sys.executable, "-m", "personalize_local", "serve", "--port", "0", "--log-level", "warning", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as on:
        assert on.stdout is not None
        try:
            lines = (line for line in on.stdout if "AWS_ENDPOINT_URL=" in line)
            yield next(lines).rstrip().partition("=")[2]
        finally:
            on.terminate()


def test_a_running_server_is_reset_and_asked_by_its_address(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("turn", [1, 2])
        def test_empty_each_time(personalize_clients, personalize_server, turn):
            assert personalize_clients.personalize.list_dataset_groups()["datasetGroups"] == []
            personalize_clients.personalize.create_dataset_group(name="x")
            with pytest.raises(RuntimeError, match="the emulator of http.* is in another process"):
                personalize_server.emulator

        def test_its_clock_moves_on(personalize_clock, personalize_clients):
            now = personalize_clock.freeze()
            assert personalize_clock.advance(60) == now + 60 == personalize_clock.now
            assert personalize_clock.freeze(now + 90) == now + 90
            with pytest.raises(ValueError, match="a clock cannot go back"):
                personalize_clock.freeze(now)
            personalize_clock.tick(5)
            personalize_clients.personalize.list_schemas()
            assert personalize_clock.tick(0) == now + 95
            assert personalize_clock.unfreeze() >= now + 95
            assert personalize_clock.freeze(now + 900) == now + 900 == personalize_clock.now

        def test_a_campaign_is_made_there(personalize_campaign, personalize_clients):
            answer = personalize_clients.personalize_runtime.get_recommendations(
                campaignArn=personalize_campaign.arn, userId=personalize_campaign.user_id, numResults=5)
            assert len(answer["itemList"]) == 5
        """
    )
    with elsewhere("--executor", "inline", "--clock", "1751400000") as url:
        result = run(pytester, monkeypatch, "-p", "no:xdist", "--personalize-url", url)
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines([f"personalize-local: {server_line(result)}*"])


def server_line(result: pytest.RunResult) -> str:
    """The address in the header of a session."""
    (line,) = [line for line in result.outlines if line.startswith("personalize-local: ")]
    return line.removeprefix("personalize-local: ").partition(",")[0]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("localhost", "'localhost' is no address as http://127.0.0.1:4777"),
        ("http://127.0.0.1:9", "No server at http://127.0.0.1:9: Connection refused."),
    ],
)
def test_what_is_no_server_is_named(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    pytester.makepyfile("def test_it(personalize): pass")
    result = run(pytester, monkeypatch, "-p", "no:xdist", "--personalize-url", url)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*personalize_local: *{said}*"])


def test_a_clock_of_the_machine_elsewhere_is_frozen_and_goes_again(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(
        """
        import time

        def test_moved(personalize_clock):
            assert personalize_clock.advance(86400) > time.time() + 86000

        def test_as_before(personalize_clock):
            assert abs(personalize_clock.now - time.time()) < 600
        """
    )
    with elsewhere("--no-companion") as url:
        result = run(pytester, monkeypatch, "-p", "no:xdist", "--personalize-url", url)
    result.assert_outcomes(passed=2)


@pytest.mark.slow
def test_workers_do_not_share_a_running_server(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile("def test_it(personalize): pass")
    with elsewhere("--no-companion") as url:
        result = run(pytester, monkeypatch, "-n", "2", "--personalize-url", url)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*2 workers would reset it for each other*"])


# Seeds


class Nowhere(PersonalizeServer):
    """A server that nobody asks."""

    @property
    def emulator(self) -> Any:
        raise AssertionError

    def reset(self) -> None:
        raise AssertionError


def test_a_seed_begins_at_the_folder_of_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    applied: list[tuple[object, Path, dict[str, object]]] = []
    chains = ModuleType("personalize_local.chains")

    def apply(chain: object, clients: object, *, base: Path, **options: object) -> object:
        assert isinstance(clients, PersonalizeClients)
        applied.append((chain, base, options))
        return chain

    chains.apply = apply  # type: ignore[attr-defined] # a module made here has no attributes for mypy
    monkeypatch.setitem(sys.modules, "personalize_local.chains", chains)
    clients = PersonalizeClients(Nowhere())
    assert seed(clients, tmp_path, {"schemas": {}}, wait=False) == {"schemas": {}}
    seed(clients, tmp_path, "seeds/personalize.yaml")
    seed(clients, tmp_path, tmp_path / "seeds")
    assert applied == [
        ({"schemas": {}}, tmp_path, {"wait": False}),
        (tmp_path / "seeds" / "personalize.yaml", tmp_path, {}),
        (tmp_path / "seeds", tmp_path, {}),
    ]


@pytest.mark.skipif(find_spec("personalize_local.chains") is None, reason="there are no chains in this version")
def test_a_dict_and_a_file_are_made_so_on_an_empty_server(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makefile(".yaml", personalize="datasetGroups:\n  from-a-file: {}\n")
    pytester.makepyfile(
        """
        import pathlib
        import pytest

        @pytest.mark.parametrize("chain", [
            {"datasetGroups": {"made": {}}}, "personalize.yaml", pathlib.Path("."),
        ], ids=["dict", "file", "folder"])
        def test_it(personalize_seed, personalize_clients, chain):
            personalize_seed(chain)
            groups = personalize_clients.personalize.list_dataset_groups()["datasetGroups"]
            assert [group["name"] for group in groups] == ["made" if isinstance(chain, dict) else "from-a-file"]
        """
    )
    run(pytester, monkeypatch, "-p", "no:xdist").assert_outcomes(passed=3)
