"""What groups, datasets, jobs over data and metric attributions may not be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.wire.program import ROLE

from .asking import TAKEN, taken
from .cases import Params, case
from .world import World

_METRIC = {"eventType": "watch", "metricName": "more", "expression": "SAMPLECOUNT()"}
_MALFORMED = "Expression {} is not valid. Use SAMPLECOUNT(), SUM(Items.COLUMN) or SUM(Interactions.COLUMN)."
_OTHER_DOMAIN = "The domain of the schema does not match the domain of the dataset group."
_NOT_READABLE = (
    "Insufficient privileges for accessing data in S3. Please look at https://docs.aws.amazon.com/personalize/latest/dg/"
    "granting-personalize-s3-access.html#attach-bucket-policy and fix bucket policy on nowhere."
)


def _dataset(group: str, kind: str, schema: str) -> Callable[[World], Params]:
    return lambda world: {
        "name": "refused",
        "datasetGroupArn": world.groups[group],
        "datasetType": kind,
        "schemaArn": world.arn(f"schema/{schema}"),
    }


def _import(content: str | bytes | None = None, key: str = "users.csv", **given: Any) -> Callable[[World], Params]:
    """The import of users, from no bucket where there is no ``content``."""

    def params(world: World) -> Params:
        place = "s3://nowhere/users.csv" if content is None else world.program.put(f"refused/{key}", content)
        base = {
            "jobName": "refused",
            "datasetArn": world.arn("dataset/full/USERS"),
            "dataSource": {"dataLocation": place},
            "roleArn": ROLE,
        }
        return {name: value for name, value in {**base, **given}.items() if value is not None}

    return params


def _place(tail: str) -> Callable[[World], Params]:
    def params(world: World) -> Params:
        world.program.put("other/users.csv", "USER_ID,AGE\n")
        return _import(dataSource={"dataLocation": f"s3://{world.program.bucket}/{tail}"})(world)

    return params


def _export(path: str, dataset: str = "full/ITEMS") -> Callable[[World], Params]:
    return lambda world: {
        "jobName": "refused",
        "datasetArn": world.arn(f"dataset/{dataset}"),
        "roleArn": ROLE,
        "jobOutput": {"s3DataDestination": {"path": path}},
    }


def _deletion(source: Params) -> Callable[[World], Params]:
    return lambda world: {
        "jobName": "refused", "datasetGroupArn": world.group, "roleArn": ROLE, "dataSource": source,
    }  # fmt: skip


DATASETS = (
    *(
        case(f"a role without a key, {domain}", "CreateDatasetGroup",
             lambda _, domain=domain: {"name": "x", "roleArn": ROLE, **domain},
             "roleArn can only be specified together with kmsKeyArn.")
        for domain in ({}, {"domain": "ECOMMERCE"})
    ),
    case("a name and a domain that the model does not know", "CreateDatasetGroup",
         lambda _: {"name": "a b", "domain": "BOOKS"},
         "2 validation errors detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy "
         "regular expression pattern: ^[a-zA-Z0-9][a-zA-Z0-9\\-_]*; Value 'BOOKS' at 'domain' failed to satisfy "
         "constraint: Member must satisfy enum value set: [ECOMMERCE, VIDEO_ON_DEMAND]",
         "ValidationException"),
    case("a group's name twice", "CreateDatasetGroup", lambda _: {"name": "full", "domain": "ECOMMERCE"},
         lambda world: taken(world.group)[2], TAKEN),
    *(
        case(f"a dataset of type {kind}", "CreateDataset", _dataset("bare", kind, "full-ITEMS"),
             f"Dataset type {kind} is not supported.")
        for kind in ("FRIENDS", "Item", "Event_Interactions")
    ),
    *(
        case(f"a schema of {schema} for {kind}", "CreateDataset", _dataset("bare", kind, f"full-{schema}"),
             f"The schema is for {schema} and does not match dataset type {kind}.")
        for schema, kind in (
            ("ITEMS", "USERS"), ("USERS", "INTERACTIONS"), ("INTERACTIONS", "ACTION_INTERACTIONS"),
            ("ITEMS", "ACTIONS"),
        )
    ),
    *(
        case(f"the schema {schema} in {group}", "CreateDataset", _dataset(group, kind, schema), _OTHER_DOMAIN)
        for group, kind, schema in (
            ("shop", "ITEMS", "full-ITEMS"), ("video", "USERS", "full-USERS"), ("bare", "INTERACTIONS", "shop"),
            ("empty shop", "INTERACTIONS", "video"), ("empty shop", "INTERACTIONS", "full-INTERACTIONS"),
        )
    ),
    *(
        case(f"{kind} in {group}", "CreateDataset", _dataset(group, kind, "acts-ACTIONS"),
             f"A dataset of type {kind.upper()} is not supported in a domain dataset group.")
        for group in ("shop", "video")
        for kind in ("ACTIONS", "Action_Interactions")
    ),
    *(
        case(f"a dataset of type {kind} twice", "CreateDataset", _dataset("full", kind, f"full-{kind.upper()}"),
             lambda world, kind=kind: taken(world.arn(f"dataset/full/{kind.upper()}"))[2], TAKEN)
        for kind in ("items", "Users", "INTERACTIONS")
    ),
    case("a schema's name twice", "CreateSchema", lambda world: {
             "name": "shop", "schema": world.ask("DescribeSchema", schemaArn=world.arn("schema/full-ITEMS"))["schema"][
                 "schema"]},
         lambda world: taken(world.arn("schema/shop"))[2], TAKEN),
    case("a second tracker in a group", "CreateEventTracker",
         lambda world: {"name": "another", "datasetGroupArn": world.groups["plain"]},
         lambda world: taken(_tracker(world))[2], TAKEN),
)  # fmt: skip


def _tracker(world: World) -> str:
    listed = world.ask("ListEventTrackers", datasetGroupArn=world.groups["plain"])["eventTrackers"]
    return str(listed[0]["eventTrackerArn"])


JOBS = (
    case("an import without a role", "CreateDatasetImportJob", _import(roleArn=None), "roleArn is required."),
    case("an increment before all", "CreateDatasetImportJob", _import(importMode="INCREMENTAL"),
         "importMode INCREMENTAL requires an earlier bulk import. Use FULL."),
    case("figures of users", "CreateDatasetImportJob", _import(publishAttributionMetricsToS3=True),
         "publishAttributionMetricsToS3 is for datasets of type INTERACTIONS, not USERS."),
    case("figures that nobody publishes", "CreateDatasetImportJob",
         lambda world: {
             **_import(publishAttributionMetricsToS3=True)(world), "datasetArn": world.arn("dataset/full/INTERACTIONS")
         },
         "publishAttributionMetricsToS3 requires a metric attribution that publishes to S3."),
    case("an import from no bucket", "CreateDatasetImportJob", _import(), _NOT_READABLE),
    *(
        case(f"an import from {place}", "CreateDatasetImportJob", _import(dataSource={"dataLocation": place}),
             "Invalid Data location.")
        for place in ("http://nowhere/users.csv", "s3:///users.csv")
    ),
    case("an import from nowhere", "CreateDatasetImportJob", _import(dataSource={}), "Invalid Data location."),
    *(
        case(f"an import from {tail}", "CreateDatasetImportJob", _place(tail), "Invalid Data location.")
        for tail in ("other/none.csv", "empty/", "other/users.csv/")
    ),
    *(
        case(f"a header {said}", "CreateDatasetImportJob", _import(content, f"{number}.csv"), text)
        for number, (said, content, text) in enumerate((
            ("without a column", "USER_ID\nu1\n", "Input CSV is missing the following columns:[AGE]."),
            ("without any", "NAME,SIZE\n", "Input CSV is missing the following columns:[USER_ID, AGE]."),
            ("with a column twice", "USER_ID,AGE,AGE\n", "Input csv has more than one column AGE."),
            ("that is compressed", b"\x1f\x8b\x08\x00\x00",
             "Input csv is compressed with gzip. Compressed files are not supported."),
            ("that is no text", b"USER_ID,AGE\xff\xfe\n", "Input csv is not encoded in UTF-8."),
        ))
    ),
    *(
        case(f"an export to {path}", "CreateDatasetExportJob", _export(path), "Invalid S3 output path")
        for path in ("https://bucket/x", "s3:///x")
    ),
    case("an export of actions", "CreateDatasetExportJob", _export("s3://bucket/x/", "acts/ACTIONS"),
         "A dataset of type ACTIONS cannot be exported."),
    *(
        case(f"a deletion from {source}", "CreateDataDeletionJob", _deletion(source), "Invalid Data location.")
        for source in ({"dataLocation": "http://bucket/users.csv"}, {"dataLocation": "s3:///users.csv"}, {})
    ),
)  # fmt: skip


def _attribution(*metrics: dict[str, str], group: str = "shop") -> Callable[[World], Params]:
    return lambda world: {
        "name": "refused",
        "datasetGroupArn": world.groups[group],
        "metrics": list(metrics),
        "metricsOutputConfig": {"roleArn": ROLE},
    }


def _updated(**given: Any) -> Callable[[World], Params]:
    return lambda world: {"metricAttributionArn": world.attribution, **given}


ATTRIBUTIONS = (
    case("a second one in a group", "CreateMetricAttribution", _attribution(_METRIC, group="full"),
         lambda world: taken(world.attribution)[2], TAKEN),
    case("a name twice", "CreateMetricAttribution",
         lambda world: {**_attribution(_METRIC)(world), "name": "figures"},
         lambda world: taken(world.attribution)[2], TAKEN),
    case("no metrics", "CreateMetricAttribution", _attribution(),
         "A metric attribution requires at least one metric."),
    *(
        case(f"no event types in {group}", "CreateMetricAttribution", _attribution(_METRIC, group=group),
             "A metric attribution requires an INTERACTIONS dataset with EVENT_TYPE in its schema.")
        for group in ("bare", "texts", "plain")
    ),
    *(
        case(f"reports at {place}", "CreateMetricAttribution",
             lambda world, place=place: {
                 **_attribution(_METRIC)(world),
                 "metricsOutputConfig": {"roleArn": ROLE, "s3DataDestination": {"path": place}},
             },
             "Invalid S3 output path")
        for place in ("http://nowhere/", "s3:///reports")
    ),
    case("reports moved to nowhere", "UpdateMetricAttribution",
         _updated(metricsOutputConfig={"roleArn": ROLE, "s3DataDestination": {"path": "https://bucket/reports/"}}),
         "Invalid S3 output path"),
    case("a metric twice", "CreateMetricAttribution", _attribution(_METRIC, _METRIC), "Metric more is given twice."),
    case("two metrics added under a name", "UpdateMetricAttribution", _updated(addMetrics=[_METRIC] * 2),
         "Metric more is given twice."),
    *(
        case(f"the expression {text!r}", "CreateMetricAttribution", _attribution({**_METRIC, "expression": text}),
             _MALFORMED.format(text))
        for text in (
            *("COUNT()", "SUM()", "SUM(Users.AGE)", "SAMPLECOUNT(Items.PRICE)", "SUM(Items.PRICE) + 1", "SUM(PRICE)"),
            *("SUM(Items.PRICE", "SUM(Items.PRICE, Items.STOCK)", "SUM(Items.)", "AVG(Items.PRICE)", "", "SAMPLECOUNT"),
        )
    ),
    case("a sum over no dataset", "CreateMetricAttribution",
         _attribution({**_METRIC, "expression": "SUM(Items.PRICE)"}),
         "Expression SUM(Items.PRICE) names no numeric column of the ITEMS dataset."),
    *(
        case(f"the sum {text}", "UpdateMetricAttribution",
             _updated(addMetrics=[{**_METRIC, "expression": text}]),
             f"Expression {text} names no numeric column of the {kind} dataset.")
        for text, kind in (
            ("SUM(Items.GENRE)", "ITEMS"), ("SUM(Items.PLOT)", "ITEMS"), ("SUM(Items.SOLD)", "ITEMS"),
            ("SUM(Items.NONE)", "ITEMS"), ("SUM(Interactions.DEVICE)", "INTERACTIONS"),
            ("SUM(interactions.NONE)", "INTERACTIONS"),
        )
    ),
    case("an update of nothing", "UpdateMetricAttribution", _updated(),
         "UpdateMetricAttribution requires at least one change."),
    case("an update by empty lists", "UpdateMetricAttribution", _updated(addMetrics=[], removeMetrics=[]),
         "UpdateMetricAttribution requires at least one change."),
    case("an update of no one", "UpdateMetricAttribution", lambda _: {"addMetrics": [_METRIC]},
         "metricAttributionArn is required."),
    case("a metric that is there", "UpdateMetricAttribution", _updated(addMetrics=[{**_METRIC, "metricName": "taken"}]),
         lambda world: f"Metric taken already exists in {world.attribution}.", TAKEN),
    *(
        case(f"{names} taken away", "UpdateMetricAttribution", _updated(removeMetrics=names, addMetrics=[_METRIC]),
             lambda world, missed=missed: f"Metric {missed} does not exist in {world.attribution}.")
        for names, missed in ((["none"], "none"), (["taken", "taken"], "taken"), (["taken", "Taken"], "Taken"))
    ),
    case("the last metric taken away", "UpdateMetricAttribution", _updated(removeMetrics=["taken"]),
         "A metric attribution requires at least one metric."),
    case("eleven metrics", "UpdateMetricAttribution",
         _updated(addMetrics=[{**_METRIC, "metricName": f"m{number}"} for number in range(10)]),
         "A metric attribution can have at most 10 metrics."),
)  # fmt: skip

CASES = (*DATASETS, *JOBS, *ATTRIBUTIONS)
