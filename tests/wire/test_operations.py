"""Every operation that is served, called once by boto3; every other one refused by its name."""

from __future__ import annotations

from typing import Any

import pytest

from botocore_shapes.service import Service
from personalize_local.server.serving import BackgroundServer

from .program import INTERACTIONS, RECIPE, ROLE, Program, avro, interactions_csv, refused
from .raw import call

SERVED = {
    "personalize-runtime": {"GetRecommendations", "GetPersonalizedRanking", "GetActionRecommendations"},
    "personalize-events": {"PutEvents", "PutItems", "PutUsers", "PutActions", "PutActionInteractions"},
}


ACTIONS = avro("Actions", ("ACTION_ID", "string"), {"name": "KIND", "type": "string", "categorical": True})
ACTION_INTERACTIONS = avro(
    "ActionInteractions",
    ("USER_ID", "string"),
    ("ACTION_ID", "string"),
    ("EVENT_TYPE", "string"),
    ("TIMESTAMP", "long"),
)


def services(server: BackgroundServer) -> dict[str, Service[Any]]:
    return {service.model.service_name: service for service in server.emulator.services}


def test_every_operation_of_the_control_plane_is_served(server: BackgroundServer) -> None:
    control_plane = services(server)["personalize"]
    assert len(control_plane.operations) == 71
    assert control_plane.unserved == []


def test_these_operations_of_the_other_services_are_served(server: BackgroundServer) -> None:
    for name, served in SERVED.items():
        service = services(server)[name]
        assert set(service.operations) - set(service.unserved) == served


@pytest.mark.parametrize("name", sorted(SERVED))
def test_an_operation_that_is_not_served_answers_501_and_names_itself(server: BackgroundServer, name: str) -> None:
    service = services(server)[name]
    for operation in service.unserved:
        status, answer = call(server.url, service, operation, {})
        assert status == 501, operation
        assert operation in answer["message"]


def test_a_target_that_the_model_does_not_have_is_an_unknown_operation(server: BackgroundServer) -> None:
    status, answer = call(server.url, services(server)["personalize"], "CreateFilters", {})
    assert (status, answer["__type"]) == (400, "UnknownOperationException")


def test_the_main_job_from_data_to_answers_and_its_clean_up(program: Program) -> None:
    called: set[str] = set()
    for client in (program.personalize, program.runtime, program.events):
        client.meta.events.register("before-call.*", lambda model, **_: called.add(model.name))
    personalize = program.personalize
    group = program.group()
    dataset = program.dataset(group)
    assert program.load(dataset, interactions_csv())["status"] == "ACTIVE"
    items = program.dataset(group, "ITEMS")
    tracking = program.tracker(group)
    solution = program.solution(group, tags=[{"tagKey": "team", "tagValue": "a"}])
    version = program.version(solution)
    campaign = program.campaign(version)
    program.send(tracking, "s1", "a1", user="u1")
    _put_one_by_one(program, items)
    assert program.recommend(campaign, "u1")
    ranking = program.solution(group, "ranking", "arn:aws:personalize:::recipe/aws-personalized-ranking")
    ranking_campaign = program.campaign(program.version(ranking), "ranking")
    program.runtime.get_personalized_ranking(campaignArn=ranking_campaign, userId="u1", inputList=["a1", "b1"])
    # Its answers need data of their own: test_action_recommendations.py.
    assert refused(program.runtime.get_action_recommendations, campaignArn=campaign, userId="u1")[1] == 400
    assert personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    _describe_and_list_all(program, group, dataset, solution, version, campaign)
    _update_all(program, items, solution, campaign)
    personalize.tag_resource(resourceArn=solution, tags=[{"tagKey": "b", "tagValue": "c"}])
    personalize.untag_resource(resourceArn=solution, tagKeys=["team"])
    assert personalize.list_tags_for_resource(resourceArn=solution)["tags"] == [{"tagKey": "b", "tagValue": "c"}]
    _delete_all(program)
    assert set().union(*SERVED.values()) < called


def _put_one_by_one(program: Program, items: str) -> None:
    """Whatever is taken is answered with an empty body, and put in the dataset that it is for."""
    events = program.events
    # A group of their own: what the counts below look at stays as it is.
    other = program.group("one-by-one")
    users = program.dataset(other, "USERS")
    actions = program.dataset(other, "ACTIONS", ACTIONS)
    interactions = program.dataset(other, "ACTION_INTERACTIONS", ACTION_INTERACTIONS)
    tracking = program.personalize.describe_dataset(datasetArn=interactions)["dataset"]["trackingId"]
    taken = {"actionId": "x", "userId": "u1", "sessionId": "s1", "timestamp": 1_700_100_000, "eventType": "Taken"}
    answers = [
        events.put_items(datasetArn=items, items=[{"itemId": "a1", "properties": '{"genre": "crime"}'}]),
        events.put_users(datasetArn=users, users=[{"userId": "u1", "properties": '{"age": "18-24"}'}]),
        events.put_actions(datasetArn=actions, actions=[{"actionId": "x", "properties": '{"kind": "offer"}'}]),
        events.put_action_interactions(trackingId=tracking, actionInteractions=[taken]),
    ]
    for answer in answers:
        assert set(answer) == {"ResponseMetadata"}
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert answer["ResponseMetadata"]["HTTPHeaders"]["content-length"] == "0"
    for dataset in (users, actions, interactions):
        program.personalize.delete_dataset(datasetArn=dataset)
    program.personalize.delete_dataset_group(datasetGroupArn=other)
    for kind in ("USERS", "ACTIONS", "ACTION_INTERACTIONS"):
        program.personalize.delete_schema(schemaArn=program.arn(f"schema/one-by-one-{kind}"))


def _describe_and_list_all(
    program: Program, group: str, dataset: str, solution: str, version: str, campaign: str
) -> None:
    personalize = program.personalize
    tracker = personalize.list_event_trackers(datasetGroupArn=group)["eventTrackers"][0]["eventTrackerArn"]
    schema = personalize.describe_dataset(datasetArn=dataset)["dataset"]["schemaArn"]
    job = personalize.list_dataset_import_jobs(datasetArn=dataset)["datasetImportJobs"][0]["datasetImportJobArn"]
    described = {
        "datasetGroup": personalize.describe_dataset_group(datasetGroupArn=group),
        "schema": personalize.describe_schema(schemaArn=schema),
        "eventTracker": personalize.describe_event_tracker(eventTrackerArn=tracker),
        "solution": personalize.describe_solution(solutionArn=solution),
        "solutionVersion": personalize.describe_solution_version(solutionVersionArn=version),
        "campaign": personalize.describe_campaign(campaignArn=campaign),
        "recipe": personalize.describe_recipe(recipeArn=RECIPE),
        "datasetImportJob": personalize.describe_dataset_import_job(datasetImportJobArn=job),
    }
    for key, answer in described.items():
        assert answer[key].get("status", "ACTIVE") == "ACTIVE", key
    assert described["schema"]["schema"]["schema"] == INTERACTIONS
    assert described["datasetImportJob"]["datasetImportJob"]["roleArn"] == ROLE
    assert len(personalize.list_dataset_groups()["datasetGroups"]) == 1
    assert len(personalize.list_schemas()["schemas"]) == 2
    assert len(personalize.list_datasets(datasetGroupArn=group)["datasets"]) == 2
    assert len(personalize.list_solutions(datasetGroupArn=group)["solutions"]) == 2
    assert len(personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]) == 1
    assert len(personalize.list_campaigns(solutionArn=solution)["campaigns"]) == 1
    assert personalize.list_recipes()["recipes"]


def _update_all(program: Program, items: str, solution: str, campaign: str) -> None:
    personalize = program.personalize
    wider = program.schema("wider", _wider_items())
    personalize.update_dataset(datasetArn=items, schemaArn=wider)
    personalize.update_solution(solutionArn=solution, performAutoTraining=False)
    personalize.update_campaign(campaignArn=campaign, minProvisionedTPS=2)
    assert personalize.describe_campaign(campaignArn=campaign)["campaign"]["minProvisionedTPS"] == 2


def _wider_items() -> str:
    return avro(
        "Items",
        ("ITEM_ID", "string"),
        {"name": "GENRE", "type": ["null", "string"], "categorical": True},
        ("PRICE", ["null", "float"]),
    )


def _delete_all(program: Program) -> None:
    personalize = program.personalize
    for kind, plural in (
        ("campaign", "campaigns"),
        ("solution", "solutions"),
        ("event_tracker", "eventTrackers"),
        ("dataset", "datasets"),
        ("dataset_group", "datasetGroups"),
        ("schema", "schemas"),
    ):
        member = f"{plural[:-1]}Arn"
        listed = getattr(personalize, f"list_{kind}s")
        for found in listed()[plural]:
            getattr(personalize, f"delete_{kind}")(**{member: found[member]})
        assert listed()[plural] == [], kind
    assert personalize.list_dataset_import_jobs()["datasetImportJobs"] == []
