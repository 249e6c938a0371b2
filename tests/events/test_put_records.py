"""Rows of items, users and actions that come one by one: what is kept of them, and what trainings make of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from personalize_local.engine.data import Categorical, MultiCategorical, Numeric, TrainingData
from tests.conftest import Small
from tests.events.ground import TIME, WHOLE, WIDER_ITEMS, Ground, stand
from tests.wire.program import refused

MakeSmall = Callable[..., Small]


@pytest.fixture
def ground(small: MakeSmall) -> Ground:
    return stand(small())


def genre(data: TrainingData, item: str) -> set[str]:
    column = data.item_metadata["GENRE"]
    at = data.items.get(item)
    if isinstance(column, MultiCategorical):
        return {column.values[code] for code in column.codes[column.indptr[at] : column.indptr[at + 1]]}
    assert isinstance(column, Categorical)
    return {column.values[column.codes[at]]} if column.codes[at] >= 0 else set()


def price(data: TrainingData, item: str) -> float:
    column = data.item_metadata["PRICE"]
    assert isinstance(column, Numeric)
    return float(column.values[data.items.get(item)])


def test_a_row_is_kept_by_the_names_and_types_of_the_schema(ground: Ground) -> None:
    ground.item("i1", numRatings="7", price="2", genre="Horror|Action")
    expected = {"NUM_RATINGS": 7, "PRICE": 2.0, "GENRE": "Horror|Action", "CREATION_TIMESTAMP": TIME}
    assert ground.rows("ITEMS") == [("i1", expected)]


def test_users_and_actions_are_kept_as_items_are(ground: Ground) -> None:
    events = ground.program.events
    events.put_users(
        datasetArn=ground.datasets["USERS"],
        users=[{"userId": "u1", "properties": '{"plan": "paid"}'}, {"userId": "u2"}],
    )
    events.put_actions(
        datasetArn=ground.datasets["ACTIONS"], actions=[{"actionId": "x", "properties": '{"KIND": "a", "value": 3}'}]
    )
    assert ground.rows("USERS") == [("u1", {"PLAN": "paid"}), ("u2", {})]
    assert ground.rows("ACTIONS") == [("x", {"KIND": "a", "VALUE": 3})]


def test_an_id_among_the_properties_does_not_count(ground: Ground) -> None:
    ground.item("beside", itemId="inside", ITEM_ID=7)
    assert [id_ for id_, _ in ground.rows("ITEMS")] == ["beside"]


def test_a_training_sees_the_newest_row_of_an_item_and_nothing_of_the_others(ground: Ground) -> None:
    ground.program.load(
        ground.datasets["ITEMS"],
        f"ITEM_ID,GENRE,NUM_RATINGS,PRICE,CREATION_TIMESTAMP\na1,crime,1,1.0,{TIME}\na2,opera,2,2.0,{TIME}\n",
    )
    for user in ("u1", "u2"):
        for item in ("a1", "a2", "new"):
            ground.event(user=user, itemId=item)
    ground.item("a1", genre="comedy", numRatings=5)
    ground.item("a1", price=9)
    ground.item("new", genre="crime")
    data = ground.trained("after")
    assert [genre(data, item) for item in ("a1", "a2", "new")] == [set(), {"opera"}, {"crime"}]
    assert [price(data, item) for item in ("a1", "a2", "new")] == [9.0, 2.0, 2.5]


def test_a_training_sees_the_users_that_were_put(ground: Ground) -> None:
    ground.event(user="u1")
    ground.event(user="u2", itemId="a2")
    users = [{"userId": "u1", "properties": '{"plan": "free"}'}, {"userId": "u1", "properties": '{"plan": "paid"}'}]
    ground.program.events.put_users(datasetArn=ground.datasets["USERS"], users=users)
    data = ground.trained("users")
    column = data.user_metadata["PLAN"]
    assert isinstance(column, Categorical | MultiCategorical)
    assert column.values[column.codes[data.users.get("u1")]] == "paid"


def test_one_bad_record_keeps_its_whole_call_out(ground: Ground) -> None:
    good = {"itemId": "good", "properties": json.dumps(WHOLE)}
    found = refused(
        ground.program.events.put_items, datasetArn=ground.datasets["ITEMS"], items=[good, {"itemId": "bad"}]
    )
    assert found[:2] == ("InvalidInputException", 400)
    assert ground.rows("ITEMS") == []


def test_rows_count_as_a_change_of_the_store_and_events_do_not(ground: Ground) -> None:
    database = ground.small.server.emulator.database
    before = database.generation
    ground.event()
    ground.action(properties='{"device": "tv"}')
    assert database.generation == before
    ground.item("i1")
    assert database.generation > before


def test_a_dataset_in_an_update_takes_rows_under_its_old_schema(small: MakeSmall) -> None:
    one = small(status="instant,dataset=timed:100")
    program = one.program
    group = program.group()
    dataset = program.dataset(group, "ITEMS", WIDER_ITEMS.replace(', {"name": "YEAR", "type": ["null", "int"]}', ""))
    one.wait(100)

    def put(**more: Any) -> Callable[[], None]:
        item = {"itemId": "i1", "properties": json.dumps({**WHOLE, **more})}
        return lambda: program.events.put_items(datasetArn=dataset, items=[item])

    put()()
    program.personalize.update_dataset(datasetArn=dataset, schemaArn=program.schema("wider", WIDER_ITEMS))
    for seconds in (50, 50):
        status = program.personalize.describe_dataset(datasetArn=dataset)["dataset"]["status"]
        assert status in ("UPDATE PENDING", "UPDATE IN_PROGRESS")
        put()()
        assert refused(put(year=1999))[2] == "The property year is not in the schema of the dataset."
        one.wait(seconds)
    put(year=1999)()


def test_what_was_put_outlives_the_server(small: MakeSmall, tmp_path: Path) -> None:
    first = stand(small(data=tmp_path / "data"))
    first.event(itemId="streamed")
    first.item("streamed", genre="crime")
    first.item("alone", genre="opera")
    first.action(properties='{"device": "tv"}')
    first.small.server.stop()
    again = small(data=tmp_path / "data")
    program = again.program
    program.account = first.program.account
    second = replace(first, small=again)
    assert [id_ for id_, _ in second.rows("ITEMS")] == ["streamed", "alone"]
    assert [event.item for event in second.kept()] == ["streamed"]
    assert [event.item for event in second.kept("ACTION_INTERACTIONS")] == ["offer"]
    second.item("alone", genre="comedy")
    assert genre(second.trained("later"), "alone") == {"comedy"}
