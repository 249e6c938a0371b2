"""How figures get to a CloudWatch that does not take every call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from personalize_local.emulator import Emulator, build
from personalize_local.settings import Settings
from personalize_local.store.attributions import KeptFigure, Progress
from personalize_local.store.cloudwatch import AT_ONCE, CloudWatch, CloudWatchError
from personalize_local.store.records import Record

OWNER = "arn:aws:personalize:us-east-1:123456789012:"
ATTRIBUTION, GROUP = f"{OWNER}metric-attribution/impact", f"{OWNER}dataset-group/shop"


class Busy(CloudWatch):
    """Takes all calls but those of given numbers, and keeps what it got."""

    def __init__(self, *refused: int) -> None:
        self.refused, self.calls, self.got = refused, 0, list[str]()

    def _call(self, name: str, **given: Any) -> Any:
        if name == "list_metrics":
            return {"Metrics": ["one"]}
        self.calls += 1
        if self.calls in self.refused:
            raise CloudWatchError("busy")
        assert len(given["MetricData"]) <= AT_ONCE
        self.got += [one["Dimensions"][1]["Value"] for one in given["MetricData"]]
        return {}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = build(Settings(executor="inline"))
    emulator.start()
    yield emulator
    emulator.close()


def keep(emulator: Emulator, count: int) -> list[str]:
    """Figures of an attribution that wait; their sources."""
    body = {"name": "impact", "datasetGroupArn": GROUP, "metrics": [], "metricsOutputConfig": {}}
    record = Record(
        arn=ATTRIBUTION,
        kind="metricAttribution",
        account="123456789012",
        region="us-east-1",
        parent=GROUP,
        created=1.0,
        body=body,
    )
    sources = [f"s{number:05}" for number in range(count)]
    with emulator.database.write() as rows:
        rows.insert(record)
        rows.save_attribution_progress(ATTRIBUTION, Progress(measured=0))
        rows.add_figures(
            KeptFigure(
                attribution=ATTRIBUTION,
                cause="events 1",
                metric="m",
                source=source,
                started=900,
                event_type="watch",
                function="samplecount",
                value=1.0,
            )
            for source in sources
        )
    return sources


def test_a_call_that_fails_leaves_nothing_to_be_sent_twice(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    cloudwatch = Busy(2, 4)
    monkeypatch.setattr(emulator, "cloudwatch_for", lambda *_: cloudwatch)
    sources = keep(emulator, 2 * AT_ONCE + 500)
    assert emulator.flush_attributions() == {"published": AT_ONCE, "waiting": AT_ONCE + 500}
    assert emulator.flush_attributions() == {"published": AT_ONCE, "waiting": 500}
    assert emulator.flush_attributions() == {"published": 500, "waiting": 0}
    assert sorted(cloudwatch.got) == sources
