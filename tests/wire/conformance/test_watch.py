"""The watch itself: what it lets pass and what it does not."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from .kinds import MODEL
from .watch import FORMS, check_answer

HEADERS = {
    "content-type": "application/x-amz-json-1.1",
    "x-amzn-requestid": "f5b16522-4a58-4791-9f6a-f1d8303e61cd",
}
ARN = "arn:aws:personalize:us-east-1:123456789012:dataset-group/shop"


def check(operation: str, answer: Any, status: int = 200) -> None:
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    check_answer(MODEL.operation_model(operation), status, HEADERS, content)


def test_good_answers_pass() -> None:
    check("CreateDatasetGroup", {"datasetGroupArn": ARN, "domain": "ECOMMERCE"})
    check("DeleteDatasetGroup", b"")
    check("DescribeDatasetGroup", {"datasetGroup": {"datasetGroupArn": ARN, "creationDateTime": 1700000000.125}})
    check("DescribeDatasetGroup", {"__type": "ResourceNotFoundException", "message": "no"}, status=400)
    check("ListTagsForResource", {"__type": "ValidationException", "message": "no"}, status=400)


@pytest.mark.parametrize(
    ("operation", "answer", "status"),
    [
        ("DeleteDatasetGroup", {}, 200),
        ("CreateDatasetGroup", {"datasetGroupArn": ARN, "name": "shop"}, 200),
        ("CreateDatasetGroup", {"datasetGroupArn": ARN, "domain": None}, 200),
        ("CreateDatasetGroup", {"datasetGroupArn": ARN, "domain": "SHOPS"}, 200),
        ("CreateDatasetGroup", {"datasetGroupArn": f"{ARN}/"}, 200),
        ("CreateEventTracker", {"trackingId": "clicks"}, 200),
        ("DescribeDatasetGroup", {"datasetGroup": {"creationDateTime": "2024-01-01T00:00:00Z"}}, 200),
        ("DescribeDatasetGroup", {"datasetGroup": {"creationDateTime": 1700000000.12345}}, 200),
        ("DescribeDatasetGroup", {"datasetGroup": {"arn": ARN}}, 200),
        ("DescribeDatasetGroup", {"__type": "ResourceInUseException", "message": "no"}, 400),
        ("DescribeDatasetGroup", {"__type": "ResourceNotFoundException", "message": "no"}, 404),
        ("DescribeDatasetGroup", {"__type": "ResourceNotFoundException", "message": ""}, 400),
        ("DescribeDatasetGroup", {"__type": "ResourceNotFoundException", "message": "no", "code": 1}, 400),
    ],
)
def test_bad_answers_do_not(operation: str, answer: Any, status: int) -> None:
    with pytest.raises(AssertionError, match=operation):
        check(operation, answer, status)


@pytest.mark.parametrize(
    ("member", "tail"),
    [
        ("datasetArn", "dataset/retaildemostore-products-DSG-85652/ITEMS"),
        ("eventTrackerArn", "event-tracker/d2e7ccdc"),
        ("solutionVersionArn", "solution/related-items-demo/d12f3c16"),
        ("batchInferenceJobArn", "batch-inference-job/retaildemostore-user-personalization-job-au-85968"),
        ("recommenderArn", "recommender/recommended_for_you_demo"),
    ],
)
def test_arns_that_were_observed_have_the_forms(member: str, tail: str) -> None:
    assert re.fullmatch(FORMS[member], f"arn:aws:personalize:eu-west-1:979894173312:{tail}")
