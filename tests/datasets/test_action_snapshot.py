"""What a training sees of actions: the newest row of each, and what users did with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from personalize_local.datasets.held import Held, Placed, held
from personalize_local.datasets.importing import import_files
from personalize_local.datasets.schema import Schema
from personalize_local.datasets.snapshot import NO_EVENTS, StreamedEvents, action_data
from personalize_local.engine.data import ActionData
from tests.datasets.helpers import ACTION, EVENT, TIME, USER, schema, source
from tests.datasets.test_snapshot import decoded

VALUE = {"name": "VALUE", "type": ["null", "long"]}
TIER = {"name": "TIER", "type": ["null", "string"], "categorical": True}
DEVICE = {"name": "DEVICE", "type": ["null", "string"]}
ACTIONS = schema("Actions", ACTION, VALUE, TIER)
EVENTS = schema("ActionInteractions", USER, ACTION, EVENT, TIME, DEVICE)
HEAD, ROWS = "USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP,DEVICE\n", "ACTION_ID,VALUE,TIER\n"


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """A function that imports texts, and puts rows after them, and gives what is held."""
    count = iter(range(100))

    def imported(read: Schema, *texts: str, put: Sequence[tuple[int, str, dict[str, Any]]] = ()) -> Held:
        paths = [tmp_path / str(next(count)) for _ in texts]
        found = [
            import_files([source(text)], read, path, minimum_rows=0).segment.path
            for text, path in zip(texts, paths, strict=True)
        ]
        return held(read, [Placed(segment=path) for path in found], put)

    return imported


def told(data: ActionData) -> list[tuple[Any, ...]]:
    """Interactions as rows of strings and numbers."""
    done = data.interactions
    return list(
        zip(
            data.users.strings(done.user),
            data.actions.strings(done.item),
            done.timestamp.tolist(),
            decoded(done.event_type),
            strict=True,
        )
    )


def streamed(*rows: tuple[str, str, int, str, dict[str, Any]]) -> StreamedEvents:
    users, actions, times, types, properties = zip(*rows, strict=True)
    return StreamedEvents(
        users=users,
        items=actions,
        timestamps=times,
        event_types=types,
        event_values=[None] * len(rows),
        properties=properties,
    )


def test_of_the_rows_of_an_action_the_newest_counts_imported_or_put(write: Any) -> None:
    rows = write(
        ACTIONS, ROWS + "x,1,gold\ny,2,\n", ROWS + "z,,\nx,3,free\n", put=[(9, "y", {"VALUE": 7}), (10, "w", {})]
    )
    data = action_data({"ACTIONS": rows})
    assert list(data.actions) == ["x", "y", "z", "w"]
    assert {name: decoded(column) for name, column in data.metadata.items()} == {
        "VALUE": [3, 7, None, None],
        "TIER": ["free", None, None, None],
    }
    assert told(data) == []


def test_imported_and_streamed_interactions_are_one_by_time_with_types_in_one_spelling(write: Any) -> None:
    rows = write(ACTIONS, ROWS + "x,1,\ny,2,\n")
    events = write(EVENTS, HEAD + "a,y,Taken,9,\nb,x,Not Taken,2,tv\n", HEAD + "a,x,viewed,5,\n")
    stream = streamed(("c", "y", 3, "NOT_TAKEN", {}), ("a", "x", 5, "TAKEN", {"DEVICE": "tv"}))
    data = action_data({"ACTIONS": rows, "ACTION_INTERACTIONS": events}, stream)
    assert told(data) == [
        ("b", "x", 2, "NOT_TAKEN"),
        ("c", "y", 3, "NOT_TAKEN"),
        ("a", "x", 5, "VIEWED"),
        ("a", "x", 5, "TAKEN"),
        ("a", "y", 9, "TAKEN"),
    ]


def test_the_same_interaction_counts_once_in_any_spelling_and_from_anywhere(write: Any) -> None:
    rows = write(ACTIONS, ROWS + "x,1,\n")
    events = write(EVENTS, HEAD + "a,x,Not Taken,5,tv\na,x,NOT_TAKEN,5,tv\na,x,Not taken,5,\n")
    stream = streamed(("a", "x", 5, "NOT_TAKEN", {"DEVICE": "tv"}), ("a", "x", 6, "NOT_TAKEN", {"DEVICE": "tv"}))
    data = action_data({"ACTIONS": rows, "ACTION_INTERACTIONS": events}, stream)
    assert [row[2] for row in told(data)] == [5, 5, 6], "the device tells two of them apart"


def test_actions_that_no_row_describes_are_left_out(write: Any) -> None:
    events = write(EVENTS, HEAD + "a,gone,Taken,9,\na,x,Taken,8,\n")
    stream = streamed(("b", "gone", 3, "TAKEN", {}), ("b", "x", 4, "TAKEN", {}))
    data = action_data({"ACTIONS": write(ACTIONS, ROWS + "x,1,\n"), "ACTION_INTERACTIONS": events}, stream)
    assert (list(data.actions), told(data)) == (["x"], [("b", "x", 4, "TAKEN"), ("a", "x", 8, "TAKEN")])
    nothing = action_data({"ACTION_INTERACTIONS": events}, stream)
    assert (len(nothing.actions), len(nothing.interactions)) == (0, 0)


def test_nothing_at_all() -> None:
    data = action_data({}, NO_EVENTS)
    assert (len(data.actions), len(data.users), len(data.interactions), dict(data.metadata)) == (0, 0, 0, {})
