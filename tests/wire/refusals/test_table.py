"""Each case of the table, and that the table is whole."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

import personalize_local.resources
from personalize_local.provenance import Refusal
from personalize_local.server.serving import BackgroundServer
from tests.wire.program import Program, refused

from . import data, serving, solutions
from .cases import Case
from .world import World, build

MODEL = botocore.session.get_session().get_service_model("personalize")
CASES: tuple[Case, ...] = (*solutions.CASES, *serving.CASES, *data.CASES)
# What needs a state of its own is refused in the modules beside this one and in those named here.
ELSEWHERE = ("test_states.py", "test_quotas.py", "../test_refusals.py", "../test_lists.py", "../test_lifecycles.py")


@pytest.fixture(scope="module")
def world(server: BackgroundServer) -> World:
    return build(Program(server.url))


def standing(world: World) -> list[tuple[str, int]]:
    """How many of each kind there are: nothing that is refused may change it."""
    found = []
    for name in MODEL.operation_names:
        if name.startswith("List") and name not in ("ListTagsForResource", "ListRecipes"):
            answer = getattr(world.program.personalize, xform_name(name))()
            found += [(name, len(value)) for value in answer.values() if isinstance(value, list)]
    return found


@pytest.mark.parametrize("case", CASES, ids=[f"{case.operation}-{case.name}" for case in CASES])
def test_a_call_is_refused_in_these_words(world: World, case: Case) -> None:
    call = getattr(world.program.personalize, xform_name(case.operation))
    assert refused(call, **case.params(world)) == (case.code, 400, case.text(world))
    modelled = {shape.name for shape in MODEL.operation_model(case.operation).error_shapes}
    assert case.code in modelled


def test_what_is_refused_changes_nothing(world: World) -> None:
    before = standing(world)
    for case in CASES[::4]:
        refused(getattr(world.program.personalize, xform_name(case.operation)), **case.params(world))
    assert standing(world) == before


def test_the_table_is_long_and_has_no_case_twice() -> None:
    assert len(CASES) >= 150
    names = [(case.operation, case.name) for case in CASES]
    assert len(set(names)) == len(names)


def refusals() -> Iterator[tuple[str, Refusal]]:
    """Every refusal that a module of the control plane declares."""
    for found in pkgutil.iter_modules(personalize_local.resources.__path__):
        module = importlib.import_module(f"personalize_local.resources.{found.name}")
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        for name, value in vars(module).items():
            if isinstance(value, Refusal) and re.search(rf"^{name} = ", source, re.MULTILINE):
                yield f"{found.name}.{name}", value


def test_every_declared_refusal_is_met(world: World) -> None:
    texts = [case.text(world) for case in CASES]
    sources = "".join((Path(__file__).parent / name).read_text(encoding="utf-8") for name in ELSEWHERE)
    missed = []
    for name, refusal in refusals():
        parts = [re.escape(part) for part in re.split(r"\{\w+\}", refusal.text)]
        in_table = any(re.fullmatch(".*".join(parts), text, re.DOTALL) for text in texts)
        # In source a text may be broken over lines: its longest plain stretch of words is looked for.
        words = max(re.split(r"\{\w+\}", refusal.text), key=len).strip(" .")
        if not in_table and words not in re.sub(r'"\s+f?"', "", sources):
            missed.append(name)
    assert missed == []
