"""What groups, datasets, jobs over data, filters, metric attributions and tags may not be told."""

from __future__ import annotations

from typing import Any

from tests.wire.program import ROLE

from .cases import Params, case
from .world import TAKEN, World

_METRIC = {"eventType": "watch", "metricName": "more", "expression": "SAMPLECOUNT()"}
_MALFORMED = "Expression {} is not valid. Use SAMPLECOUNT(), SUM(Items.COLUMN) or SUM(Interactions.COLUMN)."


def _dataset(group: str, kind: str, schema: str) -> Any:
    return lambda world: {
        "name": "refused",
        "datasetGroupArn": getattr(world, group),
        "datasetType": kind,
        "schemaArn": world.arn(f"schema/{schema}"),
    }


def _import(**given: Any) -> Any:
    def params(world: World) -> Params:
        base = {
            "jobName": "refused",
            "datasetArn": world.arn("dataset/full/USERS"),
            "dataSource": {"dataLocation": "s3://nowhere/users.csv"},
            "roleArn": ROLE,
        }
        return {key: value for key, value in {**base, **given}.items() if value is not None}

    return params


def _export(path: str, dataset: str = "full/ITEMS") -> Any:
    return lambda world: {
        "jobName": "refused",
        "datasetArn": world.arn(f"dataset/{dataset}"),
        "roleArn": ROLE,
        "jobOutput": {"s3DataDestination": {"path": path}},
    }


DATA = (
    case("a role without a key", "CreateDatasetGroup", lambda _: {"name": "x", "roleArn": ROLE},
         "roleArn can only be specified together with kmsKeyArn."),
    case("a dataset of no type", "CreateDataset", _dataset("bare", "FRIENDS", "full-ITEMS"),
         "Dataset type FRIENDS is not supported."),
    case("a schema of another type", "CreateDataset", _dataset("bare", "USERS", "full-ITEMS"),
         "The schema is for ITEMS and does not match dataset type USERS."),
    case("a schema without the domain", "CreateDataset", _dataset("shop", "ITEMS", "full-ITEMS"),
         "The domain of the schema does not match the domain of the dataset group."),
    case("a schema of a domain", "CreateDataset", _dataset("bare", "INTERACTIONS", "shop"),
         "The domain of the schema does not match the domain of the dataset group."),
    *(
        case(f"{kind} in a domain", "CreateDataset", _dataset("shop", kind, "full-ITEMS"),
             f"A dataset of type {kind} is not supported in a domain dataset group.")
        for kind in ("ACTIONS", "ACTION_INTERACTIONS")
    ),
    case("a dataset of a type twice", "CreateDataset", _dataset("group", "items", "full-ITEMS"),
         lambda world: f"Another resource with Arn {world.arn('dataset/full/ITEMS')} already exists.", TAKEN),
    case("another schema for interactions", "UpdateDataset",
         lambda world: {
             "datasetArn": world.arn("dataset/full/INTERACTIONS"), "schemaArn": world.arn("schema/full-INTERACTIONS"),
         },
         "The schema of a dataset of type INTERACTIONS cannot be replaced."),
    case("a schema of users for items", "UpdateDataset",
         lambda world: {"datasetArn": world.arn("dataset/full/ITEMS"), "schemaArn": world.arn("schema/full-USERS")},
         "The new schema is for USERS, the dataset is of type ITEMS."),
    case("an import without a role", "CreateDatasetImportJob", _import(roleArn=None), "roleArn is required."),
    case("an increment before all", "CreateDatasetImportJob", _import(importMode="INCREMENTAL"),
         "importMode INCREMENTAL requires an earlier bulk import. Use FULL."),
    case("figures that nobody publishes", "CreateDatasetImportJob", _import(publishAttributionMetricsToS3=True),
         "publishAttributionMetricsToS3 requires a metric attribution that publishes to S3."),
    case("an import from no bucket", "CreateDatasetImportJob", _import(),
         "Insufficient privileges for accessing data in S3. Please look at "
         "https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-s3-access.html#attach-bucket-policy "
         "and fix bucket policy on nowhere."),
    *(
        case(f"an import from {place}", "CreateDatasetImportJob", _import(dataSource={"dataLocation": place}),
             "Invalid Data location.")
        for place in ("http://nowhere/users.csv", "s3:///users.csv")
    ),
    case("an import from nowhere", "CreateDatasetImportJob", _import(dataSource={}), "Invalid Data location."),
    case("an export that is not to S3", "CreateDatasetExportJob", _export("https://bucket/x"),
         "Invalid S3 output path"),
    case("a deletion that is not in S3", "CreateDataDeletionJob",
         lambda world: {
             "jobName": "x", "datasetGroupArn": world.group, "roleArn": ROLE,
             "dataSource": {"dataLocation": "http://bucket/users.csv"},
         },
         "Invalid Data location."),
    case("a deletion from nowhere", "CreateDataDeletionJob",
         lambda world: {"jobName": "x", "datasetGroupArn": world.group, "roleArn": ROLE, "dataSource": {}},
         "Invalid Data location."),
)  # fmt: skip


def _attribution(*metrics: dict[str, str], group: str = "shop") -> Any:
    return lambda world: {
        "name": "refused",
        "datasetGroupArn": getattr(world, group),
        "metrics": list(metrics),
        "metricsOutputConfig": {"roleArn": ROLE},
    }


def _updated(**given: Any) -> Any:
    return lambda world: {"metricAttributionArn": world.attribution, **given}


ATTRIBUTIONS = (
    case("a second one in a group", "CreateMetricAttribution", _attribution(_METRIC, group="group"),
         lambda world: f"Another resource with Arn {world.attribution} already exists.", TAKEN),
    case("no metrics", "CreateMetricAttribution", _attribution(),
         "A metric attribution requires at least one metric."),
    case("no interactions", "CreateMetricAttribution", _attribution(_METRIC, group="bare"),
         "A metric attribution requires an INTERACTIONS dataset with EVENT_TYPE in its schema."),
    case("a metric twice", "CreateMetricAttribution", _attribution(_METRIC, _METRIC), "Metric more is given twice."),
    *(
        case(f"the expression {text}", "CreateMetricAttribution", _attribution({**_METRIC, "expression": text}),
             _MALFORMED.format(text))
        for text in ("COUNT()", "SUM()", "SUM(Users.AGE)", "SAMPLECOUNT(Items.PRICE)", "SUM(Items.PRICE) + 1")
    ),
    case("a sum over no dataset", "CreateMetricAttribution",
         _attribution({**_METRIC, "expression": "SUM(Items.PRICE)"}),
         "Expression SUM(Items.PRICE) names no numeric column of the ITEMS dataset."),
    case("a sum over words", "UpdateMetricAttribution",
         _updated(addMetrics=[{**_METRIC, "expression": "SUM(Items.GENRE)"}]),
         "Expression SUM(Items.GENRE) names no numeric column of the ITEMS dataset."),
    case("an update of nothing", "UpdateMetricAttribution", _updated(),
         "UpdateMetricAttribution requires at least one change."),
    case("an update of no one", "UpdateMetricAttribution", lambda _: {"addMetrics": [_METRIC]},
         "metricAttributionArn is required."),
    case("a metric that is there", "UpdateMetricAttribution", _updated(addMetrics=[{**_METRIC, "metricName": "taken"}]),
         lambda world: f"Metric taken already exists in {world.attribution}.", TAKEN),
    case("a metric that is not there", "UpdateMetricAttribution", _updated(removeMetrics=["none"]),
         lambda world: f"Metric none does not exist in {world.attribution}."),
    case("the last metric taken away", "UpdateMetricAttribution", _updated(removeMetrics=["taken"]),
         "A metric attribution requires at least one metric."),
    case("eleven metrics", "UpdateMetricAttribution",
         _updated(addMetrics=[{**_METRIC, "metricName": f"m{number}"} for number in range(10)]),
         "A metric attribution can have at most 10 metrics."),
)  # fmt: skip

_TAG = {"tagKey": "a", "tagValue": "b"}
_MANY = [{"tagKey": f"k{number}", "tagValue": ""} for number in range(51)]


def _tags(*tags: dict[str, str]) -> Any:
    return lambda world: {"resourceArn": world.group, "tags": list(tags)}


TAGS = (
    case("a reserved key", "TagResource", _tags({"tagKey": "aws:a", "tagValue": "b"}),
         "Tag keys and values cannot start with aws:."),
    case("a reserved value", "TagResource", _tags({"tagKey": "a", "tagValue": "aws:b"}),
         "Tag keys and values cannot start with aws:."),
    case("a key twice", "TagResource", _tags(_TAG, _TAG), "Duplicate tag key: a."),
    case("too many", "TagResource", _tags(*_MANY),
         "You have exceeded the maximum number of tags (50) for this resource.", "TooManyTagsException"),
    case("too many at the creation", "CreateDatasetGroup", lambda _: {"name": "x", "tags": _MANY},
         "You have exceeded the maximum number of tags (50) for this resource.", "TooManyTagsException"),
    case("a key twice at the creation", "CreateEventTracker",
         lambda world: {"name": "x", "datasetGroupArn": world.bare, "tags": [_TAG, _TAG]}, "Duplicate tag key: a."),
    case("too many keys to take away", "UntagResource",
         lambda world: {"resourceArn": world.group, "tagKeys": [f"k{number}" for number in range(51)]},
         "The request contains more than 50 tag keys.", "TooManyTagKeysException"),
    *(
        case(f"tags of a {kind}", "ListTagsForResource", lambda world, tail=tail: {"resourceArn": world.arn(tail)},
             lambda world, tail=tail: f"Resource {world.arn(tail)} does not support tagging.")
        for kind, tail in (("schema", "schema/full-ITEMS"), ("metric attribution", "metric-attribution/figures"))
    ),
    *(
        case(f"tags of {arn}", "TagResource", lambda _, arn=arn: {"resourceArn": arn, "tags": [_TAG]},
             f"Invalid ARN for resourceArn: {arn}.")
        for arn in (
            "arn:aws:personalize:::recipe/aws-sims",
            "arn:aws:personalize:us-east-1:123456789012:pipeline/x",
            "arn:aws:personalize:us-east-1:000000000000:campaign/x",
        )
    ),
)  # fmt: skip


def _filter(text: str, group: str = "group") -> Any:
    return lambda world: {"name": "refused", "datasetGroupArn": getattr(world, group), "filterExpression": text}


def _broken(text: str, said: str, group: str = "group") -> Any:
    return case(text, "CreateFilter", _filter(text, group), f"Invalid Expression at character {said}")


FILTERS = (
    _broken("INCLUDE Item WHERE Items.GENRE IN ('a')", "9: found Item, expected ItemID, UserID or ActionID."),
    _broken("INCLUDE ItemID WHERE Items.GENR IN ('a')",
            "22: Items.GENR is no field of the Items dataset. Did you mean GENRE?"),
    _broken("INCLUDE ItemID WHERE Shops.GENRE IN ('a')",
            "22: Shops in Shops.GENRE is no dataset, expected Interactions, Items, Users, Actions or "
            "Action_Interactions."),
    _broken("INCLUDE ItemID WHERE Items.SOLD IN ('true')",
            "22: Items.SOLD is of type boolean and cannot be filtered by."),
    _broken("INCLUDE ItemID WHERE Items.PLOT IN ('a')", "22: Items.PLOT is textual and cannot be filtered by."),
    _broken("INCLUDE ItemID WHERE Interactions.DEVICE IN ('phone')",
            "22: Interactions.DEVICE cannot be filtered by, only Interactions.EVENT_TYPE can."),
    _broken("INCLUDE ItemID WHERE Users.AGE IN ('a')",
            "22: Users.AGE cannot be used with ItemID, expected a field of Interactions or Items."),
    _broken("INCLUDE ItemID WHERE CurrentUser.AGE IN ('a')", "22: CurrentUser.AGE can only be used after IF."),
    _broken("INCLUDE ItemID WHERE Items.GENRE IN ('a') AND Interactions.EVENT_TYPE IN ('watch')",
            "47: Interactions.EVENT_TYPE cannot be combined with conditions on Items; use | between expressions."),
    _broken("INCLUDE ItemID WHERE Items.GENRE IN ('a') | EXCLUDE UserID WHERE Users.AGE IN ('a')",
            "45: found UserID in a filter that began with ItemID."),
    _broken("INCLUDE ItemID WHERE Items.GENRE IN ($A, $B)", "42: Items.GENRE takes one placeholder, found $A, $B."),
    _broken("INCLUDE ItemID WHERE Items.GENRE IN ('*')",
            "38: the wildcard * can only be used with Interactions.EVENT_TYPE, not Items.GENRE."),
    _broken("INCLUDE ItemID WHERE Items.GENRE IN ('a", "38: the quote of 'a is not closed."),
    _broken("INCLUDE ActionID WHERE Actions.KIND IN ('a')", "24: Actions.KIND requires a dataset of type Actions."),
    _broken("INCLUDE ItemID WHERE Items.GENRE IN ('a')", "22: Items.GENRE requires a dataset of type Items.", "bare"),
    case("a placeholder with NOT IN", "CreateFilter", _filter("INCLUDE ItemID WHERE Items.GENRE NOT IN ($A)"),
         "Invalid input symbol: $A. Placeholders are not allowed with NOT_IN operator."),
    case("a filter's name twice", "CreateFilter",
         lambda world: {
             "name": "items", "datasetGroupArn": world.group,
             "filterExpression": "INCLUDE ItemID WHERE Items.GENRE IN ('b')",
         },
         lambda world: f"Another resource with Arn {world.filters['items']} already exists.", TAKEN),
)  # fmt: skip

CASES = (*DATA, *ATTRIBUTIONS, *TAGS, *FILTERS)
