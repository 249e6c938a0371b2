"""Lists: pages, tokens, order, and which members a summary and a description have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Small

from .program import ITEMS, POPULARITY, RECIPE, Program, interactions_csv, refused, until

MakeSmall = Callable[..., Small]

LISTS = {
    "dataset_groups": "datasetGroups",
    "schemas": "schemas",
    "datasets": "datasets",
    "dataset_import_jobs": "datasetImportJobs",
    "event_trackers": "eventTrackers",
    "solutions": "solutions",
    "solution_versions": "solutionVersions",
    "campaigns": "campaigns",
}


@pytest.mark.parametrize(("kind", "key"), LISTS.items())
def test_a_list_without_a_filter_answers_under_one_key(program: Program, kind: str, key: str) -> None:
    answer = getattr(program.personalize, f"list_{kind}")()
    del answer["ResponseMetadata"]
    assert answer == {key: []}


def test_a_paginator_runs_through_all_newest_first(program: Program) -> None:
    made = [program.schema(f"s{number}", ITEMS) for number in range(7)]
    pages = list(program.personalize.get_paginator("list_schemas").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["schemas"]) for page in pages] == [3, 3, 1]
    assert [schema["schemaArn"] for page in pages for schema in page["schemas"]] == made[::-1]
    assert "nextToken" not in pages[-1]


def test_a_page_that_ends_exactly_with_the_last_one_has_no_token(program: Program) -> None:
    for number in range(3):
        program.schema(f"s{number}", ITEMS)
    assert "nextToken" not in program.personalize.list_schemas(maxResults=3)


def test_what_is_made_or_deleted_between_two_pages_shifts_nothing(program: Program) -> None:
    made = [program.schema(f"s{number}", ITEMS) for number in range(6)]
    first = program.personalize.list_schemas(maxResults=2)
    program.schema("newer", ITEMS)
    program.personalize.delete_schema(schemaArn=made[5])
    program.personalize.delete_schema(schemaArn=made[2])
    second = program.personalize.list_schemas(maxResults=100, nextToken=first["nextToken"])
    assert [schema["schemaArn"] for schema in second["schemas"]] == [made[3], made[1], made[0]]


def test_every_list_has_its_pages(program: Program) -> None:
    for name in ("one", "two"):
        group = program.stocked(name)
        program.tracker(group)
        solution = program.solution(group, f"{name}-solution", POPULARITY)
        program.campaign(program.version(solution), f"{name}-campaign")
    for kind, key in LISTS.items():
        paginator = program.personalize.get_paginator(f"list_{kind}")
        pages = list(paginator.paginate(PaginationConfig={"PageSize": 1}))
        assert [len(page[key]) for page in pages] == [1, 1], kind
        summaries = [page[key][0] for page in pages]
        assert len({str(summary) for summary in summaries}) == 2
        for summary in summaries:
            assert summary["creationDateTime"].tzinfo is not None, kind
            assert summary["lastUpdatedDateTime"] >= summary["creationDateTime"], kind
            assert kind == "schemas" or summary["status"] == "ACTIVE"


def test_a_list_of_one_parent_has_its_children_alone(program: Program) -> None:
    arns = {}
    for name in ("one", "two"):
        group = program.stocked(name)
        solution = program.solution(group, name, POPULARITY)
        version = program.version(solution)
        program.tracker(group)
        arns[name] = (
            group,
            program.arn(f"dataset/{name}/INTERACTIONS"),
            solution,
            version,
            program.campaign(version, name),
        )
    group, dataset, solution, version, campaign = arns["one"]
    personalize = program.personalize
    assert [found["datasetArn"] for found in personalize.list_datasets(datasetGroupArn=group)["datasets"]] == [dataset]
    assert len(personalize.list_dataset_import_jobs(datasetArn=dataset)["datasetImportJobs"]) == 1
    assert len(personalize.list_event_trackers(datasetGroupArn=group)["eventTrackers"]) == 1
    assert [found["solutionArn"] for found in personalize.list_solutions(datasetGroupArn=group)["solutions"]] == [
        solution
    ]
    versions = personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]
    assert [found["solutionVersionArn"] for found in versions] == [version]
    assert [found["campaignArn"] for found in personalize.list_campaigns(solutionArn=solution)["campaigns"]] == [
        campaign
    ]
    assert personalize.list_datasets(datasetGroupArn=program.arn("dataset-group/none"))["datasets"] == []
    none = program.arn("solution/none")
    found = refused(personalize.list_solution_versions, solutionArn=none)
    assert found == ("ResourceNotFoundException", 400, f"Resource Arn {none} does not exist.")
    assert refused(personalize.list_datasets, datasetGroupArn="group")[0] == "ValidationException"


def test_a_token_is_good_for_the_list_that_gave_it(program: Program) -> None:
    for number in range(2):
        program.schema(f"s{number}", ITEMS)
    token = program.personalize.list_schemas(maxResults=1)["nextToken"]
    bad = ("InvalidNextTokenException", 400, "The token is not valid.")
    stranger = Program(program.url)
    assert refused(program.personalize.list_dataset_groups, nextToken=token) == bad
    assert refused(program.personalize.list_schemas, nextToken="made-up") == bad
    assert refused(stranger.personalize.list_schemas, nextToken=token) == bad
    assert refused(program.personalize.list_recipes, nextToken=token) == bad
    assert refused(program.personalize.list_datasets, nextToken=token) == bad


@pytest.mark.parametrize("count", [101, 1000])
def test_a_page_beyond_the_limit_is_refused(program: Program, count: int) -> None:
    code, status, text = refused(program.personalize.list_schemas, maxResults=count)
    assert (code, status) == ("ValidationException", 400)
    assert text.endswith("Member must have value less than or equal to 100")


def test_the_first_page_of_recipes_has_a_token_and_all_come_in_order(program: Program) -> None:
    assert program.personalize.list_recipes()["nextToken"]
    pages = program.personalize.get_paginator("list_recipes").paginate()
    recipes = [recipe for page in pages for recipe in page["recipes"]]
    names = [recipe["name"] for recipe in recipes]
    assert names == sorted(names)
    assert len(names) == 22
    assert "aws-hrnn" not in names
    domains = {recipe["name"]: recipe.get("domain") for recipe in recipes}
    assert (domains["aws-sims"], domains["aws-vod-most-popular"]) == (None, "VIDEO_ON_DEMAND")
    assert all(recipe["status"] == "ACTIVE" for recipe in recipes)
    found = program.personalize.describe_recipe(recipeArn=RECIPE)["recipe"]
    assert set(found) == {
        "name",
        "recipeArn",
        "algorithmArn",
        "featureTransformationArn",
        "status",
        "description",
        "creationDateTime",
        "recipeType",
        "lastUpdatedDateTime",
    }


TIMES = {"creationDateTime", "lastUpdatedDateTime"}


def members(answer: dict[str, Any], key: str) -> set[str]:
    found = answer[key]
    return set(found[0] if isinstance(found, list) else found)


def test_descriptions_and_summaries_have_the_members_that_apply_and_no_others(program: Program) -> None:
    personalize = program.personalize
    group = program.stocked()
    program.tracker(group)
    solution = program.solution(group)
    version = program.version(solution)
    campaign = program.campaign(version)
    dataset = program.arn("dataset/shop/INTERACTIONS")
    tracker = personalize.list_event_trackers()["eventTrackers"][0]["eventTrackerArn"]
    expected: list[tuple[dict[str, Any], str, set[str]]] = [
        (
            personalize.describe_dataset_group(datasetGroupArn=group),
            "datasetGroup",
            {"name", "datasetGroupArn", "status"},
        ),
        (personalize.list_dataset_groups(), "datasetGroups", {"name", "datasetGroupArn", "status"}),
        (personalize.list_schemas(), "schemas", {"name", "schemaArn"}),
        (
            personalize.describe_dataset(datasetArn=dataset),
            "dataset",
            {"name", "datasetArn", "datasetGroupArn", "datasetType", "schemaArn", "status"},
        ),
        (personalize.list_datasets(), "datasets", {"name", "datasetArn", "datasetType", "status"}),
        (
            personalize.list_dataset_import_jobs(),
            "datasetImportJobs",
            {"datasetImportJobArn", "jobName", "status", "importMode"},
        ),
        (
            personalize.describe_event_tracker(eventTrackerArn=tracker),
            "eventTracker",
            {"name", "eventTrackerArn", "accountId", "trackingId", "datasetGroupArn", "status"},
        ),
        (personalize.list_event_trackers(), "eventTrackers", {"name", "eventTrackerArn", "status"}),
        (
            personalize.describe_campaign(campaignArn=campaign),
            "campaign",
            {"name", "campaignArn", "solutionVersionArn", "minProvisionedTPS", "status"},
        ),
    ]
    for answer, key, wanted in expected:
        assert members(answer, key) == wanted | TIMES, key
    found = personalize.describe_solution(solutionArn=solution)["solution"]
    assert (found["performHPO"], found["performAutoML"], found["performAutoTraining"]) == (False, False, True)
    assert "eventType" not in found
    assert found["latestSolutionVersion"]["solutionVersionArn"] == version
    found = personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert found["name"] == version.removeprefix(program.arn("solution/"))
    assert (found["trainingMode"], found["trainingType"]) == ("FULL", "MANUAL")
    assert (found["performHPO"], found["performAutoML"], found["datasetGroupArn"]) == (False, False, group)
    assert found["trainingHours"] >= 0
    assert not {"failureReason", "eventType"} & set(found)


def test_arns_have_the_forms_that_programs_build(program: Program) -> None:
    import re

    group = program.stocked()
    tracking = program.tracker(group)
    solution = program.solution(group)
    version = program.version(solution)
    assert group == program.arn("dataset-group/shop")
    assert program.personalize.list_schemas()["schemas"][0]["schemaArn"] == program.arn("schema/shop-INTERACTIONS")
    assert program.personalize.list_datasets()["datasets"][0]["datasetType"] == "INTERACTIONS"
    assert solution == program.arn("solution/taste")
    assert re.fullmatch(re.escape(solution) + "/[0-9a-f]{8}", version)
    assert program.campaign(version) == program.arn("campaign/home")
    (tracker,) = program.personalize.list_event_trackers()["eventTrackers"]
    assert re.fullmatch(re.escape(program.arn("event-tracker/")) + "[0-9a-f]{8}", tracker["eventTrackerArn"])
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", tracking)
    assert program.client("sts").get_caller_identity()["Account"] == program.account


def test_metrics_have_the_names_of_the_service_and_four_decimals(program: Program) -> None:
    group = program.stocked(content=interactions_csv(users=40, steps=15))
    found = program.personalize.get_solution_metrics(solutionVersionArn=program.version(program.solution(group)))
    assert set(found["metrics"]) == {
        "coverage",
        "mean_reciprocal_rank_at_25",
        *(f"normalized_discounted_cumulative_gain_at_{k}" for k in (5, 10, 25)),
        *(f"precision_at_{k}" for k in (5, 10, 25)),
    }
    assert all(value == round(value, 4) and 0 <= value <= 1 for value in found["metrics"].values())


def test_deleted_resources_do_not_hide_the_others(program: Program) -> None:
    personalize = program.personalize
    kept = personalize.create_dataset_group(name="kept")["datasetGroupArn"]
    for number in range(5):
        gone = personalize.create_dataset_group(name=f"gone-{number}")["datasetGroupArn"]
        personalize.delete_dataset_group(datasetGroupArn=gone)
    page = personalize.list_dataset_groups(maxResults=2)
    assert [group["datasetGroupArn"] for group in page["datasetGroups"]] == [kept]
    assert "nextToken" not in page


def test_a_list_that_was_asked_for_before_shows_what_came_and_went_since(program: Program) -> None:
    def names() -> list[str]:
        return [found["name"] for found in program.personalize.list_schemas()["schemas"]]

    first = program.schema("first")
    assert names() == names() == ["first"]
    program.schema("second")
    assert names() == ["second", "first"]
    program.personalize.delete_schema(schemaArn=first)
    assert names() == ["second"]


def test_a_list_that_was_asked_for_before_follows_the_clock(small: MakeSmall) -> None:
    room = small(status="timed:100")
    room.program.group()

    def shown() -> list[str]:
        found = room.program.personalize.list_dataset_groups()["datasetGroups"]
        return [group["status"] for group in found]

    assert shown() == shown() == ["CREATE PENDING"]
    room.wait(100)
    assert shown() == shown() == ["ACTIVE"]
    room.program.personalize.delete_dataset_group(datasetGroupArn=room.program.arn("dataset-group/shop"))
    assert shown() == shown() == ["DELETE PENDING"]
    room.wait(100)
    assert shown() == shown() == []


def arns_kept(room: Small) -> set[str]:
    with room.server.emulator.database.read() as rows:
        return {record.arn for record in rows.leaving()}


@pytest.mark.parametrize("mode", ["instant", "polls:2", "timed:100"])
def test_what_is_gone_is_forgotten_and_its_name_free(small: MakeSmall, mode: str) -> None:
    room = small(status=mode)
    group, describe = room.program.group(), room.program.personalize.describe_dataset_group
    room.wait(100)
    for _ in range(2):
        describe(datasetGroupArn=group)
    room.program.personalize.delete_dataset_group(datasetGroupArn=group)
    assert describe(datasetGroupArn=group)["datasetGroup"]["status"] == "DELETE PENDING"
    if mode == "polls:2":
        assert arns_kept(room) == {group}
        describe(datasetGroupArn=group)
    if mode == "timed:100":
        room.wait(99)
        room.server.emulator.run_due()
        assert arns_kept(room) == {group}
        room.wait(1)
        room.server.emulator.run_due()
    assert arns_kept(room) == set()
    assert refused(describe, datasetGroupArn=group)[0] == "ResourceNotFoundException"
    assert room.program.group() == group


def test_a_list_is_kept_although_something_was_deleted_from_it(small: MakeSmall) -> None:
    room = small(status="instant")
    program, emulator = room.program, room.server.emulator
    gone = program.group("gone")
    program.group()
    program.personalize.delete_dataset_group(datasetGroupArn=gone)
    program.personalize.list_dataset_groups()
    asked = ("ListDatasetGroups", program.account, program.region, None, 100, None)
    assert emulator.answers.get(asked, emulator.database.generation) is not None


def test_answers_that_are_given_again_have_request_ids_of_their_own(program: Program) -> None:
    program.schema("first")
    ids = {program.personalize.list_schemas()["ResponseMetadata"]["RequestId"] for _ in range(3)}
    assert len(ids) == 3


def test_the_versions_of_a_solution_in_deletion_end_with_it_although_nothing_is_written(small: MakeSmall) -> None:
    # The machine's clock: moving a virtual one writes.
    room = small(status="instant,solution=timed:0.3", clock=None)
    program = room.program

    def status(arn: str) -> str:
        return str(program.personalize.describe_solution(solutionArn=arn)["solution"]["status"])

    def versions(arn: str) -> str:
        try:
            return str(program.personalize.list_solution_versions(solutionArn=arn)["solutionVersions"])
        except program.personalize.exceptions.ResourceNotFoundException:
            return "gone"

    solution = program.solution(program.stocked(), recipe=POPULARITY, performAutoTraining=False)
    until(lambda: status(solution), lambda word: word == "ACTIVE")
    program.personalize.delete_solution(solutionArn=solution)
    assert versions(solution) == "[]"
    # Well before the server's next look at what is due, which writes.
    until(lambda: versions(solution), lambda found: found == "gone", seconds=15)
