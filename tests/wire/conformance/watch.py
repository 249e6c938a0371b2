"""What is checked of every answer on the client's side, from its bytes and botocore's model alone."""

from __future__ import annotations

import json
import re
from typing import Any

from botocore.model import OperationModel

PREFIX = r"arn:aws(?:-cn|-us-gov)?:personalize:[a-z]{2}(?:-[a-z]+)+-\d:\d{12}:"
NAME = r"[a-zA-Z0-9][a-zA-Z0-9\-_]*"
TYPE = r"(?:INTERACTIONS|ITEMS|USERS|ACTIONS|ACTION_INTERACTIONS)"
FORMS = {
    "datasetGroupArn": f"{PREFIX}dataset-group/{NAME}",
    "schemaArn": f"{PREFIX}schema/{NAME}",
    "datasetArn": f"{PREFIX}dataset/{NAME}/{TYPE}",
    "datasetImportJobArn": f"{PREFIX}dataset-import-job/{NAME}",
    "datasetExportJobArn": f"{PREFIX}dataset-export-job/{NAME}",
    "dataDeletionJobArn": f"{PREFIX}data-deletion-job/{NAME}",
    "eventTrackerArn": f"{PREFIX}event-tracker/[0-9a-f]{{8}}",
    "filterArn": f"{PREFIX}filter/{NAME}",
    "solutionArn": f"{PREFIX}solution/{NAME}",
    "solutionVersionArn": f"{PREFIX}solution/{NAME}/[0-9a-f]{{8}}",
    "campaignArn": f"{PREFIX}campaign/{NAME}",
    "recommenderArn": f"{PREFIX}recommender/{NAME}",
    "batchInferenceJobArn": f"{PREFIX}batch-inference-job/{NAME}",
    "batchSegmentJobArn": f"{PREFIX}batch-segment-job/{NAME}",
    "metricAttributionArn": f"{PREFIX}metric-attribution/{NAME}",
    "recipeArn": r"arn:aws:personalize:::recipe/aws-[a-z0-9\-]+",
    "bestRecipeArn": r"arn:aws:personalize:::recipe/aws-[a-z0-9\-]+",
    "algorithmArn": r"arn:aws:personalize:::algorithm/aws-[a-z0-9\-]+",
    "featureTransformationArn": r"arn:aws:personalize:::feature-transformation/[A-Za-z0-9_\-]+",
    "trackingId": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "accountId": r"\d{12}",
}
"""What members look like (section 1.5 of the facts), by the name of the member."""

UNMODELLED = {"ValidationException", "ThrottlingException"}
"""Errors that every operation may give without modelling them."""

_PLAIN: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
    "timestamp": (int, float),
}


class Watch:
    """Looks at all calls of a client; ``called`` are the names of the operations so far."""

    def __init__(self, client: Any) -> None:
        self.called: set[str] = set()
        client.meta.events.register("before-call.personalize.*", self._before)
        client.meta.events.register("after-call.personalize.*", self._after)

    def _before(self, model: OperationModel, **_: Any) -> None:
        self.called.add(model.name)

    def _after(self, http_response: Any, model: OperationModel, **_: Any) -> None:
        check_answer(model, http_response.status_code, http_response.headers, http_response.content)


def check_answer(model: OperationModel, status: int, headers: Any, content: bytes) -> None:
    """Check an answer of the control plane from its bytes."""
    assert headers["content-type"] == "application/x-amz-json-1.1", model.name
    assert re.fullmatch(FORMS["trackingId"], headers["x-amzn-requestid"]), model.name
    if status != 200:
        check_error(model, status, json.loads(content))
    elif model.output_shape is None:
        assert content == b"", f"{model.name}: a body where the model has none: {content!r}"
    else:
        check_value(json.loads(content), model.output_shape, model.name)


def check_error(model: OperationModel, status: int, answer: dict[str, Any]) -> None:
    """Check that an error is one of the operation's."""
    assert set(answer) == {"__type", "message"}, f"{model.name}: {answer}"
    known = {shape.name for shape in model.error_shapes} | UNMODELLED
    assert answer["__type"] in known, f"{model.name} does not model {answer}"
    assert status == 400, f"{model.name}: {status}"
    assert answer["message"], model.name


def check_value(value: Any, shape: Any, path: str) -> None:
    """Check that a decoded value has nothing that its shape does not have, no null and no other type."""
    kind = shape.type_name
    if kind == "structure":
        assert isinstance(value, dict), f"{path}: {value!r}"
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{path}: unknown {sorted(unknown)}"
        for name, item in value.items():
            check_value(item, shape.members[name], f"{path}.{name}")
            _check_form(name, item, f"{path}.{name}")
    elif kind == "list":
        assert isinstance(value, list), f"{path}: {value!r}"
        for index, item in enumerate(value):
            check_value(item, shape.member, f"{path}[{index}]")
    elif kind == "map":
        assert isinstance(value, dict), f"{path}: {value!r}"
        for key, item in value.items():
            check_value(key, shape.key, f"{path} key")
            check_value(item, shape.value, f"{path}[{key}]")
    else:
        _check_plain(value, shape, path)


def _check_plain(value: Any, shape: Any, path: str) -> None:
    kind = shape.type_name
    assert isinstance(value, _PLAIN[kind]), f"{path}: {value!r} is no {kind}"
    assert kind == "boolean" or not isinstance(value, bool), f"{path}: {value!r} is no {kind}"
    if kind == "timestamp":
        assert value == round(value, 3), f"{path}: {value!r} has more than three decimals"
    choices = getattr(shape, "enum", ())
    assert not choices or value in choices, f"{path}: {value!r} is none of {choices}"


def _check_form(name: str, value: Any, path: str) -> None:
    if name in FORMS:
        assert re.fullmatch(FORMS[name], value), f"{path}: {value!r}"
