"""Metric attributions: which figures of a group's events are reported, and where to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from botocore_shapes.paginate import paginate
from personalize_local.attribution.expressions import check_expression, datasets_of
from personalize_local.context import Context
from personalize_local.errors import ALREADY_EXISTS
from personalize_local.jobs.holdings import reference
from personalize_local.provenance import Refusal, Rule, invalid
from personalize_local.resources import dataset_group
from personalize_local.resources.changes import check_resting, insert
from personalize_local.resources.dataset import live_datasets, schema_of
from personalize_local.resources.kind import Kind, Lifecycle
from personalize_local.resources.lookup import live_children, require, require_active
from personalize_local.resources.pages import PAGE, own_tokens
from personalize_local.resources.quotas import ATTRIBUTION_SOURCES, METRICS
from personalize_local.resources.status import is_live, status_of
from personalize_local.resources.storage_rules import OUTPUT, location_at
from personalize_local.store.attributions import Progress
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

_PAGE = "dg/metric-attribution-requirements.html"
_UPDATE = "dg/API_UpdateMetricAttribution.html"

NO_METRICS = invalid("A metric attribution requires at least one metric.", "chosen")
NO_EVENT_TYPES = invalid(
    "A metric attribution requires an INTERACTIONS dataset with EVENT_TYPE in its schema.", "documented", _PAGE
)
METRIC_TWICE = invalid("Metric {name} is given twice.", "inferred")
METRIC_EXISTS = Refusal(
    "ResourceAlreadyExistsException",
    "Metric {name} already exists in {arn}.",
    rule="inferred",
    source="service model of UpdateMetricAttribution",
)
NO_ITEMS = invalid(
    "Expression {expression} requires that items are imported first.",
    "documented",
    "dg/creating-metric-attribution.html",
)
NO_SUCH_METRIC = invalid("Metric {name} does not exist in {arn}.", "inferred")
TOO_MANY_METRICS = invalid("A metric attribution can have at most {most} metrics.", "documented", "dg/limits.html")
NO_ARN = invalid("metricAttributionArn is required.", "inferred", "service model: no member is required")
NO_CHANGE = invalid("UpdateMetricAttribution requires at least one change.", "chosen")
RULES = (
    Rule(
        says="A second metric attribution in a dataset group is refused with ResourceAlreadyExistsException.",
        known="chosen",
        source="dg/limits.html says one per group",
    ),
    Rule(says="An update of a metric attribution is done at once and shows no status of its own.", known="chosen"),
    Rule(
        says="Sums over items require that the Items dataset holds items, imported or put.",
        known="documented",
        source="dg/creating-metric-attribution.html; of items that were put inferred",
    ),
    Rule(
        says="An attribution that is deleted takes with it what has not been published.",
        known="chosen",
        source="dg/deleting-metric-attribution.html",
    ),
)


def _end(_: Context, rows: Rows, record: Record) -> None:
    rows.end_attribution(record.arn)


KIND = Kind(
    name="metricAttribution",
    arn_type="metric-attribution",
    lifecycle=Lifecycle(create=60),
    parent_member="datasetGroupArn",
    removed=_end,
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateMetricAttribution: one a dataset group."""
    arn = context.arn(f"metric-attribution/{params['name']}")
    with context.emulator.database.write() as rows:
        group = require_active(context, rows, dataset_group.KIND, params["datasetGroupArn"])
        for present in live_children(context, rows, KIND, group.arn):
            raise ALREADY_EXISTS(arn=present.arn)
        if not params["metrics"]:
            raise NO_METRICS()
        _check_metrics(context, rows, group.arn, params["metrics"])
        body = {name: params[name] for name in ("name", "datasetGroupArn", "metrics", "metricsOutputConfig")}
        _check_output(params["metricsOutputConfig"])
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=group.arn)
        # What came before is not reported (documented).
        rows.save_attribution_progress(arn, Progress(measured=rows.newest_event()))
    return {"metricAttributionArn": arn}


def _check_metrics(context: Context, rows: Rows, group: str, metrics: Sequence[Mapping[str, str]]) -> None:
    datasets = live_datasets(context, rows, group)
    schemas = {name: schema_of(rows, dataset.body["schemaArn"]) for name, dataset in datasets.items()}
    interactions = schemas.get("INTERACTIONS")
    if interactions is None or interactions.field("EVENT_TYPE") is None:
        raise NO_EVENT_TYPES()
    names: set[str] = set()
    for metric in metrics:
        if metric["metricName"] in names:
            raise METRIC_TWICE(name=metric["metricName"])
        names.add(metric["metricName"])
        check_expression(metric["expression"], schemas)
        if "ITEMS" in datasets_of([metric]) and not _holds_rows(rows, datasets["ITEMS"]):
            raise NO_ITEMS(expression=metric["expression"])
    most = context.emulator.quotas.of(METRICS)
    if len(metrics) > most:
        raise TOO_MANY_METRICS(most=most)


def _holds_rows(rows: Rows, dataset: Record) -> bool:
    return bool(dataset.state.get("segments")) or rows.last_row(dataset.arn) > 0


def _check_output(config: Mapping[str, Any]) -> None:
    if "s3DataDestination" in config:
        location_at(config["s3DataDestination"]["path"], OUTPUT)


def update(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """UpdateMetricAttribution: metrics that come and go, and where reports go to."""
    if "metricAttributionArn" not in params:
        raise NO_ARN()
    added, removed = params.get("addMetrics", ()), params.get("removeMetrics", ())
    if not added and not removed and "metricsOutputConfig" not in params:
        raise NO_CHANGE()
    # What has come so far counts by the metrics so far.
    context.emulator.measuring.measure(context, params["metricAttributionArn"])
    with context.emulator.database.write() as rows:
        record = require(context, rows, KIND, params["metricAttributionArn"])
        check_resting(context, KIND, record)
        current = status_of(context, KIND, record).body
        metrics = {metric["metricName"]: metric for metric in current["metrics"]}
        for name in removed:
            if metrics.pop(name, None) is None:
                raise NO_SUCH_METRIC(name=name, arn=record.arn)
        for metric in added:
            if metric["metricName"] in metrics:
                raise METRIC_EXISTS(name=metric["metricName"], arn=record.arn)
        changed = [*metrics.values(), *added]
        if not changed:
            raise NO_METRICS()
        _check_metrics(context, rows, current["datasetGroupArn"], changed)
        output = params.get("metricsOutputConfig", current["metricsOutputConfig"])
        _check_output(output)
        body = {**current, "metrics": changed, "metricsOutputConfig": output}
        rows.save(replace(record, body=body, state={**record.state, "changed": context.now}))
    return {"metricAttributionArn": record.arn}


def list_metrics(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """ListMetricAttributionMetrics: those of one metric attribution, or of all, in the order they were given."""
    arn = params.get("metricAttributionArn")
    with context.emulator.database.read() as rows:
        found = rows.all(context.account, context.region, KIND.name)
    metrics = [
        metric
        for attribution in found
        if arn in (None, attribution.arn) and is_live(context, KIND, attribution)
        for metric in attribution.body["metrics"]
    ]
    with own_tokens():
        page, token = paginate(
            metrics,
            token=params.get("nextToken"),
            limit=params.get("maxResults", PAGE),
            binding=("ListMetricAttributionMetrics", context.account, context.region, arn or ""),
        )
    return {"metrics": page, "nextToken": token}


def publishes_to_s3(context: Context, rows: Rows, group: str) -> bool:
    """Whether a dataset group has an ACTIVE metric attribution that writes reports to S3."""
    active = active_in(context, rows, group)
    return active is not None and "s3DataDestination" in active.body["metricsOutputConfig"]


def active_in(context: Context, rows: Rows, group: str) -> Record | None:
    """The metric attribution of a dataset group, with the body in force; None where there is none that is ACTIVE."""
    for record in live_children(context, rows, KIND, group):
        status = status_of(context, KIND, record)
        if status.is_active:
            return replace(record, body=status.body)
    return None


def for_import(context: Context, rows: Rows, group: str, *, publishes: bool) -> dict[str, Any] | None:
    """What an import into a group is told of the metrics; None where none is measured.

    ``stamp`` is the time in the name of its report, if it ``publishes`` one: no other report has it.
    """
    active = active_in(context, rows, group)
    if active is None:
        return None
    items = live_datasets(context, rows, group).get("ITEMS")
    reads_items = items is not None and "ITEMS" in datasets_of(active.body["metrics"])
    stamp = max(int(context.now), active.state.get("reported", 0) + 1)
    output = active.body["metricsOutputConfig"].get("s3DataDestination") if publishes else None
    if output is not None:
        stored = rows.get(active.arn) or active
        rows.save(replace(stored, state={**stored.state, "reported": stamp}))
    return {
        "arn": active.arn,
        "sequence": active.sequence,
        "group": group,
        "metrics": active.body["metrics"],
        "output": None if output is None else output["path"],
        "stamp": stamp,
        "items": reference(rows, items) if reads_items and items is not None else None,
        "most": context.emulator.quotas.of(ATTRIBUTION_SOURCES),
        "now": context.now,
    }


HANDLERS = {
    "CreateMetricAttribution": create,
    "UpdateMetricAttribution": update,
    "ListMetricAttributionMetrics": list_metrics,
}
