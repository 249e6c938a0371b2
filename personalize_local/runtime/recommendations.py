"""GetRecommendations: the best items of the catalogue for a user or beside an item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from personalize_local.context import Context
from personalize_local.provenance import Rule, invalid
from personalize_local.runtime.metadata import describe, metadata
from personalize_local.runtime.promotions import Promotion, promotion, spread
from personalize_local.runtime.questions import Question, question

if TYPE_CHECKING:
    from personalize_local.engine.data import Float64, Int32

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


def get_recommendations(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Answer GetRecommendations."""
    count = params.get("numResults") or DEFAULT_RESULTS
    if count > MAXIMUM_RESULTS:
        raise TOO_MANY_RESULTS(most=MAXIMUM_RESULTS)
    with context.emulator.database.read() as rows:
        asked = question(context, rows, params, "GetRecommendations")
        promoting = promotion(context, rows, asked, params) if "promotions" in params else None
        described = None
        if "metadataColumns" in params:
            described = metadata(context, rows, asked, params, count=count, member="numResults")
        item_list = _best(asked, count) if promoting is None else _with_promoted(context, asked, promoting, count)
        if described is not None:
            describe(item_list, described, rows)
    return {"itemList": item_list, "recommendationId": context.emulator.ids.recommendation_id(asked.tag)}


def _best(asked: Question, count: int) -> list[dict[str, Any]]:
    return _listed(asked, *asked.loaded.model.scores(asked.query).top(count, asked.allowed))


def _listed(asked: Question, items: Int32, probabilities: Float64) -> list[dict[str, Any]]:
    ids = asked.loaded.model.items.strings(items)
    if not asked.loaded.recipe.scores:
        return [{"itemId": id_} for id_ in ids]
    scores = probabilities.round(SCORE_DECIMALS).tolist()
    return [{"itemId": id_, "score": score} for id_, score in zip(ids, scores, strict=True)]


def _with_promoted(context: Context, asked: Question, promoting: Promotion, count: int) -> list[dict[str, Any]]:
    import numpy as np

    scores = asked.loaded.model.scores(asked.query)
    items, probabilities = scores.top(promoting.count(count), promoting.allowed)
    allowed = np.ones(len(scores), np.bool_) if asked.allowed is None else asked.allowed.copy()
    allowed[items] = False
    promoted = _listed(asked, items, probabilities)
    for item in promoted:
        item["promotionName"] = promoting.name
        if asked.loaded.recipe.reasons:
            item["reason"] = [PROMOTED]
    others = _listed(asked, *scores.top(count - len(promoted), allowed))
    who = asked.who
    seed = f"{context.emulator.settings.seed}/{who.asked}/{who.user_id}/{who.item_id}/{promoting.name}/{count}"
    return spread(promoted, others, seed)
