"""Answers that a mock gives again: the same as if they were made anew, and made anew whenever they might differ."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from botocore_shapes.http import Request, Response
from botocore_shapes.service import Service
from personalize_local.testing import MockPersonalize, mock_personalize
from personalize_local.testing._campaign import Kept, restore, train

AT = 1_760_000_000


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    with mock_personalize() as mock:
        return train(mock.emulator.settings, tmp_path_factory.mktemp("campaign") / "kept")


def client(service: str = "personalize-runtime", key: str = "testing") -> Any:
    session = boto3.session.Session(key, "testing", region_name="us-east-1")
    make: Callable[..., Any] = session.client
    return make(service)


class Asking:
    """One client of a mock with the sample campaign, and how many calls the mock has handled."""

    def __init__(self, mock: MockPersonalize, kept: Kept) -> None:
        restore(mock.emulator, kept)
        self.mock, self.campaign, self.handled = mock, kept.campaign, 0
        self.runtime, self.events = client(), client("personalize-events")
        self.asked = {"campaignArn": self.campaign.arn, "userId": self.campaign.user_id, "numResults": 8}

    def ask(self, runtime: Any = None, **more: Any) -> Any:
        return (runtime or self.runtime).get_recommendations(**{**self.asked, **more})

    def was_handled(self, **more: Any) -> bool:
        """Whether a call now is handled, and not answered with what was kept."""
        before = self.handled
        self.ask(**more)
        return self.handled > before

    def click(self, item: str) -> None:
        event = {"eventType": "click", "sentAt": AT, "itemId": item}
        self.events.put_events(
            trackingId=self.campaign.tracking_id, userId=self.campaign.user_id, sessionId="s", eventList=[event]
        )


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch, kept: Kept) -> Iterator[Callable[..., Asking]]:
    made: list[Asking] = []
    handle: Callable[..., Response] = Service.handle

    def counting(service: Any, request: Request) -> Response:
        made[-1].handled += 1
        return handle(service, request)

    def start(**settings: Any) -> Asking:
        asking = Asking(mock_personalize(**settings).start(), kept)
        made.append(asking)
        return asking

    monkeypatch.setattr(Service, "handle", counting)
    yield start
    for asking in reversed(made):
        asking.mock.stop()


@pytest.fixture
def asking(make: Callable[..., Asking]) -> Asking:
    return make(clock=float(AT))


def without_ids(answer: dict[str, Any]) -> dict[str, Any]:
    metadata = answer["ResponseMetadata"]
    headers = {name: value for name, value in metadata["HTTPHeaders"].items() if name != "x-amzn-requestid"}
    plain = {**metadata, "HTTPHeaders": headers, "RequestId": None}
    return {**answer, "ResponseMetadata": plain, "recommendationId": None}


def test_it_is_the_same_answer_with_ids_of_its_own(asking: Asking) -> None:
    first, again = asking.ask(), asking.ask()
    assert asking.handled == 1
    assert without_ids(again) == without_ids(first)
    assert list(again) == list(first)
    assert again["recommendationId"] != first["recommendationId"]
    metadata = again["ResponseMetadata"]
    assert metadata["RequestId"] == metadata["HTTPHeaders"]["x-amzn-requestid"]
    assert metadata["RequestId"] != first["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize("more", [{"metadataColumns": {"ITEMS": ["CATEGORY"]}}, {"context": {}}, {"userId": "nobody"}])
def test_whatever_is_asked(asking: Asking, more: dict[str, Any]) -> None:
    try:
        first = asking.ask(**more)
    except ClientError as error:  # refused alike, each time by who refuses
        with pytest.raises(type(error)):
            asking.ask(**more)
        assert asking.handled == 2
    else:
        assert without_ids(asking.ask(**more)) == without_ids(first)
        assert asking.handled == 1


def test_a_ranking_too(asking: Asking) -> None:
    items = [item["itemId"] for item in asking.ask()["itemList"]][::-1]
    personalize = client("personalize")
    group = asking.campaign.dataset_group_arn
    recipe = "arn:aws:personalize:::recipe/aws-personalized-ranking"
    solution = personalize.create_solution(name="ranking", datasetGroupArn=group, recipeArn=recipe)["solutionArn"]
    version = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    campaign = personalize.create_campaign(name="ranking", solutionVersionArn=version)["campaignArn"]
    asked = {"campaignArn": campaign, "userId": asking.campaign.user_id, "inputList": items}
    first = asking.runtime.get_personalized_ranking(**asked)
    before = asking.handled
    assert without_ids(asking.runtime.get_personalized_ranking(**asked)) == without_ids(first)
    assert asking.handled == before


def test_what_the_caller_does_to_an_answer_is_its_own_affair(asking: Asking) -> None:
    first = without_ids(asking.ask())
    for _ in range(2):
        spoilt = asking.ask()
        assert without_ids(spoilt) == first
        spoilt["itemList"][0]["itemId"] = "mine"
        spoilt["ResponseMetadata"]["HTTPHeaders"].clear()
        del spoilt["itemList"][1:]
    assert asking.handled == 1


def test_each_counts_is_in_the_journal_and_remembered_as_shown(asking: Asking) -> None:
    asking.ask()
    asking.mock.emulator.controls.journal.clear()
    answers = [asking.ask() for _ in range(3)]
    calls = asking.mock.calls("GetRecommendations", userId=asking.campaign.user_id)
    assert [call.request_id for call in calls] == [answer["ResponseMetadata"]["RequestId"] for answer in answers]
    assert {(call.status, call.error, call.account) for call in calls} == {(200, None, "123456789012")}
    group = asking.campaign.dataset_group_arn
    for answer in answers:
        shown = asking.mock.emulator.shown.of(answer["recommendationId"], group)
        assert shown == [item["itemId"] for item in answer["itemList"]]
    counted = sum(asking.mock.emulator.requests._counts.values())
    assert counted == 4
    assert asking.handled == 1


def test_the_parameters_of_a_call_in_the_journal_are_its_own(asking: Asking) -> None:
    for _ in range(2):
        asking.ask()
    first, _ = asking.mock.calls("GetRecommendations")
    first.parameters["userId"] = "spoilt"
    told = [call.parameters["userId"] for call in asking.mock.calls("GetRecommendations")]
    assert told == [asking.campaign.user_id] * 2


def test_seeded_ids_are_those_of_a_mock_that_repeats_nothing(make: Callable[..., Asking]) -> None:
    def ids(*, anew: bool) -> list[str]:
        asking = make(clock=float(AT), id_seed=5)
        told = []
        for item in ("article-1", "article-2"):
            for _ in range(2):
                told.append(asking.ask(client() if anew else None)["recommendationId"])
            asking.click(item)
        return told

    assert ids(anew=False) == ids(anew=True)


def test_a_dataset_that_changes_with_the_time_is_looked_at(make: Callable[..., Asking]) -> None:
    asking = make(clock=float(AT), status="instant,dataset=timed:100")
    personalize = client("personalize")
    schema = (
        '{"type": "record", "name": "Users", "namespace": "com.amazonaws.personalize.schema", "version": "1.0", '
        '"fields": [{"name": "USER_ID", "type": "string"}, {"name": "AGE", "type": "int"}]}'
    )
    arn = personalize.create_schema(name="people", schema=schema)["schemaArn"]
    group = asking.campaign.dataset_group_arn
    personalize.create_dataset(name="people", schemaArn=arn, datasetGroupArn=group, datasetType="Users")
    expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")'
    told = personalize.create_filter(name="not-bought", datasetGroupArn=group, filterExpression=expression)
    asked = {"filterArn": told["filterArn"]}
    asking.ask(**asked)
    assert asking.was_handled(**asked)
    asking.mock.emulator.advance(100)
    asking.ask(**asked)
    assert not asking.was_handled(**asked)


def test_events_make_it_anew(asking: Asking) -> None:
    first = asking.ask()
    asking.click(first["itemList"][-1]["itemId"])
    assert without_ids(asking.ask())["itemList"] != without_ids(first)["itemList"]


def test_a_deletion_and_a_reset_are_seen(asking: Asking) -> None:
    asking.ask()
    client("personalize").delete_campaign(campaignArn=asking.campaign.arn)
    with pytest.raises(asking.runtime.exceptions.ResourceNotFoundException):
        asking.ask()
    asking.mock.reset()
    with pytest.raises(asking.runtime.exceptions.ResourceNotFoundException):
        asking.ask()


def test_the_clock_makes_it_anew_when_an_update_is_due(asking: Asking) -> None:
    asking.ask()
    assert not asking.was_handled()
    asking.mock.emulator.advance(7200)
    assert asking.was_handled()
    assert not asking.was_handled()


def test_pins_faults_and_ticks_are_met(asking: Asking) -> None:
    first = asking.ask()
    pin = asking.mock.pin(campaign=asking.campaign.arn, items=["pinned"])
    assert [item["itemId"] for item in asking.ask()["itemList"]] == ["pinned"]
    asking.mock.unpin(pin)
    assert asking.ask()["itemList"] == first["itemList"]
    asking.mock.fault(operation="GetRecommendations", error="ResourceNotFoundException", times=1)
    with pytest.raises(asking.runtime.exceptions.ResourceNotFoundException):
        asking.ask()
    assert asking.ask()["itemList"] == first["itemList"]
    now = asking.mock.emulator.clock.now()
    asking.mock.emulator.tick(5)
    asking.ask()
    assert asking.mock.emulator.clock.now() == now + 5


def test_request_rates_hold(make: Callable[..., Asking]) -> None:
    asking = make(clock=float(AT), throttle=True)
    asking.ask()
    assert asking.was_handled()


def test_statuses_that_move_with_the_time_are_looked_at(make: Callable[..., Asking]) -> None:
    asking = make(clock=float(AT))
    personalize = client("personalize")
    personalize.update_campaign(
        campaignArn=asking.campaign.arn,
        solutionVersionArn=f"{asking.campaign.solution_arn}/$LATEST",
        campaignConfig={"syncWithLatestSolutionVersion": True},
    )
    asking.ask()
    assert asking.was_handled()


def test_each_account_has_its_own(asking: Asking) -> None:
    asking.ask()
    stranger = client(key="210987654321")
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            asking.ask(stranger)
        assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    credentials = asking.runtime._request_signer._credentials
    credentials.access_key = "210987654321"
    with pytest.raises(ClientError):
        asking.ask()


@pytest.mark.parametrize(
    "event", ["provide-client-params", "before-call", "request-created", "before-sign", "before-parse", "after-call"]
)
def test_who_listens_hears_each_call(asking: Asking, event: str) -> None:
    heard: list[str] = []
    asking.ask()
    asking.ask()

    def listen(**_: Any) -> None:
        heard.append(event)

    asking.runtime.meta.events.register(event, listen)
    for _ in range(2):
        asking.ask()
    assert heard == [event] * 2
    asking.runtime.meta.events.unregister(event, listen)
    asking.ask()
    assert not asking.was_handled()


def test_a_stubber_answers_instead(asking: Asking) -> None:
    asking.ask()
    with Stubber(asking.runtime) as stubber:
        for _ in range(2):
            stubber.add_response("get_recommendations", {"recommendationId": "stubbed"}, asking.asked)
            assert asking.ask()["recommendationId"] == "stubbed"
    assert asking.ask()["recommendationId"] != "stubbed"


def test_a_tracer_that_stood_before_the_mock_traces_each_call(
    make: Callable[..., Asking], monkeypatch: pytest.MonkeyPatch
) -> None:
    traced: list[str] = []
    call: Callable[..., Any] = BaseClient._make_api_call  # type: ignore[attr-defined]

    def tracing(client: Any, operation: str, params: Any) -> Any:
        traced.append(operation)
        return call(client, operation, params)

    monkeypatch.setattr(BaseClient, "_make_api_call", tracing)
    asking = make()
    for _ in range(3):
        asking.ask()
    assert traced == ["GetRecommendations"] * 3


def test_a_mock_in_a_mock_keeps_its_own(make: Callable[..., Asking], kept: Kept) -> None:
    outer = make(clock=float(AT))
    outer.ask()
    with mock_personalize(clock=float(AT)) as inner:
        with pytest.raises(ClientError):
            outer.ask()
        restore(inner.emulator, kept)
        outer.ask()
        assert not outer.was_handled()
        assert len(inner.calls("GetRecommendations")) == 3
    assert not outer.was_handled()
    assert len(outer.mock.calls("GetRecommendations")) == 2


def test_a_wrong_call_is_refused_by_botocore_each_time(asking: Asking) -> None:
    asking.ask()
    for _ in range(2):
        with pytest.raises(Exception, match="Unknown parameter"):
            asking.ask(wrong=1)


def test_no_client_is_kept_alive(asking: Asking) -> None:
    made = []
    for _ in range(3):
        other = client()
        asking.ask(other)
        asking.ask(other)
        made.append(weakref.ref(other))
        del other
    gc.collect()
    assert [each() for each in made] == [None] * 3


def test_a_text_that_is_written_otherwise_is_told_apart(asking: Asking) -> None:
    class Secret(str):
        __slots__ = ()

        def __repr__(self) -> str:
            return "'***'"

    for user in (asking.campaign.user_id, "nobody"):
        asking.ask(userId=Secret(user))
    assert [call.parameters["userId"] for call in asking.mock.calls("GetRecommendations")] == [
        asking.campaign.user_id,
        "nobody",
    ]


def test_the_first_answer_too_is_the_callers_own(asking: Asking) -> None:
    first = asking.ask()
    headers = dict(first["ResponseMetadata"]["HTTPHeaders"])
    first["ResponseMetadata"]["HTTPHeaders"].clear()
    assert set(asking.ask()["ResponseMetadata"]["HTTPHeaders"]) == set(headers)


class Proxy:
    """Passes on all that is asked of a function, as the wrappers of tracers do."""

    def __init__(self, wrapped: Callable[..., Any], heard: list[str]) -> None:
        self.wrapped, self.heard = wrapped, heard

    def __getattr__(self, name: str) -> Any:
        return getattr(self.wrapped, name)

    def __get__(self, client: Any, owner: Any = None) -> Any:
        return self if client is None else lambda operation, params: self(client, operation, params)

    def __call__(self, client: Any, operation: str, params: Any) -> Any:
        self.heard.append(operation)
        return self.wrapped(client, operation, params)


def test_a_tracer_that_is_a_proxy_hears_each_call_and_stays(
    make: Callable[..., Asking], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(BaseClient, "_make_api_call", Proxy(BaseClient._make_api_call, heard))  # type: ignore[attr-defined]
    asking = make()
    for _ in range(3):
        asking.ask()
    assert heard == ["GetRecommendations"] * 3


def test_a_proxy_that_came_during_a_mock_is_not_taken_away() -> None:
    before = BaseClient.__dict__["_make_api_call"]
    with mock_personalize():
        proxy = Proxy(BaseClient.__dict__["_make_api_call"], [])
        BaseClient._make_api_call = proxy  # type: ignore[attr-defined]
    try:
        assert BaseClient.__dict__["_make_api_call"] is proxy
    finally:
        BaseClient._make_api_call = before  # type: ignore[attr-defined]
