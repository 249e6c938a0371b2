"""Accounts and regions see nothing of each other, and what is not there is refused by every operation alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.wire.program import refused

from .kinds import MODEL
from .parameters import Params
from .stage import Stage
from .table import PLAIN
from .walking import GONE, INVALID, create, refusal, summaries

CASES = {case.kind: case for case in PLAIN}


class Account:
    """One resource of each kind, in one account and region."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.params: dict[str, Params] = {}
        self.arns: dict[str, str] = {}
        for case in PLAIN:
            self.params[case.kind] = case.params(stage, stage.name(case.kind))
            self.arns[case.kind] = create(stage, case, self.params[case.kind])

    def listed(self) -> dict[str, set[str]]:
        """The ARNs in each list, by kind."""
        return {case.kind: set(summaries(self.stage, case)) for case in PLAIN}


@pytest.fixture(scope="module")
def home(stages: Callable[[str], Stage]) -> Account:
    return Account(stages("instant").other())


@pytest.fixture(scope="module", params=["account", "region"])
def elsewhere(request: pytest.FixtureRequest, home: Account) -> Account:
    whose = {} if request.param == "account" else {"account": home.stage.program.account, "region": "eu-west-1"}
    return Account(home.stage.other(**whose))


def single(kind: str) -> Iterator[str]:
    """The operations that take nothing but the ARN of a resource of a kind."""
    for name in MODEL.operation_names:
        shape: Any = MODEL.operation_model(name).input_shape
        if shape is not None and list(shape.members) == [f"{kind}Arn"]:
            yield name


def updates(home: Account, kind: str) -> dict[str, Params]:
    """What else takes the ARN of a resource of a kind, with something to do."""
    more: dict[str, Params] = {
        "dataset": {"schemaArn": home.arns["schema"]},
        "solution": {"performAutoTraining": False},
        "campaign": {"minProvisionedTPS": 5},
        "recommender": {"recommenderConfig": {"minRecommendationRequestsPerSecond": 5}},
        "metricAttribution": {"removeMetrics": ["watched0"]},
    }
    return {f"Update{CASES[kind].title}": more[kind]} if kind in more else {}


def everything(home: Account, kind: str) -> dict[str, Params]:
    """All operations that take the ARN of a resource of a kind, with what else they want."""
    return {**{operation: {} for operation in single(kind)}, **updates(home, kind)}


def test_names_are_the_same_there_and_lists_have_their_own_alone(home: Account, elsewhere: Account) -> None:
    ours, theirs = home.listed(), elsewhere.listed()
    for kind, arn in home.arns.items():
        assert elsewhere.arns[kind] != arn
        if kind not in ("eventTracker", "solutionVersion"):
            assert elsewhere.arns[kind].split(":", 5)[5] == arn.split(":", 5)[5]
        assert not ours[kind] & theirs[kind]
        assert len(ours[kind]) == len(theirs[kind]), kind
        scope = home.stage.program.arn("")
        assert all(found.startswith(scope) for found in ours[kind])


@pytest.mark.parametrize("kind", CASES)
def test_nothing_can_be_done_to_a_resource_of_another_scope(home: Account, elsewhere: Account, kind: str) -> None:
    case, arn = CASES[kind], home.arns[kind]
    this = {case.arn_member: arn}
    before = home.stage.describe(kind, arn)
    for operation, more in everything(elsewhere, kind).items():
        assert refusal(elsewhere.stage, operation, **this, **more) == INVALID, operation
    tag = [{"tagKey": "a", "tagValue": "b"}]
    for operation, more in (
        ("TagResource", {"tags": tag}),
        ("UntagResource", {"tagKeys": ["made"]}),
        ("ListTagsForResource", {}),
    ):
        assert refusal(elsewhere.stage, operation, resourceArn=arn, **more) == INVALID, operation
    assert home.stage.describe(kind, arn) == before


@pytest.mark.parametrize("kind", [kind for kind in CASES if kind not in ("datasetGroup", "schema")])
def test_nothing_is_made_of_a_resource_of_another_scope(home: Account, elsewhere: Account, kind: str) -> None:
    case = CASES[kind]
    for member in ("datasetGroupArn", "datasetArn", "schemaArn", "solutionArn", "solutionVersionArn"):
        if member in home.params[kind]:
            foreign = {**elsewhere.params[kind], case.name_member: "foreign", member: home.params[kind][member]}
            assert refusal(elsewhere.stage, f"Create{case.title}", **foreign) == INVALID, member
    if case.list_filter is not None:
        filtered = {case.list_filter: case.parent(home.params[kind])}
        if kind == "solutionVersion":
            assert refusal(elsewhere.stage, f"List{case.title}s", **filtered) in (INVALID, GONE)
        else:
            assert summaries(elsewhere.stage, case, **filtered) == {}


def test_the_other_services_keep_them_apart_as_well(home: Account, elsewhere: Account) -> None:
    for member in ("campaign", "recommender"):
        given = {f"{member}Arn": home.arns[member], "userId": "u1"}
        assert home.stage.program.runtime.get_recommendations(**given)["itemList"]
        assert refused(elsewhere.stage.program.runtime.get_recommendations, **given)[0] == GONE
    tracking = home.stage.describe("eventTracker", home.arns["eventTracker"])["trackingId"]
    event = {"eventType": "watch", "itemId": "a1", "sentAt": 1_700_100_000}
    sent = {"trackingId": tracking, "sessionId": "s", "userId": "u1", "eventList": [event]}
    assert refused(elsewhere.stage.program.events.put_events, **sent)[0] == INVALID


@pytest.mark.parametrize("kind", CASES)
def test_what_does_not_exist_is_refused_by_its_arn(home: Account, kind: str) -> None:
    case, arn = CASES[kind], home.arns[kind]
    unknown = {
        "dataset": f"{arn.rpartition('/')[0]}/USERS",
        "eventTracker": f"{arn.rpartition('/')[0]}/00000000",
        "solutionVersion": f"{arn.rpartition('/')[0]}/00000000",
    }.get(kind, f"{arn}-none")
    text = {"datasetGroup": "The given dataset group does not exist: {}"}.get(kind, "Resource Arn {} does not exist.")
    calls = everything(home, kind)
    assert calls
    for operation, more in calls.items():
        found = refused(home.stage.call, operation=operation, **{case.arn_member: unknown}, **more)
        assert found == (GONE, 400, text.format(unknown)), operation


@pytest.mark.parametrize("kind", CASES)
def test_an_arn_of_another_kind_is_no_arn_of_this_one(home: Account, kind: str) -> None:
    case = CASES[kind]
    strangers = [arn for other, arn in home.arns.items() if other != kind]
    for operation, more in everything(home, kind).items():
        for arn in strangers:
            code = refusal(home.stage, operation, **{case.arn_member: arn}, **more)
            # A solution and its versions share a type: either word is true of them.
            assert code in ((INVALID, GONE) if ":solution/" in arn else (INVALID,)), f"{operation} of {arn}"
