"""``mock_personalize`` in each of its forms, alone, nested and together with moto's ``mock_aws``."""

from __future__ import annotations

import asyncio
import os
import socket
import unittest
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.endpoint import Endpoint
from moto import mock_aws

from personalize_local.demo.sample import SampleFiles, generate
from personalize_local.settings import SettingError
from personalize_local.testing import MockPersonalize, mock_personalize

SCHEMA = """
{"type": "record", "name": "Interactions", "namespace": "com.amazonaws.personalize.schema", "version": "1.0",
 "fields": [{"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"},
            {"name": "TIMESTAMP", "type": "long"}]}
"""


@pytest.fixture(autouse=True)
def nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start without credentials, and find botocore, boto3 and the environment as they were."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    before = surroundings()
    yield
    assert surroundings() == before


def surroundings() -> tuple[Any, ...]:
    environment = {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "PERSONALIZE_"))}
    return environment, Endpoint._do_get_response, boto3.DEFAULT_SESSION  # type: ignore[attr-defined]


def client(service: str = "personalize") -> Any:
    make: Callable[..., Any] = boto3.client
    return make(service)


def names() -> list[str]:
    return [schema["name"] for schema in client().list_schemas()["schemas"]]


def create(name: str) -> None:
    client().create_schema(name=name, schema=SCHEMA)


def test_a_context_manager_begins_empty_and_ends_without_a_trace() -> None:
    for _ in range(2):
        with mock_personalize() as mock:
            assert names() == []
            create("news")
            assert names() == ["news"]
            assert mock.emulator.accepts is not None
    with pytest.raises(RuntimeError, match="not started"):
        _ = mock.emulator


def test_an_error_inside_stops_it() -> None:
    with pytest.raises(KeyError), mock_personalize():
        raise KeyError("x")


@mock_personalize
def test_a_bare_decorator() -> None:
    create("news")
    assert names() == ["news"]


@mock_personalize(seed=5, account="111122223333")
@pytest.mark.parametrize("name", ["one", "two"])
def test_a_decorator_with_settings_passes_arguments_through(name: str) -> None:
    create(name)
    assert names() == [name]
    assert (
        client().list_schemas()["schemas"][0]["schemaArn"]
        == f"arn:aws:personalize:us-east-1:111122223333:schema/{name}"
    )


def test_a_coroutine() -> None:
    @mock_personalize
    async def work() -> list[str]:
        create("news")
        await asyncio.sleep(0)
        return names()

    assert asyncio.run(work()) == ["news"]


def test_a_fixture_that_yields() -> None:
    @mock_personalize()
    def fixture() -> Iterator[None]:
        create("news")
        yield
        assert names() == ["news"]

    steps = fixture()
    next(steps)
    assert names() == ["news"]
    assert next(steps, "end") == "end"


@mock_personalize
class TestOfAPlainClass:
    def setup_method(self) -> None:
        create("from-setup")

    def test_the_test_sees_what_set_up_made(self) -> None:
        assert names() == ["from-setup"]
        create("from-test")

    def test_another_test_does_not_see_the_first(self) -> None:
        assert names() == ["from-setup"]

    def teardown_method(self) -> None:
        assert "from-setup" in names()


@mock_personalize
class TestOfAnotherPlainClass:
    def test_one_is_empty(self) -> None:
        assert names() == []
        create("one")

    def test_the_other_is_empty_too(self) -> None:
        assert names() == []
        create("two")


@mock_personalize
class CaseOfUnittest(unittest.TestCase):
    def setUp(self) -> None:
        create("from-setup")

    def test_one(self) -> None:
        assert names() == ["from-setup"]
        create("from-test")

    def test_two(self) -> None:
        assert names() == ["from-setup"]


def test_a_unittest_class_begins_each_test_empty() -> None:
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(CaseOfUnittest).run(result)
    assert (result.testsRun, result.failures, result.errors) == (2, [], [])


def test_start_and_stop() -> None:
    mock = mock_personalize()
    assert isinstance(mock, MockPersonalize)
    mock.start()
    create("news")
    mock.reset()
    assert names() == []
    mock.stop()
    with pytest.raises(RuntimeError, match="not started"):
        mock.stop()


def test_nested_mocks_are_apart_and_the_innermost_answers() -> None:
    with mock_personalize() as outer:
        create("outer")
        with mock_personalize():
            assert names() == []
            create("inner")
        assert names() == ["outer"]
        with outer:
            assert names() == []
        assert names() == ["outer"]


def test_dummy_credentials_are_there_only_where_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_personalize(region="eu-west-1"):
        assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
        assert os.environ["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "222233334444")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
        with mock_personalize():
            create("news")
            assert os.environ["AWS_SECRET_ACCESS_KEY"] == "mine"
            assert ":222233334444:" in client().list_schemas()["schemas"][0]["schemaArn"]


@pytest.mark.parametrize(("setting", "value"), [("status", "sometimes"), ("colour", "red")])
def test_a_bad_setting_stops_the_start(setting: str, value: str) -> None:
    mock = mock_personalize(**{setting: value})
    with pytest.raises(SettingError, match=setting):
        mock.start()


def test_status_modes_show_the_statuses_on_the_way() -> None:
    with mock_personalize(status="polls:2"):
        arn = client().create_dataset_group(name="news")["datasetGroupArn"]
        seen = [client().describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]["status"] for _ in range(4)]
    assert seen[0].startswith("CREATE ")
    assert seen[-1] == "ACTIVE"


def test_no_socket_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []

    def refuse(_: socket.socket, address: Any) -> None:
        opened.append(address)
        raise OSError("no sockets here")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)
    with mock_personalize():
        create("news")
        assert names() == ["news"]
    assert opened == []


def test_several_at_once_end_in_any_order() -> None:
    first, second = mock_personalize(), mock_personalize()
    first.start()
    create("first")
    second.start()
    assert names() == []
    first.stop()
    create("second")
    assert names() == ["second"]
    assert [record.arn.rpartition("/")[2] for record in schemas_of(second)] == ["second"]
    second.stop()


def schemas_of(mock: MockPersonalize) -> list[Any]:
    with mock.emulator.database.read() as rows:
        return rows.everywhere("schema")


def test_threads_are_answered_by_the_same_mock() -> None:
    with mock_personalize(), ThreadPoolExecutor(4) as threads:
        personalize = client()
        done = threads.map(lambda number: personalize.create_schema(name=f"s{number}", schema=SCHEMA), range(20))
        assert len(list(done)) == 20
        assert sorted(names()) == sorted(f"s{number}" for number in range(20))


# The whole way, on the generated newsroom


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleFiles:
    return generate(tmp_path_factory.mktemp("sample"), size="small")


def recommend(sample: SampleFiles, bucket: str) -> list[str]:
    """Import, train, deploy and ask; every resource is ACTIVE as soon as it is made."""
    personalize = client()
    group = personalize.create_dataset_group(name="news")["datasetGroupArn"]
    schema = personalize.create_schema(name="news", schema=sample.interactions_schema.read_text(encoding="utf-8"))
    dataset = personalize.create_dataset(
        name="news", datasetType="Interactions", datasetGroupArn=group, schemaArn=schema["schemaArn"]
    )
    job = personalize.create_dataset_import_job(
        jobName="news",
        datasetArn=dataset["datasetArn"],
        dataSource={"dataLocation": f"s3://{bucket}/interactions.csv"},
        roleArn="arn:aws:iam::123456789012:role/any",
    )["datasetImportJobArn"]
    described = personalize.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]
    assert (described["status"], described.get("failureReason")) == ("ACTIVE", None)
    solution = personalize.create_solution(
        name="news", datasetGroupArn=group, recipeArn="arn:aws:personalize:::recipe/aws-user-personalization"
    )["solutionArn"]
    version = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    trained = personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert (trained["status"], trained.get("failureReason")) == ("ACTIVE", None)
    campaign = personalize.create_campaign(name="news", solutionVersionArn=version)["campaignArn"]
    answer = client("personalize-runtime").get_recommendations(campaignArn=campaign, userId="user-789", numResults=5)
    return [item["itemId"] for item in answer["itemList"]]


@pytest.mark.parametrize("outer", ["moto", "ours"])
def test_with_mock_aws_in_either_order_imports_read_its_buckets(sample: SampleFiles, outer: str) -> None:
    contexts: list[AbstractContextManager[Any]] = [mock_aws(), mock_personalize()]
    one, two = contexts if outer == "moto" else contexts[::-1]
    with one, two:
        s3 = client("s3")
        s3.create_bucket(Bucket="news-data")
        s3.upload_file(str(sample.interactions), "news-data", "interactions.csv")
        assert len(recommend(sample, "news-data")) == 5
        assert client("sts").get_caller_identity()["Account"] == "123456789012"


@mock_aws
@mock_personalize
def test_both_as_decorators_leave_the_other_services_to_moto() -> None:
    client("s3").create_bucket(Bucket="here")
    create("news")
    assert names() == ["news"]
    # An operation that moto's own Personalize does not have.
    assert client().list_dataset_groups()["datasetGroups"] == []


def test_alone_imports_read_the_folders_of_s3_root(sample: SampleFiles) -> None:
    folder: Path = sample.interactions.parent
    with mock_personalize(s3_root=folder.parent):
        assert len(recommend(sample, folder.name)) == 5
