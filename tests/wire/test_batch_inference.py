"""Batch inference over the wire: the files of every type of recipe, filters, events, and lines that are bad."""

from __future__ import annotations

import json
from typing import Any

import pytest

from personalize_local.server.serving import BackgroundServer
from tests.conftest import World

from .batching import Batch, items
from .program import RANKING, RECIPE, SIMILAR, UNEXPLORED, Program
from .shop import GENRES, Shop, open_shop

V2 = f"{RECIPE}-v2"
SIMS = "arn:aws:personalize:::recipe/aws-sims"


def version_of(program: Program, campaign: str) -> str:
    return str(program.personalize.describe_campaign(campaignArn=campaign)["campaign"]["solutionVersionArn"])


@pytest.fixture(scope="module")
def batch(world: World) -> Batch:
    return Batch(world.program)


@pytest.fixture(scope="module")
def shop(server: BackgroundServer) -> Shop:
    return open_shop(Program(server.url))


@pytest.fixture(scope="module")
def shopping(shop: Shop) -> Batch:
    return Batch(shop.program)


def recommended(program: Program, campaign: str, count: int, **asked: str) -> list[tuple[str, float | None]]:
    found = program.runtime.get_recommendations(campaignArn=campaign, numResults=count, **asked)["itemList"]
    return [(one["itemId"], one.get("score")) for one in found]


def pairs(line: dict[str, Any]) -> list[tuple[str, float | None]]:
    scores = line["output"].get("scores", [None] * len(items(line)))
    return list(zip(items(line), scores, strict=True))


def test_personal_recommendations_are_those_of_a_campaign(world: World, batch: Batch) -> None:
    users = [f"u{number}" for number in range(30)] + ["nobody"]
    config = {"itemExplorationConfig": {"explorationWeight": "0"}}
    version = version_of(world.program, world.personal)
    lines = batch.infer(version, [{"userId": user} for user in users], numResults=7, batchInferenceJobConfig=config)
    assert [line["input"] for line in lines] == [{"userId": user} for user in users]
    for user, line in zip(users, lines, strict=True):
        assert set(line) == {"input", "output", "error"}
        assert line["error"] is None
        found = recommended(world.program, world.personal, 7, userId=user)
        assert items(line) == [item for item, _ in found]
        assert line["output"]["scores"] == pytest.approx([score for _, score in found], abs=2e-7)


def test_exploration_is_that_of_a_campaign_with_the_same_configuration(server: BackgroundServer) -> None:
    program = Program(server.url)
    version = program.version(program.solution(program.stocked(), "explores"))
    config = {"itemExplorationConfig": {"explorationWeight": "0.9", "explorationItemAgeCutOff": "60"}}
    campaign = program.campaign(version, "explores", campaignConfig=config)
    users = [f"u{number}" for number in range(10)]
    batch, asked = Batch(program), [{"userId": user} for user in users]
    explored = batch.infer(version, asked, batchInferenceJobConfig=config)
    plain = batch.infer(version, asked, batchInferenceJobConfig=UNEXPLORED)
    assert [items(line) for line in explored] != [items(line) for line in plain]
    for user, line in zip(users, explored, strict=True):
        assert items(line) == [item for item, _ in recommended(program, campaign, 25, userId=user)]


def test_a_list_is_ranked_and_what_is_unknown_comes_last(world: World, batch: Batch) -> None:
    version = version_of(world.program, world.ranking)
    listed = ["b1", "strange", "a1", "b2", "a2", "a1", "odd"]
    (line,) = batch.infer(version, [{"userId": "u0", "itemList": listed}], numResults=2)
    ranking = world.program.runtime.get_personalized_ranking(campaignArn=world.ranking, userId="u0", inputList=listed)[
        "personalizedRanking"
    ]
    assert items(line) == [one["itemId"] for one in ranking]
    assert items(line)[4:] == ["strange", "odd"]
    assert line["output"]["scores"] == pytest.approx([one.get("score", 0.0) for one in ranking], abs=2e-7)


@pytest.mark.parametrize("asked", [{"itemId": "a3"}, {"itemId": "never heard of"}])
def test_related_items_are_those_of_a_campaign(world: World, batch: Batch, asked: dict[str, str]) -> None:
    (line,) = batch.infer(version_of(world.program, world.similar), [asked], numResults=5)
    assert set(line["output"]) == {"recommendedItems"}
    assert pairs(line) == recommended(world.program, world.similar, 5, **asked)


def test_popular_items_are_the_same_for_all(world: World, batch: Batch) -> None:
    version = version_of(world.program, world.popular)
    first, second = batch.infer(version, [{"userId": "u1"}, {"userId": "nobody"}], numResults=4)
    assert first["output"] == second["output"]
    assert pairs(first) == recommended(world.program, world.popular, 4, userId="u1")


def test_the_second_version_gives_reasons_and_sims_no_scores(world: World, batch: Batch) -> None:
    program = world.program
    second = program.version(program.solution(world.group, "batch-v2", V2))
    (line,) = batch.infer(second, [{"userId": "u4"}])
    assert set(line["output"]) == {"recommendedItems", "scores", "reasons"}
    assert [len(line["output"][name]) for name in ("scores", "reasons")] == [25, 25]
    sims = program.version(program.solution(world.group, "batch-sims", SIMS))
    (line,) = batch.infer(sims, [{"itemId": "a4"}], numResults=3)
    assert set(line["output"]) == {"recommendedItems"}
    assert {item[0] for item in items(line)} == {"a"}


def test_events_of_known_users_count_and_those_of_strangers_do_not(world: World, batch: Batch) -> None:
    version = version_of(world.program, world.personal)
    asked = [{"userId": "u6"}, {"userId": "a newcomer"}, {"userId": "u8"}]
    given = {"numResults": 5, "batchInferenceJobConfig": UNEXPLORED}
    before = batch.infer(version, asked, **given)
    for user in ("u6", "a newcomer"):
        world.program.send(world.tracking, f"session-{user}", *[f"b{number}" for number in range(9)], user=user)
    known, stranger, other = batch.infer(version, asked, **given)
    assert {item[0] for item in items(known)} == {"b"} != {item[0] for item in items(before[0])}
    assert items(stranger) == items(before[1])
    assert items(other) == items(before[2])


def test_filters_have_their_values_in_the_lines(shop: Shop, shopping: Batch) -> None:
    version = version_of(shop.program, shop.personal)
    arn = shop.filter("INCLUDE ItemID WHERE Items.GENRE IN ($GENRE) | EXCLUDE ItemID WHERE Items.PRICE > $PRICE")
    opera, cheap, missing, unquoted, wrong = shopping.infer(
        version,
        [
            {"userId": "u0", "filterValues": {"GENRE": '"opera"'}},
            {"userId": "u0", "filterValues": {"GENRE": '"opera","drama"', "PRICE": "4.5"}},
            {"userId": "u0"},
            {"userId": "u0", "filterValues": {"GENRE": "drama"}},
            {"userId": "u0", "filterValues": {"GENRE": 5}},
        ],
        filterArn=arn,
    )
    assert set(items(opera)) == {f"i{n}" for n in range(19) if n % 4 == 2}
    assert set(items(cheap)) == {f"i{n}" for n in range(5) if {"opera", "drama"} & set(GENRES[n % 4].split("|"))}
    assert [line["output"] for line in (missing, unquoted, wrong)] == [None] * 3
    assert missing["error"] == "Missing value for filter parameter GENRE."
    assert unquoted["error"] == (
        "The value of filter parameter GENRE must be a value in double quotes or a number, found drama."
    )
    assert wrong["error"] == "filterValues must be an object of strings."
    assert wrong["input"] == {"userId": "u0", "filterValues": {"GENRE": 5}}


def test_filters_look_at_what_the_user_of_a_line_did_and_is(shop: Shop, shopping: Batch) -> None:
    ranking = version_of(shop.program, shop.ranking)
    bought = shop.filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase") IF CurrentUser.TIER = "free"')
    listed = [f"i{n}" for n in range(20)] + ["strange"]
    free, gold = shopping.infer(
        ranking, [{"userId": user, "itemList": listed} for user in ("u0", "u1")], filterArn=bought
    )
    assert set(listed) - set(items(free)) == {"i0", "i1"}
    assert set(items(gold)) == set(listed)
    assert items(free)[-1] == "strange"


def test_related_items_have_no_user_to_filter_by(shop: Shop, shopping: Batch) -> None:
    version = version_of(shop.program, shop.similar)
    alike = shop.filter("INCLUDE ItemID WHERE Items.GENRE = CurrentItem.GENRE")
    (line,) = shopping.infer(version, [{"itemId": "i2"}], filterArn=alike)
    assert pairs(line) == recommended(shop.program, shop.similar, 25, itemId="i2", filterArn=alike)
    assert set(items(line)) == {f"i{n}" for n in range(19) if n % 4 == 2}
    seen = shop.filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")')
    (line,) = shopping.infer(version, [{"itemId": "i2"}], filterArn=seen)
    assert (line["output"], line["error"]) == (None, f"userId is required for filter {seen}, which looks at the user.")


def test_bad_lines_are_told_of_in_their_place_and_blank_ones_passed_over(world: World, batch: Batch) -> None:
    long = "x" * (1 << 20)
    given: list[Any] = [
        {"userId": "u1", "more": [1, {"a": None}], "numResults": 3},
        "",
        "{not json",
        '["userId"]',
        '{"userId": NaN}',
        "   \t",
        {"userId": 7},
        {"userId": True},
        {"userId": None},
        {"userId": ""},
        {"itemId": "a1"},
        '{"userId": "\\ud800"}',
        '{"userId": "ä\\u00f6"}',
        f'{{"userId": "{long}"}}',
        {"userId": "u2"},
        '{"userId": "u2", "more": 1e999}',
        f'{{"userId": "u2", "more": {"[" * 994}{"]" * 994}}}',
        f'{{"userId": "u2", "more": {"[" * 99}{"]" * 99}}}',
        '{"userId": "u2"} {}',
    ]
    version = version_of(world.program, world.personal)
    lines = batch.infer(version, given, numResults=4)
    needed = f"userId is required for recipe {RECIPE}."
    object_ = "The line is not a JSON object."
    assert [line["error"] for line in lines] == [
        None, object_, object_, object_, None, "userId must be a string.", needed, "userId must not be empty.", needed,
        "The line has characters that are not in Unicode.", None, object_, None,
        object_, object_, None, object_,
    ]  # fmt: skip
    assert [line["output"] is None for line in lines] == [line["error"] is not None for line in lines]
    assert lines[0]["input"] == given[0]
    assert len(items(lines[0])) == 4
    assert [lines[place]["input"] for place in (1, 2)] == ["{not json", '["userId"]']
    assert lines[10]["input"] == {"userId": "äö"}


def test_a_ranking_needs_a_list(world: World, batch: Batch) -> None:
    given: list[Any] = [
        {"userId": "u1"},
        {"userId": "u1", "itemList": []},
        {"userId": "u1", "itemList": "a1"},
        {"userId": "u1", "itemList": ["a1", {}]},
        {"userId": "u1", "itemList": [f"a{n}" for n in range(501)]},
    ]
    lines = batch.infer(version_of(world.program, world.ranking), given)
    wrong = "itemList must be a list of 1 to 500 item ids."
    assert [line["error"] for line in lines] == [wrong, wrong, wrong, "itemList must be a string.", wrong]


def test_lines_are_written_without_blanks(world: World, batch: Batch) -> None:
    job = batch.run(
        "inference", version_of(world.program, world.popular), batch.put("in/plain.json", [{"userId": "u1"}]),
        name="plain", numResults=2,
    )  # fmt: skip
    body = world.program.s3.get_object(Bucket=world.program.bucket, Key="out/plain/plain.json.out")["Body"].read()
    found = json.loads(body)["output"]["recommendedItems"]
    expected = (
        f'{{"input":{{"userId":"u1"}},"output":{{"recommendedItems":["{found[0]}","{found[1]}"]}},"error":null}}\n'
    )
    assert body.decode() == expected
    assert job["numResults"] == 2


def test_all_files_of_a_prefix_have_an_output_of_their_own(world: World, batch: Batch) -> None:
    for name, users in {"many/a.json": 2, "many/deep/a.json": 3, "many_more.json": 1, "other.json": 1}.items():
        batch.put(f"in/{name}", [{"userId": f"u{number}"} for number in range(users)])
    world.program.s3.put_object(Bucket=world.program.bucket, Key="in/many/", Body=b"")
    version = version_of(world.program, world.popular)
    source = f"s3://{world.program.bucket}/in/many"
    assert batch.run("inference", version, source, name="prefix")["status"] == "ACTIVE"
    found = {key: len(lines) for key, lines in batch.files("out/prefix/").items()}
    below = {"out/prefix/many/a.json.out": 2, "out/prefix/many/deep/a.json.out": 3, "out/prefix/many_more.json.out": 1}
    assert found == below
    assert batch.run("inference", version, f"{source}/", name="folder")["status"] == "ACTIVE"
    assert {key: len(lines) for key, lines in batch.files("out/folder/").items()} == {
        "out/folder/a.json.out": 2,
        "out/folder/deep/a.json.out": 3,
    }


def test_an_object_of_the_very_name_is_taken_alone(world: World, batch: Batch) -> None:
    source = batch.put("in/alone.json", [{"userId": "u1"}])
    batch.put("in/alone.json.bak", [{"userId": "u1"}, {"userId": "u2"}])
    assert batch.run("inference", version_of(world.program, world.popular), source, name="alone")["status"] == "ACTIVE"
    assert [len(lines) for lines in batch.files("out/alone/").values()] == [1]


def test_more_lines_than_a_part_has_come_out_once_each_and_in_order(world: World, batch: Batch) -> None:
    users = [f"u{number % 40}" for number in range(25_000)]
    lines = batch.infer(version_of(world.program, world.popular), [{"userId": user} for user in users], numResults=1)
    assert [line["input"]["userId"] for line in lines] == users


def failure(batch: Batch, version: str, source: str, **more: Any) -> str:
    job = batch.run("inference", version, source, **more)
    assert job["status"] == "CREATE FAILED"
    return str(job["failureReason"])


def test_a_job_without_input_or_output_fails_and_says_so(world: World, batch: Batch) -> None:
    version, bucket = version_of(world.program, world.popular), world.program.bucket
    blank = batch.put("in/blank.json", ["", "  "])
    assert failure(batch, version, f"s3://{bucket}/in/nothing") == "Invalid S3 input path"
    assert failure(batch, version, blank) == "The input of the job has no records."
    strange = f"s3://{bucket}-no-such-bucket/in/a.json"
    assert failure(batch, version, strange).startswith("Insufficient privileges for accessing data in S3.")
    one = batch.put("in/one.json", [{"userId": "u1"}])
    nowhere = {"s3DataDestination": {"path": f"s3://{bucket}-no-such-bucket/out/"}}
    reason = failure(batch, version, one, jobOutput=nowhere)
    assert reason.endswith(f"and fix bucket policy on {bucket}-no-such-bucket.")


def test_rankings_and_similar_recipes_are_trained_for_batch_without_a_campaign(world: World, batch: Batch) -> None:
    program = world.program
    for recipe, line in ((RANKING, {"userId": "u2", "itemList": ["b1", "a1"]}), (SIMILAR, {"itemId": "a1"})):
        version = program.version(program.solution(world.group, f"no-campaign-{recipe[-7:].strip('-')}", recipe))
        (found,) = batch.infer(version, [line], numResults=2)
        assert {item[0] for item in items(found)[:1]} == {"a"}
