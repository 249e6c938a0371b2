"""Every kind goes its whole way, in every status mode."""

from __future__ import annotations

import pytest

from .beyond import BEYOND, look_around_recipes
from .kinds import MODEL, Case
from .stage import Stage
from .table import CASES, PLAIN
from .walking import change, check_tags, come_to_be, create, go


def walk(stage: Stage, case: Case) -> None:
    params = case.params(stage, stage.name(case.kind))
    arn = create(stage, case, params)
    found = come_to_be(stage, case, params, arn)
    check_tags(stage, case, arn)
    if case.update is not None:
        change(stage, case, case.update, found)
    if case.kind in BEYOND:
        BEYOND[case.kind](stage, arn)
    if case.is_deletable:
        go(stage, case, params, arn)
        again = create(stage, case, params)
        assert again == arn or case.kind == "eventTracker"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_resource_from_its_creation_to_its_deletion(stage: Stage, case: Case) -> None:
    walk(stage, case)


def test_the_ways_of_all_kinds_call_all_71_operations(fresh: Stage) -> None:
    look_around_recipes(fresh)
    for case in PLAIN:
        walk(fresh, case)
    assert fresh.watch.called == set(MODEL.operation_names)
    assert len(fresh.watch.called) == 71
