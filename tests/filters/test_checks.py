"""Which expressions fit the schemas of a dataset group."""

from __future__ import annotations

import pytest

from personalize_local.filters import Column, FilterError, Problem, check, parse
from tests.filters.helpers import COLUMNS


def failure(text: str, columns: dict[str, dict[str, Column]] = COLUMNS) -> FilterError:
    with pytest.raises(FilterError) as caught:
        check(parse(text), columns)
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "INCLUDE ItemID WHERE Items.ITEM_ID IN ('1', '2')",
        "INCLUDE ItemID WHERE Items.itemId IN ($IDS)",
        "INCLUDE UserID WHERE Users.USER_ID NOT IN ('1')",
        "INCLUDE ActionID WHERE Actions.ACTION_ID IN ('1')",
        "INCLUDE ItemID WHERE Items.creationTimestamp > 3 AND Items.downloadcount IN (1, 2.5, '3')",
        "INCLUDE ItemID WHERE Items.OWNER = 'me' AND Items.GENRE != $GENRE",
        "INCLUDE ItemID WHERE Items.PRICE < '20.5' OR Items.RATING >= 3",
        "INCLUDE ItemID WHERE Items.PRICE > CurrentItem.YEAR AND Items.OWNER IN CurrentItem.GENRE",
        "INCLUDE ItemID WHERE Interactions.EVENT_TYPE NOT IN ('click', '*')",
        "INCLUDE ItemID WHERE Items.YEAR = 1 IF CurrentUser.USER_ID IN ('1') AND CurrentUser.AGE IN (17, 18)",
    ],
)
def test_an_expression_that_fits_is_taken(text: str) -> None:
    check(parse(text), COLUMNS)


@pytest.mark.parametrize(
    ("text", "problem", "at", "details"),
    [
        (
            "EXCLUDE ItemID WHERE Items.YEAR = 1 | INCLUDE UserID WHERE Users.AGE = 1",
            Problem.MIXED_ENTITIES,
            "INCLUDE",
            {"found": "UserID", "expected": "ItemID"},
        ),
        (
            "EXCLUDE ItemID WHERE Users.AGE = 1",
            Problem.WRONG_DATASET_FOR_ENTITY,
            "Users",
            {"field": "Users.AGE", "found": "Users", "entity": "ItemID", "expected": "Interactions or Items"},
        ),
        (
            "EXCLUDE UserID WHERE Items.YEAR = 1",
            Problem.WRONG_DATASET_FOR_ENTITY,
            "Items",
            {"field": "Items.YEAR", "found": "Items", "entity": "UserID", "expected": "Interactions or Users"},
        ),
        (
            "EXCLUDE ActionID WHERE Actions.VALUE = 1 AND Interactions.EVENT_TYPE IN ('x')",
            Problem.WRONG_DATASET_FOR_ENTITY,
            "Interactions",
            {
                "field": "Interactions.EVENT_TYPE",
                "found": "Interactions",
                "entity": "ActionID",
                "expected": "Action_Interactions or Actions",
            },
        ),
        (
            "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('x') AND Items.YEAR = 1",
            Problem.MIXED_DATASETS,
            "Items",
            {"field": "Items.YEAR", "found": "Items", "expected": "Interactions"},
        ),
        (
            "EXCLUDE ActionID WHERE Actions.VALUE = 1 OR Action_Interactions.EVENT_TYPE IN ('x')",
            Problem.MIXED_DATASETS,
            "Action_",
            {"field": "Action_Interactions.EVENT_TYPE", "found": "Action_Interactions", "expected": "Actions"},
        ),
        (
            "EXCLUDE UserID WHERE Users.AGE = 1 IF CurrentUser.AGE = 1",
            Problem.CONDITION_ON_USER_FOR_ENTITY,
            "CurrentUser",
            {"field": "CurrentUser.AGE", "entity": "UserID", "expected": "ItemID or ActionID"},
        ),
        (
            "EXCLUDE ActionID WHERE Actions.VALUE < CurrentItem.PRICE",
            Problem.CURRENT_ITEM_FOR_ENTITY,
            "CurrentItem",
            {"found": "CurrentItem.PRICE", "entity": "ActionID", "expected": "ItemID"},
        ),
        (
            "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN CurrentItem.GENRE",
            Problem.CURRENT_ITEM_FOR_DATASET,
            "CurrentItem",
            {"found": "CurrentItem.GENRE", "field": "Interactions.EVENT_TYPE", "expected": "Items"},
        ),
    ],
)
def test_parts_that_do_not_go_together_are_refused(
    text: str, problem: Problem, at: str, details: dict[str, str]
) -> None:
    error = failure(text)
    assert (error.problem, error.position, error.details) == (problem, text.index(at) + 1, details)


@pytest.mark.parametrize(
    ("text", "problem", "at", "details"),
    [
        (
            "EXCLUDE ItemID WHERE Interactions.DEVICE IN ('phone')",
            Problem.EVENT_TYPE_ONLY,
            "Interactions",
            {"field": "Interactions.DEVICE", "expected": "Interactions.EVENT_TYPE"},
        ),
        (
            "EXCLUDE ActionID WHERE Action_Interactions.TIMESTAMP > 3",
            Problem.EVENT_TYPE_ONLY,
            "Action_",
            {"field": "Action_Interactions.TIMESTAMP", "expected": "Action_Interactions.EVENT_TYPE"},
        ),
        (
            "EXCLUDE ActionID WHERE Actions.REPEAT_FREQUENCY > 3",
            Problem.RESERVED_ACTION_FIELD,
            "Actions",
            {"field": "Actions.REPEAT_FREQUENCY"},
        ),
        (
            "EXCLUDE ActionID WHERE Actions.expirationTimestamp > 3",
            Problem.RESERVED_ACTION_FIELD,
            "Actions",
            {"field": "Actions.EXPIRATIONTIMESTAMP"},
        ),
        (
            "EXCLUDE ActionID WHERE Actions.ACTION_EXPIRATION_TIMESTAMP > 3",
            Problem.RESERVED_ACTION_FIELD,
            "Actions",
            {"field": "Actions.ACTION_EXPIRATION_TIMESTAMP"},
        ),
        (
            "EXCLUDE ItemID WHERE Items.GENER IN ('x')",
            Problem.UNKNOWN_FIELD,
            "Items",
            {"field": "Items.GENER", "dataset": "Items", "name": "GENER", "nearest": "GENRE"},
        ),
        (
            "EXCLUDE ItemID WHERE Items.YEAR = 1 IF CurrentUser.QQQ = 1",
            Problem.UNKNOWN_FIELD,
            "CurrentUser",
            {"field": "CurrentUser.QQQ", "dataset": "Users", "name": "QQQ", "nearest": ""},
        ),
        (
            "EXCLUDE ItemID WHERE Items.YEAR < CurrentItem.YEARS",
            Problem.UNKNOWN_FIELD,
            "CurrentItem",
            {"field": "CurrentItem.YEARS", "dataset": "Items", "name": "YEARS", "nearest": "YEAR"},
        ),
        (
            "EXCLUDE ItemID WHERE Items.IN_STOCK IN ('true')",
            Problem.BOOLEAN_FIELD,
            "Items",
            {"field": "Items.IN_STOCK"},
        ),
        (
            "EXCLUDE ItemID WHERE Items.YEAR = 1 IF CurrentUser.ACTIVE = 'true'",
            Problem.BOOLEAN_FIELD,
            "CurrentUser",
            {"field": "CurrentUser.ACTIVE"},
        ),
        ("EXCLUDE ItemID WHERE Items.SYNOPSIS IN ('x')", Problem.TEXTUAL_FIELD, "Items", {"field": "Items.SYNOPSIS"}),
        (
            "EXCLUDE ItemID WHERE Items.OWNER IN CurrentItem.SYNOPSIS",
            Problem.TEXTUAL_FIELD,
            "CurrentItem",
            {"field": "CurrentItem.SYNOPSIS"},
        ),
        (
            "EXCLUDE ItemID WHERE Items.GENRE >= 'x'",
            Problem.OPERATOR,
            ">=",
            {"field": "Items.GENRE", "type": "string", "found": ">=", "expected": "IN, NOT IN, = or !="},
        ),
        (
            "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE = 'click'",
            Problem.OPERATOR,
            "=",
            {"field": "Interactions.EVENT_TYPE", "type": "string", "found": "=", "expected": "IN or NOT IN"},
        ),
        (
            "EXCLUDE ItemID WHERE Items.YEAR = 1 IF CurrentUser.MEMBERSHIP < $X",
            Problem.OPERATOR,
            "<",
            {"field": "CurrentUser.MEMBERSHIP", "type": "string", "found": "<", "expected": "IN, NOT IN, = or !="},
        ),
        (
            "EXCLUDE ItemID WHERE Items.GENRE IN ('x', '*')",
            Problem.WILDCARD,
            "'x'",
            {"field": "Items.GENRE", "expected": "Interactions.EVENT_TYPE"},
        ),
        (
            "EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ('*')",
            Problem.WILDCARD,
            "'*'",
            {"field": "Action_Interactions.EVENT_TYPE", "expected": "Interactions.EVENT_TYPE"},
        ),
        (
            "EXCLUDE ItemID WHERE Items.YEAR = 1 IF CurrentUser.AGE = '*'",
            Problem.WILDCARD,
            "'*'",
            {"field": "CurrentUser.AGE", "expected": "Interactions.EVENT_TYPE"},
        ),
        (
            "EXCLUDE ItemID WHERE Items.PRICE < 'cheap'",
            Problem.VALUE,
            "'cheap'",
            {"field": "Items.PRICE", "type": "float", "found": "cheap", "expected": "a number"},
        ),
        (
            "EXCLUDE ItemID WHERE Items.GENRE IN ('x', 5)",
            Problem.VALUE,
            "'x'",
            {"field": "Items.GENRE", "type": "string", "found": "5", "expected": "a value in quotes"},
        ),
        (
            "EXCLUDE ItemID WHERE Items.YEAR < CurrentItem.GENRE",
            Problem.DIFFERENT_TYPES,
            "CurrentItem",
            {"field": "Items.YEAR", "type": "int", "found": "CurrentItem.GENRE", "expected": "a numeric field"},
        ),
        (
            "EXCLUDE ItemID WHERE Items.GENRE IN CurrentItem.YEAR",
            Problem.DIFFERENT_TYPES,
            "CurrentItem",
            {"field": "Items.GENRE", "type": "string", "found": "CurrentItem.YEAR", "expected": "a string field"},
        ),
    ],
)
def test_what_the_schemas_do_not_bear_is_refused(text: str, problem: Problem, at: str, details: dict[str, str]) -> None:
    error = failure(text)
    assert (error.problem, error.position, error.details) == (problem, text.index(at) + 1, details)


@pytest.mark.parametrize(
    ("text", "dataset", "field"),
    [
        ("EXCLUDE ItemID WHERE Items.YEAR = 1", "Items", "Items.YEAR"),
        ("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('x')", "Interactions", "Interactions.EVENT_TYPE"),
        ("EXCLUDE ItemID WHERE Items.YEAR = 1 IF CurrentUser.AGE = 1", "Users", "CurrentUser.AGE"),
        ("EXCLUDE UserID WHERE Users.AGE = 1", "Users", "Users.AGE"),
        ("EXCLUDE ActionID WHERE Actions.VALUE = 1", "Actions", "Actions.VALUE"),
        (
            "EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ('x')",
            "Action_Interactions",
            "Action_Interactions.EVENT_TYPE",
        ),
    ],
)
def test_a_filter_needs_the_dataset_it_names(text: str, dataset: str, field: str) -> None:
    error = failure(text, {name: named for name, named in COLUMNS.items() if name != dataset.upper()})
    assert error.problem is Problem.MISSING_DATASET
    assert error.details == {"field": field, "dataset": dataset}


def test_interactions_without_event_types_cannot_be_filtered_by_them() -> None:
    error = failure(
        "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('x')", {"INTERACTIONS": {"USER_ID": Column(type="string")}}
    )
    assert error.problem is Problem.UNKNOWN_FIELD


def test_columns_are_found_under_any_spelling_of_their_own_names() -> None:
    check(parse("EXCLUDE ItemID WHERE Items.NUM_RATINGS > 3"), {"ITEMS": {"numRatings": Column(type="long")}})
