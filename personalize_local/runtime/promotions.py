"""Promotions: a share of an answer that comes from a filter of its own, spread among the rest."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from personalize_local.context import Context
from personalize_local.provenance import Rule, invalid
from personalize_local.runtime.filtering import choice
from personalize_local.runtime.questions import Question
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from personalize_local.filters.table import Mask

__all__ = ["Promotion", "promotion", "spread"]

_PAGE = "dg/promoting-items.html"
_Item = TypeVar("_Item")

INCOMPLETE = invalid("A promotion requires {member}.", "inferred", "dg/API_RS_Promotion.html")
RULES = (
    Rule(
        says="Promoted are as many items as the percentage of numResults comes to, rounded down.",
        known="observed",
        source="notebooks: 30 percent of 15 are 4",
    ),
    Rule(
        says="Promoted items are the best that the promotion's filter lets pass, the others the best of the rest; an "
        "item appears once. Where too few can be promoted, others fill the answer.",
        known="inferred",
        source=_PAGE,
    ),
    Rule(
        says="The filter of the request does not touch promoted items, nor that of the promotion the others.",
        known="documented",
        source=_PAGE,
    ),
    Rule(
        says="Promoted items stand at random places; the same question gets the same places.",
        known="documented",
        source=f"{_PAGE}; that the places are the same again is chosen",
    ),
    Rule(
        says="The use case Trending now takes promotions like all others.",
        known="chosen",
        source=f"{_PAGE} has both in its versions",
    ),
)


class Promotion:
    """What a request promotes: ``name`` for the answer, how many ``percent`` of it, which items may be, and until when
    (epoch seconds) they are the same unless something is written."""

    def __init__(self, name: str, percent: int, allowed: Mask, until: float) -> None:
        self.name, self.percent, self.allowed, self.until = name, percent, allowed, until

    def count(self, results: int) -> int:
        """How many of ``results`` items are promoted."""
        return results * self.percent // 100


def promotion(context: Context, rows: Rows, asked: Question, params: Mapping[str, Any]) -> Promotion | None:
    """The promotion of a request. Raises ResourceNotFoundException and InvalidInputException."""
    given = params.get("promotions", ())
    if not given:
        return None
    (one,) = given  # the model allows no more
    for member in ("name", "percentPromotedItems", "filterArn"):
        if member not in one:
            raise INCOMPLETE(member=member)
    chosen = choice(context, rows, asked.who, one["filterArn"], one.get("filterValues", {}))
    assert chosen is not None
    allowed = chosen.of_model(len(asked.loaded.model.items))
    return Promotion(one["name"], one["percentPromotedItems"], allowed, chosen.until)


def spread(promoted: Sequence[_Item], others: Sequence[_Item], seed: str) -> list[_Item]:
    """Both lists in one, each in its own order, the promoted ones at places that follow from ``seed``."""
    total = len(promoted) + len(others)
    places = set(random.Random(seed).sample(range(total), len(promoted)))
    ones, rest = iter(promoted), iter(others)
    return [next(ones) if place in places else next(rest) for place in range(total)]
