"""What the language takes in, what it refuses, and how well it says where and why."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from dataclasses import FrozenInstanceError

import pytest

from personalize_local.filters import FilterError, Literals, Parameter, Problem, parse
from tests.filters.helpers import current, exclude, include, items, placeholder, refusal, user, values, whole

VALUES = "a value in quotes, a number, a placeholder such as $VALUE, CurrentItem or ("
COMPARISONS = "IN, NOT IN, =, !=, <, <=, > or >="


def test_and_binds_tighter_than_or() -> None:
    a, b, c, d = (items(name, "=", values(1)) for name in "ABCD")
    text = "EXCLUDE ItemID WHERE Items.A = 1 OR Items.B = 1 AND Items.C = 1 OR Items.D = 1"
    assert parse(text) == whole(exclude(a, (b, c), d))
    text = "EXCLUDE ItemID WHERE Items.A = 1 AND Items.B = 1 OR Items.C = 1 AND Items.D = 1"
    assert parse(text) == whole(exclude((a, b), (c, d)))


def test_conditions_on_the_user_are_joined_by_and() -> None:
    text = (
        "EXCLUDE ItemID WHERE Items.A = 1"
        " IF CurrentUser.AGE > 17 AND currentuser.city NOT IN ('Ulm', 'Bonn') AND CurrentUser.B IN ($C)"
    )
    given = (
        user("AGE", ">", values(17)),
        user("CITY", "NOT IN", values("Ulm", "Bonn")),
        user("B", "IN", placeholder("C")),
    )
    assert parse(text) == whole(exclude(items("A", "=", values(1)), given=given))


@pytest.mark.parametrize(
    "text",
    [
        "include itemid where items.genre in('a')",
        'INCLUDE\tItemID\nWHERE\r\n  Items . GENRE\n  IN\n  (\n"a"\n)\n',
        'Include ITEMID Where ITEMS.Genre In ( "a" )',
        'INCLUDE ItemID WHERE Items.GENRE IN("a")',
    ],
)
def test_case_blanks_and_line_breaks_make_no_difference(text: str) -> None:
    assert parse(text) == whole(include(items("GENRE", "IN", values("a"))))


@pytest.mark.parametrize("word", ["IN", "not", "WHERE", "If", "AND", "OR", "CurrentItem", "ItemID", "INCLUDE", "8MM"])
def test_a_field_may_have_the_name_of_a_keyword(word: str) -> None:
    text = f"INCLUDE ItemID WHERE Items.{word} IN CurrentItem.{word} AND Items.{word} = 1"
    name = word.upper()
    assert parse(text) == whole(include((items(name, "IN", current(name)), items(name, "=", values(1)))))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"a|b"', "a|b"),
        ("'a | EXCLUDE ItemID'", "a | EXCLUDE ItemID"),
        ('"it\'s"', "it's"),
        ("'say \"so\"'", 'say "so"'),
        ('""', ""),
        (r'"back\slash"', r"back\slash"),
        ('"two\nlines"', "two\nlines"),
        ('"$CATEGORY"', "$CATEGORY"),
        ('"12"', "12"),
        ("12", 12),
        ("-3", -3),
        ("007", 7),
        ("2.50", 2.5),
        ("-0.25", -0.25),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("9223372036854775808", 2.0**63),
        ("9" * 5000, float("inf")),
    ],
)
def test_a_value_is_what_is_written(written: str, value: str | float) -> None:
    for text in (f"INCLUDE ItemID WHERE Items.A IN ({written})", f"INCLUDE ItemID WHERE Items.A != {written}"):
        operand = parse(text).parts[0].conditions[0][0].operand
        assert isinstance(operand, Literals)
        assert operand.values == (value,)
        assert type(operand.values[0]) is type(value)


@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">="])
def test_a_comparison_takes_a_placeholder_with_and_without_parentheses(operator: str) -> None:
    bare = parse(f"INCLUDE ItemID WHERE Items.A {operator} $x1_Y")
    assert bare == parse(f"INCLUDE ItemID WHERE Items.A{operator}($x1_Y)")
    condition = bare.parts[0].conditions[0][0]
    assert (condition.operator, condition.operand) == (operator, Parameter(name="x1_Y"))


def test_everything_in_the_tree_knows_its_place() -> None:
    text = "EXCLUDE ItemID WHERE Items.A = 1 |  INCLUDE ItemID WHERE Items.B IN ( 'x' ) IF CurrentUser.C <= $D"
    part = parse(text).parts[1]
    condition, on_user = part.every_condition()
    places = {
        "INCLUDE": part.position,
        "Items.B": condition.field.position,
        "IN (": condition.position,
        "'x'": condition.operand.position,
        "CurrentUser.C": on_user.field.position,
        "<=": on_user.position,
        "$D": on_user.operand.position,
    }
    assert {word: text.index(word) + 1 for word in places} == places


def test_a_tree_cannot_be_changed() -> None:
    read = parse("EXCLUDE ItemID WHERE Items.A = 1")
    with pytest.raises(FrozenInstanceError):
        read.parts[0].position = 3  # type: ignore[misc]
    assert hash(read) == hash(parse("exclude itemid where items.a=1"))


@pytest.mark.parametrize(
    ("text", "position", "found", "expected"),
    [
        ("", 1, "the end", "INCLUDE or EXCLUDE"),
        ("  \n ", 5, "the end", "INCLUDE or EXCLUDE"),
        ("INCLUDED ItemID", 1, "INCLUDED", "INCLUDE or EXCLUDE"),
        ("EXCLUDE Item WHERE", 9, "Item", "ItemID, UserID or ActionID"),
        ("EXCLUDE u\u017ferid WHERE", 9, "u\u017ferid", "ItemID, UserID or ActionID"),
        ("EXCLUDE ItemID IF", 16, "IF", "WHERE"),
        ("EXCLUDE ItemID WHERE", 21, "the end", "a field such as Items.PRICE"),
        ("EXCLUDE ItemID WHERE NOT Items.A = 1", 22, "NOT", "a field such as Items.PRICE"),
        ('EXCLUDE ItemID WHERE GENRE IN ("a")', 28, "IN", "a dot and the name of a field"),
        ("EXCLUDE ItemID WHERE Items.", 28, "the end", "the name of a field"),
        ("EXCLUDE ItemID WHERE Items.A", 29, "the end", COMPARISONS),
        ("EXCLUDE ItemID WHERE Items.A LIKE 'x'", 30, "LIKE", COMPARISONS),
        ("EXCLUDE ItemID WHERE Items.A AND Items.B = 1", 30, "AND", COMPARISONS),
        ("EXCLUDE ItemID WHERE Items.A NOT ('x')", 34, "(", "IN"),
        ("EXCLUDE ItemID WHERE Items.A == 1", 31, "=", VALUES),
        ("EXCLUDE ItemID WHERE Items.A = comedy", 32, "comedy", VALUES),
        ("EXCLUDE ItemID WHERE Items.A = Items.B", 32, "Items.B", VALUES),
        ("EXCLUDE ItemID WHERE Items.A = “x”", 32, "“", VALUES),
        ("EXCLUDE ItemID WHERE Items.A = 1e3", 32, "1e3", VALUES),
        ("EXCLUDE ItemID WHERE Items.A = 12.", 32, "12.", VALUES),
        ("EXCLUDE ItemID WHERE Items.A = $", 32, "$", VALUES),
        ("EXCLUDE ItemID WHERE Items.A = ('x')", 33, "'x'", "a placeholder such as $VALUE"),
        ("EXCLUDE ItemID WHERE Items.A IN 'x'", 33, "'x'", "CurrentItem or ("),
        ("EXCLUDE ItemID WHERE Items.A IN ('x'", 37, "the end", "a comma or )"),
        ("EXCLUDE ItemID WHERE Items.A IN ('x' 'y')", 38, "'y'", "a comma or )"),
        (
            "EXCLUDE ItemID WHERE Items.A IN ()",
            34,
            ")",
            "a value in quotes, a number or a placeholder such as $VALUE",
        ),
        (
            "EXCLUDE ItemID WHERE Items.A IN (CurrentItem.A)",
            34,
            "CurrentItem.A",
            "a value in quotes, a number or a placeholder such as $VALUE",
        ),
        ("EXCLUDE ItemID WHERE Items.A = 1 Items.B = 2", 34, "Items.B", "AND, OR, IF, | or the end"),
        ("EXCLUDE ItemID WHERE Items.A = 1 IF", 36, "the end", "a field such as Items.PRICE"),
        ("EXCLUDE ItemID WHERE Items.A = 1 |", 35, "the end", "INCLUDE or EXCLUDE"),
        ("EXCLUDE ItemID WHERE Items.A = 1 || EXCLUDE", 35, "|", "INCLUDE or EXCLUDE"),
    ],
)
def test_what_does_not_fit_is_named_with_what_would(text: str, position: int, found: str, expected: str) -> None:
    error = refusal(text)
    assert error.problem is Problem.SYNTAX
    assert (error.position, error.details) == (position, {"found": found, "expected": expected})


@pytest.mark.parametrize(
    ("conditions", "problem", "at", "details"),
    [
        ("Items.A IN ('x, $B)", Problem.UNCLOSED_QUOTE, "'", {"found": "'x, $B)"}),
        ("(Items.A = 1)", Problem.GROUPING, "(", {"found": "(", "expected": "a field such as Items.PRICE"}),
        (
            "Items.A = 1 AND (Items.B = 1 OR Items.C = 1)",
            Problem.GROUPING,
            "(",
            {"found": "(", "expected": "a field such as Items.PRICE"},
        ),
        (
            "Films.A = 1",
            Problem.UNKNOWN_DATASET,
            "Films",
            {
                "field": "Films.A",
                "found": "Films",
                "expected": "Interactions, Items, Users, Actions or Action_Interactions",
            },
        ),
        ("CurrentUser.AGE > 3", Problem.CONDITION_ON_USER_OUTSIDE_IF, "Current", {"found": "CurrentUser.AGE"}),
        ("Items.A > CurrentUser.AGE", Problem.CURRENT_USER_ON_RIGHT, "Current", {"found": "CurrentUser.AGE"}),
        ("Items.A IN (currentuser.A)", Problem.CURRENT_USER_ON_RIGHT, "current", {"found": "currentuser.A"}),
        (
            "Items.A = 1 IF CurrentUser.A = CurrentUser.B",
            Problem.CURRENT_USER_ON_RIGHT,
            "CurrentUser.B",
            {"found": "CurrentUser.B"},
        ),
        (
            "Items.A = 1 IF Items.B = 1",
            Problem.CONDITION_IN_IF_NOT_ON_USER,
            "Items.B",
            {"found": "Items.B", "expected": "CurrentUser"},
        ),
        (
            "Items.A = 1 IF CurrentUser.B = 1 AND Users.C = 1",
            Problem.CONDITION_IN_IF_NOT_ON_USER,
            "Users",
            {"found": "Users.C", "expected": "CurrentUser"},
        ),
        ("CurrentItem.A = 1", Problem.CURRENT_ITEM_ON_LEFT, "CurrentItem", {"found": "CurrentItem.A"}),
        (
            "Items.A = 1 IF CurrentUser.B IN CurrentItem.C",
            Problem.CURRENT_ITEM_IN_IF,
            "CurrentItem",
            {"found": "CurrentItem.C", "field": "CurrentUser.B"},
        ),
        ("Items.A = 1 if CurrentUser.B = 1 If CurrentUser.C = 1", Problem.SECOND_IF, "If", {"found": "If"}),
        (
            "Items.A = 1 IF CurrentUser.B = 1 or CurrentUser.C = 1",
            Problem.OR_IN_IF,
            "or",
            {"found": "or", "expected": "AND"},
        ),
        ("Items.A NOT IN ($X)", Problem.PLACEHOLDER_WITH_NOT_IN, "$X", {"name": "X", "field": "Items.A"}),
        (
            "Items.A = 1 IF CurrentUser.B NOT IN ('x', $X)",
            Problem.PLACEHOLDER_WITH_NOT_IN,
            "$X",
            {"name": "X", "field": "CurrentUser.B"},
        ),
        ("Items.A IN ($X, $Y)", Problem.TOO_MANY_PARAMETERS, "$Y", {"found": "$X, $Y", "field": "Items.A"}),
        ("Items.A IN ('x', $Y)", Problem.PARAMETER_AMONG_VALUES, "$Y", {"name": "Y", "field": "Items.A"}),
        (f"Items.A = ${'x' * 51}", Problem.LONG_PARAMETER, "$", {"name": "x" * 51, "expected": "50"}),
    ],
)
def test_what_reads_well_but_is_not_allowed_is_refused_by_name(
    conditions: str, problem: Problem, at: str, details: dict[str, str]
) -> None:
    text = f"EXCLUDE ItemID WHERE {conditions}"
    error = refusal(text)
    assert (error.problem, error.position, error.details) == (problem, text.index(at) + 1, details)


def test_an_error_survives_pickling() -> None:
    error = refusal("EXCLUDE")
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, FilterError)
    assert (again.problem, again.position, again.details) == (error.problem, error.position, error.details)


def test_long_and_deep_texts_are_read_quickly() -> None:
    condition = "Items.A IN ('x') AND "
    part = "EXCLUDE ItemID WHERE Items.A = 1"
    texts = [
        part + " AND Items.A = 1" * 5000,
        part + " OR Items.A = 1" * 5000,
        " | ".join([part] * 3000),
        f"{part} AND Items.B IN ({', '.join(['1'] * 20000)})",
        "(" * 100_000,
        f"EXCLUDE ItemID WHERE {'(' * 2400}",
        f"EXCLUDE ItemID WHERE {condition * 110}",
        f"{part} AND Items.B = {'9' * 100_000}x",
        '"' * 100_000,
        " " * 100_000,
    ]
    parse(part)
    begin = time.perf_counter()
    for text in texts:
        try:
            parse(text)
        except FilterError:
            continue
    assert time.perf_counter() - begin < 10


def test_the_grammar_is_loaded_at_the_first_parse_only() -> None:
    program = "import sys, personalize_local.filters; print('lark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
