"""Which refusals the control plane declares, and which of them are heard while calls are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest

from personalize_local.ledger import declarations
from personalize_local.provenance import Refusal, Rule, Sentence

_SAID = {
    f"{each.module}.{each.name}".removeprefix("resources."): each.what
    for each in declarations()
    if not isinstance(each.what, Rule)
}
_NAMES = {id(what): name for name, what in _SAID.items()}
_ROOMS = {each.module for each in declarations() if each.module.partition(".")[0] == "resources"}

REFUSALS = frozenset(
    f"{each.module}.{each.name}".removeprefix("resources.")
    for each in declarations()
    if isinstance(each.what, Refusal)
    and (each.module in _ROOMS or each.module in ("errors", "throttling", "attribution.expressions"))
)
"""Every way in which the control plane refuses a call, by module and constant."""

_WITHOUT_WORDS = ("CreateSchema", "UpdateDataset", "CreateDatasetImportJob")
SENTENCES = frozenset(
    name
    for name, what in _SAID.items()
    if isinstance(what, Sentence)
    and what.said.startswith(tuple(f"InvalidInputException of {name}" for name in _WITHOUT_WORDS))
) - {
    "datasets.schema_sentences.UNKNOWN_DOMAIN",  # the model lists the domains
    "datasets.failures.NONCONFORMING",  # no header is known that shows it
}
"""The sentences that refusals without words of their own are filled with."""

MET: set[str] = set()
"""What the tests that carry :func:`meets` meet."""


@contextmanager
def listening() -> Iterator[set[str]]:
    """The names of what the servers of this process say meanwhile."""
    heard: set[str] = set()

    def overheard(said: Callable[..., Any]) -> Callable[..., Any]:
        def say(self: Any, **facts: object) -> Any:
            heard.add(_NAMES.get(id(self), ""))
            return said(self, **facts)

        return say

    with pytest.MonkeyPatch.context() as patch:
        for kind in (Refusal, Sentence):
            patch.setattr(kind, "__call__", overheard(kind.__call__))
        yield heard


def meets(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Says of a test which refusals are met in it, and holds it to that."""
    strangers = set(names) - REFUSALS - SENTENCES
    assert not strangers, strangers
    MET.update(names)

    def mark(test: Callable[..., None]) -> Callable[..., None]:
        @wraps(test)
        def heard_out(*args: Any, **given: Any) -> None:
            with listening() as heard:
                test(*args, **given)
            assert set(names) <= heard

        return heard_out

    return mark
