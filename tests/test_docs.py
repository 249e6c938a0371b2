"""The pages that are made of the code, and what has to hold of the declarations that they are made of."""

from __future__ import annotations

import ast
import re
import string
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from personalize_local.ledger import PAGES, Declared, declarations
from personalize_local.provenance import Refusal, Rule

ROOT = Path(__file__).resolve().parents[1]
DECLARED = declarations()
SAID = [each for each in DECLARED if not isinstance(each.what, Rule)]
# A sentence is written where it is declared; these are raised with one that is filled in.
WORDED = {
    "ServiceError",
    "SchemaError",
    "PropertiesError",
    "ImportFailure",
    "MissingColumns",
    "ProbeFailure",
    "JobFailure",
    "Untrainable",
}
MAKERS = {"Refusal", "Sentence", "Rule", "invalid"}


def name_of(module: Path) -> str:
    parts = module.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "personalize_local").rglob("*.py")
}


class Names:
    """What the names of a module stand for: ``module.name`` of where each one is assigned."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.imported = {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in ast.walk(MODULES[module])
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }

    def meaning(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            return self.imported.get(node.id, f"{self.module}.{node.id}")
        if isinstance(node, ast.Attribute):
            return f"{self.meaning(node.value)}.{node.attr}"
        return None


def uses() -> Iterator[str]:
    for module in MODULES:
        names = Names(module)
        for node in ast.walk(MODULES[module]):
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                meaning = names.meaning(node)
                if meaning is not None:
                    yield meaning


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Every call of the package: the module, what is called, and the call."""
    for module in MODULES:
        names = Names(module)
        for node in ast.walk(MODULES[module]):
            if isinstance(node, ast.Call) and (meaning := names.meaning(node.func)) is not None:
                yield module, meaning, node


def constant(declared: Declared) -> str:
    return f"personalize_local.{declared.module}.{declared.name.partition('[')[0]}"


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_says(name: str) -> None:
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert page == PAGES[name](), "run `python docs/generate.py`"


def test_every_sentence_is_used() -> None:
    used = set(uses())
    assert [constant(each) for each in SAID if constant(each) not in used] == []


def test_what_is_documented_or_observed_has_a_source() -> None:
    for each in SAID:
        if not isinstance(each.what, Rule) and each.what.rule in ("documented", "observed"):
            assert each.what.source, constant(each)


def test_no_refusal_stands_in_two_places() -> None:
    seen: dict[tuple[str, str], str] = {}
    for each in SAID:
        # What only passes on a sentence of another room has no words of its own.
        if isinstance(each.what, Refusal) and not re.fullmatch(r"\{\w+\}", each.what.text):
            first = seen.setdefault((each.what.code, each.what.text), constant(each))
            assert first == constant(each) or each.name.endswith("]"), f"{constant(each)} says what {first} says"


def test_every_call_fills_in_what_the_sentence_leaves_open() -> None:
    texts = {
        constant(each): each.what.text for each in SAID if not isinstance(each.what, Rule) and "[" not in each.name
    }
    checked = 0
    for module, meaning, call in calls():
        if meaning in texts and None not in (names := {keyword.arg for keyword in call.keywords}):
            checked += 1
            assert names == fields(texts[meaning]), f"{module}, line {call.lineno}"
            assert not call.args, f"{module}, line {call.lineno}"
    assert checked >= len(texts) / 2


def test_no_sentence_is_written_where_it_is_raised() -> None:
    for module, meaning, call in calls():
        if meaning.rpartition(".")[2] in WORDED and module != "personalize_local.provenance":
            for argument in call.args[:1]:
                written = isinstance(argument, ast.JoinedStr) or (
                    isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                )
                assert not written, f"{module}, line {call.lineno}"


def test_all_that_is_made_is_in_the_ledger_and_made_once() -> None:
    """Makers of sentences are called at the top of a module, each time for something that the ledger lists."""
    makers = {f"personalize_local.provenance.{name}" for name in MAKERS}
    inside = set()
    for module, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and isinstance(node.returns, ast.Name) and node.returns.id in MAKERS:
                makers.add(f"{module}.{node.name}")
                inside |= {id(call) for call in ast.walk(node)}
    made = Counter(module for module, meaning, call in calls() if meaning in makers and id(call) not in inside)
    assert made == Counter(f"personalize_local.{each.module}" for each in DECLARED)
