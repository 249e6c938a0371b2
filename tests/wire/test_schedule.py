"""What happens by itself: automatic trainings, roll-outs of new versions, recommenders that train anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Small

from .program import POPULARITY, Program, avro, interactions_csv, refused

MakeSmall = Callable[..., Small]

HOUR, DAY = 3600.0, 86400.0


@pytest.fixture
def room(small: MakeSmall) -> Small:
    return small(relaxed_minimums=True)


def versions(program: Program, solution: str) -> list[str]:
    """The types of the versions of a solution, oldest first."""
    found = program.personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]
    return [version["trainingType"] for version in reversed(found)]


def popular(program: Program, group: str, **more: Any) -> str:
    return program.solution(group, recipe=POPULARITY, **more)


class TestAutomaticTraining:
    def test_a_solution_trains_an_hour_after_it_was_made(self, room: Small) -> None:
        solution = popular(room.program, room.program.stocked())
        room.wait(HOUR - 1)
        assert versions(room.program, solution) == []
        room.wait(1)
        assert versions(room.program, solution) == ["AUTOMATIC"]
        latest = room.program.personalize.describe_solution(solutionArn=solution)["solution"]["latestSolutionVersion"]
        assert (latest["trainingType"], latest["trainingMode"]) == ("AUTOMATIC", "FULL")

    def test_seven_days_later_the_next_one_comes_if_new_data_came(self, room: Small) -> None:
        program = room.program
        group = program.stocked()
        solution, tracking = popular(program, group), program.tracker(group)
        room.wait(HOUR)
        room.wait(7 * DAY)
        assert versions(program, solution) == ["AUTOMATIC"]
        program.send(tracking, "s", "a1", user="u1")
        room.wait(7 * DAY - 1)
        assert versions(program, solution) == ["AUTOMATIC"]
        room.wait(1)
        assert versions(program, solution) == ["AUTOMATIC"] * 2

    def test_an_import_is_new_data_too(self, room: Small) -> None:
        program = room.program
        group = program.stocked()
        solution = popular(program, group)
        room.wait(HOUR)
        program.load(program.arn("dataset/shop/INTERACTIONS"), interactions_csv(users=31), job="more")
        room.wait(30 * DAY)
        assert versions(program, solution) == ["AUTOMATIC"] * 2

    def test_a_version_made_by_hand_within_the_hour_takes_the_place_of_the_first(self, room: Small) -> None:
        program = room.program
        group = program.stocked()
        solution, tracking = popular(program, group), program.tracker(group)
        room.wait(HOUR / 2)
        program.version(solution)
        program.send(tracking, "s", "a1", user="u1")
        room.wait(7 * DAY - 1)
        assert versions(program, solution) == ["MANUAL"]
        room.wait(1)
        assert versions(program, solution) == ["MANUAL", "AUTOMATIC"]

    def test_so_does_one_of_the_very_moment_at_which_the_solution_was_made(self, room: Small) -> None:
        program = room.program
        group = program.stocked()
        solution, tracking = popular(program, group), program.tracker(group)
        program.version(solution)
        program.send(tracking, "s", "a1", user="u1")
        room.wait(7 * DAY - 1)
        assert versions(program, solution) == ["MANUAL"]
        room.wait(1)
        assert versions(program, solution) == ["MANUAL", "AUTOMATIC"]

    def test_each_version_is_dated_when_it_was_due(self, room: Small) -> None:
        program = room.program
        group = program.stocked()
        schedule = {"autoTrainingConfig": {"schedulingExpression": "rate(2 days)"}}
        solution = popular(program, group, solutionConfig=schedule)
        began = room.server.emulator.clock.now()
        room.wait(50 * DAY)
        found = program.personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]
        assert [version["creationDateTime"].timestamp() for version in found] == [began + HOUR]

    @pytest.mark.parametrize("switched_off_later", [True, False])
    def test_a_solution_without_automatic_training_waits_for_its_user(
        self, room: Small, switched_off_later: bool
    ) -> None:
        program = room.program
        solution = popular(program, program.stocked(), performAutoTraining=switched_off_later)
        if switched_off_later:
            program.personalize.update_solution(solutionArn=solution, performAutoTraining=False)
        room.wait(30 * DAY)
        assert versions(program, solution) == []
        program.personalize.update_solution(solutionArn=solution, performAutoTraining=True)
        room.wait(HOUR)
        assert versions(program, solution) == ["AUTOMATIC"]

    def test_a_new_frequency_begins_anew_within_the_hour(self, room: Small) -> None:
        program = room.program
        group = program.stocked()
        solution, tracking = popular(program, group), program.tracker(group)
        room.wait(HOUR)
        program.send(tracking, "s", "a1", user="u1")
        config = {"autoTrainingConfig": {"schedulingExpression": "rate(1 day)"}}
        program.personalize.update_solution(solutionArn=solution, solutionUpdateConfig=config)
        room.wait(HOUR)
        assert versions(program, solution) == ["AUTOMATIC"] * 2

    @pytest.mark.parametrize("by_hand", [True, False])
    def test_a_version_by_hand_at_the_moment_of_a_new_frequency_counts_if_it_came_later(
        self, room: Small, by_hand: bool
    ) -> None:
        program = room.program
        group = program.stocked()
        solution, tracking = popular(program, group), program.tracker(group)
        program.version(solution)
        config = {"autoTrainingConfig": {"schedulingExpression": "rate(1 day)"}}
        program.personalize.update_solution(solutionArn=solution, solutionUpdateConfig=config)
        made = ["MANUAL"] * (2 if by_hand else 1)
        if by_hand:
            program.version(solution)
        program.send(tracking, "s", "a1", user="u1")
        room.wait(HOUR)
        assert versions(program, solution) == made + ([] if by_hand else ["AUTOMATIC"])

    @pytest.mark.parametrize("mode", ["instant", "timed:100"])
    def test_a_new_frequency_is_not_forgotten_over_a_change_of_something_else(
        self, small: MakeSmall, mode: str
    ) -> None:
        room = small(status=f"instant,solution={mode}")
        program = room.program
        group = program.stocked()
        recipe = "arn:aws:personalize:::recipe/aws-user-personalization-v2"
        solution, tracking = program.solution(group, recipe=recipe), program.tracker(group)
        room.wait(100)
        program.version(solution)
        room.wait(HOUR)
        program.send(tracking, "s", "a1", user="u1")
        config = {"autoTrainingConfig": {"schedulingExpression": "rate(9 days)"}}
        program.personalize.update_solution(solutionArn=solution, solutionUpdateConfig=config)
        room.wait(100)
        weights = {"eventsConfig": {"eventParametersList": [{"eventType": "watch", "weight": 0.5}]}}
        program.personalize.update_solution(solutionArn=solution, solutionUpdateConfig=weights)
        room.wait(HOUR)
        assert versions(program, solution) == ["MANUAL", "AUTOMATIC"]

    def test_a_deleted_solution_and_one_without_data_stay_as_they_are(self, room: Small) -> None:
        program = room.program
        group = program.stocked()
        gone, starved = popular(program, group, name="gone"), popular(program, group, name="starved")
        program.personalize.delete_solution(solutionArn=gone)
        program.personalize.delete_dataset(datasetArn=program.arn("dataset/shop/INTERACTIONS"))
        room.wait(9 * DAY)
        assert versions(program, starved) == []
        assert refused(versions, program=program, solution=gone)[0] == "ResourceNotFoundException"


class TestRollOut:
    def deploy(self, program: Program, **config: Any) -> tuple[str, str]:
        solution = popular(program, program.stocked())
        program.version(solution)
        campaign = program.campaign(f"{solution}/$LATEST", campaignConfig=config) if config else ""
        return solution, campaign or program.campaign(f"{solution}/$LATEST")

    def describe(self, program: Program, campaign: str) -> dict[str, Any]:
        found: dict[str, Any] = program.personalize.describe_campaign(campaignArn=campaign)["campaign"]
        return found

    def test_a_campaign_of_the_latest_version_alone_stays_with_it(self, room: Small) -> None:
        solution, campaign = self.deploy(room.program)
        before = self.describe(room.program, campaign)
        room.program.version(solution)
        assert self.describe(room.program, campaign) == before

    def test_a_campaign_in_step_serves_each_new_version(self, small: MakeSmall) -> None:
        room = small(status="instant,campaign=timed:100")
        program = room.program
        solution, campaign = self.deploy(program, syncWithLatestSolutionVersion=True)
        room.wait(100)
        first = self.describe(program, campaign)
        assert "latestCampaignUpdate" not in first
        second = program.version(solution)
        moving = self.describe(program, campaign)
        assert (moving["status"], moving["solutionVersionArn"]) == ("ACTIVE", first["solutionVersionArn"])
        update = moving["latestCampaignUpdate"]
        assert (update["status"], update["solutionVersionArn"]) == ("CREATE PENDING", second)
        assert program.recommend(campaign)
        room.wait(100)
        assert self.describe(program, campaign)["solutionVersionArn"] == second

    def test_an_answer_alone_begins_it_too(self, room: Small) -> None:
        program = room.program
        solution, campaign = self.deploy(program, syncWithLatestSolutionVersion=True)
        tracking = program.tracker(program.arn("dataset-group/shop"))
        for number in range(40):
            program.send(tracking, "s", "b7", user=f"new{number}")
        before = program.recommend(campaign)
        program.version(solution)
        assert program.recommend(campaign)[0] == {"itemId": "b7"} != before[0]

    def test_automatic_versions_are_rolled_out_while_nobody_looks(self, room: Small) -> None:
        program = room.program
        solution, campaign = self.deploy(program, syncWithLatestSolutionVersion=True)
        program.send(program.tracker(program.arn("dataset-group/shop")), "s", "a1", user="u1")
        room.wait(7 * DAY)
        newest = program.personalize.describe_solution(solutionArn=solution)["solution"]["latestSolutionVersion"]
        assert newest["trainingType"] == "AUTOMATIC"
        assert self.describe(program, campaign)["solutionVersionArn"] == newest["solutionVersionArn"]

    def test_settings_change_without_losing_step(self, room: Small) -> None:
        program = room.program
        solution, campaign = self.deploy(program, syncWithLatestSolutionVersion=True)
        program.personalize.update_campaign(campaignArn=campaign, minProvisionedTPS=3)
        second = program.version(solution)
        found = self.describe(program, campaign)
        assert (found["solutionVersionArn"], found["minProvisionedTPS"]) == (second, 3)

    def test_a_roll_out_waits_for_the_change_that_is_under_way(self, small: MakeSmall) -> None:
        room = small(status="instant,campaign=timed:100")
        program = room.program
        solution, campaign = self.deploy(program, syncWithLatestSolutionVersion=True)
        room.wait(100)
        program.personalize.update_campaign(campaignArn=campaign, minProvisionedTPS=3)
        room.wait(50)
        first = self.describe(program, campaign)["solutionVersionArn"]
        second = program.version(solution)
        room.wait(60)
        found = self.describe(program, campaign)
        assert (found["solutionVersionArn"], found["minProvisionedTPS"]) == (first, 3)
        update = found["latestCampaignUpdate"]
        assert (update["status"], update["solutionVersionArn"]) == ("CREATE IN_PROGRESS", second)
        assert update["creationDateTime"].timestamp() == room.server.emulator.clock.now() - 10
        room.wait(90)
        assert self.describe(program, campaign)["solutionVersionArn"] == second

    def test_a_campaign_moved_to_a_version_by_name_is_out_of_step(self, room: Small) -> None:
        program = room.program
        solution, campaign = self.deploy(program, syncWithLatestSolutionVersion=True)
        second = program.version(solution)
        third = program.version(solution)
        program.personalize.update_campaign(campaignArn=campaign, solutionVersionArn=second)
        assert third != self.describe(program, campaign)["solutionVersionArn"] == second
        program.version(solution)
        assert self.describe(program, campaign)["solutionVersionArn"] == second


DOMAIN_INTERACTIONS = avro(
    "Interactions",
    ("USER_ID", "string"),
    ("ITEM_ID", "string"),
    ("TIMESTAMP", "long"),
    ("EVENT_TYPE", "string"),
    {"name": "DEVICE", "type": ["null", "string"], "categorical": True},
)


class TestRecommenders:
    def make(self, program: Program) -> tuple[str, str]:
        """A recommender of the most viewed items, and the tracking id of its group."""
        personalize = program.personalize
        group = personalize.create_dataset_group(name="shop", domain="ECOMMERCE")["datasetGroupArn"]
        schema = personalize.create_schema(name="s", schema=DOMAIN_INTERACTIONS, domain="ECOMMERCE")["schemaArn"]
        dataset = personalize.create_dataset(
            name="d", schemaArn=schema, datasetGroupArn=group, datasetType="INTERACTIONS"
        )["datasetArn"]
        assert program.load(dataset, interactions_csv(kind="View"))["status"] == "ACTIVE"
        recommender = personalize.create_recommender(
            name="viewed",
            datasetGroupArn=group,
            recipeArn="arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-views",
        )["recommenderArn"]
        return recommender, program.tracker(group)

    def best(self, program: Program, recommender: str) -> str:
        answer = program.runtime.get_recommendations(recommenderArn=recommender, userId="u1", numResults=1)
        return str(answer["itemList"][0]["itemId"])

    def test_one_trains_anew_every_seven_days_and_shows_no_update(self, room: Small) -> None:
        program = room.program
        recommender, tracking = self.make(program)
        for number in range(40):
            program.send(tracking, "s", "b7", user=f"new{number}", kind="View")
        assert self.best(program, recommender) != "b7"
        room.wait(7 * DAY)
        assert self.best(program, recommender) == "b7"
        found = program.personalize.describe_recommender(recommenderArn=recommender)["recommender"]
        assert "latestRecommenderUpdate" not in found

    def test_one_that_is_stopped_neither_trains_nor_answers(self, room: Small) -> None:
        program = room.program
        recommender, tracking = self.make(program)
        for number in range(40):
            program.send(tracking, "s", "b7", user=f"new{number}", kind="View")
        program.personalize.stop_recommender(recommenderArn=recommender)
        assert refused(self.best, program=program, recommender=recommender)[:2] == ("ResourceNotFoundException", 404)
        room.wait(8 * DAY)
        program.personalize.start_recommender(recommenderArn=recommender)
        assert self.best(program, recommender) != "b7"

    def test_other_columns_of_training_train_anew(self, room: Small) -> None:
        program = room.program
        recommender, tracking = self.make(program)
        for number in range(40):
            program.send(tracking, "s", "b7", user=f"new{number}", kind="View")
        config = {"trainingDataConfig": {"excludedDatasetColumns": {"INTERACTIONS": ["DEVICE"]}}}
        program.personalize.update_recommender(recommenderArn=recommender, recommenderConfig=config)
        assert self.best(program, recommender) == "b7"
        found = program.personalize.describe_recommender(recommenderArn=recommender)["recommender"]
        assert found["latestRecommenderUpdate"]["status"] == "ACTIVE"
        assert found["recommenderConfig"] == config

    def test_one_that_failed_keeps_its_place_as_an_update_may_mend_it(self, small: MakeSmall) -> None:
        program = small(relaxed_minimums=False, quotas="recommenders=1").program
        client = program.personalize
        group = client.create_dataset_group(name="shop", domain="ECOMMERCE")["datasetGroupArn"]
        schema = client.create_schema(name="s", schema=DOMAIN_INTERACTIONS, domain="ECOMMERCE")["schemaArn"]
        client.create_dataset(name="d", schemaArn=schema, datasetGroupArn=group, datasetType="INTERACTIONS")
        program.send(program.tracker(group), "s", "a1", user="u1", kind="View")
        given = {
            "datasetGroupArn": group,
            "recipeArn": "arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-views",
        }
        failed = client.create_recommender(name="a", **given)["recommenderArn"]
        assert client.describe_recommender(recommenderArn=failed)["recommender"]["status"] == "CREATE FAILED"
        assert refused(client.create_recommender, name="b", **given)[0] == "LimitExceededException"
        client.delete_recommender(recommenderArn=failed)
        client.create_recommender(name="b", **given)


def test_weights_cannot_be_put_beside_an_event_type(program: Program) -> None:
    recipe = "arn:aws:personalize:::recipe/aws-user-personalization-v2"
    solution = program.solution(program.stocked(), recipe=recipe, eventType="watch")
    weights = {"eventsConfig": {"eventParametersList": [{"eventType": "watch", "weight": 1.0}]}}
    assert refused(program.personalize.update_solution, solutionArn=solution, solutionUpdateConfig=weights) == (
        "InvalidInputException",
        400,
        "eventsConfig cannot be combined with eventType or eventValueThreshold.",
    )
