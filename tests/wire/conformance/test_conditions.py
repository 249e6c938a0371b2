"""Members that appear only when something else has happened."""

from __future__ import annotations

from . import making
from .making import POPULARITY, RECIPES
from .stage import Stage
from .table import CAMPAIGN, SOLUTION, VERSION
from .walking import check_members


def test_a_solution_shows_its_latest_version_from_the_first_one_on(stage: Stage) -> None:
    solution = making.solution(stage, stage.once(making.shop), POPULARITY)
    check_members(SOLUTION, stage.describe("solution", solution), "ACTIVE")
    first = making.version(stage, solution)
    second = making.version(stage, solution)
    found = stage.describe("solution", solution)
    check_members(SOLUTION, found, "ACTIVE", further=frozenset({"latestSolutionVersion"}))
    versions = stage.call("ListSolutionVersions", solutionArn=solution)["solutionVersions"]
    assert [version["solutionVersionArn"] for version in versions] == [second, first]
    assert found["latestSolutionVersion"] == versions[0]


def test_what_was_tuned_is_shown_by_the_version_that_was_tuned(stage: Stage) -> None:
    search = {
        "algorithmHyperParameterRanges": {
            "integerHyperParameterRanges": [{"name": "hidden_dimension", "minValue": 32, "maxValue": 40}],
            "continuousHyperParameterRanges": [],
            "categoricalHyperParameterRanges": [],
        },
        "hpoResourceConfig": {"maxNumberOfTrainingJobs": "2", "maxParallelTrainingJobs": "1"},
    }
    solution = making.solution(
        stage,
        stage.once(making.shop),
        f"{RECIPES}aws-user-personalization",
        performHPO=True,
        solutionConfig={"hpoConfig": search},
    )
    found = stage.settle("solutionVersion", making.version(stage, solution))
    check_members(VERSION, found, "ACTIVE", further=frozenset({"tunedHPOParams"}))
    assert found["performHPO"]
    assert set(found["tunedHPOParams"]) == {"algorithmHyperParameters"}
    assert 32 <= int(found["tunedHPOParams"]["algorithmHyperParameters"]["hidden_dimension"]) <= 40


def test_the_recipe_that_was_chosen_is_shown_once_a_version_is_active(stage: Stage) -> None:
    arn = making.made(
        stage,
        "solution",
        "CreateSolution",
        name=stage.name("solution"),
        datasetGroupArn=stage.once(making.shop),
        performAutoML=True,
        performAutoTraining=False,
        solutionConfig={"autoMLConfig": {"recipeList": [POPULARITY]}},
    )
    found = stage.describe("solution", arn)
    assert found["performAutoML"]
    assert not {"autoMLResult", "recipeArn", "latestSolutionVersion"} & set(found)
    version = stage.call("CreateSolutionVersion", solutionArn=arn)["solutionVersionArn"]
    assert ("autoMLResult" in stage.describe("solution", arn)) == (stage.mode == "instant")
    assert stage.settle("solutionVersion", version)["recipeArn"] == POPULARITY
    assert stage.describe("solution", arn)["autoMLResult"] == {"bestRecipeArn": POPULARITY}


def test_a_campaign_that_follows_the_latest_version_shows_it_as_an_update(stage: Stage) -> None:
    solution = making.solution(stage, stage.once(making.shop), POPULARITY)
    first = making.version(stage, solution)
    config = {"syncWithLatestSolutionVersion": True}
    name = stage.name("campaign")
    arn = making.made(
        stage,
        "campaign",
        "CreateCampaign",
        name=name,
        solutionVersionArn=f"{solution}/$LATEST",
        campaignConfig=config,
    )
    found = stage.describe("campaign", arn)
    check_members(CAMPAIGN, found, "ACTIVE", further=frozenset({"campaignConfig"}))
    assert (found["solutionVersionArn"], found["campaignConfig"]) == (first, config)
    second = making.version(stage, solution)
    found = stage.settle("campaign", arn)
    check_members(CAMPAIGN, found, "ACTIVE", further=frozenset({"campaignConfig", "latestCampaignUpdate"}))
    assert found["solutionVersionArn"] == found["latestCampaignUpdate"]["solutionVersionArn"] == second
    assert found["campaignConfig"] == config
