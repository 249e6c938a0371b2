"""What the kinds need before one of them can be made, and the parameters that make it."""

from __future__ import annotations

from typing import Any

from tests.wire.program import INTERACTIONS, ROLE, avro, interactions_csv

from .stage import Stage

RECIPES = "arn:aws:personalize:::recipe/"
POPULARITY = f"{RECIPES}aws-popularity-count"
MOST_VIEWED = f"{RECIPES}aws-ecomm-popular-items-by-views"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"

_ITEM_FIELDS: tuple[Any, ...] = (
    ("ITEM_ID", "string"),
    {"name": "GENRE", "type": ["null", "string"], "categorical": True},
    ("PRICE", ["null", "float"]),
    {"name": "TITLE", "type": "string", "itemName": True},
    {"name": "DESCRIPTION", "type": "string", "textual": True},
)
ITEMS = avro("Items", *_ITEM_FIELDS)
WIDER_ITEMS = avro("Items", *_ITEM_FIELDS, ("YEAR", ["null", "int"]))
ACTION_INTERACTIONS = avro(
    "ActionInteractions",
    ("USER_ID", "string"),
    ("ACTION_ID", "string"),
    ("EVENT_TYPE", "string"),
    ("TIMESTAMP", "long"),
)
CATALOGUE = "ITEM_ID,GENRE,PRICE,TITLE,DESCRIPTION\n" + "".join(
    f"{taste}{number},{genre},{number}.5,The {genre} {number},A tale of {genre} and {number}\n"
    for taste, genre in (("a", "crime"), ("b", "opera"))
    for number in range(20)
)


def made(stage: Stage, kind: str, operation: str, **params: Any) -> str:
    """Make a resource and wait until it is ready; its ARN."""
    arn = str(stage.call(operation, **params)[f"{kind}Arn"])
    found = stage.settle(kind, arn)
    assert found["status"] == "ACTIVE", found
    return arn


def group(stage: Stage, domain: str | None = None) -> str:
    """A new dataset group."""
    more = {} if domain is None else {"domain": domain}
    return made(stage, "datasetGroup", "CreateDatasetGroup", name=stage.name("group"), **more)


def schema(stage: Stage, text: str, domain: str | None = None) -> str:
    """A new schema."""
    more = {} if domain is None else {"domain": domain}
    return str(stage.call("CreateSchema", name=stage.name("schema"), schema=text, **more)["schemaArn"])


def dataset(stage: Stage, group_arn: str, kind: str, text: str, domain: str | None = None) -> str:
    """A new dataset with a schema of its own."""
    return made(
        stage,
        "dataset",
        "CreateDataset",
        name=stage.name("dataset"),
        datasetGroupArn=group_arn,
        datasetType=kind,
        schemaArn=schema(stage, text, domain),
    )


def load(stage: Stage, dataset_arn: str, content: str) -> str:
    """Import a CSV."""
    job = stage.name("load")
    return made(
        stage,
        "datasetImportJob",
        "CreateDatasetImportJob",
        jobName=job,
        datasetArn=dataset_arn,
        dataSource={"dataLocation": stage.program.put(f"{job}.csv", content)},
        roleArn=ROLE,
    )


def solution(stage: Stage, group_arn: str, recipe: str, **more: Any) -> str:
    """A new solution that does not train by itself."""
    given = {"recipeArn": recipe, "performAutoTraining": False, **more}
    return made(stage, "solution", "CreateSolution", name=stage.name("solution"), datasetGroupArn=group_arn, **given)


def version(stage: Stage, solution_arn: str) -> str:
    """A new version, trained."""
    return made(stage, "solutionVersion", "CreateSolutionVersion", solutionArn=solution_arn)


# What tests of a stage share


def shop(stage: Stage) -> str:
    """A custom dataset group with interactions and items."""
    arn = group(stage)
    load(stage, dataset(stage, arn, "INTERACTIONS", INTERACTIONS), interactions_csv())
    load(stage, dataset(stage, arn, "ITEMS", ITEMS), CATALOGUE)
    return arn


def store(stage: Stage) -> str:
    """An ECOMMERCE dataset group with interactions."""
    arn = group(stage, "ECOMMERCE")
    load(stage, dataset(stage, arn, "INTERACTIONS", INTERACTIONS, "ECOMMERCE"), interactions_csv(kind="View"))
    return arn


def popular(stage: Stage) -> str:
    """A solution of the shop that is the same for everyone."""
    return solution(stage, stage.once(shop), POPULARITY)


def popular_version(stage: Stage) -> str:
    """A version of it."""
    return version(stage, stage.once(popular))


def personal_version(stage: Stage) -> str:
    """A version that knows users, and exploration."""
    return version(stage, solution(stage, stage.once(shop), f"{RECIPES}aws-user-personalization"))


def related_version(stage: Stage) -> str:
    """A version that batch inference can make themes with."""
    return version(stage, solution(stage, stage.once(shop), f"{RECIPES}aws-similar-items"))


def segment_version(stage: Stage) -> str:
    """A version that answers with users."""
    return version(stage, solution(stage, stage.once(shop), f"{RECIPES}aws-item-affinity"))


def crime_filter(stage: Stage) -> str:
    """A filter of the shop for items."""
    return made(
        stage,
        "filter",
        "CreateFilter",
        name=stage.name("filter"),
        datasetGroupArn=stage.once(shop),
        filterExpression='INCLUDE ItemID WHERE Items.GENRE IN ("crime")',
    )


def user_filter(stage: Stage) -> str:
    """A filter of the shop for users."""
    return made(
        stage,
        "filter",
        "CreateFilter",
        name=stage.name("filter"),
        datasetGroupArn=stage.once(shop),
        filterExpression='INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("watch")',
    )


def places(stage: Stage, name: str, content: str) -> dict[str, Any]:
    """Input and output of a batch job."""
    source = stage.program.put(f"{name}.json", content)
    output = {"s3DataDestination": {"path": f"s3://{stage.program.bucket}/{name}-out/"}}
    return {"jobInput": {"s3DataSource": {"path": source}}, "jobOutput": output, "roleArn": ROLE}
