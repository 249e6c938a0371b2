from datetime import UTC, datetime
from typing import Any

import pytest

from botocore_shapes.errors import ServiceError
from botocore_shapes.model import Shape
from botocore_shapes.protocols.bindings import header_reader, header_text, split_header_list, text_reader
from tests.botocore_shapes.services import toy_model

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MODEL = toy_model(
    {
        "Moment": {"type": "timestamp"},
        "Moments": {"type": "list", "member": {"shape": "Moment"}},
        "Names": {"type": "list", "member": {"shape": "String"}},
        "Numbers": {"type": "list", "member": {"shape": "Integer"}},
        "Integer": {"type": "integer"},
        "Double": {"type": "double"},
        "Boolean": {"type": "boolean"},
        "Json": {"type": "string", "jsonvalue": True, "location": "header"},
    }
)


def shape(name: str) -> Shape:
    return MODEL.shape_for(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Moment", MOMENT),
        ("Moments", [MOMENT, MOMENT]),
        ("Names", ["a", "b c", 'd,"e"', "f,g"]),
        ("Numbers", [1, -2]),
        ("Integer", 17),
        ("Double", 0.25),
        ("Double", float("inf")),
        ("Boolean", True),
        ("Boolean", False),
        ("String", "text"),
        ("Json", {"a": [1, None]}),
    ],
)
def test_a_value_survives_a_header(name: str, value: Any) -> None:
    assert header_reader(shape(name))(header_text(shape(name))(value)) == value


@pytest.mark.parametrize(
    ("text", "items"),
    [("a, b ,c", ["a", "b", "c"]), ('"a,b", c', ["a,b", "c"]), (r'"a\"b"', ['a"b']), ('"a" b', ['"a" b']), ("", [])],
)
def test_a_header_list_is_split_at_commas_outside_quotes(text: str, items: list[str]) -> None:
    assert split_header_list(text) == items


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Integer", "1.5"),
        ("Integer", ""),
        ("Integer", "9" * 40),
        ("Double", "abc"),
        ("Boolean", "yes"),
        ("Moment", "2026"),
        ("Json", "e30=="[:3]),
        ("Json", "bm90IGpzb24="),
    ],
)
def test_text_of_another_type_is_a_serialization_error(name: str, text: str) -> None:
    with pytest.raises(ServiceError) as raised:
        header_reader(shape(name))(text)
    assert raised.value.code == "SerializationException"


def test_moments_of_queries_have_the_format_of_their_place() -> None:
    assert text_reader(shape("Moment"), "iso8601")("2026-01-02T03:04:05Z") == MOMENT
