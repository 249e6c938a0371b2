"""GetRecommendations: the best items of the catalogue for a user or beside an item."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from personalize_local.context import Context
from personalize_local.provenance import Rule, invalid
from personalize_local.runtime.answering import answer
from personalize_local.runtime.metadata import describe, metadata
from personalize_local.runtime.promotions import Promotion, promotion, spread
from personalize_local.runtime.questions import Question, question
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from personalize_local.engine.data import Float64, Int32
    from personalize_local.engine.scores import Scores
    from personalize_local.filters.table import Mask

DEFAULT_RESULTS = 25
MAXIMUM_RESULTS = 500
SCORE_DECIMALS = 7
PROMOTED = "Promoted item"

TOO_MANY_RESULTS = invalid("numResults must be at most {most}.", "inferred", "dg/limits.html has the number")
RULES = (
    Rule(says="A numResults of 0 is as good as none.", known="inferred"),
    Rule(
        says=f"Without numResults, {DEFAULT_RESULTS} items are recommended.",
        known="documented",
        source="dg/API_RS_GetRecommendations.html",
    ),
    Rule(
        says=f"Scores have {SCORE_DECIMALS} decimals.",
        known="observed",
        source="captured answers in AWS's sample notebooks",
    ),
    Rule(
        says="Promoted items of User-Personalization-v2 have the reason Promoted item.",
        known="observed",
        source="AWS's sample notebooks",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommended:
    """An answer and how it came about: ``tried`` are the indexes of what is only tried out."""

    asked: Question
    count: int
    promoting: Promotion | None
    item_list: list[dict[str, Any]]
    tried: Int32


def recommended(context: Context, rows: Rows, params: dict[str, Any]) -> Recommended:
    """The answer to the parameters of GetRecommendations, which leaves no trace."""
    count = params.get("numResults") or DEFAULT_RESULTS
    if count > MAXIMUM_RESULTS:
        raise TOO_MANY_RESULTS(most=MAXIMUM_RESULTS)
    asked = question(context, rows, params, "GetRecommendations")
    promoting = promotion(context, rows, asked, params) if "promotions" in params else None
    described = None
    if "metadataColumns" in params:
        described = metadata(context, rows, asked, params, count=count, member="numResults")
    if promoting is None:
        items, probabilities, tried = best_of(asked, count, asked.allowed)
        item_list = _listed(asked, items, probabilities, tried)
    else:
        item_list, tried = _with_promoted(context, asked, promoting, count)
    if described is not None:
        describe(item_list, described, rows)
    return Recommended(asked=asked, count=count, promoting=promoting, item_list=item_list, tried=tried)


def get_recommendations(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Answer GetRecommendations."""
    stamp = context.emulator.stamp
    with context.emulator.database.read() as rows:
        found = recommended(context, rows, params)
    return answer(
        context,
        found.asked,
        found.item_list,
        member="itemList",
        stamp=stamp,
        shows=found.asked.loaded.recipe.impressions,
        until=inf if found.promoting is None else found.promoting.until,
    )


def best_of(
    asked: Question, count: int, allowed: Mask | None, scores: Scores | None = None
) -> tuple[Int32, Float64, Int32]:
    """The best items, their probabilities, and those among them that are only tried out."""
    if asked.loaded.recipe.exploration:
        from personalize_local.runtime.exploring import best

        return best(asked.loaded.model, asked.query, count, allowed, scores)
    items, probabilities = (asked.loaded.model.scores(asked.query) if scores is None else scores).top(count, allowed)
    return items, probabilities, items[:0]


def _listed(asked: Question, items: Int32, probabilities: Float64, tried: Int32) -> list[dict[str, Any]]:
    ids = asked.loaded.model.items.strings(items)
    if not asked.loaded.recipe.scores:
        return [{"itemId": id_} for id_ in ids]
    scores = probabilities.round(SCORE_DECIMALS).tolist()
    listed: list[dict[str, Any]] = [{"itemId": id_, "score": score} for id_, score in zip(ids, scores, strict=True)]
    if len(tried) and asked.loaded.recipe.reasons:
        from personalize_local.runtime.exploring import REASON

        for place, item in enumerate(items.tolist()):
            if item in tried:
                listed[place]["reason"] = [REASON]
    return listed


def _with_promoted(
    context: Context, asked: Question, promoting: Promotion, count: int
) -> tuple[list[dict[str, Any]], Int32]:
    import numpy as np

    scores = asked.loaded.model.scores(asked.query)
    items, probabilities = scores.top(promoting.count(count), promoting.allowed)
    allowed = np.ones(len(scores), np.bool_) if asked.allowed is None else asked.allowed.copy()
    allowed[items] = False
    promoted = _listed(asked, items, probabilities, items[:0])
    for item in promoted:
        item["promotionName"] = promoting.name
        if asked.loaded.recipe.reasons:
            item["reason"] = [PROMOTED]
    best, shares, tried = best_of(asked, count - len(promoted), allowed, scores)
    others = _listed(asked, best, shares, tried)
    who = asked.who
    seed = f"{context.emulator.settings.seed}/{who.asked}/{who.user_id}/{who.item_id}/{promoting.name}/{count}"
    return spread(promoted, others, seed), tried
