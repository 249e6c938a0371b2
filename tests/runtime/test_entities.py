"""The data that filters are evaluated over, from imports and rows put by themselves, against plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.datasets.catalogue import Catalogue
from personalize_local.datasets.held import Held, row_table
from personalize_local.datasets.past_events import PastEvents
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.filters import Column
from personalize_local.runtime.entities import Entities
from tests.datasets.helpers import ITEM, TIME, USER, schema
from tests.filters import tables

ITEMS = schema(
    "Items",
    ITEM,
    {"name": "GENRE", "type": ["null", "string"], "categorical": True},
    {"name": "OWNER", "type": ["null", "string"]},
    {"name": "PRICE", "type": ["null", "double"]},
    {"name": "YEAR", "type": ["null", "int"]},
    {"name": "ADULT", "type": ["null", "boolean"]},
    {"name": "PLOT", "type": ["null", "string"], "textual": True},
)
COLUMNS = {
    "ITEM_ID": Column(type="string"),
    "GENRE": Column(type="string", categorical=True),
    "OWNER": Column(type="string"),
    "PRICE": Column(type="double"),
    "YEAR": Column(type="int"),
}
EVENTS = schema("Interactions", USER, ITEM, TIME, {"name": "EVENT_TYPE", "type": "string"})
IDS = [f"i{n}" for n in range(8)]

ids = st.sampled_from(IDS)
texts = st.none() | st.sampled_from(["a", "b", "a|b", "b|c|b", "é|"])
rows = st.lists(
    st.fixed_dictionaries(
        {
            "ITEM_ID": ids,
            "GENRE": texts,
            "OWNER": texts,
            "PRICE": st.none() | st.sampled_from([0.0, 1.5, 2.0]),
            "YEAR": st.none() | st.integers(0, 3),
            "ADULT": st.none() | st.booleans(),
            "PLOT": st.none() | st.just("a"),
        }
    ),
    max_size=6,
)
conditions = st.one_of(
    st.tuples(
        st.sampled_from(["GENRE", "OWNER"]), st.sampled_from(["IN", "NOT IN", "=", "!="]), st.sampled_from("abc")
    ),
    st.tuples(st.just("ITEM_ID"), st.sampled_from(["IN", "NOT IN"]), ids),
    st.tuples(
        st.sampled_from(["PRICE", "YEAR"]),
        st.sampled_from(["<", "<=", ">", ">=", "=", "!=", "IN"]),
        st.sampled_from([0, 1.5, 2]),
    ),
)


def newest(pieces: list[list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    return {row["ITEM_ID"]: row for piece in pieces for row in piece}


def clean(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the reference reads it: an empty member of a list is none."""
    genre = row.get("GENRE")
    return {**row, "GENRE": None if genre is None else "|".join(part for part in genre.split("|") if part)}


@settings(max_examples=150)
@given(st.lists(rows, max_size=3), st.lists(ids, unique=True), st.lists(conditions, min_size=1, max_size=6))
def test_columns_are_those_of_the_newest_rows_in_the_order_of_the_model(
    pieces: list[list[dict[str, Any]]], known: list[str], asked: list[tuple[str, Any, Any]]
) -> None:
    held = Held(schema=ITEMS, tables=tuple(row_table(ITEMS, piece) for piece in pieces))
    entities = Entities(Vocabulary.from_strings(known), Catalogue(held), "ITEM_ID")
    data = newest(pieces)
    order = [
        *known,
        *(id_ for id_ in dict.fromkeys(row["ITEM_ID"] for piece in pieces for row in piece) if id_ not in known),
    ]
    assert len(entities) == len(order) + 1
    assert [entities[index] for index in range(len(order))] == order
    assert [entities.get(id_) for id_ in (*order, "nobody")] == [*range(len(order)), -1]
    assert entities.indexes(["nobody", *order]).tolist() == [len(order), *range(len(order))]
    reference = tables.table([clean({**data.get(id_, {}), "ITEM_ID": id_}) for id_ in order], COLUMNS)
    table = entities.table(list(COLUMNS))
    for name, operator, value in asked:
        found = table.satisfying(name, operator, [value])[: len(order)].tolist()
        assert found == (reference.satisfying(name, operator, [value]).tolist() if order else []), (
            name,
            operator,
            value,
        )


@given(st.lists(rows, max_size=3))
def test_texts_are_those_of_the_cells(pieces: list[list[dict[str, Any]]]) -> None:
    catalogue = Catalogue(Held(schema=ITEMS, tables=tuple(row_table(ITEMS, piece) for piece in pieces)))
    data = newest(pieces)
    listed = catalogue.ids.to_pylist()
    assert sorted(listed) == sorted(data)
    places = np.array([-1, *range(len(listed))])
    for name in ("GENRE", "OWNER", "PRICE", "YEAR", "ADULT", "PLOT"):
        cells = [data[id_][name] for id_ in listed]
        shown = [str(cell).lower() if isinstance(cell, bool) else None if cell is None else str(cell) for cell in cells]
        assert catalogue.texts(name, places) == [None, *shown]
    assert catalogue.texts("NOTHING", places) == [None] * len(places)
    for id_ in listed:
        values = catalogue.values(id_)
        assert set(values) == {
            "ITEM_ID" if name == "ITEM_ID" else name
            for name in ("GENRE", "OWNER", "PRICE", "YEAR")
            if clean(data[id_])[name] not in (None, "")
        }
    assert catalogue.values("nobody") == {}


events = st.lists(
    st.tuples(st.sampled_from("uv"), ids, st.integers(0, 5), st.sampled_from(["click", "Click", "buy"])), max_size=12
)


@settings(max_examples=150)
@given(st.lists(events, max_size=3), events, st.integers(1, 3))
def test_a_user_did_the_newest_events_of_each_type(
    imported: list[list[tuple[str, str, int, str]]], streamed: list[tuple[str, str, int, str]], most: int
) -> None:
    names = ("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE")
    pieces = [row_table(EVENTS, [dict(zip(names, row, strict=True)) for row in piece]) for piece in imported]
    past = PastEvents(Held(schema=EVENTS, tables=tuple(pieces)))
    entities = Entities(Vocabulary.from_strings(IDS), None, "ITEM_ID")
    own = [
        (n, item, kind, float(when), 1000.0 + n)
        for n, (user, item, when, kind) in enumerate(streamed, 1)
        if user == "u"
    ]
    times = [float(100 * number) for number in range(len(imported))]
    asked: list[int] = []

    def after(sequence: int) -> Any:
        asked.append(sequence)
        return [event for event in own if event[0] > sequence]

    activity = entities.activity("u", past, after, times, most, 1)
    everything = [(when, item, kind.lower()) for piece in imported for user, item, when, kind in piece if user == "u"]
    everything += [(when, item, kind.lower()) for _, item, kind, when, _ in own]
    everything.sort(key=lambda event: event[0])
    for kind in ("click", "buy", "view"):
        wanted = [item for _, item, name in everything if name == kind][-most:]
        assert [entities[index] for index in activity.of(frozenset((kind,)))] == wanted
    latest = [times[number] for number, piece in enumerate(imported) if any(row[0] == "u" for row in piece)]
    latest += [arrived for *_, arrived in own]
    assert activity.latest == max(latest, default=-np.inf)
    # Nothing came: nobody is asked; something of others came: only what is new is.
    assert entities.activity("u", past, after, times, most, 1) is activity
    assert asked == [0]
    assert entities.activity("u", past, after, times, most, 2) is activity
    assert asked == [0, activity.last]
