"""The pytest plugin: light, silent until asked, a server for each worker, empty for each test."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

HEAVY = ("numpy", "scipy", "implicit", "flask", "boto3", "botocore", "pyarrow", "moto", "waitress")
ROOT = Path(__file__).parents[2]

SCHEMA = """
{"type": "record", "name": "Interactions", "namespace": "com.amazonaws.personalize.schema", "version": "1.0",
 "fields": [{"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"},
            {"name": "TIMESTAMP", "type": "long"}]}
"""


def is_installed() -> bool:
    """Whether pytest finds the plugin by itself."""
    return any(found.value == "personalize_local.testing.plugin" for found in entry_points(group="pytest11"))


def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> pytest.RunResult:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    plugin = [] if is_installed() else ["-p", "personalize_local.testing.plugin"]
    return pytester.runpytest_subprocess(*plugin, "-W", "error", "-p", "no:cacheprovider", *arguments)


@pytest.mark.parametrize("module", ["personalize_local.testing.plugin", "personalize_local.testing"])
def test_importing_it_loads_nothing_heavy(module: str) -> None:
    program = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_a_session_that_uses_no_fixture_starts_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(
        f"""
        import os, sys

        def test_untouched():
            assert [name for name in {HEAVY!r} if name in sys.modules] == []
            assert not [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]
        """
    )
    run(pytester, monkeypatch, "-p", "no:xdist").assert_outcomes(passed=1)


def test_clients_reach_the_server_and_each_test_finds_it_empty(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(
        f"""
        import boto3
        import pytest

        SCHEMA = {SCHEMA!r}
        urls = set()

        @pytest.mark.parametrize("turn", [1, 2])
        def test_schema_and_bucket_are_there_once(personalize_clients, personalize_server, turn):
            clients = personalize_clients
            assert clients.personalize.list_schemas()["schemas"] == []
            assert clients.s3.list_buckets()["Buckets"] == []
            clients.personalize.create_schema(name="news", schema=SCHEMA)
            clients.s3.create_bucket(Bucket="news")
            assert personalize_server.url == personalize_server.endpoint_url
            urls.add(personalize_server.url)
            assert len(urls) == 1
            with pytest.raises(clients.personalize_runtime.exceptions.ResourceNotFoundException):
                clients.personalize_runtime.get_recommendations(
                    campaignArn="arn:aws:personalize:us-east-1:123456789012:campaign/none", userId="1")

        def test_the_environment_leads_any_client_there(personalize_env, personalize_server):
            for service in ("personalize", "personalize-runtime", "personalize-events", "s3"):
                assert boto3.client(service).meta.endpoint_url == personalize_server.url
            boto3.client("personalize").create_schema(name="news", schema=SCHEMA)
            assert len(boto3.client("personalize").list_schemas()["schemas"]) == 1
            personalize_server.reset()
            assert boto3.client("personalize").list_schemas()["schemas"] == []

        def test_the_environment_is_as_before():
            import os
            assert boto3.DEFAULT_SESSION is None
            assert not [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]

        def test_settings_come_from_the_ini_file(personalize_server):
            assert personalize_server.emulator.settings.status == "polls:2"
            assert personalize_server.emulator.settings.seed == 7
        """
    )
    pytester.makeini("[pytest]\npersonalize_status_mode = polls:2\npersonalize_seed = 7\n")
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    run(pytester, monkeypatch, "-p", "no:xdist").assert_outcomes(passed=5)


def test_a_bad_mode_is_named_in_one_error(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile("def test_it(personalize): pass")
    pytester.makeini("[pytest]\npersonalize_status_mode = sometimes\n")
    result = run(pytester, monkeypatch, "-p", "no:xdist")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*personalize_local: *sometimes*"])


@pytest.mark.slow
def test_each_xdist_worker_has_a_server_of_its_own(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(
        """
        import os
        import pathlib
        import pytest

        @pytest.mark.parametrize("number", range(6))
        def test_groups_of_one_worker_only(personalize_server, personalize_clients, number):
            worker = os.environ["PYTEST_XDIST_WORKER"]
            personalize_clients.personalize.create_dataset_group(name=worker)
            groups = personalize_clients.personalize.list_dataset_groups()["datasetGroups"]
            assert [group["name"] for group in groups] == [worker]
            pathlib.Path(f"{worker}.url").write_text(personalize_server.url)
        """
    )
    run(pytester, monkeypatch, "-n", "2").assert_outcomes(passed=6)
    urls = {file.read_text(encoding="utf-8") for file in pytester.path.glob("*.url")}
    assert len(urls) == 2
