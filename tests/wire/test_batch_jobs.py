"""What batch jobs of all kinds have in common over the wire: themes, limits, and how far they are."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from personalize_local.cli import main
from personalize_local.watching import table
from tests.conftest import Small

from .batching import Batch, as_lines, items
from .program import POPULARITY, ROLE, SIMILAR, Program, avro, interactions_csv, refused

TOLD = avro(
    "Items",
    ("ITEM_ID", "string"),
    {"name": "TITLE", "type": "string", "itemName": True},
    {"name": "PLOT", "type": ["null", "string"], "textual": True},
)
PLOTS = {
    "a": "a harbour detective hunts smugglers by the lighthouse",
    "b": "the soprano and the conductor quarrel in an opera",
}


def told_items() -> str:
    rows = [
        f"{taste}{number},Story {number},{plot} once more {number}"
        for taste, plot in PLOTS.items()
        for number in range(20)
    ]
    return "\n".join(["ITEM_ID,TITLE,PLOT", *rows]) + "\n"


def version(program: Program, recipe: str = POPULARITY) -> str:
    return program.version(program.solution(program.stocked(), "popular", recipe))


def run(one: Small, version_arn: str, lines: int, name: str = "job", **more: Any) -> dict[str, Any]:
    """The description of a job over a file of some lines."""
    program = one.program
    source = program.put(f"in/{name}.json", as_lines({"userId": f"u{number}"} for number in range(lines)))
    arn = program.personalize.create_batch_inference_job(
        jobName=name,
        solutionVersionArn=version_arn,
        jobInput={"s3DataSource": {"path": source}},
        jobOutput={"s3DataDestination": {"path": f"s3://{program.bucket}/out"}},
        roleArn=ROLE,
        **more,
    )["batchInferenceJobArn"]
    found = program.personalize.describe_batch_inference_job(batchInferenceJobArn=arn)
    return dict(found["batchInferenceJob"])


def test_themes_name_what_the_recommended_items_have_in_common(program: Program) -> None:
    group = program.group()
    program.load(program.dataset(group), interactions_csv(), job="interactions")
    program.load(program.dataset(group, "ITEMS", TOLD), told_items(), job="items")
    trained = program.version(program.solution(group, "similar", SIMILAR))
    mode: dict[str, Any] = {
        "batchInferenceJobMode": "THEME_GENERATION",
        "themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "TITLE"}},
        "numResults": 8,
    }
    batch, asked = Batch(program), [{"itemId": "a3"}, {"itemId": "b7"}, {"userId": "u1"}]
    harbour, opera, bad = batch.infer(trained, asked, **mode)
    plain = batch.infer(trained, asked, numResults=8)
    for line, without, taste in ((harbour, plain[0], "a"), (opera, plain[1], "b")):
        output = line["output"]
        assert set(output) == {"recommendedItems", "theme", "itemsThemeRelevanceScores"}
        assert sorted(items(line)) == sorted(items(without))
        assert {item[0] for item in items(line)} == {taste}
        words = set(output["theme"].lower().replace(",", "").split()) - {"and"}
        assert 1 <= len(words) <= 3
        assert words <= set(PLOTS[taste].split())
        scores = output["itemsThemeRelevanceScores"]
        assert scores == sorted(scores, reverse=True)
        assert len(scores) == 8
        assert 0 < scores[0] <= 1
    assert bad["error"] == f"itemId is required for recipe {SIMILAR}."
    assert batch.infer(trained, asked, **mode) == [harbour, opera, bad]
    many = batch.put("in/many.json", [{"itemId": "a1"}] * 101)
    job = batch.run("inference", trained, many, **mode)
    assert job["failureReason"] == "The input file in/many.json has more than 100 records."


@pytest.mark.parametrize(
    ("quotas", "reason"),
    [
        ("batch-input-lines=3", "The input file in/job.json has more than 3 records."),
        ("batch-input-bytes=20", "The input of the job has more than 20 bytes."),
        ("batch-input-files=0", "The input of the job has more than 0 files."),
        ("off", None),
    ],
)
def test_limits_of_the_input_fail_the_job(small: Callable[..., Small], quotas: str, reason: str | None) -> None:
    one = small(quotas=quotas)
    job = run(one, version(one.program), 4)
    assert (job["status"], job.get("failureReason")) == ("CREATE FAILED" if reason else "ACTIVE", reason)
    assert (one.folder / one.program.bucket / "out").exists() is (reason is None)


def test_nothing_of_a_job_stays_behind(small: Callable[..., Small]) -> None:
    one = small()
    trained = version(one.program)
    assert run(one, trained, 3)["status"] == "ACTIVE"
    assert run(one, trained, 0, name="empty")["status"] == "CREATE FAILED"
    spool = one.server.emulator.root / "spool"
    assert list(spool.iterdir()) == []


def test_the_status_goes_its_way_by_the_clock(small: Callable[..., Small]) -> None:
    one = small(status="instant,batch-inference-job=timed:100")
    job = run(one, version(one.program), 3)
    words = [job["status"]]
    for _ in range(2):
        one.wait(50)
        found = one.program.personalize.describe_batch_inference_job(batchInferenceJobArn=job["batchInferenceJobArn"])
        words.append(found["batchInferenceJob"]["status"])
    assert words == ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]


def test_a_filter_of_a_running_job_is_kept(small: Callable[..., Small]) -> None:
    one = small(status="instant,batch-inference-job=timed:100")
    program = one.program
    trained = version(program)
    expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'
    filter_arn = program.personalize.create_filter(
        name="seen", datasetGroupArn=program.arn("dataset-group/shop"), filterExpression=expression
    )["filterArn"]
    job = run(one, trained, 3, filterArn=filter_arn)
    code, _, text = refused(program.personalize.delete_filter, filterArn=filter_arn)
    assert (code, job["batchInferenceJobArn"] in text) == ("ResourceInUseException", True)
    one.wait(200)
    program.personalize.delete_filter(filterArn=filter_arn)


def ask(one: Small, path: str) -> Any:
    with urllib.request.urlopen(f"{one.server.url}/_personalize/jobs{path}", timeout=30) as answer:
        return json.load(answer)


def test_jobs_are_told_of_on_the_admin_page_the_command_line_and_in_the_log(
    small: Callable[..., Small], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "personalize_local.jobs")
    one = small()
    arn = run(one, version(one.program), 3)["batchInferenceJobArn"]
    report = ask(one, f"/{arn}")
    assert report == {
        "arn": arn,
        "kind": "batchInferenceJob",
        "state": "DONE",
        "submitted": 1_700_200_000.0,
        "finished": 1_700_200_000.0,
        "told": "3 lines, 0 of them bad, 1 files",
    }
    everything = ask(one, "")["jobs"]
    assert report in everything
    assert {job["kind"] for job in everything} == {"batchInferenceJob", "datasetImportJob", "solutionVersion"}
    assert len(ask(one, "?limit=1")["jobs"]) == 1
    for path, code in (("?limit=0", 400), ("/arn:of:nothing", 404)):
        with pytest.raises(urllib.error.HTTPError) as caught:
            ask(one, path)
        with caught.value as refusal:
            assert refusal.code == code
    assert f"{arn} is done: 3 lines, 0 of them bad, 1 files" in caplog.text
    runner = CliRunner()
    shown = runner.invoke(main, ["jobs", "--url", one.server.url])
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[0].split() == ["job", "state", "done", "a", "second", "left"]
    assert any("batch-inference-job/job" in line and "DONE" in line for line in shown.stdout.splitlines())
    watched = runner.invoke(main, ["jobs", "--url", one.server.url, "--watch", "--json", "--limit", "2"])
    (line,) = watched.stdout.splitlines()
    assert json.loads(line) == everything[:2]


def test_a_running_job_shows_how_far_it_is() -> None:
    arn = "arn:aws:personalize:us-east-1:123456789012:batch-inference-job/big"
    progress = {"unit": "lines", "all": 1_000_000, "done": 250_000, "perSecond": 5_000.0, "secondsLeft": 150.0}
    running = {"arn": arn, "kind": "batchInferenceJob", "state": "RUNNING", "submitted": 1.0, "progress": progress}
    head, line = table([running])
    assert line == "batch-inference-job/big  RUNNING  250,000 of 1,000,000 lines     5,000  2:30"
    assert head == "job                      state                          done  a second  left"


def test_watching_nothing_is_one_line_and_code_1() -> None:
    result = CliRunner().invoke(main, ["jobs", "--watch", "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 1
    assert result.stderr == "Error: No server at http://127.0.0.1:9: Connection refused.\n"


def test_what_is_answered_is_counted_as_costs(small: Callable[..., Small]) -> None:
    one = small()
    trained = version(one.program)
    run(one, trained, 7)
    run(one, trained, 0, name="empty")
    with one.server.emulator.database.read() as rows:
        used = [use for use in rows.used() if use.kind == "batch"]
    assert [(use.amount, use.facts["recipe"], use.facts["themes"]) for use in used] == [
        (7, "aws-popularity-count", False)
    ]
