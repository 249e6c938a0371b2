"""The commands that ask a running server and run programs, through click and over the wire."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from personalize_local.cli import main
from personalize_local.explanations import NoExplanation, explain
from personalize_local.server.serving import BackgroundServer
from tests.conftest import Small
from tests.wire.program import Program
from tests.wire.shop import Shop, open_shop

NOBODY = "http://127.0.0.1:1"
SHOW = "import os, json; print(json.dumps({n: v for n, v in os.environ.items() if n.startswith('AWS_')}))"


@pytest.fixture(scope="module")
def shop(server: BackgroundServer) -> Shop:
    """In the server's own account, so that names do."""
    return open_shop(Program(server.url, account=server.emulator.settings.account), "counter")


@pytest.fixture
def run() -> Callable[..., Result]:
    """Runs a command without the settings of whoever runs the tests."""
    mine: dict[str, str | None] = {name: None for name in os.environ if name.startswith(("PERSONALIZE_LOCAL_", "AWS_"))}

    def command(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(main, list(arguments), env={**mine, **environment})

    return command


Run = Callable[..., Result]


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


class TestRecommend:
    def test_by_name_and_by_arn_it_is_the_answer_of_the_service(self, run: Run, shop: Shop) -> None:
        served = shop.program.recommend(shop.personal, "u0", numResults=5)
        for name in ("counter-personal", shop.personal):
            answer = told(run("recommend", name, "--user", "u0", "--num", "5", "--json", "--url", shop.program.url))
            assert answer["itemList"] == served

    def test_lines_have_place_item_and_score(self, run: Run, shop: Shop) -> None:
        result = run("recommend", "counter-personal", "--user", "u0", "--num", "3", "--url", shop.program.url)
        served = shop.program.recommend(shop.personal, "u0", numResults=3)
        lines = [line.split()[:3] for line in result.stdout.splitlines()]
        assert lines == [[str(place), item["itemId"], f"{item['score']:.7f}"] for place, item in enumerate(served, 1)]

    def test_a_filter_by_name_with_values_in_plain_words(self, run: Run, shop: Shop) -> None:
        shop.filter("INCLUDE ItemID WHERE Items.GENRE IN ($GENRES)", "by-genre")
        options = ("--filter", "by-genre", "--value", "GENRES=crime,opera", "--num", "500", "--json")
        answer = told(run("recommend", "counter-personal", "--user", "u0", *options, "--url", shop.program.url))
        assert {item["itemId"] for item in answer["itemList"]} == {f"i{n}" for n in range(19) if n % 4 in (1, 2)}

    def test_beside_an_item(self, run: Run, shop: Shop) -> None:
        answer = told(run("recommend", "counter-similar", "--item", "i3", "--json", "--url", shop.program.url))
        served = shop.program.runtime.get_recommendations(campaignArn=shop.similar, itemId="i3")
        assert answer["itemList"] == served["itemList"]

    @pytest.mark.parametrize(
        ("options", "code", "message"),
        [
            (("none", "--user", "u"), 1, "Error: There is no campaign or recommender none at {url}."),
            (("counter-personal", "--user", "u", "--filter", "no"), 1, "Error: There is no filter no at {url}."),
            (("counter-personal",), 1, "Error: InvalidInputException: userId is required for recipe "),
            (("counter-personal", "--value", "A=1"), 2, "Error: --value needs --filter."),
            (("counter-personal", "--context", "A"), 2, "Error: --context A: write K=V."),
            (
                ("counter-personal", "--context", "A=1", "--context", "A=2"),
                2,
                "Error: --context A is given twice.",
            ),
            (
                ("arn:aws:personalize:us-east-1:123456789012:filter/f",),
                2,
                "Error: arn:aws:personalize:us-east-1:123456789012:filter/f is no campaign or recommender.",
            ),
        ],
    )
    def test_what_is_wrong_is_said_in_one_line(
        self, run: Run, shop: Shop, options: tuple[str, ...], code: int, message: str
    ) -> None:
        result = run("recommend", *options, "--url", shop.program.url)
        assert result.exit_code == code
        assert result.stderr.splitlines()[-1].startswith(message.format(url=shop.program.url))
        assert result.stdout == ""


class TestRank:
    def test_it_is_the_answer_of_the_service(self, run: Run, shop: Shop) -> None:
        items = ["i9", "i2", "i15"]
        answer = told(run("rank", "counter-ranking", *items, "--user", "u2", "--json", "--url", shop.program.url))
        served = shop.program.runtime.get_personalized_ranking(campaignArn=shop.ranking, userId="u2", inputList=items)
        assert answer["personalizedRanking"] == served["personalizedRanking"]

    def test_it_needs_a_user(self, run: Run) -> None:
        result = run("rank", "counter-ranking", "i1")
        assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, "Error: A ranking needs --user.")


class TestExplain:
    def test_items_parts_and_filter_are_told_to_people(self, run: Run, shop: Shop) -> None:
        expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Click")'
        shop.filter(expression, "unseen")
        options = ("--user", "u0", "--num", "4", "--filter", "unseen", "--url", shop.program.url)
        result = run("explain", "counter-personal", *options)
        assert result.exit_code == 0, result.output
        assert "history, newest first: i" in result.stdout
        assert result.stdout.count("     logit ") == 4
        assert "filter: 10 of 20 items may come; these would have come:" in result.stdout
        assert f"filter: {expression}" in result.stdout

    def test_json_and_python_say_the_same_for_recommendations_and_rankings(self, run: Run, shop: Shop) -> None:
        url = shop.program.url
        answer = told(run("explain", "counter-personal", "--user", "u1", "--json", "--url", url))
        assert answer == explain("counter-personal", url=url, userId="u1")
        served = shop.program.recommend(shop.personal, "u1")
        assert [item["itemId"] for item in answer["items"]] == [item["itemId"] for item in served]
        ranked = told(run("explain", "counter-ranking", "i4", "i2", "--user", "u1", "--json", "--url", url))
        assert ranked == explain("counter-ranking", url=url, userId="u1", inputList=["i4", "i2"])
        assert ranked["operation"] == "GetPersonalizedRanking"

    def test_refusals_come_as_one_line_and_as_an_exception(self, run: Run, shop: Shop) -> None:
        result = run("explain", "counter-personal", "i1", "--num", "3", "--url", shop.program.url)
        assert result.stderr.splitlines()[-1] == "Error: A ranking takes neither --item nor --num."
        with pytest.raises(NoExplanation, match="GetRecommendations has no parameter user"):
            explain("counter-personal", url=shop.program.url, user="u1")
        with pytest.raises(NoExplanation, match="No server at"):
            explain("counter-personal", url=NOBODY)


def test_reset_forgets_everything(run: Run, small: Callable[..., Small]) -> None:
    room = small()
    room.program.group("gone")
    result = run("reset", "--url", room.server.url)
    assert (result.exit_code, result.stdout) == (0, "Everything is forgotten.\n")
    assert room.program.personalize.list_dataset_groups()["datasetGroups"] == []


class TestSupport:
    def test_it_counts_and_hides_what_is_secret(self, run: Run, shop: Shop) -> None:
        secret = {"PERSONALIZE_LOCAL_S3_ENDPOINT": "http://me:hush@127.0.0.1:9/x"}
        facts = told(run("support", "--json", "--url", shop.program.url, **secret))
        assert facts["health"]["status"] == "ready"
        assert facts["counts"]["campaigns"] == len(shop.program.personalize.list_campaigns()["campaigns"])
        assert facts["versions"]["numpy"]
        assert facts["settings"]["s3_endpoint"] == "http://(hidden)@127.0.0.1:9/x"
        assert "hush" not in json.dumps(facts)

    def test_without_a_server_it_tells_the_rest(self, run: Run) -> None:
        result = run("support", "--url", NOBODY)
        assert result.exit_code == 0
        assert "  python: " in result.stdout
        assert f"  message: No server at {NOBODY}: " in result.stdout


class TestExec:
    def test_clients_of_the_program_go_to_the_server_alone(
        self, run: Run, server: BackgroundServer, capfd: pytest.CaptureFixture[str]
    ) -> None:
        stale = {"AWS_ENDPOINT_URL_PERSONALIZE": NOBODY, "AWS_PROFILE": "mine", "AWS_SESSION_TOKEN": "t"}
        result = run("exec", "--url", server.url, "--", sys.executable, "-c", SHOW, **stale)
        assert result.exit_code == 0
        assert json.loads(capfd.readouterr().out) == {
            "AWS_ENDPOINT_URL": server.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @pytest.mark.parametrize(
        ("program", "code"),
        [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 15)", 128 + signal.SIGTERM)],
    )
    def test_the_exit_code_is_that_of_the_program(
        self, run: Run, server: BackgroundServer, program: str, code: int
    ) -> None:
        assert run("exec", "--url", server.url, "--", sys.executable, "-c", program).exit_code == code

    def test_options_behind_the_program_are_its_own(self, run: Run, server: BackgroundServer) -> None:
        program = "import sys; sys.exit(sys.argv[1:] != ['--url', 'x', '--serve'])"
        assert run("exec", "--url", server.url, sys.executable, "-c", program, "--url", "x", "--serve").exit_code == 0

    def test_it_serves_for_the_time_of_the_program(self, run: Run, capfd: pytest.CaptureFixture[str]) -> None:
        ask = (
            "import os, json, urllib.request as u; b = os.environ['AWS_ENDPOINT_URL'];"
            "assert b.endswith(':' + os.environ['PERSONALIZE_LOCAL_PORT']);"
            "print(b, json.load(u.urlopen(b + '/_personalize/health'))['companion'])"
        )
        settings = {"PERSONALIZE_LOCAL_COMPANION": "false"}
        result = run("exec", "--serve", "--", sys.executable, "-c", ask, **settings)
        assert result.exit_code == 0, result.output
        url, companion = capfd.readouterr().out.split()
        assert companion == "off"
        gone = run("exec", "--url", url, "--", sys.executable, "-c", "")
        assert (gone.exit_code, gone.stderr.startswith(f"Error: No server at {url}: ")) == (1, True)

    def test_the_program_finds_what_the_init_scripts_made(
        self, run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        folder = tmp_path / "init.d"
        folder.mkdir()
        script = folder / "a.py"
        script.write_text("import boto3; boto3.client('personalize').create_dataset_group(name='made')")
        asked = "import boto3; print(boto3.client('personalize').list_dataset_groups()['datasetGroups'][0]['name'])"
        settings = {"PERSONALIZE_LOCAL_COMPANION": "false", "PERSONALIZE_LOCAL_INIT": str(folder)}
        assert run("exec", "--serve", "--", sys.executable, "-c", asked, **settings).exit_code == 0
        assert capfd.readouterr().out == "made\n"
        script.write_text("raise SystemExit('not today')")
        failed = run("exec", "--serve", "--", sys.executable, "-c", "", **settings)
        assert (failed.exit_code, failed.stderr.splitlines()[-1]) == (
            1,
            "Error: The init scripts of the server failed: a.py: exit code 1: not today",
        )

    def test_a_program_that_is_not_there_or_cannot_run(
        self, run: Run, server: BackgroundServer, tmp_path: Path
    ) -> None:
        missing = run("exec", "--url", server.url, "--", "no-such-program")
        assert (missing.exit_code, missing.stderr) == (127, "Error: There is no program no-such-program.\n")
        plain = tmp_path / "plain"
        plain.write_text("text", encoding="utf-8")
        barred = run("exec", "--url", server.url, "--", str(plain))
        assert (barred.exit_code, barred.stderr) == (126, f"Error: {plain} cannot be run: Permission denied.\n")


class TestAws:
    def test_without_the_aws_cli_it_says_so(self, run: Run, tmp_path: Path) -> None:
        result = run("aws", "s3", "ls", PATH=str(tmp_path))
        assert result.exit_code == 127
        assert result.stderr == (
            "Error: The AWS CLI is not installed: there is no program `aws`. See https://aws.amazon.com/cli/.\n"
        )

    def test_it_gets_the_endpoint_and_all_arguments(
        self, run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        program = tmp_path / "aws"
        program.write_text('#!/bin/sh\necho "$AWS_ACCESS_KEY_ID $AWS_ENDPOINT_URL $*"\nexit 3\n', encoding="utf-8")
        program.chmod(0o755)
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        url = "http://127.0.0.1:8123"
        result = run("aws", "personalize", "help", "--help", PATH=path, PERSONALIZE_LOCAL_PORT="8123")
        assert result.exit_code == 3
        assert capfd.readouterr().out == f"local {url} --endpoint-url {url} personalize help --help\n"


@pytest.mark.parametrize(("shell", "mark"), [("bash", "complete -o"), ("zsh", "#compdef"), ("fish", "complete --no")])
def test_completion_scripts_complete_commands(run: Run, shell: str, mark: str) -> None:
    script = run("completion", shell).stdout
    assert mark in script
    assert "_PERSONALIZE_LOCAL_COMPLETE" in script
    words = {"COMP_WORDS": "personalize-local expl", "COMP_CWORD": "1" if shell != "fish" else "expl"}
    completed = CliRunner().invoke(
        main,
        [],
        prog_name="personalize-local",
        env={**words, "_PERSONALIZE_LOCAL_COMPLETE": f"{shell}_complete"},
    )
    assert "explain" in completed.stdout


def test_help_tells_the_exit_codes_that_the_page_has(run: Run) -> None:
    from personalize_local.commands.common import EXIT_CODES

    page = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
    rows = [tuple(cell.strip() for cell in line.split("|")[1:3]) for line in page.splitlines() if line.startswith("| ")]
    assert [row for row in rows if row[0] in EXIT_CODES] == list(EXIT_CODES.items())
    shown = " ".join(run("--help").stdout.split())
    for code, meaning in EXIT_CODES.items():
        assert f"{code} {meaning}" in shown
    for command in main.commands:
        assert f"`{command}" in page


def test_an_interrupt_leaves_with_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from personalize_local.commands.calling import Server

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "admin", interrupted)
    assert run("reset", "--yes").exit_code == 130
