"""Request rates on a clock of the test's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from botocore_shapes.errors import ServiceError
from botocore_shapes.model import load_service_model
from personalize_local.context import Context
from personalize_local.throttling import RATES, Throttle

EMULATOR: Any = None
CALLER = Context(account="1" * 12, region="us-east-1", request_id="r", now=100.0, emulator=EMULATOR)


def answer(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    del context
    return params


def test_a_second_call_within_a_second_is_refused_and_one_later_is_not() -> None:
    describe = Throttle().wrap("DescribeSchema", answer)
    assert describe(CALLER, {"a": 1}) == {"a": 1}
    with pytest.raises(ServiceError, match="Rate exceeded") as caught:
        describe(replace(CALLER, now=100.9), {})
    assert (caught.value.code, caught.value.status) == ("ThrottlingException", 400)
    assert describe(replace(CALLER, now=101.0), {}) == {}


def test_accounts_regions_and_operations_have_rates_of_their_own() -> None:
    throttle = Throttle()
    describe, listing = throttle.wrap("DescribeSchema", answer), throttle.wrap("ListSchemas", answer)
    for call, context in (
        (describe, CALLER),
        (listing, CALLER),
        (describe, replace(CALLER, account="2" * 12)),
        (describe, replace(CALLER, region="eu-west-1")),
    ):
        call(context, {})
        with pytest.raises(ServiceError):
            call(context, {})


def test_recommendations_are_counted_by_campaign_and_by_account() -> None:
    recommend = Throttle().wrap("GetRecommendations", answer)
    for _ in range(500):
        recommend(CALLER, {"campaignArn": "a"})
    with pytest.raises(ServiceError):
        recommend(CALLER, {"campaignArn": "a"})
    for campaign in "bcd":
        for _ in range(500):
            recommend(CALLER, {"campaignArn": campaign})
    for _ in range(499):  # the refused call counted for the account
        recommend(CALLER, {"campaignArn": "e"})
    with pytest.raises(ServiceError):
        recommend(CALLER, {"campaignArn": "f"})


def test_calls_are_forgotten() -> None:
    throttle = Throttle()
    describe = throttle.wrap("DescribeSchema", answer)
    describe(CALLER, {})
    throttle.clear()
    describe(CALLER, {})


def test_an_operation_without_a_published_rate_is_left_alone() -> None:
    assert Throttle().wrap("CreateFilter", answer) is answer


def test_every_rate_is_of_an_operation_and_a_member_that_exist() -> None:
    operations = {
        name: model.operation_model(name)
        for model in map(load_service_model, ("personalize", "personalize-runtime", "personalize-events"))
        for name in model.operation_names
    }
    for name, rates in RATES.items():
        shape = operations[name].input_shape
        assert shape is not None
        for rate in rates:
            assert rate.member is None or rate.member in shape.members
