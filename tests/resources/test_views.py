"""Values of resources that no client sees the making of: times, failures, the state that a start finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from tests.conftest import Small, build_checked
from tests.wire.conformance import making, parameters
from tests.wire.conformance.stage import Stage
from tests.wire.program import Program

MakeSmall = Callable[..., Small]


def settings(root: Path, **more: Any) -> Settings:
    chosen = {"executor": "inline", "relaxed_minimums": True, "companion": False, **more}
    buckets = root / "buckets"
    buckets.mkdir(exist_ok=True)
    return Settings(port=0, data=root / "data", s3_root=buckets, **chosen)


@pytest.mark.parametrize("seeded", [True, False])
def test_a_seed_makes_ids_repeatable(tmp_path: Path, seeded: bool) -> None:
    made = []
    for name in ("one", "two"):
        root = tmp_path / name
        root.mkdir()
        with BackgroundServer(settings(root, id_seed=7 if seeded else None), build_checked) as server:
            program = Program(server.url, account="1" * 12)
            made.append(program.tracker(program.group()))
    assert (made[0] == made[1]) is seeded


def test_everything_is_there_after_a_stop_and_a_start(tmp_path: Path) -> None:
    with BackgroundServer(settings(tmp_path), build_checked) as server:
        before = Program(server.url, folder=tmp_path / "buckets")
        campaign = before.deployed()
        tracking = before.tracker(before.arn("dataset-group/shop"))
        before.send(tracking, "s", "b1", "b2", user="u0")
        before.personalize.tag_resource(resourceArn=campaign, tags=[{"tagKey": "a", "tagValue": "b"}])
        answer = before.recommend(campaign, "u0")
        described = before.personalize.describe_campaign(campaignArn=campaign)["campaign"]
    with BackgroundServer(settings(tmp_path), build_checked) as server:
        after = Program(server.url, account=before.account, folder=tmp_path / "buckets")
        assert after.recommend(campaign, "u0") == answer
        assert after.personalize.describe_campaign(campaignArn=campaign)["campaign"] == described
        assert len(after.personalize.list_tags_for_resource(resourceArn=campaign)["tags"]) == 1
        after.send(tracking, "s", "a1", user="u0")
        assert after.recommend(campaign, "u0") != answer
        assert after.version(after.arn("solution/shop-taste"))


def test_a_solution_version_that_is_gone_leaves_no_files(tmp_path: Path) -> None:
    with BackgroundServer(settings(tmp_path), build_checked) as server:
        program = Program(server.url, folder=tmp_path / "buckets")
        group = program.stocked()
        program.version(program.solution(group))
        assert len(list((tmp_path / "data" / "artifacts").iterdir())) == 1
        program.personalize.delete_solution(solutionArn=program.arn("solution/taste"))
        program.personalize.delete_dataset(datasetArn=program.arn("dataset/shop/INTERACTIONS"))
        program.personalize.delete_dataset_group(datasetGroupArn=group)
    with BackgroundServer(settings(tmp_path), build_checked):
        assert list((tmp_path / "data" / "artifacts").iterdir()) == []
        assert list((tmp_path / "data" / "datasets").iterdir()) == []


def test_a_reset_forgets_everything_at_once(tmp_path: Path) -> None:
    with BackgroundServer(settings(tmp_path), build_checked) as server:
        program = Program(server.url, folder=tmp_path / "buckets")
        for _ in range(2):
            assert program.recommend(program.deployed(), "u0")
            server.reset()
            assert program.personalize.list_dataset_groups()["datasetGroups"] == []
            assert program.personalize.list_schemas()["schemas"] == []


def test_an_update_of_a_metric_attribution_dates_it(small: MakeSmall) -> None:
    room = small(status="timed:100")
    stage = Stage(room.server, "timed:100", room.folder)
    params = parameters.attribution(stage, "figures")
    arn = making.made(stage, "metricAttribution", "CreateMetricAttribution", **params)
    before = stage.describe("metricAttribution", arn)["lastUpdatedDateTime"]
    stage.wait(1000)
    assert stage.describe("metricAttribution", arn)["lastUpdatedDateTime"] == before
    stage.call("UpdateMetricAttribution", metricAttributionArn=arn, removeMetrics=["watched0"])
    found = stage.describe("metricAttribution", arn)
    assert (found["status"], found["lastUpdatedDateTime"].timestamp()) == ("ACTIVE", stage.now)
    (summary,) = stage.call("ListMetricAttributions")["metricAttributions"]
    assert summary["lastUpdatedDateTime"] == found["lastUpdatedDateTime"] > before
