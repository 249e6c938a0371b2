"""Counts and sums as plain functions: event by event, by columns, and both alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from personalize_local.attribution import Event, Sources, figures, metrics_of
from personalize_local.attribution.figures import UNDEFINED, Figure, in_order, window_of
from personalize_local.attribution.report import as_csv, file_name
from personalize_local.attribution.tables import Measured
from personalize_local.datasets.catalogue import Catalogue
from personalize_local.datasets.held import held, row_table
from personalize_local.datasets.schema import parse_schema
from personalize_local.ids import Ids, resource_tag, tag_in
from tests.events.ground import INTERACTIONS, ITEMS

HOME, SIDE = (f"arn:aws:personalize:us-east-1:123456789012:{tail}" for tail in ("campaign/home", "recommender/side"))
SOURCES = Sources({resource_tag(arn): arn for arn in (HOME, SIDE)})
IDS = {arn: Ids(1).recommendation_id(resource_tag(arn)) for arn in (HOME, SIDE)}
SCHEMA, OF_ITEMS = parse_schema(INTERACTIONS, None), parse_schema(ITEMS, None)
PRICES: dict[str, float | None] = {"i0": 1.5, "i1": 0.25, "i2": 4.0}
METRICS = metrics_of(
    [
        {"eventType": "Watch", "metricName": "watched", "expression": "samplecount()"},
        {"eventType": "watch", "metricName": "dwelt", "expression": "SUM(Interactions.dwell_time)"},
        {"eventType": "BUY", "metricName": "worth", "expression": " SUM( Items.PRICE ) "},
        {"eventType": "buy", "metricName": "value", "expression": "SUM(Interactions.EVENT_VALUE)"},
    ]
)


def price(item: str, column: str) -> float | None:
    assert column == "PRICE"
    return PRICES.get(item)


def test_a_recommendation_id_tells_what_gave_it() -> None:
    assert SOURCES.of(IDS[HOME], None) == HOME
    assert SOURCES.of(IDS[SIDE], None) == SIDE
    assert SOURCES.of(IDS[HOME], "mail") == "mail"
    assert SOURCES.of(None, None) == UNDEFINED
    assert Sources({}).of(IDS[HOME], None) == UNDEFINED


@pytest.mark.parametrize(
    "text", ["", "RID-1", "RID-1-CID-12345", "RID-1-CID-12345g", "x RID-1-CID-123456", "CID-123456"]
)
def test_what_is_no_recommendation_id_tells_nothing(text: str) -> None:
    assert tag_in(text) is None
    assert SOURCES.of(text, None) == UNDEFINED


@pytest.mark.parametrize(
    ("moment", "origin", "window"),
    [(0, 0, 0), (899.9, 0, 0), (900, 0, 900), (905, 10, 10), (910, 10, 910), (5, 10, -890)],
)
def test_windows_are_quarters_of_an_hour_from_an_origin(moment: float, origin: int, window: int) -> None:
    assert window_of(moment, origin) == window


def test_figures_by_hand() -> None:
    def event(kind: str, at: float, item: str | None = "i0", **more: Any) -> Event:
        return Event(event_type=kind, timestamp=at, item_id=item, **more)

    found = figures(
        [
            event("WATCH", 1000.5, recommendation_id=IDS[HOME], columns={"dwelltime": 3.0}),
            event("watch", 1799, recommendation_id=IDS[HOME], columns={"dwelltime": None}),
            event("watch", 1800, recommendation_id=IDS[HOME], source_name="mail"),
            event("buy", 950, "i2", columns={"eventvalue": 7.5}),
            event("buy", 951, "i1", columns={"eventvalue": -2.0}),
            event("buy", 952, None),
            event("buy", 953, "nowhere"),
            event("click", 954),
        ],
        METRICS,
        SOURCES.of_event,
        price,
    )
    assert [(one.metric, one.source, one.started, one.value) for one in in_order(found, METRICS)] == [
        ("watched", "mail", 1800, 1.0),
        ("watched", HOME, 900, 2.0),
        ("dwelt", "mail", 1800, 0.0),
        ("dwelt", HOME, 900, 3.0),
        ("worth", UNDEFINED, 900, 4.25),
        ("value", UNDEFINED, 900, 5.5),
    ]
    assert {one.metric: one.function for one in found} == {
        "watched": "samplecount",
        "dwelt": "sum",
        "worth": "sum",
        "value": "sum",
    }


def some_rows(seed: int, count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)

    def one_of(*values: Any) -> Any:
        return values[rng.integers(len(values))]

    return [
        {
            "USER_ID": "u",
            "ITEM_ID": one_of("i0", "i1", "i2", "i9"),
            "TIMESTAMP": int(rng.integers(10_000, 14_000)),
            "EVENT_TYPE": one_of("watch", "Watch", "buy", "click"),
            "EVENT_VALUE": one_of(None, 0.5, 2.0),
            "RECOMMENDATION_ID": one_of(None, IDS[HOME], IDS[SIDE], "RID-none"),
            "EVENT_ATTRIBUTION_SOURCE": one_of(None, None, "mail", "page"),
            "DWELL_TIME": one_of(None, 1, 30),
        }
        for _ in range(count)
    ]


@pytest.mark.parametrize("count", [0, 1, 300])
def test_a_table_has_the_figures_of_its_rows(count: int) -> None:
    rows = some_rows(count, count)
    items = [{"ITEM_ID": item, "PRICE": value, "CREATION_TIMESTAMP": 1} for item, value in PRICES.items()]
    catalogue = Catalogue(held(OF_ITEMS, (), [(n, str(row["ITEM_ID"]), row) for n, row in enumerate(items)]))
    measured = Measured(row_table(SCHEMA, rows), SCHEMA, SOURCES, catalogue)
    events = [
        Event(
            event_type=row["EVENT_TYPE"],
            timestamp=row["TIMESTAMP"],
            item_id=row["ITEM_ID"],
            recommendation_id=row["RECOMMENDATION_ID"],
            source_name=row["EVENT_ATTRIBUTION_SOURCE"],
            columns={"eventvalue": row["EVENT_VALUE"], "dwelltime": row["DWELL_TIME"]},
        )
        for row in rows
    ]
    expected = in_order(figures(events, METRICS, SOURCES.of_event, price), METRICS)
    assert measured.figures(METRICS, aligned=True) == expected
    between = [event for event in events if 11_000 < event.timestamp < 12_000]
    assert measured.figures(METRICS, after=11_000, before=12_000, aligned=True) == in_order(
        figures(between, METRICS, SOURCES.of_event, price), METRICS
    )


def test_sums_over_items_that_nothing_is_known_of_are_nothing() -> None:
    rows = [{"USER_ID": "u", "ITEM_ID": "i0", "TIMESTAMP": 5, "EVENT_TYPE": "buy"}]
    found = Measured(row_table(SCHEMA, rows), SCHEMA, SOURCES, None).figures(METRICS, aligned=False)
    assert [(one.metric, one.value, one.started) for one in found] == [("worth", 0.0, 5), ("value", 0.0, 5)]


def test_a_report_is_a_csv_file() -> None:
    figure = Figure(metric='a "b", c', event_type="watch", function="sum", source=UNDEFINED, started=900, value=0.1)
    assert as_csv([figure]).splitlines() == [
        "METRIC_NAME,EVENT_TYPE,VALUE,MATH_FUNCTION,EVENT_ATTRIBUTION_SOURCE,TIMESTAMP",
        f'"a ""b"", c",watch,0.1,sum,{UNDEFINED},900',
    ]
    assert file_name("FULL", 17) == "AggregatedAttributionMetrics-FULL-17.csv"
