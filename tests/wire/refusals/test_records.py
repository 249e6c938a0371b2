"""Each refusal of the events service, that the table of them is whole, and that nothing comes of what is refused."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import botocore.session
import pytest

from personalize_local.ledger import declarations
from personalize_local.provenance import Refusal, Sentence
from tests.wire.conformance import making
from tests.wire.conformance.stage import Stage
from tests.wire.program import refused

from .asking import operation
from .declared import listening
from .records import ACTION_INTERACTIONS, CASES, STATUS, Case, Place, place

MODEL = botocore.session.get_session().get_service_model("personalize-events")


@pytest.fixture(scope="module")
def standing(still: Stage) -> Place:
    return place(still.other().program)


def ask(standing: Place, case: Case) -> tuple[str, int, str]:
    return refused(operation(standing.program.events, case.operation), **case.params(standing))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_call_is_refused_in_these_words(standing: Place, case: Case) -> None:
    assert ask(standing, case) == (case.code, STATUS[case.code], case.text(standing))
    assert case.code in {shape.name for shape in MODEL.operation_model(case.operation).error_shapes}


def test_nothing_comes_of_what_is_refused(standing: Place, still: Stage) -> None:
    for case in CASES:
        ask(standing, case)
    with still.server.emulator.database.read() as rows:
        assert [rows.last_row(dataset) for dataset in standing.datasets.values()] == [0] * len(standing.datasets)
        streams = (standing.program.arn("dataset-group/records"), standing.datasets["ACTION_INTERACTIONS"])
        assert [rows.last_event(stream) for stream in streams] == [0, 0]


def test_every_declared_refusal_is_met(standing: Place) -> None:
    declared = {
        each.name
        for each in declarations()
        if isinstance(each.what, Refusal | Sentence)
        and (each.module.startswith("events.") or each.module == "datasets.properties")
    }
    with listening() as heard:
        for case in CASES:
            with suppress(pytest.fail.Exception):  # one that is not refused is told above
                ask(standing, case)
    assert sorted(declared - {name.rpartition(".")[2] for name in heard}) == []


def test_the_table_has_no_case_twice() -> None:
    assert len({str(case) for case in CASES}) == len(CASES) >= 100


TOO_MANY = (
    ("PutEvents", "eventList", {"eventType": "a", "sentAt": 1}, {"trackingId": "t", "sessionId": "s"}),
    (
        "PutActionInteractions",
        "actionInteractions",
        {"actionId": "a", "sessionId": "s", "timestamp": 1, "eventType": "Taken"},
        {"trackingId": "t"},
    ),
    ("PutItems", "items", {"itemId": "x"}, {"datasetArn": "arn:aws:personalize:a:b:dataset/c/ITEMS"}),
    ("PutUsers", "users", {"userId": "x"}, {"datasetArn": "arn:aws:personalize:a:b:dataset/c/USERS"}),
    ("PutActions", "actions", {"actionId": "x"}, {"datasetArn": "arn:aws:personalize:a:b:dataset/c/ACTIONS"}),
)


@pytest.mark.parametrize(("name", "listed", "one", "more"), TOO_MANY, ids=[name for name, *_ in TOO_MANY])
def test_no_call_takes_more_than_ten(standing: Place, name: str, listed: str, one: Any, more: dict[str, Any]) -> None:
    code, status, text = refused(operation(standing.program.events, name), **more, **{listed: [one] * 11})
    assert (code, status) == ("ValidationException", 400)
    assert f"'{listed}' failed to satisfy constraint: Member must have length less than or equal to 10" in text


def test_a_dataset_arn_that_is_none_breaks_the_model(standing: Place) -> None:
    code, _, text = refused(standing.program.events.put_items, datasetArn="items", items=[{"itemId": "x"}])
    assert code == "ValidationException"
    assert "'datasetArn' failed to satisfy constraint: Member must satisfy regular expression pattern" in text


def test_a_dataset_takes_nothing_before_it_is_ready_nor_once_it_is_to_go(slow: Stage) -> None:
    group = making.group(slow)
    made = {}
    for kind, text in (("ITEMS", making.ITEMS), ("ACTION_INTERACTIONS", ACTION_INTERACTIONS)):
        schema = making.schema(slow, text)
        made[kind] = slow.call("CreateDataset", name="d", datasetGroupArn=group, datasetType=kind, schemaArn=schema)[
            "datasetArn"
        ]
    tracking = slow.describe("dataset", made["ACTION_INTERACTIONS"])["trackingId"]
    events = slow.program.events
    action = {"actionId": "a", "sessionId": "s", "timestamp": 1, "eventType": "Taken"}

    def both(status: str) -> None:
        for kind, found in (
            ("ITEMS", refused(events.put_items, datasetArn=made["ITEMS"], items=[{"itemId": "x"}])),
            (
                "ACTION_INTERACTIONS",
                refused(events.put_action_interactions, trackingId=tracking, actionInteractions=[action]),
            ),
        ):
            text = f"Resource {made[kind]} is not ACTIVE. Current status: {status}."
            assert found == ("ResourceInUseException", 409, text)

    both("CREATE PENDING")
    slow.wait(10)
    both("CREATE IN_PROGRESS")
    slow.wait(90)
    events.put_action_interactions(trackingId=tracking, actionInteractions=[action])
    for arn in made.values():
        slow.call("DeleteDataset", datasetArn=arn)
    both("DELETE PENDING")
    slow.wait(100)
    found = refused(events.put_items, datasetArn=made["ITEMS"], items=[{"itemId": "x"}])
    assert found == ("ResourceNotFoundException", 404, f"Resource Arn {made['ITEMS']} does not exist.")
    found = refused(events.put_action_interactions, trackingId=tracking, actionInteractions=[action])
    assert found[:2] == ("ResourceNotFoundException", 404)
