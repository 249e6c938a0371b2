"""Which entities a filter keeps, rule by rule, and what is computed only once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from personalize_local.filters import Bound, bind, parse
from personalize_local.filters.evaluation import Prepared, Request, UserValue, evaluate, prepare
from personalize_local.filters.table import Column, Ids, MultiStrings, Numbers, Strings, Table
from tests.filters.tables import Names, events

# One item a letter. E has no value anywhere; D has the last of the values of COLOR, whose code null must not take.
TABLE = Table(
    count=5,
    columns={
        "ITEM_ID": Ids(ids=Names("ABCDE")),
        "COLOR": Strings(codes=np.array([0, 1, 2, 3, -1], np.int32), values=("red", "Red", "a|b", "blue")),
        "SHADE": Strings(codes=np.array([1, -1, 0, 0, -1], np.int32), values=("blue", "red")),
        "tagNames": MultiStrings(
            indptr=np.array([0, 2, 3, 3, 6, 6]),
            codes=np.array([0, 1, 1, 2, 0, 3], np.int32),
            values=("a", "b", "a|b", "red"),
        ),
        "PRICE": Numbers(values=np.array([1.0, 2.5, -3.0, 2.0, np.nan])),
        "COST": Numbers(values=np.array([2.0, np.nan, 2.5, 1.0, np.nan])),
    },
)
TYPES: list[frozenset[str | None]] = [
    frozenset(("Click", "BUY")),
    frozenset(("buy",)),
    frozenset((None,)),
    frozenset(("STRASSE",)),
    frozenset(),
]


def letters(mask: NDArray[np.bool_]) -> str:
    return "".join(letter for letter, stays in zip("ABCDE", mask, strict=True) if stays)


def bound(text: str, **given: str) -> Bound:
    return bind(parse(text), given)


def matched(conditions: str, *, item: int = -1, types: Sequence[frozenset[str | None]] = TYPES, **given: str) -> str:
    """What conditions match: INCLUDE keeps it and EXCLUDE drops it."""
    request = Request(item=item, events=events(types))
    kept, left = (
        letters(evaluate(bound(f"{action} ItemID WHERE {conditions}", **given), TABLE, request))
        for action in ("INCLUDE", "EXCLUDE")
    )
    assert sorted(kept + left) == list("ABCDE")
    return kept


@pytest.mark.parametrize(
    ("conditions", "rows"),
    [
        ("Items.COLOR IN ('red')", "A"),
        ("Items.COLOR IN ('RED')", ""),
        ("Items.COLOR IN ('red', 'blue', 'green')", "AD"),
        ("Items.COLOR = 'red'", "A"),
        ("Items.COLOR IN ('a')", ""),
        ("Items.COLOR IN ('a|b')", "C"),
        ("Items.COLOR NOT IN ('red')", "BCDE"),
        ("Items.COLOR NOT IN ('red', 'blue')", "BCE"),
        ("Items.COLOR != 'blue'", "ABCE"),
        ("Items.TAG_NAMES IN ('a')", "AD"),
        ("Items.tagnames IN ('a', 'b')", "ABD"),
        ("Items.TAG_NAMES IN ('a|b')", "D"),
        ("Items.TAG_NAMES = 'b'", "AB"),
        ("Items.TAG_NAMES NOT IN ('a')", "BCE"),
        ("Items.TAG_NAMES NOT IN ('b', 'red')", "CE"),
        ("Items.TAG_NAMES != 'b'", "CDE"),
        ("Items.PRICE = 2", "D"),
        ("Items.PRICE = '2.5'", "B"),
        ("Items.PRICE != 2", "ABCE"),
        ("Items.PRICE < 2", "AC"),
        ("Items.PRICE <= 2", "ACD"),
        ("Items.PRICE > -3", "ABD"),
        ("Items.PRICE >= '-3'", "ABCD"),
        ("Items.PRICE IN (1, '2', 7)", "AD"),
        ("Items.PRICE NOT IN (1, 2)", "BCE"),
        ("Items.ITEM_ID IN ('A', 'E', 'X')", "AE"),
        ("Items.ITEM_ID NOT IN ('A', 'E')", "BCD"),
        ("Items.OTHER IN ('red')", ""),
        ("Items.OTHER NOT IN ('red')", "ABCDE"),
        ("Items.OTHER > 3", ""),
        ("Items.COLOR = 'red' OR Items.PRICE > 0 AND Items.TAG_NAMES IN ('b')", "AB"),
        ("Items.PRICE > 0 AND Items.TAG_NAMES IN ('b') AND Items.COLOR != 'red'", "B"),
    ],
)
def test_a_condition_on_a_column_and_its_nulls(conditions: str, rows: str) -> None:
    assert matched(conditions) == rows


def test_a_value_of_the_wrong_type_equals_nothing() -> None:
    assert matched("Items.PRICE IN ($X)", X='"cheap"') == ""
    assert matched("Items.PRICE != $X", X='"cheap"') == "ABCDE"
    assert matched("Items.ITEM_ID IN ($X) OR Items.COLOR = $Y", X="1", Y="1") == ""
    assert matched("Items.COLOR > $X", X="1") == ""


@pytest.mark.parametrize(
    ("conditions", "rows"),
    [
        ("IN ('click')", "A"),
        ("IN ('BUY')", "AB"),
        ("IN ('straße')", "D"),
        ("IN ('click', 'straße')", "AD"),
        ("IN ('*')", "ABCD"),
        ("IN ('click', '*')", "ABCD"),
        ("NOT IN ('buy')", "CDE"),
        ("NOT IN ('*')", "E"),
        ("IN ('buy') AND Interactions.EVENT_TYPE NOT IN ('click')", "B"),
        ("NOT IN ('buy') AND Interactions.EVENT_TYPE IN ('straße')", "D"),
        ("IN ('buy') AND Interactions.EVENT_TYPE IN ('click')", "A"),
        ("NOT IN ('buy') AND Interactions.EVENT_TYPE NOT IN ('straße')", "CE"),
        ("NOT IN ('buy') OR Interactions.EVENT_TYPE NOT IN ('click')", "BCDE"),
        ("NOT IN ('*') OR Interactions.EVENT_TYPE IN ('click')", "AE"),
        ("IN ('straße') OR Interactions.EVENT_TYPE IN ('click')", "AD"),
    ],
)
def test_a_condition_on_events_leaves_case_aside(conditions: str, rows: str) -> None:
    assert matched(f"Interactions.EVENT_TYPE {conditions}") == rows


def test_the_wildcard_may_be_given_by_a_request_and_is_one_for_interactions_only() -> None:
    assert matched("Interactions.EVENT_TYPE IN ($X)", X='"*"') == "ABCD"
    text = "INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ($X)"
    assert letters(evaluate(bound(text, X='"*"'), TABLE, Request(events=events(TYPES)))) == ""
    assert matched("Items.COLOR IN ($X)", X='"*"') == ""


def test_without_a_user_there_are_no_events() -> None:
    assert letters(evaluate(bound("INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('*')"), TABLE, Request())) == ""
    assert (
        letters(evaluate(bound("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('*')"), TABLE, Request())) == "ABCDE"
    )


def test_events_are_asked_for_once_a_condition_and_those_outside_the_table_are_passed_over() -> None:
    asked: list[frozenset[str] | None] = []

    def answer(types: frozenset[str] | None) -> NDArray[np.intp]:
        asked.append(types)
        return np.array([3, -1, 5, 1, 3])

    text = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('BUY', 'Buy', 'x') OR Interactions.EVENT_TYPE NOT IN ('*')"
    assert letters(evaluate(bound(text), TABLE, Request(events=answer))) == ""
    assert asked == [frozenset(("buy", "x")), None]
    assert letters(evaluate(bound(text.partition(" OR")[0]), TABLE, Request(events=answer))) == "ACE"


@pytest.mark.parametrize(
    ("conditions", "item", "rows"),
    [
        ("Items.COLOR IN CurrentItem.COLOR", "A", "A"),
        ("Items.COLOR IN CurrentItem.SHADE", "D", "D"),
        ("Items.COLOR NOT IN CurrentItem.SHADE", "D", "ABCE"),
        ("Items.COLOR IN CurrentItem.TAG_NAMES", "D", "AC"),
        ("Items.TAG_NAMES IN CurrentItem.TAG_NAMES", "B", "AB"),
        ("Items.TAG_NAMES IN CurrentItem.TAG_NAMES", "D", "AD"),
        ("Items.TAG_NAMES = CurrentItem.TAG_NAMES", "D", "AD"),
        ("Items.TAG_NAMES NOT IN CurrentItem.TAG_NAMES", "A", "CE"),
        ("Items.PRICE < CurrentItem.PRICE", "D", "AC"),
        ("Items.PRICE >= CurrentItem.COST", "A", "BD"),
        ("Items.PRICE IN CurrentItem.COST", "C", "B"),
        ("Items.ITEM_ID IN CurrentItem.ITEM_ID", "C", "C"),
        ("Items.ITEM_ID != CurrentItem.ITEM_ID", "C", "ABDE"),
        ("Items.COLOR IN CurrentItem.OTHER", "A", ""),
        ("Items.PRICE < CurrentItem.PRICE AND Items.COLOR = 'red'", "D", "A"),
        ("Items.PRICE < CurrentItem.PRICE AND Items.COLOR = 'red' OR Items.COLOR = 'blue'", "D", "AD"),
        ("Items.PRICE < CurrentItem.PRICE AND Items.COLOR IN CurrentItem.SHADE", "B", ""),
    ],
)
def test_a_condition_on_the_current_item(conditions: str, item: str, rows: str) -> None:
    assert matched(conditions, item="ABCDE".index(item)) == rows


@pytest.mark.parametrize("item", [4, -1, 5])
def test_a_current_item_without_values_or_unknown_is_null(item: int) -> None:
    for operator in ("IN", "="):
        assert matched(f"Items.SHADE {operator} CurrentItem.SHADE", item=item) == ""
        assert matched(f"Items.TAG_NAMES {operator} CurrentItem.TAG_NAMES", item=item) == ""
        assert matched(f"Items.COST {operator} CurrentItem.COST", item=item) == ""
    for operator in ("NOT IN", "!="):
        assert matched(f"Items.SHADE {operator} CurrentItem.SHADE", item=item) == "ABCDE"
        assert matched(f"Items.COST {operator} CurrentItem.COST", item=item) == "ABCDE"
    for operator in ("<", "<=", ">", ">="):
        assert matched(f"Items.COST {operator} CurrentItem.COST", item=item) == ""


def test_an_unknown_item_is_not_the_last_of_the_table() -> None:
    table = Table(count=2, columns={"PRICE": Numbers(values=np.array([1.0, 2.0]))})
    below = prepare(bound("INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE"), table)
    assert [below.select(Request(item=item)).tolist() for item in (1, -1)] == [[True, False], [False, False]]


@pytest.mark.parametrize(
    ("condition", "fields", "true"),
    [
        ("CurrentUser.AGE > 18", {"AGE": 19}, True),
        ("CurrentUser.AGE > 18", {"AGE": 18.0}, False),
        ("CurrentUser.AGE > 18", {}, False),
        ("CurrentUser.AGE > 18", {"AGE": None}, False),
        ("CurrentUser.AGE > 18", {"AGE": "19"}, False),
        ("CurrentUser.AGE != 18", {"AGE": 19}, True),
        ("CurrentUser.AGE != 18", {}, False),
        ("CurrentUser.AGE != 18", {"AGE": float("nan")}, False),
        ("CurrentUser.AGE NOT IN (18)", {"AGE": None}, False),
        ("CurrentUser.AGE IN ('18', 19)", {"AGE": 18}, True),
        ("CurrentUser.user_age = 18", {"userAge": 18}, True),
        ("CurrentUser.CITY = 'Ulm'", {"CITY": "Ulm"}, True),
        ("CurrentUser.CITY = 'ulm'", {"CITY": "Ulm"}, False),
        ("CurrentUser.CITY IN ('a', 'b')", {"CITY": "a|b"}, False),
        ("CurrentUser.CITY IN ('a', 'c')", {"CITY": ("a", "b")}, True),
        ("CurrentUser.CITY NOT IN ('a', 'c')", {"CITY": ("a", "b")}, False),
        ("CurrentUser.CITY NOT IN ('c')", {"CITY": ("a", "b")}, True),
        ("CurrentUser.CITY NOT IN ('c')", {"CITY": ()}, False),
        ("CurrentUser.CITY = ''", {"CITY": ""}, True),
        ("CurrentUser.CITY = 'Ulm' AND CurrentUser.AGE = 1", {"CITY": "Ulm", "AGE": 2}, False),
        ("CurrentUser.CITY = 'Ulm' AND CurrentUser.AGE = 1", {"CITY": "Ulm", "AGE": 1}, True),
    ],
)
def test_a_part_applies_if_its_condition_is_true_of_the_user(
    condition: str, fields: Mapping[str, UserValue], true: bool
) -> None:
    for part, rows in (("INCLUDE", "A"), ("EXCLUDE", "BCDE")):
        filter = bound(f"{part} ItemID WHERE Items.COLOR = 'red' IF {condition}")
        assert letters(evaluate(filter, TABLE, Request(user=fields))) == (rows if true else "ABCDE")


INCLUDE, EXCLUDE = "INCLUDE ItemID WHERE Items.", "EXCLUDE ItemID WHERE Items."
NEVER = "IF CurrentUser.AGE > 5"
SOLD = "ItemID WHERE Interactions.EVENT_TYPE IN ('buy')"


@pytest.mark.parametrize(
    ("parts", "rows"),
    [
        ([f"{INCLUDE}PRICE > 1", f"{INCLUDE}COLOR = 'red'"], "ABD"),
        ([f"{EXCLUDE}PRICE > 1", f"{EXCLUDE}COLOR = 'red'"], "CE"),
        ([f"{INCLUDE}PRICE > 0", f"{EXCLUDE}COLOR = 'red'"], "BD"),
        ([f"{INCLUDE}PRICE < 2", f"{INCLUDE}PRICE > 2", f"{EXCLUDE}PRICE = 1", f"{EXCLUDE}COST > 2"], "B"),
        ([f"{INCLUDE}PRICE > 0 {NEVER}", f"{EXCLUDE}COLOR = 'red'"], "BCDE"),
        ([f"{INCLUDE}PRICE > 0 {NEVER}", f"{INCLUDE}COLOR = 'red'"], "A"),
        ([f"{INCLUDE}PRICE > 0", f"{EXCLUDE}COLOR = 'red' {NEVER}"], "ABD"),
        ([f"{INCLUDE}PRICE > 0", f"{EXCLUDE}COLOR IN ($MISSING)"], "ABD"),
        ([f"{EXCLUDE}COLOR IN ($MISSING)"], "ABCDE"),
        ([f"{INCLUDE}PRICE < 0", f"INCLUDE {SOLD}"], "ABC"),
        ([f"INCLUDE {SOLD}", f"{EXCLUDE}COLOR = 'red'"], "B"),
        ([f"{INCLUDE}PRICE < 2", f"INCLUDE {SOLD}", f"{EXCLUDE}COLOR = 'red'"], "BC"),
        ([f"{INCLUDE}PRICE < 2", f"EXCLUDE {SOLD}"], "C"),
        ([f"{INCLUDE}PRICE < 2 IF CurrentUser.AGE = 3", f"EXCLUDE {SOLD}"], "C"),
        ([f"{EXCLUDE}PRICE = 2", f"EXCLUDE {SOLD}"], "CE"),
        ([f"INCLUDE {SOLD}", f"EXCLUDE {SOLD}"], ""),
    ],
)
def test_parts_are_combined_in_any_order(parts: list[str], rows: str) -> None:
    request = Request(user={"AGE": 3}, events=events(TYPES))
    assert letters(evaluate(bound(" | ".join(parts)), TABLE, request)) == rows
    assert letters(evaluate(bound(" | ".join(reversed(parts))), TABLE, request)) == rows


def prepared(text: str) -> Prepared:
    return prepare(bound(text), TABLE)


def test_a_filter_that_needs_no_request_gives_the_same_mask_each_time() -> None:
    static = prepared(f"{INCLUDE}PRICE > 0 | {EXCLUDE}COLOR = 'red'")
    assert static.static
    assert static.select(Request(user={"AGE": 1})) is static.select(Request(item=3)) is static.kept


def test_a_request_to_which_nothing_applies_gets_the_same_mask() -> None:
    pending = prepared(f"{EXCLUDE}PRICE > 0 | {INCLUDE}COLOR = 'red' {NEVER}")
    assert not pending.static
    assert pending.select(Request()) is pending.kept
    assert letters(pending.select(Request(user={"AGE": 6}))) == ""
    assert letters(pending.select(Request())) == "CE"


@pytest.mark.parametrize(
    "text",
    [
        f"{INCLUDE}PRICE > 0",
        f"EXCLUDE {SOLD}",
        f"{INCLUDE}PRICE > 0 | INCLUDE {SOLD} | {EXCLUDE}PRICE = 2",
        f"{INCLUDE}PRICE < CurrentItem.PRICE OR Items.COLOR = 'red' | EXCLUDE {SOLD}",
        f"{EXCLUDE}PRICE > 0 IF CurrentUser.AGE = 3",
    ],
)
def test_requests_leave_no_trace_and_masks_cannot_be_written(text: str) -> None:
    filter = prepared(text)
    plain, full = Request(), Request(user={"AGE": 3}, item=1, events=events(TYPES))
    first = [letters(filter.select(request)) for request in (plain, full)]
    assert [letters(filter.select(request)) for request in (full, plain)] == first[::-1]
    for request in (plain, full):
        with pytest.raises(ValueError, match="read-only"):
            filter.select(request)[0] = True


def test_columns_are_not_changed() -> None:
    for column in TABLE.columns.values():
        for array in (getattr(column, name, None) for name in ("codes", "indptr", "values")):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
    matched("Items.COLOR NOT IN ('red', 'blue') OR Items.TAG_NAMES IN ('a', 'b') AND Items.PRICE IN (1, 2)")


@pytest.mark.parametrize(
    "text", [f"{INCLUDE}COLOR = 'red'", f"{EXCLUDE}TAG_NAMES NOT IN ('a', 'b') OR Items.PRICE > 1"]
)
def test_a_table_may_be_empty(text: str) -> None:
    none = np.zeros(0, np.int32)
    columns: dict[str, Column] = {
        "COLOR": Strings(codes=none, values=()),
        "TAG_NAMES": MultiStrings(indptr=np.zeros(1, np.int64), codes=none, values=("a", "b")),
        "PRICE": Numbers(values=np.zeros(0)),
    }
    assert evaluate(bound(text), Table(count=0, columns=columns), Request()).shape == (0,)
    assert evaluate(bound(text), Table(count=0, columns={}), Request(item=0)).shape == (0,)


def test_columns_of_a_table_are_of_one_length() -> None:
    with pytest.raises(ValueError, match="the column B has 2 rows, not 3"):
        Table(count=3, columns={"A": Numbers(values=np.zeros(3)), "B": Numbers(values=np.zeros(2))})


def test_arrays_are_loaded_for_evaluation_only() -> None:
    program = "import sys, personalize_local.filters; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
