"""How the properties of events and records become columns."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.datasets.properties import (
    EVENT_FORBIDDEN,
    PropertiesError,
    map_properties,
    parse_properties,
)
from tests.datasets.helpers import DEVICE, ITEM, interactions, schema

MOVIES = schema(
    "Items",
    ITEM,
    {"name": "NUM_RATINGS", "type": ["null", "long"]},
    {"name": "YEAR", "type": ["null", "int"]},
    {"name": "CATEGORY_L1", "type": ["null", "string"], "categorical": True},
    {"name": "PLOT", "type": ["null", "string"], "textual": True},
    {"name": "SCORE", "type": ["null", "double"]},
    {"name": "ADULT", "type": ["null", "boolean"]},
)


def test_properties_are_a_json_object() -> None:
    assert parse_properties('{"numRatings": "4", "x": [1]}') == {"numRatings": "4", "x": [1]}


NOT_OBJECTS = ["", "{", "[]", '"{\\"a\\": 1}"', "null", "3", '{"a": NaN}', '{"a": 1} x', "[" * 100_000, '{"a": %s}']


@pytest.mark.parametrize("text", [text.replace("%s", "9" * 5000) for text in NOT_OBJECTS])
def test_anything_else_is_refused_with_the_service_s_sentence(text: str) -> None:
    with pytest.raises(PropertiesError, match=r"^Error parsing properties json$"):
        parse_properties(text)


@settings(deadline=None)
@given(st.text())
def test_any_text_is_an_object_or_the_declared_error(text: str) -> None:
    with suppress(PropertiesError):
        assert isinstance(parse_properties(text), dict)


@pytest.mark.parametrize(
    ("name", "value", "column", "mapped"),
    [
        ("numRatings", 4, "NUM_RATINGS", 4),
        ("num_ratings", "4", "NUM_RATINGS", 4),
        ("NUM_RATINGS", 4.0, "NUM_RATINGS", 4),
        ("numRatings", "1.5e3", "NUM_RATINGS", 1500),
        ("numRatings", 2**62 + 1, "NUM_RATINGS", 2**62 + 1),
        ("numRatings", str(2**62 + 1), "NUM_RATINGS", 2**62 + 1),
        ("numRatings", None, "NUM_RATINGS", None),
        ("numRatings", "", "NUM_RATINGS", None),
        ("categoryL1", "Horror|Action", "CATEGORY_L1", "Horror|Action"),
        ("categoryL1", 7, "CATEGORY_L1", "7"),
        ("categoryL1", True, "CATEGORY_L1", "true"),
        ("score", "4.5", "SCORE", 4.5),
        ("score", 4, "SCORE", 4.0),
        ("adult", "False", "ADULT", False),
        ("adult", True, "ADULT", True),
        ("adult", 0, "ADULT", False),
        ("plot", "x" * 20_001, "PLOT", "x" * 20_000),
    ],
)
def test_a_property_finds_its_column_and_takes_its_type(name: str, value: Any, column: str, mapped: Any) -> None:
    result = map_properties({name: value}, MOVIES)
    assert result == {column: mapped}
    assert type(result[column]) is type(mapped)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("numRatings", "many"),
        ("numRatings", 4.5),
        ("numRatings", True),
        ("numRatings", "1_000"),
        ("numRatings", 2**63),
        ("numRatings", 1e300),
        ("numRatings", [1]),
        ("year", 2**31),
        ("score", "nan"),
        ("score", "1e999"),
        ("score", 10**400),
        ("score", False),
        ("adult", "maybe"),
        ("adult", 2),
        ("categoryL1", ["a"]),
        ("categoryL1", {"a": 1}),
        ("categoryL1", "\ud800"),
    ],
)
def test_a_value_that_does_not_fit_the_column_is_refused(name: str, value: Any) -> None:
    with pytest.raises(PropertiesError, match="must be of type"):
        map_properties({name: value}, MOVIES)


def test_a_string_over_the_limit_is_refused() -> None:
    with pytest.raises(PropertiesError, match="CATEGORY_L1 may not be longer than 1000"):
        map_properties({"categoryL1": "x" * 1001}, MOVIES)
    with pytest.raises(PropertiesError, match="ITEM_ID may not be longer than 256"):
        map_properties({"itemId": "x" * 257}, interactions())


@pytest.mark.parametrize("name", ["timestamp", "TIMESTAMP", "userId", "user_id", "EVENTTYPE", "impression"])
def test_what_events_carry_themselves_is_forbidden_among_their_properties(name: str) -> None:
    with pytest.raises(PropertiesError, match="may not contain"):
        map_properties({name: 1}, interactions(), forbidden=EVENT_FORBIDDEN)


def test_unknown_names_are_ignored_in_events_and_refused_in_records() -> None:
    assert map_properties({"duration": 3, "device": "tv"}, interactions(DEVICE)) == {"DEVICE": "tv"}
    with pytest.raises(PropertiesError, match="duration is not in the schema"):
        map_properties({"duration": 3}, MOVIES, unknown="refuse")


def test_item_and_value_of_an_event_may_be_properties_whatever_the_schema() -> None:
    mapped = map_properties({"itemId": "i1", "eventValue": "4"}, interactions(), forbidden=EVENT_FORBIDDEN)
    assert mapped == {"ITEM_ID": "i1", "EVENT_VALUE": 4.0}
