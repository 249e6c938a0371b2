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


def test_figures_are_made_at_the_quarters_of_the_clock_and_not_before(here: Shop) -> None:
    arn = here.attribute(WATCHED)
    here.event()
    here.ground.small.wait(799)
    assert here.figures(arn) == []
    here.ground.small.wait(1)
    assert here.sums("watched", UNDEFINED) == {QUARTER: 1.0}
    here.event()  # tells of an earlier quarter than that in which it comes
    here.event(at=NOW + 800)
    here.ground.small.wait(900)
    assert here.sums("watched", UNDEFINED) == {QUARTER: 2.0, QUARTER + 900: 1.0}
    assert here.figures(arn) == [
        ("watched", "watch", 1.0, "samplecount", UNDEFINED, QUARTER + 900),
        ("watched", "watch", 2.0, "samplecount", UNDEFINED, QUARTER),
    ]


def test_an_admin_need_not_wait_for_the_quarter(here: Shop) -> None:
    here.attribute(WATCHED)
    here.event()
    assert here.post("metric-attributions/flush") == {"published": 1, "waiting": 0}
    assert here.sums("watched", UNDEFINED) == {QUARTER: 1.0}
    assert here.post("metric-attributions/flush") == {"published": 0, "waiting": 0}
    here.ground.small.wait(900)
    assert here.sums("watched", UNDEFINED) == {QUARTER: 1.0}


def test_what_came_before_the_attribution_or_after_its_end_is_not_measured(here: Shop) -> None:
    here.event()
    arn = here.attribute(WATCHED)
    here.event(at=NOW - 900)
    here.post("metric-attributions/flush")
    here.event(at=NOW - 1800)
    here.program.personalize.delete_metric_attribution(metricAttributionArn=arn)
    here.event(at=NOW - 2700)
    here.ground.small.wait(1800)
    assert here.sums("watched", UNDEFINED) == {QUARTER - 900: 1.0}
    again = here.attribute(WATCHED)
    here.ground.small.wait(1800)
    assert here.figures(again) == []


def test_events_that_cloudwatch_would_not_take_are_left_out(here: Shop) -> None:
    arn = here.attribute(WATCHED)
    fortnight = 14 * 86_400
    for at in (NOW - fortnight, NOW - fortnight + 1, NOW + 7199, NOW + 7200):
        here.event(at=at)
    here.post("metric-attributions/flush")
    windows = [row[-1] for row in here.figures(arn)]
    assert windows == [QUARTER - fortnight, QUARTER + 7200]
    here.ground.small.wait(fortnight)  # and none is kept for ever
    here.event(at=NOW + fortnight)
    here.post("metric-attributions/flush")
    assert [row[-1] for row in here.figures(arn)] == [QUARTER + 7200, QUARTER + fortnight]


def test_metrics_that_come_and_go_count_what_comes_while_they_are_there(here: Shop) -> None:
    arn = here.attribute(WATCHED, DWELT)
    here.event(properties=dwelt(5))
    update = here.program.personalize.update_metric_attribution
    update(metricAttributionArn=arn, removeMetrics=["dwelt"], addMetrics=[EARNED])
    here.event(properties=dwelt(7))
    here.event("buy", itemId="i1")
    here.ground.item("i1", price=3.0)  # what an item is worth is looked up when events are measured
    here.ground.small.wait(900)
    assert here.sums("dwelt", UNDEFINED) == {QUARTER: 5.0}
    assert here.sums("watched", UNDEFINED) == {QUARTER: 2.0}
    assert here.sums("earned", UNDEFINED) == {QUARTER: 3.0}


def test_a_source_keeps_its_name_when_its_campaign_is_deleted(here: Shop) -> None:
    arn = here.attribute(WATCHED)
    shown = here.recommended()
    here.program.personalize.delete_campaign(campaignArn=here.campaign)
    here.event(recommendationId=shown)
    here.post("metric-attributions/flush")
    assert here.figures(arn) == [("watched", "watch", 1.0, "samplecount", here.campaign, QUARTER)]


def test_events_that_repeat_each_other_count_each_time_and_need_no_item(here: Shop) -> None:
    here.attribute(WATCHED)
    for _ in range(3):
        here.event(eventId="one")
    here.program.events.put_events(
        trackingId=here.ground.tracking, sessionId="s", eventList=[{"eventType": "watch", "sentAt": NOW}]
    )
    here.post("metric-attributions/flush")
    assert here.sums("watched", UNDEFINED) == {QUARTER: 4.0}


def test_action_interactions_are_not_measured(here: Shop) -> None:
    arn = here.attribute({**WATCHED, "eventType": "Taken"})
    here.ground.action("Taken")
    here.ground.small.wait(900)
    assert here.figures(arn) == []
