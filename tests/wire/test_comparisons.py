"""Two strategies compared on held-out events: over HTTP, on the command line, and beside the service's answers."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner

from personalize_local.cli import main
from personalize_local.experiments import compare
from personalize_local.server.serving import BackgroundServer
from tests.conftest import Small
from tests.wire.program import HEADER, POPULARITY, RANKING, RECIPE, SIMILAR, UNEXPLORED, Program, interactions_csv

STEPS, AGAIN = 12, 3


def held_out(users: Sequence[int] = range(30), steps: int = AGAIN) -> str:
    """What the users of ``interactions_csv`` would do next."""
    rows = [HEADER]
    for user in users:
        taste, device = ("a", "phone") if user % 2 == 0 else ("b", "tv")
        rows += [
            f"u{user},{taste}{(user * 7 + step) % 20},{1_700_050_000 + step},watch,1.5,{device}"
            for step in range(STEPS, STEPS + steps)
        ]
    return "\n".join(rows) + "\n"


@dataclass(frozen=True, kw_only=True)
class Shop:
    """What is compared: ``popular`` and ``similar`` are versions without a campaign."""

    program: Program
    group: str
    tracking: str
    personal: str
    popular: str
    similar: str
    ranking: str


@pytest.fixture(scope="module")
def shop(server: BackgroundServer) -> Shop:
    program = Program(server.url)
    group = program.stocked(content=interactions_csv(steps=STEPS))
    return Shop(
        program=program,
        group=group,
        tracking=program.tracker(group),
        personal=program.campaign(
            program.version(program.solution(group, "personal", RECIPE)), campaignConfig=UNEXPLORED
        ),
        popular=program.version(program.solution(group, "popular", POPULARITY)),
        similar=program.version(program.solution(group, "similar", SIMILAR)),
        ranking=program.version(program.solution(group, "ranking", RANKING)),
    )


def post(url: str, content: str, accept: str = "application/json", **query: Any) -> tuple[int, str]:
    request = Request(f"{url}/_personalize/comparisons?{urlencode(query)}", content.encode(), {"Accept": accept})
    try:
        with urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def compared(shop: Shop, a: str, b: str, content: str | None = None, **query: Any) -> Any:
    status, body = post(shop.program.url, content or held_out(), a=a, b=b, **query)
    assert status == 200, body
    return json.loads(body)


def test_what_learns_tastes_is_better_than_what_does_not(shop: Shop) -> None:
    found = compared(shop, shop.popular, shop.personal)
    ndcg = found["metrics"]["normalized_discounted_cumulative_gain_at_10"]
    assert ndcg["b"] > 0.5 > 0.2 > ndcg["a"]
    assert ndcg["low"] > 0.2
    assert found["verdict"] == (
        f"B is better by {ndcg['difference']:.4f} NDCG@10 (95 % interval {ndcg['low']:.4f} to {ndcg['high']:.4f})."
    )
    assert set(found["metrics"]) == {
        "hit_rate_at_10",
        "normalized_discounted_cumulative_gain_at_10",
        "mean_reciprocal_rank_at_10",
        "novelty",
        "coverage",
    }
    # One list of 10 for everyone, and lists that go with each user.
    assert found["metrics"]["coverage"]["a"] == 10 / 40
    assert found["metrics"]["coverage"]["b"] == 1.0
    assert found["catalogue"] == 40
    assert found["events"] == {"read": 90, "judged": 90, "unknownItem": 0, "users": 30, "usersJudged": 30}
    assert (found["a"]["arn"], found["a"]["recipe"]) == (shop.popular, "aws-popularity-count")
    assert (found["b"]["arn"], found["b"]["recipe"]) == (shop.personal, "aws-user-personalization")
    assert found["notes"] == []
    # The other way round it is the same with the other sign.
    swapped = compared(shop, shop.personal, shop.popular)
    assert swapped["verdict"].startswith("A is better by ")
    assert swapped["metrics"]["hit_rate_at_10"]["difference"] == -found["metrics"]["hit_rate_at_10"]["difference"]


def by_the_service(shop: Shop, users: Sequence[int]) -> dict[str, float]:
    """The means over users of what GetRecommendations answers before each event, and PutEvents tells it then."""
    hits, gains, ranks = [], [], []
    for user in users:
        rows = [row.split(",") for row in held_out([user]).splitlines()[1:]]
        places = []
        for _, item, *_, device in rows:
            shown = shop.program.recommend(shop.personal, f"u{user}", numResults=3, context={"DEVICE": device})
            ids = [one["itemId"] for one in shown]
            places.append(ids.index(item) + 1 if item in ids else 0)
            shop.program.send(shop.tracking, f"s{user}", item, user=f"u{user}")
        hits.append(sum(place > 0 for place in places) / len(places))
        gains.append(sum(1 / log2(place + 1) for place in places if place) / len(places))
        ranks.append(sum(1 / place for place in places if place) / len(places))
    return {
        "hit_rate_at_3": sum(hits) / len(users),
        "normalized_discounted_cumulative_gain_at_3": sum(gains) / len(users),
        "mean_reciprocal_rank_at_3": sum(ranks) / len(users),
    }


def test_the_replay_finds_what_the_service_would_have_answered_and_keeps_nothing(shop: Shop) -> None:
    users = [0, 1, 4, 5, 28]
    content = held_out(users)
    before = compared(shop, shop.personal, shop.popular, content, k=3)
    expected = by_the_service(shop, users)
    assert {name: before["metrics"][name]["a"] for name in expected} == pytest.approx(expected)
    # What has been sent meanwhile is what is held out: a replay that looked at it would know the answers.
    assert compared(shop, shop.personal, shop.popular, content, k=3) == before


def test_a_strategy_and_itself_do_not_differ(shop: Shop) -> None:
    found = compared(shop, shop.personal, shop.personal)
    assert found["verdict"] == "A and B do not differ in NDCG@10."
    for told in found["metrics"].values():
        assert (told["difference"], told["low"], told["high"], told["usersNeeded"]) == (0, 0, 0, None)


def test_what_goes_from_an_item_goes_from_the_users_last_one(shop: Shop) -> None:
    found = compared(shop, shop.similar, shop.popular)
    # The first event of each of the 30 users has none before it.
    assert (found["a"]["eventsNotAsked"], found["b"]["eventsNotAsked"]) == (30, 0)
    assert "A could not be asked at 30 events, as the user had no item yet to go from: misses." in found["notes"]
    assert found["metrics"]["hit_rate_at_10"]["a"] > 0.5


def test_what_nobody_knows_and_what_was_known_before_is_said(shop: Shop) -> None:
    more = "u1,strange,1700050020,watch,,tv\nnobody,a3,1600000000,watch,,\n"
    found = compared(shop, shop.popular, shop.personal, held_out() + more)
    assert found["events"] == {"read": 92, "judged": 91, "unknownItem": 1, "users": 31, "usersJudged": 31}
    known = "1 of 92 events are not newer than the newest interaction that {} was trained on: those that were part of "
    assert found["notes"] == [
        "1 of 92 events are of items that neither knows: not judged.",
        f"{known.format('A')}its training flatter it.",
        f"{known.format('B')}its training flatter it.",
    ]


def test_nothing_to_judge_by_is_said(shop: Shop) -> None:
    found = compared(shop, shop.popular, shop.personal, f"{HEADER}\nu1,strange,1700050020,watch,,tv\n")
    assert found["metrics"] == {}
    assert found["verdict"] == ("Nothing could be told: no held-out event is of an item that either of the two knows.")


def test_one_user_is_not_enough(shop: Shop) -> None:
    found = compared(shop, shop.popular, shop.personal, held_out([2]))
    assert found["verdict"] == "No difference in NDCG@10 could be told: one user is not enough."
    assert found["metrics"]["hit_rate_at_10"]["low"] is None


def test_programs_that_ask_for_lines_see_it_go_on(shop: Shop) -> None:
    status, body = post(
        shop.program.url, held_out(range(30), 20), "application/x-ndjson", a=shop.popular, b=shop.personal
    )
    lines = [json.loads(line) for line in body.splitlines()]
    assert status == 200
    assert lines[:-1] == [{"done": done, "of": 600} for done in (0, 200, 400, 600)]
    assert lines[-1] == {"result": compared(shop, shop.popular, shop.personal, held_out(range(30), 20))}


# What cannot be compared


def refused(shop: Shop, content: str | None = None, **query: Any) -> tuple[int, str]:
    status, body = post(shop.program.url, content or held_out(), **{"a": shop.popular, "b": shop.personal, **query})
    told = json.loads(body)
    assert told["status"] == "error"
    return status, told["message"]


def test_names_that_cannot_be_compared_are_refused(shop: Shop) -> None:
    program = shop.program
    absent = program.arn("campaign/absent")
    assert refused(shop, a=absent) == (404, f"ResourceNotFoundException: Resource Arn {absent} does not exist.")
    assert refused(shop, b="absent") == (
        400,
        "There is no campaign, recommender, solution or solution version absent.",
    )
    assert refused(shop, a=shop.group) == (400, f"{shop.group} is no campaign, recommender or solution version.")
    assert refused(shop, b=shop.ranking) == (
        400,
        f"{shop.ranking} cannot be compared: recipe aws-personalized-ranking does not answer GetRecommendations, but "
        "GetPersonalizedRanking.",
    )
    solution = program.arn("solution/popular")
    gone = f"{solution}/00000000"
    assert refused(shop, a=gone) == (404, f"ResourceNotFoundException: Resource Arn {gone} does not exist.")
    other = program.stocked("other", interactions_csv(steps=STEPS))
    stranger = program.version(program.solution(other, "stranger", POPULARITY))
    assert refused(shop, b=stranger) == (
        400,
        f"Both must belong to one dataset group: {shop.popular} belongs to {shop.group}, {stranger} to {other}.",
    )
    # A name beside an ARN is one of its account.
    assert compared(shop, "popular", shop.personal)["a"]["arn"] == shop.popular
    assert compared(shop, shop.personal, "popular")["b"]["arn"] == shop.popular
    # A solution is its newest version.
    assert compared(shop, solution, shop.personal)["a"]["arn"] == shop.popular


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"k": 0}, "k must be between 1 and 500, not 0."),
        ({"k": 501}, "k must be between 1 and 500, not 501."),
        ({"k": "ten"}, "k must be a whole number, not 'ten'"),
        ({"seed": -1}, "seed must be a whole number, not '-1'"),
        ({"a": ""}, "a must be the ARN or the name of a campaign, recommender or solution version"),
        ({"c": "x"}, "c is not known; known are a, b, file, k, seed"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(shop: Shop, query: dict[str, Any], message: str) -> None:
    assert refused(shop, **query) == (400, message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("USER_ID,ITEM_ID\nu,i\n", "Input CSV is missing the following columns:[TIMESTAMP, EVENT_TYPE,"),
        (f"{HEADER}\n", "Input csv has no data rows."),
        (
            f"{HEADER}\nu,a1,1,watch,1.5,tv\nu,a1,then,watch,1.5,tv\n",
            "Input csv has rows that do not conform to the dataset schema. Please ensure all required data fields are "
            "present and that they are of the type specified in the schema. (held.csv, row 2, TIMESTAMP: ",
        ),
    ],
)  # fmt: skip
def test_files_that_are_no_interactions_are_refused_in_the_words_of_imports(
    shop: Shop, content: str, message: str
) -> None:
    status, told = refused(shop, content, file="held.csv")
    assert status == 400
    assert told.startswith(message)


# The command line


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "held-out.csv"
    path.write_text(held_out())
    return path


def test_the_command_prints_what_the_server_says(shop: Shop, runner: CliRunner, events: Path) -> None:
    url = shop.program.url
    arguments = ["compare", shop.popular, shop.personal, "--events", str(events), "--url", url, "--k", "5"]
    as_json = runner.invoke(main, [*arguments, "--json"])
    assert (as_json.exit_code, as_json.stderr) == (0, "")
    expected = compared(shop, shop.popular, shop.personal, k=5)
    assert json.loads(as_json.stdout) == expected
    assert compare(shop.popular, shop.personal, events, k=5, url=url) == expected
    printed = runner.invoke(main, arguments)
    assert printed.exit_code == 0
    lines = printed.stdout.splitlines()
    assert lines[0] == f"A  {shop.popular}  (aws-popularity-count, 40 items)"
    assert lines[2] == "90 events of 30 users judged, top 5, 40 items in the catalogue"
    assert lines[4].split() == ["metric", "A", "B", "B", "less", "A", "95", "%", "interval"]
    assert expected["verdict"] in lines


def test_the_seed_draws_the_users_of_the_interval(shop: Shop, runner: CliRunner, events: Path) -> None:
    def told(*more: str) -> Any:
        arguments = [
            "compare",
            shop.similar,
            shop.popular,
            "--events",
            str(events),
            "--url",
            shop.program.url,
            "--json",
        ]
        return json.loads(runner.invoke(main, [*arguments, *more]).stdout)["metrics"]["mean_reciprocal_rank_at_10"]

    assert told() == told("--seed", "0")
    assert told("--seed", "1")["difference"] == told()["difference"]
    assert (told("--seed", "1")["low"], told("--seed", "1")["high"]) != (told()["low"], told()["high"])


def test_names_do_where_the_account_is_the_servers(
    small: Callable[..., Small], runner: CliRunner, events: Path
) -> None:
    one = small()
    program = Program(one.server.url, account=one.server.emulator.settings.account, folder=one.folder)
    group = program.stocked(content=interactions_csv(steps=STEPS))
    version = program.version(program.solution(group, "taste", RECIPE))
    program.campaign(version, "home")
    program.solution(group, "untrained", POPULARITY)

    def run(a: str, b: str) -> tuple[int, str]:
        done = runner.invoke(main, ["compare", a, b, "--events", str(events), "--url", one.server.url, "--json"])
        return done.exit_code, done.stdout or done.stderr

    for name in ("taste", version.partition(":solution/")[2], f"{program.arn('solution/taste')}/$LATEST"):
        code, out = run("home", name)
        assert code == 0, out
        told = json.loads(out)
        assert (told["a"]["arn"], told["b"]["arn"]) == (program.arn("campaign/home"), version)
    untrained = program.arn("solution/untrained")
    assert run("home", "untrained") == (
        1,
        f"Error: ResourceNotFoundException: Resource Arn {untrained} does not exist.\n",
    )
    program.campaign(version, "taste")
    assert run("home", "taste") == (
        1,
        "Error: taste is the name of several resources; give the ARN: "
        f"{program.arn('campaign/taste')}, {program.arn('solution/taste')}.\n",
    )


def test_exit_codes(shop: Shop, runner: CliRunner, events: Path, tmp_path: Path) -> None:
    url = shop.program.url
    refused = runner.invoke(main, ["compare", "absent", shop.personal, "--events", str(events), "--url", url])
    assert refused.exit_code == 1
    assert refused.stderr == "Error: There is no campaign, recommender, solution or solution version absent.\n"
    for wrong in (
        ["compare", shop.popular, shop.personal, "--url", url],
        ["compare", shop.popular, shop.personal, "--events", str(tmp_path / "absent.csv"), "--url", url],
        ["compare", shop.popular, "--events", str(events)],
        ["compare", shop.popular, shop.personal, "--events", str(events), "--k", "0"],
    ):
        assert runner.invoke(main, wrong).exit_code == 2
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"
        silent = runner.invoke(main, ["compare", "a", "b", "--events", str(events), "--url", nowhere])
    assert silent.exit_code == 1
    assert silent.stderr.startswith(f"Error: No server at {nowhere}: ")
    assert silent.stderr.count("\n") == 1
