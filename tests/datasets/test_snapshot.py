"""What a training sees of segments and streamed events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.datasets.held import Held, Placed, held
from personalize_local.datasets.importing import import_files
from personalize_local.datasets.schema import Schema
from personalize_local.datasets.segments import SegmentRef, read_info
from personalize_local.datasets.snapshot import NO_EVENTS, StreamedEvents, training_data
from personalize_local.engine.data import Categorical, Column, MultiCategorical, Numeric, Text, TrainingData
from tests.datasets.helpers import DEVICE, EVENT, ITEM, TIME, USER, interactions, schema, source

VALUE = {"name": "EVENT_VALUE", "type": ["null", "float"]}
BATTERY = {"name": "battery", "type": ["null", "int"]}
EVENTS = interactions(EVENT, VALUE, DEVICE, BATTERY, {"name": "NOTE", "type": "string"})
HEAD = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE,battery,NOTE\n"
GENRE = {"name": "GENRE", "type": ["null", "string"], "categorical": True}
KIND = {"name": "KIND", "type": ["null", "string"], "categorical": True}
YEAR = {"name": "YEAR", "type": ["null", "long"]}
PLOT = {"name": "PLOT", "type": ["null", "string"], "textual": True}
TITLE = {"name": "TITLE", "type": ["null", "string"]}
ADULT = {"name": "ADULT", "type": ["null", "boolean"]}
OLD_ITEMS = schema("Items", ITEM, GENRE, YEAR, TITLE, ADULT)
NEW_ITEMS = schema("Items", ITEM, GENRE, YEAR, TITLE, ADULT, PLOT, KIND)


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """A function that imports a text and gives the reference of its segment."""
    count = iter(range(100))

    def imported(read: Schema, text: str) -> SegmentRef:
        path = tmp_path / str(next(count))
        return import_files([source(text)], read, path, minimum_rows=0).segment.path

    return imported


def snapshot_of(
    interactions: Sequence[SegmentRef],
    streamed: StreamedEvents = NO_EVENTS,
    *,
    schemas: Mapping[str, Schema] | None = None,
    excluded: Mapping[str, Sequence[str]] | None = None,
    names: bool = False,
    **others: Sequence[SegmentRef],
) -> TrainingData:
    """The snapshot of segments, under the schemas given or those of the newest segments."""
    refs = {"INTERACTIONS": interactions, **{name.upper(): found for name, found in others.items()}}
    read: dict[str, Schema] = {name: read_info(found[-1]).schema for name, found in refs.items() if found}
    datasets: dict[str, Held] = {
        name: held(used, [Placed(segment=ref) for ref in refs.get(name, ())])
        for name, used in {**read, **(schemas or {})}.items()
    }
    return training_data(datasets, streamed, excluded=excluded, names=names)


def told(data: TrainingData) -> list[tuple[Any, ...]]:
    """Interactions as rows of strings and numbers."""
    events = data.interactions
    types = decoded(events.event_type) if events.event_type is not None else [None] * len(events)
    users = data.users.strings(events.user)
    items = data.items.strings(events.item)
    return list(zip(users, items, events.timestamp.tolist(), types, strict=True))


def decoded(column: Column | None) -> list[Any]:
    """A column as Python values."""
    match column:
        case Categorical():
            return [None if code < 0 else column.values[code] for code in column.codes]
        case MultiCategorical():
            pairs = zip(column.indptr[:-1], column.indptr[1:], strict=True)
            return [[column.values[code] for code in column.codes[start:end]] for start, end in pairs]
        case Numeric():
            return [None if np.isnan(value) else float(value) for value in column.values]
        case Text():
            return list(column.values)
        case None:
            return []


def stream(*events: tuple[str, str, int, str, float | None, dict[str, Any]]) -> StreamedEvents:
    users, items, times, types, values, properties = zip(*events, strict=True)
    return StreamedEvents(
        users=users, items=items, timestamps=times, event_types=types, event_values=values, properties=properties
    )


def test_interactions_are_sorted_by_time_and_ties_keep_the_order_of_import(write: Any) -> None:
    first = write(EVENTS, HEAD + "b,y,5,view,,tv,3,n\na,x,9,buy,2.5,,,n\n")
    second = write(EVENTS, HEAD + "c,x,5,click,,pc,,n\na,z,1,view,1,tv,7,n\n")
    data = snapshot_of([first, second], stream(("d", "x", 5, "view", 0.5, {"DEVICE": "watch", "battery": 4})))
    assert told(data) == [
        ("a", "z", 1, "view"),
        ("b", "y", 5, "view"),
        ("c", "x", 5, "click"),
        ("d", "x", 5, "view"),
        ("a", "x", 9, "buy"),
    ]
    events = data.interactions
    assert events.value is not None
    assert [None if np.isnan(value) else value for value in events.value.tolist()] == [1, None, None, 0.5, 2.5]
    assert {name: decoded(column) for name, column in events.context.items()} == {
        "DEVICE": ["tv", "tv", "pc", "watch", None],
        "BATTERY": [7, 3, None, 4, None],
    }


def test_ids_are_numbered_by_first_appearance_with_those_without_interactions_last(write: Any) -> None:
    bulk = write(EVENTS, HEAD + "b,y,5,view,,tv,3,n\na,x,9,buy,2.5,,,n\n")
    items = write(OLD_ITEMS, "ITEM_ID,GENRE,YEAR,TITLE,ADULT\nq,,,,\nx,,,,\np,,,,\n")
    users = write(schema("Users", USER, YEAR), "USER_ID,YEAR\nz,1\na,2\n")
    data = snapshot_of([bulk], stream(("c", "w", 1, "view", None, {})), items=[items], users=[users])
    assert data.users.strings(np.arange(len(data.users))) == ["b", "a", "c", "z"]
    assert data.items.strings(np.arange(len(data.items))) == ["y", "x", "w", "q", "p"]
    assert decoded(data.user_metadata["YEAR"]) == [None, 2, None, 1]


def test_the_same_event_twice_counts_once_and_any_difference_keeps_both(write: Any) -> None:
    rows = [
        "a,x,5,view,,tv,3,n",
        "a,x,5,view,,tv,3,n",
        "a,x,5,view,,tv,3,other",
        "a,x,5,view,,tv,,n",
        "a,x,6,view,,tv,3,n",
        "a,x,5,view,1,tv,3,n",
        "a,x,5,view,,,3,n",
        "a,x,5,buy,,tv,3,n",
        "a,y,5,view,,tv,3,n",
        "b,x,5,view,,tv,3,n",
    ]
    text = HEAD + "\n".join(rows)
    assert len(snapshot_of([write(EVENTS, text)]).interactions) == 9
    again = [write(EVENTS, text), write(EVENTS, HEAD + "\n".join(reversed(rows)))]
    streamed = stream(("a", "x", 5, "view", None, {"DEVICE": "tv", "battery": 3, "NOTE": "n"}))
    assert len(snapshot_of(again, streamed).interactions) == 9


def test_of_the_rows_of_an_item_the_newest_counts(write: Any) -> None:
    bulk = write(EVENTS, HEAD + "b,y,5,view,,tv,3,n\n")
    old = write(
        OLD_ITEMS, "ITEM_ID,GENRE,YEAR,TITLE,ADULT\ny,drama,1999,T,true\nx,crime|drama,,,\ny,horror,2000,T,true\n"
    )
    new = write(
        NEW_ITEMS,
        "ITEM_ID,GENRE,YEAR,TITLE,ADULT,PLOT,KIND\nx,noir|crime|noir|,1950,,,long story,film\nz,,,,,,\n",
    )
    data = snapshot_of([bulk], items=[old, new])
    assert data.items.strings(np.arange(len(data.items))) == ["y", "x", "z"]
    assert {name: decoded(column) for name, column in data.item_metadata.items()} == {
        "GENRE": [["horror"], ["noir", "crime"], []],
        "YEAR": [2000, 1950, None],
        "PLOT": ["", "long story", ""],
        "KIND": [None, "film", None],
    }
    genre = data.item_metadata["GENRE"]
    assert isinstance(genre, MultiCategorical)
    assert genre.values == ("horror", "noir", "crime")


def test_columns_are_those_of_the_schema_in_use(write: Any) -> None:
    bulk = write(EVENTS, HEAD + "b,y,5,view,,tv,3,n\n")
    old = write(OLD_ITEMS, "ITEM_ID,GENRE,YEAR,TITLE,ADULT\ny,drama,1999,T,true\n")
    data = snapshot_of([bulk], items=[old], schemas={"ITEMS": NEW_ITEMS})
    assert decoded(data.item_metadata["PLOT"]) == [""]
    assert decoded(data.item_metadata["KIND"]) == [None]
    assert isinstance(data.item_metadata["GENRE"], Categorical)


def test_excluded_columns_are_left_out(write: Any) -> None:
    bulk = write(EVENTS, HEAD + "b,y,5,view,1,tv,3,n\n")
    items = write(OLD_ITEMS, "ITEM_ID,GENRE,YEAR,TITLE,ADULT\ny,drama,1999,T,true\n")
    left_out = {"Interactions": ["device", "EVENT_VALUE", "EVENT_TYPE"], "ITEMS": ["GENRE"]}
    data = snapshot_of([bulk], items=[items], excluded=left_out)
    assert (set(data.interactions.context), set(data.item_metadata)) == ({"BATTERY"}, {"YEAR"})
    assert data.interactions.value is None
    assert data.interactions.event_type is None


def test_the_items_name_is_a_text_where_it_is_asked_for(write: Any) -> None:
    named = {**TITLE, "itemName": True}
    for extra in ({}, {"categorical": True}):
        read = schema("Items", ITEM, GENRE, {**named, **extra}, PLOT)
        items = [write(read, "ITEM_ID,GENRE,TITLE,PLOT\ni1,g,Old name,p\ni2,g,,q\ni1,g,The name,p\n")]
        found = snapshot_of([], items=items, names=True).item_metadata
        assert list(found) == ["GENRE", "TITLE", "PLOT"]
        assert found["TITLE"] == Text(values=("The name", ""))
        without = snapshot_of([], items=items).item_metadata
        assert not isinstance(without.get("TITLE"), Text)
        assert ("TITLE" in without) is bool(extra)
        assert "TITLE" not in snapshot_of([], items=items, names=True, excluded={"Items": ["title"]}).item_metadata


def test_streamed_events_alone_are_data() -> None:
    streamed = stream(("a", "x", 7, "view", None, {}), ("b", "y", 3, "buy", 2.0, {"DEVICE": "tv"}))
    data = snapshot_of([], streamed, schemas={"INTERACTIONS": EVENTS})
    assert told(data) == [("b", "y", 3, "buy"), ("a", "x", 7, "view")]
    assert decoded(data.interactions.context["DEVICE"]) == ["tv", None]
    assert told(snapshot_of([], streamed)) == [("b", "y", 3, None), ("a", "x", 7, None)]


def test_no_data_is_an_empty_snapshot() -> None:
    for data in (snapshot_of([]), snapshot_of([], NO_EVENTS, schemas={"INTERACTIONS": EVENTS, "ITEMS": NEW_ITEMS})):
        assert (len(data.interactions), len(data.users), len(data.items)) == (0, 0, 0)


def test_a_catalogue_without_interactions_is_kept(write: Any) -> None:
    items = write(OLD_ITEMS, "ITEM_ID,GENRE,YEAR,TITLE,ADULT\ny,drama,1999,T,true\n")
    data = snapshot_of([], items=[items], schemas={"INTERACTIONS": EVENTS})
    assert (len(data.items), decoded(data.item_metadata["YEAR"])) == (1, [1999])


def test_arrays_are_read_only_and_of_the_engine_s_types(write: Any) -> None:
    events = snapshot_of([write(EVENTS, HEAD + "b,y,5,view,1,tv,3,n\n")]).interactions
    assert events.event_type is not None
    assert events.value is not None
    device = events.context["DEVICE"]
    assert isinstance(device, Categorical)
    arrays = [events.user, events.item, events.timestamp, events.value, events.event_type.codes, device.codes]
    assert [array.dtype.name for array in arrays] == ["int32", "int32", "int64", "float32", "int32", "int32"]
    assert not any(array.flags.writeable for array in arrays)


ROWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 3), st.sampled_from(["view", "buy"])),
    min_size=1,
    max_size=30,
)


def reference(rows: Sequence[tuple[str, str, int, str]]) -> list[tuple[str, str, int, str]]:
    return sorted(dict.fromkeys(rows), key=lambda row: row[2])


@settings(deadline=None, max_examples=40)
@given(st.lists(ROWS, max_size=3), ROWS)
def test_segments_and_events_together_are_what_plain_python_makes_of_them(
    tmp_path_factory: pytest.TempPathFactory, bulk: list[list[tuple[str, str, int, str]]], events: list[Any]
) -> None:
    read = schema("Interactions", USER, ITEM, TIME, EVENT)
    folder = tmp_path_factory.mktemp("segments")
    refs = []
    for number, rows in enumerate(bulk):
        text = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n" + "\n".join(",".join(map(str, row)) for row in rows)
        refs.append(import_files([source(text)], read, folder / str(number), minimum_rows=0).segment.path)
    streamed = stream(*((*row, None, {}) for row in events))
    data = snapshot_of(refs, streamed, schemas={"INTERACTIONS": read})
    everything = [*(row for rows in bulk for row in rows), *events]
    assert told(data) == reference(everything)
    assert data.users.strings(np.arange(len(data.users))) == list(dict.fromkeys(row[0] for row in everything))
