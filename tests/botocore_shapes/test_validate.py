import math
from typing import Any

import pytest

from botocore_shapes.model import load_service_model
from botocore_shapes.validate import Violation, violation_message, violations
from tests.botocore_shapes.services import toy_model

ARN = "arn:aws:personalize:us-east-1:123456789012:dataset-group/g"
ARN_PATTERN = r"arn:([a-z\d-]+):personalize:.*:.*:.+"


def message(service: str, operation: str, params: dict[str, Any]) -> str:
    shape = load_service_model(service).operation_model(operation).input_shape
    assert shape is not None
    found = violations(shape, params)
    return violation_message(found) if found else ""


def toy(shapes: dict[str, Any], params: dict[str, Any]) -> list[str]:
    shape = toy_model(shapes).shape_for("DoInput")
    return [str(violation) for violation in violations(shape, params)]


def of_member(traits: dict[str, Any], value: Any, **member: Any) -> list[str]:
    shapes = {"DoInput": {"type": "structure", "members": {"m": {"shape": "M", **member}}}, "M": traits}
    return toy(shapes, {"m": value})


def test_parameters_within_the_model_are_not_spoken_of() -> None:
    assert message("personalize", "CreateSolution", {"name": "s", "datasetGroupArn": ARN}) == ""


def test_one_violation_is_an_error() -> None:
    assert message("personalize", "CreateSolution", {"name": "a b", "datasetGroupArn": ARN}) == (
        "1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: ^[a-zA-Z0-9][a-zA-Z0-9\-_]*"
    )


def test_several_violations_are_errors_in_the_models_order() -> None:
    assert message("personalize", "CreateSolution", {"datasetGroupArn": "x", "name": "a" * 64}) == (
        f"2 validation errors detected: Value '{'a' * 64}' at 'name' failed to satisfy constraint: "
        "Member must have length less than or equal to 63; "
        "Value 'x' at 'datasetGroupArn' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {ARN_PATTERN}"
    )


def test_a_missing_member_is_null() -> None:
    assert message("personalize", "CreateSolution", {"name": "s"}) == (
        "1 validation error detected: Value null at 'datasetGroupArn' failed to satisfy constraint: "
        "Member must not be null"
    )


def test_paths_lead_into_lists_of_structures() -> None:
    tags = [{"tagKey": "a", "tagValue": "b"}, {"tagKey": "k" * 129, "tagValue": "b"}, {"tagKey": "c"}]
    assert message("personalize", "TagResource", {"resourceArn": ARN, "tags": tags}) == (
        "2 validation errors detected: Value at 'tags.2.member.tagKey' failed to satisfy constraint: "
        "Member must have length less than or equal to 128; "
        "Value null at 'tags.3.member.tagValue' failed to satisfy constraint: Member must not be null"
    )


def test_an_element_that_is_no_structure_is_told_with_its_list() -> None:
    params = {"name": "s", "datasetGroupArn": ARN, "solutionConfig": {"autoMLConfig": {"recipeList": ["x", ARN]}}}
    assert message("personalize", "CreateSolution", params) == (
        f"1 validation error detected: Value '[x, {ARN}]' at 'solutionConfig.autoMLConfig.recipeList' failed to "
        "satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 256, "
        f"Member must satisfy regular expression pattern: {ARN_PATTERN}]"
    )


def test_keys_and_values_of_maps_are_told_with_their_map() -> None:
    params = {"campaignArn": ARN, "userId": "u", "context": {"K" * 151: "v" * 1001}}
    # The values of this map are sensitive, its keys are not.
    shown = f"Value '{{{'K' * 151}=***}}' at 'context' failed to satisfy constraint"
    assert message("personalize-runtime", "GetRecommendations", params) == (
        f"2 validation errors detected: {shown}: Map keys must satisfy constraint: "
        "[Member must have length less than or equal to 150, Member must satisfy regular expression "
        rf"pattern: [A-Za-z\d_]+]; {shown}: Map value must satisfy constraint: "
        "[Member must have length less than or equal to 1000]"
    )


def test_enums_list_what_they_allow() -> None:
    params = {"name": "g", "domain": "MUSIC"}
    assert message("personalize", "CreateDatasetGroup", params) == (
        "1 validation error detected: Value 'MUSIC' at 'domain' failed to satisfy constraint: "
        "Member must satisfy enum value set: [ECOMMERCE, VIDEO_ON_DEMAND]"
    )


def test_a_sensitive_value_is_not_echoed() -> None:
    params = {"name": "f", "datasetGroupArn": ARN, "filterExpression": "x" * 2501}
    assert message("personalize", "CreateFilter", params) == (
        "1 validation error detected: Value at 'filterExpression' failed to satisfy constraint: "
        "Member must have length less than or equal to 2500"
    )


@pytest.mark.parametrize(
    ("traits", "value", "expected"),
    [
        ({"type": "integer", "min": 1}, 0, "Value '0' at 'm'|Member must have value greater than or equal to 1"),
        ({"type": "long", "max": 9}, 10, "Value '10' at 'm'|Member must have value less than or equal to 9"),
        ({"type": "double", "max": 1}, 1.5, "Value '1.5' at 'm'|Member must have value less than or equal to 1"),
        ({"type": "float", "min": 0}, -0.5, "Value '-0.5' at 'm'|Member must have value greater than or equal to 0"),
        ({"type": "double", "max": 1}, 2, "Value '2.0' at 'm'|Member must have value less than or equal to 1"),
        ({"type": "double", "max": 1}, 1e7, "Value '1.0E7' at 'm'|Member must have value less than or equal to 1"),
        ({"type": "double", "max": 0}, 2.5e-5, "Value '2.5E-5' at 'm'|Member must have value less than or equal to 0"),
        (
            {"type": "float", "min": 0},
            -math.inf,
            "Value '-Infinity' at 'm'|Member must have value greater than or equal to 0",
        ),
        ({"type": "double", "max": 1}, math.nan, "Value 'NaN' at 'm'|Member must have value less than or equal to 1"),
        ({"type": "string", "min": 2}, "a", "Value 'a' at 'm'|Member must have length greater than or equal to 2"),
        ({"type": "blob", "max": 1}, b"ab", "Value at 'm'|Member must have length less than or equal to 1"),
        (
            {"type": "list", "max": 1, "member": {"shape": "String"}},
            ["a", "b"],
            "Value '[a, b]' at 'm'|Member must have length less than or equal to 1",
        ),
        (
            {"type": "map", "min": 1, "key": {"shape": "String"}, "value": {"shape": "String"}},
            {},
            "Value '{}' at 'm'|Member must have length greater than or equal to 1",
        ),
        (
            {"type": "list", "member": {"shape": "String"}},
            ["a", None],
            "Value '[a, null]' at 'm'|Member must satisfy constraint: [Member must not be null]",
        ),
        (
            {"type": "map", "key": {"shape": "String"}, "value": {"shape": "String"}},
            {"k": None},
            "Value '{k=null}' at 'm'|Map value must satisfy constraint: [Member must not be null]",
        ),
    ],
)
def test_every_kind_of_bound_has_its_sentence(traits: dict[str, Any], value: Any, expected: str) -> None:
    shown, clause = expected.split("|")
    assert of_member(traits, value) == [f"{shown} failed to satisfy constraint: {clause}"]


@pytest.mark.parametrize(
    ("traits", "value"),
    [
        ({"type": "integer", "min": 1, "max": 3}, 3),
        ({"type": "string", "min": 1, "max": 1}, "日"),
        ({"type": "list", "sparse": True, "member": {"shape": "String"}}, [None]),
        ({"type": "string", "pattern": "a(?i)b|c"}, "anything, since the pattern has no translation"),
        ({"type": "structure", "document": True, "members": {}}, {"any": ["thing", None]}),
    ],
)
def test_values_at_the_edge_pass(traits: dict[str, Any], value: Any) -> None:
    assert of_member(traits, value) == []


def test_a_union_has_exactly_one_member() -> None:
    union = {"type": "structure", "union": True, "members": {"a": {"shape": "String"}, "b": {"shape": "String"}}}
    assert of_member(union, {"a": "1"}) == []
    assert of_member(union, {"a": "1", "b": "2"}) == [
        "Value '{a=1, b=2}' at 'm' failed to satisfy constraint: Member must have exactly one member set"
    ]


def test_a_recursive_shape_is_followed() -> None:
    tree = {
        "type": "structure",
        "members": {"next": {"shape": "Tree"}, "leaf": {"shape": "Leaf"}},
    }
    shapes = {"DoInput": {"type": "structure", "members": {"tree": {"shape": "Tree"}}}, "Tree": tree}
    shapes["Leaf"] = {"type": "string", "max": 1}
    assert toy(shapes, {"tree": {"next": {"next": {"leaf": "ab"}}}}) == [
        "Value 'ab' at 'tree.next.next.leaf' failed to satisfy constraint: "
        "Member must have length less than or equal to 1"
    ]


def test_paths_use_the_names_of_the_wire_in_bodies_and_of_the_model_elsewhere() -> None:
    assert of_member({"type": "string", "max": 1}, "ab", locationName="wire")[0].startswith("Value 'ab' at 'wire' ")
    bound = of_member({"type": "string", "max": 1}, "ab", location="header", locationName="x-amz-m")
    assert bound[0].startswith("Value 'ab' at 'm' ")


def test_nothing_sensitive_is_shown_inside_a_collection() -> None:
    secret = {"type": "list", "max": 0, "member": {"shape": "Secret"}}
    shapes = {
        "DoInput": {"type": "structure", "members": {"m": {"shape": "M"}}},
        "M": secret,
        "Secret": {"type": "string", "sensitive": True},
    }
    assert "hush" not in toy(shapes, {"m": ["hush"]})[0]


def test_a_violation_is_a_sentence() -> None:
    violation = Violation(path="a", value=None, clause="c")
    assert str(violation) == "Value at 'a' failed to satisfy constraint: c"
