"""GetRecommendations: the best items of the catalogue for a user or beside an item."""

from __future__ import annotations

from typing import Any

from personalize_local.context import Context
from personalize_local.provenance import Rule, invalid
from personalize_local.runtime.questions import question

DEFAULT_RESULTS = 25
MAXIMUM_RESULTS = 500
SCORE_DECIMALS = 7

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
)


def get_recommendations(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Answer GetRecommendations."""
    count = params.get("numResults") or DEFAULT_RESULTS
    if count > MAXIMUM_RESULTS:
        raise TOO_MANY_RESULTS(most=MAXIMUM_RESULTS)
    asked = question(context, params, "GetRecommendations")
    loaded = asked.loaded
    items, probabilities = loaded.model.scores(asked.query).top(count)
    ids = loaded.model.items.strings(items)
    if loaded.recipe.scores:
        scores = probabilities.round(SCORE_DECIMALS).tolist()
        item_list: list[dict[str, Any]] = [
            {"itemId": id_, "score": score} for id_, score in zip(ids, scores, strict=True)
        ]
    else:
        item_list = [{"itemId": id_} for id_ in ids]
    return {"itemList": item_list, "recommendationId": context.emulator.ids.recommendation_id(asked.tag)}
