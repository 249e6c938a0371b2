"""Metric attributions at their limits: too many sources, not ACTIVE yet, no CloudWatch, a CloudWatch that fails."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from personalize_local.testing import mock_personalize
from tests.conftest import Small, build_checked
from tests.wire.measured import NOW, QUARTER, UNDEFINED, WATCHED, shop
from tests.wire.program import INTERACTIONS, ROLE, Program
from tests.wire.test_hidden_items import Store


def named(source: str) -> dict[str, dict[str, str]]:
    return {"metricAttribution": {"eventAttributionSource": source}}


def test_sources_beyond_the_quota_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with shop(tmp_path / "buckets", companion=False, quotas="on,attribution-sources=2") as here:
        arn = here.attribute(WATCHED)
        for source in ("mail", "mail", "page", "banner"):
            here.event(**named(source))
        here.event()
        here.post("metric-attributions/flush")
        here.event(**named("banner"))
        here.event(**named("mail"))
        here.post("metric-attributions/flush")
        assert here.figures(arn) == [
            ("watched", "watch", 1.0, "samplecount", UNDEFINED, QUARTER),
            ("watched", "watch", 1.0, "samplecount", "page", QUARTER),
            ("watched", "watch", 3.0, "samplecount", "mail", QUARTER),
        ]
    assert f"{arn} has as many sources as there may be; further ones are not measured" in caplog.messages


def test_without_a_cloudwatch_figures_wait_and_the_log_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with shop(tmp_path / "buckets", companion=False) as here:
        arn = here.attribute(WATCHED)
        for number in range(2):
            here.event(at=NOW - 900 * number)
            assert here.post("metric-attributions/flush") == {"published": 0, "waiting": number + 1}
        assert [row[-1] for row in here.figures(arn)] == [QUARTER - 900, QUARTER]
    said = [message for message in caplog.messages if message.startswith("CloudWatch is not there")]
    assert len(said) == 1


def test_what_comes_before_an_attribution_is_active_is_not_measured(tmp_path: Path) -> None:
    with shop(tmp_path / "buckets", companion=False, status="instant,metric-attribution=timed:100") as here:
        arn = here.attribute(WATCHED)
        here.event()
        here.ground.small.wait(100)
        here.event(at=NOW - 900)
        here.ground.small.wait(900)
        assert here.figures(arn) == [("watched", "watch", 1.0, "samplecount", UNDEFINED, QUARTER - 900)]


def test_a_cloudwatch_that_fails_is_sent_the_figures_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("moto", reason="the companion needs it")

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with shop(tmp_path / "buckets") as here:
        here.attribute(WATCHED)
        here.event()
        with monkeypatch.context() as patch:
            patch.setattr("moto.cloudwatch.models.CloudWatchBackend.put_metric_data", broken)
            assert here.post("metric-attributions/flush") == {"published": 0, "waiting": 1}
        here.event()
        assert here.post("metric-attributions/flush") == {"published": 2, "waiting": 0}
        assert here.sums("watched", UNDEFINED) == {QUARTER: 2.0}


def test_a_cloudwatch_that_outlives_the_server_is_sent_nothing_twice(tmp_path: Path) -> None:
    pytest.importorskip("moto", reason="the companion needs it")
    data = tmp_path / "data"
    with shop(tmp_path / "buckets", data=data) as here:
        here.attribute(WATCHED)
        here.event()
        assert here.post("metric-attributions/flush") == {"published": 1, "waiting": 0}
        here.event()
    with BackgroundServer(Settings(port=0, executor="inline", clock=NOW + 900.0, data=data), build_checked) as server:
        assert server.emulator.run_due() is None
        assert server.emulator.run_due() is None
        program = Program(server.url, account=here.program.account)
        again = replace(here, ground=replace(here.ground, small=replace(here.ground.small, program=program)))
        assert again.sums("watched", UNDEFINED) == {QUARTER: 2.0}


def test_a_cloudwatch_that_has_begun_anew_is_sent_the_figures_of_every_group(tmp_path: Path) -> None:
    moto = pytest.importorskip("moto.cloudwatch.models", reason="the companion needs it")
    data = tmp_path / "data"
    with shop(tmp_path / "buckets", data=data) as here:
        here.attribute(WATCHED)
        here.event()
        other = here.program.group("other")
        here.program.dataset(other)
        here.program.personalize.create_metric_attribution(
            name="other", datasetGroupArn=other, metrics=[WATCHED], metricsOutputConfig={"roleArn": ROLE}
        )
        here.program.send(here.program.tracker(other), "s", "i", user="u")
        account = here.program.account
        assert here.post("metric-attributions/flush") == {"published": 2, "waiting": 0}
    moto.cloudwatch_backends[account]["us-east-1"].reset()
    with BackgroundServer(Settings(port=0, executor="inline", clock=NOW + 900.0, data=data), build_checked) as server:
        assert server.emulator.flush_attributions() == {"published": 2, "waiting": 0}
        assert server.emulator.flush_attributions() == {"published": 0, "waiting": 0}


def test_recommendations_of_recommenders_are_known_too(small: Callable[..., Small]) -> None:
    store = Store(small().program)
    recommender = store.recommender("aws-ecomm-popular-items-by-views")
    shown = store.program.runtime.get_recommendations(recommenderArn=recommender, userId="u1")["recommendationId"]
    answer = store.program.personalize.create_metric_attribution(
        name="impact",
        datasetGroupArn=store.group,
        metrics=[{**WATCHED, "eventType": "Purchase"}],
        metricsOutputConfig={"roleArn": ROLE},
    )
    store.program.events.put_events(
        trackingId=store.tracking,
        sessionId="s",
        userId="u1",
        eventList=[{"eventType": "Purchase", "sentAt": NOW, "itemId": "i1", "recommendationId": shown}],
    )
    request = urllib.request.Request(f"{store.program.url}/_personalize/metric-attributions/flush", method="POST")
    urllib.request.urlopen(request, timeout=30).close()
    with urllib.request.urlopen(f"{store.program.url}/_personalize/metric-attributions", timeout=30) as told:
        (found,) = json.load(told)["metricAttributions"]
    assert (found["arn"], found["sources"]) == (answer["metricAttributionArn"], [recommender])
    assert [figure["value"] for figure in found["figures"]] == [1.0]


def test_a_reset_forgets_what_was_measured(tmp_path: Path) -> None:
    with shop(tmp_path / "buckets", companion=False) as here:
        here.attribute(WATCHED)
        here.event()
        here.post("metric-attributions/flush")
        here.post("reset")
        assert here.post("metric-attributions/flush") == {"published": 0, "waiting": 0}
        with here.ground.small.server.emulator.database.read() as rows:
            assert rows.recommendation_sources(here.group) == {}


def test_the_mock_measures_when_it_is_told_to() -> None:
    with mock_personalize(clock=float(NOW)) as mock:
        control, events = (boto3.client(name) for name in ("personalize", "personalize-events"))
        group = control.create_dataset_group(name="shop")["datasetGroupArn"]
        schema = control.create_schema(name="clicks", schema=INTERACTIONS)["schemaArn"]
        control.create_dataset(name="d", schemaArn=schema, datasetGroupArn=group, datasetType="Interactions")
        tracking = control.create_event_tracker(name="t", datasetGroupArn=group)["trackingId"]
        control.create_metric_attribution(
            name="m",
            datasetGroupArn=group,
            metrics=[WATCHED],
            metricsOutputConfig={"roleArn": ROLE},
        )
        events.put_events(trackingId=tracking, sessionId="s", eventList=[{"eventType": "watch", "sentAt": NOW}])
        assert mock.emulator.flush_attributions() == {"published": 0, "waiting": 1}
        (told,) = mock.emulator.attribution_reports(10)
        assert [figure["value"] for figure in told["figures"]] == [1.0]


@pytest.mark.parametrize("limit", ["0", "x", "100001"])
def test_a_limit_that_cannot_be_is_refused(small: Callable[..., Small], limit: str) -> None:
    url = f"{small().server.url}/_personalize/metric-attributions?limit={limit}"
    with pytest.raises(urllib.error.HTTPError, match="400") as caught:
        urllib.request.urlopen(url, timeout=30)
    assert b"limit must be between 1 and 100000" in caught.value.read()
    caught.value.close()
