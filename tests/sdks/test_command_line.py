"""The command line of AWS does the whole way against a server. Skipped where ``aws`` does not run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from personalize_local.server.serving import BackgroundServer
from tests.wire.program import INTERACTIONS, RECIPE, ROLE, interactions_csv, new_account

from .surroundings import surroundings

OWN = Path(__file__).parent / "aws" / "bin" / "aws"
"""Where ``make sdks`` installs it on machines that have none."""


def runnable() -> str | None:
    """An ``aws`` that runs: one on the path may be a stand-in for versions that are not there."""
    for found in (os.environ.get("AWS_CLI"), shutil.which("aws"), str(OWN)):
        if found is None or not Path(found).exists():
            continue
        done = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=120, check=False)
        if done.returncode == 0 and "aws-cli/" in done.stdout + done.stderr:
            return found
    return None


class CommandLine:
    """Runs ``aws`` as a new account of one server."""

    def __init__(self, command: str, url: str) -> None:
        self.command, self.account = command, new_account()
        self._environment = surroundings(url, self.account)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Begin a command; two at a time are quicker than one after the other."""
        return subprocess.Popen(
            [self.command, *words, "--output", "json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
        )

    def run(self, *words: str) -> Any:
        """The answer of a command that must succeed."""
        return self.answer(self.start(*words))

    @staticmethod
    def answer(process: subprocess.Popen[str]) -> Any:
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        return json.loads(output) if output.strip() else None

    def refused(self, *words: str) -> str:
        """The last line of a command that the service must refuse."""
        process = self.start(*words)
        output, errors = process.communicate(timeout=120)
        # Version 1 and version 2 of the command line, in this order.
        assert process.returncode in (255, 254), output + errors
        return errors.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def aws(server: BackgroundServer) -> CommandLine:
    command = runnable()
    if command is None:
        pytest.skip("no AWS command line that runs: make sdks")
    return CommandLine(command, server.url)


@pytest.fixture(scope="module")
def campaign(aws: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The campaign at the end of the way: bucket, schema, group, dataset, import, solution, version."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "interactions.csv").write_text(interactions_csv(), encoding="utf-8")
    (folder / "schema.json").write_text(INTERACTIONS, encoding="utf-8")
    bucket = f"bucket-{aws.account}"
    made = [
        aws.start("s3api", "create-bucket", "--bucket", bucket),
        aws.start("personalize", "create-dataset-group", "--name", "shop"),
        aws.start("personalize", "create-schema", "--name", "seen", "--schema", f"file://{folder}/schema.json"),
    ]
    _, group, schema = (aws.answer(process) for process in made)
    uploading = aws.start("s3", "cp", str(folder / "interactions.csv"), f"s3://{bucket}/", "--only-show-errors")
    dataset = aws.run(
        *("personalize", "create-dataset", "--name", "seen", "--dataset-type", "Interactions"),
        *("--dataset-group-arn", group["datasetGroupArn"], "--schema-arn", schema["schemaArn"]),
    )
    aws.answer(uploading)
    job = aws.run(
        *("personalize", "create-dataset-import-job", "--job-name", "first", "--role-arn", ROLE),
        *("--dataset-arn", dataset["datasetArn"]),
        *("--data-source", f"dataLocation=s3://{bucket}/interactions.csv"),
    )
    described = aws.run("personalize", "describe-dataset-import-job", "--dataset-import-job-arn", *job.values())
    assert described["datasetImportJob"]["status"] == "ACTIVE"
    solution = aws.run(
        *("personalize", "create-solution", "--name", "taste", "--no-perform-auto-training"),
        *("--dataset-group-arn", group["datasetGroupArn"], "--recipe-arn", RECIPE),
    )
    version = aws.run("personalize", "create-solution-version", "--solution-arn", *solution.values())
    answer = aws.run(
        *("personalize", "create-campaign", "--name", "home", "--min-provisioned-tps", "1"),
        *("--solution-version-arn", version["solutionVersionArn"]),
        *("--campaign-config", '{"itemExplorationConfig": {"explorationWeight": "0"}}'),
    )
    return str(answer["campaignArn"])


def recommended(aws: CommandLine, campaign: str, user: str) -> list[str]:
    words = ("get-recommendations", "--campaign-arn", campaign, "--user-id", user, "--num-results", "5")
    found: list[str] = aws.run("personalize-runtime", *words, "--query", "itemList[].itemId")
    return found


def test_recommendations_are_what_was_learned(aws: CommandLine, campaign: str) -> None:
    items = recommended(aws, campaign, "u1")
    assert len(set(items)) == 5
    assert {item[0] for item in items} == {"b"}


def test_recommendations_follow_events(aws: CommandLine, campaign: str) -> None:
    group = campaign.partition(":campaign/")[0] + ":dataset-group/shop"
    tracker = aws.run("personalize", "create-event-tracker", "--name", "clicks", "--dataset-group-arn", group)
    events = [
        {"eventType": "watch", "itemId": item, "sentAt": 1_700_100_000, "properties": '{"device": "phone"}'}
        for item in ("a1", "a2", "a3")
    ]
    aws.run(
        *("personalize-events", "put-events", "--tracking-id", tracker["trackingId"], "--session-id", "session"),
        *("--user-id", "stranger", "--event-list", json.dumps(events)),
    )
    assert {item[0] for item in recommended(aws, campaign, "stranger")} == {"a"}


def test_lists_are_followed_to_their_end(aws: CommandLine) -> None:
    names = aws.run("personalize", "list-recipes", "--query", "recipes[].name")
    assert len(names) == len(set(names)) > 20


def test_a_second_group_of_the_name_is_refused(aws: CommandLine, campaign: str) -> None:
    group = campaign.partition(":campaign/")[0] + ":dataset-group/shop"
    assert aws.refused("personalize", "create-dataset-group", "--name", "shop").endswith(
        "An error occurred (ResourceAlreadyExistsException) when calling the CreateDatasetGroup operation: "
        f"Another resource with Arn {group} already exists.",
    )


def test_a_campaign_that_is_not_there_is_not_found(aws: CommandLine, campaign: str) -> None:
    absent = f"{campaign}-absent"
    words = ("get-recommendations", "--campaign-arn", absent, "--user-id", "u1")
    assert aws.refused("personalize-runtime", *words).endswith(
        "An error occurred (ResourceNotFoundException) when calling the GetRecommendations operation: "
        f"Resource Arn {absent} does not exist.",
    )


def test_a_name_that_breaks_a_constraint_is_refused(aws: CommandLine) -> None:
    said = aws.refused("personalize", "create-dataset-group", "--name", "no spaces")
    assert (
        "An error occurred (ValidationException) when calling the CreateDatasetGroup operation: "
        "1 validation error detected: Value 'no spaces' at 'name' failed to satisfy constraint: "
    ) in said
