"""The way of one resource from its creation to its deletion, with what must be seen at each step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.wire.program import refused

from .kinds import TIMES, Case, Update
from .parameters import Params
from .stage import Stage

TAKEN = "ResourceAlreadyExistsException"
GONE = "ResourceNotFoundException"
IN_USE = "ResourceInUseException"
INVALID = "InvalidInputException"
Described = Mapping[str, Any]


def refusal(stage: Stage, operation: str, **params: Any) -> str:
    """The class of the error of a call that must fail."""
    return refused(stage.call, operation=operation, **params)[0]


def create(stage: Stage, case: Case, params: Params) -> str:
    """Make the resource, with a tag where it takes one, and check the answer; its ARN."""
    tags = {"tags": [{"tagKey": "made", "tagValue": "here"}]} if case.taggable else {}
    answer = stage.call(f"Create{case.title}", **params, **tags)
    assert set(answer) == {case.arn_member, *case.answer.split()}
    arn = str(answer[case.arn_member])
    names = {
        "name": params.get(case.name_member),
        "group": params.get("datasetGroupArn", "").rpartition("/")[2],
        "solution": params.get("solutionArn", "").rpartition("/")[2],
    }
    assert re.fullmatch(re.escape(stage.program.arn("")) + case.tail.format(**names), arn)
    return arn


def summaries(stage: Stage, case: Case, **given: Any) -> dict[str, Any]:
    """The listed resources by ARN."""
    found = stage.call(f"List{case.title}s", **given)[case.list_key]
    return {summary[case.arn_member]: summary for summary in found}


def check_members(case: Case, found: Described, word: str | None, *, further: frozenset[str] = frozenset()) -> None:
    """Check that a description has all that it must have at a status, and nothing else."""
    ended = case.words is not None and word == case.words[2]
    expected = {*case.members.split(), *TIMES, *further}
    expected |= {"status"} if case.words is not None else set()
    expected |= set(case.done.split()) if ended else set()
    assert set(found) == expected, f"{case} at {word}"


def check_summary(stage: Stage, case: Case, params: Params, found: Described) -> None:
    """Check that the lists have the resource as it is described."""
    arn = found[case.arn_member]
    filters = [{}] if case.list_filter is None else [{}, {case.list_filter: case.parent(params)}]
    for given in filters:
        summary = summaries(stage, case, **given)[arn]
        expected = {*case.summary.split(), *TIMES, *({"status", "failureReason"} & set(found))}
        assert set(summary) == expected, case
        assert summary == {name: found[name] for name in summary}, case


def check_times(stage: Stage, found: Described) -> None:
    """Check that a description does not come from the future."""
    assert found["creationDateTime"] <= found["lastUpdatedDateTime"], found
    assert found["lastUpdatedDateTime"].timestamp() <= stage.now, found


def come_to_be(stage: Stage, case: Case, params: Params, arn: str) -> Described:
    """Follow the creation to its end; the last description."""
    if case.words is None:
        found = stage.describe(case.kind, arn)
        check_members(case, found, None)
        return found
    first = summaries(stage, case)[arn]["status"]
    found = {}
    for found, word in stage.follow(lambda: stage.describe(case.kind, arn), case.words, case.span):
        assert found["status"] == word, case
        assert first in (word, case.words[0]), "a list does not make time pass"
        check_members(case, found, word)
        check_times(stage, found)
    for name in set(params) & set(found):
        assert found[name] == params[name], f"{case}: {name}"
    check_summary(stage, case, params, found)
    return found


def check_tags(stage: Stage, case: Case, arn: str) -> None:
    """Check that tags come and go, or that there are none."""

    def tags() -> dict[str, str]:
        listed = stage.call("ListTagsForResource", resourceArn=arn)["tags"]
        return {tag["tagKey"]: tag["tagValue"] for tag in listed}

    given = [{"tagKey": "team", "tagValue": "a"}]
    if not case.taggable:
        assert refusal(stage, "TagResource", resourceArn=arn, tags=given) == INVALID
        assert refusal(stage, "UntagResource", resourceArn=arn, tagKeys=["team"]) == INVALID
        assert refusal(stage, "ListTagsForResource", resourceArn=arn) == INVALID
        return
    assert tags() == {"made": "here"}, case
    assert stage.call("TagResource", resourceArn=arn, tags=given) == {}
    assert tags() == {"made": "here", "team": "a"}, case
    assert stage.call("UntagResource", resourceArn=arn, tagKeys=["made", "unknown"]) == {}
    assert tags() == {"team": "a"}, case


def change(stage: Stage, case: Case, update: Update, before: Described) -> Described:
    """Update the resource: what was in force is, until the update is done; the last description."""
    arn, member = before[case.arn_member], f"latest{case.title}Update"
    given, shown = update.change(stage, before)
    assert stage.call(f"Update{case.title}", **{case.arn_member: arn}, **given) == {case.arn_member: arn}
    found: Described = {}
    for found, word in stage.follow(lambda: stage.describe(case.kind, arn), update.words, update.span):
        done = word == update.words[2]
        assert found["status"] == (word if update.shows else "ACTIVE"), case
        assert set(found) == set(before) | {member} | (set(shown) if done else set()), case
        latest = found[member]
        assert latest["status"] == word, case
        assert set(latest) == {*update.view.split(), "status", *TIMES}, case
        check_times(stage, latest)
        check_times(stage, found)
        for name, value in shown.items():
            assert found.get(name) == (value if done else before.get(name)), f"{case}: {name} at {word}"
        if word == update.words[0] and not done:
            _check_kept(stage, case, update, arn)
    if update.same_is_refused:
        assert refusal(stage, f"Update{case.title}", **{case.arn_member: arn}, **given) == INVALID, case
    return found


def _check_kept(stage: Stage, case: Case, update: Update, arn: str) -> None:
    """Check that what updates is neither deleted nor updated again."""
    given, _ = update.change(stage, {"performAutoTraining": True, "solutionConfig": {}, "recommenderConfig": {}})
    assert refusal(stage, f"Delete{case.title}", **{case.arn_member: arn}) == IN_USE, case
    assert refusal(stage, f"Update{case.title}", **{case.arn_member: arn}, **given) == IN_USE, case


def go(stage: Stage, case: Case, params: Params, arn: str) -> None:
    """Delete the resource and follow it until it is gone."""
    this = {case.arn_member: arn}
    delete, describe = f"Delete{case.title}", f"Describe{case.title}"
    assert stage.call(delete, **this) == {}
    if case.deletion is not None:
        listed = {} if stage.mode == "instant" else {arn: case.deletion[0]}
        assert {key: one["status"] for key, one in summaries(stage, case).items() if key == arn} == listed, case
        for seconds, word in stage.leaving(case.deletion):
            stage.wait(seconds)
            assert refusal(stage, delete, **this) == (GONE if stage.mode == "instant" else IN_USE), case
            if stage.mode != "instant":  # the name is taken until it is gone
                assert refusal(stage, f"Create{case.title}", **params) == TAKEN, case
            found = stage.describe(case.kind, arn)
            assert found["status"] == word, case
            assert "modelMetrics" not in found
        stage.wait({"timed:100": 100, "real": 600}.get(stage.mode, 0))
    assert refusal(stage, describe, **this) == GONE, case
    assert refusal(stage, delete, **this) == GONE, case
    assert arn not in summaries(stage, case), case
    if case.taggable:
        assert refusal(stage, "ListTagsForResource", resourceArn=arn) == GONE, case
