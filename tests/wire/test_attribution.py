"""Metric attributions at work: what came of recommendations, in CloudWatch and in reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wire.measured import DWELT, EARNED, NOW, QUARTER, UNDEFINED, WATCHED, Shop, shop

pytest.importorskip("moto", reason="the companion needs it")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Shop]:
    with shop(tmp_path / "buckets") as made:
        yield made


def dwelt(seconds: int | None) -> str:
    return json.dumps({"dwellTime": seconds})


def test_events_are_counted_for_what_recommended_or_else_for_the_source_that_they_name(here: Shop) -> None:
    arn = here.attribute()
    other = here.program.campaign(
        here.program.version(here.program.solution(here.group, "second", performAutoTraining=False)), "second"
    )
    first, second = here.recommended(), here.recommended(other)
    banner = {"metricAttribution": {"eventAttributionSource": "banner"}}
    here.event(recommendationId=first, properties=dwelt(30))
    here.event("WATCH", recommendationId=first, properties=dwelt(12))
    here.event(recommendationId=second, properties=dwelt(None))
    here.event(recommendationId=first, **banner)  # the source goes before the id
    here.event("buy", itemId="i0", **banner)
    here.event("buy", itemId="i2", **banner)
    here.event("buy", itemId="nobody-has-it", recommendationId=second)
    here.event(itemId="i1", recommendationId="RID-00-0000-0000-000000000000-CID-ffffff")
    here.event("click", recommendationId=first)  # no metric is about clicks
    here.ground.small.wait(900)
    assert here.figures(arn) == [
        ("dwelt", "Watch", 0.0, "sum", UNDEFINED, QUARTER),
        ("dwelt", "Watch", 0.0, "sum", other, QUARTER),
        ("dwelt", "Watch", 0.0, "sum", "banner", QUARTER),
        ("dwelt", "Watch", 42.0, "sum", here.campaign, QUARTER),
        ("earned", "buy", 0.0, "sum", other, QUARTER),
        ("earned", "buy", 5.75, "sum", "banner", QUARTER),
        ("watched", "watch", 1.0, "samplecount", UNDEFINED, QUARTER),
        ("watched", "watch", 1.0, "samplecount", other, QUARTER),
        ("watched", "watch", 1.0, "samplecount", "banner", QUARTER),
        ("watched", "watch", 2.0, "samplecount", here.campaign, QUARTER),
    ]
    assert here.sums("watched", here.campaign) == {QUARTER: 2.0}
    assert here.sums("earned", "banner") == {QUARTER: 5.75}
