"""What the events service may not be told: by the table's own account of groups and trackers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.wire.program import INTERACTIONS, USERS, Program, avro

from .asking import INVALID, UNKNOWN, foreign, unknown
from .world import ACTIONS, ITEMS

ACTION_INTERACTIONS = avro(
    "ActionInteractions",
    ("USER_ID", "string"),
    ("ACTION_ID", "string"),
    ("EVENT_TYPE", "string"),
    ("TIMESTAMP", "long"),
    ("COUNT", ["null", "int"]),
)
CONTENTS = {
    "INTERACTIONS": INTERACTIONS,
    "ITEMS": ITEMS,
    "USERS": USERS,
    "ACTIONS": ACTIONS,
    "ACTION_INTERACTIONS": ACTION_INTERACTIONS,
}
WHOLE: dict[str, Any] = {"price": 1.5, "title": "t"}
"""What an item must have."""
STATUS = {INVALID: 400, UNKNOWN: 404, "ResourceInUseException": 409}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A group that has a dataset of every type, and its two tracking ids."""

    program: Program
    datasets: Mapping[str, str]
    tracking: str
    actions_tracking: str


def place(program: Program) -> Place:
    """Make it."""
    group = program.group("records")
    datasets = {kind: program.dataset(group, kind, text) for kind, text in CONTENTS.items()}
    described = program.personalize.describe_dataset(datasetArn=datasets["ACTION_INTERACTIONS"])["dataset"]
    return Place(
        program=program,
        datasets=datasets,
        tracking=program.tracker(group),
        actions_tracking=described["trackingId"],
    )


@dataclass(frozen=True, kw_only=True)
class Case:
    """One refused call; the same texts in every place but for its ARNs."""

    name: str
    operation: str
    params: Callable[[Place], dict[str, Any]]
    text: Callable[[Place], str]
    code: str = INVALID

    def __str__(self) -> str:
        return f"{self.operation}-{self.name}"


def _event(name: str, text: str, **event: Any) -> Case:
    given = {"eventType": "watch", "sentAt": 1_700_000_000, **event}
    return Case(
        name=name,
        operation="PutEvents",
        params=lambda place: {"trackingId": place.tracking, "sessionId": "s", "eventList": [given]},
        text=lambda _: text,
    )


def _action(name: str, text: str, **event: Any) -> Case:
    whole = {"actionId": "a", "sessionId": "s", "timestamp": 1_700_000_000, "eventType": "Taken", **event}
    return Case(
        name=name,
        operation="PutActionInteractions",
        params=lambda place: {"trackingId": place.actions_tracking, "actionInteractions": [whole]},
        text=lambda _: text,
    )


def _records(kind: str, properties: Any) -> dict[str, Any]:
    """The list of a record with these properties; a text as it is, None for a record without any."""
    listed, id_ = kind.lower(), f"{kind.lower()[:-1]}Id"
    record = {id_: "x"}
    if properties is not None:
        record["properties"] = properties if isinstance(properties, str) else json.dumps(properties)
    # A good record before it must not be kept either.
    return {listed: [{id_: "good", "properties": json.dumps(GOOD[kind])}, record]}


GOOD = {"ITEMS": WHOLE, "USERS": {}, "ACTIONS": {"kind": "k"}}
OPERATIONS = {"ITEMS": "PutItems", "USERS": "PutUsers", "ACTIONS": "PutActions"}


def _record(name: str, kind: str, properties: Any, text: str) -> Case:
    return Case(
        name=name,
        operation=OPERATIONS[kind],
        params=lambda place: {"datasetArn": place.datasets[kind], **_records(kind, properties)},
        text=lambda _: text,
    )


def _arns(kind: str) -> list[Case]:
    def case(name: str, arn: Callable[[Place], str], text: Callable[[str], str], code: str = INVALID) -> Case:
        return Case(
            name=name,
            operation=OPERATIONS[kind],
            params=lambda place: {"datasetArn": arn(place), **_records(kind, GOOD[kind])},
            text=lambda place: text(arn(place)),
            code=code,
        )

    def no_arn(text: str) -> str:
        return foreign("datasetArn", text)[2]

    return [
        case("an unknown dataset", lambda place: place.program.arn(f"dataset/none/{kind}"),
             lambda arn: unknown(arn)[2], UNKNOWN),
        case("another kind", lambda place: place.program.arn("dataset-group/records"), no_arn),
        case("another account",
             lambda place: place.datasets[kind].replace(place.program.account, "000000000000"), no_arn),
        case("another region", lambda place: place.datasets[kind].replace("us-east-1", "eu-west-1"), no_arn),
        *(
            case(f"a dataset of {other}", lambda place, other=other: place.datasets[other],  # type: ignore[misc]
                 lambda arn, other=other: f"Dataset {arn} is of type {other}; this operation takes a dataset of type "  # type: ignore[misc]
                 f"{kind}.")
            for other in CONTENTS
            if other != kind
        ),
    ]  # fmt: skip


_NO_OBJECT = "Error parsing properties json"
_NOT_OBJECTS = ("watch", "[]", '"{}"', "{", "7", "null", '{"a": NaN}')
_ELSEWHERE = ("userId", "SESSION_ID", "eventType", "timestamp", "recommendationId", "IMPRESSION")
_SHOWN = {"sessionid": "sessionId", "impression": "impression"}
_UNKNOWN_TYPE = "The eventType of an action interaction must be one of TAKEN, NOT_TAKEN, VIEWED, not {}."
# 25 ids of 256 characters of two bytes each.
_MANY = ["é" * 256] * 25


def _large(ids: int) -> str:
    return f"An event may have at most 10240 bytes; this one has {12800 + ids}."


def _forbidden(name: str) -> tuple[str, str]:
    shown = _SHOWN.get(name.replace("_", "").lower(), name)
    return f'{{"{name}": "x"}}', f"The properties may not contain {shown}."


def _missing(name: str) -> str:
    return f"The property {name} is missing; the schema of the dataset does not allow it to be null."


CASES: tuple[Case, ...] = (
    *(_event(f"properties {text}", _NO_OBJECT, properties=text) for text in _NOT_OBJECTS),
    *(_event(f"{name} in properties", _forbidden(name)[1], properties=_forbidden(name)[0]) for name in _ELSEWHERE),
    _event("a value in words", "The property EVENT_VALUE must be of type float.", properties='{"eventValue": "much"}'),
    _event("a long string", "The property DEVICE may not be longer than 1000 characters.",
           properties='{"device": "' + "x" * 1001 + '"}'),
    _event("a long item", "The property ITEM_ID may not be longer than 256 characters.",
           properties='{"itemId": "' + "x" * 257 + '"}'),
    _event("more than a whole event", _large(len("watch")), impression=_MANY),
    *(
        Case(name=f"the tracking id {name}", operation="PutEvents",
             params=lambda place, of=of: {  # type: ignore[misc]
                 "trackingId": of(place), "sessionId": "s", "eventList": [{"eventType": "a", "sentAt": 1}]},
             text=lambda place, of=of:  # type: ignore[misc]
             f"The trackingId {of(place)} does not belong to an ACTIVE event tracker.")
        for name, of in (("of nobody", lambda _: "none"), ("of actions", lambda place: place.actions_tracking))
    ),
    *(_action(f"properties {text}", _NO_OBJECT, properties=text) for text in _NOT_OBJECTS),
    *(_action(f"{name} in properties", _forbidden(name)[1], properties=_forbidden(name)[0]) for name in _ELSEWHERE),
    _action("a count in words", "The property COUNT must be of type int.", properties='{"count": "many"}'),
    _action("more than a whole event", _large(len("a") + len("s") + len("Taken")), impression=_MANY),
    *(_action(f"the event type {name}", _UNKNOWN_TYPE.format(name), eventType=name)
      for name in ("watch", "Taken ", "NotTaken", "not-taken")),
    *(
        Case(name=f"the tracking id {name}", operation="PutActionInteractions", code=UNKNOWN,
             params=lambda place, of=of: {  # type: ignore[misc]
                 "trackingId": of(place), "actionInteractions": [
                     {"actionId": "a", "sessionId": "s", "timestamp": 1, "eventType": "Taken"}]},
             text=lambda place, of=of:  # type: ignore[misc]
             f"The trackingId {of(place)} does not belong to an Action_Interactions dataset.")
        for name, of in (("of nobody", lambda _: "none"), ("of events", lambda place: place.tracking))
    ),
    *(case for kind in OPERATIONS for case in _arns(kind)),
    *(_record(f"properties {text}", kind, text, _NO_OBJECT) for kind in OPERATIONS for text in _NOT_OBJECTS),
    *(_record("an unknown property", kind, {**GOOD[kind], "colour": "red"},
              "The property colour is not in the schema of the dataset.") for kind in OPERATIONS),
    _record("no properties", "ITEMS", None, _missing("PRICE")),
    _record("no title", "ITEMS", {"price": 1}, _missing("TITLE")),
    _record("an empty title", "ITEMS", {"price": 1, "title": ""}, _missing("TITLE")),
    _record("a price of null", "ITEMS", {"price": None, "title": "t"}, _missing("PRICE")),
    _record("no kind", "ACTIONS", None, _missing("KIND")),
    *(_record(f"{name} {value!r}", "ITEMS", {**WHOLE, name: value}, f"The property {column} must be of type {type_}.")
      for name, value, column, type_ in (
          ("price", "dear", "PRICE", "float"), ("price", True, "PRICE", "float"), ("stock", 1.5, "STOCK", "int"),
          ("stock", 2**31, "STOCK", "int"), ("sold", "maybe", "SOLD", "boolean"), ("genre", ["a"], "GENRE", "string"),
      )),
    _record("a long genre", "ITEMS", {**WHOLE, "genre": "x" * 1001},
            "The property GENRE may not be longer than 1000 characters."),
    _record("a long age", "USERS", {"age": "x" * 1001}, "The property AGE may not be longer than 1000 characters."),
)  # fmt: skip
