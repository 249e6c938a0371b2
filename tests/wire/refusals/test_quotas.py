"""How many there may be: the two sentences, each quota adjusted to a small number, and all of them lifted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Small
from tests.wire.program import POPULARITY, ROLE, Program, Refusal, interactions_csv, refused

from .world import LIMIT, SHOP_INTERACTIONS, recipe

MakeSmall = Callable[..., Small]


def standing(most: int) -> Refusal:
    return LIMIT, 400, f"More than {most} resources in ACTIVE state. Please delete some and try again."


def moving(most: int) -> Refusal:
    return LIMIT, 400, f"More than {most} resources with PENDING or IN_PROGRESS status."


def test_dataset_groups_and_schemas(small: MakeSmall) -> None:
    program = small(quotas="dataset-groups=2,schemas=1").program
    first, _ = program.group("a"), program.group("b")
    assert refused(program.group, name="c") == standing(2)
    program.schema("a")
    assert refused(program.schema, name="b") == standing(1)
    # One that is in deletion makes room at once.
    program.personalize.delete_dataset_group(datasetGroupArn=first)
    program.group("c")


def test_the_service_s_own_numbers_hold_without_a_setting(small: MakeSmall) -> None:
    program = small().program
    for number in range(5):
        program.group(f"g{number}")
    assert refused(program.group, name="g5") == standing(5)


def test_quotas_that_are_lifted(small: MakeSmall) -> None:
    program = small(quotas="off").program
    for number in range(7):
        program.group(f"g{number}")


def test_accounts_and_regions_have_quotas_of_their_own(small: MakeSmall) -> None:
    room = small(quotas="dataset-groups=1")
    for program in (
        room.program,
        Program(room.server.url, account=room.program.account, region="eu-west-1"),
        Program(room.server.url),
    ):
        program.group()
        assert refused(program.group, name="other") == standing(1)


def test_solutions_and_campaigns_of_a_dataset_group(small: MakeSmall) -> None:
    program = small(quotas="solutions=2,campaigns=1").program
    group = program.stocked()
    first, second = (program.solution(group, name, POPULARITY) for name in ("a", "b"))
    assert refused(program.solution, group=group, name="c", recipe=POPULARITY) == standing(2)
    version = program.version(first)
    campaign = program.campaign(version, "a")
    # Of one group, whichever solution they serve; another group has its own.
    assert refused(program.campaign, version=program.version(second), name="b") == standing(1)
    program.campaign(program.version(program.solution(program.stocked("other"), "d", POPULARITY)), "d")
    program.personalize.delete_campaign(campaignArn=campaign)
    program.campaign(version, "b")


def test_filters_and_their_fields(small: MakeSmall) -> None:
    program = small(quotas="filters=2,filter-fields=1,filter-fields-in-dataset-group=1").program
    group = program.group()
    program.dataset(group)
    program.dataset(group, "ITEMS")

    def make(name: str, text: str) -> Any:
        given = {"name": name, "datasetGroupArn": group, "filterExpression": text}
        return program.personalize.create_filter(**given)

    events, genres = (
        'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("a")',
        'EXCLUDE ItemID WHERE Items.GENRE IN ("b")',
    )
    assert refused(make, name="a", text=f"{events} | {genres}") == (
        "InvalidInputException",
        400,
        "A filter can use at most 1 distinct dataset fields; this one uses 2.",
    )
    make("a", events)
    assert refused(make, name="b", text=genres) == (
        "InvalidInputException",
        400,
        "The filters of a dataset group can use at most 1 distinct dataset fields; with this one they use 2.",
    )
    make("b", events)
    assert refused(make, name="c", text=events) == standing(2)


def test_recommenders_of_a_group_and_of_a_region(small: MakeSmall) -> None:
    program = small(quotas="recommenders=1,recommenders-in-region=2").program
    client = program.personalize

    def shop(name: str) -> str:
        group = client.create_dataset_group(name=name, domain="ECOMMERCE")["datasetGroupArn"]
        schema = client.create_schema(name=name, schema=SHOP_INTERACTIONS, domain="ECOMMERCE")["schemaArn"]
        dataset = client.create_dataset(name="d", schemaArn=schema, datasetGroupArn=group, datasetType="INTERACTIONS")[
            "datasetArn"
        ]
        program.load(dataset, interactions_csv(kind="View"), job=name)
        return str(group)

    def recommender(group: str, name: str) -> None:
        client.create_recommender(name=name, datasetGroupArn=group, recipeArn=recipe("ecomm-popular-items-by-views"))

    groups = [shop(name) for name in "abc"]
    recommender(groups[0], "a")
    assert refused(recommender, group=groups[0], name="b") == standing(1)
    recommender(groups[1], "b")
    assert refused(recommender, group=groups[2], name="c") == standing(2)


def test_imports_trainings_and_deletions_that_are_under_way(small: MakeSmall) -> None:
    room = small(
        quotas="moving-dataset-import-jobs=1,moving-solution-versions=1,moving-data-deletion-jobs=1",
        status="instant,dataset-import-job=timed:10,solution-version=timed:10,data-deletion-job=timed:10",
    )
    program = room.program
    group = program.group()
    dataset = program.dataset(group)
    program.load(dataset, interactions_csv(), job="a")
    assert refused(program.load, dataset=dataset, content=interactions_csv(), job="b") == moving(1)
    room.wait(10)
    program.load(dataset, interactions_csv(), job="b")
    room.wait(10)
    solution = program.solution(group, recipe=POPULARITY)
    program.version(solution)
    assert refused(program.version, solution=solution) == moving(1)
    room.wait(10)
    program.version(solution)

    def delete(name: str) -> None:
        program.personalize.create_data_deletion_job(
            jobName=name, datasetGroupArn=group, roleArn=ROLE, dataSource={"dataLocation": program.put("u.csv", "U\n")}
        )

    delete("a")
    assert refused(delete, name="b") == moving(1)
    room.wait(10)
    delete("b")


@pytest.mark.parametrize("kind", ["inference", "segment"])
def test_batch_jobs_that_are_under_way(small: MakeSmall, kind: str) -> None:
    room = small(quotas=f"moving-batch-{kind}-jobs=1", status=f"instant,batch-{kind}-job=timed:10")
    program = room.program
    name = "item-affinity" if kind == "segment" else "popularity-count"
    version = program.version(program.solution(program.stocked(), recipe=recipe(name)))

    def make(job: str) -> None:
        getattr(program.personalize, f"create_batch_{kind}_job")(
            jobName=job,
            solutionVersionArn=version,
            roleArn=ROLE,
            jobInput={"s3DataSource": {"path": "s3://b/in"}},
            jobOutput={"s3DataDestination": {"path": "s3://b/out/"}},
        )

    make("a")
    assert refused(make, job="b") == moving(1)
    room.wait(10)
    make("b")


def test_request_rates_when_they_are_asked_for(small: MakeSmall) -> None:
    room = small(throttle=True)
    describe = room.program.personalize.list_schemas
    describe()
    assert refused(describe) == ("ThrottlingException", 400, "Rate exceeded")
    room.wait(1)
    describe()
