"""What is written down as programs use the service, and the bill that the command line makes of it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from personalize_local.resources import metering
from tests.conftest import Small

from .billing import DAY, HOUR, JANUARY, costs, lines, popular, quantity, sent
from .conformance import making
from .conformance.stage import Stage
from .program import POPULARITY, RANKING, interactions_csv, items_csv
from .test_action_recommendations import NOW, acts_csv, offers

MakeSmall = Callable[..., Small]

V2 = "arn:aws:personalize:::recipe/aws-user-personalization-v2"
TWO_TRIALS = {"hpoConfig": {"hpoResourceConfig": {"maxNumberOfTrainingJobs": "2", "maxParallelTrainingJobs": "1"}}}


@pytest.fixture
def room(small: MakeSmall) -> Small:
    return small(clock=JANUARY)


class TestAMonth:
    def test_of_a_shop_from_data_to_recommendations(self, room: Small) -> None:
        program, data, bodies = room.program, interactions_csv(), list[int]()
        group = program.stocked(content=data)
        solution = program.solution(group, recipe=POPULARITY)
        campaign = program.campaign(program.version(solution), minProvisionedTPS=2)
        tracking = program.tracker(group)
        for _ in range(3):
            program.recommend(campaign, "u1")
        sent(program.events, "PutEvents", bodies)
        program.send(tracking, "s", "a1", "a2", user="u1")
        room.wait(30 * DAY)
        told = costs(room, "--prices", "2024")
        assert told["now"] == JANUARY + 30 * DAY
        assert (told["prices"]["name"], told["prices"]["asOf"]) == ("2024", "2024-07-15")
        serving = lines(room, "real-time", "--prices", "2024")["campaign/home"]
        assert (serving["quantity"], serving["unit"]) == ("1440", "TPS-hour")
        assert (serving["cost"], serving["monthly"]) == ("288.00", "292.00")
        ingested = lines(room, "ingestion")
        assert ingested["dataset/shop/INTERACTIONS"]["datasetGroupArn"] == group
        in_gb = {name: Decimal(line["quantity"]) * 2**30 for name, line in ingested.items()}
        assert round(in_gb["dataset/shop/INTERACTIONS"]) == len(data)
        (tracker,) = (name for name in in_gb if name.startswith("event-tracker/"))
        assert bodies
        assert round(in_gb[tracker]) == sum(bodies)
        # By hand, then by itself when its week was over, as there was an event.
        training = lines(room, "training-hours")["solution/taste"]
        expected = 2 * Decimal("1.93") + Decimal("2.08") * (360 + 362) / 1_000_000
        assert abs(Decimal(training["quantity"]) - expected) < Decimal("0.00001")
        assert training["estimate"] is True
        assert training["secondsHere"] > 0
        (of_group,) = told["datasetGroups"]
        assert of_group["datasetGroupArn"] == group
        assert of_group["cost"] == told["cost"]
        assert Decimal(told["cost"]) > Decimal(288)

    def test_points_out_what_costs_without_need(self, room: Small) -> None:
        program = room.program
        group = program.stocked()
        schedule = {"autoTrainingConfig": {"schedulingExpression": "rate(1 day)"}}
        solution = program.solution(group, recipe=POPULARITY, solutionConfig=schedule)
        version = program.version(solution)
        idle = program.campaign(version, "idle")
        large = program.campaign(version, "large", minProvisionedTPS=10)
        room.wait(2 * DAY)
        for _ in range(20):
            program.recommend(large, "u1")
        found = {(hint["resourceArn"], hint["kind"]): hint for hint in costs(room, "--prices", "2024")["hints"]}
        assert set(found) == {(idle, "idle"), (large, "over-provisioned"), (solution, "automatic-training")}
        assert found[idle, "idle"]["monthly"] == "146.00"
        assert found[large, "over-provisioned"]["monthly"] == "1314.00"
        # 1.93 hours for so few, each day of 730 hours.
        trainings = Decimal(found[solution, "automatic-training"]["monthly"])
        assert abs(trainings - Decimal("1.93") * Decimal("0.24") * 730 / 24) < Decimal("0.05")

    def test_a_training_by_itself_counts_when_it_is_due(self, room: Small) -> None:
        group = room.program.stocked()
        room.program.solution(group, recipe=POPULARITY)
        room.wait(HOUR - 1)
        assert lines(room, "training-hours")["solution/taste"]["quantity"] == "0"
        room.wait(1)
        assert Decimal(lines(room, "training-hours")["solution/taste"]["quantity"]) > Decimal("1.93")


class TestCampaigns:
    def test_count_from_active_to_deletion(self, small: MakeSmall) -> None:
        room = small(clock=JANUARY, status="instant,campaign=timed:3600")
        campaign = popular(room)
        room.wait(HOUR)
        assert lines(room, "real-time")["campaign/home"]["quantity"] == "0"
        room.wait(HOUR)
        assert quantity(room, "real-time", "campaign/home", "--prices", "2024") == 1
        room.program.personalize.delete_campaign(campaignArn=campaign)
        room.wait(DAY)
        found = lines(room, "real-time", "--prices", "2024")["campaign/home"]
        assert (found["quantity"], found["monthly"]) == ("1", "0.00")

    def test_count_an_update_when_it_is_over(self, small: MakeSmall) -> None:
        room = small(clock=JANUARY, status="instant,campaign=timed:3600")
        campaign = popular(room)
        room.wait(2 * HOUR)
        room.program.personalize.update_campaign(campaignArn=campaign, minProvisionedTPS=5)
        room.wait(HOUR)
        assert quantity(room, "real-time", "campaign/home", "--prices", "2024") == 2
        room.wait(HOUR)
        assert quantity(room, "real-time", "campaign/home", "--prices", "2024") == 7

    def test_of_one_name_after_the_other_are_one_line(self, room: Small) -> None:
        campaign = popular(room)
        room.wait(HOUR)
        room.program.personalize.delete_campaign(campaignArn=campaign)
        room.wait(HOUR)
        version = room.program.personalize.list_solution_versions()["solutionVersions"][0]["solutionVersionArn"]
        assert room.program.campaign(version) == campaign
        room.wait(HOUR)
        assert quantity(room, "real-time", "campaign/home", "--prices", "2024") == 2

    def test_that_are_made_and_deleted_at_one_moment_cost_their_requests(self, room: Small) -> None:
        campaign = popular(room)
        room.program.recommend(campaign, "u1")
        room.program.personalize.delete_campaign(campaignArn=campaign)
        assert quantity(room, "real-time", "campaign/home") == Decimal("0.001")

    def test_with_more_requests_than_capacity_cost_the_requests(self, room: Small) -> None:
        campaign = popular(room)
        for _ in range(310):
            room.program.recommend(campaign, "u1", numResults=1)
        room.wait(HOUR)
        assert quantity(room, "real-time", "campaign/home") * 1000 == 3610

    def test_refused_requests_are_not_counted(self, room: Small) -> None:
        campaign = popular(room)
        with pytest.raises(room.program.runtime.exceptions.InvalidInputException):
            room.program.recommend(campaign, "u1", numResults=501)
        assert lines(room, "real-time")["campaign/home"]["quantity"] == "0"

    def test_of_v2_recipes_have_their_own_meters(self, room: Small) -> None:
        group = room.program.stocked()
        room.program.campaign(room.program.version(room.program.solution(group, recipe=V2)))
        room.wait(DAY)
        assert Decimal(lines(room, "real-time-v2")["campaign/home"]["cost"]) == Decimal("12.96")
        training = lines(room, "training-interactions")["solution/taste"]
        assert (training["quantity"], training["unit"]) == ("0.36", "1000 interactions")

    def test_a_recommendation_asks_nothing_more_of_the_store(self, room: Small) -> None:
        campaign, database = popular(room), room.server.emulator.database
        room.program.recommend(campaign, "u1")
        before = database.appended
        for _ in range(5):
            room.program.recommend(campaign, "u1")
        assert database.appended == before
        room.server.emulator.run_due()
        assert database.appended > before

    def test_follow_the_latest_version_without_a_gap(self, room: Small) -> None:
        program = room.program
        group = program.stocked()
        solution = program.solution(group, recipe=POPULARITY)
        program.version(solution)
        following = {"campaignConfig": {"syncWithLatestSolutionVersion": True}}
        campaign = program.campaign(f"{solution}/$LATEST", **following, minProvisionedTPS=3)
        room.wait(HOUR)
        program.version(solution)
        program.recommend(campaign, "u1")
        room.wait(HOUR)
        assert quantity(room, "real-time", "campaign/home", "--prices", "2024") == 6


class TestRecommenders:
    def test_cost_their_hours_but_while_they_are_stopped(self, room: Small) -> None:
        stage = Stage(room.server, "instant", room.folder)
        arn = making.made(
            stage,
            "recommender",
            "CreateRecommender",
            name="viewed",
            datasetGroupArn=making.store(stage),
            recipeArn=making.MOST_VIEWED,
        )
        room.wait(10 * HOUR)
        stage.call("StopRecommender", recommenderArn=arn)
        room.wait(10 * HOUR)
        stage.call("StartRecommender", recommenderArn=arn)
        stage.call("UpdateRecommender", recommenderArn=arn, recommenderConfig={metering.REQUESTS: 2})
        room.wait(2 * HOUR)
        stage.call("DeleteRecommender", recommenderArn=arn)
        room.wait(DAY)
        found = lines(room, "recommender-hours")["recommender/viewed"]
        assert (found["quantity"], found["cost"], found["monthly"]) == ("12", "4.50", "0.00")
        # Two a second are 7200 an hour, of which 4000 are included.
        assert lines(room, "recommender-requests")["recommender/viewed"]["quantity"] == "6.4"
        assert lines(room, "training-hours") == {}

    def test_know_their_users_from_their_training(self, room: Small) -> None:
        stage = Stage(room.server, "instant", room.folder)
        making.made(
            stage,
            "recommender",
            "CreateRecommender",
            name="viewed",
            datasetGroupArn=making.store(stage),
            recipeArn=making.MOST_VIEWED,
        )
        with room.server.emulator.database.read() as rows:
            (trained,) = [used for used in rows.used() if used.kind == "training"]
        assert trained.facts["users"] >= 25
        assert trained.facts["recipe"] == "aws-ecomm-popular-items-by-views"


class TestData:
    def test_put_one_by_one_count_by_the_bytes_of_their_calls(self, room: Small) -> None:
        program, bodies = room.program, list[int]()
        group = program.stocked()
        dataset = program.dataset(group, "ITEMS")
        sent(program.events, "PutItems", bodies)
        for number in range(3):
            program.events.put_items(datasetArn=dataset, items=[{"itemId": f"i{number}"}])
        assert len(bodies) == 3
        assert round(quantity(room, "ingestion", "dataset/shop/ITEMS") * 2**30) == sum(bodies)

    def test_of_all_files_of_a_folder_are_counted(self, room: Small) -> None:
        program = room.program
        group = program.group()
        dataset = program.dataset(group)
        texts = [interactions_csv(), interactions_csv(users=31)]
        for number, text in enumerate(texts):
            location = program.put(f"all/{number}.csv", text)
        program.put("all/below/other.csv", texts[0])
        program.put("all.csv", texts[0])
        program.personalize.create_dataset_import_job(
            jobName="all",
            datasetArn=dataset,
            dataSource={"dataLocation": location.rpartition("/")[0] + "/"},
            roleArn="arn:aws:iam::123456789012:role/import",
        )
        assert round(quantity(room, "ingestion", "dataset/shop/INTERACTIONS") * 2**30) == sum(map(len, texts))

    def test_that_an_import_refuses_cost_nothing(self, room: Small) -> None:
        dataset = room.program.dataset(room.program.group())
        job = room.program.load(dataset, interactions_csv() + "broken,row\n")
        assert job["status"] == "CREATE FAILED"
        assert costs(room)["lines"] == []

    def test_of_a_deleted_dataset_group_stay_in_the_bill(self, room: Small) -> None:
        program = room.program
        group = program.group()
        dataset = program.dataset(group, "ITEMS")
        program.load(dataset, items_csv())
        program.personalize.delete_dataset(datasetArn=dataset)
        program.personalize.delete_dataset_group(datasetGroupArn=group)
        room.wait(DAY)
        assert list(lines(room, "ingestion")) == ["dataset/shop/ITEMS"]


class TestTrainings:
    @pytest.mark.parametrize(("waited", "hours"), [(0.0, "0"), (1.5 * HOUR, "1.5"), (9 * HOUR, "1.930749")])
    def test_that_are_stopped_cost_until_then(self, small: MakeSmall, waited: float, hours: str) -> None:
        room = small(clock=JANUARY, status="instant,solution-version=timed:36000")
        group = room.program.stocked()
        version = room.program.version(room.program.solution(group, recipe=POPULARITY, performAutoTraining=False))
        room.wait(waited)
        room.program.personalize.stop_solution_version_creation(solutionVersionArn=version)
        room.wait(DAY)
        assert lines(room, "training-hours")["solution/taste"]["quantity"] == hours

    @pytest.mark.parametrize(("waited", "hours"), [(1.5 * HOUR, "1.5"), (4 * HOUR, "4"), (9 * HOUR, "5.792246")])
    def test_of_a_search_that_is_stopped_cost_until_then_too(self, small: MakeSmall, waited: float, hours: str) -> None:
        room = small(clock=JANUARY, status="instant,solution-version=timed:36000")
        group = room.program.stocked()
        solution = room.program.solution(group, performHPO=True, solutionConfig=TWO_TRIALS, performAutoTraining=False)
        version = room.program.version(solution)
        room.wait(waited)
        room.program.personalize.stop_solution_version_creation(solutionVersionArn=version)
        # Three models of 1.930749 hours.
        assert lines(room, "training-hours")["solution/taste"]["quantity"] == hours

    def test_by_themselves_are_projected_with_the_models_of_their_search(self, room: Small) -> None:
        group = room.program.stocked()
        two = {"name": "recency_mask", "values": ["true", "false"]}
        search = {
            "hpoConfig": {
                "hpoResourceConfig": {"maxNumberOfTrainingJobs": "10", "maxParallelTrainingJobs": "1"},
                "algorithmHyperParameterRanges": {"categoricalHyperParameterRanges": [two]},
            },
            "autoTrainingConfig": {"schedulingExpression": "rate(1 day)"},
        }
        room.program.solution(group, performHPO=True, solutionConfig=search)
        of_one = Decimal("1.93") + Decimal("2.08") * 360 / 1_000_000
        # There are two to try, whatever number may be tried.
        expected = 3 * of_one * 730 / 24 * Decimal("0.24")
        (hint,) = costs(room)["hints"]
        assert abs(Decimal(hint["monthly"]) - expected) < Decimal("0.001")

    def test_that_fail_cost_nothing(self, room: Small) -> None:
        group = room.program.stocked()
        version = room.program.version(room.program.solution(group, eventType="nobody", performAutoTraining=False))
        found = room.program.personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
        assert found["status"] == "CREATE FAILED"
        assert lines(room, "training-hours") == {}

    def test_of_a_search_cost_every_model(self, room: Small) -> None:
        group = room.program.stocked()
        solution = room.program.solution(group, performHPO=True, solutionConfig=TWO_TRIALS, performAutoTraining=False)
        room.program.version(solution)
        hours = quantity(room, "training-hours", "solution/taste")
        assert abs(hours - 3 * (Decimal("1.93") + Decimal("2.08") * 360 / 1_000_000)) < Decimal("0.00001")


class TestOtherOperations:
    def test_rankings_are_requests(self, room: Small) -> None:
        group = room.program.stocked()
        solution = room.program.solution(group, recipe=RANKING, performAutoTraining=False)
        campaign = room.program.campaign(room.program.version(solution))
        room.program.runtime.get_personalized_ranking(campaignArn=campaign, userId="u1", inputList=["a1"])
        assert quantity(room, "real-time", "campaign/home") == Decimal("0.001")

    def test_actions_are_requests_and_their_interactions_are_what_trainings_count(self, small: MakeSmall) -> None:
        room = small(clock=float(NOW))
        shop = offers(room.program)
        shop.ask()
        assert quantity(room, "real-time", "campaign/next") == Decimal("0.001")
        bodies: list[int] = []
        sent(room.program.events, "PutActionInteractions", bodies)
        shop.send("app", user="u1")
        streamed = quantity(room, "ingestion", "dataset/offers/ACTION_INTERACTIONS") * 2**30
        assert round(streamed) == len(acts_csv()) + sum(bodies)
        # 60 users, 3 actions, twice, shown and answered.
        hours = quantity(room, "training-hours", "solution/next")
        assert abs(hours - (Decimal("1.93") + Decimal("2.08") * 720 / 1_000_000)) < Decimal("0.000001")
