"""Names that are taken, and tags at a creation, for every kind of resource."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.conformance import making
from tests.wire.conformance.kinds import Case
from tests.wire.conformance.stage import Stage
from tests.wire.conformance.table import CASES, PLAIN

from .asking import foreign, operation, refused, taken
from .declared import meets
from .tags import FAULTS

NAMED = tuple(case for case in PLAIN if case.kind != "solutionVersion") + tuple(
    case for case in CASES if case.variant == "named"
)
TAGGED = tuple(case for case in PLAIN if case.taggable)


def ask(stage: Stage, name: str, /, **params: Any) -> tuple[str, int, str]:
    return refused(operation(stage.program.personalize, name), **params)


@pytest.mark.parametrize("case", NAMED, ids=str)
@meets("errors.ALREADY_EXISTS")
def test_a_name_is_taken_once(still: Stage, case: Case) -> None:
    params = case.params(still, still.name(case.kind))
    arn = still.call(f"Create{case.title}", **params)[case.arn_member]
    before = still.call(f"List{case.title}s")[case.list_key]
    assert ask(still, f"Create{case.title}", **params) == taken(arn)
    assert still.call(f"List{case.title}s")[case.list_key] == before


ELSEWHERE = [
    case for case in NAMED if case.kind not in {"datasetGroup", "schema", "dataset", "eventTracker", "solutionVersion"}
]


@pytest.mark.parametrize("case", ELSEWHERE, ids=str)
def test_a_name_is_taken_in_all_groups_datasets_and_solutions(still: Stage, case: Case) -> None:
    name = still.name(case.kind)
    params = case.params(still, name)
    arn = still.call(f"Create{case.title}", **params)[case.arn_member]
    other = {**case.params(still, name), **_of_another(still, case)}
    assert other != params
    assert ask(still, f"Create{case.title}", **other) == taken(arn)


def _of_another(stage: Stage, case: Case) -> dict[str, Any]:
    """What the resource belongs to, another one."""
    if case.kind in ("filter", "solution"):
        group = making.group(stage)
        making.load(stage, making.dataset(stage, group, "ITEMS", making.ITEMS), making.CATALOGUE)
        making.load(stage, making.dataset(stage, group, "INTERACTIONS", making.INTERACTIONS), making.interactions_csv())
        return {"datasetGroupArn": group}
    if case.kind == "recommender":
        return {"datasetGroupArn": making.store(stage)}
    if case.kind in ("campaign", "batchInferenceJob"):
        return {"solutionVersionArn": stage.once(making.personal_version)}
    if case.kind == "batchSegmentJob":
        return {"solutionVersionArn": making.segment_version(stage)}
    if case.kind == "datasetExportJob":
        return {"datasetArn": making.dataset(stage, making.group(stage), "ITEMS", making.ITEMS)}
    return {}  # its parameters are of another group each time


@pytest.mark.parametrize("case", TAGGED, ids=str)
@pytest.mark.parametrize(("fault", "tags", "text", "code"), FAULTS, ids=[name for name, *_ in FAULTS])
def test_nothing_is_made_with_tags_that_cannot_be(
    still: Stage, case: Case, fault: str, tags: list[dict[str, str]], text: str, code: str
) -> None:
    del fault
    params = case.params(still, still.name(case.kind))
    before = still.call(f"List{case.title}s")[case.list_key]
    assert ask(still, f"Create{case.title}", **params, tags=tags) == (code, 400, text)
    assert still.call(f"List{case.title}s")[case.list_key] == before
    still.call(f"Create{case.title}", **params, tags=tags[:1] if code == "TooManyTagsException" else [])


def test_every_kind_is_named_and_thirteen_are_tagged() -> None:
    assert len({case.kind for case in NAMED}) == 15
    assert len(TAGGED) == 13


def test_a_fifty_first_tag_is_refused_and_another_value_is_not(still: Stage) -> None:
    group = making.group(still)
    still.call("TagResource", resourceArn=group, tags=[{"tagKey": f"k{n}", "tagValue": ""} for n in range(50)])
    one = [{"tagKey": "k50", "tagValue": ""}]
    assert ask(still, "TagResource", resourceArn=group, tags=one)[0] == "TooManyTagsException"
    still.call("TagResource", resourceArn=group, tags=[{"tagKey": "k7", "tagValue": "new"}])
    tags = still.call("ListTagsForResource", resourceArn=group)["tags"]
    assert len(tags) == 50
    assert {"tagKey": "k7", "tagValue": "new"} in tags
    still.call("UntagResource", resourceArn=group, tagKeys=["k0"])
    still.call("TagResource", resourceArn=group, tags=one)


def test_tags_of_what_is_gone(still: Stage) -> None:
    tracker = still.call("CreateEventTracker", name="t", datasetGroupArn=making.group(still))["eventTrackerArn"]
    still.call("DeleteEventTracker", eventTrackerArn=tracker)
    for name, given in (("TagResource", {"tags": []}), ("UntagResource", {"tagKeys": []}), ("ListTagsForResource", {})):
        code, status, text = ask(still, name, resourceArn=tracker, **given)
        assert (code, status, text) == ("ResourceNotFoundException", 400, f"Resource Arn {tracker} does not exist.")


def test_tags_of_another_account(still: Stage) -> None:
    group = making.group(still.other())
    assert ask(still, "ListTagsForResource", resourceArn=group) == foreign("resourceArn", group)
