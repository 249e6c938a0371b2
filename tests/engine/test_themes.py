"""Themes are the words that a cluster of texts has and the rest of the catalogue has not."""

from __future__ import annotations

import numpy as np
import pytest

from personalize_local.engine.themes import Background, theme_of, words_of

SEA = [f"the harbour and the sailor number {word}" for word in ("one", "two", "three", "four", "five", "six")]
OVEN = [f"bread from the oven {word}" for word in ("seven", "eight")]
REST = ["garden flowers bloom", "number theory for all", "bread and wine", "a sailor at war"] * 5


def test_words_leave_out_what_says_nothing() -> None:
    assert words_of("The Harbour, and 1234 of Ålesund_2 at the sea") == ["harbour", "ålesund", "sea"]


def test_the_largest_cluster_names_the_theme() -> None:
    background = Background([*SEA, *OVEN, *REST])
    theme = theme_of([*OVEN, *SEA], background)
    assert theme is not None
    assert set(theme.title.replace(",", "").replace(" and", "").split()) <= {"Harbour", "Sailor", "Number"}
    assert theme.title.startswith("Harbour")
    assert theme.relevance[2:].min() > theme.relevance[:2].max()
    assert theme.relevance.max() <= 1 + 1e-9


def test_the_same_texts_have_the_same_theme_in_any_order_of_the_background() -> None:
    first = theme_of(SEA + OVEN, Background([*SEA, *OVEN, *REST]))
    second = theme_of(SEA + OVEN, Background([*REST, *OVEN, *SEA]))
    assert first is not None
    assert second is not None
    assert (first.title, first.relevance.tolist()) == (second.title, second.relevance.tolist())


@pytest.mark.parametrize("texts", [[], [""], ["the and", "12 of 5"]])
def test_without_words_there_is_no_theme(texts: list[str]) -> None:
    assert theme_of(texts, Background(texts)) is None


def test_words_that_all_texts_have_are_no_theme() -> None:
    assert theme_of(["story"] * 4, Background(["story"] * 50)) is None


def test_one_item_has_a_theme_of_its_own() -> None:
    theme = theme_of(["harbour"], Background(["harbour", *REST]))
    assert theme is not None
    assert theme.title == "Harbour"
    assert theme.relevance == pytest.approx(np.ones(1))
