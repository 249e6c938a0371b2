"""What a schema must be to be accepted."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.datasets.schema import SchemaError, check_replacement, parse_schema
from tests.datasets.helpers import ACTION, DEVICE, EVENT, ITEM, TIME, USER, avro, interactions, schema

GENRE = {"name": "GENRE", "type": "string", "categorical": True}
PRICE = {"name": "PRICE", "type": "float"}
CATEGORY = {"name": "CATEGORY_L1", "type": ["string"], "categorical": True}
GENRES = {"name": "GENRES", "type": "string", "categorical": True}
CREATED = {"name": "CREATION_TIMESTAMP", "type": "long"}


def text(name: str) -> dict[str, Any]:
    return {"name": name, "type": "string"}


@pytest.mark.parametrize(
    ("document", "domain", "dataset_type"),
    [
        (avro("Interactions", USER, ITEM, TIME), None, "INTERACTIONS"),
        (avro("interactions", USER, ITEM, TIME), None, "INTERACTIONS"),
        (avro("Items", ITEM, GENRE), None, "ITEMS"),
        (avro("Users", USER, {"name": "AGE", "type": ["int", "null"]}), None, "USERS"),
        (avro("Actions", ACTION, {"name": "VALUE", "type": ["null", "long"]}, GENRE), None, "ACTIONS"),
        (avro("ActionInteractions", USER, ACTION, EVENT, TIME), None, "ACTION_INTERACTIONS"),
        (avro("ACTION_INTERACTIONS", USER, ACTION, EVENT, TIME), None, "ACTION_INTERACTIONS"),
        (avro("Interactions", USER, ITEM, EVENT, TIME), "ECOMMERCE", "INTERACTIONS"),
        (avro("Items", ITEM, PRICE, CATEGORY), "ECOMMERCE", "ITEMS"),
        (avro("Users", USER, {**GENRE, "name": "MEMBERSHIP_STATUS"}), "ECOMMERCE", "USERS"),
        (avro("Items", ITEM, GENRES, CREATED), "VIDEO_ON_DEMAND", "ITEMS"),
        (
            avro("Users", USER, {"name": "SUBSCRIPTION_MODEL", "type": ["null", "string"], "categorical": True}),
            "VIDEO_ON_DEMAND",
            "USERS",
        ),
    ],
)
def test_a_schema_of_each_dataset_type_is_accepted(document: str, domain: str | None, dataset_type: str) -> None:
    read = parse_schema(document, domain)
    assert (read.dataset_type, read.domain, read.text) == (dataset_type, domain, document)


def test_version_namespace_and_extra_avro_attributes_are_not_needed_and_not_minded() -> None:
    fields = [{**USER, "doc": "who"}, ITEM, {**TIME, "default": 0}]
    assert parse_schema(json.dumps({"type": "record", "name": "Interactions", "fields": fields}), None).fields


def test_a_field_keeps_its_type_its_attributes_and_whether_it_may_be_null() -> None:
    read = schema(
        "Items",
        ITEM,
        {"name": "TITLE", "type": ["string"], "itemName": True},
        {"name": "PLOT", "type": ["string", "null"], "textual": True},
        {"name": "YEAR", "type": "int"},
    )
    found = [(f.name, f.type, f.nullable, f.categorical, f.textual, f.item_name, f.numeric) for f in read.fields]
    assert found == [
        ("ITEM_ID", "string", False, False, False, False, False),
        ("TITLE", "string", False, False, False, True, False),
        ("PLOT", "string", True, False, True, False, False),
        ("YEAR", "int", False, False, False, False, True),
    ]


@pytest.mark.parametrize("name", ["NUM_RATINGS", "numRatings", "num_ratings", "NumRatings", "NUMRATINGS"])
def test_a_field_is_found_in_camel_case_and_in_snake_case(name: str) -> None:
    read = schema("Items", ITEM, {"name": "NUM_RATINGS", "type": "long"})
    found = read.field(name)
    assert found is not None
    assert found.name == "NUM_RATINGS"
    assert read.field(name + "X") is None


def test_a_schema_knows_its_ids_and_its_metadata() -> None:
    read = interactions(EVENT, DEVICE, {"name": "memberClass", "type": "string"})
    assert read.id_fields == ("USER_ID", "ITEM_ID")
    assert [item.name for item in read.metadata] == ["DEVICE", "memberClass"]


REFUSED: list[tuple[str, str | None, str]] = [
    ("{", None, "not valid JSON"),
    ('{"type": "record",}', None, "not valid JSON"),
    ("[" * 100_000, None, "not valid JSON"),
    ("[]", None, "not an Avro record"),
    ('"record"', None, "not an Avro record"),
    ('{"name": "Interactions", "fields": []}', None, "not an Avro record"),
    ('{"type": "RECORD", "name": "Interactions", "fields": []}', None, "not an Avro record"),
    ('{"type": "record", "fields": []}', None, 'no "name"'),
    ('{"type": "record", "name": "Items"}', None, 'no "fields"'),
    ('{"type": "record", "name": "Items", "fields": {}}', None, 'no "fields"'),
    (avro("Items"), None, 'no "fields"'),
    (avro("Movies", ITEM, GENRE), None, '"Movies" is not a dataset type'),
    (avro("\ud800", ITEM, GENRE), None, "is not a dataset type"),
    (avro("Items", ITEM, GENRE), "BANKING", '"BANKING" is not supported'),
    (avro("Actions", ACTION, GENRE), "ECOMMERCE", "cannot be used in the domain ECOMMERCE"),
    ('{"type": "record", "name": "Items", "fields": ["ITEM_ID"]}', None, "Field 1 of the schema is not an object"),
    (avro("Items", ITEM, {"type": "string"}), None, "Field 2 of the schema has no name"),
    (avro("Items", ITEM, {"name": "GENRE"}), None, "GENRE has no type"),
    (avro("Items", ITEM, text("GENRE-1")), None, "letters, digits and underscores"),
    (avro("Items", ITEM, text("_")), None, "letters, digits and underscores"),
    (avro("Items", ITEM, text("")), None, "letters, digits and underscores"),
    (avro("Items", ITEM, {"name": "G", "type": "enum"}), None, "type of the field G is not supported"),
    (avro("Items", ITEM, {"name": "G", "type": "String"}), None, "not supported"),
    (avro("Items", ITEM, {"name": "G", "type": {"type": "array", "items": "string"}}), None, "not supported"),
    (avro("Items", ITEM, {"name": "G", "type": [["null", "string"]]}), None, "not supported"),
    (avro("Items", ITEM, {"name": "G", "type": []}), None, "one type, or one type and null"),
    (avro("Items", ITEM, {"name": "G", "type": "null"}), None, "one type, or one type and null"),
    (avro("Items", ITEM, {"name": "G", "type": ["int", "string"]}), None, "one type, or one type and null"),
    (avro("Items", ITEM, {"name": "G", "type": ["null", "null", "int"]}), None, "one type, or one type and null"),
    (avro("Items", ITEM, {**text("G"), "categorical": "true"}), None, '"categorical" of the field G must be'),
    (avro("Items", ITEM, GENRE, GENRE), None, "GENRE and GENRE are the same"),
    (avro("Items", ITEM, text("GENRES_FIELD_1"), text("GENRESFIELD1")), None, "are the same"),
    (avro("Items", ITEM, text("Genre"), text("GENRE")), None, "are the same"),
    (avro("Items", ITEM, {"name": "YEAR", "type": "int", "categorical": True}), None, "categorical but not of type"),
    (avro("Items", ITEM, {"name": "YEAR", "type": "int", "textual": True}), None, "textual but not of type"),
    (avro("Users", USER, {**text("BIO"), "textual": True}), None, "only Items schemas"),
    (avro("Items", ITEM, {**GENRE, "textual": True}), None, "both categorical and textual"),
    (avro("Items", ITEM, {**text("A"), "textual": True}, {**text("B"), "textual": True}), None, "A, B are textual"),
    (avro("Interactions", USER, EVENT), None, "missing the required fields: ITEM_ID, TIMESTAMP"),
    (avro("Interactions", text("user_id"), ITEM, TIME), None, "missing the required fields: USER_ID"),
    (avro("Interactions", USER, ITEM, TIME), "ECOMMERCE", "missing the required fields: EVENT_TYPE"),
    (avro("Items", ITEM, PRICE), "ECOMMERCE", "CATEGORY_L1"),
    (avro("Items", ITEM, {**GENRES, "name": "GENRES_L1"}, CREATED), "VIDEO_ON_DEMAND", "GENRES"),
    (avro("ActionInteractions", USER, ACTION, TIME), None, "EVENT_TYPE"),
    (avro("Interactions", USER, ITEM, {"name": "TIMESTAMP", "type": "int"}), None, "must be of type long"),
    (avro("Interactions", USER, ITEM, {"name": "TIMESTAMP", "type": ["null", "long"]}), None, "may not be null"),
    (
        avro("Interactions", {"name": "USER_ID", "type": ["null", "string"]}, ITEM, TIME),
        None,
        "USER_ID may not be null",
    ),
    (avro("Interactions", USER, ITEM, TIME, {**EVENT, "categorical": True}), None, "must not be categorical"),
    (avro("Interactions", USER, ITEM, TIME, {"name": "EVENT_VALUE", "type": "string"}), None, "of type float"),
    (avro("Items", ITEM, PRICE, text("CATEGORY_L1")), "ECOMMERCE", "CATEGORY_L1 must be categorical"),
    (
        avro("Items", ITEM, PRICE, CATEGORY, {**text("PRODUCT_DESCRIPTION"), "categorical": True}),
        "ECOMMERCE",
        "PRODUCT_DESCRIPTION must not be categorical",
    ),
    (
        avro("Interactions", USER, ITEM, TIME, *({"name": f"C{n}", "type": "int"} for n in range(6))),
        None,
        "6 metadata fields; INTERACTIONS may have at most 5",
    ),
    (avro("Users", USER), None, "needs at least one"),
    (avro("Users", USER, text("NAME")), None, "needs at least one"),
    (avro("Users", USER, {"name": "VIP", "type": "boolean"}), None, "needs at least one"),
    (avro("Items", ITEM, CREATED), None, "needs at least one"),
    (avro("Actions", ACTION, {"name": "VALUE", "type": "long"}), None, "needs at least one"),
    (avro("Users", USER, *({"name": f"C{n}", "type": "int"} for n in range(26))), None, "at most 25"),
    (avro("Items", ITEM, *({"name": f"C{n}", "type": "int"} for n in range(101))), None, "at most 100"),
    (avro("Actions", ACTION, *({"name": f"C{n}", "type": "int"} for n in range(11))), None, "at most 10"),
]


@pytest.mark.parametrize(("document", "domain", "sentence"), REFUSED)
def test_a_schema_that_breaks_a_rule_is_refused_with_a_sentence(
    document: str, domain: str | None, sentence: str
) -> None:
    with pytest.raises(SchemaError) as caught:
        parse_schema(document, domain)
    assert sentence in str(caught.value)
    str(caught.value).encode()


def test_metadata_at_the_limit_is_accepted_and_reserved_fields_do_not_count() -> None:
    more = [{"name": f"C{n}", "type": "int"} for n in range(5)]
    reserved = [EVENT, {"name": "EVENT_VALUE", "type": ["null", "float"]}, text("IMPRESSION")]
    assert len(interactions(*more, *reserved).metadata) == 5


@settings(deadline=None)
@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_any_text_is_a_schema_or_a_schema_error(document: str) -> None:
    with pytest.raises(SchemaError):
        parse_schema(document, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["USER_ID", "ITEM_ID", "TIMESTAMP", "A", "a", "A_"]) | JSON,
        "type": st.sampled_from(["string", "long", ["null", "string"], ["int"]]) | JSON,
        "categorical": st.booleans() | JSON,
        "textual": st.booleans() | JSON,
    },
)


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {"type": st.just("record") | JSON},
        optional={"name": st.sampled_from(["Interactions", "Items"]) | JSON, "fields": st.lists(FIELDS) | JSON},
    ),
    st.sampled_from([None, "ECOMMERCE", "VIDEO_ON_DEMAND"]),
)
def test_any_record_is_a_schema_or_a_schema_error(document: object, domain: str | None) -> None:
    with suppress(SchemaError):
        read = parse_schema(json.dumps(document), domain)
        assert all(read.field(name) for name in read.id_fields)


def test_a_schema_travels_to_another_process() -> None:
    read = interactions(DEVICE)
    again = pickle.loads(pickle.dumps(read))
    assert again == read
    assert again.field("device") == read.field("DEVICE")


ITEMS = (ITEM, GENRE, {"name": "YEAR", "type": "int"})


def test_a_schema_may_be_replaced_by_one_with_more_nullable_fields_in_any_order() -> None:
    check_replacement(schema("Items", *ITEMS), schema("Items", DEVICE, *reversed(ITEMS)))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ((ITEM, GENRE), "lacks the field YEAR"),
        ((ITEM, GENRE, {"name": "YEAR", "type": "long"}), "YEAR must keep its type"),
        ((ITEM, GENRE, {"name": "YEAR", "type": ["null", "int"]}), "YEAR must keep its type"),
        ((ITEM, {**GENRE, "categorical": False}, ITEMS[2]), "GENRE must keep its type"),
        ((*ITEMS, {"name": "PRICE", "type": "float"}), "PRICE must allow null"),
    ],
)
def test_a_replacement_that_loses_or_changes_a_field_is_refused(fields: Any, sentence: str) -> None:
    with pytest.raises(SchemaError, match=sentence):
        check_replacement(schema("Items", *ITEMS), schema("Items", *fields))


def test_a_replacement_stays_within_dataset_type_and_domain() -> None:
    with pytest.raises(SchemaError, match="INTERACTIONS cannot be replaced"):
        check_replacement(interactions(), interactions(DEVICE))
    with pytest.raises(SchemaError, match="is for USERS"):
        check_replacement(schema("Items", *ITEMS), schema("Users", USER, GENRE))
    with pytest.raises(SchemaError, match="another domain"):
        check_replacement(schema("Users", USER, GENRE), schema("Users", USER, GENRE, domain="ECOMMERCE"))


@pytest.mark.parametrize("module", ["schema", "failures", "csv", "importing", "segments", "properties", "infer"])
def test_the_light_modules_load_neither_pyarrow_nor_numpy(module: str) -> None:
    program = (
        f"import sys, personalize_local.datasets.{module}\n"
        "print(sorted({'pyarrow', 'numpy', 'flask', 'boto3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
