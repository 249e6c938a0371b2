"""Class, status and text of each refusal of the control plane."""

from __future__ import annotations

from typing import Any

import pytest

from .program import (
    INTERACTIONS,
    ITEMS,
    POPULARITY,
    RANKING,
    ROLE,
    Program,
    Refusal,
    avro,
    interactions_csv,
    refused,
)

INVALID, UNKNOWN = "InvalidInputException", "ResourceNotFoundException"
TAKEN, IN_USE = "ResourceAlreadyExistsException", "ResourceInUseException"

TAILS = {
    "datasetGroupArn": "dataset-group/none",
    "schemaArn": "schema/none",
    "datasetArn": "dataset/none/ITEMS",
    "datasetImportJobArn": "dataset-import-job/none",
    "eventTrackerArn": "event-tracker/00000000",
    "solutionArn": "solution/none",
    "solutionVersionArn": "solution/none/00000000",
    "campaignArn": "campaign/none",
}
BY_ARN: list[tuple[str, str, dict[str, Any]]] = [
    *((f"describe_{kind}", member, {}) for kind, member in (
        ("dataset_group", "datasetGroupArn"),
        ("schema", "schemaArn"),
        ("dataset", "datasetArn"),
        ("dataset_import_job", "datasetImportJobArn"),
        ("event_tracker", "eventTrackerArn"),
        ("solution", "solutionArn"),
        ("solution_version", "solutionVersionArn"),
        ("campaign", "campaignArn"),
    )),
    *((f"delete_{kind}", member, {}) for kind, member in (
        ("dataset_group", "datasetGroupArn"),
        ("schema", "schemaArn"),
        ("dataset", "datasetArn"),
        ("event_tracker", "eventTrackerArn"),
        ("solution", "solutionArn"),
        ("campaign", "campaignArn"),
    )),
    ("get_solution_metrics", "solutionVersionArn", {}),
    ("create_solution_version", "solutionArn", {}),
    ("create_campaign", "solutionVersionArn", {"name": "x"}),
    ("create_event_tracker", "datasetGroupArn", {"name": "x"}),
    ("create_solution", "datasetGroupArn", {"name": "x", "recipeArn": POPULARITY}),
    ("create_dataset_import_job", "datasetArn", {"jobName": "x", "dataSource": {}, "roleArn": ROLE}),
    ("update_campaign", "campaignArn", {"minProvisionedTPS": 2}),
    ("update_solution", "solutionArn", {"performAutoTraining": False}),
]  # fmt: skip


def unknown(arn: str) -> Refusal:
    if ":dataset-group/" in arn:
        return UNKNOWN, 400, f"The given dataset group does not exist: {arn}"
    return UNKNOWN, 400, f"Resource Arn {arn} does not exist."


@pytest.mark.parametrize(("operation", "member", "more"), BY_ARN, ids=[operation for operation, *_ in BY_ARN])
def test_an_arn_that_names_nothing(program: Program, operation: str, member: str, more: dict[str, Any]) -> None:
    arn = program.arn(TAILS[member])
    assert refused(getattr(program.personalize, operation), **{member: arn}, **more) == unknown(arn)


@pytest.mark.parametrize(("operation", "member", "more"), BY_ARN, ids=[operation for operation, *_ in BY_ARN])
def test_an_arn_of_another_kind_account_or_region(
    program: Program, operation: str, member: str, more: dict[str, Any]
) -> None:
    tail = TAILS[member]
    for arn in (
        program.arn("filter/none"),
        program.arn(tail).replace(program.account, "000000000000"),
        program.arn(tail).replace("us-east-1", "eu-west-1"),
    ):
        found = refused(getattr(program.personalize, operation), **{member: arn}, **more)
        assert found == (INVALID, 400, f"Invalid ARN for {member}: {arn}.")


def test_a_recipe_algorithm_or_transformation_that_does_not_exist(program: Program) -> None:
    for kind, member in (
        ("recipe", "recipeArn"),
        ("algorithm", "algorithmArn"),
        ("feature_transformation", "featureTransformationArn"),
    ):
        arn = f"arn:aws:personalize:::{kind.replace('_', '-')}/aws-none"
        assert refused(getattr(program.personalize, f"describe_{kind}"), **{member: arn}) == unknown(arn)


def test_names_are_taken_once(program: Program) -> None:
    group = program.stocked()
    solution = program.solution(group)
    campaign = program.campaign(program.version(solution))
    program.tracker(group)
    tracker = program.personalize.list_event_trackers()["eventTrackers"][0]["eventTrackerArn"]
    schema = program.arn("schema/shop-INTERACTIONS")
    again: list[tuple[str, Any]] = [
        (group, program.group),
        (schema, lambda: program.schema("shop-INTERACTIONS")),
        (
            program.arn("dataset/shop/INTERACTIONS"),
            lambda: program.personalize.create_dataset(
                name="other", schemaArn=schema, datasetGroupArn=group, datasetType="interactions"
            ),
        ),
        (
            program.arn("dataset-import-job/shop-load"),
            lambda: program.load(program.arn("dataset/shop/INTERACTIONS"), interactions_csv(), job="shop-load"),
        ),
        (tracker, lambda: program.tracker(group, "other")),
        (solution, lambda: program.solution(group)),
        (campaign, lambda: program.campaign(program.version(solution))),
    ]
    for arn, call in again:
        assert refused(call) == (TAKEN, 400, f"Another resource with Arn {arn} already exists."), arn
    version = program.version(solution, name="best")
    found = refused(program.version, solution=solution, name="best")
    assert found == (TAKEN, 400, f"Another resource with Arn {version} already exists.")


def test_what_others_depend_on_cannot_be_deleted(program: Program) -> None:
    group = program.stocked()
    dataset = program.arn("dataset/shop/INTERACTIONS")
    solution = program.solution(group)
    campaign = program.campaign(program.version(solution))
    program.tracker(group)
    personalize = program.personalize
    tracker = personalize.list_event_trackers()["eventTrackers"][0]["eventTrackerArn"]
    schema = program.arn("schema/shop-INTERACTIONS")

    def blocked(arn: str, *dependants: str) -> Refusal:
        listed = ", ".join(dependants)
        return IN_USE, 400, f"Resource {arn} has dependent resources that must be deleted first: {listed}."

    assert refused(personalize.delete_schema, schemaArn=schema) == blocked(schema, dataset)
    assert refused(personalize.delete_dataset, datasetArn=dataset) == blocked(dataset, tracker, campaign)
    assert refused(personalize.delete_solution, solutionArn=solution) == blocked(solution, campaign)
    found = refused(personalize.delete_dataset_group, datasetGroupArn=group)
    assert found == blocked(group, dataset, tracker, solution)
    # What was refused has changed nothing.
    assert program.recommend(campaign, "u0")
    assert len(personalize.list_datasets()["datasets"]) == 1


SCHEMA_FAULTS = {
    "no JSON": "not json",
    "no object": "[]",
    "empty object": "{}",
    "another record": avro("Interests", ("USER_ID", "string")),
    "a missing field": avro("Interactions", ("USER_ID", "string"), ("ITEM_ID", "string")),
    "a wrong type": avro("Interactions", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "string")),
    "an unknown type": avro(
        "Interactions", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"), ("A", "bytes")
    ),
    "a field twice": avro(
        "Interactions", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"), ("USERID", "string")
    ),
    "no metadata": avro("Items", ("ITEM_ID", "string")),
    "fields that are no list": '{"type": "record", "name": "Items", "fields": "none"}',
}


@pytest.mark.parametrize("text", SCHEMA_FAULTS.values(), ids=SCHEMA_FAULTS)
def test_a_malformed_schema(program: Program, text: str) -> None:
    code, status, message = refused(program.schema, name="bad", text=text)
    assert (code, status) == (INVALID, 400)
    assert message.endswith(".")
    assert program.personalize.list_schemas()["schemas"] == []


def test_a_dataset_wants_a_schema_of_its_type_and_domain(program: Program) -> None:
    group, schema = program.group(), program.schema("items", ITEMS)
    create = program.personalize.create_dataset
    given = {"name": "d", "schemaArn": schema, "datasetGroupArn": group}
    assert refused(create, **given, datasetType="USERS") == (
        INVALID,
        400,
        "The schema is for ITEMS and does not match dataset type USERS.",
    )
    assert refused(create, **given, datasetType="FRIENDS") == (
        INVALID,
        400,
        "Dataset type FRIENDS is not supported.",
    )
    shop = program.personalize.create_dataset_group(name="domain", domain="ECOMMERCE")["datasetGroupArn"]
    assert refused(create, **{**given, "datasetGroupArn": shop}, datasetType="ITEMS") == (
        INVALID,
        400,
        "The domain of the schema does not match the domain of the dataset group.",
    )
    arn = program.arn("schema/none")
    assert refused(create, **{**given, "schemaArn": arn}, datasetType="ITEMS") == unknown(arn)


def test_members_that_break_the_model_are_listed_in_one_sentence(program: Program) -> None:
    assert refused(program.personalize.create_dataset_group, name="a b", domain="BOOKS") == (
        "ValidationException",
        400,
        "2 validation errors detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy "
        "regular expression pattern: ^[a-zA-Z0-9][a-zA-Z0-9\\-_]*; Value 'BOOKS' at 'domain' failed to satisfy "
        "constraint: Member must satisfy enum value set: [ECOMMERCE, VIDEO_ON_DEMAND]",
    )
    code, _, text = refused(program.personalize.describe_campaign, campaignArn="home")
    assert (code, "'campaignArn'" in text) == ("ValidationException", True)


def test_a_role_without_a_key(program: Program) -> None:
    found = refused(program.personalize.create_dataset_group, name="g", roleArn=ROLE)
    assert found == (INVALID, 400, "roleArn can only be specified together with kmsKeyArn.")


NO_INTERACTIONS = (
    INVALID,
    400,
    "Dataset group must contain an INTERACTIONS dataset with successfully completed dataset import job or "
    "EVENT_INTERACTIONS",
)


def test_a_solution_wants_interactions_imported_or_streamed(program: Program) -> None:
    group = program.group()
    assert refused(program.solution, group=group) == NO_INTERACTIONS
    program.dataset(group)
    assert refused(program.solution, group=group) == NO_INTERACTIONS
    program.send(program.tracker(group), "s", "a1", user="u1")
    assert program.solution(group)


def test_updates_that_change_nothing_are_refused(program: Program) -> None:
    solution = program.solution(program.stocked())
    version = program.version(solution)
    campaign = program.campaign(version)
    same = (INVALID, 400, f"Campaign {campaign} already has this configuration.")
    update = program.personalize.update_campaign
    assert refused(update, campaignArn=campaign) == same
    assert refused(update, campaignArn=campaign, minProvisionedTPS=1, solutionVersionArn=version) == same
    assert refused(update, campaignArn=campaign, solutionVersionArn=f"{solution}/$LATEST") == same
    nothing = (INVALID, 400, "UpdateSolution requires at least one change.")
    assert refused(program.personalize.update_solution, solutionArn=solution) == nothing
    assert refused(program.personalize.update_solution, solutionArn=solution, performAutoTraining=True) == nothing


def test_what_a_campaign_cannot_serve(program: Program) -> None:
    group = program.stocked()
    solution = program.solution(group)
    latest = f"{solution}/$LATEST"
    assert refused(program.campaign, version=solution) == unknown(solution)
    assert refused(program.campaign, version=latest) == unknown(latest)
    version = program.version(solution)
    popular = program.version(program.solution(group, "popular", POPULARITY))
    ranking = program.version(program.solution(group, "ranking", RANKING))
    exploration = {"itemExplorationConfig": {"explorationWeight": "0.5"}}
    for arn, recipe in ((popular, POPULARITY), (ranking, RANKING)):
        assert refused(program.campaign, version=arn, campaignConfig=exploration) == (
            INVALID,
            400,
            f"itemExplorationConfig is not supported by recipe {recipe}.",
        )
    for values, text in (
        ({"explorationWeight": "2"}, "explorationWeight must be between 0 and 1, not '2'."),
        ({"explorationWeight": "nan"}, "explorationWeight must be between 0 and 1, not 'nan'."),
        ({"explorationItemAgeCutOff": "0"}, "explorationItemAgeCutOff must be at least 1 day, not '0'."),
    ):
        found = refused(program.campaign, version=version, campaignConfig={"itemExplorationConfig": values})
        assert found == (INVALID, 400, text)
    metadata = {"enableMetadataWithRecommendations": True}
    assert refused(program.campaign, version=version, campaignConfig=metadata) == (
        INVALID,
        400,
        "enableMetadataWithRecommendations requires an Items dataset with metadata.",
    )
    assert program.personalize.list_campaigns()["campaigns"] == []


def test_a_campaign_stays_in_its_dataset_group(program: Program) -> None:
    campaign = program.deployed()
    foreign = program.version(program.solution(program.stocked("other"), "foreign"))
    found = refused(program.personalize.update_campaign, campaignArn=campaign, solutionVersionArn=foreign)
    assert found == (INVALID, 400, f"Solution version {foreign} belongs to another dataset group.")


@pytest.mark.parametrize("text", [INTERACTIONS])
def test_a_replacement_schema_that_does_not_fit(program: Program, text: str) -> None:
    group = program.group()
    dataset = program.dataset(group, "ITEMS")
    other = program.schema("other", text)
    code, status, _ = refused(program.personalize.update_dataset, datasetArn=dataset, schemaArn=other)
    assert (code, status) == (INVALID, 400)
    arn = program.arn("schema/none")
    assert refused(program.personalize.update_dataset, datasetArn=dataset, schemaArn=arn) == unknown(arn)
