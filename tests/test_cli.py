from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from personalize_local import __version__
from personalize_local.cli import main
from personalize_local.settings import SETTINGS

HEAVY = {"numpy", "scipy", "implicit", "flask", "werkzeug", "boto3", "botocore", "pyarrow", "moto", "waitress"}
COMMAND = [sys.executable, "-m", "personalize_local"]


@pytest.fixture
def runner() -> CliRunner:
    """Runs commands without the settings of whoever runs the tests."""
    mine = {name: None for name in os.environ if name.startswith(("PERSONALIZE_LOCAL_", "AWS_"))}
    return CliRunner(env=mine)


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PERSONALIZE_LOCAL_", "AWS_"))}
    return {**kept, **more}


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A server in a process, and the variables that its Ready lines tell."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("Ready."), process.communicate(timeout=30)
        lines = [process.stdout.readline() for _ in range(5)]
        yield process, dict(re.findall(r"export (\w+)=(\S+)", "".join(lines)))
    finally:
        process.kill()
        process.communicate()


class TestServe:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_says_ready_answers_logs_and_leaves_with_code_0(self, number: signal.Signals) -> None:
        with running() as (process, variables):
            assert set(variables) == {
                "AWS_ENDPOINT_URL",
                "AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_DEFAULT_REGION",
                "AWS_REGION",
            }
            request = urllib.request.Request(
                variables["AWS_ENDPOINT_URL"],
                data=b"{}",
                headers={
                    "X-Amz-Target": "AmazonPersonalize.ListSchemas",
                    "Content-Type": "application/x-amz-json-1.1",
                },
            )
            with urllib.request.urlopen(request, timeout=30) as answer:
                assert json.load(answer) == {"schemas": []}
            process.send_signal(number)
            out, errors = process.communicate(timeout=30)
            assert (process.returncode, out) == (0, "")
        assert re.search(r"personalize ListSchemas 200 \d+\.\d ms", errors)
        assert "Traceback" not in errors

    def test_health_and_the_variables_of_a_shell_go_together(self, runner: CliRunner) -> None:
        with running("--no-companion") as (_, variables):
            url = variables["AWS_ENDPOINT_URL"]
            told = runner.invoke(main, ["health", "--url", url])
            assert told.exit_code == 0
            assert json.loads(told.stdout)["companion"] == "off"
            shown = json.loads(runner.invoke(main, ["env", "--url", url, "--shell", "json"]).stdout)
            assert shown == variables

    def test_a_port_in_use_is_one_line_and_code_1(self, runner: CliRunner) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            result = runner.invoke(main, ["serve", "--port", str(taken.getsockname()[1])])
        assert result.exit_code == 1
        assert re.fullmatch(r"Error: Cannot listen on port \d+ of 127\.0\.0\.1: .*--port.*\n", result.stderr)

    @pytest.mark.parametrize(
        ("options", "named"),
        [
            (["--port", "many"], "port"),
            (["--account", "12"], "account"),
            (["--executor", "sometimes"], "executor"),
            (["--status", "perhaps"], "status"),
            (["--no-such-option"], "--no-such-option"),
        ],
    )
    def test_a_bad_setting_is_code_2_and_names_the_setting(
        self, runner: CliRunner, options: list[str], named: str
    ) -> None:
        result = runner.invoke(main, ["serve", "--port", "0", *options])
        assert result.exit_code == 2
        assert named in result.stderr
        assert "Traceback" not in result.stderr

    def test_a_bad_variable_of_the_environment_is_code_2_and_named(self, runner: CliRunner) -> None:
        result = runner.invoke(main, ["serve"], env={"PERSONALIZE_LOCAL_THREADS": "none"})
        assert result.exit_code == 2
        assert "PERSONALIZE_LOCAL_THREADS" in result.stderr
        result = runner.invoke(main, ["serve"], env={"PERSONALIZE_LOCAL_TREADS": "8"})
        assert result.exit_code == 2
        assert "unknown environment variable: PERSONALIZE_LOCAL_TREADS" in result.stderr

    @pytest.mark.parametrize("flag", ["--data", "--s3-root"])
    def test_a_folder_that_is_a_file_is_one_line_and_code_1(self, runner: CliRunner, flag: str, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        result = runner.invoke(main, ["serve", "--port", "0", flag, str(tmp_path / "file")])
        assert result.exit_code == 1
        assert result.stderr.startswith(f"Error: {flag} {tmp_path / 'file'} ")
        assert result.stderr.count("\n") == 1

    def test_every_setting_has_its_flag(self, runner: CliRunner) -> None:
        shown = runner.invoke(main, ["serve", "--help"], terminal_width=400).stdout
        for setting in SETTINGS:
            assert re.search(rf"^\s*{setting.flag}\b.*{setting.environment}", shown, re.MULTILINE | re.DOTALL)


def test_health_of_nothing_is_one_line_and_code_1(runner: CliRunner) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        result = runner.invoke(main, ["health", "--url", url])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: No server at {url}: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("url", ["no-url", "http://", "ftp://127.0.0.1/x", "http://127.0.0.1:99999"])
def test_health_at_what_is_no_address_is_code_1_without_a_traceback(runner: CliRunner, url: str) -> None:
    result = runner.invoke(main, ["health", "--url", url])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)


class TestEnv:
    def test_a_shell_reads_it(self) -> None:
        shown = "$AWS_ENDPOINT_URL $AWS_DEFAULT_REGION $AWS_REGION"
        script = f'eval "$({sys.executable} -m personalize_local env)"; echo {shown}'
        variables = environment(PERSONALIZE_LOCAL_PORT="5000", PERSONALIZE_LOCAL_REGION="eu-west-1")
        said = subprocess.run(["sh", "-c", script], env=variables, capture_output=True, text=True, check=True)
        assert said.stdout == "http://127.0.0.1:5000 eu-west-1 eu-west-1\n"

    @pytest.mark.parametrize(
        ("shell", "line"),
        [
            ("sh", "export AWS_ENDPOINT_URL='http://a;b'"),
            ("fish", "set -gx AWS_ENDPOINT_URL 'http://a;b';"),
            ("powershell", "$Env:AWS_ENDPOINT_URL = 'http://a;b'"),
        ],
    )
    def test_each_shell_has_its_form_and_is_quoted(self, runner: CliRunner, shell: str, line: str) -> None:
        shown = runner.invoke(main, ["env", "--url", "http://a;b", "--shell", shell]).stdout
        assert line in shown.splitlines()
        assert len(shown.splitlines()) == 5

    @pytest.mark.parametrize(
        ("host", "url"),
        [("0.0.0.0", "http://127.0.0.1:4777"), ("::1", "http://[::1]:4777"), ("box.test", "http://box.test:4777")],
    )
    def test_the_address_is_one_that_can_be_reached(self, runner: CliRunner, host: str, url: str) -> None:
        result = runner.invoke(main, ["env", "--shell", "json"], env={"PERSONALIZE_LOCAL_HOST": host})
        assert json.loads(result.stdout)["AWS_ENDPOINT_URL"] == url


def test_sample_writes_its_files_and_names_them(runner: CliRunner, tmp_path: Path) -> None:
    result = runner.invoke(main, ["sample", str(tmp_path / "new"), "--size", "small", "--seed", "3"])
    assert result.exit_code == 0
    named = [Path(line) for line in result.stdout.splitlines()]
    assert {path.name for path in named} >= {"interactions.csv", "items.csv", "users.csv"}
    assert all(path.stat().st_size for path in named)


def test_sample_into_what_cannot_be_written_is_one_line_and_code_1(runner: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = runner.invoke(main, ["sample", str(tmp_path / "file" / "below")])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


class TestImportCheck:
    @pytest.fixture
    def sampled(self, runner: CliRunner, tmp_path: Path) -> Path:
        assert runner.invoke(main, ["sample", str(tmp_path / "sample"), "--size", "small"]).exit_code == 0
        return tmp_path / "sample"

    def check(self, runner: CliRunner, folder: Path, *arguments: str | Path) -> tuple[int, str]:
        schema = str(folder / "interactions.json")
        result = runner.invoke(main, ["import", "--check", "--schema", schema, *map(str, arguments)])
        assert result.stderr == ""
        return result.exit_code, result.stdout

    def test_a_good_file_would_become_active(self, runner: CliRunner, sampled: Path) -> None:
        code, said = self.check(runner, sampled, sampled / "interactions.csv")
        assert (code, said) == (0, "The import would become ACTIVE with 10,000 rows.\n")

    def test_the_sentence_comes_first_then_each_row_then_the_count(self, runner: CliRunner, sampled: Path) -> None:
        good = sampled / "interactions.csv"
        header, row, *_ = good.read_text().splitlines()
        folder = sampled / "more"
        folder.mkdir()
        user, item, _, *rest = row.split(",")
        late = ",".join([user, item, "later\x1b", *rest])
        (folder / "b.csv").write_text("\n".join([header, row, "x", row, late, late]))
        (folder / "a.csv").write_text(f"{header}\n{row}\n")
        code, said = self.check(runner, sampled, good, folder, "--limit", "2")
        assert code == 1
        assert said.splitlines() == [
            "The import would end in CREATE FAILED: Input csv has rows that do not conform to the dataset schema. "
            "Please ensure all required data fields are present and that they are of the type specified in the schema.",
            f"{folder / 'b.csv'}, row 2: the row has 1 values, the header {len(header.split(','))}: x",
            f"{folder / 'b.csv'}, row 4, TIMESTAMP: a value is not of type long: later\\x1b",
            "3 of 10,006 rows rejected.",
            "Shown are the first 2 faults; --limit shows more.",
        ]

    def test_json_has_the_same(self, runner: CliRunner, sampled: Path) -> None:
        short = sampled / "short.csv"
        short.write_text("\n".join((sampled / "interactions.csv").read_text().splitlines()[:3]) + "\nx\n")
        code, said = self.check(runner, sampled, short, "--json")
        told = json.loads(said)
        assert code == 1
        assert (told["status"], told["operation"], told["rowsRead"], told["rowsRejected"]) == (
            "CREATE FAILED",
            None,
            3,
            1,
        )
        assert told["reason"].startswith("Input csv has rows")
        (fault,) = told["faults"]
        assert {**fault, "problem": ""} == {"file": str(short), "row": 3, "column": None, "problem": "", "value": "x"}

    def test_fewer_rows_than_the_minimum_will_do_where_that_is_asked_for(
        self, runner: CliRunner, sampled: Path
    ) -> None:
        short = sampled / "short.csv"
        short.write_text("\n".join((sampled / "interactions.csv").read_text().splitlines()[:3]))
        code, said = self.check(runner, sampled, short)
        assert code == 1
        assert "needs at least 1000 rows" in said
        code, said = self.check(runner, sampled, short, "--relaxed-minimums", "--json")
        assert (code, json.loads(said)["status"]) == (0, "ACTIVE")

    def test_a_header_without_a_column_refuses_the_call(self, runner: CliRunner, sampled: Path) -> None:
        code, said = self.check(runner, sampled, sampled / "items.csv")
        assert code == 1
        assert said.startswith(
            "CreateDatasetImportJob would be refused with InvalidInputException: Input CSV is missing the following"
        )

    def test_an_empty_folder_is_no_place_to_import_from(self, runner: CliRunner, sampled: Path) -> None:
        (sampled / "empty").mkdir()
        code, said = self.check(runner, sampled, sampled / "empty")
        assert code == 1
        assert said.endswith("InvalidInputException: Invalid Data location.\n")

    def test_a_schema_is_held_against_its_domain_and_refused_in_createschema_s_words(
        self, runner: CliRunner, sampled: Path
    ) -> None:
        (sampled / "interactions.json").write_bytes((sampled / "items.json").read_bytes())
        assert self.check(runner, sampled, sampled / "items.csv")[0] == 0
        code, said = self.check(runner, sampled, sampled / "items.csv", "--domain", "ECOMMERCE", "--json")
        told = json.loads(said)
        assert (code, told["status"], told["operation"]) == (1, "REFUSED", "CreateSchema")
        assert "PRICE" in told["reason"]
        (sampled / "interactions.json").write_bytes(b"\xff{")
        code, said = self.check(runner, sampled, sampled / "interactions.csv")
        assert code == 1
        assert said == "CreateSchema would be refused with InvalidInputException: The schema is not valid JSON.\n"

    @pytest.mark.parametrize("arguments", [[], ["--schema"], ["--schema", "--check"], ["--check"], ["nowhere.csv"]])
    def test_wrong_usage_is_code_2(self, runner: CliRunner, sampled: Path, arguments: list[str]) -> None:
        filled = [
            part
            for each in arguments
            for part in ([each, str(sampled / "items.json")] if each == "--schema" else [each])
        ]
        result = runner.invoke(main, ["import", *filled])
        assert result.exit_code == 2
        if "nowhere.csv" not in arguments and "--check" not in arguments:
            assert "--check" in result.stderr

    def test_the_bar_shows_on_a_terminal_alone_and_for_much_data_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from personalize_local import dry_run

        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        for stream, size, shown in (
            (Terminal(), 1 << 30, True),
            (Terminal(), 1 << 20, False),
            (io.StringIO(), 1 << 30, False),
        ):
            monkeypatch.setattr(sys, "stderr", stream)
            with dry_run._progress(size) as progress:
                assert (progress is not None) == shown
                if progress is not None:
                    progress(size // 2)
            assert ("Checking" in stream.getvalue()) == shown


def test_demo_passes_its_options_and_its_exit_code_on(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def fake(**options: Any) -> int:
        given.update(options)
        return 1

    monkeypatch.setattr("personalize_local.demo.run.run_demo", fake)
    result = runner.invoke(main, ["demo", "--interactions", "i.csv", "--seed", "4", "--size", "large"])
    assert result.exit_code == 1
    assert given == {"interactions": Path("i.csv"), "items": None, "users": None, "seed": 4, "size": "large"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["serve", "--help"],
        ["env"],
        ["demo", "--help"],
        ["import", "--help"],
        ["compare", "--help"],
        ["experiment", "report", "--help"],
    ],
)
def test_what_only_prints_imports_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        "from personalize_local.cli import main\n"
        f"main({arguments!r}, standalone_mode=False)\n"
        f"assert not {HEAVY!r} & set(sys.modules), {HEAVY!r} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, env=environment(), capture_output=True)


def test_the_module_runs_as_the_command() -> None:
    said = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True, env=environment())
    assert said.stdout == f"personalize-local, version {__version__}\n"
