"""What programs see of a resource from its creation to its deletion, in each status mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Small

from .program import POPULARITY, Program, avro, interactions_csv, refused

MakeSmall = Callable[..., Small]

GONE = "ResourceNotFoundException"
WIDER = avro(
    "Items",
    ("ITEM_ID", "string"),
    {"name": "GENRE", "type": ["null", "string"], "categorical": True},
    ("PRICE", ["null", "float"]),
)


def describe(program: Program, kind: str, arn: str) -> dict[str, Any]:
    """The description of a resource; ``kind`` as in ``dataset_group``."""
    first, *rest = kind.split("_")
    name = first + "".join(word.capitalize() for word in rest)
    answer = getattr(program.personalize, f"describe_{kind}")(**{f"{name}Arn": arn})
    return dict(answer[name])


def whole(program: Program) -> dict[str, str]:
    """One resource of each kind that has a status, by kind, in the order in which they can be deleted."""
    group = program.stocked()
    tracker = program.personalize.create_event_tracker(name="clicks", datasetGroupArn=group)["eventTrackerArn"]
    solution = program.solution(group)
    version = program.version(solution)
    return {
        "campaign": program.campaign(version),
        "solution": solution,
        "event_tracker": tracker,
        "dataset": program.arn("dataset/shop/INTERACTIONS"),
        "dataset_group": group,
    }


def test_a_resource_is_described_active_right_after_its_creation(program: Program) -> None:
    for kind, arn in whole(program).items():
        assert describe(program, kind, arn)["status"] == "ACTIVE", kind


def test_a_deleted_resource_is_described_once_more_and_then_unknown_and_its_name_is_free(program: Program) -> None:
    first = whole(program)
    for kind, arn in first.items():
        member = "".join(word.capitalize() for word in kind.split("_"))
        delete = getattr(program.personalize, f"delete_{kind}")
        delete(**{f"{member[0].lower()}{member[1:]}Arn": arn})
        assert describe(program, kind, arn)["status"] == "DELETE PENDING", kind
        code, status, _ = refused(describe, program=program, kind=kind, arn=arn)
        assert (code, status) == (GONE, 400), kind
        assert refused(delete, **{f"{member[0].lower()}{member[1:]}Arn": arn})[0] == GONE, kind
    program.personalize.delete_schema(schemaArn=program.arn("schema/shop-INTERACTIONS"))
    again = whole(program)
    assert {**again, "event_tracker": ""} == {**first, "event_tracker": ""}


def test_names_are_free_at_once_when_nobody_looks_at_the_deletion(program: Program) -> None:
    group = program.group()
    program.personalize.delete_dataset_group(datasetGroupArn=group)
    assert program.group() == group
    assert describe(program, "dataset_group", group)["status"] == "ACTIVE"


def test_a_schema_is_gone_as_soon_as_it_is_deleted(program: Program) -> None:
    schema = program.schema("s")
    program.personalize.delete_schema(schemaArn=schema)
    assert refused(program.personalize.describe_schema, schemaArn=schema)[0] == GONE


def test_import_jobs_and_versions_vanish_with_their_dataset_and_solution(program: Program) -> None:
    group = program.stocked()
    solution = program.solution(group)
    version = program.version(solution)
    program.personalize.delete_solution(solutionArn=solution)
    code, _, _ = refused(program.personalize.describe_solution_version, solutionVersionArn=version)
    assert code == GONE
    dataset = program.arn("dataset/shop/INTERACTIONS")
    program.personalize.delete_dataset(datasetArn=dataset)
    job = program.arn("dataset-import-job/shop-load")
    assert refused(program.personalize.describe_dataset_import_job, datasetImportJobArn=job)[0] == GONE
    program.personalize.create_dataset(
        name="again",
        schemaArn=program.arn("schema/shop-INTERACTIONS"),
        datasetGroupArn=group,
        datasetType="Interactions",
    )
    assert program.load(dataset, interactions_csv(), job="shop-load")["status"] == "ACTIVE"


class TestPolls:
    def test_statuses_advance_with_each_describe(self, small: MakeSmall) -> None:
        program = small(status="polls:2").program
        group = program.group()
        words = [describe(program, "dataset_group", group)["status"] for _ in range(4)]
        assert words == ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE", "ACTIVE"]

    def test_a_deletion_is_answered_as_often_and_holds_the_name_as_long(self, small: MakeSmall) -> None:
        program = small(status="polls:2,dataset-group=instant").program
        group = program.group()
        tracker = program.personalize.create_event_tracker(name="t", datasetGroupArn=group)["eventTrackerArn"]
        for _ in range(2):
            describe(program, "event_tracker", tracker)
        program.personalize.delete_event_tracker(eventTrackerArn=tracker)
        code, _, _ = refused(program.personalize.create_event_tracker, name="t", datasetGroupArn=group)
        assert code == "ResourceAlreadyExistsException"
        words = [describe(program, "event_tracker", tracker)["status"] for _ in range(2)]
        assert words == ["DELETE PENDING", "DELETE IN_PROGRESS"]
        assert refused(describe, program=program, kind="event_tracker", arn=tracker)[0] == GONE
        program.tracker(group)

    def test_a_list_does_not_count_as_a_poll(self, small: MakeSmall) -> None:
        program = small(status="polls:1").program
        group = program.group()
        for _ in range(3):
            assert program.personalize.list_dataset_groups()["datasetGroups"][0]["status"] == "CREATE PENDING"
        describe(program, "dataset_group", group)
        assert program.personalize.list_dataset_groups()["datasetGroups"][0]["status"] == "ACTIVE"


class TestTimed:
    def test_statuses_advance_with_the_clock(self, small: MakeSmall) -> None:
        room = small(status="timed:100")
        group = room.program.group()
        assert describe(room.program, "dataset_group", group)["status"] == "CREATE PENDING"
        room.wait(50)
        assert describe(room.program, "dataset_group", group)["status"] == "CREATE IN_PROGRESS"
        room.wait(50)
        found = describe(room.program, "dataset_group", group)
        assert found["status"] == "ACTIVE"
        assert (found["lastUpdatedDateTime"] - found["creationDateTime"]).total_seconds() == 100

    @pytest.mark.parametrize("kind", ["dataset", "event_tracker", "solution"])
    def test_nothing_is_made_in_a_group_that_is_not_active(self, small: MakeSmall, kind: str) -> None:
        program = small(status="timed:100").program
        group = program.group()
        create = getattr(program.personalize, f"create_{kind}")
        schema = {"schemaArn": program.schema("s"), "datasetType": "INTERACTIONS"} if kind == "dataset" else {}
        recipe = {"recipeArn": POPULARITY} if kind == "solution" else {}
        assert refused(create, name="x", datasetGroupArn=group, **schema, **recipe) == (
            "ResourceInUseException",
            400,
            f"Resource {group} is not ACTIVE. Current status: CREATE PENDING.",
        )

    def test_each_further_step_wants_the_one_before_it_active(self, small: MakeSmall) -> None:
        room = small(status="instant,dataset=timed:10,solution=timed:10,solution-version=timed:10,campaign=timed:10")
        program = room.program
        group = program.group()
        dataset = program.dataset(group)
        not_yet = "is not ACTIVE. Current status: CREATE PENDING."
        code, _, text = refused(program.load, dataset=dataset, content=interactions_csv())
        assert (code, text) == ("ResourceInUseException", f"Resource {dataset} {not_yet}")
        room.wait(10)
        program.load(dataset, interactions_csv())
        solution = program.solution(group)
        code, _, text = refused(program.version, solution=solution)
        assert (code, text) == ("ResourceInUseException", f"Resource {solution} {not_yet}")
        room.wait(10)
        version = program.version(solution)
        for call in (
            program.campaign,
            lambda version: program.personalize.get_solution_metrics(solutionVersionArn=version),
        ):
            code, _, text = refused(call, version=version)
            assert (code, text) == ("ResourceInUseException", f"Resource {version} {not_yet}")
        room.wait(10)
        campaign = program.campaign(version)
        assert refused(program.recommend, campaign=campaign, user="u0")[:2] == (GONE, 404)
        room.wait(10)
        assert program.recommend(campaign, "u0")

    def test_what_moves_cannot_be_deleted_or_updated(self, small: MakeSmall) -> None:
        room = small(status="instant,campaign=timed:10,event-tracker=timed:10")
        program = room.program
        made = whole(program)
        for kind in ("campaign", "event_tracker"):
            member = "campaignArn" if kind == "campaign" else "eventTrackerArn"
            assert refused(getattr(program.personalize, f"delete_{kind}"), **{member: made[kind]}) == (
                "ResourceInUseException",
                400,
                f"Resource {made[kind]} is in status CREATE PENDING and cannot be modified.",
            )
        code, _, _ = refused(program.personalize.update_campaign, campaignArn=made["campaign"], minProvisionedTPS=3)
        assert code == "ResourceInUseException"
        room.wait(10)
        program.personalize.delete_campaign(campaignArn=made["campaign"])
        code, _, text = refused(program.personalize.delete_campaign, campaignArn=made["campaign"])
        assert (code, "DELETE PENDING" in text) == ("ResourceInUseException", True)

    def test_a_resource_in_deletion_blocks_its_group_until_it_is_gone(self, small: MakeSmall) -> None:
        room = small(status="instant,dataset=timed:10")
        program = room.program
        group = program.group()
        dataset = program.dataset(group)
        room.wait(10)
        program.personalize.delete_dataset(datasetArn=dataset)
        code, _, _ = refused(program.personalize.delete_dataset_group, datasetGroupArn=group)
        assert code == "ResourceInUseException"
        room.wait(10)
        program.personalize.delete_dataset_group(datasetGroupArn=group)

    def test_a_training_version_keeps_its_solution_and_datasets(self, small: MakeSmall) -> None:
        room = small(status="instant,solution-version=timed:10")
        program = room.program
        solution = program.solution(program.stocked())
        version = program.version(solution)
        dataset = program.arn("dataset/shop/INTERACTIONS")
        for delete, given in (
            (program.personalize.delete_solution, {"solutionArn": solution}),
            (program.personalize.delete_dataset, {"datasetArn": dataset}),
        ):
            (arn,) = given.values()
            assert refused(delete, **given) == (
                "ResourceInUseException",
                400,
                f"Resource {arn} has dependent resources that must be deleted first: {version}.",
            )
        room.wait(10)
        program.personalize.delete_dataset(datasetArn=dataset)
        program.personalize.delete_solution(solutionArn=solution)


class TestUpdates:
    def test_a_campaign_stays_active_and_serves_the_old_version_while_it_updates(self, small: MakeSmall) -> None:
        room = small(status="instant,campaign=timed:100")
        program = room.program
        group = program.stocked()
        first = program.version(program.solution(group))
        second = program.version(program.solution(group, "popular", POPULARITY))
        campaign = program.campaign(first)
        room.wait(100)
        before = program.recommend(campaign, "u0")
        assert "latestCampaignUpdate" not in describe(program, "campaign", campaign)
        program.personalize.update_campaign(campaignArn=campaign, solutionVersionArn=second, minProvisionedTPS=5)
        room.wait(50)
        found = describe(program, "campaign", campaign)
        assert (found["status"], found["solutionVersionArn"], found["minProvisionedTPS"]) == ("ACTIVE", first, 1)
        update = found["latestCampaignUpdate"]
        assert (update["status"], update["solutionVersionArn"]) == ("CREATE IN_PROGRESS", second)
        now = room.server.emulator.clock.now()
        assert max(found["lastUpdatedDateTime"], update["lastUpdatedDateTime"]).timestamp() <= now
        assert program.recommend(campaign, "u0") == before
        assert refused(program.personalize.update_campaign, campaignArn=campaign, minProvisionedTPS=9) == (
            "ResourceInUseException",
            400,
            f"Resource {campaign} is in status CREATE IN_PROGRESS and cannot be modified.",
        )
        assert refused(program.personalize.delete_campaign, campaignArn=campaign)[0] == "ResourceInUseException"
        room.wait(50)
        found = describe(program, "campaign", campaign)
        assert (found["solutionVersionArn"], found["minProvisionedTPS"]) == (second, 5)
        assert found["latestCampaignUpdate"]["status"] == "ACTIVE"
        assert "score" not in program.recommend(campaign, "u0")[0]

    def test_the_solution_that_an_updating_campaign_still_serves_cannot_be_deleted(self, small: MakeSmall) -> None:
        room = small(status="instant,campaign=timed:100")
        program = room.program
        group = program.stocked()
        first, second = program.solution(group, "first"), program.solution(group, "second")
        campaign = program.campaign(program.version(first))
        room.wait(100)
        program.personalize.update_campaign(campaignArn=campaign, solutionVersionArn=program.version(second))
        for solution in (first, second):
            code, _, text = refused(program.personalize.delete_solution, solutionArn=solution)
            assert (code, campaign in text) == ("ResourceInUseException", True)
        room.wait(100)
        program.personalize.delete_solution(solutionArn=first)
        assert program.recommend(campaign, "u0")
        assert refused(program.personalize.delete_solution, solutionArn=second)[0] == "ResourceInUseException"

    def test_a_dataset_shows_its_update_as_its_own_status(self, small: MakeSmall) -> None:
        room = small(status="instant,dataset=timed:100")
        program = room.program
        group = program.group()
        dataset = program.dataset(group, "ITEMS")
        room.wait(100)
        old, new = program.arn("schema/shop-ITEMS"), program.schema("wider", WIDER)
        assert "latestDatasetUpdate" not in describe(program, "dataset", dataset)
        program.personalize.update_dataset(datasetArn=dataset, schemaArn=new)
        room.wait(50)
        found = describe(program, "dataset", dataset)
        assert (found["status"], found["schemaArn"]) == ("UPDATE IN_PROGRESS", old)
        assert found["lastUpdatedDateTime"].timestamp() <= room.server.emulator.clock.now()
        code, _, _ = refused(program.load, dataset=dataset, content="ITEM_ID,GENRE\na,b\n")
        assert code == "ResourceInUseException"
        for schema in (old, new):
            assert refused(program.personalize.delete_schema, schemaArn=schema)[0] == "ResourceInUseException"
        room.wait(50)
        found = describe(program, "dataset", dataset)
        assert (found["status"], found["schemaArn"]) == ("ACTIVE", new)
        assert found["latestDatasetUpdate"]["status"] == "ACTIVE"
        program.personalize.delete_schema(schemaArn=old)
        assert refused(program.personalize.delete_schema, schemaArn=new)[0] == "ResourceInUseException"

    def test_a_solution_shows_its_latest_update(self, program: Program) -> None:
        solution = program.solution(program.stocked())
        assert "latestSolutionUpdate" not in describe(program, "solution", solution)
        program.personalize.update_solution(
            solutionArn=solution,
            solutionUpdateConfig={"autoTrainingConfig": {"schedulingExpression": "rate(3 days)"}},
        )
        found = describe(program, "solution", solution)
        assert found["latestSolutionUpdate"]["status"] == "ACTIVE"
        schedule = {"schedulingExpression": "rate(3 days)"}
        assert found["latestSolutionUpdate"]["solutionUpdateConfig"] == {"autoTrainingConfig": schedule}
        assert found["solutionConfig"]["autoTrainingConfig"] == schedule
