"""The AWS SDK for JavaScript, version 3, does the whole way against a server. Without node or its packages: skipped."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from personalize_local.server.serving import BackgroundServer
from tests.wire.program import INTERACTIONS, RECIPE, ROLE, interactions_csv, new_account

from .surroundings import surroundings

FOLDER = Path(__file__).parent / "javascript"
US = "arn:aws:personalize:us-east-1"
ABSENT = "Resource Arn {us}:{account}:campaign/home-absent does not exist."


@pytest.fixture(scope="module")
def node() -> str:
    """The node that runs the program. Skips where it or the SDK is missing."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not installed")
    if not (FOLDER / "node_modules" / "@aws-sdk").is_dir():
        pytest.skip("the SDK for JavaScript is not installed: make sdks")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=60, check=False).stdout
    if int(version.strip().removeprefix("v").partition(".")[0] or 0) < 20:
        pytest.skip(f"the SDK for JavaScript needs node 20 or later, this is {version.strip()}")
    return found


@pytest.fixture(scope="module")
def account() -> str:
    return new_account()


@pytest.fixture(scope="module")
def told(node: str, account: str, server: BackgroundServer) -> dict[str, Any]:
    """What the program in ``chain.mjs`` printed."""
    given = {"schema": INTERACTIONS, "csv": interactions_csv(), "role": ROLE, "recipe": RECIPE, "user": "u0"}
    done = subprocess.run(
        [node, str(FOLDER / "chain.mjs")],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=surroundings(server.url, account),
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_resources_become_active(told: dict[str, Any]) -> None:
    assert told["imported"] == {"status": "ACTIVE", "made": True}
    assert told["campaign"] == {"status": "ACTIVE", "tps": 1}


def test_recommendations_are_what_was_learned(told: dict[str, Any]) -> None:
    items = [item["itemId"] for item in told["asked"]]
    assert len(set(items)) == 5
    assert {item[0] for item in items} == {"a"}
    scores = [item["score"] for item in told["asked"]]
    assert scores == sorted(scores, reverse=True)


def test_recommendations_follow_events(told: dict[str, Any]) -> None:
    assert told["sent"] == 200
    assert told["after"] != told["before"]
    assert {item[0] for item in told["after"]} == {"b"}


def test_lists_are_followed_to_their_end(told: dict[str, Any]) -> None:
    assert told["pages"] > 1
    assert len(told["recipes"]) == len(set(told["recipes"])) > 20
    assert "aws-user-personalization" in told["recipes"]


@pytest.mark.parametrize(
    ("case", "name", "status", "words"),
    [
        (
            "again",
            "ResourceAlreadyExistsException",
            400,
            "Another resource with Arn {us}:{account}:dataset-group/shop already exists.",
        ),
        (
            "absent",
            "ResourceNotFoundException",
            400,
            "Resource Arn {us}:{account}:campaign/home-absent does not exist.",
        ),
        ("schema", "InvalidInputException", 400, 'The schema is not an Avro record: "type" must be "record".'),
        (
            "recommend",
            "ResourceNotFoundException",
            404,
            "Resource Arn {us}:{account}:campaign/home-absent does not exist.",
        ),
        ("ranking", "InvalidInputException", 400, "Recipe {recipe} does not support GetPersonalizedRanking."),
        (
            "events",
            "InvalidInputException",
            400,
            "The trackingId 00000000-0000-0000-0000-000000000000 does not belong to an ACTIVE event tracker.",
        ),
    ],
)
def test_what_is_refused_has_the_class_of_the_sdk(
    told: dict[str, Any], account: str, case: str, name: str, status: int, words: str
) -> None:
    assert told["refusals"][case] == {
        "class": name,
        "name": name,
        "status": status,
        "fault": "client",
        "message": words.format(us=US, account=account, recipe=RECIPE),
    }


def test_an_error_outside_the_model_has_the_class_of_the_service(told: dict[str, Any]) -> None:
    found = told["refusals"]["constraint"]
    assert (found["class"], found["name"]) == ("PersonalizeServiceException", "ValidationException")
    assert (found["status"], found["fault"]) == (400, "client")
    assert found["message"].startswith(
        "1 validation error detected: Value 'no spaces' at 'name' failed to satisfy constraint: "
    )
