"""What is guessed of a CSV file without a schema."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.datasets.csv import check_header
from personalize_local.datasets.infer import InferenceError, infer, infer_schema
from personalize_local.datasets.schema import parse_schema


def fields(text: str, dataset_type: str) -> dict[str, object]:
    found = parse_schema(infer_schema(text.encode(), dataset_type), None)
    return {
        item.name: (item.type, item.nullable, "categorical" * item.categorical or "textual" * item.textual)
        for item in found.fields
    }


def test_types_of_own_columns_are_guessed_and_known_ones_are_known() -> None:
    text = (
        ",user_id,ITEM_ID,Timestamp,EVENT_TYPE,EVENT_VALUE,device,depth,price\n"
        "0,1,10,1600000000,view,,tv,3,1.5\n"
        "1,2,11,1600000001.0,buy,2.5,,4,\n"
    )
    assert fields(text, "Interactions") == {
        "USER_ID": ("string", False, ""),
        "ITEM_ID": ("string", False, ""),
        "TIMESTAMP": ("long", False, ""),
        "EVENT_TYPE": ("string", False, ""),
        "EVENT_VALUE": ("float", True, ""),
        "device": ("string", True, "categorical"),
        "depth": ("long", True, ""),
        "price": ("double", True, ""),
    }


def test_long_texts_are_textual_and_names_of_things_are_plain_strings() -> None:
    plot = '"Once upon a time, ' + "there was a very long story " * 4 + '"'
    rows = "".join(f"i{n},title {n},{plot},{'a|b' if n % 2 else 'c'}\n" for n in range(60))
    assert fields("ITEM_ID,title,plot,genres\n" + rows, "ITEMS") == {
        "ITEM_ID": ("string", False, ""),
        "title": ("string", True, ""),
        "plot": ("string", True, "textual"),
        "genres": ("string", True, "categorical"),
    }


def test_a_sample_may_end_within_a_row_and_within_a_character() -> None:
    text = "USER_ID,city\nu1,Köln\nu2,Tōkyō\n"
    for end in range(len("USER_ID,city\nu1,Köln\n".encode()), len(text.encode()) + 1):
        assert json.loads(infer_schema(text.encode()[:end], "USERS"))["fields"][1]["name"] == "city"


@pytest.mark.parametrize(
    ("text", "dataset_type", "sentence"),
    [
        ("user,item,ts\n1,2,3\n", "INTERACTIONS", "lacks USER_ID, ITEM_ID, TIMESTAMP; its header is user, item, ts"),
        ("USER_ID,ITEM_ID,TIMESTAMP\n1,2,2020-01-01\n", "INTERACTIONS", "whole numbers .* '2020-01-01'"),
        ("USER_ID,ITEM_ID,TIMESTAMP\n1,2,\n", "INTERACTIONS", "whole numbers"),
        ("movieId,title\n1,x\n", "ITEMS", "needs the columns ITEM_ID"),
        ("ITEM_ID\n1\n", "ITEMS", "at least one"),
        ("USER_ID\n1\n", "USERS", "at least one"),
        ("", "USERS", "empty"),
        ("USER_ID,AGE\n1,2\n", "PEOPLE", "not a dataset type"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_a_sentence(text: str, dataset_type: str, sentence: str) -> None:
    with pytest.raises(InferenceError, match=sentence):
        infer_schema(text.encode(), dataset_type)


def test_what_is_left_out_is_told() -> None:
    more = [f"c{n}" for n in range(6)]
    header = ["", "USER_ID", "ITEM_ID", "TIMESTAMP", "two words", "user id", *more, "C_0"]
    row = ["1"] * len(header)
    found = infer(f"{','.join(header)}\n{','.join(row)}\n".encode(), "interactions")
    assert dict(found.left_out) == {
        "": "it has no name",
        "two words": "a name may have only letters, digits and underscores",
        "user id": "a name may have only letters, digits and underscores",
        "c5": "a schema may have at most 5 columns of metadata",
        "C_0": "another column has the same name",
    }


def test_other_encodings_are_refused() -> None:
    with pytest.raises(InferenceError, match="UTF-8"):
        infer_schema("USER_ID,Größe\n1,2\n".encode("latin-1"), "USERS")


@settings(deadline=None)
@given(
    st.binary() | st.text(st.sampled_from('USER_ID,ITEM_ID,TIMESTAMP\n\r"\\1.x')).map(str.encode),
    st.sampled_from(["INTERACTIONS", "ITEMS", "USERS"]),
    st.sampled_from(["", "USER_ID,ITEM_ID,TIMESTAMP,X\n", "ITEM_ID,X\n"]),
)
def test_any_bytes_give_a_schema_that_fits_their_header_or_the_declared_error(
    data: bytes, dataset_type: str, head: str
) -> None:
    with suppress(InferenceError):
        check_header(head.encode() + data, parse_schema(infer_schema(head.encode() + data, dataset_type), None))
