"""Metric attributions and imports: the reports that jobs write, and what of them goes to CloudWatch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.wire.measured import DWELT, EARNED, HEADER, NOW, QUARTER, UNDEFINED, WATCHED, Shop, csv_of, shop
from tests.wire.program import ROLE

pytest.importorskip("moto", reason="the companion needs it")

REPORT = "METRIC_NAME,EVENT_TYPE,VALUE,MATH_FUNCTION,EVENT_ATTRIBUTION_SOURCE,TIMESTAMP\n"
FULL, INCREMENTAL = (f"AggregatedAttributionMetrics-{mode}-" for mode in ("FULL", "INCREMENTAL"))


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Shop]:
    with shop(tmp_path / "buckets") as made:
        yield made


def load(here: Shop, content: str, job: str, **more: Any) -> dict[str, Any]:
    dataset = here.ground.datasets["INTERACTIONS"]
    return here.program.load(dataset, content, job=job, publishAttributionMetricsToS3=True, **more)


def rows_of(here: Shop) -> str:
    """Rows of two windows from the earliest on, of three sources and one that nobody knows."""
    shown, start = here.recommended(), NOW - 3600
    return csv_of(
        ("u1", "i0", start, "watch", None, None, shown, None, 10),
        ("u1", "i1", start + 899, "Watch", None, None, shown, None, 20),
        ("u2", "i1", start + 900, "watch", None, None, shown, "mail, monthly", None),
        ("u3", "i2", start + 30, "buy", 9.5, None, None, "mail, monthly", 7),
        ("u3", "i1", start + 31, "buy", 9.5, None, None, "mail, monthly", None),
        ("u3", "unknown", start + 32, "buy", 9.5, None, None, None, None),
        ("u4", "i2", start + 1800, "watch", None, None, "RID-1-CID-0", None, 1),
        ("u5", "i2", start - 5000, "click", None, None, None, None, 1),
    )


def test_an_import_writes_a_report_of_its_rows(here: Shop) -> None:
    here.attribute(WATCHED, DWELT, EARNED)
    assert load(here, rows_of(here), "week")["status"] == "ACTIVE"
    start = NOW - 3600
    assert here.reports() == {
        f"{FULL}{NOW}.csv": REPORT
        + f"watched,watch,1.0,samplecount,{UNDEFINED},{start + 1800}\n"
        + f'watched,watch,1.0,samplecount,"mail, monthly",{start + 900}\n'
        + f"watched,watch,2.0,samplecount,{here.campaign},{start}\n"
        + f"dwelt,Watch,1.0,sum,{UNDEFINED},{start + 1800}\n"
        + f'dwelt,Watch,0.0,sum,"mail, monthly",{start + 900}\n'
        + f"dwelt,Watch,30.0,sum,{here.campaign},{start}\n"
        + f"earned,buy,0.0,sum,{UNDEFINED},{start}\n"
        + f'earned,buy,6.25,sum,"mail, monthly",{start}\n'
    }
    here.post("metric-attributions/flush")
    assert here.sums("watched", here.campaign) == {}


def test_an_increment_goes_to_cloudwatch_in_quarters_of_the_clock(here: Shop) -> None:
    here.attribute(WATCHED, EARNED, path=None)
    job = here.program.load(here.ground.datasets["INTERACTIONS"], rows_of(here), job="more", importMode="INCREMENTAL")
    assert job["status"] == "ACTIVE"
    here.ground.small.wait(900)
    start = QUARTER - 3600  # 100 seconds before the rows begin
    assert here.sums("watched", here.campaign) == {start: 1.0, start + 900: 1.0}
    assert here.sums("watched", "mail, monthly") == {start + 900: 1.0}
    assert here.sums("earned", "mail, monthly") == {start: 6.25}
    assert here.sums("earned", UNDEFINED) == {start: 0.0}
    assert here.reports() == {}


def test_each_import_has_a_report_of_its_own_and_old_rows_are_in_reports_alone(here: Shop) -> None:
    here.attribute(WATCHED)
    old = NOW - 15 * 86_400
    for name in ("one", "two"):
        row = ("u1", "i1", old, "watch", *[None] * 5)
        assert load(here, csv_of(row), name, importMode="INCREMENTAL")["status"] == "ACTIVE"
    load(here, csv_of(("u1", "i1", old, "click", *[None] * 5)), "three")
    line = f"watched,watch,1.0,samplecount,{UNDEFINED},{old}\n"
    assert here.reports() == {
        f"{INCREMENTAL}{NOW}.csv": REPORT + line,
        f"{INCREMENTAL}{NOW + 1}.csv": REPORT + line,
        f"{FULL}{NOW + 2}.csv": REPORT,
    }
    assert here.post("metric-attributions/flush") == {"published": 0, "waiting": 0}


def test_imports_without_a_wish_for_figures_are_not_measured(here: Shop) -> None:
    here.attribute(WATCHED)
    here.program.load(here.ground.datasets["INTERACTIONS"], rows_of(here), job="plain")
    assert here.reports() == {}
    assert here.post("metric-attributions/flush") == {"published": 0, "waiting": 0}


def test_sources_of_imports_count_towards_the_quota(tmp_path: Path) -> None:
    with shop(tmp_path / "buckets", quotas="on,attribution-sources=2") as here:
        arn = here.attribute(WATCHED)
        old = NOW - 20 * 86_400
        load(here, csv_of(("u", "i", old, "watch", *[None] * 3, "mail", None)), "first")
        rows = [("u", "i", NOW - 5, "watch", *[None] * 3, source, None) for source in ("page", "page", "mail", None)]
        load(here, csv_of(*rows, ("u", "i", NOW - 2000, "watch", *[None] * 3, "late", None)), "second")
        here.event(metricAttribution={"eventAttributionSource": "banner"})
        here.event(metricAttribution={"eventAttributionSource": "mail"})
        here.post("metric-attributions/flush")
        assert [row[4] for row in here.figures(arn)] == ["mail"]
        assert [[line.split(",")[4] for line in text.splitlines()[1:]] for text in here.reports().values()] == [
            ["mail"],
            [UNDEFINED, "mail", "page"],
        ]


def test_a_report_goes_to_the_path_that_is_in_force(here: Shop) -> None:
    arn = here.attribute(WATCHED, path="elsewhere")
    output = {"roleArn": ROLE, "s3DataDestination": {"path": f"s3://{here.bucket}/reports"}}
    here.program.personalize.update_metric_attribution(metricAttributionArn=arn, metricsOutputConfig=output)
    load(here, rows_of(here), "week")
    assert list(here.reports()) == [f"{FULL}{NOW}.csv"]


def test_a_report_that_cannot_be_written_fails_its_import(here: Shop) -> None:
    arn = here.attribute(WATCHED)
    output = {"roleArn": ROLE, "s3DataDestination": {"path": "s3://no-such-bucket-anywhere/reports"}}
    here.program.personalize.update_metric_attribution(metricAttributionArn=arn, metricsOutputConfig=output)
    job = load(here, rows_of(here), "week")
    assert job["status"] == "CREATE FAILED"
    assert job["failureReason"].endswith("fix bucket policy on no-such-bucket-anywhere.")


def test_figures_of_increments_count_once_beside_those_of_events(here: Shop) -> None:
    arn = here.attribute(WATCHED)
    here.event(at=NOW - 3600)
    row = ("u1", "i1", NOW - 3600, "watch", *[None] * 5)
    here.program.load(here.ground.datasets["INTERACTIONS"], csv_of(row, row), job="more", importMode="INCREMENTAL")
    here.post("metric-attributions/flush")
    assert here.figures(arn) == [("watched", "watch", 3.0, "samplecount", UNDEFINED, QUARTER - 3600)]
    assert here.sums("watched", UNDEFINED) == {QUARTER - 3600: 3.0}


def test_an_import_job_cannot_publish_through_an_attribution_that_is_not_active(tmp_path: Path) -> None:
    said = "publishAttributionMetricsToS3 requires a metric attribution that publishes to S3."
    with shop(tmp_path / "slow", status="instant,metric-attribution=timed:100") as here:
        here.attribute(WATCHED)
        with pytest.raises(here.program.personalize.exceptions.InvalidInputException, match=said):
            load(here, HEADER + "\n", "early")
        here.ground.small.wait(100)
        assert load(here, rows_of(here), "late")["status"] == "ACTIVE"
        assert list(here.reports()) == [f"{FULL}{NOW + 100}.csv"]


def test_an_import_without_event_attribution_columns_is_of_no_source(tmp_path: Path) -> None:
    with shop(tmp_path / "buckets") as here:
        program = here.program
        group = program.group("plain")
        dataset = program.dataset(group)
        program.personalize.create_metric_attribution(
            name="plain",
            datasetGroupArn=group,
            metrics=[WATCHED],
            metricsOutputConfig={"roleArn": ROLE, "s3DataDestination": {"path": f"s3://{here.bucket}/reports/"}},
        )
        content = f"USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE\nu,i,{NOW},watch,,\n"
        program.load(dataset, content, job="bare", publishAttributionMetricsToS3=True)
        assert list(here.reports().values()) == [REPORT + f"watched,watch,1.0,samplecount,{UNDEFINED},{NOW}\n"]
