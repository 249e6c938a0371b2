import subprocess
import sys

import botocore.loaders
import botocore.model
import pytest

from botocore_shapes.model import available_services, load_service_model

PERSONALIZE = ("personalize", "personalize-events", "personalize-runtime")


@pytest.mark.parametrize("name", [*PERSONALIZE, "sqs", "lambda", "iot-data"])
def test_shapes_say_what_botocore_says(name: str) -> None:
    ours = load_service_model(name)
    theirs = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model(name, "service-2"), name)
    assert ours.operation_names == theirs.operation_names
    assert set(ours.shape_names) == set(theirs.shape_names)
    for shape_name in theirs.shape_names:
        mine, other = ours.shape_for(shape_name), theirs.shape_for(shape_name)
        assert (mine.name, mine.type_name) == (other.name, other.type_name)
        if mine.type_name == "structure":
            assert list(mine.members) == list(other.members)
            assert list(mine.required_members) == list(other.required_members)
            for member, shape in other.members.items():
                assert (
                    mine.members[member].metadata.items()
                    >= {
                        key: value for key, value in shape.metadata.items() if key in mine.members[member].metadata
                    }.items()
                )
                assert mine.members[member].serialization.get("name") == shape.serialization.get("name")
                assert mine.members[member].serialization.get("location") == shape.serialization.get("location")
    for operation in theirs.operation_names:
        mine_op, other_op = ours.operation_model(operation), theirs.operation_model(operation)
        assert mine_op.http["requestUri"] == other_op.http["requestUri"]
        assert [shape.name for shape in mine_op.error_shapes] == [shape.name for shape in other_op.error_shapes]


def test_extension_files_are_laid_over_the_model() -> None:
    loader = botocore.loaders.Loader()
    for name in ("eks", "rds", "secretsmanager"):
        theirs = loader.load_service_model(name, "service-2")
        assert load_service_model(name).metadata == theirs["metadata"]
        assert load_service_model(name).shape_names == list(theirs["shapes"])


def test_references_override_what_they_refer_to() -> None:
    shape = load_service_model("lambda").operation_model("Invoke").input_shape
    assert shape is not None
    assert shape.members["FunctionName"].serialization["location"] == "uri"
    assert shape.members["FunctionName"].traits["pattern"]


def test_an_unknown_service_is_named() -> None:
    with pytest.raises(LookupError, match="'no-such-service'"):
        load_service_model("no-such-service")
    with pytest.raises(LookupError):
        load_service_model("")


def test_every_service_of_botocore_is_listed() -> None:
    assert available_services() == sorted(botocore.loaders.Loader().list_available_services("service-2"))


def test_serving_a_model_imports_neither_botocore_nor_anything_that_opens_connections() -> None:
    program = (
        "import sys, botocore_shapes.service, botocore_shapes.intercept, botocore_shapes.model as m\n"
        "m.load_service_model('personalize')\n"
        "heavy = {'botocore', 'urllib3', 'http.client', 'ssl', 'email', 'boto3', 'flask', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
