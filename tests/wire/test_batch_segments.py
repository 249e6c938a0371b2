"""Batch segment jobs over the wire: users for items and for attributes, filters of users, and lines that are bad."""

from __future__ import annotations

from typing import Any

import pytest

from personalize_local.server.serving import BackgroundServer

from .batching import Batch
from .program import Program
from .shop import INTERACTIONS, ITEMS, Shop, open_shop, properties

RECIPES = "arn:aws:personalize:::recipe/"
PLACE = "itemAttributes cannot be read: expected"


@pytest.fixture(scope="module")
def shop(server: BackgroundServer) -> Shop:
    return open_shop(Program(server.url), "segments")


@pytest.fixture(scope="module")
def batch(shop: Shop) -> Batch:
    return Batch(shop.program)


@pytest.fixture(scope="module")
def of_items(shop: Shop) -> str:
    return shop.program.version(shop.program.solution(shop.group, "of-items", f"{RECIPES}aws-item-affinity"))


@pytest.fixture(scope="module")
def of_attributes(shop: Shop) -> str:
    solution = shop.program.solution(shop.group, "of-attributes", f"{RECIPES}aws-item-attribute-affinity")
    return shop.program.version(solution)


def users(line: dict[str, Any]) -> list[str]:
    found: list[str] = line["output"]["usersList"]
    return found


def test_those_who_are_near_an_item_come_first(batch: Batch, of_items: str) -> None:
    everyone = {f"u{number}" for number in range(40)}
    first, number, unknown = batch.segment(
        of_items, [{"itemId": "i5"}, {"itemId": "i12"}, {"itemId": "nothing"}], numResults=40
    )
    assert set(users(first)) == everyone == set(users(number))
    # User n was last at items n and n + 1: what comes next is likelier for him than what is on the other side.
    for line, item in ((first, 5), (number, 12)):
        near = [(item - int(user[1:]) - 2) % 20 for user in users(line)]
        assert sum(near[:10]) < sum(near[-10:])
    assert users(unknown) == []
    (few,) = batch.segment(of_items, [{"itemId": "i5"}], numResults=3)
    assert users(few) == users(first)[:3]


def test_attributes_are_all_wanted_and_one_of_several_values_is_enough(batch: Batch, of_attributes: str) -> None:
    lines = batch.segment(
        of_attributes,
        [
            {"itemAttributes": 'ITEMS.GENRE = "opera"'},
            {"itemAttributes": 'items.genre="drama" and ITEMS.GENRE = "crime"'},
            {"itemAttributes": 'ITEMS.GENRE = "crime"'},
            {"itemAttributes": "ITEMS.YEAR = 2006 AND ITEMS.PRICE = 6.5"},
            {"itemAttributes": 'ITEMS.YEAR = 2006 AND ITEMS.GENRE = "crime"'},
            {"itemAttributes": 'ITEMS.OWNER = "in-house"'},
            {"itemAttributes": 'ITEMS.OWNER = "no \\"such\\" owner"'},
        ],
        numResults=40,
    )
    opera, both, crime, one, none, owner, unseen = map(users, lines)
    assert {len(found) for found in (opera, both, crime, one, owner)} == {40}
    assert both == crime
    assert none == unseen == []
    assert one != opera
    assert lines[3]["input"] == {"itemAttributes": "ITEMS.YEAR = 2006 AND ITEMS.PRICE = 6.5"}


def test_an_attribute_of_one_item_gives_the_segment_of_the_item(shop: Shop, batch: Batch, of_attributes: str) -> None:
    """The two recipes learn alike, so that they may be held against each other."""
    solution = shop.program.solution(shop.group, "again", f"{RECIPES}aws-item-affinity")
    (by_item,) = batch.segment(shop.program.version(solution), [{"itemId": "i6"}], numResults=10)
    (by_year,) = batch.segment(of_attributes, [{"itemAttributes": "ITEMS.YEAR = 2006"}], numResults=10)
    assert users(by_item) == users(by_year)


def test_what_is_no_query_is_told_in_its_line(batch: Batch, of_attributes: str) -> None:
    given: dict[str, str] = {
        'ITEMS.GENRE IN ("opera")': f'{PLACE} =, found IN ("opera").',
        'ITEMS.GENRE = "opera" OR ITEMS.YEAR = 1': f"{PLACE} AND or the end, found OR ITEMS.YEAR = 1.",
        'GENRE = "opera"': f'{PLACE} ITEMS.COLUMN, found GENRE = "opera".',
        "ITEMS.GENRE = opera": f"{PLACE} a value in double quotes or a number, found opera.",
        'ITEMS.GENRE = "opera" AND': f"{PLACE} ITEMS.COLUMN, found the end.",
        "ITEMS.YEAR > 2000": f"{PLACE} =, found > 2000.",
        'ITEMS.COLOUR = "red"': "itemAttributes names COLOUR, which is not a metadata column of the ITEMS dataset.",
        'ITEMS.PLOT = "Plot 1"': "itemAttributes names PLOT, which is textual.",
    }
    lines = batch.segment(of_attributes, [{"itemAttributes": query} for query in given])
    assert [line["error"] for line in lines] == list(given.values())
    assert [line["output"] for line in lines] == [None] * len(given)
    assert [line["input"]["itemAttributes"] for line in lines] == list(given)


def test_lines_of_another_sort_are_told_too(batch: Batch, of_items: str) -> None:
    empty, other, text = batch.segment(of_items, [{"itemId": ""}, {"itemAttributes": "x"}, "junk"])
    needed = f"itemId is required for recipe {RECIPES}aws-item-affinity."
    assert (empty["error"], other["error"]) == (needed, needed)
    assert (text["input"], text["error"]) == ("junk", "The line is not a JSON object.")


def test_filters_choose_users_by_what_they_are_and_did(shop: Shop, batch: Batch, of_items: str) -> None:
    gold = shop.filter("INCLUDE UserID WHERE Users.TIER IN ($TIER) AND Users.AGE < 18")
    chosen, missing, all_ = batch.segment(
        of_items,
        [
            {"itemId": "i3", "filterValues": {"TIER": '"gold"'}},
            {"itemId": "i3"},
            {"itemId": "i3", "filterValues": {"TIER": '"gold","free"'}},
        ],
        filterArn=gold,
        numResults=40,
    )
    assert set(users(chosen)) == {"u1", "u3", "u5", "u7"}
    assert missing["error"] == "Missing value for filter parameter TIER."
    assert set(users(all_)) == {f"u{number}" for number in range(8)}
    assert [user for user in users(all_) if user in users(chosen)] == users(chosen)
    shop.program.send(shop.tracking, "s", "i1", user="u11", kind="Returned")
    returned = shop.filter('INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("returned")')
    (line,) = batch.segment(of_items, [{"itemId": "i3"}], filterArn=returned)
    assert users(line) == ["u11"]
    clicked = shop.filter('EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("CLICK")')
    (line,) = batch.segment(of_items, [{"itemId": "i3"}], filterArn=clicked)
    assert users(line) == []


def test_lines_are_written_as_the_service_does(shop: Shop, batch: Batch, of_items: str) -> None:
    source = batch.put("in/written.json", [{"itemId": "i3"}, {"itemId": "none"}])
    assert batch.run("segment", of_items, source, name="written", numResults=2)["status"] == "ACTIVE"
    body = shop.program.s3.get_object(Bucket=shop.program.bucket, Key="out/written/written.json.out")["Body"].read()
    first, second = batch.files("out/written/")["out/written/written.json.out"]
    one, two = users(first)
    assert body.decode() == (
        f'{{"input": {{"itemId": "i3"}}, "output": {{"usersList": ["{one}","{two}"]}}, "error": null}}\n'
        '{"input": {"itemId": "none"}, "output": {"usersList": []}, "error": null}\n'
    )
    assert users(second) == []


def test_more_lines_than_a_file_may_have_fail_the_job(batch: Batch, of_items: str, of_attributes: str) -> None:
    many = batch.put("in/many-items.json", [{"itemId": f"i{number}"} for number in range(501)])
    job = batch.run("segment", of_items, many)
    assert (job["status"], job["failureReason"]) == (
        "CREATE FAILED", "The input file in/many-items.json has more than 500 records."
    )  # fmt: skip
    eleven = batch.put("in/eleven.json", [{"itemAttributes": "ITEMS.YEAR = 2006"}] * 11)
    job = batch.run("segment", of_attributes, eleven)
    assert job["failureReason"] == "The input file in/eleven.json has more than 10 records."


CIRCLES, IN_A_CIRCLE = 4, 30


def circles() -> str:
    """Users of a circle take five of six items from its ten, in an order of their own; the rest is anything."""
    import numpy as np

    random = np.random.default_rng(3)
    rows = ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"]
    for user in range(CIRCLES * IN_A_CIRCLE):
        for step in range(12):
            own = random.random() < 5 / 6
            circle = user % CIRCLES if own else random.integers(CIRCLES)
            rows.append(f"p{user},c{circle}-{random.integers(10)},{1_700_000_000 + step * 100 + user},Click")
    return "\n".join(rows) + "\n"


def test_a_segment_finds_the_circle_that_was_planted(server: BackgroundServer) -> None:
    program = Program(server.url)
    group = program.group("circles")
    program.load(program.dataset(group, "INTERACTIONS", INTERACTIONS), circles(), job="circles")
    header = "ITEM_ID,GENRE,PRICE,YEAR,OWNER,PLOT,ADULT"
    items = [f"c{circle}-{number},g{circle},1,2000,o,x,true" for circle in range(CIRCLES) for number in range(10)]
    program.load(program.dataset(group, "ITEMS", ITEMS), "\n".join([header, *items]) + "\n", job="circle-items")
    batch = Batch(program)

    def recall(kind: str, line: dict[str, str], circle: int) -> float:
        version = versions[kind]
        (found,) = batch.segment(version, [line], numResults=IN_A_CIRCLE)
        members = {f"p{user}" for user in range(circle, CIRCLES * IN_A_CIRCLE, CIRCLES)}
        return len(members & set(users(found))) / IN_A_CIRCLE

    versions = {
        kind: program.version(program.solution(group, f"circles-{kind}", f"{RECIPES}aws-item-{kind}"))
        for kind in ("affinity", "attribute-affinity")
    }
    for circle in range(CIRCLES):
        # By chance alone it would be a quarter.
        assert recall("attribute-affinity", {"itemAttributes": f'ITEMS.GENRE = "g{circle}"'}, circle) >= 0.95
        # Those who had the item by chance may come before those of its circle who did not.
        assert recall("affinity", {"itemId": f"c{circle}-3"}, circle) >= 0.7


def test_people_put_after_the_training_are_in_no_segment(shop: Shop, batch: Batch, of_items: str) -> None:
    person = {"userId": "late", "properties": properties(age=15, tier="gold")}
    shop.program.events.put_users(datasetArn=shop.users, users=[person])
    (line,) = batch.segment(of_items, [{"itemId": "i3"}], numResults=100)
    assert "late" not in users(line)


def test_segments_are_billed_by_the_users_of_the_datasets(
    server: BackgroundServer, batch: Batch, of_items: str
) -> None:
    lines = [{"itemId": "i5"}, {"itemId": "i12"}, {"wrong": "i1"}]
    batch.segment(of_items, lines, numResults=3)
    with server.emulator.database.read() as rows:
        used = [used for used in rows.used() if used.kind == "segments"][-1]
    # 40 users for each of the two that were made, of whom each holds three.
    assert (used.amount, used.facts) == (80, {"recipe": "aws-item-affinity", "segments": 2})
