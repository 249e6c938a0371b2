from datetime import UTC, datetime
from typing import Any

import pytest

from botocore_shapes.check import OutputMismatch, check_output
from tests.botocore_shapes.services import json_request, service, toy_model

SHAPES: dict[str, Any] = {
    "DoOutput": {
        "type": "structure",
        "required": ["name"],
        "members": {
            "name": {"shape": "String"},
            "count": {"shape": "Integer"},
            "rate": {"shape": "Double"},
            "at": {"shape": "Timestamp"},
            "flag": {"shape": "Boolean"},
            "names": {"shape": "Names"},
            "map": {"shape": "Map"},
            "any": {"shape": "Document"},
        },
    },
    "Integer": {"type": "integer"},
    "Double": {"type": "double"},
    "Timestamp": {"type": "timestamp"},
    "Boolean": {"type": "boolean"},
    "Names": {"type": "list", "member": {"shape": "String"}},
    "Map": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "Integer"}},
    "Document": {"type": "structure", "document": True, "members": {}},
}


def check(result: Any) -> None:
    check_output(result, toy_model(SHAPES).shape_for("DoOutput"), "Do")


def test_a_result_of_the_shape_passes() -> None:
    check(
        {
            "name": "n",
            "count": 1,
            "rate": 1,
            "at": datetime(2026, 1, 1, tzinfo=UTC),
            "flag": False,
            "names": ("a", None),
            "map": {"a": 1},
            "any": [1, {"x": None}],
        }
    )
    check({"name": "n", "count": None})


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({}, "Do: 'name', which DoOutput requires, is missing"),
        ({"name": None}, "Do: 'name', which DoOutput requires, is missing"),
        ({"name": "n", "nmae": 1}, "Do: no member 'nmae' in DoOutput"),
        ({"name": 1}, "Do.name: int where the model has a string"),
        ({"name": "n", "count": True}, "Do.count: bool where the model has a integer"),
        ({"name": "n", "count": 1.5}, "Do.count: float where the model has a integer"),
        ({"name": "n", "rate": "1"}, "Do.rate: str where the model has a double"),
        ({"name": "n", "at": "today"}, "Do.at: str where the model has a timestamp"),
        ({"name": "n", "flag": 1}, "Do.flag: int where the model has a boolean"),
        ({"name": "n", "names": "abc"}, "Do.names: str where the model has a list"),
        ({"name": "n", "names": ["a", 1]}, "Do.names[1]: int where the model has a string"),
        ({"name": "n", "map": {"a": "1"}}, "Do.map['a']: str where the model has a integer"),
        ({"name": "n", "map": {1: 1}}, "Do.map: key 1: int where the model has a string"),
        ([], "Do: list where the model has a structure"),
    ],
)
def test_a_result_of_another_shape_is_named(result: Any, expected: str) -> None:
    with pytest.raises(OutputMismatch) as raised:
        check(result)
    assert str(raised.value) == expected


def test_a_service_under_test_raises_what_its_handlers_break() -> None:
    wrong = service("personalize", {"ListSchemas": lambda _c, _p: {"shemas": []}}, check_output=True)
    with pytest.raises(OutputMismatch, match="no member 'shemas' in ListSchemasResponse"):
        wrong.handle(json_request("AmazonPersonalize.ListSchemas", {}))


def test_a_service_in_use_leaves_unknown_members_out() -> None:
    wrong = service("personalize", {"ListSchemas": lambda _c, _p: {"shemas": [], "schemas": []}})
    assert wrong.handle(json_request("AmazonPersonalize.ListSchemas", {})).body == b'{"schemas":[]}'


def test_a_result_of_an_operation_without_one_is_seen() -> None:
    wrong = service("personalize", {"DeleteSchema": lambda _c, _p: {"x": 1}}, check_output=True)
    arn = "arn:aws:personalize:r:1:schema/s"
    with pytest.raises(OutputMismatch, match="a result where the model has none"):
        wrong.handle(json_request("AmazonPersonalize.DeleteSchema", {"schemaArn": arn}))
