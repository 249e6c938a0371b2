"""The figures of an import: the report that its job writes, and what of it goes to CloudWatch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personalize_local.attribution.figures import UNDEFINED, Figure, metrics_of
from personalize_local.attribution.report import as_csv, file_name
from personalize_local.attribution.sources import Sources
from personalize_local.datasets.schema import Schema
from personalize_local.jobs.exporting import INVALID_OUTPUT
from personalize_local.jobs.holdings import open_held
from personalize_local.jobs.importing import NO_PRIVILEGES
from personalize_local.jobs.workplace import JobFailure, Workplace
from personalize_local.provenance import Rule
from personalize_local.store.attributions import KeptFigure, Progress
from personalize_local.store.database import reading
from personalize_local.store.objects import AccessDenied, NoSuchBucket, ObjectError, parse_location
from personalize_local.store.records import Job
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from personalize_local.datasets.catalogue import Catalogue

OLDEST = 14 * 86_400.0
"""Seconds of age from which on records are too old for CloudWatch."""
NEWEST = 7_200.0
"""Seconds that a record may be ahead of the clock for CloudWatch."""
RULES = (
    Rule(
        says="The figures of INCREMENTAL imports go to CloudWatch, those of FULL ones do not; with "
        "publishAttributionMetricsToS3 an import of either mode writes a report, where the attribution has an output "
        "path.",
        known="documented",
        source="dg/metric-attribution-results.html",
    ),
    Rule(
        says="Figures of imports are made by the metrics that were there when the job was made, and by what items "
        "held then.",
        known="chosen",
    ),
    Rule(
        says="An import whose report cannot be written fails, with the sentences of exports.",
        known="chosen",
    ),
    Rule(
        says="Records that are 14 days old are not in CloudWatch, nor are those more than two hours ahead.",
        known="documented",
        source="dg/metric-attribution-requirements.html; of those ahead CloudWatch's PutMetricData",
    ),
    Rule(
        says="Events of further sources are left out of all figures when an attribution has had as many as the quota "
        f"attribution-sources allows; {UNDEFINED} is none of them.",
        known="chosen",
        source="dg/event-metrics.html: at most 100 can be imported; what becomes of others is not published",
    ),
)

_FILE = "figures.json"
"""In the folder of the segment, which goes when the segment does."""


def measure(payload: Mapping[str, Any], workplace: Workplace, schema: Schema, segment: Path) -> None:
    """Write the report of an import and what is to go to CloudWatch, from its segment. Raises JobFailure."""
    from personalize_local.attribution.tables import Measured
    from personalize_local.datasets.segments import open_segment

    given, metrics = payload["attribution"], metrics_of(payload["attribution"]["metrics"])
    with reading(workplace.database) as rows:
        progress = rows.attribution_progress(given["arn"]) or Progress(measured=0)
        known = Sources(rows.recommendation_sources(given["group"]))
        items = _items(rows, workplace, given["items"])
    measured = Measured(open_segment(segment).table, schema, known, items)
    counted: list[Figure] = []
    if given["output"] is not None:
        counted = measured.figures(metrics, aligned=False)
        allowed = with_sources(progress, (one.source for one in counted), given["most"])
        _write(workplace, given, payload["mode"], allowed_of(counted, allowed))
    figures: list[Figure] = []
    if payload["mode"] == "INCREMENTAL":
        now = given["now"]
        figures = measured.figures(metrics, after=now - OLDEST, before=now + NEWEST, aligned=True)
    sources = dict.fromkeys(one.source for one in (*counted, *figures))
    facts = {"sources": list(sources), "figures": [asdict(one) for one in figures]}
    (segment / _FILE).write_text(json.dumps(facts), encoding="utf-8")


def _items(rows: Rows, workplace: Workplace, known: Mapping[str, Any] | None) -> Catalogue | None:
    if known is None:
        return None
    from personalize_local.datasets.catalogue import Catalogue

    return Catalogue(open_held(rows, workplace, known))


def _write(workplace: Workplace, given: Mapping[str, Any], mode: str, figures: Iterable[Figure]) -> None:
    location = parse_location(given["output"])
    folder = location.key.removesuffix("/")
    name = file_name(mode, given["stamp"])
    try:
        workplace.objects().put(location.bucket, f"{folder}/{name}" if folder else name, as_csv(figures).encode())
    except (NoSuchBucket, AccessDenied):
        raise JobFailure(NO_PRIVILEGES(bucket=location.bucket)) from None
    except ObjectError as error:
        raise JobFailure(INVALID_OUTPUT(), {"problem": str(error)}) from None


def complete(rows: Rows, job: Job, workplace: Workplace) -> None:
    """Keep the sources and figures of an import, in the transaction that ends its job."""
    given = job.payload.get("attribution")
    own = rows.get(job.arn)
    if given is None or own is None:
        return
    attribution, progress = rows.get(given["arn"]), rows.attribution_progress(given["arn"])
    if attribution is None or progress is None or attribution.sequence != given["sequence"]:
        return  # it was deleted meanwhile
    text = (workplace.datasets / job.payload["folder"] / _FILE).read_text(encoding="utf-8")
    facts = json.loads(text)
    progress = with_sources(progress, facts["sources"], given["most"])
    figures = allowed_of((Figure(**one) for one in facts["figures"]), progress)
    rows.add_figures(kept(figures, given["arn"], f"{job.arn} {own.sequence}"))
    rows.save_attribution_progress(given["arn"], progress)


def with_sources(progress: Progress, names: Iterable[str], most: int) -> Progress:
    """``progress`` with further sources, as far as there may be so many."""
    known = dict.fromkeys(progress.sources)
    for name in names:
        if name != UNDEFINED and len(known) < most:
            known[name] = None
    return replace(progress, sources=tuple(known))


def allowed_of(figures: Iterable[Figure], progress: Progress) -> list[Figure]:
    """The figures of the sources that an attribution has, and of events without one."""
    allowed = {*progress.sources, UNDEFINED}
    return [one for one in figures if one.source in allowed]


def kept(figures: Iterable[Figure], attribution: str, cause: str) -> list[KeptFigure]:
    """Figures as the store keeps them."""
    return [
        KeptFigure(
            attribution=attribution,
            cause=cause,
            metric=one.metric,
            source=one.source,
            started=one.started,
            event_type=one.event_type,
            function=one.function,
            value=one.value,
        )
        for one in figures
    ]
