"""Experiments on users, from boto3's events and imports to the report: over HTTP, in Python and on the command line."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner

from personalize_local.cli import main
from personalize_local.experiments import report, variant
from personalize_local.experiments.client import ServerError
from personalize_local.server.serving import BackgroundServer
from tests.wire.program import POPULARITY, Program, avro, interactions_csv

HALVES = {"old": 0.5, "new": 0.5}
USERS = 120
MARKED = avro(
    "Interactions",
    ("USER_ID", "string"),
    ("ITEM_ID", "string"),
    ("TIMESTAMP", "long"),
    ("EVENT_TYPE", "string"),
    ("RECOMMENDATION_ID", ["string", "null"]),
    ("EVENT_ATTRIBUTION_SOURCE", ["string", "null"]),
)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A program whose users are split by the helper: a fifth of those on the new shelf buy, a tenth of the others."""

    program: Program
    group: str
    tracking: str
    campaigns: Mapping[str, str]
    bought: Mapping[str, int]
    seen: Mapping[str, int]

    def send(self, user: str | None, session: str, *events: Mapping[str, Any]) -> None:
        named = {} if user is None else {"userId": user}
        listed = [{"sentAt": 1_700_100_000 + number, **event} for number, event in enumerate(events)]
        self.program.events.put_events(trackingId=self.tracking, sessionId=session, eventList=listed, **named)


@pytest.fixture(scope="module")
def site(server: BackgroundServer) -> Site:
    program = Program(server.url)
    group = program.stocked(content=interactions_csv())
    version = program.version(program.solution(group, "popular", POPULARITY))
    campaigns = {name: program.campaign(version, f"shelf-{name}") for name in HALVES}
    bought, seen = dict.fromkeys(HALVES, 0), dict.fromkeys(HALVES, 0)
    made = Site(
        program=program,
        group=group,
        tracking=program.tracker(group),
        campaigns=campaigns,
        bought=bought,
        seen=seen,
    )
    for number in range(USERS):
        user = f"user-{number}"
        name = variant(user, "shelf", HALVES)
        mark = {"metricAttribution": {"eventAttributionSource": f"shelf/{name}"}}
        events: list[dict[str, Any]] = [{"eventType": "shown", **mark}]
        if number % (5 if name == "new" else 10) == 0:
            events.append({"eventType": "purchase", "itemId": "a1", **mark})
            bought[name] += 1
        seen[name] += 1
        made.send(user, f"session-{number}", *events)
    return made


def asked(site: Site, **more: Any) -> dict[str, Any]:
    return report("shelf", HALVES, **{"group": site.group, "outcome": "purchase", "url": site.program.url, **more})


def figures(told: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    return {one["name"]: (one["users"], one["usersWithOutcome"]) for one in told["variants"]}


def test_what_users_saw_and_did_is_counted_by_the_labels_of_their_events(site: Site) -> None:
    told = asked(site)
    assert figures(told) == {name: (site.seen[name], site.bought[name]) for name in HALVES}
    assert told["datasetGroupArn"] == site.group
    assert told["control"] == "old"
    assert (told["usersInSeveralVariants"], told["usersInAnotherVariant"], told["notes"]) == (0, 0, [])
    assert told["sampleRatio"]["pValue"] > 0.001
    assert asked(site, exposure="Shown")["variants"] == told["variants"]
    assert figures(asked(site, until=1_700_100_001.0))["new"] == (site.seen["new"], 0)


def test_answers_are_recognised_by_their_recommendation_id(site: Site) -> None:
    for number, name in enumerate(("old", "new", "new")):
        answer = site.program.runtime.get_recommendations(
            campaignArn=site.campaigns[name], userId=f"asked-{number}", numResults=3
        )
        event = {"recommendationId": answer["recommendationId"], "itemId": answer["itemList"][0]["itemId"]}
        # The click comes before anybody knows who it is.
        site.send(None, f"asked-{number}", {"eventType": "click", **event})
        site.send(f"asked-{number}", f"asked-{number}", {"eventType": "order", **event})
    site.send(None, "nobody", {"eventType": "click", **event})
    sources = {name: [arn, f"by-hand/{name}"] for name, arn in site.campaigns.items()}
    told = report(
        "recognised", HALVES, group=site.group, outcome="order", exposure="click", sources=sources, url=site.program.url
    )
    assert figures(told) == {"old": (1, 1), "new": (2, 2)}
    assert told["variants"][0]["sources"] == [site.campaigns["old"], "by-hand/old"]
    strayed = sum(variant(f"asked-{n}", "recognised", HALVES) != name for n, name in enumerate(("old", "new", "new")))
    assert told["usersInAnotherVariant"] == strayed
    assert told["eventsWithoutUser"] == 1
    assert told["notes"][-1] == "1 event of nobody who is known: left out."


def test_imported_events_count_too(site: Site) -> None:
    program = site.program
    group = program.group("archive")
    version = program.version(program.solution(site.group, "again", POPULARITY))
    rows = ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,RECOMMENDATION_ID,EVENT_ATTRIBUTION_SOURCE"]
    for number in range(30):
        name = variant(f"u{number}", "past", HALVES)
        rows.append(f"u{number},i{number % 3},{1_700_000_000},shown,,past/{name}")
        rows.append(f"u{number},i{number % 3},{1_700_000_010},purchase,,{f'past/{name}' if number % 2 else ''}")
    program.load(program.dataset(group, text=MARKED), "\n".join(rows) + "\n", job="archive")
    expected = {name: [variant(f"u{n}", "past", HALVES) == name for n in range(30)] for name in HALVES}
    told = report("past", HALVES, group=group, outcome="purchase", url=program.url)
    assert figures(told) == {name: (sum(here), sum(here[1::2])) for name, here in expected.items()}
    every = report("past", HALVES, group=group, outcome="purchase", every_outcome=True, url=program.url)
    assert figures(every) == {name: (sum(here), sum(here)) for name, here in expected.items()}
    # Ids of recommendations are known by what gave them, imported ones too.
    own = program.campaign(program.version(program.solution(group, "own", POPULARITY)), "archive-home")
    given = program.runtime.get_recommendations(campaignArn=own, userId="u1")["recommendationId"]
    row = f"late,i1,1700000020,shown,{given},\n"
    dataset = program.arn("dataset/archive/INTERACTIONS")
    program.load(dataset, f"{rows[0]}\n{row}", job="more", importMode="INCREMENTAL")
    told = report("x", HALVES, group=group, outcome="purchase", sources={"new": own}, url=program.url)
    assert figures(told) == {"old": (0, 0), "new": (1, 0)}
    assert version.startswith(program.arn("solution/again/"))


def test_the_command_prints_what_the_server_says(site: Site) -> None:
    runner = CliRunner()
    arguments = ["experiment", "report", "shelf", "--group", site.group, "--outcome", "purchase"]
    arguments += ["--variant", "old=0.5", "--variant", "new=0.5", "--url", site.program.url]
    done = runner.invoke(main, [*arguments, "--json"])
    assert (done.exit_code, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told == asked(site)
    printed = runner.invoke(main, arguments)
    assert printed.exit_code == 0
    lines = printed.stdout.splitlines()
    assert lines[0] == f"Experiment shelf, outcome purchase, in {site.group}"
    assert lines[3].split()[:3] == ["old", str(site.seen["old"]), str(site.bought["old"])]
    assert told["verdicts"][0] in lines


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--variant", "old"], "--variant old: write NAME=VALUE."),
        (["--variant", "old=half"], "--variant old=half: 'half' is no number."),
        (["--variant", "old=1", "--variant", "old=2"], "--variant old is given twice."),
        (["--variant", "old=0", "--variant", "new=0"], "--variant: the weights of the variants must have a sum"),
        (["--variant", "old=1", "--variant", "new=1", "--source", "new"], "--source new: write NAME=VALUE."),
    ],
)  # fmt: skip
def test_wrong_usage_is_code_2(given: list[str], message: str) -> None:
    done = CliRunner().invoke(main, ["experiment", "report", "shelf", "--group", "shop", "--outcome", "x", *given])
    assert done.exit_code == 2
    assert message in done.stderr


def test_what_the_server_refuses_is_code_1(site: Site) -> None:
    arguments = ["experiment", "report", "shelf", "--outcome", "x", "--variant", "old=1", "--variant", "new=1"]
    absent = site.program.arn("dataset-group/absent")
    done = CliRunner().invoke(main, [*arguments, "--group", absent, "--url", site.program.url])
    assert done.exit_code == 1
    assert done.stderr == f"Error: ResourceNotFoundException: The given dataset group does not exist: {absent}\n"
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        done = CliRunner().invoke(main, [*arguments, "--group", "shop", "--url", url])
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: No server at {url}: ")
    with pytest.raises(ValueError, match="an experiment needs at least one variant"):
        report("shelf", {}, group="shop", outcome="x")
    with pytest.raises(ServerError, match="a report needs at least two variants"):
        report("shelf", {"old": 1}, group=site.group, outcome="x", url=site.program.url)


VARIANTS = [{"name": "old", "weight": 1}, {"name": "new", "weight": 1}]
GOOD = {
    "experiment": "shelf",
    "variants": VARIANTS,
    "datasetGroup": "shop",
    "outcome": "purchase",
}


SHOP = "arn:aws:personalize:us-east-1:123456789012:dataset-group/shop"


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ([], 400, "send a JSON object with experiment, variants, datasetGroup and outcome"),
        (
            {**GOOD, "variant": 1},
            400,
            "variant is not known; known are datasetGroup, everyOutcome, experiment, exposure, outcome, since, "
            "sources, until, variants",
        ),
        ({**GOOD, "datasetGroup": ""}, 400, "datasetGroup must be the ARN or the name of a dataset group"),
        ({**GOOD, "outcome": None}, 400, "outcome must be a text that is not empty, not None"),
        ({**GOOD, "exposure": 3}, 400, "exposure must be an event type, not 3"),
        ({**GOOD, "everyOutcome": "yes"}, 400, "everyOutcome must be true or false, not 'yes'"),
        (
            {**GOOD, "variants": {"a": 1}},
            400,
            'variants must be a list like [{"name": "a", "weight": 0.5}, {"name": "b", "weight": 0.5}]',
        ),
        (
            {**GOOD, "variants": [{"name": "a"}]},
            400,
            "a variant must have name and weight and nothing else, unlike {'name': 'a'}",
        ),
        ({**GOOD, "variants": VARIANTS[:1] * 2}, 400, "variant 'old' is given twice"),
        (
            {**GOOD, "variants": [{"name": ["a"], "weight": 1}]},
            400,
            "the name of a variant must be a text, not ['a']",
        ),
        ({**GOOD, "sources": []}, 400, 'sources must be an object like {"a": "LABEL or ARN"}'),
        ({**GOOD, "sources": {"old": [""]}}, 400, "the sources of 'old' must be a text or a list of texts, not ['']"),
        ({**GOOD, "since": "monday"}, 400, "since must be epoch seconds, not 'monday'"),
        ({**GOOD, "until": 10**400}, 400, f"until must be epoch seconds, not {10**400}"),
        (
            {**GOOD, "variants": [{"name": "a", "weight": 10**400}, *VARIANTS[:1]]},
            400,
            f"the weight of variant 'a' must be a number from 0 up, not {10**400}",
        ),
        (GOOD, 404, f"ResourceNotFoundException: The given dataset group does not exist: {SHOP}"),
    ],
)
def test_the_page_says_what_is_wrong(server: BackgroundServer, body: Any, status: int, message: str) -> None:
    request = Request(
        f"{server.url}/_personalize/experiments", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with pytest.raises(HTTPError) as caught:
        urlopen(request, timeout=30)
    assert caught.value.code == status
    assert json.loads(caught.value.read()) == {"status": "error", "message": message}


def test_the_size_of_an_experiment_is_told_before_it_begins() -> None:
    def told(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["experiment", "size", *arguments])
        return done.exit_code, done.stdout

    assert told("--rate", "0.1", "--rise", "0.02") == (0, "3,841 users of each variant\n")
    assert told("--rate", "0.1", "--users", "3841") == (0, "a rise of 0.0200, to 0.1200\n")
    assert told("--rate", "0.5", "--users", "2") == (0, "no rise at all\n")
    for wrong in (["--rate", "0.1"], ["--rate", "0", "--rise", "0.1"], ["--rate", "0.9", "--rise", "0.2"],
                  ["--rate", "0.1", "--rise", "0"], ["--rate", "0.1", "--rise", "0.1", "--users", "3"]):  # fmt: skip
        assert told(*wrong)[0] == 2


def test_a_rise_that_is_lost_in_the_rate_has_no_size() -> None:
    done = CliRunner().invoke(main, ["experiment", "size", "--rate", "0.1", "--rise", "1e-18"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.endswith("Error: --rise is too small to change the rate.\n")
