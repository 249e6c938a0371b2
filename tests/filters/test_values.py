"""How a request writes values for placeholders, and which of them are refused."""

from __future__ import annotations

import pickle
from collections.abc import Mapping

import pytest

from personalize_local.filters import Bound, FilterValueError, ValueProblem, bind, parse
from tests.filters.helpers import COLUMNS, event, exclude, include, items, user, values

IN = "INCLUDE ItemID WHERE Items.GENRE IN ($X)"
LESS = "INCLUDE ItemID WHERE Items.PRICE < $X"
EXPECTED = "a value in double quotes or a number"


def failure(text: str, given: Mapping[str, str], *, typed: bool = False) -> FilterValueError:
    with pytest.raises(FilterValueError) as caught:
        bind(parse(text), given, COLUMNS if typed else None)
    return caught.value


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('"comedy"', ("comedy",)),
        ('"comedy","drama","horror"', ("comedy", "drama", "horror")),
        (' "comedy" ,\t"drama"\r\n', ("comedy", "drama")),
        ('"value1, value2"', ("value1, value2",)),
        ('"a, b","c"', ("a, b", "c")),
        ('" a "', (" a ",)),
        ('""', ("",)),
        ('"","a"', ("", "a")),
        ('"a|b"', ("a|b",)),
        ('"it\'s"', ("it's",)),
        ('"back\\"', ("back\\",)),
        ('"*"', ("*",)),
        ('"$X"', ("$X",)),
        ('"Japan購入"', ("Japan購入",)),
        ("5", (5,)),
        ("-2.50", (-2.5,)),
        (" 1 , 2,3", (1, 2, 3)),
        ('1,"2"', (1, "2")),
        ('"1465413032"', ("1465413032",)),
        ("9" * 400, (float("inf"),)),
    ],
)
def test_a_text_lists_values(text: str, read: tuple[str | float, ...]) -> None:
    parts = bind(parse(IN), {"X": text}).parts
    assert parts == (include(items("GENRE", "IN", values(*read))),)


@pytest.mark.parametrize(
    ("text", "problem", "details"),
    [
        ("comedy", ValueProblem.UNQUOTED, {"found": "comedy", "expected": EXPECTED}),
        ("comedy, drama", ValueProblem.UNQUOTED, {"found": "comedy", "expected": EXPECTED}),
        ('"a",science fiction ', ValueProblem.UNQUOTED, {"found": "science fiction", "expected": EXPECTED}),
        ("'comedy'", ValueProblem.UNQUOTED, {"found": "'comedy'", "expected": EXPECTED}),
        ("[5]", ValueProblem.UNQUOTED, {"found": "[5]", "expected": EXPECTED}),
        ("1e3", ValueProblem.UNQUOTED, {"found": "1e3", "expected": EXPECTED}),
        ('comedy"', ValueProblem.UNQUOTED, {"found": "comedy", "expected": EXPECTED}),
        ("x" * 100, ValueProblem.UNQUOTED, {"found": "x" * 60, "expected": EXPECTED}),
        ('"comedy', ValueProblem.UNCLOSED_QUOTE, {"found": '"comedy'}),
        ('"a", "', ValueProblem.UNCLOSED_QUOTE, {"found": '"'}),
        ("", ValueProblem.SYNTAX, {"found": "the end", "expected": EXPECTED}),
        (" \t ", ValueProblem.SYNTAX, {"found": "the end", "expected": EXPECTED}),
        ('"a",', ValueProblem.SYNTAX, {"found": "the end", "expected": EXPECTED}),
        (',"a"', ValueProblem.SYNTAX, {"found": ',"a"', "expected": EXPECTED}),
        ('"a",,"b"', ValueProblem.SYNTAX, {"found": ',"b"', "expected": EXPECTED}),
        ('"a" "b"', ValueProblem.SYNTAX, {"found": '"b"', "expected": "a comma or the end"}),
        ('"a"b', ValueProblem.SYNTAX, {"found": "b", "expected": "a comma or the end"}),
        ('5"b"', ValueProblem.SYNTAX, {"found": '"b"', "expected": "a comma or the end"}),
    ],
)
def test_a_text_that_does_not_list_values_is_refused(text: str, problem: ValueProblem, details: dict[str, str]) -> None:
    error = failure(IN, {"X": text})
    assert (error.problem, error.name, error.details) == (problem, "X", {"field": "Items.GENRE", **details})


@pytest.mark.parametrize("text", ["20.5", '"20.5"', ' "20.5" '])
@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
def test_a_number_may_be_quoted(text: str, operator: str) -> None:
    read = bind(parse(f"INCLUDE ItemID WHERE Items.PRICE {operator} ($X)"), {"X": text})
    (condition,) = read.parts[0].every_condition()
    assert condition.operand == values(20.5)


def test_two_writings_of_a_number_are_one_filter_where_the_field_is_known_to_be_a_number() -> None:
    read = parse("INCLUDE ItemID WHERE Items.PRICE = $X")
    assert bind(read, {"X": "5"}, COLUMNS) == bind(read, {"X": '"5"'}, COLUMNS)
    assert bind(read, {"X": "5"}) != bind(read, {"X": '"5"'})


@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize(
    ("conditions", "field", "operator"),
    [
        ("Items.YEAR < $X", "Items.YEAR", "<"),
        ("Items.YEAR = $X", "Items.YEAR", "="),
        ("Items.YEAR IN ($X) AND Items.PRICE != $X", "Items.PRICE", "!="),
        ("Items.PRICE < 2 IF CurrentUser.AGE > $X", "CurrentUser.AGE", ">"),
    ],
)
def test_a_comparison_takes_one_value(conditions: str, field: str, operator: str, typed: bool) -> None:
    error = failure(f"INCLUDE ItemID WHERE {conditions}", {"X": "1,2"}, typed=typed)
    assert (error.problem, error.name) == (ValueProblem.SEVERAL, "X")
    assert error.details == {"field": field, "operator": operator, "found": "2"}


def test_an_order_takes_a_number() -> None:
    error = failure(LESS, {"X": '"cheap"'})
    assert (error.problem, error.name) == (ValueProblem.VALUE, "X")
    assert error.details == {"field": "Items.PRICE", "found": "cheap", "expected": "a number"}


@pytest.mark.parametrize(
    ("conditions", "text", "details"),
    [
        ("Items.price IN ($X)", '"1","x"', {"field": "Items.PRICE", "found": "x", "expected": "a number"}),
        ("Items.PRICE = $X", '"x"', {"field": "Items.PRICE", "found": "x", "expected": "a number"}),
        (
            "Items.GENRE IN ($X)",
            '"a",5',
            {"field": "Items.GENRE", "found": "5", "expected": "a value in double quotes"},
        ),
        (
            "Items.PRICE < 3 IF CurrentUser.MEMBERSHIP = $X",
            "2.5",
            {"field": "CurrentUser.MEMBERSHIP", "found": "2.5", "expected": "a value in double quotes"},
        ),
        (
            "Interactions.EVENT_TYPE IN ($X)",
            "1",
            {"field": "Interactions.EVENT_TYPE", "found": "1", "expected": "a value in double quotes"},
        ),
    ],
)
def test_values_are_held_against_the_types_of_known_columns(
    conditions: str, text: str, details: dict[str, str]
) -> None:
    expression = f"INCLUDE ItemID WHERE {conditions}"
    error = failure(expression, {"X": text}, typed=True)
    assert (error.problem, error.name, error.details) == (ValueProblem.VALUE, "X", details)
    assert bind(parse(expression), {"X": text}).parts


def test_one_value_stands_for_all_uses_of_a_name_whose_case_matters() -> None:
    read = parse("EXCLUDE ItemID WHERE Items.A IN ($x) OR Items.B = $X AND Items.C = 1 IF CurrentUser.D = $x")
    on_user = (user("D", "=", values("a")),)
    either = (items("A", "IN", values("a")), (items("B", "=", values("b")), items("C", "=", values(1))))
    assert bind(read, {"x": '"a"', "X": '"b"'}).parts == (exclude(*either, given=on_user),)


@pytest.mark.parametrize(
    ("text", "given", "name", "expected"),
    [
        (IN, {"X": '"a"', "x": '"a"'}, "x", "X"),
        (IN, {"GENRE": '"a"'}, "GENRE", "X"),
        ("EXCLUDE ItemID WHERE Items.A IN ($X) AND Items.B IN ($Y)", {"Z": "1"}, "Z", "X or Y"),
        ("EXCLUDE ItemID WHERE Items.A IN ('$X')", {"X": '"a"'}, "X", ""),
    ],
)
def test_a_name_that_the_filter_does_not_have_is_refused(
    text: str, given: dict[str, str], name: str, expected: str
) -> None:
    error = failure(text, given)
    assert (error.problem, error.name, error.details) == (ValueProblem.UNKNOWN, name, {"expected": expected})


@pytest.mark.parametrize(
    ("text", "name", "field"),
    [
        (IN, "X", "Items.GENRE"),
        ("INCLUDE ItemID WHERE Items.A = 1 IF CurrentUser.AGE > $Y", "Y", "CurrentUser.AGE"),
        (f"EXCLUDE ItemID WHERE Items.PRICE < $X | {IN}", "X", "Items.PRICE"),
    ],
)
def test_a_value_missing_for_include_is_refused(text: str, name: str, field: str) -> None:
    error = failure(text, {})
    assert (error.problem, error.name, error.details) == (ValueProblem.MISSING, name, {"field": field})


def test_a_part_of_exclude_with_a_value_missing_is_left_out() -> None:
    text = (
        "EXCLUDE ItemID WHERE Items.A IN ($A) AND Items.B IN ($B) | EXCLUDE ItemID WHERE Items.C IN ($C)"
        " IF CurrentUser.AGE > $AGE | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('x')"
    )
    sold, third = (
        exclude(event(values("x"))),
        exclude(items("C", "IN", values("c")), given=(user("AGE", ">", values(3)),)),
    )
    assert bind(parse(text), {}).parts == (sold,)
    assert bind(parse(text), {"A": '"a"', "C": '"c"'}).parts == (sold,)
    assert bind(parse(text), {"AGE": "3", "C": '"c"'}).parts == (third, sold)
    assert bind(parse("EXCLUDE UserID WHERE Users.AGE < $A"), {}) == Bound(entity="UserID", parts=())


def test_values_of_a_part_that_is_left_out_are_still_checked() -> None:
    error = failure("EXCLUDE ItemID WHERE Items.A < $A AND Items.B IN ($B)", {"A": '"x"'})
    assert (error.problem, error.name) == (ValueProblem.VALUE, "A")


def test_what_is_bound_is_a_key_for_what_it_asks() -> None:
    one, two = parse(IN), parse("include  itemid where ITEMS.genre in ( $X )")
    assert {bind(one, {"X": '"a","b"'}): 1}[bind(two, {"X": ' "a" , "b"'})] == 1
    assert bind(one, {"X": '"a","b"'}) != bind(one, {"X": '"a,b"'})
    assert bind(one, {"X": '"5"'}) != bind(one, {"X": "5"})


def test_an_error_survives_pickling() -> None:
    error = failure(IN, {})
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, FilterValueError)
    assert (again.problem, again.name, again.details) == (error.problem, error.name, error.details)
