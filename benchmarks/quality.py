"""How well a campaign ranks what users did next, asked through the API, beside popularity and implicit's ALS.

Run it alone: ``python benchmarks/quality.py [FOLDER]`` with the folder that holds ``ml-latest-small`` (or set
``BENCH_DATA``; ``../shared/data`` beside the checkout without either). Users and items with fewer than five
interactions are left out until none is left (5-core). Everything is imported from a CSV file but the last event of each
user; then GetRecommendations is asked for each, and what he has already is dropped from the answer. An answer holds 500
items at most, so a user who has had more than that may be shown fewer than ten others: such users count as misses.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from _targets import LEFT_OUT, Target
from quality_engine import CUT, TARGET, Event, als_scores, core, judge, leave_last_out, read_ratings

from personalize_local.demo.aws import Aws
from personalize_local.demo.console import Console
from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ("aws-popularity-count", "aws-user-personalization")
MOST = 500
_BUCKET = "quality"
_ROLE = "arn:aws:iam::123456789012:role/bench"
_SCHEMA = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "version": "1.0",
}


def split(events: Sequence[Event]) -> tuple[list[Event], dict[str, str], dict[str, set[str]]]:
    """(what is learned from, the last item of each user, the items that he had before), of events in order of time."""
    last = {user: number for number, (user, _, _) in enumerate(events)}
    learned = [event for number, event in enumerate(events) if last[event[0]] != number]
    seen: dict[str, set[str]] = defaultdict(set)
    for user, item, _ in learned:
        seen[user].add(item)
    return learned, {user: events[number][1] for user, number in last.items()}, seen


def load(aws: Aws, storage: Path, learned: Sequence[Event]) -> str:
    """Import the events; gives the dataset group's ARN. ``storage`` holds the buckets."""
    (storage / _BUCKET).mkdir()
    with (storage / _BUCKET / "interactions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("USER_ID", "ITEM_ID", "TIMESTAMP"))
        writer.writerows(learned)
    group = aws.call("personalize", "create_dataset_group", name="quality")["datasetGroupArn"]
    schema = aws.call("personalize", "create_schema", name="quality", schema=json.dumps(_SCHEMA))["schemaArn"]
    dataset = aws.call(
        "personalize",
        "create_dataset",
        name="quality",
        datasetType="Interactions",
        datasetGroupArn=group,
        schemaArn=schema,
    )
    job = aws.call(
        "personalize",
        "create_dataset_import_job",
        jobName="quality",
        datasetArn=dataset["datasetArn"],
        dataSource={"dataLocation": f"s3://{_BUCKET}/interactions.csv"},
        roleArn=_ROLE,
    )
    aws.wait_until_active("dataset_import_job", [job["datasetImportJobArn"]])
    return str(group)


def deploy(aws: Aws, group: str, recipe: str) -> str:
    """Train a recipe and deploy it; gives the campaign's ARN."""
    recipe_arn = f"arn:aws:personalize:::recipe/{recipe}"
    made = aws.call("personalize", "create_solution", name=recipe, datasetGroupArn=group, recipeArn=recipe_arn)
    made = aws.call("personalize", "create_solution_version", solutionArn=made["solutionArn"])
    version = made["solutionVersionArn"]
    aws.wait_until_active("solution_version", [version])
    campaign = aws.call("personalize", "create_campaign", name=recipe, solutionVersionArn=version)["campaignArn"]
    aws.wait_until_active("campaign", [campaign])
    return str(campaign)


def judge_campaign(
    aws: Aws, campaign: str, truth: Mapping[str, str], seen: Mapping[str, set[str]]
) -> tuple[float, float]:
    """(NDCG, hit rate) at 10 of what GetRecommendations answers for each user, without what he had."""
    runtime: Any = aws.client("personalize-runtime")
    gains: list[float] = []
    for user, wanted in truth.items():
        answer = runtime.get_recommendations(campaignArn=campaign, userId=user, numResults=MOST)
        # An event that comes again is still the truth.
        had = seen[user] - {wanted}
        shown = [item["itemId"] for item in answer["itemList"] if item["itemId"] not in had][:CUT]
        gains.append(1 / math.log2(2 + shown.index(wanted)) if wanted in shown else 0.0)
    return sum(gains) / len(gains), sum(gain > 0 for gain in gains) / len(gains)


def _row(name: str, figures: tuple[float, float], seconds: float) -> None:
    print(f"{name:<31}{figures[0]:>9.4f}{figures[1]:>8.3f}{seconds:>10.1f}", flush=True)


def measure(events: Sequence[Event]) -> float:
    """Print the table; gives the NDCG of the personal recipe."""
    learned, truth, seen = split(events)
    print(f"{len(truth)} users, {len({item for _, item, _ in events})} items, {len(learned)} events learned from")
    print(f"{'model':<31}{'NDCG@10':>9}{'HR@10':>8}{'seconds':>10}")
    data, same = leave_last_out(events)
    assert same == truth
    began = time.monotonic()
    scores = als_scores(data)
    _row("implicit ALS, 64 factors", judge(data, truth, scores), time.monotonic() - began)
    gain = 0.0
    with tempfile.TemporaryDirectory() as folder:
        storage = Path(folder)
        with BackgroundServer(Settings(port=0, s3_root=storage, companion=False)) as server:
            aws = Aws(server.url, Console(io.StringIO()))
            group = load(aws, storage, learned)
            for recipe in RECIPES:
                began = time.monotonic()
                figures = judge_campaign(aws, deploy(aws, group, recipe), truth, seen)
                _row(f"{recipe} (API)", figures, time.monotonic() - began)
                gain = figures[0]
    return gain


def main() -> int:
    """Measure and print; 1 when the target is missed."""
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BENCH_DATA", "")
    path = (Path(given) if given else ROOT.parent / "shared" / "data") / "ml-latest-small" / "ratings.csv"
    if not path.is_file():
        print(f"{LEFT_OUT}there is no ml-latest-small/ratings.csv in {path.parents[1]}; say where by BENCH_DATA")
        return 0
    target = Target(
        title="NDCG@10 through the API", value=measure(core(read_ratings(path))), side="at least", limit=TARGET
    )
    print(target)
    return int(not target.is_met)


if __name__ == "__main__":
    sys.exit(main())
