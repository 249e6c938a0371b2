"""What can be read off a tree: the fields that quotas count and the placeholders that requests fill."""

from __future__ import annotations

from personalize_local.filters import fields, parameters, parse


def test_fields_are_counted_once_over_all_parts() -> None:
    read = parse(
        "INCLUDE ItemID WHERE Items.genre IN CurrentItem.MOOD AND Items.GENRE NOT IN ('x') OR Items.PRICE < 3"
        " IF CurrentUser.AGE > 3 | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('x') IF CurrentUser.GENRE = $G"
        " | EXCLUDE ItemID WHERE Items.PRICE > 10"
    )
    assert fields(read) == {
        ("ITEMS", "GENRE"),
        ("ITEMS", "MOOD"),
        ("ITEMS", "PRICE"),
        ("USERS", "AGE"),
        ("USERS", "GENRE"),
        ("INTERACTIONS", "EVENT_TYPE"),
    }


def test_spellings_of_one_field_are_one_field() -> None:
    read = parse("INCLUDE ItemID WHERE Items.num_ratings > 3 AND Items.numRatings < CurrentItem.NUM_RATINGS")
    assert fields(read) == {("ITEMS", "NUM_RATINGS")}


def test_placeholders_come_in_order_of_appearance_and_those_of_include_are_mandatory() -> None:
    read = parse(
        "EXCLUDE ItemID WHERE Items.A IN ($B) AND Items.C > $a IF CurrentUser.D = $E"
        " | INCLUDE ItemID WHERE Items.A IN ($A) IF CurrentUser.D = $F | EXCLUDE ItemID WHERE Items.C < $A"
        " | INCLUDE ItemID WHERE Items.C = $E"
    )
    assert list(parameters(read).items()) == [("B", False), ("a", False), ("E", True), ("A", True), ("F", True)]


def test_a_filter_without_placeholders_has_none() -> None:
    assert parameters(parse("EXCLUDE ItemID WHERE Items.A IN ('$B')")) == {}
