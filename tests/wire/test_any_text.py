"""Any text for a schema or a filter, any bytes for a file: taken, or refused with a class of the operation."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.datasets.schema import parse_schema
from personalize_local.jobs.runner import FAULT
from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from tests.conftest import build_checked
from tests.datasets.strategies import any_files, any_schema_texts, valid_files
from tests.filters.strategies import Printer, trees
from tests.filters.test_any_text import PIECES

from .program import INTERACTIONS, ITEMS, ROLE, SCHEMAS, USERS, Program

READ = parse_schema(INTERACTIONS, None)


def whole(text: str) -> str:
    """``text`` as JSON carries it: two halves of a character that stand together are one."""
    return str(json.loads(json.dumps(text)))


def is_half(text: str) -> bool:
    """Whether there is half a character in ``text``, which UTF-8 cannot hold."""
    return any("\ud800" <= character <= "\udfff" for character in whole(text))


def longest(shape: Any) -> float:
    return float(shape.metadata.get("max", "inf"))


@dataclass(frozen=True, kw_only=True)
class Account:
    """A program with a dataset of each kind, and names that are free."""

    program: Program
    group: str
    dataset: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def name(self) -> str:
        return f"any-{next(self._numbers)}"

    def answer(self, operation: str, call: Callable[..., Any], **params: Any) -> dict[str, Any] | None:
        """The answer; None for a refusal, which is looked at here."""
        try:
            return dict(call(**params))
        except ClientError as refusal:
            answer: Any = refusal.response
        model = self.program.personalize.meta.service_model.operation_model(operation)
        code, message = answer["Error"]["Code"], answer["Error"]["Message"]
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400, answer
        assert message.strip()
        texts = {name: value for name, value in params.items() if isinstance(value, str)}
        if any(map(is_half, texts.values())):
            assert code == "SerializationException", answer
        elif any(len(text) > longest(model.input_shape.members[name]) for name, text in texts.items()):
            assert code == "ValidationException", answer
        else:
            assert code in {shape.name for shape in model.error_shapes}, answer
        return None


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """On a server of its own, without the limits that would soon be reached."""
    folder = tmp_path_factory.mktemp("buckets")
    chosen = Settings(port=0, executor="inline", relaxed_minimums=True, companion=False, s3_root=folder, quotas="off")
    with BackgroundServer(chosen, build_checked) as server:
        program = Program(server.url, folder=folder)
        group = program.group()
        dataset, *_ = (program.dataset(group, kind) for kind in SCHEMAS)
        yield Account(program=program, group=group, dataset=dataset)


@settings(max_examples=150)
@given(text=any_schema_texts((INTERACTIONS, ITEMS, USERS)))
def test_any_text_is_a_schema_or_refused(account: Account, text: str) -> None:
    personalize = account.program.personalize
    made = account.answer("CreateSchema", personalize.create_schema, name=account.name(), schema=text)
    if made is not None:
        found = personalize.describe_schema(schemaArn=made["schemaArn"])["schema"]
        assert found["schema"] == whole(text)


CONDITIONS = st.sampled_from(
    [
        'Interactions.EVENT_TYPE IN ("watch", "buy")',
        "Interactions.DEVICE NOT IN ($DEVICES)",
        'Items.GENRE IN ("crime|opera")',
        'Items.GENRE NOT IN ("\u65e5\u672c")',
        "Items.ITEM_ID IN ($ITEMS)",
    ]
)


@st.composite
def fitting(draw: st.DrawFn) -> str:
    """A sentence about the datasets of the account; most of them are sound."""
    dataset = draw(st.sampled_from(["Interactions", "Items"]))
    conditions = st.lists(CONDITIONS.filter(lambda text: text.startswith(dataset)), min_size=1, max_size=4)
    text = f"{draw(st.sampled_from(['INCLUDE', 'EXCLUDE']))} ItemID WHERE "
    text += draw(st.sampled_from([" AND ", " OR "])).join(draw(conditions))
    return text + draw(st.sampled_from(["", "", ' IF CurrentUser.AGE IN ("18-25")', " IF CurrentUser.AGE = $AGE"]))


WORDS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=25).map(" ".join)
LITTLE = WORDS | st.text(st.characters(exclude_categories=()), max_size=3) | st.just("x" * 2500)


@st.composite
def expressions(draw: st.DrawFn) -> str:
    """Characters, words of the language, its sentences, and sentences with something in the place of a part."""
    match draw(st.integers(0, 5)):
        case 0:
            return draw(st.text(st.characters(exclude_categories=()), min_size=1, max_size=40))
        case 1:
            return draw(WORDS)
        case 2:
            return Printer(Random(draw(st.integers(0, 99)))).print(draw(trees))
        case 3:
            return draw(fitting())
        case _:
            text = draw(fitting())
            begin, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
            return text[:begin] + draw(LITTLE) + text[end if end - begin < 8 else begin :] or " "


@settings(max_examples=150)
@given(text=expressions())
def test_any_text_is_a_filter_or_refused(account: Account, text: str) -> None:
    personalize = account.program.personalize
    made = account.answer(
        "CreateFilter",
        personalize.create_filter,
        name=account.name(),
        datasetGroupArn=account.group,
        filterExpression=text,
    )
    if made is not None:
        found = personalize.describe_filter(filterArn=made["filterArn"])["filter"]
        assert (found["filterExpression"], found["status"]) == (whole(text), "ACTIVE")


@settings(max_examples=100)
@given(file=any_files(READ) | valid_files(READ).map(lambda made: made[0]))
def test_any_file_is_imported_or_refused_or_fails_with_a_reason(account: Account, file: bytes) -> None:
    personalize, name = account.program.personalize, account.name()
    made = account.answer(
        "CreateDatasetImportJob",
        personalize.create_dataset_import_job,
        jobName=name,
        datasetArn=account.dataset,
        dataSource={"dataLocation": account.program.put(f"{name}.csv", file)},
        roleArn=ROLE,
    )
    if made is None:
        return
    job = personalize.describe_dataset_import_job(datasetImportJobArn=made["datasetImportJobArn"])["datasetImportJob"]
    if job["status"] != "ACTIVE":
        assert job["status"] == "CREATE FAILED"
        assert job["failureReason"].strip() not in ("", FAULT())
