"""Declared answers beside learned ones: exact lists, scores or errors for a campaign or recommender."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personalize_local.context import Context
from personalize_local.controls.declaring import DeclarationError, members, switch, text
from personalize_local.controls.operations import Operations, made
from personalize_local.ids import resource_tag
from personalize_local.provenance import Rule
from personalize_local.recipes.base import Operation
from personalize_local.runtime import actions, ranking, recommendations
from personalize_local.runtime.answering import leave_traces
from personalize_local.runtime.questions import question

ITEMS: tuple[Operation, ...] = ("GetRecommendations", "GetPersonalizedRanking")
ACTIONS: tuple[Operation, ...] = ("GetActionRecommendations",)
OPERATIONS = (*ITEMS, *ACTIONS)
RULES = (
    Rule(
        says="A pinned answer has the items, the order and the scores that its pin declares, as many as numResults; "
        "filters, promotions and metadataColumns are checked as ever and change nothing about it.",
        known="chosen",
    ),
    Rule(
        says="A pinned ranking has those items of inputList that the pin has, in its order, then the others without a "
        "score.",
        known="chosen",
    ),
    Rule(
        says="The campaign or recommender of a pinned answer must be there and ACTIVE, and the request one that its "
        "recipe takes, unless the pin says mustExist false.",
        known="chosen",
    ),
)

_MEMBERS = (
    *("campaign", "recommender", "userId", "itemId", "operation", "items", "actions", "scores"),
    *("error", "message", "mustExist"),
)
_TYPES = ("campaign", "recommender")
_LONGEST_ID = 256

Handler = Callable[[Context, dict[str, Any]], "Mapping[str, Any] | None"]
Key = tuple[str, str, "str | None", "str | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pin:
    id: str
    declared: Mapping[str, Any]
    listed: Sequence[tuple[str, float | None]]
    error: str | None
    message: str | None
    must_exist: bool

    def facts(self) -> dict[str, Any]:
        """As it was declared, with its id."""
        return {"id": self.id, **self.declared}


class Pins:
    """The pins that are declared. Of several that fit a call the one that names most of it answers: user and item,
    then the user, then the item, then none; one that has the same names as another takes its place."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._pins: dict[Key, _Pin] = {}
        self._lock = threading.Lock()
        self._number = 0

    def add(self, declared: object) -> str:
        """Declare a pin; its id. Raises DeclarationError."""
        given = members("pin", declared, _MEMBERS)
        target = _target(given)
        for_ = self._for(given)
        user, item = text("pin", given, "userId"), text("pin", given, "itemId")
        error = text("pin", given, "error")
        listed = () if error is not None else _listed(given)
        for operation in for_:
            if error is not None:
                self._operations.failing(operation, error)
            elif len(listed) > _most(operation):
                raise DeclarationError(f"a pin for {operation} has at most {_most(operation)} items")
        with self._lock:
            self._number += 1
            pin = _Pin(
                id=f"pin-{self._number}",
                declared=given,
                listed=listed,
                error=error,
                message=text("pin", given, "message"),
                must_exist=switch("pin", given, "mustExist", True),
            )
            self._pins = {**self._pins, **{(operation, target, user, item): pin for operation in for_}}
        return pin.id

    def remove(self, id_: str) -> bool:
        """Take a pin back; whether it was there."""
        with self._lock:
            left = {key: pin for key, pin in self._pins.items() if pin.id != id_}
            was_there = len(left) < len(self._pins)
            self._pins = left
        return was_there

    def clear(self) -> None:
        """Take all pins back."""
        with self._lock:
            self._pins = {}

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self._pins)

    def listed(self) -> list[dict[str, Any]]:
        """The pins that stand, as they were declared, with their ids."""
        return list({pin.id: pin.facts() for pin in self._pins.values()}.values())

    def standing(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """The pin that answers a call, as it was declared, with its id; None where none does."""
        pin = self._find(operation, params)
        return None if pin is None else pin.facts()

    def wrap(self, operation: str, handler: Handler) -> Handler:
        """``handler`` behind the pins of ``operation``; itself where there can be none."""
        if operation not in OPERATIONS:
            return handler

        def pinned(context: Context, params: dict[str, Any]) -> Mapping[str, Any] | None:
            pin = self._find(operation, params) if self._pins else None
            return handler(context, params) if pin is None else _answer(context, operation, params, pin)

        return pinned

    def _find(self, operation: str, params: Mapping[str, Any]) -> _Pin | None:
        pins, user, item = self._pins, params.get("userId"), params.get("itemId")
        for names in ((user, item), (user, None), (None, item), (None, None)):
            for target in _called(params):
                found = pins.get((operation, target, *names))
                if found is not None:
                    return found
        return None

    def _for(self, given: Mapping[str, Any]) -> Sequence[str]:
        operation = text("pin", given, "operation")
        if sum(name in given for name in ("items", "actions", "error")) != 1:
            raise DeclarationError("a pin has exactly one of items, actions and error")
        if "error" in given and "scores" in given:
            raise DeclarationError("a pin with an error has no scores")
        if "message" in given and "error" not in given:
            raise DeclarationError("message of a pin goes with error")
        able: Sequence[str] = ACTIONS if "actions" in given else ITEMS if "items" in given else OPERATIONS
        if "recommender" in given:
            able = [name for name in able if name not in ACTIONS]
        if operation is None and able:
            return able
        if operation is None or operation not in able:
            answer = next(name for name in ("items", "actions", "error") if name in given)
            raise DeclarationError(
                f"operation of a pin with {answer} must be one of {', '.join(able) or 'none'}, not {operation}"
            )
        return (operation,)


def _target(given: Mapping[str, Any]) -> str:
    named = [name for name in _TYPES if name in given]
    if len(named) != 1:
        raise DeclarationError("a pin has exactly one of campaign and recommender, by ARN or name")
    target = text("pin", given, named[0]) or ""
    if not target.startswith("arn:"):
        return f"{named[0]}/{target}"
    if f":{named[0]}/" not in target:
        raise DeclarationError(f"{named[0]} of a pin is no ARN of a {named[0]}: {target}")
    return target


def _called(params: Mapping[str, Any]) -> Iterator[str]:
    """What pins of the called campaign or recommender may be declared for: its ARN, and its name in any account."""
    for member in ("campaignArn", "recommenderArn"):
        if (arn := params.get(member)) is not None:
            yield arn
            yield arn.rpartition(":")[2]


def _listed(given: Mapping[str, Any]) -> list[tuple[str, float | None]]:
    member = "actions" if "actions" in given else "items"
    name = f"{member[:-1]}Id"
    entries, scores = given[member], given.get("scores")
    if not isinstance(entries, list | tuple):
        raise DeclarationError(f"{member} of a pin must be a list")
    if scores is not None and (not isinstance(scores, list | tuple) or len(scores) != len(entries)):
        raise DeclarationError(f"scores of a pin must be a list as long as {member}")
    listed = []
    for place, entry in enumerate(entries):
        given_score = None if scores is None else scores[place]
        if isinstance(entry, Mapping):
            if scores is not None:
                raise DeclarationError("scores of a pin go with plain ids")
            entry = members(f"pin's {member}", entry, (name, "score"))  # checked and copied
            id_, given_score = entry.get(name), entry.get("score")
        else:
            id_ = entry
        listed.append((_id(id_, name), _score(given_score)))
    if len({id_ for id_, _ in listed}) < len(listed):
        raise DeclarationError(f"{member} of a pin must differ from each other")
    return listed


def _id(value: object, name: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= _LONGEST_ID:
        raise DeclarationError(f"each {name} of a pin must be a text of 1 to {_LONGEST_ID} characters")
    return value


def _score(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DeclarationError("each score of a pin must be a number")
    return float(value)


def _most(operation: str) -> int:
    return actions.MAXIMUM_RESULTS if operation in ACTIONS else recommendations.MAXIMUM_RESULTS


def _answer(context: Context, operation: str, params: dict[str, Any], pin: _Pin) -> dict[str, Any]:
    """The pinned answer. Raises what the service does for a request that it refuses, and the pinned error."""
    arn = str(params.get("campaignArn") or params.get("recommenderArn"))
    count = _count(operation, params)
    group = None
    if pin.must_exist:
        with context.emulator.database.read() as rows:
            # The name is one of OPERATIONS; the type checker cannot know.
            asked = question(context, rows, params, operation)  # type: ignore[arg-type]
            if asked.loaded.recipe.impressions and operation == "GetRecommendations":
                group = asked.loaded.dataset_group
    if pin.error is not None:
        raise made(pin.error, pin.message)
    listed, ids = pin.listed[:count], [item for item, _ in pin.listed[:count]]
    told = {"recommendationId": leave_traces(context, arn, resource_tag(arn), group=group, shown=ids)}
    if operation == "GetPersonalizedRanking":
        return {"personalizedRanking": _ranked(pin, params["inputList"]), **told}
    if operation == "GetActionRecommendations":
        return {"actionList": [_entry("actionId", *each) for each in listed], **told}
    return {"itemList": [_entry("itemId", *each) for each in listed], **told}


def _count(operation: str, params: Mapping[str, Any]) -> int:
    if operation == "GetPersonalizedRanking":
        if not 1 <= len(params["inputList"]) <= ranking.MAXIMUM_INPUT:
            raise ranking.INPUT_LENGTH(most=ranking.MAXIMUM_INPUT)
        return len(params["inputList"])
    default = actions.DEFAULT_RESULTS if operation in ACTIONS else recommendations.DEFAULT_RESULTS
    count: int = params.get("numResults") or default
    if count > _most(operation):
        raise recommendations.TOO_MANY_RESULTS(most=_most(operation))
    return count


def _ranked(pin: _Pin, given: Sequence[str]) -> list[dict[str, Any]]:
    wanted = dict.fromkeys(given)
    first = [_entry("itemId", *each) for each in pin.listed if each[0] in wanted]
    named = {id_ for id_, _ in pin.listed}
    return first + [{"itemId": id_} for id_ in wanted if id_ not in named]


def _entry(member: str, id_: str, score: float | None) -> dict[str, Any]:
    return {member: id_} if score is None else {member: id_, "score": score}
