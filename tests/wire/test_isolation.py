"""Accounts, regions and programs at the same time; tags."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .program import POPULARITY, SCHEMAS, Program, refused

INVALID = "InvalidInputException"


@pytest.mark.parametrize("difference", ["account", "region"])
def test_accounts_and_regions_see_nothing_of_each_other(program: Program, difference: str) -> None:
    if difference == "account":
        other = Program(program.url)
    else:
        other = Program(program.url, account=program.account, region="eu-west-1")
    campaign = program.deployed()
    for kind in ("dataset_groups", "schemas", "datasets", "dataset_import_jobs", "event_trackers", "solutions"):
        answer = getattr(other.personalize, f"list_{kind}")()
        assert [value for key, value in answer.items() if key != "ResponseMetadata"] == [[]]
    # The names are free there, and what is done there changes nothing here.
    group = other.group()
    assert group == other.arn("dataset-group/shop") != program.arn("dataset-group/shop")
    other.personalize.delete_dataset_group(datasetGroupArn=group)
    assert program.recommend(campaign, "u0")
    for call in (other.personalize.describe_campaign, other.personalize.delete_campaign):
        assert refused(call, campaignArn=campaign)[0] == INVALID
    assert refused(other.recommend, campaign=campaign, user="u0")[0] == "ResourceNotFoundException"
    assert refused(other.personalize.list_tags_for_resource, resourceArn=campaign)[0] == INVALID


def test_partitions_follow_the_region(program: Program) -> None:
    china = Program(program.url, region="cn-north-1")
    assert china.group() == f"arn:aws-cn:personalize:cn-north-1:{china.account}:dataset-group/shop"


def outcomes(count: int, call: Callable[[], Any]) -> list[str]:
    """``ok`` or the class of the error of calls made at the same time."""

    def one(_: int) -> str:
        try:
            call()
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "ok"

    with ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(one, range(count)))


def test_of_creations_at_the_same_time_exactly_one_succeeds(program: Program) -> None:
    group = program.stocked()
    version = program.version(program.solution(group, "first", POPULARITY))
    schema = program.schema("items", SCHEMAS["ITEMS"])
    personalize = program.personalize
    place = program.put("again.csv", "ITEM_ID,GENRE\nx,y\n")
    items = {"name": "i", "datasetGroupArn": group, "schemaArn": schema, "datasetType": "ITEMS"}
    job = {"jobName": "j", "datasetArn": program.arn("dataset/shop/ITEMS"), "dataSource": {"dataLocation": place}}
    role = {"roleArn": "arn:aws:iam::123456789012:role/r"}
    for call in (
        lambda: personalize.create_dataset_group(name="same"),
        lambda: personalize.create_schema(name="same", schema=SCHEMAS["USERS"]),
        lambda: personalize.create_dataset(**items),
        lambda: personalize.create_dataset_import_job(**job, **role),
        lambda: personalize.create_event_tracker(name="same", datasetGroupArn=group),
        lambda: personalize.create_solution(name="same", datasetGroupArn=group, recipeArn=POPULARITY),
        lambda: personalize.create_campaign(name="same", solutionVersionArn=version),
    ):
        assert outcomes(4, call) == ["ResourceAlreadyExistsException"] * 3 + ["ok"]


def test_of_deletions_at_the_same_time_exactly_one_succeeds(program: Program) -> None:
    group = program.group()
    found = outcomes(4, lambda: program.personalize.delete_dataset_group(datasetGroupArn=group))
    assert found == ["ResourceNotFoundException"] * 3 + ["ok"]


# Tags


def tags(program: Program, arn: str) -> dict[str, str]:
    found = program.personalize.list_tags_for_resource(resourceArn=arn)["tags"]
    return {tag["tagKey"]: tag["tagValue"] for tag in found}


def given(**pairs: str) -> list[dict[str, str]]:
    return [{"tagKey": key, "tagValue": value} for key, value in pairs.items()]


def test_tags_are_kept_by_every_kind_that_takes_them_and_shown_nowhere_else(program: Program) -> None:
    campaign = program.deployed()
    personalize = program.personalize
    program.tracker(program.arn("dataset-group/shop"))
    arns = {
        "datasetGroup": program.arn("dataset-group/shop"),
        "dataset": program.arn("dataset/shop/INTERACTIONS"),
        "datasetImportJob": program.arn("dataset-import-job/shop-load"),
        "eventTracker": personalize.list_event_trackers()["eventTrackers"][0]["eventTrackerArn"],
        "solution": program.arn("solution/shop-taste"),
        "solutionVersion": personalize.list_solution_versions()["solutionVersions"][0]["solutionVersionArn"],
        "campaign": campaign,
    }
    for kind, arn in arns.items():
        assert tags(program, arn) == {}, kind
        personalize.tag_resource(resourceArn=arn, tags=given(team="a", Team="b", empty=""))
        personalize.tag_resource(resourceArn=arn, tags=given(team="c"))
        assert tags(program, arn) == {"team": "c", "Team": "b", "empty": ""}, kind
        personalize.untag_resource(resourceArn=arn, tagKeys=["Team", "unknown"])
        assert tags(program, arn) == {"team": "c", "empty": ""}, kind
    assert "tags" not in personalize.describe_campaign(campaignArn=campaign)["campaign"]


def test_tags_given_at_the_creation_go_with_the_resource(program: Program) -> None:
    create = program.personalize.create_dataset_group
    group = create(name="tagged", tags=given(team="a"))["datasetGroupArn"]
    assert tags(program, group) == {"team": "a"}
    program.personalize.delete_dataset_group(datasetGroupArn=group)
    assert refused(program.personalize.list_tags_for_resource, resourceArn=group)[0] == "ResourceNotFoundException"
    create(name="tagged")
    assert tags(program, group) == {}


def test_tags_that_are_refused(program: Program) -> None:
    personalize = program.personalize
    group, schema = program.group(), program.schema("s")
    many = [{"tagKey": f"k{number}", "tagValue": "v"} for number in range(51)]
    too_many = ("TooManyTagsException", 400, "You have exceeded the maximum number of tags (50) for this resource.")
    assert refused(personalize.create_dataset_group, name="other", tags=many) == too_many
    personalize.tag_resource(resourceArn=group, tags=many[:50])
    personalize.tag_resource(resourceArn=group, tags=many[:1])
    assert refused(personalize.tag_resource, resourceArn=group, tags=many[50:]) == too_many
    keys = [f"k{number}" for number in range(51)]
    assert refused(personalize.untag_resource, resourceArn=group, tagKeys=keys)[0] == "TooManyTagKeysException"
    assert len(tags(program, group)) == 50
    twice = given(a="1") + given(a="2")
    assert refused(personalize.tag_resource, resourceArn=group, tags=twice)[0] == INVALID
    reserved = [{"tagKey": "aws:x", "tagValue": "v"}]
    assert refused(personalize.tag_resource, resourceArn=group, tags=reserved)[0] == INVALID
    found = refused(personalize.tag_resource, resourceArn=schema, tags=given(a="1"))
    assert found == (INVALID, 400, f"Resource {schema} does not support tagging.")
    for arn in (program.arn("dataset-group/none"), program.arn("solution/none/00000000")):
        assert refused(personalize.tag_resource, resourceArn=arn, tags=given(a="1"))[0] == "ResourceNotFoundException"
