"""The file that tells figures: its name, its columns, its text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from personalize_local.attribution.figures import Figure
from personalize_local.provenance import Rule

COLUMNS = ("METRIC_NAME", "EVENT_TYPE", "VALUE", "MATH_FUNCTION", "EVENT_ATTRIBUTION_SOURCE", "TIMESTAMP")
_PAGE = "dg/metric-attribution-results.html"
RULES = (
    Rule(
        says=f"A report of figures is a CSV file with the columns {', '.join(COLUMNS)}, the newest window of a metric "
        "first; a window without events is left out.",
        known="documented",
        source=f"{_PAGE}; the windows left out are inferred",
    ),
    Rule(
        says="It is named AggregatedAttributionMetrics-FULL-SECONDS.csv or -INCREMENTAL-, with the epoch seconds in "
        "which its import job was made, or the next free ones, directly below the output path.",
        known="chosen",
        source=f"{_PAGE} has the three parts of the name",
    ),
    Rule(
        says="The windows of a report begin at its earliest interaction.",
        known="inferred",
        source=f"{_PAGE}: the times of the example are no whole quarters of an hour",
    ),
    Rule(says="MATH_FUNCTION is samplecount or sum.", known="documented", source=f"{_PAGE}; sum is inferred"),
)


def file_name(mode: str, stamp: int) -> str:
    """The name of a report of an import in ``mode``, FULL or INCREMENTAL."""
    return f"AggregatedAttributionMetrics-{mode}-{stamp}.csv"


def as_csv(figures: Iterable[Figure]) -> str:
    """The text of a report."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in figures:
        writer.writerow((one.metric, one.event_type, repr(float(one.value)), one.function, one.source, one.started))
    return text.getvalue()
